"""Background work of courses. Each task makes one service call and may run any number of times."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone


@shared_task(name="courses.publish_due_courses")
def publish_due_courses() -> int:
    from courses.services.courses import publish_due_courses as service

    return service(now=timezone.now())


@shared_task(name="courses.recount_progress")
def recount_progress(recount_id: str) -> int:
    from courses.services.recounts import work_on

    return work_on(recount_id=UUID(recount_id), now=timezone.now())


@shared_task(name="courses.tend_recounts")
def tend_recounts() -> int:
    from courses.services.recounts import tend_recounts as service

    return service(now=timezone.now())

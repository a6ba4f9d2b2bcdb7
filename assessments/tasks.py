"""Background work of assessments. Each task makes one service call and may run any number of times."""

from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError
from celery import shared_task
from django.utils import timezone

# Storage that does not answer now may answer soon; whatever stays undone process_waiting_sheets finds again.
STORAGE_ERRORS = (OSError, BotoCoreError, ClientError)


@shared_task(name="assessments.close_overdue_attempts")
def close_overdue_attempts() -> int:
    from assessments.services.overdue import close_overdue_attempts as service

    return service(now=timezone.now())


@shared_task(name="assessments.hand_in_overdue_sheets")
def hand_in_overdue_sheets() -> int:
    from assessments.services.overdue import hand_in_overdue_sheets as service

    return service(now=timezone.now())


@shared_task(name="assessments.process_waiting_sheets")
def process_waiting_sheets() -> int:
    from assessments.services.sheet_processing import process_waiting_sheets as service

    return service(now=timezone.now())


@shared_task(
    name="assessments.process_sheet",
    autoretry_for=STORAGE_ERRORS,
    retry_backoff=2,
    retry_backoff_max=60,
    max_retries=3,
)
def process_sheet(upload_id: str) -> int:
    from assessments.services.sheet_processing import process_sheet as service

    return service(upload_id=UUID(upload_id), now=timezone.now())


@shared_task(name="assessments.work_on_question_file")
def work_on_question_file(import_id: str) -> str:
    from assessments.services.question_files import work_on

    return work_on(import_id=UUID(import_id), now=timezone.now())


@shared_task(name="assessments.tend_question_files")
def tend_question_files() -> int:
    from assessments.services.question_files import tend_files

    return tend_files(now=timezone.now())


@shared_task(name="assessments.prune_external_deliveries")
def prune_external_deliveries() -> int:
    from assessments.services.external_results import prune_deliveries as service

    return service(now=timezone.now())


@shared_task(name="assessments.count_item_statistics")
def count_item_statistics() -> int:
    from assessments.services.item_statistics import count_marked_attempts as service

    return service()


@shared_task(name="assessments.prune_flight_records")
def prune_flight_records() -> int:
    from assessments.services.flight_record import prune_flight_records as service

    return service(now=timezone.now())


@shared_task(
    name="assessments.work_on_scan",
    autoretry_for=STORAGE_ERRORS,
    retry_backoff=2,
    retry_backoff_max=60,
    max_retries=3,
)
def work_on_scan(scan_id: str) -> str:
    from assessments.services.scans import work_on

    return work_on(scan_id=UUID(scan_id), now=timezone.now())


@shared_task(name="assessments.tend_scans")
def tend_scans() -> int:
    from assessments.services.scans import tend_scans as service

    return service(now=timezone.now())


@shared_task(name="assessments.complete_missed_lessons")
def complete_missed_lessons() -> int:
    from assessments.services.course_lessons import complete_missed_lessons as service

    return service(now=timezone.now())


@shared_task(name="assessments.tell_missed_scores")
def tell_missed_scores() -> int:
    from assessments.services.pathfinders import tell_missed_scores as service

    return service(now=timezone.now())

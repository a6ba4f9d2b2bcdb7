"""What webhooks say about enrolments: ids and titles; no name and no address of a person."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from courses.models import Course, Enrolment
from notifications.services.webhooks import moment


def enrolment_data(enrolment: Enrolment, course: Course) -> dict[str, Any]:
    """Of `enrolment.created` and `enrolment.completed`; see docs/webhooks.md."""
    return {
        "course": {"id": str(course.pk), "title": course.title},
        "student": {"id": str(enrolment.student_id)},
        "enrolment": {
            "id": str(enrolment.pk),
            "url": f"{settings.SITE_URL}/api/v1/enrolments/{enrolment.pk}/",
            "state": str(enrolment.state),
            "source": str(enrolment.source),
            "completed_at": moment(enrolment.completed_at) if enrolment.completed_at else None,
        },
    }

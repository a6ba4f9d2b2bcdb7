"""What webhooks say about attempts: ids, public names, marks as text; no name and no address of a person."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings

from assessments.models import Attempt
from notifications.services.webhooks import moment


def submitted_data(attempt: Attempt) -> dict[str, Any]:
    """Of `attempt.submitted`; see docs/webhooks.md. Wants the exam at hand."""
    assert attempt.submitted_at is not None
    return about(attempt) | {
        "attempt": {
            "id": str(attempt.pk),
            "url": f"{settings.SITE_URL}/api/v1/attempts/{attempt.pk}/",
            "state": str(attempt.state),
            "submitted_at": moment(attempt.submitted_at),
            "submit_reason": str(attempt.submit_reason),
            "objective_marks": marks_text(attempt.objective_marks),
            "objective_max": marks_text(attempt.objective_max),
        }
    }


def about(attempt: Attempt) -> dict[str, Any]:
    """Whose and what: the same in every event."""
    return {
        "attempt": {"id": str(attempt.pk), "url": f"{settings.SITE_URL}/api/v1/attempts/{attempt.pk}/"},
        "exam": {"id": str(attempt.exam_id), "title": attempt.exam.title},
        "student": {"id": str(attempt.student_id)},
    }


def marks_text(marks: Decimal | None) -> str | None:
    """9.5 → "9.50", as the API writes marks."""
    return None if marks is None else f"{marks:.2f}"

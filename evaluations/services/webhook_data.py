"""What webhooks say about evaluations; see docs/webhooks.md."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from assessments.services.webhook_data import about, marks_text
from evaluations.models import Evaluation
from notifications.services.webhooks import moment


def released_data(evaluation: Evaluation) -> dict[str, Any]:
    """Of `evaluation.released`. Wants attempt and exam at hand."""
    assert evaluation.released_at is not None
    return about(evaluation.attempt) | {
        "evaluation": {
            "id": str(evaluation.pk),
            "result_url": f"{settings.SITE_URL}/api/v1/attempts/{evaluation.attempt_id}/result/",
            "total_marks": marks_text(evaluation.total_marks),
            "written_marks": marks_text(evaluation.written_marks),
            "max_marks": marks_text(evaluation.max_marks),
            "due_at": moment(evaluation.due_at),
            "released_at": moment(evaluation.released_at),
        }
    }


def breached_data(evaluation: Evaluation) -> dict[str, Any]:
    """Of `sla.breached`. Wants attempt, exam and policy at hand."""
    return about(evaluation.attempt) | {
        "evaluation": {
            "id": str(evaluation.pk),
            "url": f"{settings.SITE_URL}/api/v1/evaluations/{evaluation.pk}/",
            "state": str(evaluation.state),
            "due_at": moment(evaluation.due_at),
            "policy": evaluation.policy.slug,
            "teacher": str(evaluation.teacher_id) if evaluation.teacher_id else None,
        }
    }

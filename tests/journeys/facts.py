"""What is stored about a world, as one line of JSON: `python -m tests.journeys.facts <programme id>`."""

from __future__ import annotations

import json
import sys
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db.models import QuerySet  # noqa: E402

from accounts.models import Entitlement  # noqa: E402
from assessments.enums import FlightEvent  # noqa: E402
from assessments.models import Attempt, AttemptEvent, PageQuestion, Response, SheetPage, SheetUpload  # noqa: E402
from evaluations.models import Annotation, AssignmentDecision, Evaluation, MarkEvent, QuestionMark, Transition  # noqa: E402
from notifications.models import Notification  # noqa: E402


def main(programme: str) -> dict[str, Any]:
    attempts = Attempt.objects.filter(exam__programme=programme).order_by("student__email")
    return {"attempts": {attempt.student.email: _attempt(attempt) for attempt in attempts.select_related("student")}}


def _rows(rows: QuerySet[Any], *fields: str) -> list[dict[str, Any]]:
    return list(rows.values(*fields))


def _attempt(attempt: Attempt) -> dict[str, Any]:
    evaluations = Evaluation.objects.filter(attempt=attempt)
    responses = Response.objects.filter(attempt=attempt).order_by("question__number")
    uploads = SheetUpload.objects.filter(attempt=attempt).order_by("page_number")
    pages = SheetPage.objects.filter(upload__attempt=attempt)
    told = Notification.objects.filter(cause__regex=f"^({'|'.join(_causes(attempt, evaluations))})")
    return {
        "attempt": _rows(Attempt.objects.filter(pk=attempt.pk), "id", "state", "handed_in_at", "submitted_at",
                         "submit_reason", "objective_marks", "ends_at")[0],
        "submitted": _rows(AttemptEvent.objects.filter(attempt=attempt.pk, kind=FlightEvent.SUBMITTED), "at", "data"),
        "attempts_of_student": Attempt.objects.filter(student=attempt.student).count(),
        "entitlement_used": sum(Entitlement.objects.filter(user=attempt.student).values_list("used", flat=True)),
        "responses": _rows(responses, "question", "seq", "answer"),
        "answer_lines": _rows(attempt.events.filter(kind="answer"), "question", "seq"),
        "uploads": _rows(uploads, "client_id", "state", "sha256"),
        "pages": _rows(pages.order_by("upload__page_number", "index"), "upload__client_id", "index", "state"),
        "tags": sorted(PageQuestion.objects.filter(page__in=pages).values_list("number", flat=True)),
        "evaluations": _rows(evaluations, "id", "state", "teacher__email", "due_at", "submitted_at", "total_marks"),
        "transitions": _rows(Transition.objects.filter(evaluation__in=evaluations), "name", "to_state"),
        "chosen": AssignmentDecision.objects.filter(evaluation__in=evaluations, chosen__isnull=False).count(),
        "marks": _rows(QuestionMark.objects.filter(evaluation__in=evaluations), "question", "version", "marks"),
        "mark_events": _rows(MarkEvent.objects.filter(evaluation__in=evaluations), "question", "version", "marks"),
        "desk_marks": _rows(
            QuestionMark.objects.filter(evaluation__in=evaluations), "question", "steps", "marks", "comment"
        ),
        "annotations": _rows(Annotation.objects.filter(page__in=pages), "id", "version", "text", "kind", "deleted_at"),
        "notifications": _rows(told, "id", "user__email", "kind", "cause", "mail_state", "created_at"),
        "mails": _mails({str(pk) for pk in told.values_list("pk", flat=True)}),
    }  # fmt: skip


def _causes(attempt: Attempt, evaluations: QuerySet[Evaluation]) -> list[str]:
    """How the causes of this attempt's notifications begin."""
    ids = Transition.objects.filter(evaluation__in=evaluations).values_list("pk", flat=True)
    return [
        f"attempt:{attempt.pk}",
        *(f"evaluation:{pk}" for pk in evaluations.values_list("pk", flat=True)),
        *(f"transition:{pk}" for pk in ids),
    ]


def _mails(notifications: set[str]) -> list[str]:
    """Notification ids of every e-mail on disk, one entry per e-mail; a file may hold several."""
    found = []
    for path in Path(settings.EMAIL_FILE_PATH).glob("*.log"):
        for part in path.read_bytes().split(b"-" * 79 + b"\n"):
            sent = message_from_bytes(part.strip() + b"\n", policy=policy.default)["Message-ID"]
            name = str(sent or "").strip("<> ").split("@")[0]
            if name in notifications:
                found.append(name)
    return sorted(found)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1]), default=str))

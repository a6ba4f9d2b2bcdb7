"""The page at the end of a rehearsal: what was answered, how the keys marked it, which pages came."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from accounts.models import User
from assessments.enums import SubmitReason
from assessments.models import Attempt
from assessments.selectors.rehearsals import rehearse_url
from assessments.selectors.sheets import not_attempted_numbers
from evaluations.selectors.desk_page import page_json
from evaluations.selectors.result_page import question_row
from evaluations.selectors.results import result_data

LAST_SECOND = timedelta(seconds=1.5)


def rehearsal_page(*, attempt: Attempt, reader: User, now: datetime) -> dict[str, Any]:
    """The context of the page; of a rehearsal that was cancelled without questions. `attempt` with exam and paper."""
    result = result_data(attempt, reader=reader, now=now)
    skipped = not_attempted_numbers(attempt) if result.is_ready else []
    source = attempt.exam.rehearses
    return {
        "attempt": attempt,
        "result": result,
        "rows": [
            # Nobody marks the written ones, so none of them is lost.
            row | {"kind": "other", "is_skipped": row["question"].number in skipped}
            if row["question"].is_written
            else row
            for row in (question_row(question, result) for question in result.questions)
        ],
        "pages": [page_json(page) for page in result.pages],
        "by_clock": _by_clock(attempt),
        "is_own": attempt.student_id == reader.pk,
        "again_url": rehearse_url(exam=source, paper=attempt.paper),
        "back_url": reverse("exam-detail", args=[source.pk])
        if source
        else reverse("paper-page", args=[attempt.paper_id]),
    }


def _by_clock(attempt: Attempt) -> bool:
    """Whether time was up: for the server, or for the page, which submits in the last second."""
    if attempt.submit_reason == SubmitReason.TIME_UP:
        return True
    return attempt.submitted_at is not None and attempt.submitted_at >= attempt.ends_at - LAST_SECOND

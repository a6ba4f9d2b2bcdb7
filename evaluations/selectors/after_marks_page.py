"""The page of what was asked about a paper that is back, and what may still be."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from assessments.models import Attempt
from assessments.selectors.attempts import shown_numbers
from assessments.selectors.reveal import shown_of
from evaluations.models import Clarification
from evaluations.selectors.after_marks import after_marks
from evaluations.selectors.records import record_of
from evaluations.selectors.remarks import remark_views, tokens_left


def after_marks_page(attempt: Attempt, *, reader: User, now: datetime) -> dict[str, Any]:
    """The page of what was asked after the marks, and what may still be asked."""
    record = record_of(attempt)
    rules = after_marks(attempt, record, shown_of(attempt, reader=reader, now=now))
    threads: list[Any] = []
    if record is not None:
        threads = list(Clarification.objects.filter(evaluation=record).select_related("question"))
    numbers = shown_numbers(attempt) if threads and attempt.exam.is_shuffled else {}
    for thread in threads:
        asked = thread.question
        thread.label = f"{numbers.get(asked.pk, asked.number)}{asked.alternative}" if asked else ""
    return {
        "attempt": attempt,
        "is_own": attempt.student_id == reader.pk,
        "threads": threads,
        "record_id": record.pk if record is not None else None,
        "questions": rules.questions,
        "questions_state": rules.questions.state(now),
        "remarks": rules.remarks,
        "remarks_state": rules.remarks.state(now),
        "requests": remark_views(record, attempt) if record else [],
        "tokens": tokens_left(student=attempt.student, exam=attempt.exam, policy=rules.policy),
    }

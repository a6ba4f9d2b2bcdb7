"""What answers earn: by the key that holds now, and by the way their exam behaves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import structlog

from assessments.enums import Behaviour
from assessments.models import Exam, PaperQuestion, Response, Try
from assessments.services.behaviours import Rules, Verdict, certain_marks, tried_marks
from assessments.services.scoring import MarkedShape, score_answer

log = structlog.get_logger(__name__)

Key = dict[str, Any]


@dataclass(frozen=True)
class Judged:
    """The fields of a Response that say what it earned."""

    is_correct: bool | None
    marks: Decimal
    bare_marks: Decimal | None = None

    def write_to(self, response: Response) -> None:
        response.is_correct, response.marks, response.bare_marks = self.is_correct, self.marks, self.bare_marks


def rules_of(exam: Exam) -> Rules:
    return Rules(exam.behaviour, exam.tries, exam.try_penalty)


def judge_answer(question: PaperQuestion, key: Key, answer: Key) -> Verdict:
    """What one answer earns by its key alone; no verdict for one that was cleared, or where the key is unusable."""
    if not answer:
        return Verdict(None, Decimal(0))
    try:
        shown = question.shown
        shape = MarkedShape(len(shown.options), {part["label"]: Decimal(part["marks"]) for part in shown.parts})
        result = score_answer(question.type, question.marks, key, answer, shape)
    except ValueError as error:
        # A broken key is the bank's fault: the student's submission must not fail over it. Re-marking mends it.
        log.error("question_key_unusable", question_id=str(question.pk), error=str(error))
        return Verdict(None, Decimal(0))
    return Verdict(result.is_correct, result.marks)


def judge_response(
    rules: Rules, question: PaperQuestion, key: Key, response: Response, tries: Sequence[Key] = ()
) -> Judged:
    """What a response counts in the end. `tries`: the answers that were tried, in order, where there are tries."""
    if rules.has_tries:
        verdicts = [judge_answer(question, key, answer) for answer in tries]
        if not verdicts:
            return Judged(None, Decimal(0))
        said = {verdict.is_correct for verdict in verdicts}
        is_correct = True if True in said else False if False in said else None
        return Judged(is_correct, tried_marks(rules, question.marks, verdicts), verdicts[0].marks)
    verdict = judge_answer(question, key, response.answer)
    if rules.behaviour == Behaviour.CERTAINTY:
        return Judged(verdict.is_correct, certain_marks(question.marks, verdict, response.certainty), verdict.marks)
    return Judged(verdict.is_correct, verdict.marks)


def tried_answers(
    attempts: Collection[UUID], *, versions: Collection[UUID] | None = None, first_only: bool = False
) -> defaultdict[tuple[UUID, UUID], list[Key]]:
    """The answers tried, in order, by (attempt, question). One query."""
    rows = Try.objects.filter(attempt__in=attempts).order_by("attempt", "question", "number")
    if versions is not None:
        rows = rows.filter(question__version__in=versions)
    if first_only:
        rows = rows.filter(number=1)
    found: defaultdict[tuple[UUID, UUID], list[Key]] = defaultdict(list)
    for attempt, question, answer in rows.values_list("attempt_id", "question_id", "answer"):
        found[attempt, question].append(answer)
    return found

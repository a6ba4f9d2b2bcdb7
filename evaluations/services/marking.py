"""Giving marks. Every mark is an event; the current mark is their projection, written in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from assessments.models import MarkingStep, PaperQuestion
from common.content import render_remark
from common.errors import ConflictError, DomainError
from evaluations.models import Evaluation, MarkEvent, QuestionMark
from evaluations.services.claims import lock_claimed, renewed_lease
from evaluations.services.totals import (
    MarkError,
    SchemeStep,
    checked_free_marks,
    checked_steps,
    plain,
    question_total,
)

COMMENT_LENGTH = 1000


class MarkConflict(ConflictError):
    """Somebody (another tab, another device) saved a newer version. `current` holds it."""


@dataclass(frozen=True)
class MarkChange:
    """What a marker gives to a question. `version` is the one the marker last saw, 0 for none. `steps` holds all
    awarded steps, not only changed ones; with `free_marks` they are left out and the comment must say why."""

    question: UUID
    version: int
    comment: str = ""
    steps: Mapping[str, Decimal] = field(default_factory=dict)
    free_marks: Decimal | None = None


def save_mark(
    *,
    evaluation: Evaluation,
    question_id: UUID,
    version: int,
    steps: Mapping[str, Decimal],
    comment: str,
    free_marks: Decimal | None = None,
    actor: User,
    now: datetime,
) -> QuestionMark:
    """Gives a question its mark (see MarkChange) and renews the claim; the saved version is one higher.

    The same save sent again (its answer was lost) returns the mark as it stands.
    Raises ClaimError (not theirs to mark now), MarkConflict (newer version), MarkError (not what the scheme allows).
    """
    change = MarkChange(question_id, version, comment, steps, free_marks)
    with transaction.atomic():
        locked = lock_claimed(evaluation.pk, actor)
        lease = renewed_lease(locked, now)
        mark = give_mark(locked, change, active=lease["active_seconds"], actor=actor, now=now)
        Evaluation.objects.filter(pk=locked.pk).update(**lease)
    return mark


def give_mark(locked: Evaluation, change: MarkChange, *, active: int, actor: User, now: datetime) -> QuestionMark:
    """`save_mark` for a locked evaluation whose claim was asked; `active`: the active seconds of the paper by now."""
    comment = checked_text(change.comment, COMMENT_LENGTH)
    question = _question(locked, change.question)
    given, marks = _marks(question, change.steps, change.free_marks, comment)
    current: QuestionMark | None = QuestionMark.objects.filter(evaluation=locked, question=question).first()
    stored = {step: plain(value) for step, value in given.items()}
    if current is not None and _is_repeat(current, change.version, stored, marks, comment):
        return current
    if change.version != (current.version if current else 0):
        raise _conflict(current)
    values = {"version": change.version + 1, "steps": stored, "marks": marks, "comment": comment}
    return _append(locked, question, values, active, actor, now)


def place_mark(
    locked: Evaluation,
    question_id: UUID,
    *,
    marks: Decimal,
    steps: Mapping[str, str],
    comment: str,
    actor: User,
    now: datetime,
) -> QuestionMark:
    """Writes a mark that was decided away from the desk (checked there), as an event of `actor`; the same mark again
    changes nothing."""
    current: QuestionMark | None = QuestionMark.objects.filter(evaluation=locked, question=question_id).first()
    if current is not None and (current.marks, current.steps, current.comment) == (marks, steps, comment):
        return current
    version = current.version + 1 if current else 1
    values = {"version": version, "steps": dict(steps), "marks": marks, "comment": comment}
    return _append(locked, PaperQuestion.objects.get(pk=question_id), values, None, actor, now)


def scheme_of(question: PaperQuestion) -> list[SchemeStep]:
    """The marking scheme of the version the student sat."""
    rows = MarkingStep.objects.filter(version=question.version_id)
    return [SchemeStep(str(s.pk), s.marks, s.part, s.alternative, s.method or 1) for s in rows]


def checked_text(text: str, longest: int) -> str:
    """Text that every database can store. Raises DomainError for NUL characters and for too much of it."""
    if "\x00" in text:
        raise DomainError("The text contains a character that cannot be stored.", "bad_text")
    if len(text) > longest:
        raise DomainError(f"The text is too long: at most {longest} characters.", "too_long")
    return text


def current_values(mark: QuestionMark | None) -> dict[str, object]:
    """A mark as the marker's screen knows it; version 0 when there is none."""
    if mark is None:
        return {"version": 0, "steps": {}, "marks": None, "comment": ""}
    return {"version": mark.version, "steps": mark.steps, "marks": plain(mark.marks), "comment": mark.comment}


def _question(evaluation: Evaluation, question_id: UUID) -> PaperQuestion:
    question = PaperQuestion.objects.filter(pk=question_id, paper=evaluation.attempt.paper_id).first()
    if question is None:
        raise MarkError("This question is not on the paper.", "unknown_question")
    if evaluation.numbers is not None and question.number not in evaluation.numbers:
        raise MarkError("Somebody else marks this question.", "not_your_question")
    if not question.is_written:
        raise MarkError("This question is marked automatically.", "not_written")
    return question


def _marks(
    question: PaperQuestion, steps: Mapping[str, Decimal], free_marks: Decimal | None, comment: str
) -> tuple[dict[str, Decimal], Decimal]:
    if free_marks is not None:
        return {}, checked_free_marks(free_marks, question.marks, comment)
    scheme = scheme_of(question)
    given = checked_steps(scheme, steps)
    return given, question_total(scheme, given, question.marks)


def _is_repeat(current: QuestionMark, version: int, steps: dict[str, str], marks: Decimal, comment: str) -> bool:
    same = (current.steps, current.marks, current.comment) == (steps, marks, comment)
    return same and current.version == version + 1


def _conflict(current: QuestionMark | None) -> MarkConflict:
    return MarkConflict("This mark was changed in another place.", "version", current=current_values(current))


def _append(
    evaluation: Evaluation,
    question: PaperQuestion,
    values: dict[str, Any],
    active: int | None,
    actor: User,
    now: datetime,
) -> QuestionMark:
    MarkEvent.objects.create(
        evaluation=evaluation, question=question, actor=actor, at=now, active_seconds=active, **values
    )
    mark, _ = QuestionMark.objects.update_or_create(
        evaluation=evaluation,
        question=question,
        defaults={**values, "comment_html": render_remark(values["comment"]), "updated_at": now},
    )
    return mark

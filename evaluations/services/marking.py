"""Giving marks. Every mark is an event; the current mark is their projection, written in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from accounts.models import User
from assessments.models import PaperQuestion
from common.errors import ConflictError, DomainError
from evaluations.models import Evaluation, MarkEvent, QuestionMark, SchemeLook
from evaluations.selectors.schemes import Scheme
from evaluations.services.claims import lock_claimed, renewed_lease
from evaluations.services.scheme_looks import ask_after_late_mark
from evaluations.services.scheme_marks import (
    Given,
    append_mark,
    exam_of,
    history_of,
    last_version,
    own_events,
    withdraw_mark,
)
from evaluations.services.totals import MarkError, SchemeStep, checked_free_marks, checked_steps, plain, question_total

COMMENT_LENGTH = 1000


class MarkConflict(ConflictError):
    """Somebody (another tab, another device) saved a newer version. `current` holds it."""


@dataclass(frozen=True)
class MarkChange:
    """What a marker gives to a question. `version` is the one the marker last saw, 0 for none. `steps` holds all
    awarded steps, not only changed ones; with `free_marks` they are left out and the comment must say why. `scheme`:
    the number of the marking scheme that the marker had in front of them, None for the one of now. `withdrawn`: they
    take the mark back, the question has none from then on; the rest says nothing."""

    question: UUID
    version: int
    comment: str = ""
    steps: Mapping[str, Decimal] = field(default_factory=dict)
    free_marks: Decimal | None = None
    scheme: int | None = None
    withdrawn: bool = False


def save_mark(
    *,
    evaluation: Evaluation,
    question_id: UUID,
    version: int,
    steps: Mapping[str, Decimal],
    comment: str,
    free_marks: Decimal | None = None,
    scheme: int | None = None,
    actor: User,
    now: datetime,
) -> QuestionMark:
    """Gives a question its mark (see MarkChange) and renews the claim; the saved version is one higher.

    The same save sent again (its answer was lost) returns the mark as it stands.
    Raises ClaimError (not theirs to mark now), MarkConflict (newer version), MarkError (not what the scheme allows).
    """
    change = MarkChange(question_id, version, comment, steps, free_marks, scheme)
    with transaction.atomic():
        locked = lock_claimed(evaluation.pk, actor)
        lease = renewed_lease(locked, now)
        mark = give_mark(locked, change, active=lease["active_seconds"], actor=actor, now=now)
        Evaluation.objects.filter(pk=locked.pk).update(**lease)
    return mark


def give_mark(locked: Evaluation, change: MarkChange, *, active: int, actor: User, now: datetime) -> QuestionMark:
    """`save_mark` for a locked evaluation whose claim was asked; `active`: the active seconds of the paper by now.

    What was given by an older scheme counts as it was meant, and is brought up to the scheme of now at once.
    """
    comment = checked_text(change.comment, COMMENT_LENGTH)
    question = _question(locked, change.question)
    history = history_of(exam_of(locked), question)
    meant = history.now if change.scheme is None else history.numbered(change.scheme)
    if meant is None:
        raise MarkError("There is no such version of the marking scheme.", "unknown_scheme")
    given, marks = _marks(question, meant, change.steps, change.free_marks, comment)
    stored = Given({step: plain(value) for step, value in given.items()}, marks, comment, meant)
    current: QuestionMark | None = QuestionMark.objects.filter(evaluation=locked, question=question).first()
    if _stands(locked, question, current, change, stored):
        assert current is not None
        return current
    version = last_version(locked, question.pk, current) + 1
    mark = append_mark(
        locked, question, stored, version=version, now_scheme=history.now, actor=actor, now=now, active=active
    )
    if meant.number:
        # A desk that still shows an older scheme has not seen the step that is to be looked at.
        looks = SchemeLook.objects.filter(evaluation=locked, question=question, closed_at=None)
        looks.filter(revision__number__lte=meant.number).update(closed_at=now, closed_by=actor)
    if meant.number < history.now.number:
        ask_after_late_mark(locked, question, mark, history, since=meant.number)
    return mark


def take_back_mark(locked: Evaluation, change: MarkChange, *, active: int, actor: User, now: datetime) -> int:
    """Withdraws the mark of a question of a locked evaluation whose claim was asked: it is unmarked again. Returns the
    version of that; where nothing stands any more nothing happens. Raises MarkConflict, and MarkError for marks that
    everybody has."""
    question = _question(locked, change.question)
    current: QuestionMark | None = QuestionMark.objects.filter(evaluation=locked, question=question).first()
    if current is None:
        return last_version(locked, question.pk, None)
    events = own_events(locked, question)
    # Events that a changed scheme made since are nobody's.
    is_own = bool(events) and events[0].version <= change.version < current.version
    if change.version != current.version and not is_own:
        raise _conflict(current)
    if not events:
        raise MarkError("This mark was not given at a desk. Give another one.", "not_given_here")
    if history_of(exam_of(locked), question).now.is_given:
        raise MarkError("Everybody has the marks of this question.", "given_to_all")
    version = withdraw_mark(locked, question, actor=actor, now=now, active=active)
    looks = SchemeLook.objects.filter(evaluation=locked, question=question, closed_at=None)
    looks.update(closed_at=now, closed_by=actor)
    return version


def keep_mark(*, evaluation: Evaluation, question_id: UUID, actor: User, now: datetime) -> None:
    """The marker looked again at an answer whose scheme has a new step, and its mark stays. Raises ClaimError."""
    with transaction.atomic():
        locked = lock_claimed(evaluation.pk, actor)
        looks = SchemeLook.objects.filter(evaluation=locked, question=question_id, closed_at=None)
        looks.update(closed_at=now, closed_by=actor)


def place_mark(locked: Evaluation, question_id: UUID, given: Given, *, actor: User, now: datetime) -> QuestionMark:
    """Writes a mark that was decided away from the desk (checked there), as an event of `actor`; the same mark again
    changes nothing."""
    current: QuestionMark | None = QuestionMark.objects.filter(evaluation=locked, question=question_id).first()
    if current is not None and _same(current, given) and current.revision_id == given.under.revision_id:
        return current
    question = PaperQuestion.objects.get(pk=question_id)
    scheme = history_of(locked.attempt.exam_id, question).now
    version = last_version(locked, question_id, current) + 1
    return append_mark(locked, question, given, version=version, now_scheme=scheme, actor=actor, now=now)


def scheme_of(question: PaperQuestion) -> list[SchemeStep]:
    """The marking scheme of the version the student sat, as it was frozen."""
    return history_of(None, question).now.steps


def checked_text(text: str, longest: int) -> str:
    """Text that every database can store. Raises DomainError for NUL characters and for too much of it."""
    if "\x00" in text:
        raise DomainError("The text contains a character that cannot be stored.", "bad_text")
    if len(text) > longest:
        raise DomainError(f"The text is too long: at most {longest} characters.", "too_long")
    return text


def current_values(mark: QuestionMark | None, version: int = 0) -> dict[str, object]:
    """A mark as the marker's screen knows it; where there is none, `version` is that of its withdrawal, 0 for never."""
    if mark is None:
        return {"version": version, "steps": {}, "marks": None, "comment": ""}
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
    question: PaperQuestion, scheme: Scheme, steps: Mapping[str, Decimal], free_marks: Decimal | None, comment: str
) -> tuple[dict[str, Decimal], Decimal]:
    if free_marks is not None:
        free = checked_free_marks(free_marks, question.marks, comment)
        return {}, question.marks if scheme.is_given else free
    given = checked_steps(scheme.steps, steps)
    return given, question.marks if scheme.is_given else question_total(scheme.steps, given, question.marks)


def _stands(
    locked: Evaluation, question: PaperQuestion, current: QuestionMark | None, change: MarkChange, given: Given
) -> bool:
    """Whether it was saved before. Raises MarkConflict when somebody saved something else since. Events that a changed
    scheme made since are nobody's: the marker's new marks go on from what they saw."""
    if current is None:
        last = last_version(locked, question.pk, None)
        if change.version != last:
            raise _conflict(None, last)
        return False
    if change.version == current.version:
        return False
    if _same(current, given) and current.version == change.version + 1:
        return True
    events = own_events(locked, question)
    if not events:
        raise _conflict(current)
    own, *earlier = events
    is_next = own.version > change.version and all(one.version <= change.version for one in earlier)
    if is_next and _same(own, given):
        return True
    if own.version <= change.version < current.version:
        return False
    raise _conflict(current)


def _same(row: QuestionMark | MarkEvent, given: Given) -> bool:
    return (row.steps, row.marks, row.comment) == (given.steps, given.marks, given.comment)


def _conflict(current: QuestionMark | None, version: int = 0) -> MarkConflict:
    values = current_values(current, version)
    return MarkConflict("This mark was changed in another place.", "version", current=values)

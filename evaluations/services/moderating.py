"""Between two markings that differ: a moderator takes one of them, question by question, or gives marks of their own.

What the two markers gave is never changed: the second marking is an evaluation of its own, and what the record said is
copied to one of role FIRST before anything is decided. The decision is the moderator's evaluation (role MODERATION);
what of it differs from the record goes over to that as events of the moderator, with the ink of whoever was taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from common.errors import ConflictError, DomainError, NotPermittedError
from evaluations.enums import AnnotationKind, EvaluationRole, EvaluationState
from evaluations.models import Annotation, Evaluation, ExamChecks, QuestionMark
from evaluations.selectors.conflicts import conflicts_of, sitting_of
from evaluations.selectors.pairs import counted_marks
from evaluations.selectors.progress import marking_progress
from evaluations.services import links
from evaluations.services.claims import WORDS
from evaluations.services.concluding import conclude, finish_held, move_audited
from evaluations.services.marking import place_mark
from evaluations.services.scheme_marks import Given, brought_up, history_of
from evaluations.services.sharing import copy_ink, copy_marks
from evaluations.services.totals import checked_free_marks, checked_steps, plain, question_total
from evaluations.services.transitions import lock_with_record, record_opening
from notifications.enums import NotificationKind
from notifications.services.inbox import News, notify_many

FIRST, SECOND, OWN = "first", "second", "own"
VERDICTS = (AnnotationKind.TICK, AnnotationKind.HALF, AnnotationKind.CROSS)
ZERO = Decimal(0)


class ModerationError(DomainError):
    """The decision cannot be made so. In the details `number`: of the question it is about, `step`: the step's id."""


@dataclass(frozen=True)
class StepDecision:
    """What counts of one step: as the first or the second marker gave it, or `marks` of one's own."""

    choice: Literal["first", "second", "own"]
    marks: Decimal | None = None


@dataclass(frozen=True)
class Decision:
    """What counts of one number: the first or the second marking as it stands, or one's own decision: step by step
    (`steps`, by step id; then all of the scheme are needed), or where that is None free marks with why."""

    choice: Literal["first", "second", "own"]
    marks: Decimal | None = None
    reason: str = ""
    steps: Mapping[str, StepDecision] | None = None


def open_moderation(
    *, record: Evaluation, second: Evaluation, checks: ExamChecks, why: str, now: datetime
) -> Evaluation:
    """A locked record that was marked twice waits for a moderator from now on; the moderators are told, or staff where
    the exam has none. Returns what is to be decided."""
    move_audited(record, "moderate", ("state",), actor=None, now=now, reason=why)
    first = _satellite(record, EvaluationRole.FIRST, EvaluationState.CLOSED, now)
    copy_marks(record, first, now)
    copy_ink(record, first)
    asked = _satellite(record, EvaluationRole.MODERATION, EvaluationState.MODERATION, now)
    asked.remind_at = asked.half_at if asked.half_at is not None and asked.half_at > now else asked.most_at
    asked.save(update_fields=["remind_at"])
    _tell(asked, now)
    return asked


def take_moderation(*, evaluation: Evaluation, actor: User, now: datetime, take_over: bool = False) -> Evaluation:
    """Whoever opens it first has it; somebody else only by taking it over, which is kept in the audit trail.

    Raises NotPermittedError for who marked it, or is of the student's family.
    """
    with transaction.atomic():
        locked = lock_with_record(evaluation)
        if locked.state != EvaluationState.MODERATION or locked.teacher_id == actor.pk:
            return locked
        if locked.teacher_id is not None and not take_over:
            return locked
        _require_free(locked, actor)
        before = {"teacher": locked.teacher_id}
        locked.teacher, locked.claimed_at = actor, now
        locked.save(update_fields=["teacher", "claimed_at"])
        record_event(
            actor=actor,
            action="evaluation.moderation_taken",
            obj=locked,
            before=before,
            after={"teacher": actor.pk},
            now=now,
        )
    return locked


def finish_moderation(
    *, evaluation: Evaluation, decisions: Mapping[int, Decision], actor: User, now: datetime
) -> Evaluation:
    """Settles the paper: the record gets what was decided, and is finished. All numbers that anybody marked need a
    decision.

    Raises ModerationError (a decision is missing, or names marks that the question does not allow), ConflictError when
    it is settled already or somebody else has taken it over.
    """
    with transaction.atomic():
        locked = lock_with_record(evaluation)
        record = locked.record
        assert record is not None
        if locked.state != EvaluationState.MODERATION or record.state != EvaluationState.MODERATION:
            raise ConflictError(_("This paper is settled already."), "settled")
        if locked.teacher_id != actor.pk:
            raise ConflictError(_("Somebody else has taken this paper over."), "held")
        _require_free(locked, actor)
        first, second = sides_of(locked)
        _require_all(first, second, decisions)
        for number, decision in sorted(decisions.items()):
            _decide(locked, record, number, decision, (first, second), actor, now)
        _take_ink(record, second, decisions, now)
        conclude(locked, "settle", marking_progress(locked).total, actor, now)
        finish_held(record, actor, "Decided by a moderator.", now)
    return locked


def sides_of(moderation: Evaluation) -> tuple[Evaluation, Evaluation]:
    """What the record said, and the second marking."""
    rows = Evaluation.objects.filter(record=moderation.record_id).order_by("id")
    first = rows.filter(role=EvaluationRole.FIRST).last()
    second = rows.filter(role=EvaluationRole.SECOND, finalised_at__isnull=False).last()
    assert first is not None
    assert second is not None
    return first, second


def _satellite(record: Evaluation, role: str, state: str, now: datetime) -> Evaluation:
    made = Evaluation(
        attempt=record.attempt,
        role=role,
        record=record,
        state=state,
        is_remark=True,
        policy=record.policy,
        submitted_at=record.submitted_at,
        due_at=record.due_at,
        half_at=record.half_at,
        most_at=record.most_at,
        work=record.work,
        max_marks=record.attempt.paper.written_marks,
    )
    made.save(force_insert=True)
    record_opening(made, now=now)
    return made


def _require_free(locked: Evaluation, actor: User) -> None:
    found = conflicts_of([sitting_of(locked)])[locked.pk]
    if actor.pk in found:
        raise NotPermittedError(WORDS[found[actor.pk]], "conflict_of_interest")


def _require_all(first: Evaluation, second: Evaluation, decisions: Mapping[int, Decision]) -> None:
    known = counted_marks(first).keys() | counted_marks(second).keys()
    missing = sorted(known - decisions.keys())
    if missing:
        raise ModerationError(_("Decide on question %s too.") % missing[0], "undecided", number=missing[0])
    unknown = sorted(decisions.keys() - known)
    if unknown:
        raise ModerationError(_("Nobody marked question %s.") % unknown[0], "unknown_question", number=unknown[0])


def _decide(
    locked: Evaluation,
    record: Evaluation,
    number: int,
    decision: Decision,
    sides: tuple[Evaluation, Evaluation],
    actor: User,
    now: datetime,
) -> None:
    """Writes one number to the moderator's evaluation, and to the record what is another mark there."""
    rows = [_marks_of(side, number) for side in sides]
    exam = record.attempt.exam_id
    if decision.choice == OWN:
        wanted = _own(number, decision, rows, exam)
    else:
        chosen = rows[decision.choice == SECOND]
        wanted = {pk: _as_given(mark, exam) for pk, mark in chosen.items()}
    for question, given in wanted.items():
        place_mark(locked, question, given, actor=actor, now=now)
    if decision.choice == FIRST:
        return
    for question, mark in _marks_of(record, number).items():
        if question not in wanted:
            # With internal choice the alternative that was not taken must not win by what it had.
            nothing = Given({}, ZERO, "", history_of(exam, mark.question).now)
            place_mark(record, question, nothing, actor=actor, now=now)
    for question, given in wanted.items():
        place_mark(record, question, given, actor=actor, now=now)


def _as_given(mark: QuestionMark, exam_id: UUID) -> Given:
    under = history_of(exam_id, mark.question).of(mark.revision_id)
    return Given(mark.steps, mark.marks, mark.comment, under)


def _own(number: int, decision: Decision, rows: list[dict[UUID, QuestionMark]], exam_id: UUID) -> dict[UUID, Given]:
    """The moderator's own decision: of steps on the question they belong to, of free marks on the one that counted."""
    try:
        if decision.steps is not None:
            return _by_steps(decision, decision.steps, rows, exam_id)
        of = max((mark for row in rows for mark in row.values()), key=lambda mark: mark.marks).question
        scheme = history_of(exam_id, of).now
        if decision.marks is None:
            raise ModerationError(_("Say how many marks."), "marks_missing")
        marks = checked_free_marks(decision.marks, of.marks, decision.reason)
    except DomainError as error:
        told = f"{_('Question %s') % number}: {error.message}"
        raise ModerationError(told, error.code, number=number, step=error.details.get("step")) from error
    return {of.pk: Given({}, marks, decision.reason.strip()[:1000], scheme)}


def _by_steps(
    decision: Decision, decided: Mapping[str, StepDecision], rows: list[dict[UUID, QuestionMark]], exam_id: UUID
) -> dict[UUID, Given]:
    """Awards for every step of the scheme, the first's, the second's or the moderator's: the student reads which steps
    the marks are for."""
    questions = {key: mark.question for row in rows for key, mark in row.items()}
    for key, question in questions.items():
        scheme = history_of(exam_id, question).now
        ids = [step.id for step in scheme.steps]
        if not decided.keys() <= set(ids):
            continue
        if len(decided) < len(ids):
            place, missing = next((place, one) for place, one in enumerate(ids, start=1) if one not in decided)
            raise ModerationError(_("Decide on step %s too.") % place, "undecided_step", step=missing)
        sides = [
            brought_up(_as_given(row[key], exam_id), scheme, question.marks).steps if key in row else {} for row in rows
        ]
        awards = checked_steps(scheme.steps, {one: _award(one, decided[one], sides) for one in ids})
        total = question.marks if scheme.is_given else question_total(scheme.steps, awards, question.marks)
        stored = {one: plain(award) for one, award in awards.items()}
        return {key: Given(stored, total, decision.reason.strip()[:1000], scheme)}
    raise ModerationError(_("This step does not belong to the question."), "unknown_step")


def _award(step: str, decided: StepDecision, sides: list[Mapping[str, str]]) -> Decimal:
    if decided.choice != OWN:
        return Decimal(sides[decided.choice == SECOND].get(step, "0"))
    if decided.marks is None:
        raise ModerationError(_("Say how many marks."), "marks_missing", step=step)
    return decided.marks


def _marks_of(evaluation: Evaluation, number: int) -> dict[UUID, QuestionMark]:
    marks = QuestionMark.objects.filter(evaluation=evaluation, question__number=number).select_related("question")
    return {mark.question_id: mark for mark in marks.order_by("question__alternative")}


def _take_ink(record: Evaluation, second: Evaluation, decisions: Mapping[int, Decision], now: datetime) -> None:
    """Of a question whose second marking was taken its ink stands instead of the first; where the moderator decided
    otherwise the verdicts of the first go, its words stay. Of a decision step by step the verdict at each step is its
    who was taken for it. Ink on no question is the first's, unless nothing else is."""
    of = {choice: [n for n, one in decisions.items() if one.choice == choice] for choice in (FIRST, SECOND, OWN)}
    steps = {key: one.choice for decided in decisions.values() for key, one in (decided.steps or {}).items()}
    taken = {choice: [key for key, one in steps.items() if one == choice] for choice in (FIRST, SECOND)}
    own = Q(question__number__in=of[OWN], kind__in=VERDICTS) & ~Q(step__isnull=False, step__in=taken[FIRST])
    gone = Q(question__number__in=of[SECOND]) | own
    fresh = Q(question__number__in=of[SECOND]) | Q(
        question__number__in=of[OWN], kind__in=VERDICTS, step__in=taken[SECOND]
    )
    if of[SECOND] and not of[FIRST] and not of[OWN]:
        gone |= Q(question=None)
        fresh |= Q(question=None)
    rows = Annotation.objects.filter(gone, evaluation=record, deleted_at__isnull=True)
    Annotation.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(deleted_at=now, updated_at=now)
    copy_ink(second, record, only=fresh)


def deciders(asked: Evaluation) -> list[User]:
    """Who is told of a paper to decide: whoever has taken it up, else the exam's moderators without a conflict, else
    staff."""
    if asked.teacher is not None:
        return [asked.teacher]
    barred = conflicts_of([sitting_of(asked)])[asked.pk]
    named = User.objects.filter(moderated_exams__exam=asked.attempt.exam_id, is_active=True)
    people = [person for person in named if person.pk not in barred]
    return people or list(User.objects.filter(is_staff=True, is_active=True))


def _tell(asked: Evaluation, now: datetime) -> None:
    told = []
    for person in deciders(asked):
        with translation.override(person.language):
            title = _("Two markings differ: %(exam)s") % {"exam": asked.attempt.exam.title}
            body = _("Look at both and decide. The promise to the student goes on.")
        told.append(
            News(
                user_id=person.pk,
                kind=NotificationKind.PAPER_ASSIGNED,
                cause=f"moderation:{asked.pk}",
                title=title,
                body=body,
                url=links.moderation_url(asked.pk),
            )
        )
    notify_many(told, now=now)

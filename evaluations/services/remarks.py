"""Re-marks: a student points at a place and a step and asks; another teacher marks the question again and decides."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.models import Attempt, PaperQuestion
from common.errors import ConflictError, DomainError, NotPermittedError
from evaluations.enums import EvaluationRole, EvaluationState, RemarkState, TokenKind
from evaluations.models import Evaluation, QuestionMark, RemarkRequest, RemarkStep, RemarkToken
from evaluations.selectors.after_marks import after_marks, policy_for
from evaluations.selectors.progress import marking_progress
from evaluations.selectors.remarks import tokens_left
from evaluations.selectors.results import result_data
from evaluations.services.assignment import assign_evaluation
from evaluations.services.breaches import flag_if_late
from evaluations.services.claims import lock_claimed
from evaluations.services.clarifications import Place, checked_place, marker_of, require_open
from evaluations.services.corrections import NewMark, correct_mark
from evaluations.services.marking import checked_text
from evaluations.services.pictures import require_no_open_picture
from evaluations.services.policies import promised_at, rung_moments
from evaluations.services.remark_news import propose_rechecks, tell_asked, tell_decided
from evaluations.services.scheme_marks import Given, brought_up, history_of
from evaluations.services.totals import plain, question_total
from evaluations.services.transitions import lock_evaluation, move, record_opening
from evaluations.services.workload import share_work

LONGEST = 1000
LONGEST_WORDS = 500


class RemarkError(DomainError):
    """This cannot be marked again, or not decided so."""


def ask_remark(
    *,
    attempt: Attempt,
    question_id: UUID,
    steps: Collection[UUID],
    reason: str,
    place: Place | None,
    request_id: UUID,
    actor: User,
    now: datetime,
) -> RemarkRequest:
    """The student spends a token to have a question of their released paper marked again by another teacher, pointing
    at steps of its scheme (none: the whole answer). Sent again with the same `request_id` it changes nothing.

    Raises RemarkError (no token left, asked before, no such question or step), ClarificationError outside of the time.
    """
    if actor.pk != attempt.student_id:
        raise NotPermittedError(_("Only the student asks for a re-mark."), "not_the_student")
    known = RemarkRequest.objects.filter(pk=request_id).first()
    if known is not None:
        if known.asked_by_id != actor.pk:
            raise ConflictError(_("This request cannot be sent. Reload the page."), "id_taken")
        return known
    reason = _said(reason, LONGEST, _("Say why, in your own words."))
    result = result_data(attempt, reader=actor, now=now)
    rules = after_marks(attempt, result.evaluation, result.shown)
    require_open(rules.remarks, now)
    assert result.evaluation is not None
    with transaction.atomic():
        # The student's row first: two requests at once must not spend one token twice.
        User.objects.select_for_update(no_key=True).get(pk=actor.pk)
        if tokens_left(student=actor, exam=attempt.exam, policy=rules.policy) <= 0:
            raise RemarkError(_("You have no re-marks left for this exam."), "no_token")
        record = lock_evaluation(result.evaluation.pk)
        asked = _open(
            record, question_id, steps, reason, checked_place(place, record), actor=actor, now=now, pk=request_id
        )
        RemarkToken.objects.create(student=actor, exam=attempt.exam, request=asked, kind=TokenKind.SPENT, at=now)
    _give_out(asked, now)
    return asked


def open_recheck(
    *, record: Evaluation, question_id: UUID, steps: Collection[UUID], reason: str, actor: User, now: datetime
) -> RemarkRequest:
    """Staff have a question marked again, because a like mark was upheld elsewhere. Costs nobody a token. Raises
    RemarkError."""
    if not actor.is_staff:
        raise NotPermittedError(_("Only staff open re-checks."), "not_staff")
    return open_scheme_recheck(record=record, question_id=question_id, steps=steps, reason=reason, actor=actor, now=now)


def open_scheme_recheck(
    *, record: Evaluation, question_id: UUID, steps: Collection[UUID], reason: str, actor: User, now: datetime
) -> RemarkRequest:
    """A re-check by the system, because the marking scheme was changed by `actor`. Raises RemarkError."""
    reason = _said(reason, LONGEST, _("Give a reason."))
    with transaction.atomic():
        locked = lock_evaluation(record.pk)
        asked = _open(locked, question_id, steps, reason, None, actor=actor, now=now, is_recheck=True)
    _give_out(asked, now)
    return asked


def decide_remark(*, evaluation: Evaluation, words: Mapping[UUID, str], actor: User, now: datetime) -> RemarkRequest:
    """Whoever marks again finishes: a step that has more marks now is upheld. `words`: by RemarkStep, why; each needs
    them. Of what is upheld the record is corrected and the token given back; a mark never falls by a re-mark.

    Raises ClaimError, PictureOpenError, RemarkError (no mark yet, words missing, the paper is being corrected).
    """
    with transaction.atomic():
        assert evaluation.record_id is not None
        record = lock_evaluation(evaluation.record_id)
        locked = lock_claimed(evaluation.pk, actor)
        require_no_open_picture(locked)
        asked = RemarkRequest.objects.select_related("question", "asked_by", "first_marker").get(remark=locked)
        if record.state != EvaluationState.RELEASED:
            raise RemarkError(_("The paper itself is being corrected. Decide when it is back."), "record_open")
        mark = QuestionMark.objects.filter(evaluation=locked, question=asked.question).first()
        if mark is None:
            raise RemarkError(_("Give the question its marks first."), "unmarked")
        upheld = _settle_steps(asked, mark, words)
        new = _new_mark(record, asked, mark, upheld)
        if new is None:
            # More for a step that adds nothing to the question (of another method, or above its marks) changes nothing.
            asked.steps.update(is_upheld=False)
        flag_if_late(evaluation=locked, now=now)
        total = marking_progress(locked).total
        done = {"finalised_at": now, "claimed_at": None, "lease_until": None}
        move(
            locked, "finalise", actor=actor, now=now,
            changes={**done, "written_marks": total, "total_marks": total},
        )  # fmt: skip
        _close(asked, new, actor, now)
        if new is not None:
            correct_mark(record=record, new=new, reason=_reason_of(upheld), actor=actor, now=now)
        tell_decided(asked, record, now)
        if new is not None:
            propose_rechecks(asked, now)
    return asked


def _open(
    record: Evaluation,
    question_id: UUID,
    steps: Collection[UUID],
    reason: str,
    place: Place | None,
    *,
    actor: User,
    now: datetime,
    pk: UUID | None = None,
    is_recheck: bool = False,
) -> RemarkRequest:
    """The request with its steps, and the evaluation on which it is marked, of a locked record."""
    if record.state != EvaluationState.RELEASED:
        raise RemarkError(_("The paper is being corrected."), "record_open")
    mark = QuestionMark.objects.select_related("question").filter(evaluation=record, question=question_id).first()
    if mark is None or not mark.question.is_written:
        raise RemarkError(_("This question has no mark by a teacher."), "unknown_question")
    if mark.marks >= mark.question.marks:
        raise RemarkError(_("This question has full marks already."), "full_marks")
    if RemarkRequest.objects.filter(evaluation=record, question=question_id).exists():
        raise RemarkError(_("A re-mark of this question was asked for already."), "asked_before")
    scheme = history_of(record.attempt.exam_id, mark.question).now
    rows = {UUID(line.id): line for line in scheme.lines if UUID(line.id) in set(steps)}
    if rows.keys() != set(steps):
        raise RemarkError(_("This step does not belong to the question."), "unknown_step")
    given = {pk: Decimal(mark.steps.get(str(pk), "0")) for pk in rows}
    if full := [pk for pk, step in rows.items() if given[pk] >= step.marks]:
        raise RemarkError(
            _("A step with full marks cannot be asked about."), "full_step", steps=[str(pk) for pk in full]
        )
    asked = RemarkRequest(
        evaluation=record,
        remark=_remark(record, mark.question, now),
        question=mark.question,
        page_id=place.page if place else None,
        region=place.region if place else None,
        reason=reason,
        is_recheck=is_recheck,
        asked_by=actor,
        asked_at=now,
        first_marker=marker_of(record, question_id),
        marks_before=mark.marks,
    )
    if pk is not None:
        asked.pk = pk
    asked.save(force_insert=True)
    made = [RemarkStep(request=asked, step_id=key, before=given[key]) for key in rows]
    RemarkStep.objects.bulk_create(made or [RemarkStep(request=asked, before=mark.marks)])
    about = {"question": mark.question_id, "steps": [str(key) for key in rows], "recheck": is_recheck}
    record_event(actor=actor, action="remark.asked", obj=asked, before={}, after=about, reason=reason[:300], now=now)
    tell_asked(asked, record, now)
    return asked


def _remark(record: Evaluation, question: PaperQuestion, now: datetime) -> Evaluation:
    """One question of the paper, for anybody who has not marked any of it, with a promise from now on."""
    rules = policy_for(record.attempt.exam)
    policy = rules.remark_policy or record.policy
    due_at = promised_at(policy=policy, submitted_at=now)
    half_at, most_at = rung_moments(policy=policy, submitted_at=now, due_at=due_at)
    remark = Evaluation(
        attempt=record.attempt,
        role=EvaluationRole.REMARK,
        record=record,
        numbers=[question.number],
        is_remark=True,
        policy=policy,
        submitted_at=now,
        due_at=due_at,
        half_at=half_at,
        most_at=most_at,
        remind_at=half_at,
        work=share_work(record.attempt, [question.number]),
        max_marks=question.marks,
    )
    remark.save(force_insert=True)
    record_opening(remark, now=now)
    return remark


def _give_out(asked: RemarkRequest, now: datetime) -> None:
    """To a teacher at once; where there is none the sweep tries again."""
    assign_evaluation(evaluation=asked.remark, now=now)


def _settle_steps(asked: RemarkRequest, mark: QuestionMark, words: Mapping[UUID, str]) -> list[RemarkStep]:
    """Writes what became of each step; returns those upheld."""
    rows = list(asked.steps.select_related("step").order_by("id"))
    for row in rows:
        missing = _("Say for each step why it is upheld or not.")
        row.words = _said(words.get(row.pk, ""), LONGEST_WORDS, missing)
        row.after = mark.marks if row.step_id is None else Decimal(mark.steps.get(str(row.step_id), "0"))
        row.is_upheld = row.after > row.before
    RemarkStep.objects.bulk_update(rows, ["after", "is_upheld", "words"])
    return [row for row in rows if row.is_upheld]


def _new_mark(record: Evaluation, asked: RemarkRequest, mark: QuestionMark, upheld: list[RemarkStep]) -> NewMark | None:
    """What the record's question has from now on: the upheld steps as marked again, all others as they were; of a mark
    without steps the new one as a whole. None where it would not rise."""
    stands = QuestionMark.objects.filter(evaluation=record, question=asked.question).first()
    if not upheld:
        return None
    history = history_of(record.attempt.exam_id, asked.question)
    if stands is None:
        # Taken back by a correction since it was asked for.
        given = Given(mark.steps, mark.marks, mark.comment, history.of(mark.revision_id))
        return NewMark(asked.question, given) if given.marks else None
    if upheld[0].step_id is None or not stands.steps:
        given = Given(mark.steps, mark.marks, stands.comment, history.of(mark.revision_id))
    else:
        had = Given(stands.steps, stands.marks, stands.comment, history.of(stands.revision_id))
        changed = {str(row.step_id): plain(row.after) for row in upheld if row.after is not None}
        steps = {**brought_up(had, history.now, asked.question.marks).steps, **changed}
        awards = {key: Decimal(value) for key, value in steps.items()}
        total = question_total(history.now.steps, awards, asked.question.marks)
        given = Given(steps, total, stands.comment, history.now)
    return NewMark(asked.question, given) if given.marks > stands.marks else None


def _close(asked: RemarkRequest, new: NewMark | None, actor: User, now: datetime) -> None:
    state = RemarkState.UPHELD if new is not None else RemarkState.REFUSED
    values = {
        "state": state,
        "marks_after": new.given.marks if new is not None else asked.marks_before,
        "decided_by": actor,
        "decided_at": now,
    }
    RemarkRequest.objects.filter(pk=asked.pk, state=RemarkState.WAITING).update(**values)
    for field, value in values.items():
        setattr(asked, field, value)
    record_event(
        actor=actor,
        action="remark.decided",
        obj=asked,
        before={"state": RemarkState.WAITING, "marks": asked.marks_before},
        after={"state": state, "marks": asked.marks_after},
        now=now,
    )
    spent = RemarkToken.objects.filter(request=asked, kind=TokenKind.SPENT).first()
    if new is not None and spent is not None:
        RemarkToken.objects.create(
            student=spent.student, exam=spent.exam, request=asked, kind=TokenKind.REFUNDED, at=now
        )


def _reason_of(upheld: list[RemarkStep]) -> str:
    return " ".join(row.words for row in upheld)[:1000]


def _said(text: str, longest: int, missing: str) -> str:
    words = checked_text(text.strip().replace("\r\n", "\n"), longest)
    if not words:
        raise RemarkError(missing, "words_missing")
    return words

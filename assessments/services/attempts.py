"""Starting an attempt and saving its answers. Ending one is in submission, forgotten ones are in overdue."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.enums import Feature
from accounts.models import User
from accounts.services.entitlements import consume_entitlement
from assessments.enums import AttemptState, Behaviour, FlightEvent, SubmitReason
from assessments.models import Attempt, Exam, Paper, Response
from assessments.selectors.accommodations import Terms, own_terms
from assessments.selectors.attempts import answer_shapes, crowd_of, live_attempt, recent_question_ids
from assessments.services.answers import AnswerShape, clean_answer
from assessments.services.behaviours import CERTAINTIES
from assessments.services.drawing import draw_paper
from assessments.services.flight_record import REFUSALS, note_refusal
from assessments.services.flight_rows import note_event
from assessments.services.overdue import close_overdue_attempts, hand_in_overdue_sheets
from assessments.services.response_rows import upsert_response
from assessments.services.start_turns import MOST, turn_of
from assessments.services.submission import (
    NETWORK_GRACE,
    cancelled,
    finish_writing,
    is_time_up,
    lock_attempt,
    require_student,
    submit_attempt,
)
from assessments.services.time_bounds import believed_seconds
from assessments.signals import attempt_started
from common.errors import DomainError, NotPermittedError
from common.events import announce

__all__ = [
    "SavedResponse",
    "close_overdue_attempts",
    "hand_in_overdue_sheets",
    "save_response",
    "start_attempt",
    "submit_attempt",
]

MAX_SEQ = 2**63 - 1


@dataclass(frozen=True)
class SavedResponse:
    """What is stored after a save. `applied` is False when a newer save had come before; then `seq` is that one's."""

    seq: int
    saved_at: datetime
    applied: bool


class TurnError(DomainError):
    """Many start in this moment, and this student's turn is in `retry_after` seconds."""

    status = 429


def start_attempt(*, exam: Exam, student: User, now: datetime) -> Attempt:
    """Starts `student` on `exam` or returns the attempt they are already sitting. An exam uses up one of their plan.

    An attempt made by this call has `started_at == now`. Locks the student's row, so that a double click or a second
    tab waits and then finds the first one's attempt; the constraint attempt_one_live stands behind it. The window, the
    exam's or the student's own, limits when an exam is started, not when it ends. Raises DomainError: not_for_you,
    exam_not_open, exam_closed, no_attempts_left, not_your_turn (TurnError), or NoEntitlement.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=student.pk)
        live = live_attempt(exam=exam, student=student)
        if live is not None and not is_time_up(live, now):
            return live
        if live is not None:
            finish_writing(lock_attempt(live.pk), now=now)
        terms = own_terms(student=student, now=now).of(exam)
        _require_open(exam, student, terms, now)
        _require_turn(exam, student, terms, now)
        number = _next_number(exam, student)
        if exam.uses_plan:
            consume_entitlement(user=student, feature=Feature.EXAM_ATTEMPT, now=now)
        paper = exam.paper or _draw(exam, student, number, now)
        ends_at = now + terms.duration + terms.extra
        sheets_due_at = ends_at + timedelta(minutes=exam.upload_grace_minutes)
        attempt = begin_attempt(
            exam=exam, student=student, paper=paper, times=(now, ends_at, sheets_due_at), extra=terms.extra, now=now
        )
    return attempt


def begin_attempt(
    *,
    exam: Exam,
    student: User,
    paper: Paper,
    times: tuple[datetime, datetime, datetime],
    extra: timedelta,
    now: datetime,
) -> Attempt:
    """The row of an attempt with `times` (started_at, ends_at, sheets_due_at), and the fact told, unless it is a
    rehearsal. In the transaction that locked the student's row, checked that they may and used up an exam of their
    plan."""
    started_at, ends_at, sheets_due_at = times
    attempt = Attempt.objects.create(
        exam=exam, paper=paper, student=student, started_at=started_at, ends_at=ends_at, sheets_due_at=sheets_due_at
    )
    minutes, extra_seconds = exam.duration_minutes, int(extra.total_seconds())
    note_event(attempt, FlightEvent.STARTED, now=now, minutes=minutes, extra_seconds=extra_seconds)
    if not exam.is_rehearsal:
        announce(attempt_started, attempt_id=attempt.pk)
    return attempt


def save_response(
    *,
    attempt: Attempt,
    question_id: UUID | str,
    seq: int,
    answer: Any,
    marked_for_review: bool | None,
    certainty: int | None = None,
    seconds: int | None = None,
    device: UUID | None = None,
    actor: User,
    now: datetime,
) -> SavedResponse:
    """Stores an answer, the review mark, or how certain the student is (`None` leaves each as it is). One query when
    it applies, one more for a certainty. `seconds`: how long the question has been in view; see services/times. What
    was stored is also a line of the flight record, with the `device` that sent it; so is a save that came too late.

    Saves may arrive in any order and more than once: the highest `seq` wins. Repeating the stored save answers
    `applied=True`, also after the end, so that a device whose reply was lost does not call its answer late; another
    payload under the same `seq` is ignored. Raises DomainError: time_up, already_submitted, unknown_question, bad_seq,
    bad_mark, bad_certainty, bad_seconds, nothing_to_save, question_closed, and those of BadAnswer.
    """
    require_student(attempt, actor)
    given = {"answer": answer, "marked_for_review": marked_for_review, "certainty": certainty}
    try:
        return _save(attempt, question_id, seq, given, seconds, device, now)
    except DomainError as error:
        if error.code in REFUSALS and (known := _known_save(attempt, question_id, seq, given)):
            return known
        note_refusal(attempt=attempt, code=error.code, question_id=question_id, device=device, now=now)
        raise


def _known_save(attempt: Attempt, question_id: UUID | str, seq: int, given: dict[str, Any]) -> SavedResponse | None:
    """What a device is told that repeats, after the end, a save whose reply it never got; None if it is not stored."""
    stored = Response.objects.filter(attempt=attempt, question=UUID(str(question_id)), seq__gte=seq).first()
    if stored is None:
        return None
    if given["answer"] is not None:
        shape = AnswerShape(*answer_shapes(attempt.paper_id)[str(question_id)])
        given = given | {"answer": clean_answer(shape, given["answer"])}
    return SavedResponse(seq=stored.seq, saved_at=stored.saved_at, applied=_is_stored(stored, seq, given))


def _is_stored(stored: Response, seq: int, given: dict[str, Any]) -> bool:
    return stored.seq == seq and all(value in (None, getattr(stored, name)) for name, value in given.items())


def _save(
    attempt: Attempt,
    question_id: UUID | str,
    seq: int,
    given: dict[str, Any],
    seconds: int | None,
    device: UUID | None,
    now: datetime,
) -> SavedResponse:
    answer, marked_for_review, certainty = given.values()
    clean = clean_save(attempt, question_id, seq, answer, now)
    if answer is None and marked_for_review is None and certainty is None:
        raise DomainError(_("There is nothing to save."), "nothing_to_save")
    if not isinstance(marked_for_review, bool | None):
        raise DomainError(_("“marked_for_review” must be true or false."), "bad_mark")
    if certainty is not None:
        _check_certainty(attempt, certainty)
    given = given | {"answer": clean}
    time = None if seconds is None else believed_seconds(attempt, seconds, now)
    if _write(attempt, question_id, seq, given | {"seconds": time, "device": device}, now):
        return SavedResponse(seq=seq, saved_at=now, applied=True)
    return _stored_response(attempt, question_id, seq, given, now)


def clean_save(attempt: Attempt, question_id: UUID | str, seq: int, answer: Any, now: datetime) -> Any:
    """`answer` in its stored form, None for None. Raises DomainError when it cannot be saved now: see save_response."""
    require_writing(attempt, now)
    shape = answer_shapes(attempt.paper_id).get(str(question_id))
    if shape is None:
        raise DomainError(_("This question is not in your paper."), "unknown_question")
    if isinstance(seq, bool) or not isinstance(seq, int) or not 1 <= seq <= MAX_SEQ:
        raise DomainError(_("“seq” must be a whole number from 1 that grows with every save."), "bad_seq")
    return None if answer is None else clean_answer(AnswerShape(*shape), answer)


def question_closed(stored: Response) -> DomainError:
    """The refusal of another answer to a question that was checked to the end, with what stands."""
    message = _("You have finished with this question. Its answer can no longer change.")
    return DomainError(
        message, "question_closed", question=str(stored.question_id), answer=stored.answer, seq=stored.seq
    )


def _check_certainty(attempt: Attempt, certainty: object) -> None:
    if certainty not in CERTAINTIES or isinstance(certainty, bool):
        raise DomainError(_("“certainty” must be 1, 2 or 3."), "bad_certainty")
    if attempt.exam.behaviour != Behaviour.CERTAINTY:
        raise DomainError(_("This exam does not ask how certain you are."), "bad_certainty")


def _write(attempt: Attempt, question_id: UUID | str, seq: int, given: dict[str, Any], now: datetime) -> bool:
    return upsert_response(
        attempt_id=attempt.pk,
        question_id=UUID(str(question_id)),
        seq=seq,
        now=now,
        ends_after=now - NETWORK_GRACE,
        **given,
    )


def _stored_response(
    attempt: Attempt, question_id: UUID | str, seq: int, given: dict[str, Any], now: datetime
) -> SavedResponse:
    """Why the save did not apply: the attempt ended meanwhile or the question is closed (raises), or this or a newer
    save is stored."""
    require_writing(Attempt.objects.get(pk=attempt.pk), now)
    stored = Response.objects.get(attempt=attempt, question=UUID(str(question_id)))
    if stored.is_closed and seq > stored.seq:
        if given["answer"] != stored.answer:
            raise question_closed(stored)
        # The same answer again, with another review mark: that may still change.
        if _write(attempt, question_id, seq, given | {"answer": None}, now):
            return SavedResponse(seq=seq, saved_at=now, applied=True)
    return SavedResponse(seq=stored.seq, saved_at=stored.saved_at, applied=_is_stored(stored, seq, given))


def require_writing(attempt: Attempt, now: datetime) -> None:
    if attempt.state == AttemptState.CANCELLED:
        raise cancelled()
    if attempt.submit_reason == SubmitReason.TIME_UP or (
        attempt.state == AttemptState.IN_PROGRESS and is_time_up(attempt, now)
    ):
        message = _("Time is up. What was saved before counts.")
        raise DomainError(message, "time_up", ends_at=attempt.ends_at.isoformat())
    if attempt.state != AttemptState.IN_PROGRESS:
        raise DomainError(_("You have already submitted this exam."), "already_submitted")


def _require_open(exam: Exam, student: User, terms: Terms, now: datetime) -> None:
    if exam.is_project:
        raise NotPermittedError(_("A project is handed in on its own page."), "not_an_exam")
    visible = exam.is_published and Exam.objects.visible_to(student).filter(pk=exam.pk).exists()
    if not student.is_student or not visible:
        raise NotPermittedError(_("This exam is not set for you."), "not_for_you")
    if now < terms.opens_at:
        message = _("This exam opens on %(when)s.") % {"when": _moment(terms.opens_at)}
        raise DomainError(message, "exam_not_open", opens_at=terms.opens_at.isoformat())
    if terms.closes_at is not None and now >= terms.closes_at:
        raise DomainError(_("This exam closed on %(when)s.") % {"when": _moment(terms.closes_at)}, "exam_closed")


def _require_turn(exam: Exam, student: User, terms: Terms, now: datetime) -> None:
    """Only in the first seconds of an exam set for many is there anything to wait for."""
    if exam.is_quiz or now >= terms.opens_at + MOST:
        return
    crowd = crowd_of(exam)
    turn = turn_of(exam_id=exam.pk, student_id=student.pk, opens_at=terms.opens_at, crowd=crowd)
    if now < turn:
        left = math.ceil((turn - now).total_seconds())
        message = ngettext(
            "Many start in this moment. Your turn is in %(count)d second; your time begins only then.",
            "Many start in this moment. Your turn is in %(count)d seconds; your time begins only then.",
            left,
        )
        raise TurnError(message % {"count": left}, "not_your_turn", retry_after=left)


def _next_number(exam: Exam, student: User) -> int:
    """The number of the attempt about to start, counting cancelled ones so that no two share a seed."""
    states = list(Attempt.objects.filter(exam=exam, student=student).values_list("state", flat=True))
    used = sum(state != AttemptState.CANCELLED for state in states)
    if exam.is_used_up(used):
        most = exam.max_attempts or 0
        message = ngettext(
            "You have already sat this exam.", "You have used all %(count)d attempts of this exam.", most
        )
        raise DomainError(message % {"count": most}, "no_attempts_left")
    return len(states) + 1


def _draw(exam: Exam, student: User, number: int, now: datetime) -> Paper:
    blueprint = exam.blueprint
    assert blueprint is not None  # exam_blueprint_or_paper
    recent = recent_question_ids(
        student=student,
        programme_id=exam.programme_id,
        papers=blueprint.no_repeat_papers,
        purpose=exam.purpose,
    )
    seed = paper_seed(exam.pk, student.pk, number)
    return draw_paper(blueprint=blueprint, seed=seed, title=exam.title, exclude=recent, now=now)


def paper_seed(exam_id: UUID, student_id: UUID, number: int) -> int:
    """63 bits from who sits what for which time, so that a draw can be repeated and checked."""
    digest = hashlib.sha256(f"{exam_id}:{student_id}:{number}".encode()).digest()
    return int.from_bytes(digest[:8]) >> 1


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "j F Y, H:i")

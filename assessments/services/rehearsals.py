"""Rehearsals: staff and verified teachers sit an exam or a paper as students will, with a clock they can move.

A rehearsal is an ordinary attempt at a hidden exam, a copy of the one rehearsed: everything that writes, photographs,
marks by keys and watches deadlines works as it always does and knows nothing of it. What it leaves out is the world:
no fact is announced, no statistic noted, no plan used up, and whatever lists or counts asks for `counted()`.

Moving the clock moves the attempt's own times against the real clock, so every deadline comes as it would have come.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.enums import AttemptState, ClockJump, ExamPurpose, FlightEvent
from assessments.models import Attempt, Exam, Paper
from assessments.selectors.rehearsals import OPEN, copies_of, jumps_of
from assessments.services.attempts import begin_attempt, paper_seed
from assessments.services.drawing import draw_paper
from assessments.services.flight_rows import note_event
from assessments.services.submission import cancelled, is_time_up, lock_attempt, require_student
from common.errors import DomainError, NotPermittedError

USUAL_MINUTES = 60
LEFT = {
    ClockJump.TEN_MINUTES: timedelta(minutes=10),
    ClockJump.ONE_MINUTE: timedelta(minutes=1),
    ClockJump.TEN_SECONDS: timedelta(seconds=10),
}
MORE = timedelta(minutes=10)
# What students meet while they sit it. Who may sit it when, and what is shown afterwards, is not rehearsed.
COPIED = (
    "programme_id", "title", "duration_minutes", "upload_grace_minutes", "behaviour", "tries", "try_penalty",
    "calculator", "shuffle_questions", "shuffle_options",
)  # fmt: skip


def start_rehearsal(*, exam: Exam | None = None, paper: Paper | None = None, actor: User, now: datetime) -> Attempt:
    """Begins a rehearsal of `exam`, or of `paper` as it was last set; one of the two. The one that this person has not
    finished is cancelled, so that nobody is ever stuck.

    An exam with a blueprint draws a fresh paper. Locks the person's row, as start_attempt does. Raises
    NotPermittedError, and BlueprintUnfitError of draw_paper.
    """
    assert (exam is None) != (paper is None)
    if not actor.has_perm("assessments.rehearse_exam" if exam is not None else "assessments.rehearse_paper"):
        raise NotPermittedError(_("Only staff and verified teachers can rehearse an exam."), "not_permitted")
    if exam is not None and exam.is_rehearsal:
        raise DomainError(_("This is a rehearsal already. Rehearse the exam itself."), "is_a_rehearsal")
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=actor.pk)
        copy = _copy(exam, paper, actor, now)
        _cancel_open(copy, now)
        copy.paper = paper or _paper_of(exam, copy, actor, now)
        copy.save()
        ends_at = now + timedelta(minutes=copy.duration_minutes)
        due_at = ends_at + timedelta(minutes=copy.upload_grace_minutes)
        attempt = begin_attempt(
            exam=copy, student=actor, paper=copy.paper, times=(now, ends_at, due_at), extra=timedelta(), now=now
        )
    return attempt


def move_clock(*, attempt: Attempt, to: str, actor: User, now: datetime) -> Attempt:
    """Puts the clock of a rehearsal where `to` (a ClockJump) says and returns it as it now is.

    While it is written, its start, its end and the sheets' end move together. While pages are photographed, the time
    left is that for sheets, and nothing else moves. Locks the attempt. Raises DomainError: not_a_rehearsal,
    unknown_jump, time_up, sheets_closed, already_handed_in.
    """
    require_student(attempt, actor)
    with transaction.atomic():
        locked = lock_attempt(attempt.pk)
        if not locked.exam.is_rehearsal:
            raise DomainError(_("Only the clock of a rehearsal can be moved."), "not_a_rehearsal")
        _require_running(locked, now)
        if to not in jumps_of(locked):
            raise DomainError(_("The clock cannot be put there now."), "unknown_jump")
        jump = ClockJump(to)
        if locked.state == AttemptState.SUBMITTED:
            locked.sheets_due_at = now + LEFT[jump]
            locked.ends_at = min(locked.ends_at, locked.sheets_due_at)  # who submitted early
        else:
            shift = MORE if jump == ClockJump.MORE else now + LEFT[jump] - locked.ends_at
            # Nothing begins in the future: what is in view is timed from here.
            locked.started_at = min(locked.started_at + shift, now)
            locked.ends_at += shift
            locked.sheets_due_at += shift
        locked.save(update_fields=["started_at", "ends_at", "sheets_due_at"])
    return locked


def _copy(exam: Exam | None, paper: Paper | None, actor: User, now: datetime) -> Exam:
    """The hidden exam of this person, new or as it was, with the settings that hold now; not saved."""
    known = copies_of(exam=exam, paper=paper, user=actor).first()
    copy: Exam = known or Exam(purpose=ExamPurpose.REHEARSAL, rehearses=exam, rehearsed_by=actor)
    for name, value in _settings(exam, paper).items():
        setattr(copy, name, value)
    copy.opens_at, copy.closes_at, copy.max_attempts, copy.is_published = now, None, None, False
    return copy


def _settings(exam: Exam | None, paper: Paper | None) -> dict[str, Any]:
    """Those of `exam`, of the exam that `paper` was last set as, or the usual ones of a paper not set yet."""
    if paper is not None:
        exam = paper.exams.counted().order_by("-opens_at", "-pk").first()
    if exam is not None:
        return {name: getattr(exam, name) for name in COPIED}
    assert paper is not None
    minutes = paper.blueprint.duration_minutes if paper.blueprint else USUAL_MINUTES
    return {"programme_id": paper.programme_id, "title": paper.title, "duration_minutes": minutes}


def _paper_of(exam: Exam | None, copy: Exam, actor: User, now: datetime) -> Paper:
    """The fixed paper of `exam`, or one drawn from its blueprint for this rehearsal."""
    assert exam is not None
    if exam.paper is not None:
        return exam.paper
    assert exam.blueprint is not None  # exam_blueprint_or_paper
    seed = paper_seed(copy.pk, actor.pk, Attempt.objects.filter(exam=copy).count() + 1)
    return draw_paper(blueprint=exam.blueprint, seed=seed, title=exam.title, for_rehearsal=True, now=now)


def _cancel_open(copy: Exam, now: datetime) -> None:
    for pk in list(Attempt.objects.filter(exam=copy, state__in=OPEN).values_list("pk", flat=True)):
        locked = lock_attempt(pk)
        if locked.state in OPEN:
            locked.state = AttemptState.CANCELLED
            locked.save(update_fields=["state"])
            note_event(locked, FlightEvent.CANCELLED, now=now)


def _require_running(attempt: Attempt, now: datetime) -> None:
    if attempt.state == AttemptState.CANCELLED:
        raise cancelled()
    if attempt.state == AttemptState.HANDED_IN:
        raise DomainError(_("This rehearsal is over. Begin another one."), "already_handed_in")
    if attempt.state == AttemptState.IN_PROGRESS and is_time_up(attempt, now):
        raise DomainError(_("Time is up. What was saved before counts."), "time_up")
    if attempt.state == AttemptState.SUBMITTED and now >= attempt.sheets_due_at:
        raise DomainError(_("The time for sending pages is over."), "sheets_closed")

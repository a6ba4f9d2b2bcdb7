"""The time for a paper runs out: its teacher is nudged at half of it, warned at four fifths, and then help is sought.

| rung | when | who is told |
|---|---|---|
| half | half of the budget is used and it is not begun | the teacher, if they had it by then |
| most | four fifths are used | the teacher, by e-mail too |
| help | the same, and it is not begun | it goes to a teacher with whom it comes in time, else staff are told |

Of a paper that waits for a moderator the first two are told to whoever has taken it up, else to all who may decide.

Each happens once for a paper and its teacher, help once for a promise: the row of the rung, the move and the
notifications are one transaction, under the lock of the paper. After missed beats only the highest rung that is due is
told, the lower ones are written down as passed. What is late already is `breaches`' to tell staff; its teacher is still
warned.

What a scan costs: `Evaluation.remind_at` says when a paper is to be looked at next, so a scan in which nothing is due
is three reads of partial indexes that find nothing, however many papers are open. Each paper is found at most twice for
each teacher who has it. Only where help is to be sought the forecast is played, once for all papers of the scan (a
second or two for ten thousand). The calendar is not asked again: moments are worked out when a paper is opened and when
its promise moves, and once for rows from before there were any, BATCH of them in a scan.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from evaluations.enums import HELD_STATES, OPEN_STATES, EvaluationRole, EvaluationState, Rung
from evaluations.models import Evaluation, Reminder
from evaluations.services import reminder_news as news
from evaluations.services.assignment import assign_evaluation, give_evaluation
from evaluations.services.assignment_news import tell_gone
from evaluations.services.forecast_moves import RISKY, Move, propose_moves
from evaluations.services.forecasting import open_queue
from evaluations.services.moderating import deciders
from evaluations.services.pauses import moved_by_pause
from evaluations.services.policies import clock_calendar, rung_moments
from evaluations.services.sla_clock import Calendar, CalendarError
from evaluations.services.transitions import lock_evaluation

#: So many papers in one scan; the next one goes on.
BATCH = 200
PROMISED = Q(state__in=OPEN_STATES, finalised_at=None)


def remind(*, now: datetime) -> int:
    """Climbs the ladder of every open paper whose clock runs. Returns to how many it told or did something.

    Repeatable, also by several at once.
    """
    work_out_rungs()
    due = Evaluation.objects.filter(PROMISED, paused_at=None, remind_at__isnull=False, remind_at__lte=now)
    papers = list(due.order_by("remind_at", "id")[:BATCH])
    moves = _proposals(papers, now)
    return sum(_climb(paper.pk, moves.get(paper.pk), now) for paper in papers) + _remind_moderators(now)


def _remind_moderators(now: datetime) -> int:
    waiting = Evaluation.objects.filter(state__in=HELD_STATES, role=EvaluationRole.MODERATION, remind_at__lte=now)
    due = waiting.filter(paused_at=None).order_by("due_at", "id").values_list("pk", flat=True)[:BATCH]
    return sum(_climb_undecided(pk, now) for pk in list(due))


def _climb_undecided(paper_id: UUID, now: datetime) -> int:
    with transaction.atomic():
        paper = lock_evaluation(paper_id)
        if paper.state != EvaluationState.MODERATION or paper.remind_at is None or now < paper.remind_at:
            return 0
        is_half = paper.most_at is not None and now < paper.most_at
        if not is_half:
            _record(paper, Rung.HALF, now, is_told=False)
        row = _record(paper, Rung.HALF if is_half else Rung.MOST, now, is_told=True)
        if row is not None:
            news.tell_deciders(paper, row, deciders(paper), now)
        paper.remind_at = paper.most_at if is_half else None
        paper.save(update_fields=["remind_at"])
    return int(row is not None)


def work_out_rungs() -> int:
    """The moments of open papers from before there were any. Returns of how many."""
    rows = Evaluation.objects.filter(PROMISED, half_at=None).select_related("policy__calendar")
    calendars: dict[UUID, Calendar | None] = {}
    done = 0
    for paper in rows.prefetch_related("pauses").order_by("id")[:BATCH]:
        policy, as_read = paper.policy, {"due_at": paper.due_at, "submitted_at": paper.submitted_at}
        if policy.calendar_id not in calendars:
            calendars[policy.calendar_id] = None  # where it makes no sense, rung_moments gives plain time
            with suppress(CalendarError):
                calendars[policy.calendar_id] = clock_calendar(policy.calendar)
        paper.half_at, paper.most_at = rung_moments(policy=policy, **as_read, calendar=calendars[policy.calendar_id])
        for pause in sorted(paper.pauses.all(), key=lambda pause: pause.started_at):
            if pause.started_at >= paper.submitted_at:
                moved = moved_by_pause(paper, pause.started_at, pause.ended_at, fields=("half_at", "most_at"))
                paper.half_at, paper.most_at = moved["half_at"], moved["most_at"]
        moments = {"half_at": paper.half_at, "most_at": paper.most_at, "remind_at": paper.half_at}
        # Should the promise move meanwhile, the next scan does it.
        done += Evaluation.objects.filter(pk=paper.pk, half_at=None, **as_read).update(**moments)
    return done


def _proposals(papers: Collection[Evaluation], now: datetime) -> dict[UUID, Move]:
    """What the forecast says of the papers for which help will be sought."""
    only = {paper.pk for paper in papers if paper.state == EvaluationState.ASSIGNED and _needs_help(paper, now)}
    sought = Reminder.objects.filter(rung=Rung.HELP, promised_from=F("evaluation__submitted_at"), evaluation__in=only)
    only -= set(sought.values_list("evaluation_id", flat=True)) if only else set()
    if not only:
        return {}
    queue = open_queue(now)
    proposed = propose_moves(queue.papers, queue.markers, now=now, only=only, most=BATCH)
    return {move.paper: move for move in proposed}


def _needs_help(paper: Evaluation, now: datetime) -> bool:
    """Not begun, and with this teacher (or nobody) since before the rung: who has just been given it is left to it."""
    assert paper.most_at is not None
    waited = paper.assigned_at is None or paper.assigned_at <= paper.most_at
    return waited and paper.most_at <= now < paper.due_at and paper.state != EvaluationState.IN_PROGRESS


def _climb(paper_id: UUID, move: Move | None, now: datetime) -> int:
    with transaction.atomic():
        paper = lock_evaluation(paper_id)
        if paper.remind_at is None or now < paper.remind_at or not _is_running(paper):
            return 0
        assert paper.most_at is not None
        if now < paper.most_at:
            told = _half(paper, now)
            paper.remind_at = paper.most_at
        else:
            _record(paper, Rung.HALF, now, is_told=False)
            if _needs_help(paper, now) and (row := _record(paper, Rung.HELP, now, is_told=True)):
                if _give(paper, move, now):
                    if paper.teacher:
                        tell_gone(paper, paper.teacher, now)
                    return 1  # and the next scan warns whoever has it now
                news.tell_staff(paper, row, now)
            told = _warn(paper, now)
            paper.remind_at = None
        paper.save(update_fields=["remind_at"])
    return told


def _is_running(paper: Evaluation) -> bool:
    return paper.state in OPEN_STATES and paper.finalised_at is None and paper.paused_at is None


def _half(paper: Evaluation, now: datetime) -> int:
    assert paper.half_at is not None
    # Who got it later was told of it then.
    had_it = paper.assigned_at is None or paper.assigned_at <= paper.half_at
    is_told = paper.state == EvaluationState.ASSIGNED and had_it
    row = _record(paper, Rung.HALF, now, is_told=is_told)
    if row is None or not is_told:
        return 0
    news.nudge(paper, row, now)
    return 1


def _warn(paper: Evaluation, now: datetime) -> int:
    row = _record(paper, Rung.MOST, now, is_told=paper.teacher is not None)
    if row is None or paper.teacher is None:
        return 0
    news.warn(paper, row, now)
    return 1


def _give(paper: Evaluation, move: Move | None, now: datetime) -> bool:
    """Whether another teacher, with whom it comes in time, has the paper now."""
    if paper.state == EvaluationState.QUEUED:
        return assign_evaluation(evaluation=paper, now=now).chosen_id is not None
    if move is None or move.after >= RISKY or move.giver != paper.teacher_id:
        return False
    reason = "four fifths of the time are used and it was not begun"
    taker, _ranking = give_evaluation(evaluation=paper, to=move.taker, reason=reason, now=now)
    return taker is not None


def _record(paper: Evaluation, rung: Rung, now: datetime, *, is_told: bool) -> Reminder | None:
    """The row of the rung, or None when it was there. The caller has locked the paper; the constraints say the same."""
    key = {"evaluation": paper, "promised_from": paper.submitted_at, "rung": rung}
    key |= {} if rung == Rung.HELP else {"teacher": paper.teacher}
    row, created = Reminder.objects.get_or_create(
        **key, defaults={"teacher": paper.teacher, "at": now, "is_told": is_told}
    )
    return row if created else None

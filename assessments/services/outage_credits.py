"""Making up for an outage: the writing time that a spell of the flight record cost is given back, once.

What a device says is a claim; what is given is only where the server heard nothing either (selectors/outages). A live
attempt gets the minutes at once. One that time ended is opened again for exactly these minutes, where nothing has
happened since that would make it unfair; otherwise the reason is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from assessments.enums import AttemptState, FlightEvent, RevealItem, SubmitReason
from assessments.models import Attempt, AttemptEvent
from assessments.selectors.flight_record import Spell, events_by_attempt, events_of, overlapping_outages, spells_of
from assessments.selectors.outages import Span
from assessments.selectors.reveal import shown_by_exam
from assessments.services.attempt_care import lengthen, record_change, require_staff, times_of
from assessments.services.flight_rows import note_event
from assessments.services.item_statistics import note_marked
from assessments.services.judging import rules_of
from assessments.services.submission import is_time_up, lock_attempt
from common.errors import DomainError
from notifications.enums import NotificationKind
from notifications.services.inbox import notify

# More than this at once is no outage of a connection; staff have "more time" for it.
MOST_MINUTES = 180
MOST_ATTEMPTS = 1000
TELLING = (RevealItem.CORRECTNESS, RevealItem.MARKS, RevealItem.KEY, RevealItem.EXPLANATION)


@dataclass(frozen=True)
class Credit:
    """What was given for a spell. `is_new` False: it had been given before, and nothing changed now."""

    attempt: Attempt
    minutes: int
    is_new: bool


@dataclass(frozen=True)
class Plan:
    """What a credit to many would do for one attempt: `minutes` for `spells`, or 0 and `why_not` in words."""

    attempt: Attempt
    spells: list[Spell]
    minutes: int
    why_not: str = ""


def credit_spell(*, attempt: Attempt, event_id: int, actor: User, reason: str = "", now: datetime) -> Credit:
    """Gives back the writing time that the spell of line `event_id` cost, in whole minutes, and tells the student.

    Once per spell: repeating returns the first credit. Locks the attempt; audited. Raises DomainError: no_such_spell,
    nothing_lost, too_much, and those of `why_not_open`.
    """
    require_staff(actor)
    with transaction.atomic():
        locked = lock_attempt(attempt.pk)
        events = events_of(locked)
        given = next((event for event in events if event.about == event_id), None)
        if given is not None:
            return Credit(locked, (given.data or {}).get("seconds", 0) // 60, is_new=False)
        spell = next((one for one in spells_of(locked, events, now) if one.event == event_id and one.is_outage), None)
        if spell is None:
            raise DomainError(_("There is no such outage in the record of this attempt."), "no_such_spell")
        _require_lost(spell)
        refusal = why_not_open(locked, now)
        if refusal:
            raise DomainError(refusal[0], refusal[1])
        _give(locked, spell, actor, reason, now)
    return Credit(locked, spell.minutes, is_new=True)


def plan_credits(*, attempts: Sequence[Attempt], span: Span, now: datetime) -> list[Plan]:
    """What crediting the outages that overlap `span` would do for each attempt; writes nothing.

    Two queries for every 50 attempts, and for those that have ended what `why_not_open` asks. Raises DomainError:
    several_exams, span_order, too_many.
    """
    if len({attempt.exam_id for attempt in attempts}) > 1:
        raise DomainError(_("Choose attempts of one exam."), "several_exams")
    if span[0] >= span[1]:
        raise DomainError(_("The outage must end after it began."), "span_order")
    if len(attempts) > MOST_ATTEMPTS:
        message = _("At most %(most)d attempts can be credited at once; choose fewer.")
        raise DomainError(message % {"most": MOST_ATTEMPTS}, "too_many")
    plans = []
    for start in range(0, len(attempts), 50):
        part = attempts[start : start + 50]
        events = events_by_attempt(part)
        plans += [_plan(attempt, overlapping_outages(attempt, events[attempt.pk], span, now), now) for attempt in part]
    return plans


def _plan(attempt: Attempt, spells: Sequence[Spell], now: datetime) -> Plan:
    due, minutes = _due(spells)
    if not spells:
        return Plan(attempt, [], 0, _("Its record shows no outage in this time."))
    if not due:
        done = any(spell.credited_minutes for spell in spells)
        return Plan(attempt, [], 0, _("Credited before.") if done else _("No writing time was lost."))
    refusal = why_not_open(attempt, now)
    return Plan(attempt, due, 0 if refusal else minutes, refusal[0] if refusal else "")


def _due(spells: Sequence[Spell]) -> tuple[list[Spell], int]:
    """Which spells are to be credited, and the minutes in all; a second device's spell over the same time adds none."""
    due = [spell for spell in spells if spell.minutes]
    taken: list[Span] = []
    minutes, counted = 0, []
    for spell in due:
        if not any(begin < spell.ended_at and end > spell.began_at for begin, end in taken):
            counted.append(spell)
            minutes += spell.minutes
            taken.append(spell.span)
    return counted, minutes


def credit_outage(*, attempts: Sequence[Attempt], span: Span, actor: User, reason: str, now: datetime) -> list[Credit]:
    """Credits to each attempt the outages of its record that overlap `span`; leaves out those that nothing can be given
    to. Each in its own transaction: what is done stays done when a later one fails. Raises as plan_credits."""
    require_staff(actor)
    made = []
    for plan in plan_credits(attempts=attempts, span=span, now=now):
        for spell in plan.spells if plan.minutes else []:
            by: dict[str, Any] = {"actor": actor, "reason": reason, "now": now}
            try:
                made.append(credit_spell(attempt=plan.attempt, event_id=spell.event, **by))
            except DomainError:
                continue  # it changed between the preview and now, and can be given no more
    return made


def why_not_open(attempt: Attempt, now: datetime) -> tuple[str, str] | None:
    """Why writing cannot go on or be opened again, as (sentence, code); None where it can. At most two queries."""
    if attempt.state == AttemptState.IN_PROGRESS and not is_time_up(attempt, now):
        return None
    if attempt.state == AttemptState.CANCELLED:
        return _("This attempt was cancelled."), "attempt_cancelled"
    if attempt.submit_reason == SubmitReason.STUDENT:
        return _("The student submitted before time was up, so writing is not opened again."), "submitted_by_student"
    hours = settings.CREDIT_REOPEN_HOURS
    ended_at = attempt.submitted_at or attempt.ends_at
    if not hours:
        return _("The institute does not open writing again once time is up."), "reopening_off"
    if now > ended_at + timedelta(hours=hours):
        text = ngettext("It ended more than %(n)d hour ago.", "It ended more than %(n)d hours ago.", hours)
        return text % {"n": hours}, "too_long_ago"
    if rules_of(attempt.exam).has_tries:
        return _("Answers of this exam were checked while it was written; it is not opened again."), "has_tries"
    if attempt.state == AttemptState.HANDED_IN:
        if attempt.paper.written_marks:
            return _("The pages are handed in and with the markers."), "already_handed_in"
        if set(TELLING) & shown_by_exam([attempt.exam], now)[attempt.exam_id]:
            return _("The student could already see the result, so writing is not opened again."), "result_shown"
    if Attempt.objects.live().filter(exam=attempt.exam_id, student=attempt.student_id).exclude(pk=attempt.pk).exists():
        return _("The student is writing this exam in another attempt."), "another_live"
    return None


def _require_lost(spell: Spell) -> None:
    if not spell.minutes:
        message = _("No writing time was lost in it: answers arrived, it was outside the exam, or it is made up for.")
        raise DomainError(message, "nothing_lost")
    if spell.minutes > MOST_MINUTES:
        message = _(
            "%(minutes)d minutes are more than an outage can be credited with (%(most)d). Give more time instead."
        )
        raise DomainError(message % {"minutes": spell.minutes, "most": MOST_MINUTES}, "too_much")


def _give(attempt: Attempt, spell: Spell, actor: User, reason: str, now: datetime) -> None:
    more = timedelta(minutes=spell.minutes)
    if attempt.state == AttemptState.IN_PROGRESS and not is_time_up(attempt, now):
        lengthen(attempt, more, cause="outage", actor=actor, reason=reason, now=now, note=False)
    else:
        _reopen(attempt, more, actor, reason, now)
    spans = [[begin.isoformat(), end.isoformat()] for begin, end in spell.lost]
    line = note_event(
        attempt, FlightEvent.CREDITED, now=now, about=spell.event, seconds=spell.minutes * 60, spans=spans
    )
    _tell(attempt, spell.minutes, line, now)


def _reopen(attempt: Attempt, more: timedelta, actor: User, reason: str, now: datetime) -> None:
    """Writing goes on from now for exactly `more`; what was marked is marked anew at its end."""
    before, grace = times_of(attempt), attempt.sheets_due_at - attempt.ends_at
    attempt.state, attempt.submit_reason = AttemptState.IN_PROGRESS, ""
    attempt.submitted_at = attempt.handed_in_at = attempt.objective_marks = attempt.objective_max = None
    attempt.ends_at = now + more
    attempt.sheets_due_at = attempt.ends_at + grace
    attempt.save()
    note_marked([attempt.pk])
    note_event(attempt, FlightEvent.REOPENED, now=now, seconds=int(more.total_seconds()), cause="outage")
    record_change("attempt.writing_reopened", attempt, actor, before, times_of(attempt), reason, now)


def _tell(attempt: Attempt, minutes: int, line: AttemptEvent, now: datetime) -> None:
    with translation.override(attempt.student.language):
        title = ngettext(
            "%(n)d more minute for your exam", "%(n)d more minutes for your exam", minutes
        ) % {"n": minutes}  # fmt: skip
        until = date_format(timezone.localtime(attempt.ends_at), "H:i")
        body = _("For the time without connection you can now write “%(exam)s” until %(until)s.")
        body %= {"exam": attempt.exam.title, "until": until}
    notify(
        user=attempt.student,
        kind=NotificationKind.ATTEMPT_CREDITED,
        cause=str(line.pk),
        title=title,
        body=body,
        url=f"/attempts/{attempt.pk}/",
        now=now,
    )

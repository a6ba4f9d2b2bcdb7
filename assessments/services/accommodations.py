"""Granting, changing and withdrawing what a student needs in exams. Every change is audited with its reason."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import AttemptState, FlightEvent
from assessments.models import Accommodation, Attempt, AttemptEvent
from assessments.selectors.accommodations import own_terms
from assessments.services.attempt_care import lengthen
from assessments.services.submission import lock_attempt
from common.errors import DomainError, NotPermittedError

ACCOMMODATION = "accommodation"
RECORDED = (
    "student_id", "exam_id", "extra_time_percent", "large_print", "dyslexia_font", "opens_at", "closes_at", "starts_on",
    "ends_on", "reason",
)  # fmt: skip


def check_accommodation(accommodation: Accommodation) -> None:
    """What the row alone cannot say. Raises DomainError: not_a_student, window_order."""
    if not accommodation.student.is_student:
        message = _("%(name)s is not a student.") % {"name": accommodation.student.name}
        raise DomainError(message, "not_a_student")
    exam = accommodation.exam
    if exam is not None:
        opens_at, closes_at = accommodation.opens_at or exam.opens_at, accommodation.closes_at or exam.closes_at
        if closes_at is not None and closes_at <= opens_at:
            message = _("With this window the exam would close before it opens. Say when it opens and when it closes.")
            raise DomainError(message, "window_order")


def save_accommodation(*, accommodation: Accommodation, actor: User, now: datetime) -> Accommodation:
    """Grants a new accommodation or changes one. An attempt that is being written gets the time that is granted now and
    was not when it began; its deadline is never brought forward.

    The row's constraints are the database's; forms ask `full_clean` first. Raises DomainError: withdrawn, and those of
    `check_accommodation`.
    """
    _require_staff(actor)
    check_accommodation(accommodation)
    with transaction.atomic():
        old = Accommodation.objects.select_for_update(of=("self",)).filter(pk=accommodation.pk).first()
        if old is not None and old.withdrawn_at is not None:
            raise DomainError(_("This accommodation was withdrawn. Grant a new one."), "withdrawn")
        if old is None:
            accommodation.granted_by, accommodation.granted_at = actor, now
        accommodation.save()
        after = {name: getattr(accommodation, name) for name in RECORDED}
        before = {name: getattr(old, name) for name in RECORDED} if old else {}
        changed = {name: value for name, value in after.items() if not old or before[name] != value}
        if changed:
            record_event(
                actor=actor,
                action="accommodation.changed" if old else "accommodation.granted",
                obj=accommodation,
                before={name: before[name] for name in changed if old},
                after=changed,
                reason=accommodation.reason,
                now=now,
            )
        _lengthen_live(accommodation, actor, now)
    return accommodation


def _lengthen_live(accommodation: Accommodation, actor: User, now: datetime) -> None:
    """More time for what the student is writing: the extra time of now, less all that their accommodations have given
    this attempt, so that saving again or going down and up again gives nothing twice."""
    live = Attempt.objects.counted().live().filter(student=accommodation.student_id, ends_at__gt=now)
    if accommodation.exam_id:
        live = live.filter(exam=accommodation.exam_id)
    found = list(live.order_by("pk").values_list("pk", flat=True))
    if not found:
        return
    terms = own_terms(student=accommodation.student, now=now)
    for attempt_id in found:
        attempt = lock_attempt(attempt_id)
        more = terms.of(attempt.exam).extra - _given(attempt)
        if attempt.state == AttemptState.IN_PROGRESS and more > timedelta():
            reason = accommodation.reason
            lengthen(attempt, more, cause=ACCOMMODATION, actor=actor, reason=reason, now=now)


def _given(attempt: Attempt) -> timedelta:
    """What accommodations have given `attempt` so far."""
    kinds = (FlightEvent.STARTED, FlightEvent.EXTENDED)
    rows = dict(AttemptEvent.objects.filter(attempt=attempt.pk, kind__in=kinds).values_list("pk", "data"))
    started = [row["extra_seconds"] for row in rows.values() if row and "extra_seconds" in row]
    later = [row["seconds"] for row in rows.values() if row and row.get("cause") == ACCOMMODATION]
    if not started:  # begun before there were flight records
        return attempt.ends_at - attempt.started_at - timedelta(minutes=attempt.exam.duration_minutes)
    return timedelta(seconds=sum(started) + sum(later))


def withdraw_accommodation(*, accommodation: Accommodation, reason: str, actor: User, now: datetime) -> Accommodation:
    """Ends an accommodation now; the row stays. Repeating changes nothing."""
    _require_staff(actor)
    with transaction.atomic():
        locked: Accommodation = Accommodation.objects.select_for_update(of=("self",)).get(pk=accommodation.pk)
        if locked.withdrawn_at is None:
            locked.withdrawn_at = now
            locked.save(update_fields=["withdrawn_at"])
            after = {"withdrawn_at": now}
            record_event(actor=actor, action="accommodation.withdrawn", obj=locked, after=after, reason=reason, now=now)
    return locked


def _require_staff(actor: User) -> None:
    if not actor.is_staff:
        raise NotPermittedError(_("Only staff can do this."), "not_permitted")

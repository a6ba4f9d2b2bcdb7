"""What staff may do about a sitting that went wrong: more time, sheets opened again, cancelling. All audited."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import Feature
from accounts.models import Entitlement, User
from accounts.services.audit import record_event
from accounts.services.entitlements import return_entitlement
from assessments.enums import AttemptState, FlightEvent, UploadState
from assessments.models import Attempt, SheetUpload
from assessments.services.flight_rows import note_event
from assessments.services.item_statistics import note_withdrawn
from assessments.services.submission import lock_attempt
from common.errors import DomainError, NotPermittedError


def extend_attempt(*, attempt: Attempt, minutes: int, actor: User, reason: str = "", now: datetime) -> Attempt:
    """Gives `minutes` more for writing, and with them for the sheets. Only while the attempt is in progress."""
    require_staff(actor)
    if not 1 <= minutes <= 600:
        raise DomainError(_("Between 1 and 600 minutes can be given."), "minutes")
    with transaction.atomic():
        locked = lock_attempt(attempt.pk)
        if locked.state != AttemptState.IN_PROGRESS:
            raise DomainError(_("Only an attempt in progress can get more time."), "not_in_progress")
        by: dict[str, Any] = {"actor": actor, "reason": reason, "now": now}
        lengthen(locked, timedelta(minutes=minutes), cause="staff", **by)
    return locked


def lengthen(
    attempt: Attempt, more: timedelta, *, cause: str, actor: User, reason: str, now: datetime, note: bool = True
) -> None:
    """Moves both deadlines of a locked attempt that is in progress. The open exam page learns of it with the next save
    or within a minute, and says it. With `note` the flight record says why."""
    before = times_of(attempt)
    attempt.ends_at += more
    attempt.sheets_due_at += more
    attempt.save(update_fields=["ends_at", "sheets_due_at"])
    if note:
        seconds = int(more.total_seconds())
        note_event(attempt, FlightEvent.EXTENDED, now=now, seconds=seconds, cause=cause)
    record_change("attempt.extended", attempt, actor, before, times_of(attempt), reason, now)


def reopen_sheets(*, attempt: Attempt, minutes: int, actor: User, reason: str = "", now: datetime) -> Attempt:
    """Lets the student send sheets for `minutes` from now.

    A paper that was handed in opens again only when no page had arrived: one with pages is with the markers.
    """
    require_staff(actor)
    if not 1 <= minutes <= 600:
        raise DomainError(_("Between 1 and 600 minutes can be given."), "minutes")
    with transaction.atomic():
        locked = lock_attempt(attempt.pk)
        if locked.state not in (AttemptState.SUBMITTED, AttemptState.HANDED_IN) or not locked.paper.written_marks:
            raise DomainError(_("There are no sheets to wait for here."), "no_sheets")
        arrived = SheetUpload.objects.filter(attempt=locked, state=UploadState.VERIFIED).exists()
        if locked.state == AttemptState.HANDED_IN and arrived:
            raise DomainError(_("This paper is already with the markers."), "already_handed_in")
        before = times_of(locked)
        locked.state, locked.handed_in_at = AttemptState.SUBMITTED, None
        locked.sheets_due_at = max(locked.sheets_due_at, now + timedelta(minutes=minutes))
        locked.save(update_fields=["state", "handed_in_at", "sheets_due_at"])
        record_change("attempt.reopened", locked, actor, before, times_of(locked), reason, now)
    return locked


def cancel_attempt(*, attempt: Attempt, actor: User, reason: str = "", now: datetime) -> Attempt:
    """Cancels an attempt that is not handed in and gives the exam back to the student's plan; repeating is fine."""
    require_staff(actor)
    with transaction.atomic():
        locked = lock_attempt(attempt.pk)
        if locked.state == AttemptState.CANCELLED:
            return locked
        if locked.state == AttemptState.HANDED_IN:
            raise DomainError(_("A paper that is handed in cannot be cancelled."), "already_handed_in")
        before = times_of(locked)
        locked.state = AttemptState.CANCELLED
        locked.save(update_fields=["state"])
        if locked.exam.uses_plan:
            _give_back(locked)
        if not locked.exam.is_rehearsal:
            note_withdrawn(locked)
        note_event(locked, FlightEvent.CANCELLED, now=now)
        record_change("attempt.cancelled", locked, actor, before, times_of(locked), reason, now)
    return locked


def _give_back(attempt: Attempt) -> None:
    """To the grant that starting took from: of those that stood then, the one that ends soonest."""
    grants = Entitlement.objects.filter(user=attempt.student_id, feature=Feature.EXAM_ATTEMPT, used__gt=0)
    by_end = sorted(grants.standing(attempt.started_at), key=lambda g: (g.ends_at is None, g.ends_at, g.pk))
    if by_end:
        return_entitlement(entitlement=by_end[0])


def require_staff(actor: User) -> None:
    if not actor.is_staff:
        raise NotPermittedError(_("Only staff can do this."), "not_permitted")


def times_of(attempt: Attempt) -> dict[str, object]:
    names = ("state", "ends_at", "sheets_due_at", "handed_in_at")
    return {name: getattr(attempt, name) for name in names}


def record_change(
    action: str,
    attempt: Attempt,
    actor: User,
    before: dict[str, object],
    after: dict[str, object],
    reason: str,
    now: datetime,
) -> None:
    """Only what changed is written."""
    changed = [name for name in before if before[name] != after[name]]
    record_event(
        actor=actor,
        action=action,
        obj=attempt,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
        reason=reason,
        now=now,
    )

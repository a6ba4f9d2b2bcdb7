"""Acting for others: staff look at pages as a person sees them, and with a permission and a reason change things there.

The state is in the staff session alone, so it ends with it. What the middleware does with it is in `config.guards`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from common.errors import DomainError, NotPermittedError

#: The key of the session.
ACTING = "acting_for"
MINUTES = 30
SHORTEST_REASON, LONGEST_REASON = 5, 200


class ActingError(DomainError):
    """Acting for this person, or this way, is not possible."""


@dataclass(frozen=True)
class Acting:
    """For whom staff act. `until` is an ISO time; `write` whether they may change things."""

    person: str
    staff: str
    until: str
    write: bool
    reason: str


def start_acting(*, staff: User, person: User, write: bool, reason: str, now: datetime) -> dict[str, Any]:
    """Begins it for MINUTES; returns what the session keeps under ACTING.

    Raises NotPermittedError for other staff's accounts, oneself, and changing without accounts.act_as_write;
    ActingError without a reason.
    """
    if not staff.has_perm("accounts.act_as_user", person):
        raise NotPermittedError(_("Nobody acts for this account."), "not_permitted")
    if write and not staff.has_perm("accounts.act_as_write"):
        raise NotPermittedError(_("You may look, but not change things for others."), "not_permitted")
    reason = reason.strip()
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise ActingError(_("Say why, in 5 to 200 characters."), "reason_needed")
    until = (now + timedelta(minutes=MINUTES)).isoformat()
    after = {"write": write, "until": until}
    record_event(actor=staff, action="act_as.started", obj=person, after=after, reason=reason, now=now)
    return asdict(Acting(str(person.pk), str(staff.pk), until, write, reason))


def read_acting(state: Any) -> Acting | None:
    """What a session kept, or None when there is nothing of the kind."""
    return Acting(**state) if isinstance(state, dict) else None


def person_of(*, acting: Acting, staff: User, now: datetime) -> User | None:
    """The person, as long as it may go on: in time, the same member of staff, and an account that is nobody's of the
    staff. Asked at each request, so that a role that changes meanwhile counts at once."""
    if acting.staff != str(staff.pk) or now >= datetime.fromisoformat(acting.until):
        return None
    person: User | None = User.objects.filter(pk=UUID(acting.person)).first()
    if person is None or not staff.has_perm("accounts.act_as_user", person):
        return None
    return person if not acting.write or staff.has_perm("accounts.act_as_write") else None


def stop_acting(*, acting: Acting, staff: User, now: datetime) -> None:
    """Writes that it ended, by hand or by time."""
    person = User.objects.get(pk=UUID(acting.person))
    record_event(actor=staff, action="act_as.stopped", obj=person, after={"write": acting.write}, now=now)


def note_write(*, acting: Acting, staff: User, person: User, what: str, now: datetime) -> None:
    """Writes that something is being changed for somebody: the method and path of the request, nothing of what it
    carries. The changes themselves write events too, with the member of staff as their author."""
    record_event(
        actor=staff, action="act_as.write", obj=person, after={"what": what[:200]}, reason=acting.reason, now=now
    )

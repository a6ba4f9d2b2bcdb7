"""What the page of one's own data shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.enums import ErasureState, ExportState, LinkState
from accounts.models import DataExport, ErasureRequest, User
from accounts.selectors import guardian_students
from accounts.services.ages import is_minor

#: So many copies are listed; older ones are gone anyway.
SHOWN = 3


@dataclass(frozen=True)
class Overview:
    """One person whose data `actor` decides about. `is_held`: the wish is due and waits for something to end."""

    person: User
    exports: list[DataExport]
    erasure: ErasureRequest | None
    may_erase: bool
    is_held: bool


def overview_of(*, actor: User, now: datetime) -> list[Overview]:
    """The actor, then the minors among the students they look after, by name. A constant number of queries."""
    children = guardian_students(actor).select_related("student_profile") if actor.is_guardian else ()
    people = [actor, *(child for child in children if is_minor(child, now))]
    exports: dict[object, list[DataExport]] = {}
    for row in DataExport.objects.filter(person__in=people, asked_by=actor).exclude(state=ExportState.EXPIRED)[:60]:
        exports.setdefault(row.person_id, []).append(row)
    wishes: dict[object, ErasureRequest] = {}
    for wish in ErasureRequest.objects.filter(person__in=people).order_by("-id")[:60]:
        wishes.setdefault(wish.person_id, wish)
    guarded = is_minor(actor, now) and actor.student_links.filter(state=LinkState.ACTIVE).exists()
    made = []
    for person in people:
        wish_of = wishes.get(person.pk)
        waits = wish_of is not None and wish_of.state == ErasureState.WAITING
        may = not (person.is_staff or (person == actor and guarded))
        held = waits and wish_of is not None and wish_of.due_at <= now
        made.append(Overview(person, exports.get(person.pk, [])[:SHOWN], wish_of, may, held))
    return made

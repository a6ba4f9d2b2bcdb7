"""What stands on record about a child: certificates, consents, and what was granted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.enums import Feature
from accounts.models import Consent, Entitlement, User
from accounts.services.consents import choices_of
from courses.models import Course
from courses.selectors.following import certificates_for
from evaluations.models import SlaPolicy

#: So many of the latest records of each kind are shown.
MOST = 100


@dataclass(frozen=True)
class Receipt:
    """A grant in words. `what`: the course or promise that it names, in the institute's words. `state`: coming,
    standing or over."""

    grant: Entitlement
    what: str
    state: str


def child_records(*, child: User, reader: User, now: datetime) -> dict[str, Any]:
    """Everything of the page. 5 queries, one or two more where grants name courses or promises."""
    ((_child, choices),) = choices_of(actor=reader, now=now, people=[child])
    earlier = Consent.objects.visible_to(reader).filter(person=child, withdrawn_at__isnull=False)
    return {
        "certificates": certificates_for(child)[:MOST],
        "waiting": [choice for choice in choices if choice.state != "given" and choice.may_give],
        "given": [choice for choice in choices if choice.given],
        "earlier": list(earlier.select_related("given_by").order_by("-withdrawn_at", "-pk")[:MOST]),
        "receipts": _receipts(child, reader, now),
    }


def _receipts(child: User, reader: User, now: datetime) -> list[Receipt]:
    rows = Entitlement.objects.visible_to(reader).filter(user=child)
    grants = list(rows.order_by("-starts_at", "-pk")[:MOST])
    names = _names(grants)
    return [Receipt(grant, names.get((grant.feature, grant.value), ""), _state(grant, now)) for grant in grants]


def _names(grants: list[Entitlement]) -> dict[tuple[str, str], str]:
    """What the short names in the grants stand for: a query for each kind there is."""
    found = {}
    sources: tuple[tuple[str, Any, str], ...] = (
        (Feature.COURSE_ACCESS, Course, "title"), (Feature.SLA_POLICY, SlaPolicy, "name"),
    )  # fmt: skip
    for feature, model, field in sources:
        slugs = {grant.value for grant in grants if grant.feature == feature and grant.value}
        if slugs:
            rows = model.objects.filter(slug__in=slugs).values_list("slug", field)
            found.update({(feature, slug): name for slug, name in rows})
    return found


def _state(grant: Entitlement, now: datetime) -> str:
    if grant.starts_at > now:
        return "coming"
    return "over" if grant.ends_at is not None and grant.ends_at <= now else "standing"

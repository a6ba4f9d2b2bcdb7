"""Granting and using what a plan allows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from accounts.enums import Feature
from accounts.models import Entitlement, User
from accounts.services.audit import record_event
from common.errors import DomainError


class NoEntitlement(DomainError):
    """The person has no entitlement left for what they want to do."""


def grant_entitlement(
    *,
    user: User,
    feature: str,
    quantity: int | None,
    source: str,
    starts_at: datetime,
    ends_at: datetime | None = None,
    value: str = "",
    actor: User | None = None,
    now: datetime,
) -> Entitlement:
    """Grants `feature` for a period. The same (user, feature, source, starts_at) again, for a course with the same
    `value`, changes nothing and returns the row that stands. `quantity` None is without limit."""
    if ends_at is not None and ends_at <= starts_at:
        raise DomainError(_("The grant would end before it starts."), "period_order")
    # One order may hold several courses; of everything else the value may be changed later.
    named, rest = ({"value": value}, {}) if feature == Feature.COURSE_ACCESS else ({}, {"value": value})
    with transaction.atomic():
        granted, created = Entitlement.objects.get_or_create(
            user=user,
            feature=feature,
            source=source,
            starts_at=starts_at,
            **named,
            defaults={"quantity": quantity, "ends_at": ends_at, **rest},
        )
        if created:
            record_event(actor=actor, action="entitlement.granted", obj=granted, after=_values(granted), now=now)
    return granted


def change_entitlement(
    *,
    entitlement: Entitlement,
    quantity: int | None,
    ends_at: datetime | None,
    value: str | None = None,
    actor: User | None,
    reason: str = "",
    now: datetime,
) -> Entitlement:
    """Changes how many, until when and (for a marking promise) which policy. What is used stays used, and a grant for
    a course stays one for that course."""
    with transaction.atomic():
        locked = Entitlement.objects.select_for_update().get(pk=entitlement.pk)
        if quantity is not None and quantity < locked.used:
            raise DomainError(
                _("%(used)d are used already, so there cannot be fewer than that.") % {"used": locked.used}, "overdrawn"
            )
        if ends_at is not None and ends_at <= locked.starts_at:
            raise DomainError(_("The grant would end before it starts."), "period_order")
        if locked.feature == Feature.COURSE_ACCESS and value not in (None, locked.value):
            told = _("A grant for a course stays one for this course. Grant the other course, and end this grant.")
            raise DomainError(told, "fixed")
        before = _values(locked)
        locked.quantity, locked.ends_at = quantity, ends_at
        locked.value = locked.value if value is None else value
        after = _values(locked)
        if before != after:
            locked.save(update_fields=["quantity", "ends_at", "value"])
            record_event(
                actor=actor,
                action="entitlement.changed",
                obj=locked,
                before=before,
                after=after,
                reason=reason,
                now=now,
            )
    return locked


def consume_entitlement(*, user: User, feature: str, now: datetime) -> Entitlement:
    """Uses one. Takes from the grant that ends soonest and has some left; raises NoEntitlement when none has.

    Locks the grants it looks at, so that parallel callers never use more than was granted.
    """
    with transaction.atomic():
        usable = (
            Entitlement.objects.select_for_update()
            .filter(user=user, feature=feature)
            .standing(now)
            .filter(Q(quantity__isnull=True) | Q(used__lt=F("quantity")))
            .order_by(F("ends_at").asc(nulls_last=True), "id")
        )
        for entitlement in usable:
            # While waiting for the lock another transaction may have used the last one; PostgreSQL then re-reads the
            # row, so a row that is still in the result has some left.
            entitlement.used += 1
            entitlement.save(update_fields=["used"])
            return entitlement
    raise NoEntitlement(_("Your plan has no exams left this month. Ask your institute."), "no_entitlement")


def consume_amount(*, user: User, feature: str, amount: int, now: datetime) -> list[tuple[Entitlement, int]]:
    """Uses `amount` of what is counted, minutes for example, from as many grants as it takes, the one that ends soonest
    first; returns how much came from each. Raises NoEntitlement, and uses nothing, when there is not enough in all.

    Locks all grants of the feature, in the order of their ids: parallel callers never use more than was granted.
    """
    with transaction.atomic():
        rows = Entitlement.objects.select_for_update().filter(user=user, feature=feature).standing(now).order_by("id")
        held = sorted(rows, key=lambda one: (one.ends_at is None, one.ends_at or now, one.pk))
        taken: list[tuple[Entitlement, int]] = []
        wanted = amount
        for grant in held:
            if part := wanted if grant.left is None else min(wanted, grant.left):
                taken.append((grant, part))
                wanted -= part
        if wanted:
            told = {"n": amount, "left": amount - wanted}
            raise NoEntitlement(
                _("%(n)d minutes are needed, and %(left)d are left in your plan.") % told, "no_entitlement"
            )
        for grant, part in taken:
            grant.used += part
            grant.save(update_fields=["used"])
    return taken


def return_entitlement(*, entitlement: Entitlement, amount: int = 1) -> Entitlement:
    """Gives one (or `amount`) back, for example when an exam is cancelled. Never below none used."""
    with transaction.atomic():
        locked = Entitlement.objects.select_for_update().get(pk=entitlement.pk)
        if locked.used:
            locked.used -= min(amount, locked.used)
            locked.save(update_fields=["used"])
    return locked


def _values(entitlement: Entitlement) -> dict[str, Any]:
    names = ("user_id", "feature", "quantity", "value", "source", "starts_at", "ends_at")
    return {name: getattr(entitlement, name) for name in names}

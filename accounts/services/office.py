"""What staff change about a person beside roles: profiles, working hours, leave. Every change is audited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.db import models, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import json_safe, record_event
from accounts.services.people import check_may_change
from common.errors import DomainError


def save_row(
    *, row: models.Model, before: Mapping[str, Any], after: Mapping[str, Any], actor: User, now: datetime
) -> None:
    """Saves a checked row and writes what changed. Both mappings hold the same names; a new row has no `before`."""
    action = f"{row._meta.model_name}.{'changed' if before else 'added'}"
    with transaction.atomic():
        row.save()
        if json_safe(before) != json_safe(after):
            record_event(actor=actor, action=action, obj=row, before=before, after=after, now=now)


def delete_row(*, row: models.Model, actor: User, now: datetime) -> None:
    """Deletes a row and writes what it held."""
    before = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    with transaction.atomic():
        record_event(actor=actor, action=f"{row._meta.model_name}.removed", obj=row, before=before, now=now)
        row.delete()


def set_password(*, person: User, password: str, actor: User, now: datetime) -> None:
    """Gives a person a new password. Their sessions and API tokens end."""
    check_may_change(person=person, actor=actor)
    with transaction.atomic():
        person.set_password(password)
        person.save(update_fields=["password"])
        record_event(actor=actor, action="person.password_set", obj=person, now=now)


def confirm_email(*, person: User, actor: User, now: datetime) -> None:
    """Staff vouch for the person's address, so that they may sign in without the mailed link."""
    check_may_change(person=person, actor=actor)
    if EmailAddress.objects.filter(email=person.email, verified=True).exclude(user=person).exists():
        raise DomainError(_("Somebody else has confirmed this address."), "email_taken")
    with transaction.atomic():
        address, _created = EmailAddress.objects.select_for_update().get_or_create(
            user=person, email=person.email, defaults={"primary": True}
        )
        if not address.verified:
            address.verified = True
            address.save(update_fields=["verified"])
            record_event(
                actor=actor, action="person.email_confirmed", obj=person, after={"email": person.email}, now=now
            )

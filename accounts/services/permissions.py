"""Permissions that administrators give to single accounts, by hand."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import Permission
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from common.errors import NotPermittedError

#: Enrolling students in courses by the API: for the account of another system.
ENROL_BY_API = "courses.enrol_by_api"


def switch_permission(*, person: User, permission: str, actor: User, now: datetime) -> bool:
    """Gives a permission (“app.codename”) to somebody who has not got it of their own, else takes it away; returns
    whether they have it now. Raises NotPermittedError for anybody but administrators."""
    if not actor.is_superuser:
        raise NotPermittedError(_("Only an administrator gives permissions."), "not_permitted")
    app, _dot, codename = permission.partition(".")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=person.pk)
        found = Permission.objects.get(content_type__app_label=app, codename=codename)
        had = person.user_permissions.filter(pk=found.pk).exists()
        change = person.user_permissions.remove if had else person.user_permissions.add
        change(found)
        action = "person.permission_taken" if had else "person.permission_given"
        record_event(actor=actor, action=action, obj=person, after={"permission": permission}, now=now)
    return not had

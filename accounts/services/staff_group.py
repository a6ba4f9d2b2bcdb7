"""The group that lets staff work in the back office without being superusers."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.models import Group, Permission
from django.db import connections

STAFF_GROUP = "Staff"
# The institute's own data; what belongs to the machinery stays with administrators.
OFFICE_APPS = {"accounts", "notifications", "courses", "assessments", "evaluations"}
# Of these apps only these models: the rest is between the system and one person.
ONLY = {"notifications": {"webhookendpoint", "webhookdelivery", "webhooktry"}}
VERBS = {"view", "add", "change"}
# Rows that say "is on leave", "is in this batch": taking one away is how they are changed.
MAY_DELETE = {"leave", "workinghours", "cohortmembership", "teachingqualification", "holiday", "openinghours"}


def grant_staff_group(app_config: AppConfig, using: str = "default", **kwargs: Any) -> None:
    """Receiver of post_migrate: gives the Staff group view, add and change on an app's models; only view where the
    database itself refuses changes."""
    if app_config.label not in OFFICE_APPS:
        return
    frozen = append_only_tables(using)
    wanted = set()
    for model in app_config.get_models():
        name = str(model._meta.model_name)
        if name not in ONLY.get(app_config.label, {name}):
            continue
        verbs = {"view"} if model._meta.db_table in frozen else VERBS | ({"delete"} if name in MAY_DELETE else set())
        wanted |= {f"{verb}_{name}" for verb in verbs}
    group, _created = Group.objects.using(using).get_or_create(name=STAFF_GROUP)
    permissions = Permission.objects.using(using).filter(content_type__app_label=app_config.label)
    group.permissions.add(*permissions.filter(codename__in=wanted))
    group.permissions.remove(*permissions.exclude(codename__in=wanted))


def append_only_tables(using: str = "default") -> set[str]:
    """The tables whose UPDATE the database refuses by a trigger of common.append_only."""
    suffix = "_no_update"
    connection = connections[using]
    sql = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {name.removesuffix(suffix) for (name,) in cursor.fetchall() if name.endswith(suffix)}

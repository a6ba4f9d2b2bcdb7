"""What the back offices of all apps share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import DateTimeField, Model
from django.http import HttpRequest

from common.errors import DomainError
from common.local_times import LocalSplitDateTimeField

T = TypeVar("T", bound=Model)


class NoWriting:
    """For rows that only services write. Superusers pass every permission rule, so the rules alone are not enough."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


# The `formfield_overrides` of every back office form in which somebody types a local time.
LOCAL_TIMES = {DateTimeField: {"form_class": LocalSplitDateTimeField}}


def do_for_each(
    admin: ModelAdmin[Any], request: HttpRequest, rows: Iterable[T], work: Callable[[T], object], done: str = ""
) -> int:
    """Does `work` for every row of an action and returns for how many; says why not for the others, and with `done`
    (holding %(n)d) also how many."""
    count = 0
    for row in rows:
        try:
            work(row)
            count += 1
        except DomainError as error:
            admin.message_user(request, f"{row}: {error.message}", messages.ERROR)
    if count and done:
        admin.message_user(request, done % {"n": count}, messages.SUCCESS)
    return count

"""What the back offices of all apps share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db.models import DateTimeField, Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from common.errors import DomainError
from common.local_times import LocalSplitDateTimeField

T = TypeVar("T", bound=Model)
#: For so many hours an old secret still works unless staff say otherwise.
GRACE_HOURS = 24


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


class RotateForm(forms.Form):
    """How long the old of two secrets still works, and why there is a new one. `label` says what working means."""

    def __init__(self, data: Any = None, *, label: Any, most_hours: int) -> None:
        super().__init__(data)
        self.fields["grace_hours"] = forms.IntegerField(
            label=label, min_value=0, max_value=most_hours, initial=GRACE_HOURS, widget=UnfoldAdminIntegerFieldWidget
        )
        self.fields["reason"] = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget)


def checked(name: str, check: Callable[[str], object]) -> Callable[[forms.ModelForm[Any]], str]:
    """The `clean_NAME` of a form whose field is refused with what `check` raises as DomainError."""

    def clean(form: forms.ModelForm[Any]) -> str:
        value: str = form.cleaned_data[name]
        try:
            check(value)
        except DomainError as error:
            raise forms.ValidationError(error.message) from error
        return value

    return clean


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

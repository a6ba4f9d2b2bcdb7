"""What a person wants to be told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from notifications.enums import KINDS, MailWish, NotificationKind
from notifications.selectors import own_kinds
from notifications.services.channels import own_hours
from notifications.services.preferences import Wish, change_wishes, wishes_of


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class WishesForm(forms.Form):
    """One row for each kind that this person's roles can get, quiet hours, and the time of the mail of the day."""

    quiet_from = forms.TimeField(label=gettext_lazy("Quiet from"), required=False, widget=TimeInput)
    quiet_until = forms.TimeField(label=gettext_lazy("Quiet until"), required=False, widget=TimeInput)
    digest_at = forms.TimeField(label=gettext_lazy("The mail of the day comes at"), widget=TimeInput)

    def __init__(self, data: Any = None, *, person: User, with_push: bool) -> None:
        self.person, self.with_push = person, with_push
        self.kinds, self.wishes, hours = own_kinds(person), wishes_of(person), own_hours(person)
        initial = {"quiet_from": hours.quiet_from, "quiet_until": hours.quiet_until, "digest_at": hours.digest_at}
        super().__init__(data, initial=initial)
        for kind in self.kinds:
            label, wish = NotificationKind(kind).label, self.wishes[kind]
            self.fields[f"mail_{kind}"] = forms.ChoiceField(
                label=_("E-mail: %(kind)s") % {"kind": label}, choices=MailWish.choices, initial=wish.mail
            )
            if with_push:
                push = forms.BooleanField(
                    label=_("Push: %(kind)s") % {"kind": label}, required=False, initial=wish.push
                )
                self.fields[f"push_{kind}"] = push

    def rows(self) -> Iterator[dict[str, Any]]:
        """For the table: the kind's name, whether it ignores quiet hours, and its fields."""
        for kind in self.kinds:
            push = self[f"push_{kind}"] if self.with_push else None
            yield {
                "label": NotificationKind(kind).label,
                "urgent": KINDS[kind].urgent,
                "mail": self[f"mail_{kind}"],
                "push": push,
            }

    def hours(self) -> list[forms.BoundField]:
        return [self[name] for name in ("quiet_from", "quiet_until", "digest_at")]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for one, other in (("quiet_from", "quiet_until"), ("quiet_until", "quiet_from")):
            if cleaned.get(one) is not None and other in cleaned and cleaned[other] is None:
                self.add_error(other, _("Quiet hours need a beginning and an end, or neither."))
        return cleaned

    def save(self, *, now: datetime) -> None:
        given = self.cleaned_data
        wishes = {
            kind: Wish(given[f"mail_{kind}"], given.get(f"push_{kind}", self.wishes[kind].push)) for kind in self.kinds
        }
        start, end = given["quiet_from"], given["quiet_until"]
        quiet = (start, end) if start is not None and end is not None else None
        change_wishes(person=self.person, wishes=wishes, quiet=quiet, digest_at=given["digest_at"], now=now)

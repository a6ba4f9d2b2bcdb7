"""What people are told about copies of their data and about erasure."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.enums import ErasureState, ExportState
from accounts.models import DataExport, ErasureRequest, User
from notifications.enums import NotificationKind
from notifications.services.inbox import notify


def tell_of_export(*, export_id: UUID, now: datetime) -> None:
    """Whoever asked: the copy is ready, or could not be made."""
    row = DataExport.objects.select_related("asked_by").get(pk=export_id)
    with translation.override(row.asked_by.language):
        if row.state == ExportState.READY:
            title, body = _("Your copy is ready"), _("Download it under “My data” before it is deleted again.")
        else:
            title, body = _("Your copy could not be made"), _("Ask for it again, or write to the office.")
    _tell(row.asked_by, f"export:{row.pk}", title, body, reverse("my-data"), now)


def tell_of_erasure(*, request_id: UUID, now: datetime) -> None:
    """The person and whoever asked: it was asked, taken back or objected to. When it is asked, also the office."""
    row = ErasureRequest.objects.select_related("person", "asked_by").get(pk=request_id)
    for person in {row.person, row.asked_by}:
        with translation.override(person.language):
            title = {
                ErasureState.WAITING: _("Erasure was asked for"),
                ErasureState.CANCELLED: _("Erasure was taken back"),
                ErasureState.OBJECTED: _("The office objects to erasure"),
            }.get(ErasureState(row.state))
            body = row.objection or _("You find the dates under “My data”, where it can be taken back.")
        if title:
            _tell(person, f"erasure:{row.pk}:{row.state}", title, body, reverse("my-data"), now)
    if row.state == ErasureState.WAITING:
        page = reverse("admin:accounts_erasurerequest_change", args=[row.pk])
        for staff in User.objects.filter(is_staff=True, is_active=True):
            with translation.override(staff.language):
                _tell(staff, f"erasure:{row.pk}:office", _("Somebody asks to be erased"), "", page, now)


def remind_of_account(*, person_id: UUID, year: int, now: datetime) -> None:
    """Once a year: the account is not used."""
    person = User.objects.get(pk=person_id)
    with translation.override(person.language):
        title = _("You have not used your account for long")
        body = _("You can take a copy of your data or have it erased under “My data”.")
    _tell(person, f"unused:{year}", title, body, reverse("my-data"), now)


def _tell(person: User, cause: str, title: str, body: str, url: str, now: datetime) -> None:
    if person.is_active:
        notify(user=person, kind=NotificationKind.DATA_NEWS, cause=cause, title=title, body=body, url=url, now=now)

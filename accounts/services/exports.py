"""Copies of everything that is held about a person: a folder of pages to read, of data for programs, and of files.

Made in the background, row by row into a file on disk, so that a person with many papers needs no more memory than one
with few. Whoever takes the work up again begins anew and overwrites: the name in the storage follows from the request.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from io import TextIOWrapper
from pathlib import PurePosixPath
from typing import IO, Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo
from zoneinfo import ZoneInfo

import structlog
from django.db import models, transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import formats, timezone, translation
from django.utils.html import escape
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts import tasks
from accounts.enums import ExportState, RetentionKind
from accounts.models import DataExport, User
from accounts.services.audit import json_safe, record_event
from accounts.services.erasure import may_ask_for
from accounts.services.personal import Holding, holdings
from accounts.services.retention import rule_of
from accounts.signals import export_ended
from common.errors import DomainError, NotPermittedError
from common.events import announce
from common.storage import byte_chunks, sheet_storage

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=15)
MAX_TRIES = 3
#: A copy is asked for at most so often.
BETWEEN = timedelta(hours=1)
LINK_SECONDS = 300
BATCH = 500


def ask_export(*, person: User, actor: User, now: datetime) -> DataExport:
    """Asks for a copy of the person's data, for the person or a minor's guardian. A copy that is being made is returned
    as it is. Raises NotPermittedError, and DomainError when there was one a moment ago."""
    if not may_ask_for(person=person, actor=actor, now=now):
        raise NotPermittedError(_("Only the person or a guardian decides this."), "not_permitted")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=person.pk)
        own = DataExport.objects.filter(person=person, asked_by=actor)
        standing: DataExport | None = own.filter(state=ExportState.WAITING).first()
        if standing is not None:
            return standing
        if own.filter(asked_at__gt=now - BETWEEN, state=ExportState.READY).exists():
            raise DomainError(_("You have a copy that is less than an hour old."), "export_just_made")
        made: DataExport = DataExport.objects.create(person=person, asked_by=actor, asked_at=now)
        record_event(actor=actor, action="export.asked", obj=made, after={"person": person.pk}, now=now)
        # If the broker cannot be reached the row stays waiting and the sweep makes it.
        transaction.on_commit(partial(tasks.make_export.delay, str(made.pk)), robust=True)
    return made


def link_to(*, export: DataExport, actor: User, now: datetime) -> str:
    """A signed address of a copy, for a few minutes. Only for whoever asked for it. Audited."""
    if export.asked_by_id != actor.pk:
        raise NotPermittedError(_("Only whoever asked for this copy can fetch it."), "not_permitted")
    if export.state != ExportState.READY or export.expires_at is None or export.expires_at <= now:
        raise DomainError(_("This copy was deleted. Ask for another one."), "export_gone")
    record_event(actor=actor, action="export.fetched", obj=export, after={"person": export.person_id}, now=now)
    return sheet_storage().signed_url(export.storage_key, expires_seconds=LINK_SECONDS)


def make_waiting_exports(*, now: datetime) -> int:
    """Makes the copies that no worker is at; returns how many were tried."""
    waiting = DataExport.objects.filter(state=ExportState.WAITING).exclude(leased_until__gt=now).order_by("asked_at")
    keys = list(waiting.values_list("pk", flat=True))
    for key in keys:
        make_export(export_id=key, now=now)
    return len(keys)


def make_export(*, export_id: UUID, now: datetime) -> str:
    """Makes a waiting copy; returns the state of its row, empty where another worker is at it or nothing waits."""
    waiting = DataExport.objects.filter(pk=export_id, state=ExportState.WAITING).exclude(leased_until__gt=now)
    if not waiting.update(leased_until=now + LEASE, tries=F("tries") + 1):
        return ""
    row = DataExport.objects.select_related("person", "asked_by").get(pk=export_id)
    if row.tries > MAX_TRIES:
        log.error("export_given_up", export_id=str(export_id))
        _finish(row, ExportState.FAILED, now)
        return ExportState.FAILED
    key = f"exports/{row.pk}/abhyas-data.zip"
    with tempfile.TemporaryFile() as made:
        with translation.override(row.asked_by.language), timezone.override(ZoneInfo(row.asked_by.time_zone)):
            write_copy(person=row.person, out=made, now=now)
        size = made.tell()
        made.seek(0)
        sheet_storage().put_file(key, made, "application/zip")
    row.storage_key, row.size, row.ready_at = key, size, now
    row.expires_at = now + timedelta(days=rule_of(RetentionKind.EXPORTS).days)
    if not _finish(row, ExportState.READY, now):
        # Erased meanwhile.
        sheet_storage().delete(key)
    return ExportState.READY


def _finish(row: DataExport, state: ExportState, now: datetime) -> bool:
    """Whether the row still waited."""
    values = {name: getattr(row, name) for name in ("storage_key", "size", "ready_at", "expires_at")}
    with transaction.atomic():
        done = DataExport.objects.filter(pk=row.pk, state=ExportState.WAITING).update(
            state=state, leased_until=None, **values
        )
        if done:
            after = {"person": row.person_id, "state": state, "size": row.size}
            record_event(actor=None, action="export.ended", obj=row, after=after, now=now)
            announce(export_ended, export_id=row.pk)
    return bool(done)


def expire_exports(*, now: datetime) -> int:
    """Deletes copies past their time; returns how many."""
    old = DataExport.objects.filter(state=ExportState.READY, expires_at__lte=now)
    count = 0
    for row in old:
        sheet_storage().delete(row.storage_key)
        count += DataExport.objects.filter(pk=row.pk).update(state=ExportState.EXPIRED, storage_key="")
    return count


# --- What is in it ---------------------------------------------------------------------------------------------------
def write_copy(*, person: User, out: IO[bytes], now: datetime) -> None:
    """Writes the archive, in the language and time zone that are set: index.html, a page and a JSON file for each kind
    of thing there is, and the files."""
    kinds = []
    with ZipFile(out, "w", ZIP_DEFLATED, allowZip64=True) as archive:
        for holding in holdings():
            if holding.show and (count := holding.rows(person).count()):
                _write_json(archive, holding, person)
                _write_page(archive, holding, person)
                files = _write_files(archive, holding, person)
                kinds.append({"key": holding.key, "title": holding.title, "count": count, "files": files})
        page = {"person": person, "kinds": kinds, "now": now, "language": translation.get_language()}
        archive.writestr("index.html", render_to_string("accounts/export/index.html", page))


def _values(holding: Holding, person: User) -> Iterator[dict[str, Any]]:
    return holding.rows(person).values(*holding.show).iterator(chunk_size=BATCH)


def _write_json(archive: ZipFile, holding: Holding, person: User) -> None:
    with archive.open(f"data/{holding.key}.json", "w") as raw, TextIOWrapper(raw, encoding="utf-8") as text:
        text.write("[")
        for number, values in enumerate(_values(holding, person)):
            text.write(",\n" if number else "\n")
            json.dump(json_safe(values), text, ensure_ascii=False, sort_keys=True)
        text.write("\n]\n")


def _write_page(archive: ZipFile, holding: Holding, person: User) -> None:
    """A table, whose head and rows are written as they come."""
    columns = [_Column(holding.model, path) for path in holding.show]
    frame = {"holding": holding, "language": translation.get_language()}
    head, foot = render_to_string("accounts/export/kind.html", frame).split("<!-- rows -->")
    with archive.open(f"pages/{holding.key}.html", "w") as raw, TextIOWrapper(raw, encoding="utf-8") as text:
        text.write(head)
        text.write("<thead><tr>" + "".join(f'<th scope="col">{escape(one.label)}</th>' for one in columns))
        text.write("</tr></thead>\n<tbody>\n")
        for values in _values(holding, person):
            cells = "".join(f"<td>{escape(one.text(values[one.path]))}</td>" for one in columns)
            text.write(f"<tr>{cells}</tr>\n")
        text.write("</tbody>")
        text.write(foot)


def _write_files(archive: ZipFile, holding: Holding, person: User) -> int:
    """The files of the rows, as they lie in the storage; one that is gone is left out. Returns how many."""
    if holding.files is None:
        return 0
    count = 0
    for row in holding.rows(person).iterator(chunk_size=BATCH):
        for name, key in holding.files(row):
            try:
                stream = sheet_storage().open_bytes(key)
            except FileNotFoundError:
                continue
            # Pictures and PDFs are packed already.
            info = ZipInfo(f"files/{holding.key}/{PurePosixPath(name)}", timezone.now().timetuple()[:6])
            info.compress_type = ZIP_STORED
            with stream, archive.open(info, "w", force_zip64=True) as entry:
                for chunk in byte_chunks(stream):
                    entry.write(chunk)
            count += 1
    return count


class _Column:
    """One column of a page: what it is called, and its values as people read them."""

    def __init__(self, model: type[models.Model], path: str) -> None:
        self.path = path
        steps = path.split("__")
        fields: list[Any] = []
        for step in steps:
            fields.append(model._meta.get_field(step))
            model = fields[-1].related_model or model
        self.field = fields[-1]
        # exam__title is the exam.
        named = fields[-2] if len(fields) > 1 and steps[-1] in ("title", "name") else fields[-1]
        self.label = capfirst(str(named.verbose_name))
        self.choices = dict(getattr(self.field, "flatchoices", ()))

    def text(self, value: Any) -> str:
        if value is None:
            return ""
        if value in ("", [], {}):
            return ""
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if not isinstance(value, dict | list) and value in self.choices:
            return str(self.choices[value])
        if isinstance(value, datetime):
            return formats.date_format(timezone.localtime(value), "DATETIME_FORMAT")
        if isinstance(value, dict | list):
            return json.dumps(json_safe(value), ensure_ascii=False)
        return str(formats.localize(value))

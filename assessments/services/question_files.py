"""A file of questions from its upload to its drafts: kept for a day at most, read in the worker, imported when asked.

Every step may be repeated: the worker may die and be asked again, a file may be sent twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from assessments.models import ImportState, QuestionImport, QuestionImportRow
from assessments.selectors.version_diff import changes_between
from assessments.services.formats.items import ParsedFile, check_size
from assessments.services.formats.reading import read_apart
from assessments.services.import_plan import (
    CHANGED,
    EQUAL,
    NEW,
    REFUSED,
    SKIPPED,
    ImportPlan,
    PlannedItem,
    plan_import,
)
from assessments.services.importing import import_items, kept_by
from assessments.tasks import work_on_question_file
from common.errors import ConflictError, DomainError, NotPermittedError
from common.storage import sheet_storage
from courses.models import Chapter, Programme

log = structlog.get_logger(__name__)

ACTIONS = (NEW, CHANGED, EQUAL, REFUSED, SKIPPED)
PLAN_SECONDS = 240
KEPT_FOR = timedelta(hours=23)
STALE_AFTER = timedelta(minutes=2)
MAX_TRIES = 3
MAX_WAITING = 10


@dataclass
class _Stopwatch:
    """Writes how far a plan is, about once a second, and stops it when its time is over or the file was withdrawn."""

    import_id: UUID
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.started = self.told = self.clock()

    def __call__(self, done: int, total: int) -> None:
        moment = self.clock()
        if moment - self.started > PLAN_SECONDS:
            message = _("Looking at these questions takes more than %s minutes. Split the file.")
            raise DomainError(message % (PLAN_SECONDS // 60), "import_too_long")
        if moment - self.told < 1:
            return
        self.told = moment
        rows = QuestionImport.objects.filter(pk=self.import_id)
        if not rows.update(done=done, total=total, touched_at=timezone.now()):
            raise DomainError(_("The file was withdrawn."), "import_withdrawn")


def receive_file(
    *, data: bytes, file_name: str, programme: Programme, chapter: Chapter | None, author: User, now: datetime
) -> tuple[QuestionImport, bool]:
    """Keeps an uploaded file and asks the worker to read it; (the import, whether it is new).

    The same file for the same place, still waiting, is the import there is. Raises FormatError for an empty or too
    large one, DomainError, NotPermittedError.
    """
    if not author.has_perm("assessments.add_question"):
        raise NotPermittedError(_("Only teachers and staff write questions."), "not_permitted")
    _must_fit(programme, chapter)
    check_size(data)
    digest = sha256(data).hexdigest()
    mine = QuestionImport.objects.filter(author=author)
    open_states = [ImportState.READING, ImportState.READY, ImportState.IMPORTING]
    waiting = mine.filter(state__in=open_states)
    if same := waiting.filter(sha256=digest, programme=programme, chapter=chapter).first():
        return same, False
    if waiting.count() >= MAX_WAITING:
        message = _("%s of your files are waiting. Import or discard one first.") % MAX_WAITING
        raise DomainError(message, "too_many_files")
    row = QuestionImport(
        author=author, programme=programme, chapter=chapter, sha256=digest, size=len(data),
        file_name=" ".join(file_name.split())[:200] or _("file"), created_at=now, touched_at=now,
    )  # fmt: skip
    # The file before the row: a row without its file could not be read.
    sheet_storage().put_bytes(row.storage_key, data, "application/octet-stream")
    with transaction.atomic():
        row.save(force_insert=True)
        _ask(row.pk)
    return row, True


def place_again(
    *, source: QuestionImport, programme: Programme, chapter: Chapter | None, actor: User, now: datetime
) -> None:
    """The report is made anew for another programme or chapter, without another upload.

    Raises DomainError for a chapter of elsewhere, ConflictError unless the file waits to be imported.
    """
    _must_fit(programme, chapter)
    with transaction.atomic():
        row = _locked(source.pk, actor)
        if row.state == ImportState.READING:
            raise ConflictError(_("The file is being read just now. Wait for its report."), "import_state")
        if row.state != ImportState.READY:
            raise ConflictError(_("The file is no longer here. Upload it again."), "import_state")
        row.programme, row.chapter, row.state = programme, chapter, ImportState.READING
        row.done = row.total = row.tries = 0
        row.problem, row.touched_at = "", now
        row.save()
        _ask(row.pk)


def _must_fit(programme: Programme, chapter: Chapter | None) -> None:
    if chapter is not None and chapter.unit.programme_id != programme.pk:
        raise DomainError(_("The chapter is not part of the programme."), "chapter")


def ask_to_import(*, source: QuestionImport, without_refused: bool, actor: User, now: datetime) -> None:
    """The button: the worker imports what the report shows. Pressing twice is fine. Raises DomainError."""
    with transaction.atomic():
        row = _locked(source.pk, actor)
        if row.state in {ImportState.IMPORTING, ImportState.DONE}:
            return
        if row.state != ImportState.READY:
            raise ConflictError(_("The file is not ready to be imported. Look at it again."), "import_state")
        left_out = row.counts.get(REFUSED, 0) + row.counts.get(SKIPPED, 0)
        if left_out and not without_refused:
            message = ngettext(
                "%d place of the file cannot be imported. Leave it out, or mend the file and upload it again.",
                "%d places of the file cannot be imported. Leave them out, or mend the file and upload it again.",
                left_out,
            )
            raise DomainError(message % left_out, "import_refused")
        if not (row.counts.get(NEW) or row.counts.get(CHANGED)):
            raise DomainError(_("There is nothing in it to import."), "import_empty")
        row.state, row.without_refused = ImportState.IMPORTING, without_refused
        row.done = row.total = row.tries = 0
        row.problem, row.touched_at = "", now
        row.save()
        _ask(row.pk)


def discard(*, source: QuestionImport, actor: User) -> None:
    """Forgets the file and its report; what was imported stays. Raises ConflictError while it is being imported."""
    with transaction.atomic():
        row = _locked(source.pk, actor)
        if row.state == ImportState.IMPORTING:
            raise ConflictError(_("It is being imported just now."), "import_state")
        row.delete()
    sheet_storage().delete(source.storage_key)


def work_on(*, import_id: UUID, now: datetime) -> str:
    """The worker's step: reads the file, or imports it. Returns the state it is in then; any failure is a sentence."""
    rows = QuestionImport.objects.filter(pk=import_id, state__in=[ImportState.READING, ImportState.IMPORTING])
    rows.update(tries=F("tries") + 1, touched_at=now)
    source = rows.select_related("author", "programme", "chapter").first()
    if source is None:
        return ""
    try:
        if source.tries > MAX_TRIES:
            raise DomainError(_("Reading this file failed several times. Split it into smaller files."), "import_fails")
        with sheet_storage().open_bytes(source.storage_key) as stream:
            parsed = read_apart(stream.read(), source.file_name)
        if source.state == ImportState.IMPORTING:
            _import(source, parsed, now)
        else:
            _report(source, parsed, now)
    except FileNotFoundError:
        _fail(source, _("The file is no longer here. Upload it again."))
    except ConflictError as error:
        _read_again(source, error.message)
    except DomainError as error:
        _fail(source, error.message)
    return str(QuestionImport.objects.filter(pk=import_id).values_list("state", flat=True).first() or "")


def tend_files(*, now: datetime) -> int:
    """Asks again for files whose worker fell silent, and forgets those of yesterday; returns how many of either."""
    working = [ImportState.READING, ImportState.IMPORTING]
    silent = QuestionImport.objects.filter(state__in=working, touched_at__lt=now - STALE_AFTER)
    asked = 0
    for pk in list(silent.values_list("pk", flat=True)[:100]):
        # Taken by the update: of two who tend at once, one asks.
        if silent.filter(pk=pk).update(touched_at=now):
            _ask(pk)
            asked += 1
    old = QuestionImport.objects.filter(created_at__lt=now - KEPT_FOR)
    swept = list(old.exclude(state=ImportState.DONE)) + list(
        old.filter(state=ImportState.DONE, rows__isnull=False).distinct()
    )
    for source in swept:
        sheet_storage().delete(source.storage_key)
        if source.state == ImportState.DONE:
            # That this very file was imported stays known.
            source.rows.all().delete()
        else:
            source.delete()
    return asked + len(swept)


def _locked(pk: UUID, actor: User) -> QuestionImport:
    row = QuestionImport.objects.select_for_update().filter(pk=pk, author=actor).first()
    if row is None:
        raise ConflictError(_("This file was discarded."), "import_gone")
    return row


def _ask(import_id: UUID) -> None:
    """After the commit; when the broker cannot be reached, `tend_files` asks again."""
    transaction.on_commit(lambda: work_on_question_file.delay(str(import_id)), robust=True)


def _report(source: QuestionImport, parsed: ParsedFile, now: datetime) -> None:
    plan = plan_import(parsed, **_place(source, now))
    lines = [_line(source, position, row) for position, row in enumerate(plan.rows)]
    with transaction.atomic():
        row = QuestionImport.objects.select_for_update().filter(pk=source.pk, state=ImportState.READING).first()
        if row is None:
            return
        row.rows.all().delete()
        QuestionImportRow.objects.bulk_create(lines, batch_size=200)
        row.state, row.format, row.touched_at = ImportState.READY, plan.format, timezone.now()
        row.counts = {action: plan.count(action) for action in ACTIONS}
        row.save()


def _import(source: QuestionImport, parsed: ParsedFile, now: datetime) -> None:
    expected = list(source.rows.order_by("position").values_list("action", flat=True))

    def finish(_plan: ImportPlan) -> None:
        rows = QuestionImport.objects.filter(pk=source.pk, state=ImportState.IMPORTING)
        if not rows.update(state=ImportState.DONE, touched_at=timezone.now()):
            raise ConflictError(_("It was imported already."), "import_state")

    import_items(
        parsed,
        **_place(source, now),
        file_sha256=source.sha256,
        without_refused=source.without_refused,
        expected=expected,
        also=finish,
    )
    sheet_storage().delete(source.storage_key)


def _place(source: QuestionImport, now: datetime) -> dict[str, Any]:
    return {
        "programme": source.programme,
        "chapter": source.chapter,
        "author": source.author,
        "now": now,
        "keep_picture": kept_by(source.author),
        "watch": _Stopwatch(source.pk),
    }


def _read_again(source: QuestionImport, why: str) -> None:
    """The bank changed: the report is made anew, and says so."""
    rows = QuestionImport.objects.filter(pk=source.pk, state=ImportState.IMPORTING)
    if rows.update(state=ImportState.READING, tries=0, done=0, total=0, problem=why):
        _ask(source.pk)


def _fail(source: QuestionImport, problem: str) -> None:
    QuestionImport.objects.filter(pk=source.pk, state=source.state).update(
        state=ImportState.FAILED, problem=problem, touched_at=timezone.now()
    )
    sheet_storage().delete(source.storage_key)


def _line(source: QuestionImport, position: int, row: PlannedItem) -> QuestionImportRow:
    item, stored = row.item, row.question.current if row.question else None
    version = row.version or stored
    shown: dict[str, Any] = {}
    changes: list[dict[str, Any]] = []
    if version is not None:
        shown = {"text_html": version.text_html, "options": version.options, "parts": version.parts}
        shown["answer"] = version.answer
        shown["marks"] = str(version.marks)
    elif item is not None:
        shown = {"source": item.content.text[:1000]}
    if row.action == CHANGED and stored is not None and row.version is not None:
        # Its steps are not stored yet.
        row.version._prefetched_objects_cache = {"steps": list(row.steps)}  # type: ignore[attr-defined]
        changes = [
            {"label": one.label, "pieces": [{"kind": p.kind, "text": p.text} for p in one.pieces]}
            for one in changes_between(stored, row.version)
        ]
    chapter, topic = row.chapter, row.topic
    return QuestionImportRow(
        source=source,
        position=position,
        action=row.action,
        where=row.where[:200],
        name=row.name[:200],
        reason=row.reason,
        notes=list(row.notes),
        place=", ".join(str(one.name) for one in (chapter, topic) if one)[:300],
        question=row.question,
        kind=item.type if item else "",
        shown=shown,
        changes=changes,
    )

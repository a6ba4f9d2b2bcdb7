"""Questions of the bank as files of other systems, with a sentence for everything a format cannot carry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from assessments.models import Question, QuestionPicture
from assessments.services.content_schema import QuestionContent
from assessments.services.formats import aiken, gift, moodle_xml, qti, table
from assessments.services.formats.items import MAX_ITEMS, ExportedItem, ImportedItem, ParsedFile, Picture
from assessments.services.formats.table_examples import EXAMPLES
from assessments.services.formats.table_workbook import write_workbook
from assessments.services.import_plan import IMAGE, map_texts, same_content
from assessments.services.pictures import open_picture
from assessments.services.questions import content_of, normalised
from assessments.services.tags import fold
from common.errors import DomainError

#: Gives the picture at an address of ours, or None when it is not there.
FindPicture = Callable[[str], Picture | None]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class _Format:
    write: Callable[[Sequence[ExportedItem]], bytes]
    read: Callable[[bytes], ParsedFile]
    suffix: str
    media_type: str
    has_pictures: bool = False


FORMATS = {
    "csv": _Format(table.write, table.parse, "csv", "text/csv"),
    "xlsx": _Format(write_workbook, table.parse, "xlsx", XLSX),
    "gift": _Format(gift.write, gift.parse, "gift.txt", "text/plain"),
    "aiken": _Format(aiken.write, aiken.parse, "aiken.txt", "text/plain"),
    "moodle_xml": _Format(moodle_xml.write, moodle_xml.parse, "xml", "application/xml", has_pictures=True),
    "qti": _Format(qti.write, qti.parse, "qti21.zip", "application/zip", has_pictures=True),
    "qti3": _Format(partial(qti.write, version="3.0"), qti.parse, "qti30.zip", "application/zip", has_pictures=True),
}


@dataclass(frozen=True)
class ExportedFile:
    """A file to download. `notes` has a sentence for every question of which it does not hold everything."""

    data: bytes
    name: str
    media_type: str
    count: int
    notes: tuple[str, ...] = ()


def export_questions(
    *, questions: Iterable[Question], actor: Any, format: str, find_picture: FindPicture | None = None
) -> ExportedFile:
    """The questions that `actor` may see, in one of FORMATS. What is lost is found by reading the file again.

    Raises DomainError for an unknown format, no question, or too many.
    """
    if format not in FORMATS:
        raise DomainError(_("There is no format “%s”.") % format[:20], "export_format")
    pks = [question.pk for question in questions]
    if len(pks) > MAX_ITEMS:
        raise DomainError(_("At most %s questions fit in one file.") % MAX_ITEMS, "export_too_many")
    rows: list[Question] = []
    for start in range(0, len(pks), 200):
        rows += (
            Question.objects.visible_to(actor)
            .filter(pk__in=pks[start : start + 200], current__isnull=False)
            .select_related("current", "chapter", "topic")
            .prefetch_related("current__steps", "tags")
        )
    if not rows:
        raise DomainError(_("There is no question to export."), "export_empty")
    order = {pk: position for position, pk in enumerate(pks)}
    chosen = FORMATS[format]
    find = find_picture if chosen.has_pictures else None
    items = [_exported(question, find) for question in sorted(rows, key=lambda row: order[row.pk])]
    data = chosen.write(items)
    return ExportedFile(
        data, f"questions.{chosen.suffix}", chosen.media_type, len(items), tuple(find_losses(items, data, format))
    )


def kept_picture(address: str) -> Picture | None:
    """The picture at an address of the store of question pictures, under a plain name."""
    name = address.removeprefix(f"{settings.MEDIA_URL}questions/")
    row = QuestionPicture.objects.filter(sha256=name.partition(".")[0]).first() if name != address else None
    if row is None or row.name != name:
        return None
    try:
        with open_picture(row) as stream:
            return Picture(name, stream.read(), row.media_type)
    except FileNotFoundError:
        return None


def empty_table(format: str = "xlsx") -> ExportedFile:
    """The table to fill in, with one example of every type. `format` is "csv" or "xlsx"."""
    if format not in {"csv", "xlsx"}:
        raise DomainError(_("The table comes as CSV or XLSX."), "export_format")
    chosen = FORMATS[format]
    return ExportedFile(chosen.write(EXAMPLES), f"questions-template.{chosen.suffix}", chosen.media_type, len(EXAMPLES))


def _exported(question: Question, find_picture: FindPicture | None) -> ExportedItem:
    assert question.current is not None
    content = content_of(question.current)
    pictures: dict[str, Picture] = {}
    if find_picture is not None:
        for address in set(_addresses(content)):
            if found := find_picture(address):
                pictures[address] = found
    if pictures:
        content = map_texts(content, lambda text: IMAGE.sub(lambda match: _named(match, pictures), text))
    return ExportedItem(
        name=question.key or " ".join(content.text.split())[:60],
        key=question.key,
        type=question.type,
        content=content,
        chapter=question.chapter.name,
        topic=question.topic.name if question.topic else "",
        tags=tuple(tag.name for tag in question.tags.all()),
        pictures=tuple(pictures.values()),
    )


def _named(match: re.Match[str], pictures: Mapping[str, Picture]) -> str:
    """A picture in a text, by the name it has in the file."""
    found = pictures.get(match[2] or match[3])
    return f"![{match[1]}]({found.name})" if found else match[0]


def _addresses(content: QuestionContent) -> Iterable[str]:
    texts = [content.text, content.model_answer, content.explanation, *content.hints]
    for group in (content.options, content.parts, content.steps):
        texts += [one.text for one in group]
    return (match[2] or match[3] for text in texts for match in IMAGE.finditer(text))


def find_losses(items: Sequence[ExportedItem], data: bytes, format: str) -> Sequence[str]:
    """Reads the file as an importer would and names what differs, question by question."""
    try:
        read = list(FORMATS[format].read(data).items)
    except DomainError as error:
        return [error.message]
    notes = []
    position = 0
    for item in items:
        # The file keeps the order; what it leaves out is missing from it.
        found = next((i for i in range(position, len(read)) if _is(read[i], item)), None)
        if found is None:
            notes.append(_("“%(name)s” is not in the file: the format has no such question.") % {"name": item.name})
            continue
        position = found + 1
        lost = list(_differences(item, read[found]))
        if item.content.parameters and not read[found].content.parameters:
            notes.append(
                _("“%(name)s”: the file holds one of its variants, without its parameters.") % {"name": item.name}
            )
        elif lost:
            notes.append(_("“%(name)s”: %(fields)s changed.") % {"name": item.name, "fields": ", ".join(lost)})
    return notes


def _by_digest(content: QuestionContent, pictures: Iterable[Picture]) -> QuestionContent:
    """The content with its pictures named by what they show: a format may put them into folders of its own."""
    digests = {one.name: replace(one, name=sha256(one.data).hexdigest()) for one in pictures}
    return (
        map_texts(content, lambda text: IMAGE.sub(lambda match: _named(match, digests), text)) if digests else content
    )


def _is(read: ImportedItem, item: ExportedItem) -> bool:
    if read.key or not item.key:
        names = {_bare(item.name), _bare(item.content.text)[:40]}
        return read.key == item.key and bool(item.key or {_bare(read.name), _bare(read.content.text)[:40]} & names)
    # A format without keys (Aiken) has the text alone.
    return _bare(read.content.text)[:40] == _bare(item.content.text)[:40]


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def _differences(item: ExportedItem, read: ImportedItem) -> Iterable[str]:
    if item.type != read.type:
        yield _("type")
    if set(map(fold, item.tags)) != set(map(fold, read.tags)):
        yield _("tags")
    ours, theirs = (normalised(_by_digest(one.content, one.pictures)) for one in (item, read))
    for field in fields(QuestionContent):
        if not same_content(getattr(ours, field.name), getattr(theirs, field.name)):
            yield field.name.replace("_", " ")

"""Moodle XML (Moodle 1.9 to 5): questions with their pictures, in both directions."""

from __future__ import annotations

import re

from assessments.services.formats.items import MAX_ITEMS, FormatError, ImportedItem, ParsedFile, Skipped
from assessments.services.formats.moodle_xml_calculated import calculated
from assessments.services.formats.moodle_xml_cloze import cloze
from assessments.services.formats.moodle_xml_plugins import PLUGINS
from assessments.services.formats.moodle_xml_source import Source, text_of
from assessments.services.formats.moodle_xml_types import READERS
from assessments.services.formats.moodle_xml_write import write
from assessments.services.formats.xml_items import UnusableError, finish
from assessments.services.formats.xml_tools import child, children, local, parse_xml

__all__ = ["parse", "write"]

FORMAT = "Moodle XML"
ALL_READERS = (
    READERS
    | PLUGINS
    | {
        "cloze": cloze,
        "calculated": calculated,
        "calculatedsimple": calculated,
        "calculatedmulti": calculated,
    }
)
NO_QUESTION = {
    "description": "It is a text without a question.",
    "random": "It draws another question at random; it has no content of its own.",
    "randomsamatch": "It makes its pairs from other questions; it has no content of its own.",
    "ddimageortext": "Dragging onto a picture is not supported.",
    "ddmarker": "Placing markers on a picture is not supported.",
    "stack": "STACK marks by a computer algebra system, which is not supported.",
    "formulas": "Questions of the plugin Formulas compute with programs of their own, which is not supported.",
    "coderunner": "Running programs is not supported.",
}


def parse(data: bytes, *, file_name: str = "") -> ParsedFile:
    """Every question of the file. Raises FormatError when it is no Moodle XML at all."""
    root = parse_xml(data)
    if local(root) != "quiz":
        raise FormatError(f"This is not Moodle XML: it begins with <{local(root)[:40]}>, not with <quiz>.")
    questions = children(root, "question")
    if len(questions) > MAX_ITEMS:
        raise FormatError(f"The file has {len(questions)} questions; {MAX_ITEMS} is the most.")
    items: list[ImportedItem] = []
    skipped: list[Skipped] = []
    path: list[str] = []
    for number, element in enumerate(questions, start=1):
        if element.get("type") == "category":
            path = _category(text_of(child(element, "category")))
            continue
        found = _question(Source(element, f"question {number}"), path)
        if isinstance(found, ImportedItem):
            items.append(found)
        else:
            skipped.append(found)
    return ParsedFile(FORMAT, tuple(items), tuple(skipped))


def _category(path: str) -> list[str]:
    """The parts of a category path; `//` is a slash inside a name, `$course$` and `top` say nothing."""
    parts = [part.replace("\0", "/").strip() for part in path.replace("//", "\0").split("/")]
    while parts and (re.fullmatch(r"\$\w+\$", parts[0]) or parts[0].lower() in {"top", ""}):
        parts.pop(0)
    return [part for part in parts if part]


def _question(source: Source, path: list[str]) -> ImportedItem | Skipped:
    kind = source.element.get("type", "")
    name = source.name or text_of(child(source.element, "questiontext"))[:60].strip()
    reader = ALL_READERS.get(kind)
    if reader is None:
        reason = NO_QUESTION.get(kind, f"Questions of the type “{kind[:40]}” are not supported.")
        return Skipped(source.where, name, reason)
    try:
        our_type, fields = reader(source)
    except UnusableError as error:
        return Skipped(source.where, name, str(error))
    except FormatError as error:
        return Skipped(source.where, name, error.message)
    source.add_usual_losses()
    if len(path) > 2:
        source.notes.append(f"Of the category “{' / '.join(path)}” only the last two levels were kept.")
    item = {
        "where": source.where,
        "name": name,
        "key": source.value("idnumber") or None,
        "chapter": path[-2] if len(path) > 1 else path[0] if path else "",
        "topic": path[-1] if len(path) > 1 else "",
        "tags": source.tags,
        "pictures": tuple(source.pictures.kept.values()),
    }
    return finish(item, our_type, fields, source.facts, source.notes)

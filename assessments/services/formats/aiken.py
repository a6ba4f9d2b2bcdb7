r"""Aiken: a question on one line (or more), options `A.` or `A)`, then `ANSWER: B`. Plain text, with TeX in `\( \)`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from string import ascii_uppercase

from assessments.services.formats.decoding import decode
from assessments.services.formats.html_markdown import from_plain, to_plain
from assessments.services.formats.items import MAX_ITEMS, ExportedItem, FormatError, ImportedItem, ParsedFile, Skipped
from assessments.services.formats.xml_items import UnusableError, finish, labelled

OPTION = re.compile(r"\s*([A-Za-z])[.)]\s+(.*)")
ANSWER = re.compile(r"\s*ANSWER\s*:\s*([A-Z](?:\s*,\s*[A-Z])*)\s*", re.IGNORECASE)
MAX_LINES = 500
TYPES = ("single_choice", "assertion_reason", "true_false")


def parse(data: bytes, *, file_name: str = "") -> ParsedFile:
    """Every question of an Aiken file. Raises FormatError for what is no text, or no Aiken at all."""
    text, note = decode(data)
    items: list[ImportedItem] = []
    skipped: list[Skipped] = []
    lines: list[str] = []
    start = 1
    for position, line in enumerate(text.split("\n"), start=1):
        if not lines:
            start = position
        if answer := ANSWER.fullmatch(line):
            read = _read(f"line {start}", lines, answer[1].upper(), note)
            (items if isinstance(read, ImportedItem) else skipped).append(read)  # type: ignore[arg-type]
            lines = []
        elif line.strip():
            lines.append(line.strip())
            if len(lines) > MAX_LINES:
                raise FormatError(f"After line {start} there is no “ANSWER: …” for {MAX_LINES} lines.")
        if len(items) + len(skipped) > MAX_ITEMS:
            raise FormatError(f"The file has more than {MAX_ITEMS} questions; split it.")
    if lines:
        skipped.append(Skipped(f"line {start}", _name(lines), "It has no line “ANSWER: …”."))
    if not items and not skipped:
        raise FormatError("There is no question in the file.")
    return ParsedFile("aiken", tuple(items), tuple(skipped))


def write(items: Sequence[ExportedItem]) -> bytes:
    """The choice questions as Aiken; the format has nothing but text, options and key, and no other type."""
    return "\n".join(_question(item) for item in items if item.type in TYPES and not item.content.parameters).encode()


def _read(where: str, lines: list[str], key: str, note: str) -> ImportedItem | Skipped:
    text: list[str] = []
    options: list[str] = []
    for line in lines:
        match = OPTION.fullmatch(line)
        if match and match[1].upper() == ascii_uppercase[len(options) : len(options) + 1]:
            options.append(match[2])
        elif options:
            options[-1] += "\n" + line
        else:
            text.append(line)
    notes = [note] if note else []
    try:
        labels = [label.strip() for label in key.split(",")]
        choices = labelled([from_plain(option).text for option in options])
    except (UnusableError, FormatError) as problem:
        return Skipped(where, _name(lines), str(problem))
    fields = {
        "text": from_plain("\n".join(text)).text,
        "options": choices,
        "marks": Decimal(1),
        "answer": {"choices": labels},
    }
    if len(labels) > 1:
        notes.append("Several options are right: it became a multiple choice question, all or nothing.")
    head = {"where": where, "name": _name(lines)}
    return finish(head, "single_choice" if len(labels) == 1 else "multiple_choice", fields, {}, notes)


def _name(lines: list[str]) -> str:
    return " ".join(lines[:1])[:60]


def _question(item: ExportedItem) -> str:
    content = item.content
    if item.type == "true_false":
        options, right = [("A", "True"), ("B", "False")], "A" if content.answer["choices"] == ["true"] else "B"
    else:
        options = [(option.label, _line(option.text)) for option in content.options]
        labels = content.answer["choices"]
        assert isinstance(labels, list)
        right = labels[0]
    lines = [_line(content.text), *(f"{label}. {text}" for label, text in options), f"ANSWER: {right}"]
    return "\n".join(lines) + "\n"


def _line(source: str) -> str:
    """One line; a text that would read as an option or a key is kept from it by quotation marks."""
    text = to_plain(source) or " ".join(source.split())
    return f"“{text}”" if ANSWER.fullmatch(text) or OPTION.fullmatch(text) else text

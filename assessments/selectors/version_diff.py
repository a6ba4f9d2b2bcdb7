"""What changed between two versions of a question, in words. Pure: works on the stored sources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils.translation import gettext as _

from assessments.models import QuestionVersion

WORDS = re.compile(r"\s+|\w+|[^\w\s]")

PICTURE = re.compile(r"\(/media/questions/([0-9a-f]{8})[0-9a-f]{56}\.\w+\)")


@dataclass(frozen=True)
class Piece:
    """A stretch of text; `kind` is "" (in both), "ins" (only in the newer) or "del" (only in the older)."""

    kind: str
    text: str


@dataclass(frozen=True)
class Change:
    """One part of the question that differs."""

    label: str
    pieces: tuple[Piece, ...]


def changes_between(old: QuestionVersion, new: QuestionVersion) -> list[Change]:
    """Every part that differs, in reading order. Reads the steps of both."""
    before, after = ({label: short_pictures(text) for label, text in _parts(version)} for version in (old, new))
    labels = list(after) + [label for label in before if label not in after]
    return [
        Change(label, tuple(pieces_between(before.get(label, ""), after.get(label, ""))))
        for label in labels
        if before.get(label, "") != after.get(label, "")
    ]


def short_pictures(text: str) -> str:
    """Addresses of pictures cut to what tells them apart."""
    return PICTURE.sub(r"(\1…)", text)


def pieces_between(old: str, new: str) -> Iterator[Piece]:
    """The words of both texts in one reading."""
    a, b = WORDS.findall(old), WORDS.findall(new)
    for kind, a1, a2, b1, b2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Piece("", "".join(a[a1:a2]))
            continue
        if a2 > a1:
            yield Piece("del", "".join(a[a1:a2]))
        if b2 > b1:
            yield Piece("ins", "".join(b[b1:b2]))


def _parts(version: QuestionVersion) -> Iterator[tuple[str, str]]:
    yield _("Text"), version.text_source
    for option in version.options:
        yield _("Option %s") % option["label"], option["source"]
    for part in version.parts:
        name = part["label"] + part["alternative"]
        yield _("Part %s") % name, f"{part['source']} [{part['marks']}]"
    yield _("Key"), ", ".join(key_lines(version.answer))
    for method in version.methods:
        names = {"method": method.number}
        if method.title:
            yield _("Method %(method)s") % names, method.title
        for number, step in enumerate(method.steps, start=1):
            place = f"{step.part}{step.alternative} " if step.part else ""
            facts = [f"{step.marks.normalize():f}", step.get_kind_display()]
            if step.follows:
                facts.append(_("follows %s") % ", ".join(map(str, step.follows)))
            whose = _("Method %(method)s, step %(step)s") if method.number > 1 else _("Step %(step)s")
            yield whose % (names | {"step": number}), f"{place}{step.text_source} [{', '.join(facts)}]"
    yield _("Model answer"), version.model_answer_source
    yield _("Explanation"), version.explanation_source
    for number, hint in enumerate(version.hints or (), start=1):
        yield _("Hint %s") % number, hint["source"]
    yield _("Marks"), f"{version.marks.normalize():f}"
    yield _("Difficulty"), str(version.difficulty)
    yield _("Level"), version.get_cognitive_level_display()
    yield _("Variants"), ", ".join(key_lines(version.parameters or {}))


def key_lines(value: Any, name: str = "") -> Iterator[str]:
    """A key as short lines: "choices: B", "blanks 1 value: 3"."""
    if isinstance(value, dict):
        for label, inner in value.items():
            yield from key_lines(inner, f"{name} {label}".strip())
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for number, inner in enumerate(value, start=1):
            yield from key_lines(inner, f"{name} {number}".strip())
    elif isinstance(value, list):
        yield f"{name}: {' → '.join(map(str, value))}"
    else:
        yield f"{name}: {value}"

"""What the readers and writers of Moodle XML and QTI share: marks, labels, pictures, tags and the marking scheme."""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from string import ascii_uppercase
from typing import Any
from urllib.parse import unquote_to_bytes

from assessments.enums import CognitiveLevel, StepKind
from assessments.services.content_schema import (
    MAX_MARKS,
    OptionContent,
    PartContent,
    QuestionContent,
    StepContent,
    content_problems,
    numbered,
    trimmed_titles,
)
from assessments.services.formats.html_markdown import MAX_HTML, FindPicture, from_html, to_html
from assessments.services.formats.items import MAX_PICTURE, MEGABYTE, ExportedItem, ImportedItem, Picture, Skipped
from common.models import HALF

DIFFICULTY = 3
LEVEL = CognitiveLevel.UNDERSTAND.value
NO_MODEL_ANSWER = "No model answer came with the file."
NO_SCHEME = "A marker decides how much of the answer is right."
WRITTEN = ("very_short_answer", "short_answer", "long_answer", "case_study", "file_upload")
MEDIA_TYPES = (
    (b"\x89PNG\r\n\x1a\n", "image/png", ".png"),
    (b"\xff\xd8\xff", "image/jpeg", ".jpg"),
    (b"GIF8", "image/gif", ".gif"),
)


#: More of anything (options, pictures, tags) in one question is no question but an attempt to keep us busy.
MAX_MANY = 100


class UnusableError(Exception):
    """This question cannot become one of ours; the text says why."""


# --- Marks -----------------------------------------------------------------------------------------------------------
def number(text: str | None) -> Decimal | None:
    """A number of a sane size as other systems write it (`1`, `1,5`, `2.5e-3`), or None."""
    text = (text or "").strip().replace("−", "-")
    if not re.fullmatch(r"[+-]?(?:\d{1,30}(?:[.,]\d{0,30})?|[.,]\d{1,30})(?:[eE][+-]?\d{1,2})?", text, re.ASCII):
        return None
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None


def plain_number(value: Decimal) -> str:
    """`value` in figures, without an exponent and without idle zeros."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def half_marks(value: Decimal | None, notes: list[str]) -> Decimal:
    """`value` as marks of ours: in halves, above 0, at most 100; a note when it had to change."""
    if value is None:
        notes.append("No marks were given; it carries 1 mark.")
        return Decimal(1)
    marks = (value / HALF).quantize(Decimal(1), ROUND_HALF_UP) * HALF
    marks = min(max(marks, HALF), MAX_MARKS)
    if marks != value:
        notes.append(f"Marks changed from {plain_number(value)} to {plain_number(marks)}: we mark in halves up to 100.")
    return marks.normalize() if marks % 1 else marks.quantize(Decimal(1))


def spread(marks: Decimal, weights: Sequence[Decimal], notes: list[str]) -> list[Decimal]:
    """`marks` divided among parts by `weights`, in halves, none empty; a note when that is not exact.

    When there are more parts than halves, every part carries half a mark (and the total grows, with a note).
    """
    total = sum(weights, Decimal(0)) or Decimal(1)
    halves = int(marks / HALF)
    if halves < len(weights):
        notes.append(f"Marks raised from {marks} to {HALF * len(weights)}: each of the parts carries half a mark.")
        return [HALF] * len(weights)
    exact = [Decimal(halves) * weight / total for weight in weights]
    shares = [max(int(share), 1) for share in exact]
    while sum(shares) < halves:
        shares[max(range(len(shares)), key=lambda i: (exact[i] - shares[i], -i))] += 1
    while sum(shares) > halves:
        shares[max(range(len(shares)), key=lambda i: (shares[i] > 1, shares[i] - exact[i], i))] -= 1
    if any(share != wanted for share, wanted in zip(shares, exact, strict=True)):
        notes.append(f"The {marks} marks could not be divided among the parts exactly; some carry half a mark more.")
    return [share * HALF for share in shares]


def with_parts(
    notes: list[str], fields: dict[str, Any], texts: Sequence[str], weights: Sequence[Decimal] | None = None
) -> dict[str, Any]:
    """`fields` with parts "1", "2" … among which its marks are divided."""
    shares = spread(fields["marks"], weights or [Decimal(1)] * len(texts), notes)
    fields["parts"] = tuple(
        PartContent(str(i), text, share) for i, (text, share) in enumerate(zip(texts, shares, strict=True), start=1)
    )
    fields["marks"] = sum(shares, Decimal(0))
    return fields


def accepted_texts(answers: Sequence[tuple[str, Decimal]], notes: list[str]) -> list[dict[str, str]]:
    """Texts and their credit; the best gets the full credit. Raises UnusableError when none earns anything."""
    found: dict[str, Decimal] = {}
    for text, credit in answers:
        text = " ".join(text.split())
        if credit > 0 and text.strip("* "):
            found[text] = max(min(credit, Decimal(1)), found.get(text, Decimal(0)))
        elif credit > 0 and text:
            notes.append("An answer that accepted any text was left out.")
    if not found:
        raise UnusableError("No answer is marked as right.")
    best = max(found.values())
    if best < Decimal("0.995"):
        notes.append(f"The best answer gave {plain_number(round(best * 100, 2))} %; it now gives full marks.")
    full = {text: Decimal(1) if credit >= min(best, Decimal("0.995")) else credit for text, credit in found.items()}
    return [{"text": text, "credit": plain_number(round(credit, 5))} for text, credit in full.items()]


# --- Options ---------------------------------------------------------------------------------------------------------
def labelled(texts: Sequence[str]) -> tuple[OptionContent, ...]:
    """Options A, B, C … of `texts`."""
    if len(texts) > len(ascii_uppercase):
        raise UnusableError(f"It has {len(texts)} options; {len(ascii_uppercase)} is the most.")
    return tuple(OptionContent(label, text) for label, text in zip(ascii_uppercase, texts, strict=False))


# --- Pictures --------------------------------------------------------------------------------------------------------
@dataclass
class Pictures:
    """The pictures of one question, each once, under names that differ."""

    notes: list[str]
    kept: dict[str, Picture] = field(default_factory=dict)

    def add(self, name: str, data: bytes) -> str | None:
        """The name by which texts show it, or None (with a note) when it is no picture we take."""
        media_type, suffix = sniff(data)
        if len(self.kept) >= MAX_MANY:
            self._refuse("…", f"is one of more than {MAX_MANY}")
            return None
        if len(data) > MAX_PICTURE:
            self._refuse(name, f"is larger than {MAX_PICTURE // MEGABYTE} MB")
            return None
        if not media_type:
            self._refuse(name, "is not a PNG, JPEG, GIF or WebP picture")
            return None
        stem = re.sub(r"[^\w-]+", "-", name.rpartition("/")[2].rpartition(".")[0] or name)[:60].strip("-") or "picture"
        final, count = stem + suffix, 1
        while final in self.kept and self.kept[final].data != data:
            count += 1
            final = f"{stem}-{count}{suffix}"
        self.kept.setdefault(final, Picture(final, data, media_type))
        return final

    def add_base64(self, name: str, text: str) -> str | None:
        """As `add`, from base64."""
        try:
            return self.add(name, base64.b64decode("".join(text.split())))
        except (binascii.Error, ValueError):
            self._refuse(name, "is damaged")
            return None

    def add_data_uri(self, uri: str) -> str | None:
        """As `add`, from a `data:` address."""
        head, _comma, body = uri.partition(",")
        if head.endswith(";base64"):
            return self.add_base64("picture", body)
        return self.add("picture", unquote_to_bytes(body))

    def finder(self, find: Callable[[str], tuple[str, bytes] | None]) -> FindPicture:
        """For `from_html`: pictures inside the address itself, and those that `find` knows."""

        def picture(address: str) -> str | None:
            if address.startswith("data:"):
                return self.add_data_uri(address)
            found = find(address)
            return self.add(*found) if found else None

        return picture

    def _refuse(self, name: str, why: str) -> None:
        note = f"The picture “{name[:60]}” was left out: it {why}."
        if note not in self.notes:
            self.notes.append(note)


def sniff(data: bytes) -> tuple[str, str]:
    """Media type and suffix by the first bytes; empty when it is no picture we take."""
    for start, media_type, suffix in MEDIA_TYPES:
        if data.startswith(start):
            return media_type, suffix
    return ("image/webp", ".webp") if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else ("", "")


# --- Facts that other systems have no place for ----------------------------------------------------------------------
FACTS = {
    "difficulty": re.compile("[1-5]"),
    "level": re.compile("|".join(CognitiveLevel.values)),
    "type": re.compile(r"assertion_reason|expression|blank|" + "|".join(WRITTEN)),
    "grading": re.compile("all|partial"),
    "form": re.compile("expanded|factored|simplified"),
    "order": re.compile("[A-Z](?:-[A-Z])+"),
    "chapter": re.compile(".+"),
    "topic": re.compile(".+"),
}


def split_tags(tags: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """What our own writer put among the tags ("difficulty:2"), and the tags proper."""
    facts: dict[str, str] = {}
    rest = []
    for tag in tags[:MAX_MANY]:
        name, _colon, value = tag.partition(":")
        if name in FACTS and FACTS[name].fullmatch(value) and name not in facts:
            facts[name] = value
        elif tag.strip() and tag.strip() not in rest:
            rest.append(tag.strip())
    return facts, tuple(rest)


def all_tags(item: ExportedItem, **more: str) -> list[str]:
    """The tags of `item` and, as tags, the facts that the format has no place for."""
    facts = {"difficulty": str(item.content.difficulty), "level": item.content.cognitive_level} | more
    return [*item.tags, *(f"{name}:{value}" for name, value in facts.items() if value)]


# --- The marking scheme ----------------------------------------------------------------------------------------------
PART = re.compile(r'<div class="part ([^"]*)">\s*(?:<p class="head">.*?</p>)?(.*?)</div>\s*', re.DOTALL)
STEP = re.compile(r'<div class="step ([^"]*)">\s*(?:<p class="head">.*?</p>)?(.*?)</div>\s*', re.DOTALL)
HEAD = re.compile(r'<p class="head">.*?</p>', re.DOTALL)
METHOD = re.compile(r'<div class="method ([^"]*)">(.*?)</div>\s*', re.DOTALL)
ANSWER = re.compile(r'<div class="model-answer">(.*?)</div>\s*', re.DOTALL)


def block(name: str, text: str, head: str = "", **facts: str) -> str:
    """A `<div>` whose class says what it is; our Markdown never writes one, so it ends where the next tag says so."""
    classes = " ".join([name, *(f"{key}-{value}" for key, value in facts.items() if value)])
    shown = f'<p class="head"><strong>{html.escape(head)}</strong></p>' if head else ""
    return f'<div class="{html.escape(classes)}">{shown}{text}</div>'


def block_facts(classes: str) -> dict[str, str]:
    """The facts that `block` wrote."""
    return {name: value for name, _dash, value in (one.partition("-") for one in html.unescape(classes).split())}


def scheme_html(content: QuestionContent, to_text: Callable[[str], str] = to_html) -> str:
    """Model answer and marking scheme, for people who mark and for `read_scheme`."""
    parts = [block("model-answer", to_text(content.model_answer))]
    titles = dict(enumerate(content.method_titles, start=1))
    headed = bool(titles) or any(step.method > 1 for step in content.steps)
    for within, step in numbered(content.steps):
        if headed and within == 1:
            title = f"<p>{html.escape(titles.get(step.method, ''))}</p>"
            parts.append(block("method", title, f"Method {step.method}", number=str(step.method)))
        place = f"({step.part}){step.alternative} " if step.part else ""
        facts = {"marks": str(step.marks), "kind": step.kind, "part": step.part, "alternative": step.alternative}
        facts["follows"] = "+".join(map(str, step.follows))
        facts["method"] = str(step.method) if step.method > 1 else ""
        head = f"{place}{step.marks}" + (f", follows {facts['follows']}" if step.follows else "")
        parts.append(block("step", to_text(step.text), head, **facts))
    return "\n".join(parts)


def read_scheme(source: str, marks: Decimal, notes: list[str], picture: FindPicture | None = None) -> dict[str, Any]:
    """Model answer, steps and titles of methods, as fields of a content, of what `scheme_html` wrote; of anything else,
    one step with all the marks and a note."""

    def markdown(text: str) -> str:
        converted = from_html(text, picture=picture)
        notes.extend(note for note in converted.notes if note not in notes)
        return converted.text

    if source.count("<div") > MAX_MANY or len(source) > MAX_HTML:
        raise UnusableError("The notes for its markers are too long to be read.")
    steps = []
    for classes, text in STEP.findall(source):
        facts = block_facts(classes)
        steps.append(
            StepContent(
                markdown(text),
                number(facts.get("marks")) or HALF,
                facts.get("kind", StepKind.METHOD.value),
                facts.get("part", ""),
                facts.get("alternative", ""),
                read_follows(facts.get("follows", "")),
                int(facts["method"]) if re.fullmatch("[1-9]", facts.get("method", ""), re.ASCII) else 1,
            )
        )
    answer = ANSWER.search(source)
    model_answer = markdown(answer[1] if answer else METHOD.sub("", STEP.sub("", source)))
    if not model_answer:
        model_answer = NO_MODEL_ANSWER
        notes.append("There was no model answer; write one before it is used.")
    if not steps:
        steps = [StepContent(NO_SCHEME, marks)]
        notes.append("There was no marking scheme; one step with all the marks was made.")
    return {
        "model_answer": model_answer,
        "steps": tuple(steps),
        "method_titles": trimmed_titles(_method_titles(source)),
    }


def _method_titles(source: str) -> Iterator[str]:
    """In order; a title is a plain text."""
    for expected, (classes, text) in enumerate(METHOD.findall(source)[:9], start=1):
        if block_facts(classes).get("number") != str(expected):
            return
        yield html.unescape(re.sub("<[^<>]*>", "", HEAD.sub("", text))).strip()


def read_follows(text: str) -> tuple[int, ...]:
    """The steps that a step follows, as the table and `scheme_html` write them: "1+2"."""
    return tuple(int(one) for one in text.split("+") if re.fullmatch(r"\d{1,3}", one, re.ASCII))


def written_type(marks: Decimal, facts: Mapping[str, str]) -> str:
    """The written type that the tags name, or the one usual for so many marks."""
    if facts.get("type") in WRITTEN:
        return facts["type"]
    return "very_short_answer" if marks <= 2 else "short_answer" if marks <= 3 else "long_answer"


def choice_type(facts: Mapping[str, str]) -> str:
    """Single choice, or assertion–reason when the tags say so."""
    return facts["type"] if facts.get("type") == "assertion_reason" else "single_choice"


# --- The finished item -----------------------------------------------------------------------------------------------
def finish(
    item: Mapping[str, Any], type: str, fields: Mapping[str, Any], facts: Mapping[str, str], notes: Sequence[str]
) -> ImportedItem | Skipped:
    """The item, or why it is none: content that breaks the rules of its type never leaves a reader."""
    content = QuestionContent(
        difficulty=int(facts.get("difficulty", DIFFICULTY)), cognitive_level=facts.get("level", LEVEL), **fields
    )
    problems = list(content_problems(type, content))
    if problems:
        # An option that was nothing but a lost picture is empty now: the picture is the reason.
        lost = [note for note in notes if "picture" in note or "cannot show" in note]
        return Skipped(item["where"], item["name"], " ".join([*problems, *lost]))
    return ImportedItem(type=type, content=content, notes=tuple(dict.fromkeys(notes)), **item)

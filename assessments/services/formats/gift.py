r"""GIFT, Moodle's text format, read as Moodle reads it (comments, categories, ids, tags, formats, escapes, all types).

    // [id:heart-1] [tag:anatomy]
    $CATEGORY: Physiology/The heart
    ::Valves::[markdown]Which valve is on the left? {=mitral ~tricuspid#No. ####The left one has two flaps.}

What our writer adds travels as tags (`marks:2`), as in Moodle XML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from assessments.services.content_schema import PartContent
from assessments.services.formats.conversions import SEVERAL_RIGHT, with_feedback
from assessments.services.formats.decoding import decode
from assessments.services.formats.gift_writer import write
from assessments.services.formats.html_markdown import Converted, from_html, from_markdown, from_moodle, from_plain
from assessments.services.formats.items import MAX_ITEMS, FormatError, ImportedItem, ParsedFile, Skipped
from assessments.services.formats.xml_items import (
    PART,
    UnusableError,
    block_facts,
    finish,
    half_marks,
    labelled,
    number,
    plain_number,
    read_scheme,
    split_tags,
    spread,
    written_type,
)
from assessments.services.key_rules import plain_decimal

__all__ = ["parse", "write"]

MAX_QUESTION = 200_000
MAX_BLOCKS = 500
#: Characters that stand for themselves after a backslash are kept out of the way of the parser as these.
ESCAPES = {char: chr(0xE020 + position) for position, char in enumerate("~=#{}:\\")}
PLAIN = {mark: char for char, mark in ESCAPES.items()}
NEWLINE = "\ue02f"
RESERVED = re.compile("[\ue020-\ue02f]")
#: A command of TeX that begins as the escape for a new line does; written by hand, the backslash is rarely doubled.
ESCAPE = re.compile(r"\\(?:([~=#{}:\\])|n(?!(?:e|eq|eg|u|ot|otin|abla|i|mid|leq|geq|less|parallel)(?![A-Za-z])))")
FORMULA = re.compile(r"[\\\ue026]\((?:(?![\\\ue026]\().)*?[\\\ue026]\)|\$\$.*?\$\$")
COMMENT_ID, COMMENT_TAG = re.compile(r"\[id:([^][\n]+)\]"), re.compile(r"\[tag:([^][\n]+)\]")
FORMAT = re.compile(r"\s*\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
ANSWER = re.compile(r"([=~])([^=~]*)")
WEIGHT = re.compile(r"\s*%(-?\d{1,3}(?:\.\d{0,7})?)%")
TRUTH = re.compile(r"\s*(T|TRUE|F|FALSE)\s*(?:#.*)?", re.IGNORECASE | re.DOTALL)
OWN_FACTS = re.compile(r"(marks|unit|case|parts):(.+)")
EXPLANATION = re.compile(r'<div class="explanation">(.*?)</div>\s*', re.DOTALL)
READERS: dict[str, Callable[[str], Converted]] = {
    "html": from_html,
    "moodle": from_moodle,
    "plain": from_plain,
    "markdown": from_markdown,
}


@dataclass
class _Block:
    """The lines of one question, and what the comments above it say."""

    line: int
    lines: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    category: tuple[str, ...] = ()


def parse(data: bytes, *, file_name: str = "") -> ParsedFile:
    """Every question of a GIFT file. Raises FormatError for what is no text or has too many questions."""
    text, note = decode(data)
    items: list[ImportedItem] = []
    skipped: list[Skipped] = []
    for count, found in enumerate(_blocks(RESERVED.sub("", text))):
        if count >= MAX_ITEMS:
            raise FormatError(f"The file has more than {MAX_ITEMS} questions; split it.")
        read = _Question(found, note).read()
        (items if isinstance(read, ImportedItem) else skipped).append(read)  # type: ignore[arg-type]
    return ParsedFile("gift", tuple(items), tuple(skipped))


def _blocks(text: str) -> Iterator[_Block]:
    category: tuple[str, ...] = ()
    current = _Block(1)
    for position, line in enumerate(text.split("\n"), start=1):
        bare = line.strip()
        is_category = bare.startswith("$CATEGORY:")
        if (not bare or is_category) and current.lines:
            yield current
            current = _Block(position)
        if is_category:
            names = (part.replace("\ue02f", "/").strip() for part in bare[10:].replace("//", NEWLINE).split("/"))
            category = tuple(name for name in names if name and name != "top" and not re.fullmatch(r"\$\w+\$", name))
        elif bare.startswith("//"):
            if "[" in bare:
                current.comments.append(bare)
        elif bare:
            if not current.lines:
                current.line, current.category = position, category
            current.lines.append(line)
    if current.lines:
        yield current


@dataclass(frozen=True)
class _Answer:
    """One `=` or `~` of the answer block: `weight` in per cent, if given."""

    right: bool
    weight: Decimal | None
    text: str
    feedback: str

    @property
    def percent(self) -> Decimal:
        return self.weight if self.weight is not None else Decimal(100 if self.right else 0)


class _Question:
    def __init__(self, block: _Block, note: str) -> None:
        self._where = f"line {block.line}"
        self._notes = [note] if note else []
        self._source = "\n".join(block.lines)
        self._category = block.category
        comments = "\n".join(block.comments)
        self._format = "moodle"
        self._key = match[1].strip() if (match := COMMENT_ID.search(comments)) else None
        tags = COMMENT_TAG.findall(comments)
        self._own = {match[1]: match[2] for tag in tags if (match := OWN_FACTS.fullmatch(tag))}
        self._facts, self._tags = split_tags([tag for tag in tags if not OWN_FACTS.fullmatch(tag)])

    def read(self) -> ImportedItem | Skipped:
        """The question as an item, or why it is none."""
        if len(self._source) > MAX_QUESTION or self._source.count("<div") > MAX_BLOCKS:
            return Skipped(self._where, "", f"It has more than {MAX_QUESTION} characters.")
        source = ESCAPE.sub(lambda match: ESCAPES[match[1]] if match[1] else NEWLINE, self._source).strip()
        source = FORMULA.sub(lambda match: re.sub(r"[~=#{}:]", lambda one: ESCAPES[one[0]], match[0]), source)
        name = ""
        if title := re.match(r"::(.*?)::", source, re.DOTALL):
            name, source = " ".join(self._plain(title[1]).split()), source[title.end() :]
        try:
            start = re.sub("<[^<>]*>", "", self._plain(FORMAT.sub("", source, count=1).split("{")[0]))
            name = name or " ".join(start.split())[:60]
            type, fields = self._body(source)
        except (UnusableError, FormatError) as problem:
            return Skipped(self._where, name, str(problem))
        chapter, topic = ("", "", *self._category)[-2:] if len(self._category) > 1 else ((*self._category, "")[0], "")
        head = {
            "where": self._where,
            "name": name,
            "key": self._key,
            "chapter": chapter,
            "topic": topic,
            "tags": self._tags,
        }
        return finish(head, type, fields, self._facts, self._notes)

    def _body(self, source: str) -> tuple[str, dict[str, Any]]:
        before, brace, rest = source.partition("{")
        if not brace:
            raise UnusableError("It is a description without a question.")
        inside, brace, after = rest.partition("}")
        if re.search(r"^::", after, re.MULTILINE):
            raise UnusableError("Another question begins in it: GIFT wants an empty line between questions.")
        if not brace or "{" in inside or "{" in after or "}" in after:
            raise UnusableError("Its braces do not match: outside the answers they are written \\{ and \\}.")
        if match := FORMAT.match(before):
            self._format = match[1].lower()
        text, after = before, after.strip()
        if after and not (after in {".", "?", "!"} and before.rstrip().endswith(("?", ".", "!"))):
            text = f"{before.rstrip()} _____{'' if after[0] in '.,;:?!' else ' '}{after}"
        answers, _marks, general = inside.partition("####")
        fields: dict[str, Any] = {
            "text": self._text(text),
            "explanation": "",
            "marks": half_marks(number(self._own["marks"]), self._notes) if "marks" in self._own else Decimal(1),
        }
        answers = answers.strip()
        if not answers:
            return self._essay(fields, general)
        fields["explanation"] = self._text(general)
        if answers.startswith("#"):
            return "numeric", self._numeric(fields, answers[1:])
        if TRUTH.fullmatch(answers):
            return "true_false", self._true_false(fields, answers)
        found = self._answers(answers) or [self._answer("=", answers)]
        if "~" in answers and sum(answer.right for answer in found) > 1:
            found = self._by_lines(answers, found)
        if "~" in answers:
            return self._choice(fields, found)
        if len(found) > 1 and all("->" in answer.text for answer in found):
            return "matching", self._matching(fields, found)
        return "short_text", self._short_text(fields, found)

    # --- Types -------------------------------------------------------------------------------------------------------
    def _choice(self, fields: dict[str, Any], answers: list[_Answer]) -> tuple[str, dict[str, Any]]:
        fields["options"] = options = labelled([self._text(answer.text) for answer in answers])
        several = not any(answer.right for answer in answers)
        percents = [answer.percent for answer in answers]
        if not several:
            best = max(percents)
            right = [i for i, percent in enumerate(percents) if percent == best]
            if best < 100:
                self._notes.append(f"The best option gave {plain_number(best)} %; it now gives full marks.")
            if len(right) > 1:
                self._notes.append(SEVERAL_RIGHT)
            if any(0 < percent < best for percent in percents):
                self._notes.append("Other options earned a part of the marks; now only the right one earns any.")
            if any(percent < 0 for percent in percents):
                self._notes.append("Wrong options took marks away; now they earn nothing.")
            kind = "assertion_reason" if self._facts.get("type") == "assertion_reason" else "single_choice"
            fields["answer"] = {"choices": [options[i].label for i in right]}
            if len(right) > 1:
                kind, fields["answer"]["grading"] = "multiple_choice", "partial"
        else:
            kind, right = "multiple_choice", self._several(percents)
            fields["answer"] = {"choices": [options[i].label for i in right]}
            if self._facts.get("grading") != "all":
                fields["answer"]["grading"] = "partial"
        self._feedback(fields, answers, [i in right for i in range(len(answers))], [one.text for one in options])
        return kind, fields

    def _several(self, percents: list[Decimal]) -> list[int]:
        right = [i for i, percent in enumerate(percents) if percent > 0]
        wrong = [percent for percent in percents if percent <= 0]
        if not right:
            raise UnusableError("No option is marked as right.")
        if self._facts.get("grading") != "all":
            if any(abs(percents[i] - Decimal(100) / len(right)) > 1 for i in right):
                self._notes.append("The right options earned different shares; now each earns the same.")
            if any(abs(percent + Decimal(100) / len(wrong)) > 1 for percent in wrong):
                self._notes.append("A wrong option now takes away its equal share of the marks, never below 0.")
        return right

    def _true_false(self, fields: dict[str, Any], source: str) -> dict[str, Any]:
        value, *feedback = source.split("#")
        fields["answer"] = {"choices": ["true" if value.strip().upper().startswith("T") else "false"]}
        # The first feedback is for the wrong choice, the second for the right one.
        other = "true" if fields["answer"]["choices"] == ["false"] else "false"
        told = [("", self._text(text), True) for text in feedback[1:2]]
        told += [(other, self._text(text), False) for text in feedback[:1]]
        fields["explanation"] = with_feedback(fields["explanation"], told, self._notes)
        return fields

    def _numeric(self, fields: dict[str, Any], source: str) -> dict[str, Any]:
        answers = self._answers(source) or [self._answer("=", source)]
        usable = [answer for answer in answers if answer.percent > 0 and answer.text.strip() != "*"]
        best = max(usable, key=lambda answer: answer.percent, default=None)
        if best is None:
            raise UnusableError("No number is marked as the right answer.")
        if len(usable) > 1:
            self._notes.append("Further answers earned marks too; only the best was kept.")
        fields["answer"] = self._number_key(self._plain(best.text).strip())
        if "unit" in self._own:
            fields["answer"]["unit"] = self._own["unit"]
        self._feedback(fields, answers, [answer is best for answer in answers])
        return fields

    def _number_key(self, text: str) -> dict[str, str]:
        low, dots, high = text.partition("..")
        if dots:
            start, end = number(low), number(high)
            if start is None or end is None or end < start:
                raise UnusableError(f"“{text[:40]}” is no range of numbers.")
            return {"value": plain_number((start + end) / 2), "tolerance": plain_number((end - start) / 2)}
        value, colon, tolerance = text.partition(":")
        key = {"value": _figures(value)}
        return key | {"tolerance": _figures(tolerance)} if colon else key

    def _short_text(self, fields: dict[str, Any], answers: list[_Answer]) -> dict[str, Any]:
        accepted: dict[str, Decimal] = {}
        for answer in answers:
            text = " ".join(self._plain(FORMAT.sub("", answer.text, count=1)).split())
            credit = min(answer.percent, Decimal(100)) / 100
            if credit > 0 and text and text != "*":
                accepted[text] = max(accepted.get(text, Decimal(0)), credit)
        if not accepted:
            raise UnusableError("No text is accepted as the right answer.")
        rows = [{"text": text, "credit": plain_number(credit)} for text, credit in accepted.items()]
        fields["answer"] = {"accepted": rows, "match_case": self._own.get("case") == "1"}
        self._feedback(fields, answers, [answer.percent == 100 for answer in answers])
        return fields

    def _matching(self, fields: dict[str, Any], answers: list[_Answer]) -> dict[str, Any]:
        pairs = [answer.text.split("->", 1) for answer in answers]
        rights = [from_plain(self._plain(right).strip()).text for _left, right in pairs]
        met = list(dict.fromkeys(rights))
        if sorted(order := self._facts.get("order", "").split("-")) == [one.label for one in labelled(met)]:
            met = [text for _label, text in sorted(zip(order, met, strict=True))]
        choices = labelled(met)
        label_of = {choice.text: choice.label for choice in choices}
        prompts = [(self._text(left), right) for (left, _), right in zip(pairs, rights, strict=True) if left.strip()]
        if "parts" in self._own:
            marks = [half_marks(number(one), self._notes) for one in self._own["parts"].split("-")]
        else:
            marks = spread(max(fields["marks"], Decimal(len(prompts))), [Decimal(1)] * len(prompts), self._notes)
            if "marks" not in self._own:
                self._notes.append("Every pair carries 1 mark.")
        if len(marks) != len(prompts):
            raise UnusableError("The marks of its pairs do not fit their number.")
        fields["options"] = choices
        fields["parts"] = tuple(
            PartContent(str(i), text, part_marks)
            for i, ((text, _), part_marks) in enumerate(zip(prompts, marks, strict=True), start=1)
        )
        fields["answer"] = {"pairs": {str(i): label_of[right] for i, (_, right) in enumerate(prompts, start=1)}}
        fields["marks"] = sum(marks, Decimal(0))
        return fields

    def _essay(self, fields: dict[str, Any], general: str) -> tuple[str, dict[str, Any]]:
        kind = written_type(fields["marks"], self._facts)
        match = FORMAT.match(general)
        scheme = self._plain(FORMAT.sub("", general, count=1))
        if match and 'class="step ' in scheme:
            if explanation := EXPLANATION.search(scheme):
                fields["explanation"] = self._converted(from_html(explanation[1], picture=str))
                scheme = EXPLANATION.sub("", scheme, count=1)
        elif general.strip():
            scheme = f'<div class="model-answer">{self._converted(from_moodle(scheme))}</div>'
            self._notes.append("The general feedback became the model answer.")
        fields |= read_scheme(scheme, fields["marks"], self._notes, str)
        if kind == "case_study":
            fields["text"], fields["parts"] = self._case_parts()
        return kind, fields

    def _case_parts(self) -> tuple[str, tuple[PartContent, ...]]:
        source = self._plain(ESCAPE.sub(lambda m: ESCAPES[m[1]] if m[1] else NEWLINE, self._source).partition("{")[0])
        source = FORMAT.sub("", re.sub(r"^\s*::.*?::", "", source, count=1, flags=re.DOTALL), count=1)
        parts = [
            PartContent(
                facts.get("label", ""),
                self._converted(from_html(text, picture=str)),
                number(facts.get("marks")) or Decimal(1),
                facts.get("alternative", ""),
            )
            for facts, text in ((block_facts(classes), text) for classes, text in PART.findall(source))
        ]
        return self._converted(from_html(PART.sub("", source), picture=str)), tuple(parts)

    # --- Texts -------------------------------------------------------------------------------------------------------
    def _answers(self, source: str) -> list[_Answer]:
        return [self._answer(sign, text) for sign, text in ANSWER.findall(source)]

    def _by_lines(self, source: str, found: list[_Answer]) -> list[_Answer]:
        """The answers with signs inside a line taken for text, if that leaves one right; else as `found`."""
        lines = [line.strip() for line in source.split("\n") if line.strip()]
        if sum(line[0] in "=~" for line in lines) < 2:
            return found
        kept = [line[0] + re.sub("[=~]", lambda match: ESCAPES[match[0]], line[1:]) for line in lines]
        answers = self._answers("\n".join(kept))
        if sum(answer.right for answer in answers) != 1:
            return found
        self._notes.append("A “=” or “~” inside a line was not escaped (\\=); it was read as a part of the text.")
        return answers

    def _answer(self, sign: str, source: str) -> _Answer:
        text, _hash, feedback = source.partition("#")
        weight = WEIGHT.match(text)
        if weight:
            text = text[weight.end() :]
        return _Answer(sign == "=", Decimal(weight[1]) if weight else None, text, feedback)

    def _feedback(
        self, fields: dict[str, Any], answers: list[_Answer], right: list[bool], shown: list[str] | None = None
    ) -> None:
        """What is said about each answer goes into the explanation; answers that were typed are `shown` as they are."""
        if shown is None:
            shown = [from_plain(self._plain(answer.text).strip("* \n\t")).text for answer in answers]
        told = [(text, self._text(one.feedback), good) for text, one, good in zip(shown, answers, right, strict=True)]
        fields["explanation"] = with_feedback(fields["explanation"], told, self._notes)

    def _text(self, source: str) -> str:
        """One text with its own format, or the question's."""
        form = self._format
        if match := FORMAT.match(source):
            form, source = match[1].lower(), source[match.end() :]
        return self._converted(READERS[form](self._plain(source).strip())) if source.strip() else ""

    def _converted(self, converted: Converted) -> str:
        self._notes += [note for note in converted.notes if note not in self._notes]
        return converted.text

    def _plain(self, source: str) -> str:
        return RESERVED.sub(lambda match: PLAIN.get(match[0], "\n"), source)


def _figures(text: str) -> str:
    """A number as it stands if we can take it so, else in plain figures."""
    text = text.strip()
    if plain_decimal(text) is not None:
        return text
    value = number(text)
    if value is None:
        raise UnusableError(f"“{text[:40]}” is no number.")
    return plain_number(value)

"""Moodle's embedded answers ("cloze"): `{1:SHORTANSWER:=Bern~%50%Berne#feedback}` inside the text, and back."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from assessments.services.formats.moodle_xml_source import Source
from assessments.services.formats.moodle_xml_types import Read, number_key
from assessments.services.formats.xml_items import (
    UnusableError,
    accepted_texts,
    half_marks,
    number,
    plain_number,
    with_parts,
)
from assessments.services.formats.xml_tools import child, plain

TEXT = {"SHORTANSWER": False, "SA": False, "MW": False, "SHORTANSWER_C": True, "SAC": True, "MWC": True}
NUMBERS = {"NUMERICAL", "NM"}
CHOICES = {
    "MULTICHOICE", "MC", "MULTICHOICE_V", "MCV", "MULTICHOICE_H", "MCH", "MULTICHOICE_S", "MCS", "MULTICHOICE_VS",
    "MCVS", "MULTICHOICE_HS", "MCHS",
}  # fmt: skip
SEVERAL = {
    "MULTIRESPONSE", "MR", "MULTIRESPONSE_H", "MRH", "MULTIRESPONSE_S", "MRS", "MULTIRESPONSE_HS", "MRHS",
}  # fmt: skip
KINDS = TEXT.keys() | NUMBERS | CHOICES | SEVERAL
START = re.compile(r"\{(\d{0,5}):([A-Z_]{2,20}):")
ESCAPABLE = '}#~/"\\'
#: An unescaped mark, or an escaped character as a whole.
PIECES = re.compile(r"\\(.)|(.)", re.DOTALL)
CREDIT = re.compile(r"(=|%(-?\d{1,3}(?:\.\d{1,9})?)%)?(.*)", re.DOTALL)
MAX_BLANKS = 100


@dataclass
class _Blank:
    kind: str
    weight: Decimal
    answers: list[tuple[str, Decimal]] = field(default_factory=list)
    feedback: bool = False


def cloze(source: Source) -> Read:
    """A text with blanks. A choice of several answers at one place has no counterpart of ours."""
    blanks: list[_Blank] = []

    def take_out(raw: str) -> str:
        return _take_out(raw, blanks, source)

    text = source.text("questiontext", take_out)
    if not blanks:
        raise UnusableError("Its text has no blanks.")
    weights = [blank.weight for blank in blanks]
    graded = child(source.element, "defaultgrade")
    marks = number(plain(graded)) if graded is not None else None
    fields: dict[str, Any] = {
        "marks": half_marks(marks or sum(weights, Decimal(0)), source.notes),
        "text": text,
        **source.feedback(),
        "answer": {"blanks": {str(i): _key(blank, source) for i, blank in enumerate(blanks, start=1)}},
    }
    if any(blank.feedback for blank in blanks):
        source.notes.append("The feedback to single answers was left out.")
    return "fill_in", with_parts(source.notes, fields, [""] * len(blanks), weights)


def _take_out(raw: str, blanks: list[_Blank], source: Source) -> str:
    """`raw` with every blank replaced by its mark."""
    written, at = [], 0
    while match := START.search(raw, at):
        if match[2] not in KINDS:
            written.append(raw[at : match.end()])
            at = match.end()
            continue
        end = _end(raw, match.end())
        if end is None:
            break
        if len(blanks) == MAX_BLANKS:
            raise UnusableError(f"It has more than {MAX_BLANKS} blanks.")
        blanks.append(_blank(match[2], match[1], raw[match.end() : end]))
        written += [raw[at : match.start()], source.keep(f"[[{len(blanks)}]]")]
        at = end + 1
    return "".join([*written, raw[at:]])


def _end(raw: str, start: int) -> int | None:
    """Where the blank closes: the first brace that no backslash precedes."""
    for match in re.compile(r"\\[}#~/\"\\]|\}").finditer(raw, start):
        if match[0] == "}":
            return match.start()
    return None


def _blank(kind: str, weight: str, body: str) -> _Blank:
    blank = _Blank(kind, Decimal(int(weight or 1) or 1))
    # The editor escapes HTML inside a blank; a tag there is only decoration.
    plain_body = html.unescape(re.sub(r"<[^<>]*>", "", body)).replace("\xa0", " ")
    for alternative in _split(plain_body, "~"):
        answer, *feedback = _split(alternative, "#")
        blank.feedback = blank.feedback or bool("".join(feedback).strip())
        match = CREDIT.match(answer.lstrip())
        assert match is not None  # every part of it is optional
        fraction = Decimal(match[2]) if match[2] else Decimal(100 if match[1] else 0)
        text = PIECES.sub(_unescape, match[3]).strip()
        if text:
            blank.answers.append((text, fraction))
    return blank


def _unescape(match: re.Match[str]) -> str:
    return match[0] if match[1] is None or match[1] not in ESCAPABLE else match[1]


def _split(text: str, mark: str) -> list[str]:
    """`text` at every `mark` that no backslash precedes; backslashes stay."""
    parts, start = [], 0
    for match in re.compile(rf"\\.|{mark}", re.DOTALL).finditer(text):
        if match[0] == mark:
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]


def _key(blank: _Blank, source: Source) -> dict[str, Any]:
    if blank.kind in SEVERAL:
        raise UnusableError("One of its blanks lets several answers be chosen at once.")
    if blank.kind in TEXT:
        return {
            "kind": "text",
            "accepted": accepted_texts([(text, share / 100) for text, share in blank.answers], source.notes),
            "match_case": TEXT[blank.kind],
        }
    if blank.kind in NUMBERS:
        triples = [
            (value, margin, share) for text, share in blank.answers for value, _c, margin in [text.partition(":")]
        ]
        return {"kind": "number", "tolerance": "0"} | number_key(triples, source.notes)
    best = max((share for _text, share in blank.answers), default=Decimal(0))
    if best <= 0:
        raise UnusableError("One of its blanks has no right choice.")
    if any(0 < share < best for _text, share in blank.answers):
        source.notes.append("Other choices earned a part of the marks; now only the right one earns any.")
    if best < 99:
        source.notes.append(f"The best choice of a blank gave {plain_number(best)} %; it now gives full marks.")
    right = [text for text, share in blank.answers if share == best]
    if len(right) > 1:
        source.notes.append("Several choices of a blank were right; only the first was kept.")
    return {
        "kind": "choice",
        "options": list(dict.fromkeys(text for text, _share in blank.answers)),
        "correct": right[0],
    }


# --- Writing ---------------------------------------------------------------------------------------------------------
def write_blank(key: Mapping[str, Any], weight: int) -> str:
    """One blank as it stands in the HTML of the text."""
    kind = key["kind"]
    if kind == "text":
        name = "SHORTANSWER_C" if key.get("match_case") else "SHORTANSWER"
        body = "~".join(_alternative(one["text"], Decimal(one.get("credit", "1")) * 100) for one in key["accepted"])
    elif kind == "number":
        name, body = "NUMERICAL", f"={key['value']}:{key.get('tolerance', '0')}"
    else:
        name = "MULTICHOICE"
        body = "~".join(_alternative(text, 100 if text == key["correct"] else 0) for text in key["options"])
    return html.escape(f"{{{weight}:{name}:{body}}}", quote=False)


def _alternative(text: str, percent: Decimal | int) -> str:
    sign = "=" if percent == 100 else f"%{percent.normalize():f}%" if isinstance(percent, Decimal) else ""
    escaped = re.sub(r'[}#~/"\\]', r"\\\g<0>", text)
    # A leading sign of credit that belongs to the text would be read as one.
    return sign + escaped if sign or not re.match("[=%]", escaped) else f"%0%{escaped}"

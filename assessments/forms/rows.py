"""Rows of the question editor as they are typed, and how keys and variants are written in one line. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from string import ascii_uppercase
from typing import Any

from django.utils.translation import gettext as _

from assessments.services.content_schema import ROMAN, OptionContent

ALTERNATIVES = re.compile(r"(?<!\\)\|")
CREDIT = re.compile(r"\s+@\s*([0-9.]{1,8})$")
RANGE = re.compile(r"^([A-Za-z](?:_[A-Za-z0-9])?)\s*=\s*(\S+)\s*\.\.\s*(\S+?)(?:\s+step\s+(\S+))?$")
DERIVED = re.compile(r"^([A-Za-z](?:_[A-Za-z0-9])?)\s*:=\s*(.+)$")


@dataclass
class Row:
    """One row: what was typed by field name, and what is wrong with it."""

    values: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    label: str = ""

    def __getattr__(self, name: str) -> str:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.values.get(name, "")

    @property
    def is_empty(self) -> bool:
        return not any(self.values.get(name, "").strip() for name in ("text", "marks", "answer"))


def read_rows(data: Any, kind: str, fields: Sequence[str], ticks: Sequence[str] = ()) -> list[Row]:
    """The rows `kind` of a form: fields `steps-text` …, once per row, in order; `ticks` name rows by their number."""
    columns = {name: data.getlist(f"{kind}-{name}") for name in fields}
    ticked = {name: set(data.getlist(f"{kind}-{name}")) for name in ticks}
    rows = []
    for number in range(max((len(column) for column in columns.values()), default=0)):
        values = {name: column[number] if number < len(column) else "" for name, column in columns.items()}
        values |= {name: "1" if str(number) in numbers else "" for name, numbers in ticked.items()}
        rows.append(Row(values))
    return rows


# --- Texts a key accepts ---------------------------------------------------------------------------------------------
def join_accepted(accepted: Sequence[Mapping[str, Any]]) -> str:
    """ "mitral valve | bicuspid @ 0.5": how a blank's accepted texts are written in one line."""
    return " | ".join(
        str(row["text"]).replace("|", r"\|") + ("" if str(row.get("credit", "1")) == "1" else f" @ {row['credit']}")
        for row in accepted
    )


def split_accepted(text: str) -> list[dict[str, str]]:
    """The reverse of `join_accepted`."""
    rows = []
    for one in ALTERNATIVES.split(text):
        one = one.strip().replace(r"\|", "|")
        credit = CREDIT.search(one)
        if one:
            rows.append({"text": one[: credit.start()] if credit else one, "credit": credit[1] if credit else "1"})
    return rows


def split_choices(text: str) -> list[str]:
    return [one.strip().replace(r"\|", "|") for one in ALTERNATIVES.split(text) if one.strip()]


def join_choices(texts: Sequence[str]) -> str:
    return " | ".join(text.replace("|", r"\|") for text in texts)


# --- Variants --------------------------------------------------------------------------------------------------------
def write_parameters(parameters: Mapping[str, Any]) -> str:
    """Variants as lines: "a = 1..9 step 2", "s := a+b", "a != b"."""
    lines = []
    for name, limits in parameters.get("names", {}).items():
        step = limits.get("step", "1")
        lines.append(f"{name} = {limits['min']}..{limits['max']}" + ("" if step == "1" else f" step {step}"))
    lines += [f"{name} := {text}" for name, text in parameters.get("derived", {}).items()]
    return "\n".join([*lines, *parameters.get("constraints", [])])


def read_parameters(text: str) -> dict[str, Any]:
    """The reverse of `write_parameters`; what the parts mean is judged by the content's own rules."""
    names: dict[str, Any] = {}
    derived: dict[str, str] = {}
    constraints: list[str] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        if found := RANGE.match(line):
            names[found[1]] = {"min": found[2], "max": found[3]} | ({"step": found[4]} if found[4] else {})
        elif found := DERIVED.match(line):
            derived[found[1]] = found[2].strip()
        else:
            constraints.append(line)
    parameters: dict[str, Any] = {"names": names} if names or derived or constraints else {}
    if derived:
        parameters["derived"] = derived
    if constraints:
        parameters["constraints"] = constraints
    return parameters


# --- Labels ----------------------------------------------------------------------------------------------------------
def case_labels(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """(label, alternative) of case study parts: i, ii, iii …; one marked “or” is the other choice of the row above."""
    labels: list[tuple[str, str]] = []
    count = 0
    for number, row in enumerate(rows):
        following_is_or = number + 1 < len(rows) and bool(rows[number + 1].alternative)
        if row.alternative and labels:
            labels.append((labels[-1][0], "b"))
            continue
        count += 1
        roman = ROMAN[count - 1] if count <= len(ROMAN) else str(count)
        labels.append((roman, "a" if following_is_or else ""))
    return labels


def hide_order(texts: Sequence[str]) -> tuple[tuple[OptionContent, ...], list[str]]:
    """Items written in the right order, labelled so that the labels do not give the order away, and the key."""
    shuffled = sorted(texts, key=lambda text: hashlib.sha256(text.encode()).digest())
    labels = dict(zip(shuffled, ascii_uppercase, strict=False))
    return tuple(OptionContent(labels[text], text) for text in shuffled), [labels[text] for text in texts]


def read_follows(text: str, positions: Mapping[str, int]) -> tuple[tuple[int, ...], str]:
    """The steps named in "1, 2" by their numbers on the page, and a sentence when one of them is not there.

    `positions`: the step of each number. What cannot be read is 0, which no step may follow.
    """
    found, wrong = [], ""
    for one in re.findall(r"[^\s,;+]+", text):
        number = one.lstrip("0") or "0"
        if not re.fullmatch(r"\d{1,3}", number, re.ASCII):
            wrong = _("Name the steps it follows by their numbers: 1, 2.")
        elif number not in positions:
            wrong = _("There is no step %s to follow.") % number
        found.append(positions.get(number, 0))
    return tuple(found), wrong


def read_decimal(text: str) -> Decimal | None:
    """Marks as typed: 2, 2.5, 2½, ½; None for anything else."""
    plain = text.strip().replace(",", ".")
    if plain.endswith("½"):
        plain = (plain[:-1].strip() or "0") + ".5"
    return Decimal(plain) if re.fullmatch(r"\d{1,4}(\.\d{1,4})?|\.\d{1,4}", plain, re.ASCII) else None

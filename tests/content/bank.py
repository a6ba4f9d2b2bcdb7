"""Reads the shipped mathematics banks for the content tests."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "assessments" / "data"
WRITTEN = frozenset({"very_short_answer", "short_answer", "long_answer", "case_study"})
CHOICE = frozenset({"single_choice", "multiple_choice", "assertion_reason"})


@dataclass(frozen=True, eq=False)
class Bank:
    """One folder of the bank and the board pattern it has to follow.

    `table`: the slots of each unit in sections A to E, and its marks; `choices`: slots with internal choice by section;
    `cases_with_choice`: units whose case studies offer a choice in part iii.
    """

    folder: Path
    prefix: str
    table: Mapping[str, tuple[tuple[int, ...], int]]
    choices: Mapping[str, int]
    cases_with_choice: frozenset[str]

    @property
    def units(self) -> tuple[str, ...]:
        """The slugs of the units; each is the stem of a file of items."""
        return tuple(self.table)


BANKS = {
    "x": Bank(
        DATA / "cbse_x_mathematics",
        "x",
        {
            "number-systems": ((3, 0, 1, 0, 0), 6),
            "algebra": ((4, 2, 1, 1, 1), 20),
            "coordinate-geometry": ((2, 0, 0, 0, 1), 6),
            "geometry": ((2, 1, 2, 1, 0), 15),
            "trigonometry": ((3, 1, 1, 0, 1), 12),
            "mensuration": ((3, 1, 0, 1, 0), 10),
            "statistics-and-probability": ((3, 0, 1, 1, 0), 11),
        },
        {"B": 2, "C": 2, "D": 2},
        frozenset({"algebra", "coordinate-geometry", "trigonometry"}),
    ),
    "xii": Bank(
        DATA / "cbse_xii_mathematics",
        "xii",
        {
            "relations-and-functions": ((2, 1, 0, 0, 1), 8),
            "algebra": ((5, 0, 0, 1, 0), 10),
            "calculus": ((8, 2, 3, 2, 1), 35),
            "vectors-and-three-dimensional-geometry": ((2, 2, 1, 1, 0), 14),
            "linear-programming": ((2, 0, 1, 0, 0), 5),
            "probability": ((1, 0, 1, 0, 1), 8),
        },
        {"B": 2, "C": 3, "D": 2},
        frozenset({"relations-and-functions", "calculus"}),
    ),
}


@cache
def read(bank: Bank, name: str) -> dict[str, Any]:
    """One TOML file of a bank by its stem."""
    return tomllib.loads((bank.folder / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def items(bank: Bank) -> dict[str, dict[str, Any]]:
    """Every item of a bank by key, with the unit slug added under 'unit'."""
    found: dict[str, dict[str, Any]] = {}
    for unit in bank.units:
        for item in read(bank, unit)["item"]:
            if item["key"] in found:
                raise ValueError(f"key used twice: {item['key']}")
            found[item["key"]] = {**item, "unit": unit}
    return found


def texts(item: dict[str, Any]) -> list[str]:
    """Every Markdown text of an item."""
    found = [item["text"], item["explanation"], item.get("model_answer", "")]
    for group in ("options", "parts", "steps"):
        found.extend(entry["text"] for entry in item.get(group, ()))
    return found


def formulas(text: str) -> list[tuple[str, bool]]:
    """The TeX formulas of a Markdown text as (tex, display). Raises ValueError for an odd number of dollars."""
    display = [(tex, True) for tex in re.findall(r"\$\$(.+?)\$\$", text, re.DOTALL)]
    rest = re.sub(r"\$\$.+?\$\$", " ", text, flags=re.DOTALL)
    if rest.count("$") % 2:
        raise ValueError(f"unbalanced $ in {text[:60]!r}")
    return display + [(tex, False) for tex in re.findall(r"\$([^$]+)\$", rest)]

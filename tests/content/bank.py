"""Reads the shipped class X mathematics data for the content tests."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "assessments" / "data" / "cbse_x_mathematics"
UNITS = (
    "number-systems",
    "algebra",
    "coordinate-geometry",
    "geometry",
    "trigonometry",
    "mensuration",
    "statistics-and-probability",
)
WRITTEN = frozenset({"very_short_answer", "short_answer", "long_answer", "case_study"})
CHOICE = frozenset({"single_choice", "multiple_choice", "assertion_reason"})


@cache
def read(name: str) -> dict[str, Any]:
    """One TOML file of the bank by its stem."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def items() -> dict[str, dict[str, Any]]:
    """Every item by key, with the unit slug added under 'unit'."""
    found: dict[str, dict[str, Any]] = {}
    for unit in UNITS:
        for item in read(unit)["item"]:
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

"""Moodle's calculated questions as questions with parameters, where their formulas are arithmetic."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

from assessments.services.formats.moodle_xml_source import Source
from assessments.services.formats.moodle_xml_types import Read, multichoice
from assessments.services.formats.xml_items import UnusableError, number, plain_number
from assessments.services.formats.xml_tools import child, children, plain

#: Single letters that mean nothing else in an expression.
LETTERS = "abcdfghjklmnpqrstuvwxyzABCDFGHJKLMNPQRSTUVWXYZ"
SIMPLE = re.compile(r"(?:[-+*/^() ]|\d+(?:\.\d*)?|\.\d+|abs(?=\()|[A-Za-z](?![A-Za-z(]))+", re.ASCII)
MAX_FORMULA = 300


def calculated(source: Source) -> Read:
    """Numbers drawn anew for every student."""
    names, ranges = _parameters(source)
    wild = _Wild(names)
    source.prepare = lambda raw: wild.replace(raw, source)
    if source.element.get("type") == "calculatedmulti":
        kind, fields = multichoice(source)
    else:
        kind, fields = "numeric", _numeric(source, wild)
    renamed = [f"{old} is now {new}" for old, new in names.items() if old != new]
    if renamed:
        source.notes.append(f"Parameters were renamed: {', '.join(renamed)}.")
    source.notes.append("The values prepared in the file were left out; values are drawn from the same ranges.")
    fields["parameters"] = {"names": ranges}
    return kind, fields


def _numeric(source: Source, wild: _Wild) -> dict[str, Any]:
    """As a numerical question whose answer is the formula."""
    answers = [answer for answer in source.answers() if answer.fraction > 0]
    if not answers:
        raise UnusableError("No formula is marked as the right answer.")
    best = max(answers, key=lambda answer: answer.fraction)
    formula = wild.formula(best.raw)
    if len(answers) > 1:
        source.notes.append("Further answers earned marks too; only the best was kept.")
    margin = number(plain(child(best.element, "tolerance")))
    # A division may give thirds; rounded, every value is a decimal number.
    places = ":6" if set(formula) & {"/", "^"} else ""
    key = {"value": f"[[={formula}{places}]]"}
    if margin:
        how = plain(child(best.element, "tolerancetype")) or "1"
        figure = plain_number(abs(margin))
        key["tolerance"] = figure if how == "2" else f"[[={figure}*abs({formula}):6]]"
        if how == "3":
            source.notes.append("The geometric tolerance became a relative one.")
    unit = child(source.element, "units", "unit", "unit_name")
    if unit is not None and plain(unit):
        key["unit"] = plain(unit)
        if sum(1 for holder in children(source.element, "units") for _unit in children(holder, "unit")) > 1:
            source.notes.append("Only the first unit was kept.")
    return source.common() | {"answer": key}


def _parameters(source: Source) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The file's names with ours for them, and our parameters."""
    names: dict[str, str] = {}
    ranges: dict[str, dict[str, str]] = {}
    definitions = child(source.element, "dataset_definitions")
    found = children(definitions, "dataset_definition") if definitions is not None else []
    wanted = [plain(child(one, "name")) for one in found]
    free = [letter for letter in LETTERS if letter not in wanted]
    for name, one in zip(wanted, found, strict=True):
        if not name or name in names or not free:
            raise UnusableError("Its parameters are not clear.")
        names[name] = name if len(name) == 1 and name in LETTERS else free.pop(0)
        low, high = number(plain(child(one, "minimum"))), number(plain(child(one, "maximum")))
        decimals = plain(child(one, "decimals")) or "0"
        if low is None or high is None or low > high or not re.fullmatch("[0-9]", decimals):
            raise UnusableError(f"The range of the parameter {name[:20]} cannot be read.")
        step = "1" if decimals == "0" else "0." + "0" * (int(decimals) - 1) + "1"
        ranges[names[name]] = {"min": plain_number(low), "max": plain_number(high), "step": step}
        if "loguniform" in plain(child(one, "distribution")):
            source.notes.append(f"Values of {name} are now drawn evenly, not by their logarithm.")
    if not names:
        raise UnusableError("The file does not contain the ranges of its parameters.")
    return names, ranges


class _Wild:
    """Puts our parameters where `{name}` and `{=formula}` stand."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._single = re.compile(r"\{(" + "|".join(map(re.escape, sorted(names, key=len, reverse=True))) + r")\}")

    def replace(self, raw: str, source: Source) -> str:
        """`raw` with marks that pass through the HTML."""
        written, at = [], 0
        while (start := raw.find("{=", at)) >= 0:
            end = _closing(raw, start)
            if end is None:
                break
            formula = self.formula(html.unescape(re.sub("<[^<>]*>", "", raw[start + 2 : end])))
            written += [self._bare(raw[at:start], source), source.keep(f"[[={formula}]]")]
            at = end + 1
        return "".join([*written, self._bare(raw[at:], source)])

    def _bare(self, raw: str, source: Source) -> str:
        return self._single.sub(lambda match: source.keep(f"[[={self._names[match[1]]}]]"), raw)

    def formula(self, raw: str) -> str:
        """A formula of the file as one of ours. Raises UnusableError for anything but arithmetic."""
        text = self._single.sub(lambda match: self._names[match[1]], raw.strip().lstrip("="))
        text = re.sub(r"\bpow\(([^(),]+),([^(),]+)\)", r"((\1)^(\2))", text.replace("**", "^"))
        text = " ".join(text.split())
        if not text or len(text) > MAX_FORMULA or not SIMPLE.fullmatch(text):
            raise UnusableError(f"Its formula is more than plain arithmetic: “{raw.strip()[:60]}”.")
        return text


def _closing(raw: str, start: int) -> int | None:
    depth = 0
    for at in range(start, min(len(raw), start + 4 * MAX_FORMULA)):
        depth += {"{": 1, "}": -1}.get(raw[at], 0)
        if not depth:
            return at
    return None

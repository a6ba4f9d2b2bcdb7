"""The marking scheme's rows in the editor by their methods: grouped, numbered, added and removed. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assessments.forms.rows import Row
from assessments.services.content_schema import MAX_METHODS


@dataclass(frozen=True)
class MethodRows:
    """One method as typed: its number on the page, its title and its steps."""

    number: int
    title: str
    rows: list[Row]
    is_new: bool = False

    @property
    def filled(self) -> list[Row]:
        return [row for row in self.rows if not row.is_empty]


def methods_of(titles: Sequence[Row], steps: Sequence[Row]) -> list[MethodRows]:
    """The methods of the page in order, at least one; a step that names none of them belongs to the first."""
    numbers = [int(row.method) if re.fullmatch("[1-9]", row.method, re.ASCII) else 1 for row in steps]
    count = max([1, len(titles), *numbers])
    return [
        MethodRows(
            number,
            titles[number - 1].text if number <= len(titles) else "",
            [row for row, method in zip(steps, numbers, strict=True) if method == number],
            is_new=number <= len(titles) and bool(titles[number - 1].values.get("new")),
        )
        for number in range(1, min(count, 9) + 1)
    ]


def with_something(methods: Sequence[MethodRows]) -> list[MethodRows]:
    """The methods in which something is written: one left empty is none."""
    return [method for method in methods if method.filled or method.title.strip()]


def label_steps(titles: Sequence[Row], steps: Sequence[Row]) -> None:
    """Every row gets its number within its method, by which `follows` names it."""
    for method in methods_of(titles, steps):
        for number, row in enumerate(method.rows, 1):
            row.label = str(number)


def changed(methods: Sequence[MethodRows], do: str) -> tuple[list[Row], list[Row]]:
    """Titles and steps after “method-add” (an empty method with one step) or “method-drop-2” (that one is gone)."""
    kept = list(methods)
    if do == "method-add" and len(kept) < MAX_METHODS:
        kept.append(MethodRows(len(kept) + 1, "", [Row()], is_new=True))
    elif found := re.fullmatch("method-drop-([1-9])", do, re.ASCII):
        kept = [method for method in kept if method.number != int(found[1])] or [MethodRows(1, "", [Row()])]
    kept = [replace(method, number=number) for number, method in enumerate(kept, 1)]
    for method in kept:
        for row in method.rows:
            row.values["method"] = str(method.number)
    titles = [Row({"text": method.title} | ({"new": "1"} if method.is_new else {})) for method in kept]
    return titles, [row for method in kept for row in method.rows]

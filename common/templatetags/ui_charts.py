"""Charts of work ahead, drawn by the server with a table behind. Registered as builtins like `ui`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django import template

from common.work_charts import burn_down as burn_down_geometry
from common.work_charts import columns

register = template.Library()

SIZES = (("chart--d", 720, 240), ("chart--m", 350, 220))


@register.filter
def hours(length: timedelta | float | None) -> str:
    """A length of time, or seconds, as hours with one digit: 5400 → 1.5."""
    if length is None:
        return ""
    return f"{(length.total_seconds() if isinstance(length, timedelta) else length) / 3600:.1f}"


@register.filter
def percent(share: float | None) -> str:
    """0.25 → 25 %."""
    return "" if share is None else f"{share:.0%}".replace("%", "\u202f%")


@register.inclusion_tag("components/stack_bar.html")
def stack_bar(parts: Iterable[Mapping[str, Any]], most: int) -> dict[str, Any]:
    """{% stack_bar parts most=120 %}: one flat bar beside its number in a table; parts: {count, tone}. Decoration."""
    made, at = [], 0.0
    for part in parts:
        width = round(100 * part["count"] / most, 2) if most else 0
        if width:
            made.append({"x": round(at, 2), "width": width, "tone": part["tone"]})
        at += width
    return {"parts": made}


@register.inclusion_tag("components/burn_down.html")
def burn_down(
    expected: Sequence[float], allowed: Sequence[float], names: Sequence[tuple[int, str]], title: str, summary: str = ""
) -> dict[str, Any]:
    """{% burn_down expected allowed names title=title %}: papers expected to be open against how many may be.

    Lines over equal steps from now; `names` are (step, text). The table behind is the page's.
    """
    variants = [
        (css, burn_down_geometry(expected, allowed, names, width=width, height=height)) for css, width, height in SIZES
    ]
    return {"variants": variants, "title": title, "summary": summary}


@register.inclusion_tag("components/load_columns.html")
def load_columns(
    rows: Iterable[Mapping[str, Any]], first: str, second: str, title: str, summary: str = ""
) -> dict[str, Any]:
    """{% load_columns days "work" "free" title=title %}: two bars for each row, named by its `label`.

    `first` and `second` name the numbers in a row. The table behind is the page's.
    """
    found = list(rows)
    pairs = [(float(row[first]), float(row[second])) for row in found]
    names = [str(row["label"]) for row in found]
    sizes = SIZES if pairs else ()
    variants = [(css, columns(pairs, names, width=width, height=height)) for css, width, height in sizes]
    return {"variants": variants, "title": title, "summary": summary}

"""Simple figures of an answer sheet: pen strokes and letters in units of one ruled row, y upwards."""

from __future__ import annotations

import math
from dataclasses import dataclass

from config.demo.glyphs import Point

Label = tuple[str, float, float]


@dataclass(frozen=True)
class Figure:
    """The rows a figure takes, its round strokes (centre x, y, radius), its straight strokes and its letters."""

    rows: int
    circles: tuple[tuple[float, float, float], ...]
    lines: tuple[tuple[Point, ...], ...]
    labels: tuple[Label, ...]


def circle(x: float, y: float, radius: float) -> list[Point]:
    """Points of a circle drawn in one go, which overlaps its start a little."""
    return [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in (0.6 + i * 0.16 for i in range(42))]


FIGURES = {
    "tangents": Figure(
        5,
        ((2.2, 2.5, 1.5),),
        (((2.7, 3.91), (6.7, 2.5), (2.7, 1.09)), ((2.7, 3.91), (2.2, 2.5), (2.7, 1.09)), ((2.2, 2.5), (6.7, 2.5))),
        (("O", 1.6, 2.3), ("A", 2.75, 4.05), ("B", 2.75, 0.4), ("P", 6.85, 2.3)),
    ),
    "tangents-t": Figure(
        5,
        ((2.2, 2.5, 1.5),),
        (((2.7, 3.91), (6.7, 2.5), (2.7, 1.09), (2.7, 3.91)), ((2.7, 3.91), (2.2, 2.5), (2.7, 1.09))),
        (("O", 1.6, 2.3), ("P", 2.75, 4.05), ("Q", 2.75, 0.4), ("T", 6.85, 2.3)),
    ),
    "parallel": Figure(
        5,
        (),
        (((2.6, 4.3), (0.6, 0.7), (6.0, 0.7), (2.6, 4.3)), ((1.7, 2.68), (4.13, 2.68))),
        (("A", 2.45, 4.4), ("B", 0.1, 0.5), ("C", 6.15, 0.5), ("D", 1.1, 2.6), ("E", 4.3, 2.6)),
    ),
    "concentric": Figure(
        5,
        ((2.6, 2.6, 2.0), (2.6, 2.6, 0.95)),
        (((0.84, 1.65), (4.36, 1.65)), ((0.84, 1.65), (2.6, 2.6), (2.6, 1.65))),
        (("A", 0.3, 1.45), ("B", 4.5, 1.45), ("P", 2.5, 0.95), ("O", 2.7, 2.6), ("17", 1.2, 2.3), ("8", 2.68, 1.85)),
    ),
    "graph": Figure(
        8,
        (),
        (
            ((0.4, 2.0), (6.4, 2.0)),
            ((6.1, 2.15), (6.4, 2.0), (6.1, 1.85)),
            ((1.4, 0.4), (1.4, 7.4)),
            ((1.25, 7.1), (1.4, 7.4), (1.55, 7.1)),
            ((1.1, 7.4), (4.3, 1.0)),
            ((0.8, 0.8), (5.2, 5.2)),
            *(((1.4 + 0.6 * i, 1.9), (1.4 + 0.6 * i, 2.1)) for i in range(1, 8)),
            *(((1.3, 2.0 + 0.6 * i), (1.5, 2.0 + 0.6 * i)) for i in range(1, 9)),
        ),
        (
            ("x", 6.55, 1.85),
            ("y", 1.6, 7.2),
            ("O", 0.95, 1.5),
            ("(3, 2)", 3.5, 3.05),
            ("1", 1.95, 1.4),
            ("4", 3.95, 1.4),
            ("2x + y = 8", 1.95, 6.5),
            ("x − y = 1", 5.3, 4.9),
        ),
    ),
    "tower": Figure(
        6,
        (),
        (((0.6, 0.8), (3.2, 0.8), (3.2, 3.4), (0.6, 0.8)), ((0.6, 0.8), (3.2, 5.3), (3.2, 3.4))),
        (("P", 0.1, 0.6), ("40 m", 1.5, 0.15), ("h", 3.4, 1.9), ("45°", 1.25, 0.9), ("60°", 1.0, 2.25)),
    ),
}

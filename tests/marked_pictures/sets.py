"""Drawn sets of annotations: every kind, in all places, with words in both languages. A seed gives the same set."""

from __future__ import annotations

import math
import random
from typing import Any

from evaluations.enums import AnnotationKind

COMMENTS = (
    "Show the sign.",
    "Where does this value come from? Compare it with the line above and say which theorem you use here.",
    "x² − 5x + 6 = 0, so x = 2 or 3",
    "क्षेत्रफल की इकाई लिखें।",
    "सूत्र पहले लिखें, फिर मान रखें: अंक उसी के हैं।",
    r"Where is $\sqrt{b^2-4ac}$? Start from $x=\frac{-b}{2a}$",
    "½ mark for ∠ABC = 90°, √2 ≥ π/3",
    "अच्छा है, well done! (+1½)",
    "“Why?” — 3 × 4 ÷ 2…",
)
MARKS = ("", "0.5", "1", "1.5", "2", "3")


def annotation_set(seed: int) -> list[dict[str, Any]]:
    """`kind`, `geometry`, `text` and `marks` of each annotation; at least one of every kind."""
    rng = random.Random(f"ink {seed}")
    kinds = [*AnnotationKind.values, *rng.choices(AnnotationKind.values, k=rng.randint(4, 16))]
    rng.shuffle(kinds)
    return [_annotation(kind, rng) for kind in kinds]


def _annotation(kind: str, rng: random.Random) -> dict[str, Any]:
    geometry: dict[str, Any] = {"x": round(rng.uniform(0.03, 0.9), 5), "y": round(rng.uniform(0.03, 0.95), 5)}
    if kind in (AnnotationKind.PEN, AnnotationKind.HIGHLIGHT, AnnotationKind.UNDERLINE):
        geometry = {"points": _line(kind, rng)}
    elif kind == AnnotationKind.CIRCLE or (kind == AnnotationKind.COMMENT and rng.random() < 0.4):
        geometry |= {"w": round(rng.uniform(0.02, 0.3), 5), "h": round(rng.uniform(0.01, 0.1), 5)}
    stamps = (AnnotationKind.TICK, AnnotationKind.HALF, AnnotationKind.CROSS)
    return {
        "kind": kind,
        "geometry": geometry,
        "text": rng.choice(COMMENTS) if kind == AnnotationKind.COMMENT else "",
        "marks": rng.choice(MARKS) if kind in stamps else "",
    }


def _line(kind: str, rng: random.Random) -> list[list[float | None]]:
    """A stroke from left to right, an underline nearly straight; with the pressure of a stylus or without."""
    x, y, long = rng.uniform(0.05, 0.6), rng.uniform(0.05, 0.9), rng.uniform(0.05, 0.35)
    count = rng.randint(2, 60) if kind == AnnotationKind.PEN else rng.randint(2, 12)
    swing = rng.uniform(0.005, 0.05) if kind == AnnotationKind.PEN else 0.002
    turns, pressed = rng.uniform(0.5, 4), rng.random() < 0.5
    points: list[list[float | None]] = []
    for place in range(count):
        share = place / (count - 1)
        height = y + swing * math.sin(share * turns * math.tau)
        pressure = [round(rng.uniform(0.2, 0.9), 2)] if pressed else []
        points.append([round(x + long * share, 5), round(height, 5), *pressure])
    return points

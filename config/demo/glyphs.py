"""Mathematical signs which the handwriting font lacks, drawn as pen strokes.

A stroke is a list of points in em units: x to the right, y upwards from the baseline. Straight
corners are kept by starting a new stroke.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Point = tuple[float, float]
Stroke = list[Point]


def _arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> Stroke:
    """Points of an elliptic arc; the angles are in degrees, anticlockwise from the right."""
    steps = max(6, int(abs(end - start) / 18))
    angles = [math.radians(start + (end - start) * i / steps) for i in range(steps + 1)]
    return [(cx + rx * math.cos(a), cy + ry * math.sin(a)) for a in angles]


def smooth(points: Sequence[Point], steps: int = 6) -> Stroke:
    """A Catmull-Rom curve through the points; two points give a straight line."""
    if len(points) < 3:
        return list(points)
    ends = [points[0], *points, points[-1]]
    found: Stroke = []
    for p0, p1, p2, p3 in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        for step in range(steps):
            s = step / steps
            found.append(
                (
                    _blend(p0[0], p1[0], p2[0], p3[0], s),
                    _blend(p0[1], p1[1], p2[1], p3[1], s),
                )
            )
    return [*found, points[-1]]


def _blend(a: float, b: float, c: float, d: float, s: float) -> float:
    return 0.5 * (2 * b + (c - a) * s + (2 * a - 5 * b + 4 * c - d) * s * s + (3 * b - a - 3 * c + d) * s**3)


def _dot(x: float, y: float) -> Stroke:
    return [(x, y), (x + 0.012, y + 0.006)]


# sign -> (advance in em, strokes)
SIGNS: dict[str, tuple[float, list[Stroke]]] = {
    "∴": (0.52, [_dot(0.25, 0.42), _dot(0.10, 0.12), _dot(0.40, 0.13)]),
    "π": (
        0.56,
        [
            smooth([(0.03, 0.36), (0.10, 0.43), (0.28, 0.42), (0.53, 0.45)]),
            smooth([(0.19, 0.42), (0.17, 0.2), (0.09, 0.01)]),
            smooth([(0.40, 0.43), (0.37, 0.16), (0.41, 0.02), (0.50, 0.05)]),
        ],
    ),
    "θ": (0.46, [smooth(_arc(0.23, 0.33, 0.16, 0.34, 70, 435)), [(0.08, 0.33), (0.38, 0.35)]]),
    "α": (
        0.56,
        [
            smooth(
                [
                    (0.52, 0.42),
                    (0.38, 0.18),
                    (0.22, 0.01),
                    (0.07, 0.14),
                    (0.14, 0.38),
                    (0.30, 0.34),
                    (0.42, 0.04),
                    (0.54, 0.03),
                ]
            )
        ],
    ),
    "β": (
        0.50,
        [
            smooth([(0.08, -0.2), (0.13, 0.2), (0.18, 0.55), (0.33, 0.66), (0.40, 0.53), (0.22, 0.36)]),
            smooth([(0.22, 0.36), (0.42, 0.30), (0.40, 0.06), (0.22, 0.0), (0.13, 0.06)]),
        ],
    ),
    "Σ": (
        0.56,
        [[(0.48, 0.56), (0.47, 0.65), (0.07, 0.63), (0.29, 0.34), (0.05, 0.02), (0.49, 0.03), (0.51, 0.13)]],
    ),
    "∠": (0.60, [[(0.52, 0.50), (0.06, 0.03), (0.56, 0.05)]]),
    "△": (0.66, [[(0.32, 0.58), (0.05, 0.03), (0.60, 0.05), (0.31, 0.60)]]),
    "≠": (0.60, [[(0.09, 0.20), (0.51, 0.22)], [(0.09, 0.36), (0.51, 0.38)], [(0.18, 0.08), (0.43, 0.52)]]),
    "≤": (0.56, [[(0.49, 0.52), (0.09, 0.33), (0.49, 0.16)], [(0.09, 0.04), (0.49, 0.03)]]),
    "≥": (0.56, [[(0.09, 0.52), (0.49, 0.34), (0.09, 0.16)], [(0.09, 0.03), (0.49, 0.04)]]),
    "⇒": (
        0.80,
        [[(0.05, 0.23), (0.60, 0.25)], [(0.05, 0.37), (0.59, 0.38)], [(0.48, 0.50), (0.70, 0.31), (0.47, 0.12)]],
    ),
    "→": (0.76, [[(0.06, 0.29), (0.68, 0.31)], [(0.52, 0.44), (0.69, 0.31), (0.51, 0.17)]]),
    "∥": (0.40, [[(0.11, 0.02), (0.15, 0.60)], [(0.25, 0.01), (0.29, 0.59)]]),
    "⊥": (0.60, [[(0.30, 0.58), (0.29, 0.04)], [(0.06, 0.03), (0.54, 0.05)]]),
    "∼": (0.58, [smooth([(0.07, 0.25), (0.17, 0.37), (0.31, 0.30), (0.43, 0.24), (0.53, 0.36)])]),
    "≅": (
        0.60,
        [
            smooth([(0.08, 0.43), (0.18, 0.53), (0.31, 0.47), (0.43, 0.42), (0.53, 0.52)]),
            [(0.08, 0.29), (0.52, 0.31)],
            [(0.08, 0.15), (0.52, 0.17)],
        ],
    ),
    "₹": (
        0.54,
        [
            [(0.08, 0.64), (0.50, 0.65)],
            [(0.08, 0.46), (0.48, 0.47)],
            smooth([(0.14, 0.64), (0.34, 0.61), (0.35, 0.36), (0.10, 0.30)]),
            [(0.12, 0.30), (0.42, 0.0)],
        ],
    ),
    "∞": (0.72, [smooth(_arc(0.20, 0.28, 0.14, 0.13, 0, 360)), smooth(_arc(0.50, 0.28, 0.16, 0.14, 180, 540))]),
    "Δ": (0.66, [[(0.32, 0.58), (0.05, 0.03), (0.60, 0.05), (0.31, 0.60)]]),
    "λ": (0.50, [smooth([(0.08, 0.64), (0.20, 0.58), (0.33, 0.2), (0.45, 0.02)]), [(0.24, 0.38), (0.06, 0.0)]]),
}
# The hook of a root sign; its bar is as long as what stands under it.
ROOT: Stroke = [(0.02, 0.26), (0.10, 0.33), (0.20, 0.0), (0.34, 0.72)]
ROOT_ADVANCE = 0.36

RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ⁻", "0123456789n−", strict=True))
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉ₙ", "0123456789n", strict=True))
HALVES = {"½": ("1", "2"), "¼": ("1", "4"), "¾": ("3", "4"), "⅓": ("1", "3"), "⅔": ("2", "3")}

"""MathML as vector drawings for PDF, set in STIX Two Math by ziamath; each formula once per process."""

from __future__ import annotations

import logging
import re
import threading
from dataclasses import dataclass
from functools import lru_cache
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from assessments.services.printing.mathml_ready import ready_rows
from assessments.services.printing.ziamath_nodes import Math, font_config
from common.maths_text import line_maths

logger = logging.getLogger(__name__)

#: What ziamath raises at MathML it does not expect.
FAULTS = (AttributeError, ArithmeticError, AssertionError, LookupError, RecursionError, TypeError, ValueError)
SIZE = 24.0
MAX_NODES = 4_000
# Glyphs as paths, not as <use>: a PDF has no symbols.
font_config.svg2 = False
font_config.precision = 2
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Drawing:
    """A part of a formula that stays on one line. Lengths are in em; `operators` draw it in units of em / 24 with the
    origin on its baseline and y upwards."""

    width: float
    ascent: float
    descent: float
    operators: str


@lru_cache(maxsize=8_192)
def draw_formula(mathml: str, display: bool = False) -> tuple[Drawing, ...] | None:
    """The parts of a formula between which a line may break; None, and a line in the log, if it cannot be set:
    then `formula_text` is printed, as no formula may disappear."""
    try:
        return set_formula(mathml, display)
    except FAULTS as error:
        logger.warning("A formula is printed as text: %s: %.200s", error, mathml)
        return None


def formula_text(mathml: str) -> str:
    """The formula as a line of characters."""
    try:
        return line_maths(mathml) or "?"
    except (LookupError, RecursionError):
        return re.sub("<[^>]*>", " ", mathml)


def set_formula(mathml: str, display: bool = False) -> tuple[Drawing, ...]:
    """`draw_formula` that raises what ziamath raises: almost any kind of error."""
    try:
        math = ElementTree.fromstring(mathml)  # noqa: S314  sanitised when stored, and rebuilt by our parser
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error
    if sum(1 for _ in math.iter()) > MAX_NODES:
        raise ValueError("too large to set")
    if display or math.get("display") == "block":
        math.set("displaystyle", "true")
    return tuple(_draw(row) for row in ready_rows(math))


@lru_cache(maxsize=2_048)
def draw_text(text: str) -> Drawing:
    """Characters that no text font has (₹, ∠, Greek), from the font of mathematics."""
    row = Element("mrow")
    # A single Latin or Greek letter in <mi> would be italic.
    ElementTree.SubElement(row, "mtext").text = text
    return _draw(row)


def _draw(row: Element) -> Drawing:
    with _lock:
        drawn = Math(row, size=SIZE)
        canvas = Element("svg")
        drawn.node.draw(0, 0, canvas)
    box = drawn.node.bbox
    # What stands left of the origin (an accent wider than its letter) would run into the text before.
    left = min(box.xmin, 0.0)
    operators = "\n".join(filter(None, (_operators(shape, -left) for shape in canvas.iter())))
    width = max(drawn.node.xadvance(), box.xmax) - left
    if box.ymin > box.ymax:
        return Drawing(width / SIZE, 0.0, 0.0, operators)
    return Drawing(width / SIZE, max(box.ymax, 0.0) / SIZE, max(-box.ymin, 0.0) / SIZE, operators)


# --- SVG to PDF ------------------------------------------------------------------------------------------------------
def _operators(shape: Element, shift: float) -> str:
    if shape.tag == "path":
        painted = _path(shape.get("d", ""), shift)
        if shape.get("stroke"):
            return f"{float(shape.get('stroke-width', '1')):.2f} w {painted} S"
        return f"{painted} f"
    if shape.tag == "rect":
        x, y, width, height = (float(shape.get(name, "0")) for name in ("x", "y", "width", "height"))
        if not width * height:
            return ""
        box = f"{x + shift:.2f} {-y - height:.2f} {width:.2f} {height:.2f} re"
        if shape.get("fill") == "none":
            return f"{float(shape.get('stroke-width', '1')):.2f} w {box} S"
        return "" if shape.get("fill-opacity") else f"{box} f"
    if shape.tag == "ellipse":
        cx, cy, rx, ry = (float(shape.get(name, "0")) for name in ("cx", "cy", "rx", "ry"))
        return _ellipse(cx + shift, -cy, rx, ry)
    if shape.tag in {"svg", "g", "defs", "marker", "polygon"}:
        return ""
    raise ValueError(f"a shape {shape.tag} of a formula cannot be printed")


def _path(d: str, shift: float) -> str:
    """M, L, Q, C and Z of a glyph as PDF operators; a quadratic curve becomes the cubic one it is."""
    words = d.split()
    written: list[str] = []
    x = y = 0.0
    place = 0
    while place < len(words):
        letter = words[place]
        count = {"M": 2, "L": 2, "Q": 4, "C": 6, "Z": 0}[letter]
        numbers = [float(word) for word in words[place + 1 : place + 1 + count]]
        place += 1 + count
        if letter == "Z":
            written.append("h")
            continue
        if letter == "Q":
            cx, cy, ex, ey = numbers
            first = [x + (cx - x) * 2 / 3, y + (cy - y) * 2 / 3]
            numbers = [*first, ex + (cx - ex) * 2 / 3, ey + (cy - ey) * 2 / 3, ex, ey]

        x, y = numbers[-2:]
        points = " ".join(f"{v + shift:.2f}" if i % 2 == 0 else f"{-v:.2f}" for i, v in enumerate(numbers))
        written.append(f"{points} {'m' if letter == 'M' else 'l' if letter == 'L' else 'c'}")
    return " ".join(written)


def _ellipse(x: float, y: float, rx: float, ry: float) -> str:
    k = 0.5523
    curves = [
        (x + rx, y + k * ry, x + k * rx, y + ry, x, y + ry),
        (x - k * rx, y + ry, x - rx, y + k * ry, x - rx, y),
        (x - rx, y - k * ry, x - k * rx, y - ry, x, y - ry),
        (x + k * rx, y - ry, x + rx, y - k * ry, x + rx, y),
    ]
    drawn = " ".join(" ".join(f"{v:.2f}" for v in curve) + " c" for curve in curves)
    return f"1 w {x + rx:.2f} {y:.2f} m {drawn} S"

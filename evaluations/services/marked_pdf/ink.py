"""Red ink on a PDF page: static/js/ink-shapes.js says what it looks like, here as on the screen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any

from assessments.services.printing.canvas import Canvas, Pen, rgb
from common.scripts import ScriptFunction

STATIC = Path(__file__).resolve().parents[3] / "static"
SOURCES = ("vendor/perfect-freehand/perfect-freehand.js", "js/ink-shapes.js")
MEMORY_BYTES = 96 * 1024 * 1024
PAGE_SECONDS = 10.0
RED = (0xC4, 0x18, 0x3C)
HAND = Pen("hand", "hand deva", RED)
IMPORT = re.compile(r"^import .*$", re.MULTILINE)
EXPORTS = re.compile(r"export\s*\{([^}]*)\};?\s*$")
FUNCTION = """
(page) => {
  const { width, height, annotations } = JSON.parse(page), tall = tallOf({ width, height });
  return JSON.stringify({ width: WIDTH, height: tall, shapes: annotations.flatMap((one) => shapesOf(one, tall)) });
}
"""
# How many numbers each command of a path takes.
COUNTS = {"M": 2, "L": 2, "H": 1, "V": 1, "Q": 4, "C": 6, "Z": 0}
TOKEN = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
CIRCLE = 0.5523


def ink_of(annotations: list[dict[str, Any]], *, width: int, height: int) -> dict[str, Any]:
    """The drawing of a page of `width` × `height` pixels: its own width and height, and its shapes in drawing order,
    each [name, attributes] or [name, attributes, text]."""
    page = json.dumps({"width": width, "height": height, "annotations": annotations})
    made: dict[str, Any] = json.loads(_shapes().call(page, seconds=PAGE_SECONDS))
    return made


def draw_ink(canvas: Canvas, drawing: dict[str, Any], *, x: float, y: float, width: float) -> None:
    """Draws it with its left upper corner at x, y."""
    scale = width / drawing["width"]
    place = f"{scale:.5f} 0 0 {-scale:.5f} {x:.3f} {canvas.pdf.h - y:.3f} cm"
    for name, attributes, *said in drawing["shapes"]:
        if name == "text":
            with canvas.writing(HAND):
                left, base = x + attributes["x"] * scale, y + attributes["y"] * scale
                canvas.text(said[0] if said else "", left, base, attributes["font-size"] * scale)
            continue
        path = _ellipse(attributes) if name == "ellipse" else " ".join(_operators(attributes["d"]))
        opacity = attributes.get("opacity")
        with canvas.pdf.local_context(fill_opacity=opacity) if opacity else nullcontext():
            canvas.pdf._out(f"q {place} {_painted(path, attributes)} Q")


@lru_cache(maxsize=1)
def _shapes() -> ScriptFunction:
    return ScriptFunction(_read, memory_bytes=MEMORY_BYTES)


def _read() -> list[str]:
    """The modules one after the other, as plain scripts: what one exports, the next finds."""
    library, ours = ((STATIC / name).read_text() for name in SOURCES)
    found = EXPORTS.search(library)
    assert found is not None
    pairs = [pair.split(" as ") for pair in found[1].split(",") if " as " in pair]
    names = {exported.strip(): name.strip() for name, exported in pairs}
    # In a function of its own: its short names would meet ours.
    library = f"const getStroke = (() => {{ {EXPORTS.sub('', library)} return {names['getStroke']}; }})();"
    return [library, IMPORT.sub("", ours).replace("export ", ""), FUNCTION]


def _painted(path: str, attributes: dict[str, Any]) -> str:
    if attributes.get("stroke"):
        # Round ends and corners, as all our lines have them.
        return f"{rgb(_colour(attributes['stroke']))} RG {attributes['stroke-width']} w 1 J 1 j {path} S"
    return f"{rgb(_colour(attributes['fill']))} rg {path} f"


def _colour(value: str) -> tuple[int, int, int]:
    red, green, blue = (int(value[place : place + 2], 16) for place in (1, 3, 5))
    return red, green, blue


def _operators(d: str) -> Iterator[str]:
    """M, L, H, V, Q, C and Z of a path, also relative ones, as operators of PDF."""
    tokens = TOKEN.findall(d)
    place, command = 0, ""
    x = y = 0.0
    while place < len(tokens):
        if tokens[place].isalpha():
            command = tokens[place]
            place += 1
        kind = command.upper()
        count = COUNTS[kind]
        if kind == "Z":
            yield "h"
            continue
        numbers = [float(token) for token in tokens[place : place + count]]
        place += count
        if command.islower():
            # Of a single number only V counts from y.
            numbers = [value + (x, y)[(index + (kind == "V")) % 2] for index, value in enumerate(numbers)]
        if count == 1:
            numbers = [numbers[0], y] if kind == "H" else [x, numbers[0]]
        if kind == "Q":
            # A quadratic curve is this cubic one.
            cx, cy, ex, ey = numbers
            numbers = [
                x + (cx - x) * 2 / 3,
                y + (cy - y) * 2 / 3,
                ex + (cx - ex) * 2 / 3,
                ey + (cy - ey) * 2 / 3,
                ex,
                ey,
            ]
        x, y = numbers[-2:]
        yield " ".join(f"{value:.1f}" for value in numbers) + {"M": " m", "Q": " c", "C": " c"}.get(kind, " l")
        # What follows a move without a letter of its own are lines.
        command = {"M": "L", "m": "l"}.get(command, command)


def _ellipse(attributes: dict[str, Any]) -> str:
    x, y, rx, ry = (attributes[name] for name in ("cx", "cy", "rx", "ry"))
    dx, dy = CIRCLE * rx, CIRCLE * ry
    curves = [
        (x + rx, y + dy, x + dx, y + ry, x, y + ry),
        (x - dx, y + ry, x - rx, y + dy, x - rx, y),
        (x - rx, y - dy, x - dx, y - ry, x, y - ry),
        (x + dx, y - ry, x + rx, y - dy, x + rx, y),
    ]
    drawn = " ".join(" ".join(f"{value:.2f}" for value in curve) + " c" for curve in curves)
    return f"{x + rx:.2f} {y:.2f} m {drawn} h"

"""Draws answer sheets that look written by hand: ruled paper, blue ink, uneven letters, then a phone photo."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from config.demo.figures import FIGURES, circle
from config.demo.glyphs import HALVES, LOWERED, RAISED, ROOT, ROOT_ADVANCE, SIGNS, Point, smooth
from config.demo.photo import photograph, ruled_paper, scan

FONT = Path(__file__).resolve().parents[2] / "static" / "vendor" / "fonts" / "Kalam-Regular.ttf"
# A4 at 150 dots per inch; every length below is in pixels.
WIDTH, HEIGHT = 1240, 1754
PITCH, TOP, MARGIN, RIGHT = 62, 216, 168, 44
ROWS = (HEIGHT - TOP - 60) // PITCH
SIZE = 46
SHRINK = 0.8
VARIANTS = 7
INKS = ((28, 52, 150), (22, 44, 128), (40, 62, 168), (30, 36, 84))


@dataclass(frozen=True)
class Frac:
    """A simple fraction; both parts are plain text."""

    over: str
    under: str


@dataclass(frozen=True)
class Strike:
    """Text which the student crossed out."""

    text: str


@dataclass(frozen=True)
class Bracket:
    """A round bracket as tall as the fractions inside it."""

    char: str


Part = str | Frac | Strike | Bracket


@dataclass(frozen=True)
class Line:
    """One written line: its parts, whether it is boxed, and what stands in the margin, such as 'Q21.'.

    A line with a figure (a name in FIGURES) is a drawing of several rows and has no parts.
    """

    parts: tuple[Part, ...]
    box: bool = False
    margin: str = ""
    figure: str = ""

    @property
    def rows(self) -> int:
        """Ruled rows which the line takes: two when it has a fraction."""
        if self.figure:
            return FIGURES[self.figure].rows
        return 2 if any(isinstance(part, Frac) for part in self.parts) else 1


def read_line(raw: str | Mapping[str, Any]) -> Line:
    """A line from its TOML form: a string, {parts = [...], box = true} or {figure = name}.

    Raises ValueError for a part which is neither text, {frac = [a, b]} nor {strike = text}, and for
    an unknown figure.
    """
    if isinstance(raw, str):
        return Line((raw,))
    if "figure" in raw:
        if raw["figure"] not in FIGURES:
            raise ValueError(f"there is no figure {raw['figure']!r}")
        return Line((), figure=raw["figure"])
    return Line(tuple(_read_part(part) for part in raw["parts"]), box=bool(raw.get("box", False)))


def _read_part(raw: str | Mapping[str, Any]) -> Part:
    if isinstance(raw, str):
        return raw
    if "frac" in raw:
        return Frac(*raw["frac"])
    if "strike" in raw:
        return Strike(raw["strike"])
    raise ValueError(f"a line has no part like {raw!r}")


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), size)


@lru_cache(maxsize=8192)
def _letter(char: str, size: int, variant: int) -> tuple[Image.Image, int, int]:
    """One of a few hand-shaped versions of a letter as (mask, left, top), relative to the pen on the baseline."""
    font, rng = _font(size), random.Random(f"{char}{variant}")
    left, top, right, bottom = (int(v) for v in font.getbbox(char, anchor="ls"))
    pad = max(4, size // 7)
    wide, high = right - left + 2 * pad, bottom - top + 2 * pad
    mask = Image.new("L", (wide, high), 0)
    ImageDraw.Draw(mask).text((pad - left, pad - top), char, fill=255, font=font, anchor="ls")
    # Pulling the four corners a little turns, slants and stretches the letter in one step.
    sway, tilt = rng.uniform(-0.05, 0.05) * size, rng.uniform(-0.028, 0.028) * size
    nudge = [rng.uniform(-0.022, 0.022) * size for _ in range(8)]
    corners = (
        sway + nudge[0], tilt + nudge[1],
        -sway + nudge[2], high + tilt + nudge[3],
        wide - sway + nudge[4], high - tilt + nudge[5],
        wide + sway + nudge[6], -tilt + nudge[7],
    )  # fmt: skip
    return mask.transform((wide, high), Image.Transform.QUAD, corners, Image.Resampling.BICUBIC), left - pad, top - pad


@lru_cache(maxsize=2048)
def _advance(char: str, size: int) -> float:
    return SIGNS[char][0] * size if char in SIGNS else _font(size).getlength(char)


class Pen:
    """Writes on an ink layer. With layer None it only measures. Coordinates are page pixels, y downwards."""

    def __init__(self, layer: Image.Image | None, rng: random.Random) -> None:
        self.layer, self.rng = layer, rng
        self.press, self.drift = 235.0, 0.0

    def path(self, points: Sequence[Point], width: float) -> None:
        """A smooth-edged pen line through the points."""
        if self.layer is None:
            return
        pad, scale = int(width) + 3, 4
        left, top = (int(min(p[i] for p in points)) - pad for i in (0, 1))
        wide, high = (int(max(p[i] for p in points)) + pad - low + 1 for i, low in ((0, left), (1, top)))
        mask = Image.new("L", (wide * scale, high * scale), 0)
        draw, radius = ImageDraw.Draw(mask), width * scale / 2
        spots = [((px - left) * scale, (py - top) * scale) for px, py in points]
        draw.line(spots, fill=255, width=round(width * scale), joint="curve")
        for px, py in (spots[0], spots[-1]):
            draw.ellipse((px - radius, py - radius, px + radius, py + radius), fill=255)
        self.layer.paste(int(self.press), (left, top), mask.reduce(scale))

    def rough(self, ends: Sequence[Point], width: float, wobble: float = 1.4) -> None:
        """A hand-drawn straight line between corner points: each leg gets a slight bow."""
        points: list[Point] = [ends[0]]
        for (x0, y0), (x1, y1) in pairwise(ends):
            for share in (0.25, 0.5, 0.75):
                bow = self.rng.uniform(-wobble, wobble)
                points.append((x0 + (x1 - x0) * share + bow * 0.3, y0 + (y1 - y0) * share + bow))
            points.append((x1, y1))
        self.path(points, width)

    def sign(self, char: str, x: float, y: float, size: int) -> None:
        """A sign from SIGNS with its left end at x on the baseline y."""
        lean = self.rng.uniform(-0.02, 0.06)
        for stroke in SIGNS[char][1]:
            jitter = self.rng.uniform(-0.012, 0.012) * size
            width = size * (0.105 if char == "∴" else 0.068)
            self.path([(x + (u + v * lean) * size, y - v * size + jitter) for u, v in stroke], width)

    def letter(self, char: str, x: float, y: float, size: int) -> float:
        """Writes one character and returns the advance in pixels."""
        step = _advance(char, size)
        if self.layer is None:
            return step
        self.drift = max(-2.2, min(2.2, self.drift + self.rng.uniform(-0.7, 0.7)))
        self.press = max(198.0, min(255.0, self.press + self.rng.uniform(-9, 9)))
        if char in SIGNS:
            self.sign(char, x, y + self.drift, size)
        elif not char.isspace():
            mask, left, top = _letter(char, size, self.rng.randrange(VARIANTS))
            at = (round(x) + left, round(y + self.drift) + top)
            self.layer.paste(int(self.press), at, mask)
        return step + self.rng.uniform(-0.022, 0.028) * size

    def text(self, text: str, x: float, y: float, size: int) -> float:
        """Writes plain text with Unicode mathematics on the baseline y and returns the x after it."""
        index = 0
        while index < len(text):
            char = text[index]
            if char == "√":
                inside, index = _under_root(text, index + 1)
                x = self.root(inside, x, y, size)
                continue
            if char in RAISED:
                x += self.letter(RAISED[char], x, y - size * 0.30, int(size * 0.66))
            elif char in LOWERED:
                x += self.letter(LOWERED[char], x, y + size * 0.14, int(size * 0.62))
            elif char in HALVES:
                x = self.fraction(*HALVES[char], x, y, int(size * 0.72))
            else:
                x += self.letter("–" if char == "−" else char, x, y, size)
            index += 1
        return x

    def root(self, inside: str, x: float, y: float, size: int) -> float:
        """A root sign with its bar over the text under it."""
        end = self.text(inside, x + ROOT_ADVANCE * size, y, size)
        hook = [(x + u * size, y - v * size) for u, v in ROOT]
        lift = 0.13 * size if any(char in RAISED or char in "()" for char in inside) else 0.0
        peak = (hook[-1][0], hook[-1][1] - lift)
        self.path([*hook[:-1], peak, (end + 0.05 * size, peak[1] + self.rng.uniform(-1, 1))], size * 0.064)
        return end + 0.08 * size

    def fraction(self, over: str, under: str, x: float, y: float, size: int) -> float:
        """A fraction with its bar on the mathematical axis of the baseline y."""
        small, plan = int(size * 0.9), Pen(None, random.Random(0))
        wide = [plan.text(part, 0, 0, small) for part in (over, under)]
        span, axis = max(wide) + 0.28 * size, y - 0.28 * size
        self.text(over, x + (span - wide[0]) / 2, axis - 0.24 * size, small)
        self.rough([(x + 2, axis + self.rng.uniform(-1.5, 1.5)), (x + span - 2, axis + self.rng.uniform(-1.5, 1.5))], 3)
        self.text(under, x + (span - wide[1]) / 2, axis + 0.86 * size, small)
        return x + span + 0.06 * size

    def figure(self, name: str, x: float, y: float, size: int) -> None:
        """A figure with its lower left corner at x, y; one unit is one ruled row."""
        plan = FIGURES[name]

        def at(point: Point) -> Point:
            return x + point[0] * PITCH, y - point[1] * PITCH

        for round_stroke in plan.circles:
            wobble = self.rng.uniform(0.97, 1.03)
            centre = at(round_stroke[:2])
            points = [at(point) for point in circle(*round_stroke)]
            self.path([(px, centre[1] + (py - centre[1]) * wobble) for px, py in points], 2.8)
        for stroke in plan.lines:
            self.rough([at(point) for point in stroke], 2.8, 1.2)
        for text, u, v in plan.labels:
            self.text(text, *at((u, v)), int(size * 0.78))

    def bracket(self, char: str, x: float, y: float, size: int) -> float:
        """A tall round bracket around the mathematical axis of the baseline y."""
        bow = -0.17 if char == "(" else 0.17
        middle = x + 0.16 * size
        curve = smooth([(0.5, 1.12), (-0.35, 0.72), (-0.62, 0.28), (-0.35, -0.16), (0.5, -0.6)])
        self.path([(middle - u * bow * size, y - v * size) for u, v in curve], size * 0.068)
        return x + 0.34 * size

    def strike(self, text: str, x: float, y: float, size: int) -> float:
        """Text with two quick lines through it."""
        end = self.text(text, x, y, size)
        for lift in (0.18, 0.32):
            slope = self.rng.uniform(-0.1, 0.1) * size
            self.rough([(x - 5, y - lift * size + slope), (end + 7, y - lift * size - slope)], 3.2, 2.4)
        return end + 0.2 * size

    def line(self, line: Line, x: float, y: float, size: int) -> float:
        """All the parts of a line from x; returns the x after it."""
        for part in _with_brackets(line.parts):
            if isinstance(part, Bracket):
                x = self.bracket(part.char, x, y, size)
            elif isinstance(part, Frac):
                x = self.fraction(part.over, part.under, x, y, size)
            elif isinstance(part, Strike):
                x = self.strike(part.text, x, y, size)
            else:
                x = self.text(part, x, y, size)
        return x


def _with_brackets(parts: Sequence[Part]) -> list[Part]:
    """The parts with every round bracket that encloses a fraction made a tall one."""
    opened: list[tuple[int, int]] = []
    tall: set[tuple[int, int]] = set()
    for index, part in enumerate(parts):
        for place, char in enumerate(part if isinstance(part, str) else ""):
            if char == "(":
                opened.append((index, place))
            elif char == ")" and opened:
                start = opened.pop()
                if any(isinstance(each, Frac) for each in parts[start[0] : index]):
                    tall |= {start, (index, place)}
    found: list[Part] = []
    for index, part in enumerate(parts):
        if not isinstance(part, str):
            found.append(part)
            continue
        marks = [-1, *sorted(place for i, place in tall if i == index), len(part)]
        for before, after in pairwise(marks):
            found.append(part[before + 1 : after])
            if after < len(part):
                found.append(Bracket(part[after]))
    return found


def _under_root(text: str, start: int) -> tuple[str, int]:
    """What stands under a root sign and the place after it: a bracket's inside, a number or one letter."""
    if text[start : start + 1] == "(":
        depth = 0
        for place in range(start, len(text)):
            depth += {"(": 1, ")": -1}.get(text[place], 0)
            if depth == 0:
                return text[start + 1 : place], place + 1
    end = start
    while end < len(text) and text[end].isdigit() and text[end] not in RAISED:
        end += 1
    end = max(end, min(start + 1, len(text)))
    return text[start:end], end


@dataclass(frozen=True)
class Hand:
    """How one student writes: letter size in pixels, ink colour, slope of the lines, space before a line."""

    size: int
    ink: tuple[int, int, int]
    slope: float
    indent: float


def hand_of(seed: int) -> Hand:
    """The same handwriting for every page of a seed."""
    rng = random.Random(f"hand {seed}")
    return Hand(SIZE + rng.randint(-2, 3), rng.choice(INKS), rng.uniform(-0.0035, 0.0035), rng.uniform(18, 34))


def fit_lines(lines: Sequence[Line], *, seed: int) -> list[Line]:
    """Breaks the lines that are too wide for the page, at a part or at a space, as a student would."""
    hand, room = hand_of(seed), WIDTH - RIGHT - MARGIN
    found: list[Line] = []
    for line in lines:
        found.extend(_fit(line, hand, room - hand.indent - 30))
    return found


def _fit(line: Line, hand: Hand, room: float) -> list[Line]:
    plan = Pen(None, random.Random(0))
    if plan.line(line, 0, 0, int(hand.size * SHRINK)) <= room:
        return [line]
    pieces: list[Part] = []
    for part in line.parts:
        words = part.split(" ") if isinstance(part, str) else []
        pieces.extend([part] if not isinstance(part, str) else [f"{word} " for word in words[:-1]] + words[-1:])
    for cut in range(len(pieces) - 1, 0, -1):
        head = Line(tuple(pieces[:cut]), margin=line.margin)
        if plan.line(head, 0, 0, hand.size) <= room:
            rest = Line(("   ", *pieces[cut:]), box=line.box)
            return [head, *_fit(rest, hand, room)]
    return [line]


def _write(pen: Pen, line: Line, row: int, hand: Hand) -> None:
    """One line of the page, its margin note and its box."""
    plan, room = Pen(None, random.Random(0)), WIDTH - RIGHT - MARGIN - hand.indent - 20
    size = hand.size
    if line.figure:
        pen.figure(line.figure, MARGIN + hand.indent + 40, TOP + (row + line.rows) * PITCH, size)
        return
    while plan.line(line, 0, 0, size) > room and size > hand.size * SHRINK * 0.9:
        size -= 1
    # A line with fractions is centred between its two rows, so its baseline floats above the rule.
    y: float = TOP + (row + line.rows) * PITCH - (9 if line.rows == 1 else PITCH - 12)
    x = MARGIN + hand.indent + pen.rng.uniform(-5, 8) + (16 if line.box else 0)
    y += hand.slope * (x - WIDTH / 2) + pen.rng.uniform(-1.5, 1.5)
    if line.margin:
        note = int(hand.size * 0.98)
        pen.text(line.margin, MARGIN - 26 - plan.text(line.margin, 0, 0, note), y, note)
    end = pen.line(line, x, y, size)
    if line.box:
        up, down = (0.84, 0.29) if line.rows == 1 else (1.46, 0.98)
        corners = [
            (x - 17, y - up * size),
            (end + 20, y - up * size),
            (end + 17, y + down * size),
            (x - 14, y + down * size),
        ]
        corners = [(cx + pen.rng.uniform(-4, 4), cy + pen.rng.uniform(-2.5, 2.5)) for cx, cy in corners]
        pen.rough([*corners, (corners[0][0] + 2, corners[0][1] - 5)], 3.0, 1.8)


def draw_page(lines: Sequence[Line], *, seed: int, page_number: int, photo: bool = True) -> bytes:
    """One page as JPEG, the same bytes for the same arguments.

    The lines must fit: at most ROWS rows. Raises ValueError for more. With photo=False the page is
    flat, as from a scanner; otherwise it lies on a desk and the JPEG has EXIF orientation and a place.
    """
    if sum(line.rows for line in lines) > ROWS:
        raise ValueError(f"a page has {ROWS} rows")
    rng, hand = random.Random(f"page {seed} {page_number}"), hand_of(seed)
    layer = Image.new("L", (WIDTH, HEIGHT), 0)
    pen = Pen(layer, rng)
    pen.text(f"page {page_number}", WIDTH - 250, 118, int(hand.size * 0.88))
    row = 0
    for line in lines:
        _write(pen, line, row, hand)
        row += line.rows
    paper = ruled_paper(WIDTH, HEIGHT, top=TOP, pitch=PITCH, margin=MARGIN, seed=f"{seed} {page_number}")
    paper.paste(Image.new("RGB", paper.size, hand.ink), (0, 0), layer)
    return photograph(paper, rng) if photo else scan(paper)


def with_margin(line: Line, note: str) -> Line:
    """The same line with a note in the margin."""
    return replace(line, margin=note)

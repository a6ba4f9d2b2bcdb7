"""What a printed page is made of: boxes on a line, and strips below each other. Lengths are in points, y goes down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

#: Draws itself with its left edge at x and its baseline (a box) or its top (a strip) at y.
Draw = Callable[[float, float], None]


@dataclass(frozen=True, slots=True)
class Box:
    """Something that stays on one line. `fit(width)` gives smaller boxes where it is wider than a line."""

    width: float
    ascent: float
    descent: float
    draw: Draw
    fit: Callable[[float], list[Box]] | None = None


@dataclass(frozen=True, slots=True)
class Glue:
    """A place where a line may break; `width` is the space when it does not."""

    width: float


@dataclass(frozen=True, slots=True)
class NewLine:
    pass


Item = Box | Glue | NewLine


@dataclass(frozen=True, slots=True)
class Strip:
    """A horizontal strip of a page that is never cut. `gap`: space above it, except at the top of a page;
    `keep`: it stays on one page with the strip after it."""

    height: float
    baseline: float
    draw: Draw
    gap: float = 0.0
    keep: bool = False


def break_lines(items: Iterable[Item], width: float) -> list[list[Item]]:
    """Lines as full as they go. Boxes without glue between them stay together as far as a line allows."""
    lines: list[list[Item]] = []
    line: list[Item] = []
    used = 0.0
    word: list[Box] = []

    def end_line() -> None:
        nonlocal line, used
        while line and isinstance(line[-1], Glue):
            line.pop()
        lines.append(line)
        line, used = [], 0.0

    def add_word() -> None:
        nonlocal line, used, word
        if not word:
            return
        if used + sum(box.width for box in word) > width and line:
            end_line()
        for box in word:
            if used + box.width > width and used:
                end_line()
            pieces = box.fit(width) if box.width > width and box.fit else [box]
            for piece in pieces:
                if used + piece.width > width and used:
                    end_line()
                line.append(piece)
                used += piece.width
        word = []

    for item in items:
        if isinstance(item, Box):
            word.append(item)
            continue
        add_word()
        if isinstance(item, NewLine):
            end_line()
        elif line:
            line.append(item)
            used += item.width
    add_word()
    if line:
        end_line()
    return lines


def line_strip(line: Sequence[Item], *, ascent: float, descent: float, leading: float, shift: float = 0.0) -> Strip:
    """One line. `ascent` and `descent` are the least it has, `leading` the white between it and the line before."""
    boxes = [item for item in line if isinstance(item, Box)]
    up = max([ascent, *(box.ascent for box in boxes)])
    down = max([descent, *(box.descent for box in boxes)])

    def draw(x: float, y: float) -> None:
        place = x + shift
        for item in line:
            if isinstance(item, Box):
                item.draw(place, y + leading / 2 + up)
            if not isinstance(item, NewLine):
                place += item.width

    return Strip(up + down + leading, up + leading / 2, draw)


def line_width(line: Iterable[Item]) -> float:
    return sum(item.width for item in line if not isinstance(item, NewLine))


# --- Strips ----------------------------------------------------------------------------------------------------------
def height_of(strips: Sequence[Strip]) -> float:
    """Of strips on top of each other, the first without its gap."""
    return sum(strip.height + (strip.gap if place else 0.0) for place, strip in enumerate(strips))


def moved(strips: Sequence[Strip], right: float) -> list[Strip]:
    return [replace(strip, draw=_moved(strip.draw, right)) for strip in strips]


def _moved(draw: Draw, right: float) -> Draw:
    return lambda x, y: draw(x + right, y)


def spaced(strips: Sequence[Strip], gap: float) -> list[Strip]:
    """With `gap` above the first."""
    return [replace(strip, gap=gap) if place == 0 else strip for place, strip in enumerate(strips)]


def kept(strips: Sequence[Strip], *, last: bool = False) -> list[Strip]:
    """On one page; with `last` also with what follows."""
    return [replace(strip, keep=last or place < len(strips) - 1) for place, strip in enumerate(strips)]


def kept_ends(strips: Sequence[Strip]) -> list[Strip]:
    """May be cut, but neither after the first strip nor before the last one."""
    ends = {0, len(strips) - 2} - {len(strips) - 1}
    return [replace(strip, keep=strip.keep or place in ends) for place, strip in enumerate(strips)]


def labelled(strips: Sequence[Strip], box: Box, offset: float) -> list[Strip]:
    """With `box` on the first line, `offset` to the right of the strips' own left edge (or to the left of it)."""
    if not strips:
        return []
    first = strips[0]

    def draw(x: float, y: float) -> None:
        box.draw(x + offset, y + first.baseline)
        first.draw(x, y)

    return [replace(first, draw=draw), *strips[1:]]


def side_by_side(columns: Sequence[tuple[float, Sequence[Strip]]]) -> Strip:
    """Columns, each at its distance from the left, as one strip with a common first baseline."""
    baseline = max((strips[0].baseline for _, strips in columns if strips), default=0.0)
    drops = [baseline - strips[0].baseline if strips else 0.0 for _, strips in columns]
    height = max((drop + height_of(strips) for drop, (_, strips) in zip(drops, columns, strict=True)), default=0.0)

    def draw(x: float, y: float) -> None:
        for drop, (offset, strips) in zip(drops, columns, strict=True):
            draw_stack(strips, x + offset, y + drop)

    return Strip(height, baseline, draw)


def draw_stack(strips: Sequence[Strip], x: float, y: float) -> None:
    for place, strip in enumerate(strips):
        y += strip.gap if place else 0.0
        strip.draw(x, y)
        y += strip.height


def paginate(strips: Sequence[Strip], heights: Callable[[int], float]) -> list[list[tuple[float, Strip]]]:
    """The strips of each page with their distance from its top; `heights(n)` is the room on page n, from 0."""
    pages: list[list[tuple[float, Strip]]] = [[]]
    y = 0.0
    place = 0
    while place < len(strips):
        end = place
        while end < len(strips) - 1 and strips[end].keep:
            end += 1
        chain = strips[place : end + 1]
        room = heights(len(pages) - 1)
        need = (chain[0].gap if pages[-1] else 0.0) + height_of(chain)
        if y + need > room and pages[-1] and (need <= heights(len(pages)) or y > room / 2):
            pages.append([])
            y = 0.0
        for strip in chain:
            room = heights(len(pages) - 1)
            if pages[-1] and y + strip.gap + strip.height > room:
                pages.append([])
                y = 0.0
            y += strip.gap if pages[-1] else 0.0
            pages[-1].append((y, strip))
            y += strip.height
        place = end + 1
    return pages

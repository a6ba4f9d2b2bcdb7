"""Nodes that ziamath draws differently from a browser, corrected by its own way of extension: a subclass takes the tag.

Importing the module is enough; the library itself is taken from here.
"""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import Element

with warnings.catch_warnings():
    # It reads its font with a function of importlib.resources that Python will drop.
    warnings.simplefilter("ignore", DeprecationWarning)
    from ziamath.zmath import Math

from ziafont.config import config as font_config
from ziafont.fonttypes import BBox
from ziamath.drawable import HLine, VLine
from ziamath.nodes.mfrac import Mfrac
from ziamath.nodes.mrow import Mrow
from ziamath.nodes.mtable import Mtable
from ziamath.nodes.munderover import Mover
from ziamath.nodes.nodetools import node_is_singlechar
from ziamath.operators import get_params

__all__ = ["Math", "font_config", "get_params"]

FRACTION_SIDE_EM = 0.08
RULE_EM = 0.05


class Row(Mrow, tag="mrow"):
    """A row is only measured beforehand if something in it stretches: the library does so always, which takes time
    that doubles with each level."""

    def _get_height_nostretch(self, line: list[Element], **kwargs: Any) -> tuple[float, float]:
        if any(mo.get("stretchy") == "true" for child in line for mo in child.iter("mo")):
            measured: tuple[float, float] = super()._get_height_nostretch(line, **kwargs)
            return measured
        return 0.0, 0.0


class Fraction(Mfrac, tag="mfrac"):
    """The same little space on both sides, whatever stands beside it."""

    def leftsibling(self) -> None:
        """Nothing, so that no space is added for it."""

    def _setup(self, **kwargs: Any) -> None:
        super()._setup(**kwargs)
        side = FRACTION_SIDE_EM * self.glyphsize
        # The library has put its space on the left before the bar, and its own on the right behind it.
        x, bar = self.nodexy[-1][0], self.nodes[-1].bbox
        self.nodexy = [(place - x + side, y) for place, y in self.nodexy]
        self.bbox = BBox(0, bar.xmax + 2 * side, self.bbox.ymin, self.bbox.ymax)


class Over(Mover, tag="mover"):
    """An accent that is wider than its letter hangs over and does not push the neighbours away."""

    def _setup(self, **kwargs: Any) -> None:
        super()._setup(**kwargs)
        if not node_is_singlechar(self.base) or self.element[1].tag != "mo":
            return
        base_x = self.nodexy[0][0]
        self.nodexy = [(x - base_x, y) for x, y in self.nodexy]
        self._xadvance = self.base_xadvance = self.base.xadvance()
        self.bbox = BBox(0, self._xadvance, self.bbox.ymin, self.bbox.ymax)


class Table(Mtable, tag="mtable"):
    """With the rules of its cells: `rule` on a cell names the sides that have one."""

    def _setup(self, **kwargs: Any) -> None:
        super()._setup(**kwargs)
        rows = [list(row) for row in self.element]
        if not any(cell.get("rule") for row in rows for cell in row):
            return
        lefts = self._column_edges(rows)
        tops = self._row_edges(rows)
        thick = RULE_EM * self.glyphsize
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                sides = cell.get("rule", "").split()
                width, height = lefts[c + 1] - lefts[c], tops[r + 1] - tops[r]
                for side, line, x, y in (
                    ("top", HLine(width, thick, self.style), lefts[c], tops[r]),
                    ("bottom", HLine(width, thick, self.style), lefts[c], tops[r + 1]),
                    ("left", VLine(height, thick, self.style), lefts[c], tops[r]),
                    ("right", VLine(height, thick, self.style), lefts[c + 1], tops[r]),
                ):
                    if side in sides:
                        self.nodes.append(line)
                        self.nodexy.append((x, y))

    def _column_edges(self, rows: list[list[Element]]) -> list[float]:
        """Between the columns, in the middle of their gap."""
        gaps = [self.size_px(gap) for gap in self.element.get("columnspacing", "0.3em").split()]
        widths = [0.0] * max(map(len, rows))
        cells = iter(self.nodes)
        for row in rows:
            for c, (_, node) in enumerate(zip(row, cells, strict=False)):
                widths[c] = max(widths[c], node.bbox.xmax)
        edges, x = [0.0], 0.0
        for c, width in enumerate(widths):
            gap = gaps[c % len(gaps)] if c < len(widths) - 1 else 0.0
            edges.append(x + width + gap / 2)
            x += width + gap
        return edges

    def _row_edges(self, rows: list[list[Element]]) -> list[float]:
        """Above, between and below the rows; y goes down."""
        spans, place = [], 0
        for row in rows:
            cells = list(zip(self.nodes, self.nodexy, strict=False))[place : place + len(row)]
            place += len(row)
            spans.append((min(y - n.bbox.ymax for n, (_, y) in cells), max(y - n.bbox.ymin for n, (_, y) in cells)))
        between = [(below[0] + above[1]) / 2 for above, below in pairwise(spans)]
        return [spans[0][0], *between, spans[-1][1]]

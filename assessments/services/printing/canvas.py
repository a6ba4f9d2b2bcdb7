"""The PDF that everything is drawn on: its fonts, and text, formulas, lines, pictures and QR codes at a place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos
from PIL import Image

from assessments.services.printing.boxes import Box
from assessments.services.printing.formulas import SIZE, Drawing, draw_text
from common.fonts import FONTS
from common.qr_codes import qr_runs

VENDORED = Path(__file__).resolve().parents[3] / "static" / "vendor" / "fonts"
FILES = {
    ("serif", ""): FONTS / "STIXTwoText-Regular.ttf",
    ("serif", "I"): FONTS / "STIXTwoText-Italic.ttf",
    ("serif", "B"): FONTS / "STIXTwoText-SemiBold.ttf",
    ("deva", ""): FONTS / "AnekDevanagari-Regular.ttf",
    ("hand", ""): VENDORED / "Kalam-Regular.ttf",
    ("hand deva", ""): FONTS / "Kalam-Devanagari.ttf",
}
#: Written glyph by glyph as HarfBuzz places them: Hindi, and what stands where a browser puts it.
SHAPED = {"deva", "hand", "hand deva"}
A4 = (595.28, 841.89)
DEVANAGARI = re.compile(r"[\u0900-\u097f\u200c\u200d\ua8e0-\ua8ff\u1cd0-\u1cff]+")
#: What STIX Two Text has: Latin letters, figures and the usual signs.
LATIN = re.compile("[ -~\u00a0-\u00acÀ-ÿ®-¿ıŒœʼˆ˚˜–—‘’‚“”„•…′″‹›⁄€™−∕]+")
#: What Kalam has.
HAND = re.compile("[ -~\u00a0-\u00acÀ-ÿ®-¿ıŒœʼˆ˚˜–—‘’‚“”„•…‹›⁄€™−∕]+")
BOLD_SHIFT = 0.03
Colour = tuple[int, int, int]
BLACK: Colour = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Pen:
    """What text is written with: the font for Latin letters, the one for Hindi, and a colour."""

    latin: str = "serif"
    hindi: str = "deva"
    colour: Colour = BLACK


PRINT = Pen()


class Canvas:
    """One PDF. Lengths are in points; y goes down from the top of the page."""

    def __init__(self, *, title: str, made_at: datetime) -> None:
        self.pdf = FPDF(unit="pt", format="A4")
        self.pdf.set_auto_page_break(False)
        self.pdf.set_margin(0)
        self.pdf.c_margin = 0
        self.pdf.set_title(title)
        self.pdf.set_producer("Abhyas")
        # The same paper is the same file, byte for byte.
        self.pdf.set_creation_date(made_at)
        self.pdf.set_line_width(0.6)
        self._loaded: set[tuple[str, str]] = set()
        self._widths: dict[tuple[str, str, float], float] = {}
        self._pen = PRINT

    @contextmanager
    def writing(self, pen: Pen) -> Iterator[None]:
        """Boxes and lines of text made within are written with `pen`, whenever they are drawn."""
        before, self._pen = self._pen, pen
        try:
            yield
        finally:
            self._pen = before

    def new_page(self) -> None:
        self.pdf.add_page()

    def output(self) -> bytes:
        return bytes(self.pdf.output())

    # --- Text --------------------------------------------------------------------------------------------------------
    def text_boxes(self, text: str, size: float, style: str = "") -> list[Box]:
        """One word (it may have unbreakable spaces) as boxes, one for each kind of script in it."""
        return [self._text_box(family, run, size, style) for family, run in _runs(text, self._pen)]

    def width(self, text: str, size: float, style: str = "") -> float:
        return sum(box.width for box in self.text_boxes(text, size, style))

    def text(self, text: str, x: float, y: float, size: float, style: str = "", align: str = "left") -> None:
        """A line of text with its baseline at y; x is its left edge, its middle or its right edge."""
        boxes = self.text_boxes(text, size, style)
        x -= sum(box.width for box in boxes) * {"left": 0.0, "center": 0.5, "right": 1.0}[align]
        for box in boxes:
            box.draw(x, y)
            x += box.width

    def _text_box(self, family: str, text: str, size: float, style: str) -> Box:
        if family == "maths":
            return self.drawing_box(draw_text(text), size)
        pen = self._pen

        def draw(x: float, y: float) -> None:
            self.pdf.set_text_color(*pen.colour)
            self._write(family, text, x, y, size, style)

        def fit(width: float) -> list[Box]:
            with self.writing(pen):
                pieces = self._pieces(family, text, size, style, width)
                return [self._text_box(family, piece, size, style) for piece in pieces]

        # One ascent for all words keeps lines even.
        return Box(self._measure(family, text, size, style), 0.72 * size, 0.22 * size, draw, fit)

    def _pieces(self, family: str, text: str, size: float, style: str, width: float) -> Iterator[str]:
        """A word wider than a line, cut where the line ends."""
        while text:
            # No line holds more: measuring the rest again and again would take time that grows with its square.
            count = max(1, min(len(text), int(width / size * 5)))
            while count > 1 and self._measure(family, text[:count], size, style) > width:
                count = min(count - 1, int(count * width / self._measure(family, text[:count], size, style)) or 1)
            yield text[:count]
            text = text[count:]

    def _measure(self, family: str, text: str, size: float, style: str) -> float:
        key = (text, f"{family}{style}", size)
        if key not in self._widths:
            self._font(family, style, size)
            self._widths[key] = float(self.pdf.get_string_width(text))
        return self._widths[key]

    def _font(self, family: str, style: str, size: float) -> None:
        style = style if (family, style) in FILES else ""
        if (family, style) not in self._loaded:
            self.pdf.add_font(family, style, FILES[family, style])
            self._loaded.add((family, style))
        self.pdf.set_text_shaping(family in SHAPED)
        self.pdf.set_font(family, style, size)

    def _write(self, family: str, text: str, x: float, y: float, size: float, style: str) -> None:
        self._font(family, style, size)
        # A script without a bold font is printed twice, a hair apart.
        for shift in (0.0, BOLD_SHIFT * size) if family == "deva" and style == "B" else (0.0,):
            if family in SHAPED:
                self._write_shaped(family, text, x + shift, y, size)
            else:
                self.pdf.text(x + shift, y, text)

    def _write_shaped(self, family: str, text: str, x: float, y: float, size: float) -> None:
        # `text` of fpdf2 does not shape; a cell does, with its baseline at 0.3 em above the middle of its height.
        self.pdf.set_xy(x, y - 0.8 * size)
        self.pdf.cell(w=self._measure(family, text, size, ""), h=size, text=text, new_x=XPos.RIGHT, new_y=YPos.TOP)

    # --- Formulas ----------------------------------------------------------------------------------------------------
    def drawing_box(self, drawing: Drawing, size: float) -> Box:
        pen = self._pen
        paint = "0 g 0 G" if pen.colour == BLACK else f"{rgb(pen.colour)} rg {rgb(pen.colour)} RG"

        def draw(x: float, y: float) -> None:
            scale = size / SIZE
            place = f"{scale:.5f} 0 0 {scale:.5f} {x:.2f} {self.pdf.h - y:.2f}"
            self.pdf._out(f"q {paint} {place} cm {drawing.operators} Q")

        def fit(width: float) -> list[Box]:
            with self.writing(pen):
                return [self.drawing_box(drawing, size * width / (drawing.width * size) * 0.999)]

        return Box(drawing.width * size, drawing.ascent * size, drawing.descent * size, draw, fit)

    # --- Lines, pictures, codes --------------------------------------------------------------------------------------
    def line(self, x1: float, y1: float, x2: float, y2: float, width: float = 0.6, grey: int = 0) -> None:
        self.pdf.set_draw_color(grey)
        self.pdf.set_line_width(width)
        self.pdf.line(x1, y1, x2, y2)

    def frame(self, x: float, y: float, width: float, height: float, line: float = 0.6) -> None:
        self.pdf.set_draw_color(0)
        self.pdf.set_line_width(line)
        self.pdf.rect(x, y, width, height)

    def picture(self, image: Image.Image, x: float, y: float, width: float, height: float) -> None:
        self.pdf.image(image, x, y, width, height)

    def qr_code(self, text: str, x: float, y: float, side: float) -> None:
        """Black squares, those of a row as one, all in one path so that no white hair shows between them."""
        modules, runs = qr_runs(text, quiet=0)
        module = side / modules
        drawn = [
            f"{x + left * module:.3f} {self.pdf.h - y - (row + 1) * module:.3f} {wide * module:.3f} {module:.3f} re"
            for left, row, wide in runs
        ]
        self.pdf._out(f"q 0 g {' '.join(drawn)} f Q")


def rgb(colour: Colour) -> str:
    """As the operators rg and RG want it."""
    return " ".join(f"{part / 255:.3f}" for part in colour)


def _runs(text: str, pen: Pen = PRINT) -> Iterator[tuple[str, str]]:
    """Parts of a text with the font that has them; what no text font has is drawn as mathematics."""
    place = 0
    while place < len(text):
        for family, pattern in ((pen.latin, HAND if pen.latin == "hand" else LATIN), (pen.hindi, DEVANAGARI)):
            if found := pattern.match(text, place):
                yield family, found[0]
                place = found.end()
                break
        else:
            end = place + 1
            while end < len(text) and not LATIN.match(text, end) and not DEVANAGARI.match(text, end):
                end += 1
            yield "maths", text[place:end]
            place = end

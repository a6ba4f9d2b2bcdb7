"""Stored HTML (paragraphs, lists, tables, pictures, MathML) as strips of a printed page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import unescape
from html.parser import HTMLParser
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from django.utils.translation import gettext as _

from assessments.services.printing.boxes import (
    Box,
    Glue,
    Item,
    NewLine,
    Strip,
    break_lines,
    draw_stack,
    height_of,
    kept,
    labelled,
    line_strip,
    line_width,
    moved,
    spaced,
)
from assessments.services.printing.canvas import Canvas
from assessments.services.printing.formulas import draw_formula, formula_text
from assessments.services.printing.pictures import read_picture

BLOCKS = {"p", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "table", "hr", "div"}
VOID = {"br", "img", "hr"}
MAX_DEPTH = 120
MAX_CELL_HEIGHT = 600.0
SHORT_FORMULA_EM = 12.0
SPACES = re.compile(r"([ \t\r\n]+)")
# Where a long word may break; the sign stays on the first line.
SOFT = re.compile(r"(?<=[-–—/])(?=\w)")


@dataclass(frozen=True, slots=True)
class Look:
    """How big the text is, and in what style: "" or B or I."""

    size: float
    style: str = ""


class Typesetter:
    """Sets text for one canvas. `size` is that of its plain text."""

    def __init__(self, canvas: Canvas, size: float) -> None:
        self.canvas = canvas
        self.size = size
        self.gap = 0.45 * size

    # --- Lines -------------------------------------------------------------------------------------------------------
    def items(self, text: str, look: Look) -> Iterator[Item]:
        """Plain text as boxes and glue; an unbreakable space stays inside its word."""
        space = self.canvas.width(" ", look.size, "")
        for part in SPACES.split(text):
            if not part:
                continue
            if part.isspace():
                yield Glue(space)
                continue
            for place, piece in enumerate(SOFT.split(part)):
                if place:
                    yield Glue(0.0)
                yield from self.canvas.text_boxes(piece, look.size, look.style)

    def lines(self, items: list[Item], width: float, *, size: float = 0.0, align: str = "left") -> list[Strip]:
        size = size or self.size
        strips = []
        for line in break_lines(items, width):
            spare = max(width - line_width(line), 0.0) * {"left": 0.0, "center": 0.5, "right": 1.0}[align]
            strips.append(line_strip(line, ascent=0.72 * size, descent=0.22 * size, leading=0.36 * size, shift=spare))
        return strips

    def paragraph(
        self, text: str, width: float, *, size: float = 0.0, style: str = "", align: str = "left"
    ) -> list[Strip]:
        look = Look(size or self.size, style)
        return self.lines(list(self.items(text, look)), width, size=look.size, align=align)

    def word(self, text: str, style: str = "") -> Box:
        """A label as one box."""
        boxes = self.canvas.text_boxes(text, self.size, style)

        def draw(x: float, y: float) -> None:
            for box in boxes:
                box.draw(x, y)
                x += box.width

        return Box(sum(box.width for box in boxes), 0.72 * self.size, 0.22 * self.size, draw)

    # --- HTML --------------------------------------------------------------------------------------------------------
    def html(self, html: str, width: float, *, style: str = "") -> list[Strip]:
        """The content as strips, paragraphs with a little space between them."""
        strips = self._blocks(parse_html(html), width, Look(self.size, style))
        return strips or self.paragraph("\u2014", width)

    def natural_width(self, html: str) -> float:
        """How wide the content is on one line; infinite if it is more than a line of text."""
        root = parse_html(html)
        blocks = [node for node in root if node.tag in BLOCKS]
        if len(blocks) > 1 or any(node.tag not in {"p", "div"} for node in blocks) or root.find(".//img") is not None:
            return float("inf")
        total = 0.0
        for item in self._inline(blocks[0] if blocks else root, Look(self.size)):
            if isinstance(item, NewLine):
                return float("inf")
            total += item.width
        return total

    def _blocks(self, node: Element, width: float, look: Look) -> list[Strip]:
        """The blocks inside `node`; text that stands between them is a paragraph too."""
        strips: list[Strip] = []

        def add(made: list[Strip]) -> None:
            strips.extend(spaced(made, self.gap) if strips else made)

        loose = Element("p")
        loose.text = node.text
        for child in node:
            if child.tag not in BLOCKS:
                loose.append(child)
                continue
            if (loose.text or "").strip() or len(loose):
                add(self._paragraphs(loose, width, look))
            add(self._block(child, width, look))
            loose = Element("p")
            loose.text = child.tail
        if (loose.text or "").strip() or len(loose):
            add(self._paragraphs(loose, width, look))
        return strips

    def _block(self, node: Element, width: float, look: Look) -> list[Strip]:
        if node.tag in {"ul", "ol"}:
            return self._list(node, width, look)
        if node.tag == "table":
            return self._table(node, width, look)
        if node.tag == "blockquote":
            return moved(self._blocks(node, width - 1.5 * self.size, look), 1.5 * self.size)
        if node.tag == "hr":
            half = self.size / 2
            return [Strip(self.size, 0.0, lambda x, y: self.canvas.line(x, y + half, x + width, y + half))]
        if node.tag == "pre":
            return self._preformatted(node, width, look)
        if node.tag.startswith("h"):
            return kept(self._paragraphs(node, width, replace(look, style="B")), last=True)
        if any(child.tag in BLOCKS for child in node):
            return self._blocks(node, width, look)
        return self._paragraphs(node, width, look)

    def _preformatted(self, node: Element, width: float, look: Look) -> list[Strip]:
        strips = []
        for line in "".join(node.itertext()).rstrip("\n").split("\n"):
            strips += self.paragraph(line.replace(" ", "\u00a0") or "\u00a0", width, size=look.size)
        return strips

    def _paragraphs(self, node: Element, width: float, look: Look) -> list[Strip]:
        """A paragraph; formulas and pictures of their own line cut it in pieces, in the middle of the line."""
        strips: list[Strip] = []
        items: list[Item] = []
        for item in self._inline(node, look, width):
            if not isinstance(item, _Display):
                items.append(item)
                continue
            strips += self.lines(items, width, size=look.size)
            strips += self.lines(item.items, width, size=look.size, align="center")
            items = []
        return strips + self.lines(items, width, size=look.size)

    def _inline(self, node: Element, look: Look, width: float = 400.0) -> Iterator[Item | _Display]:
        yield from self.items(node.text or "", look)
        for child in node:
            if child.tag == "math":
                yield from self._formula(child, look)
            elif child.tag == "br":
                yield NewLine()
            elif child.tag == "img":
                yield from self._picture(child, look, width)
            else:
                style = {"strong": "B", "em": "I"}.get(child.tag, look.style)
                yield from self._inline(child, replace(look, style=style), width)
            yield from self.items(child.tail or "", look)

    def _formula(self, math: Element, look: Look) -> Iterator[Item | _Display]:
        display = math.get("display") == "block"
        tail, math.tail = math.tail, None
        mathml = ElementTree.tostring(math, encoding="unicode")
        math.tail = tail
        drawings = draw_formula(mathml, display)
        if drawings is None:
            yield from self.items(unescape(formula_text(mathml)), look)
            return
        items: list[Item] = []
        # A short formula goes to the next line as a whole.
        short = sum(drawing.width for drawing in drawings) < SHORT_FORMULA_EM
        for place, drawing in enumerate(drawings):
            if place and not short:
                items.append(Glue(0.0))
            items.append(self.canvas.drawing_box(drawing, look.size))
        if display:
            yield _Display(items)
        else:
            yield from items

    def _picture(self, node: Element, look: Look, width: float) -> Iterator[Item | _Display]:
        picture = read_picture(node.get("src", ""))
        if picture is None:
            # A paper with a hole in it must be seen before it is printed.
            name = node.get("alt") or node.get("src", "")
            yield from self.items(_("[picture missing: %(name)s]") % {"name": name}, replace(look, style="B"))
            return
        wide, high = picture.fitted(width, self.size / 11)

        def draw(x: float, y: float) -> None:
            self.canvas.picture(picture.image, x, y - high, wide, high)

        if high <= 2 * look.size:
            yield Box(wide, high, 0.0, draw)
        else:
            yield _Display([Box(wide, high + 2, 2.0, draw)])

    def _list(self, node: Element, width: float, look: Look) -> list[Strip]:
        strips: list[Strip] = []
        indent = 1.7 * self.size
        start = int(node.get("start", "1")) if node.get("start", "1").isdigit() else 1
        for place, child in enumerate(node.findall("li")):
            label = self.word(f"{start + place}." if node.tag == "ol" else "•")
            body = self._blocks(child, width - indent, look) or self.paragraph("\u00a0", width)
            made = labelled(moved(body, indent), label, indent - label.width - 0.5 * self.size)
            strips += spaced(made, self.gap / 2) if strips else made
        return strips

    # --- Tables ------------------------------------------------------------------------------------------------------
    def _table(self, node: Element, width: float, look: Look) -> list[Strip]:
        """Columns as wide as their content where that fits; the head stays with the first row."""
        rows = [[cell for cell in row if cell.tag in {"td", "th"}] for row in node.iter("tr")]
        rows = [row for row in rows if row]
        if not rows:
            return []
        widths = self._column_widths(rows, width, look)
        usual = "center" if sum(widths) < width else "left"
        pad = 0.35 * self.size
        made = []
        for place, row in enumerate(rows):
            cells = []
            for cell, wide in zip(row, widths, strict=False):
                style = "B" if cell.tag == "th" else look.style
                cells.append(self._cell(cell, wide - 2 * pad, replace(look, style=style), _alignment(cell) or usual))
            strip = self._row(cells, widths, pad)
            if strip.height > MAX_CELL_HEIGHT:
                # No page holds such a row: what it says is printed below each other.
                return [strip for row in rows for cell in row for strip in self._blocks(cell, width, look)]
            made.append(replace(strip, keep=(place == 0 and len(rows) > 1) or place == len(rows) - 2))
        return made

    def _cell(self, cell: Element, width: float, look: Look, align: str) -> list[Strip]:
        if any(child.tag in BLOCKS or child.tag == "img" or child.get("display") == "block" for child in cell):
            return self._blocks(cell, width, look)
        items = [item for item in self._inline(cell, look, width) if not isinstance(item, _Display)]
        return self.lines(items, width, size=look.size, align=align)

    def _row(self, cells: list[list[Strip]], widths: list[float], pad: float) -> Strip:
        height = max((height_of(body) for body in cells), default=self.size) + pad
        baseline = max((body[0].baseline for body in cells if body), default=self.size) + pad / 2

        def draw(x: float, y: float) -> None:
            for body, wide in zip(cells, widths, strict=False):
                self.canvas.frame(x, y, wide, height, 0.5)
                top = y + pad / 2 + (height - pad - height_of(body)) / 2
                draw_stack(body, x + pad, top)
                x += wide

        return Strip(height, baseline, draw)

    def _column_widths(self, rows: list[list[Element]], width: float, look: Look) -> list[float]:
        columns = max(map(len, rows))
        wanted = [2.2 * self.size] * columns
        for row in rows:
            for place, cell in enumerate(row):
                items = [i for i in self._inline(cell, replace(look, style="B")) if not isinstance(i, _Display)]
                lines = break_lines(items, 1e6)
                wanted[place] = max([wanted[place], *(line_width(line) + 1.1 * self.size for line in lines)])
        total = sum(wanted)
        if total <= width:
            return wanted
        # Narrow columns keep their width, the wide ones share what is left.
        fair = width / columns
        narrow = sum(wide for wide in wanted if wide <= fair)
        rest = sum(wide for wide in wanted if wide > fair)
        return [wide if wide <= fair else wide / rest * (width - narrow) for wide in wanted]


@dataclass(frozen=True, slots=True)
class _Display:
    """A formula or picture that has a line of its own."""

    items: list[Item]

    @property
    def width(self) -> float:
        return float("inf")


def _alignment(cell: Element) -> str:
    found = re.search(r"text-align:\s*(left|center|right)", cell.get("style", ""))
    return found[1] if found else ""


# --- Parsing ---------------------------------------------------------------------------------------------------------
class _Parser(HTMLParser):
    """Stored HTML is clean; what is not is taken as it comes. Tags below MAX_DEPTH count as their content."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("div")
        self.open = [self.root]
        self.too_deep = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len(self.open) > MAX_DEPTH:
            self.too_deep += tag not in VOID
            return
        child = ElementTree.SubElement(self.open[-1], tag, {name: value or "" for name, value in attrs})
        if tag not in VOID:
            self.open.append(child)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.too_deep:
            self.too_deep -= 1
        elif any(node.tag == tag for node in self.open[1:]):
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        # No XML and no font has them.
        data = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", data)
        parent = self.open[-1]
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + data
        else:
            parent.text = (parent.text or "") + data


def parse_html(html: str) -> Element:
    parser = _Parser()
    parser.feed(html)
    parser.close()
    return parser.root

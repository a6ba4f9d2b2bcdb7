"""The question paper as a board prints it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.utils.html import escape
from django.utils.translation import gettext as _

from assessments.enums import QuestionType
from assessments.models import Paper, PaperQuestion
from assessments.services.printing.boxes import (
    Box,
    Strip,
    height_of,
    kept,
    kept_ends,
    labelled,
    moved,
    side_by_side,
    spaced,
)
from assessments.services.printing.canvas import Canvas
from assessments.services.printing.content import (
    Numbered,
    PrintedSection,
    marks_text,
    part_groups,
    read_sections,
)
from assessments.services.printing.headings import paper_heading, section_heading
from assessments.services.printing.options import PrintOptions
from assessments.services.printing.pages import WIDTH, page_count, print_pages
from assessments.services.printing.typeset import Typesetter

#: A question that is shorter stays on one page.
WHOLE_HEIGHT = 330.0
BLANK = "_" * 12


def print_paper(paper: Paper, options: PrintOptions) -> bytes:
    """The paper as PDF. The same paper and options give the same bytes. Three queries with its programme."""
    canvas = Canvas(title=f"{paper.title}", made_at=paper.frozen_at)
    sections = read_sections(paper)
    layout = PaperLayout(canvas, options.points)
    body = [strip for section in sections for strip in layout.section(section)] + layout.end()
    pages = 1
    for _turn in range(3):
        # The heading says how many pages there are, which may itself move a line.
        strips = [*paper_heading(layout.set, paper, sections, options, pages), *body]
        if pages == (pages := page_count(strips)):
            break
    print_pages(canvas, strips, paper=paper, document="paper", options=options)
    return canvas.output()


class PaperLayout:
    """Questions as strips of the page's width."""

    def __init__(self, canvas: Canvas, size: float) -> None:
        self.set = Typesetter(canvas, size)
        self.size = size
        self.number_width = 2.6 * size
        self.marks_width = 2.6 * size
        self.width = WIDTH - self.number_width - self.marks_width

    def section(self, section: PrintedSection) -> list[Strip]:
        strips = section_heading(self.set, section)
        for place, question in enumerate(section.questions):
            strips += spaced(self.question(question), (0.6 if place == 0 else 1.1) * self.size)
        return strips

    def end(self) -> list[Strip]:
        """So that nobody looks for a page that is not there."""
        strips = self.set.paragraph(_("End of the question paper"), WIDTH, style="I", align="center")
        return spaced(strips, 1.6 * self.size)

    def question(self, question: Numbered) -> list[Strip]:
        """The number, and the question or its two alternatives with OR between them."""
        rows = question.rows
        label = self.set.word(f"{question.number}.", "B")
        if len(rows) == 1:
            strips = self._with_marks(self._content(rows[0], self.width), marks_text(rows[0].marks))
            if height_of(strips) <= WHOLE_HEIGHT:
                strips = kept(strips)
            return labelled(moved(strips, self.number_width), label, 0.0)
        indent = 1.9 * self.size
        both: list[Strip] = []
        for row in rows:
            strips = self._with_marks(self._content(row, self.width - indent), marks_text(row.marks), indent)
            strips = labelled(moved(strips, indent), self.set.word(f"({row.alternative})"), 0.0)
            both = self._either(both, strips)
        return labelled(moved(both, self.number_width), label, 0.0)

    def _either(self, one: list[Strip], other: list[Strip], left: float = 0.0) -> list[Strip]:
        """Two alternatives with OR between them, in the middle of the page, never at the bottom or top of one."""
        other = kept(other) if height_of(other) <= WHOLE_HEIGHT else kept_ends(other)
        if not one:
            return other
        middle = self.set.paragraph(_("OR"), self.width, style="B", align="center")
        middle = moved(kept(spaced(middle, 0.5 * self.size), last=True), -left)
        both = [*one[:-1], replace(one[-1], keep=True), *middle, *spaced(other, 0.5 * self.size)]
        return kept(both) if height_of(both) <= WHOLE_HEIGHT else both

    def _with_marks(self, strips: list[Strip], marks: str, indent: float = 0.0) -> list[Strip]:
        """Marks at the right margin of the first line. `indent`: how far the strips will be moved yet."""
        box = self.set.word(marks, "B")
        return labelled(strips, box, self.width - indent + self.marks_width - box.width)

    # --- What a question says ----------------------------------------------------------------------------------------
    def _content(self, row: PaperQuestion, width: float) -> list[Strip]:
        shown = row.shown
        strips = self.set.html(with_blanks(shown.text_html, shown.answer), width)
        if row.type == QuestionType.CASE_STUDY:
            parts = self._parts(shown.parts, width)
            return [*kept_ends(strips), *parts]
        if row.type == QuestionType.MATCHING:
            answers = self._matching(shown.parts, shown.options, width)
        elif row.type == QuestionType.TRUE_FALSE:
            answers = self.set.paragraph(_("Write True or False."), width, style="I")
        else:
            answers = self._options(shown.options, width)
        if not answers:
            return kept_ends(strips)
        return [*kept(strips, last=True), *kept(spaced(answers, 0.5 * self.size))]

    def _options(self, options: Sequence[dict[str, Any]], width: float) -> list[Strip]:
        """In four, two or one columns, the most in which each stays on one line."""
        if not options:
            return []
        labels = [self.set.word(f"({option['label']})") for option in options]
        indent = max(label.width for label in labels) + 0.6 * self.size
        widest = max(self.set.natural_width(option["html"]) for option in options)
        columns = next((n for n in (4, 2) if len(options) >= n and widest + indent + self.size <= width / n), 1)
        wide = width / columns
        cells = [
            self._option(option["html"], label, indent, wide) for option, label in zip(options, labels, strict=True)
        ]
        if columns == 1:
            return [strip for cell in cells for strip in spaced(cell, 0.25 * self.size)]
        rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
        strips = [side_by_side([(place * wide, cell) for place, cell in enumerate(row)]) for row in rows]
        return [strip for made in strips for strip in spaced([made], 0.25 * self.size)]

    def _option(self, html: str, label: Box, indent: float, width: float) -> list[Strip]:
        return labelled(moved(self.set.html(html, width - indent), indent), label, 0.0)

    def _matching(self, prompts: list[dict[str, Any]], choices: list[dict[str, Any]], width: float) -> list[Strip]:
        """Two columns: what is to be matched, and with what."""
        indent, half = 2.2 * self.size, width / 2
        left, right = (
            [self._option(row["html"], self.set.word(f"({row['label']})"), indent, half - self.size) for row in rows]
            for rows in (prompts, choices)
        )
        heads = (_("Column I"), _("Column II"))
        strips = [side_by_side([(i * half, self.set.paragraph(h, half, style="B")) for i, h in enumerate(heads)])]
        for place in range(max(len(left), len(right))):
            cells = [(i * half, rows[place]) for i, rows in enumerate((left, right)) if place < len(rows)]
            strips += spaced([side_by_side(cells)], 0.25 * self.size)
        return strips

    def _parts(self, parts: list[dict[str, Any]], width: float) -> list[Strip]:
        strips: list[Strip] = []
        indent, letter = 2.4 * self.size, 1.9 * self.size
        for label, alternatives in part_groups(parts):
            made: list[Strip] = []
            for part in alternatives:
                inner = letter if part["alternative"] else 0.0
                body = self.set.html(part["html"], width - indent - inner)
                body = self._part_marks(body, part, indent + inner)
                if part["alternative"]:
                    body = labelled(moved(body, inner), self.set.word(f"({part['alternative']})"), 0.0)
                made = self._either(made, body, indent)
            made = labelled(moved(made, indent), self.set.word(f"({label})"), 0.0)
            strips += spaced(made, 0.6 * self.size)
        return strips

    def _part_marks(self, strips: list[Strip], part: dict[str, Any], indent: float) -> list[Strip]:
        """A part's marks stand left of the question's own, in the text's last columns."""
        box = self.set.word(f"({marks_text(part['marks'])})")
        return labelled(strips, box, self.width - indent + self.marks_width - box.width)


def with_blanks(html: str, answer: dict[str, Any]) -> str:
    """`[[1]]` as a line to write on; what may be chosen stands behind it."""
    for label, key in (answer.get("blanks") or {}).items():
        choices = " / ".join(escape(option) for option in key.get("options", []))
        hint = f" [{choices}]" if choices else ""
        html = html.replace(f"[[{label}]]", f"({escape(label)})\u00a0{BLANK}{hint}")
    return html

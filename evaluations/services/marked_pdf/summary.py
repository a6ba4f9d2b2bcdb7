"""What a paper won, question by question and step by step, as strips of printed pages."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from assessments.enums import QuestionType, RevealItem
from assessments.services.printing.boxes import Box, Strip, kept, kept_ends, labelled, moved, spaced
from assessments.services.printing.canvas import A4, Canvas
from assessments.services.printing.content import marks_text
from assessments.services.printing.typeset import Typesetter
from common.content import render_remark
from common.maths_text import line_maths
from common.templatetags.ui_times import clock_text, span_text
from evaluations.enums import AnnotationKind
from evaluations.selectors.marked_papers import MarkedDocument
from evaluations.selectors.result_page import is_floored, question_row, sections_of
from evaluations.selectors.results import ResultMethod, ResultQuestion
from evaluations.services.marked_pdf.ink import HAND

MARGIN = 51.0
WIDTH = A4[0] - 2 * MARGIN
SIZE = 10.0
NUMBER = 2.6 * SIZE
MARKS = 5.5 * SIZE
SCORE = 120.0
LINES = 2


def summary_strips(canvas: Canvas, document: MarkedDocument, places: dict[UUID, int]) -> list[Strip]:
    """`places` has the link to each page of the paper."""
    summary = _Summary(canvas, document, places)
    return [*summary.heading(), *summary.sections(), *summary.questions(), *summary.objective()]


class _Summary:
    def __init__(self, canvas: Canvas, document: MarkedDocument, places: dict[UUID, int]) -> None:
        self.canvas = canvas
        self.set = Typesetter(canvas, SIZE)
        self.small = Typesetter(canvas, 8.5)
        self.document = document
        self.result = document.result
        self.places = places
        self.pages = {page.number: page.id for page in self.result.pages}
        self.shows_marks = RevealItem.MARKS in self.result.shown
        with canvas.writing(HAND):
            self.hand = Typesetter(canvas, 12.0)

    # --- Who, when, how much -----------------------------------------------------------------------------------------
    def heading(self) -> list[Strip]:
        exam = self.result.attempt.exam
        strips = [
            *self.small.paragraph(exam.programme.subject, WIDTH - SCORE),
            *self.set.paragraph(exam.title, WIDTH - SCORE, size=20.0, style="B"),
        ]
        for label, text in self._facts():
            body = moved(self.set.paragraph(text, WIDTH - SCORE - 80), 80.0)
            strips += spaced(labelled(body, self.small.word(label), 0.0), 3.0)
        strips = spaced(strips, 0.0)
        if self.shows_marks and self.result.total_marks is not None:
            strips = labelled(strips, self._score(self.result.total_marks), WIDTH)
        if self.shows_marks and self.result.late_marks:
            words = _("%(won)s for the work, %(late)s off for being late.") % {
                "won": marks_text(self.result.written_marks or Decimal(0)),
                "late": marks_text(self.result.late_marks),
            }
            strips += spaced(self.set.paragraph(words, WIDTH), 6.0)
        for note in self.result.notes:
            strips += spaced(self.set.paragraph(note, WIDTH, style="I"), 6.0)
        return [*kept(strips, last=True), self._rule(1.2)]

    def _facts(self) -> list[tuple[str, str]]:
        result, evaluation = self.result, self.result.evaluation
        assert evaluation is not None
        facts = [(_("Student"), self.document.student)]
        facts.append((_("Marked by"), evaluation.teacher.name if evaluation.teacher else ""))
        facts.append((_("Handed in"), _moment(result.attempt.handed_in_at)))
        facts.append((_("Given back"), _moment(result.released_at)))
        facts.append((_("Promise"), self._promise()))
        return [(label, text) for label, text in facts if text]

    def _promise(self) -> str:
        """Whether the paper was marked in time. A correction later moves neither."""
        evaluation, due_at = self.result.evaluation, self.result.due_at
        if evaluation is None or due_at is None or evaluation.finalised_at is None:
            return ""
        told = {"when": _moment(due_at), "span": span_text(abs(due_at - evaluation.finalised_at))}
        if evaluation.finalised_at <= due_at:
            return _("by %(when)s, kept: marked %(span)s before") % told
        return _("by %(when)s, missed: marked %(span)s late") % told

    def _score(self, total: Decimal) -> Box:
        """The total in the teacher's hand, at the right edge."""
        most = marks_text(self.result.max_marks)
        with self.canvas.writing(HAND):
            won = self.canvas.text_boxes(marks_text(total), 34.0)
            of = self.canvas.text_boxes(f"/ {most}", 17.0)

        def draw(x: float, y: float) -> None:
            place, base = x - sum(box.width for box in [*won, *of]) - 8, y + 18
            for box in [*won, *of]:
                box.draw(place + (8 if box in of else 0), base)
                place += box.width
            self.canvas.pdf.set_draw_color(0xC4, 0x18, 0x3C)
            self.canvas.pdf.set_line_width(1.6)
            self.canvas.pdf.line(x - SCORE + 16, base + 10, x, base + 10)

        return Box(0.0, 10.0, 0.0, draw)

    def sections(self) -> list[Strip]:
        if not self.shows_marks:
            return []
        rows = sections_of(self.result)
        strips: list[Strip] = []
        for row in rows if len(rows) > 1 else []:
            told = f"{marks_text(row['won'])} / {marks_text(row['possible'])}"
            strips += spaced(self._bar(row["title"], told, row["percent"]), 5.0)
        if is_floored(self.result):
            words = _("Answers that were sure and wrong cost more than the right ones won. A paper never goes below 0.")
            strips += spaced(self.set.paragraph(words, WIDTH, style="I"), 5.0)
        return [*spaced(strips, 8.0), self._rule(0.5)] if strips else []

    def _bar(self, title: str, told: str, percent: int) -> list[Strip]:
        canvas, left, wide = self.canvas, WIDTH * 0.45, WIDTH * 0.55 - MARKS

        def draw(x: float, y: float) -> None:
            for share, grey in ((1.0, 215), (percent / 100, 70)):
                if share:
                    canvas.line(x + left, y, x + left + wide * share, y, 4.0, grey)

        line = labelled(self.set.paragraph(title, left - 10), Box(0, 0, 0, lambda x, y: draw(x, y - 3.0)), 0.0)
        word = self.set.word(told)
        return labelled(line, word, WIDTH - word.width)

    # --- Written questions -------------------------------------------------------------------------------------------
    def questions(self) -> list[Strip]:
        strips: list[Strip] = []
        for question in self.result.questions:
            if question.is_written:
                strips += spaced(self._question(question), 9.0)
        comments = self._loose_comments()
        return strips + (spaced(comments, 9.0) if comments else [])

    def _question(self, question: ResultQuestion) -> list[Strip]:
        row = question_row(question, self.result)
        width = WIDTH - NUMBER - MARKS
        strips = self._title(question.html, width)
        strips = labelled(strips, *self._right(self._told(question), width))
        if not question.counts:
            words = _("The other alternative was answered better; that one counts.")
            strips += self.small.paragraph(words, width, style="I")
        if question.scheme_said:
            words = _("The marking scheme was changed after marking had begun:")
            strips += self.small.paragraph(f"{words} {' '.join(question.scheme_said)}", width, style="I")
        # Of an alternative that was left out there is nothing to tell.
        for method in question.methods_by_use if question.counts or question.awarded else []:
            strips += spaced(self._method(question, method, width), 3.0)
        strips += spaced(self._said(question, row["pages"], width), 3.0)
        if row["pages"]:
            strips += spaced(self._page_links(row["pages"]), 2.0)
        strips = labelled(moved(strips, NUMBER), self.set.word(question.label, "B"), 0.0)
        first = strips[0]

        def draw(x: float, y: float) -> None:
            label = _("Question %(label)s") % {"label": question.label}
            self.canvas.pdf.set_y(y)
            self.canvas.pdf.start_section(label, level=1)
            first.draw(x, y)

        return kept_ends([Strip(first.height, first.baseline, draw, first.gap, first.keep), *strips[1:]])

    def _title(self, html: str, width: float) -> list[Strip]:
        """The beginning of the question: it is a summary, and whoever reads it has the paper."""
        strips = self.set.html(html, width, style="B")
        return strips if len(strips) <= LINES else [*strips[:LINES], *self.small.paragraph("…", width)]

    def _told(self, question: ResultQuestion) -> str:
        if not self.shows_marks:
            return f"/ {marks_text(question.marks)}"
        won = marks_text(question.awarded) if question.awarded is not None else "–"
        return f"{won} / {marks_text(question.marks)}"

    def _right(self, text: str, width: float, style: str = "B") -> tuple[Box, float]:
        word = self.set.word(text, style)
        return word, width + MARKS - word.width

    def _method(self, question: ResultQuestion, method: ResultMethod, width: float) -> list[Strip]:
        strips: list[Strip] = []
        if len(question.methods) > 1:
            if question.counted_method and not method.counts:
                return []
            name = _("Method %(n)s") % {"n": method.number} + (f": {method.title}" if method.title else "")
            strips += kept(self.small.paragraph(name, width, style="I"), last=True)
        steps = method.steps
        if question.type == QuestionType.FILE_UPLOAD and question.parts:
            # Of a rubric the levels that were reached; who reads the file has the rubric.
            steps = [entry for entry in steps if entry.awarded or not entry.step.alternative]
        for entry in steps:
            body = moved(self.small.html(entry.step.html, width - 16), 16.0)
            if entry.is_carried:
                words = _("Error carried forward: right with the own earlier value, so it counts.")
                body = [*body, *moved(self.small.paragraph(words, width - 16, style="I"), 16.0)]
            part = f"({' '.join(filter(None, (entry.step.part, entry.step.alternative)))})" if entry.step.part else ""
            won = f"{marks_text(entry.awarded)} / " if entry.awarded is not None else ""
            label = self.small.word(f"{won}{marks_text(entry.step.marks)}")
            body = labelled(body, label, width + MARKS - label.width)
            strips += labelled(body, self.small.word(part or "–"), 0.0)
        return strips

    # --- The teacher's words -----------------------------------------------------------------------------------------
    def _said(self, question: ResultQuestion, pages: list[int], width: float) -> list[Strip]:
        strips = self._comment(question.comment, width) if question.comment else []
        for page in self.result.pages:
            for one in page.annotations:
                if one["kind"] == AnnotationKind.COMMENT and one["question"] == str(question.id):
                    strips += self._comment(one["text"], width, page.number)
        return strips

    def _loose_comments(self) -> list[Strip]:
        """Comments on the pages that belong to no question."""
        strips: list[Strip] = []
        for page in self.result.pages:
            for one in page.annotations:
                if one["kind"] == AnnotationKind.COMMENT and not one["question"]:
                    strips += self._comment(one["text"], WIDTH - NUMBER - MARKS, page.number)
        return moved(strips, NUMBER)

    def _comment(self, text: str, width: float, page: int | None = None) -> list[Strip]:
        """In the teacher's hand, formulas set as formulas."""
        with self.canvas.writing(HAND):
            strips = self._with_formulas(text, width)
        if page is not None:
            label = self.small.word(_("page %(number)d") % {"number": page})
            strips = labelled(strips, label, width + MARKS - label.width)
        return strips

    def _with_formulas(self, text: str, width: float) -> list[Strip]:
        html = render_remark(text)
        return self.hand.html(html, width) if html else self.hand.paragraph(text, width)

    def _page_links(self, numbers: list[int]) -> list[Strip]:
        """“Page 3, page 4”, each leading there."""
        canvas, words = self.canvas, []
        for number in numbers:
            words.append((self.small.word(_("page %(number)d") % {"number": number}), self.places[self.pages[number]]))

        def draw(x: float, y: float) -> None:
            for word, link in words:
                word.draw(x, y + 8.5)
                canvas.line(x, y + 10, x + word.width, y + 10, 0.4, 120)
                canvas.pdf.link(x, y - 2, word.width, 16, link)
                x += word.width + 10

        return [Strip(14.0, 8.5, draw)]

    # --- Questions with a key ----------------------------------------------------------------------------------------
    def objective(self) -> list[Strip]:
        rows = [question for question in self.result.questions if not question.is_written]
        if not rows:
            return []
        strips = [self._rule(0.5), *kept(self.set.paragraph(_("Questions with a key"), WIDTH, style="B"), last=True)]
        for question in rows:
            strips += spaced(self._keyed(question), 3.0)
        return strips

    def _keyed(self, question: ResultQuestion) -> list[Strip]:
        width = WIDTH - NUMBER - MARKS
        shown = question_row(question, self.result)["shown"]
        given, right = _words_of(shown)
        told = []
        if shown.get("answer"):
            told.append(_("Answer: %(answer)s") % {"answer": given or "–"})
        if shown.get("key") and right and right != given:
            told.append(_("Right: %(answer)s") % {"answer": right})
        if shown.get("verdict"):
            told.append(shown["verdict"])
        body = self.small.paragraph(".  ".join(told) or "–", width)
        body = labelled(body, *self._right(self._told(question), width, ""))
        return kept(labelled(moved(body, NUMBER), self.set.word(question.label, "B"), 0.0))

    def _rule(self, width: float) -> Strip:
        return Strip(8.0, 0.0, lambda x, y: self.canvas.line(x, y + 4, x + WIDTH, y + 4, width, 60), gap=6.0)


def _moment(value: datetime | None) -> str:
    """With its year: a file is read years later."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    return f"{date_format(local, 'D j M Y')}, {clock_text(local)}"


def _words_of(shown: dict[str, Any]) -> tuple[str, str]:
    """What was answered and what is right, each in one line."""
    if "options" in shown:
        names = [(one, one["letter"] or _plain(one["html"])) for one in shown["options"]]
        given = ", ".join(name for one, name in names if one["chosen"])
        return given, ", ".join(name for one, name in names if one["right"])
    if "pairs" in shown:
        return _listed(shown["pairs"], "given"), _listed(shown["pairs"], "right")
    if "blanks" in shown:
        return _listed(shown["blanks"], "given"), _listed(shown["blanks"], "right")
    if "order" in shown:
        placed = sorted((one for one in shown["order"] if one["place"]), key=lambda one: int(one["place"]))
        rightly = [one for one in shown["order"] if one["right"]]
        return ", ".join(_plain(one["html"]) for one in placed), ", ".join(_plain(one["html"]) for one in rightly)
    return shown.get("given", {}).get("text", ""), shown.get("right", {}).get("text", "")


def _listed(rows: list[dict[str, Any]], name: str) -> str:
    return "; ".join(f"{row['label']}: {_plain(str(row[name]))}" for row in rows if row[name])


def _plain(html: str) -> str:
    """Stored HTML in one line of characters."""
    return " ".join(strip_tags(line_maths(html)).split())

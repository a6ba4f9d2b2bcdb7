"""The key of a paper: answers with explanations, and for written questions the model answer and the marking scheme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.html import escape
from django.utils.translation import gettext as _

from assessments.enums import QuestionType, StepKind
from assessments.models import MarkingStep, Paper, PaperQuestion, SchemeMethod, ShownContent
from assessments.services.keys import keys_of
from assessments.services.printing.boxes import Strip, height_of, kept, kept_ends, labelled, moved, spaced
from assessments.services.printing.canvas import Canvas
from assessments.services.printing.content import Numbered, PrintedSection, marks_text, read_sections
from assessments.services.printing.headings import section_heading, title_block
from assessments.services.printing.options import PrintOptions, paper_code
from assessments.services.printing.pages import WIDTH, print_pages
from assessments.services.printing.typeset import Typesetter

WHOLE_HEIGHT = 150.0


def print_key(paper: Paper, options: PrintOptions) -> bytes:
    """The key as PDF; for teachers only. As bounded and repeatable as the paper."""
    canvas = Canvas(title=_("%(title)s: key") % {"title": paper.title}, made_at=paper.frozen_at)
    layout = KeyLayout(canvas, options.points)
    strips = layout.heading(paper)
    for section in read_sections(paper):
        strips += layout.section(section)
    print_pages(canvas, strips, paper=paper, document="key", options=options)
    return canvas.output()


class KeyLayout:
    def __init__(self, canvas: Canvas, size: float) -> None:
        self.set = Typesetter(canvas, size)
        self.size = size
        self.number_width = 2.6 * size
        self.marks_width = 2.6 * size
        self.width = WIDTH - self.number_width - self.marks_width

    def heading(self, paper: Paper) -> list[Strip]:
        canvas, size = self.set.canvas, self.size
        secret = self.set.paragraph(_("Confidential: for teachers and examiners only"), WIDTH, style="B")
        code = self.set.word(_("Paper code %(code)s") % {"code": paper_code(paper)}, "B")
        marks = _("Maximum marks: %(marks)s") % {"marks": marks_text(paper.total_marks)}
        legend = _("In marking schemes M is a mark for method, A for accuracy, B independent of the other steps.")
        carried = _("A step that follows another is judged by the student's own value from there.")
        rule = Strip(2 * size, size, lambda x, y: canvas.line(x, y + 0.3 * size, x + WIDTH, y + 0.3 * size, 0.9))
        return [
            *kept(labelled(secret, code, WIDTH - code.width), last=True),
            *title_block(self.set, paper, _("Answer key and marking scheme")),
            *kept(self.set.paragraph(marks, WIDTH, align="center"), last=True),
            *kept(self.set.paragraph(f"{legend} {carried}", WIDTH, align="center"), last=True),
            rule,
        ]

    def section(self, section: PrintedSection) -> list[Strip]:
        strips = section_heading(self.set, replace(section, instruction=""))
        for question in section.questions:
            strips += spaced(self.question(question), 0.9 * self.size)
        return strips

    def question(self, question: Numbered) -> list[Strip]:
        strips: list[Strip] = []
        for row in question.rows:
            made = self._row(row)
            if height_of(made) <= WHOLE_HEIGHT:
                made = kept(made)
            if strips:
                middle = kept(self.set.paragraph(_("OR"), self.width, style="B", align="center"), last=True)
                strips[-1] = replace(strips[-1], keep=True)
                strips += spaced(middle, 0.5 * self.size)
            strips += spaced(made, 0.5 * self.size) if strips else made
        return labelled(moved(strips, self.number_width), self.set.word(f"{question.number}.", "B"), 0.0)

    def _row(self, row: PaperQuestion) -> list[Strip]:
        indent = 1.9 * self.size if row.alternative else 0.0
        width = self.width - indent
        shown = row.shown
        strips = self._scheme(row, shown, width) if row.is_written else self._objective(row, shown, width)
        marks = self.set.word(marks_text(row.marks), "B")
        strips = labelled(strips, marks, width + self.marks_width - marks.width)
        if row.alternative:
            strips = labelled(moved(strips, indent), self.set.word(f"({row.alternative})"), 0.0)
        return strips

    def _objective(self, row: PaperQuestion, shown: ShownContent, width: float) -> list[Strip]:
        now = replace(shown, answer=keys_of([row])[row.pk])
        strips = self.set.html(answer_html(row.type, now), width, style="B")
        if shown.explanation_html:
            strips = [*kept(strips, last=True), *spaced(self.set.html(shown.explanation_html, width), 0.2 * self.size)]
        return strips

    # --- Written questions -------------------------------------------------------------------------------------------
    def _scheme(self, row: PaperQuestion, shown: ShownContent, width: float) -> list[Strip]:
        heading = kept(self.set.paragraph(_("Model answer"), width, style="I"), last=True)
        model = self.set.html(shown.model_answer_html, width)
        strips = [*heading, *kept_ends(model)]
        for method in (methods := row.version.methods):
            if method.number > 1:
                middle = kept(self.set.paragraph(_("OR"), width, style="B", align="center"), last=True)
                strips[-1] = replace(strips[-1], keep=True)
                strips += spaced(middle, 0.4 * self.size)
            name = _("Marking scheme") if len(methods) == 1 else _method_name(method)
            title = kept(self.set.paragraph(name, width, style="I"), last=True)
            strips += [*spaced(title, 0.5 * self.size), *self._steps(method.steps, shown, width)]
        if shown.explanation_html:
            title = kept(self.set.paragraph(_("Explanation"), width, style="I"), last=True)
            strips += [*spaced(title, 0.5 * self.size), *self.set.html(shown.explanation_html, width)]
        return strips

    def _steps(self, steps: Sequence[MarkingStep], shown: ShownContent, width: float) -> list[Strip]:
        """Each step with its part, its kind and its marks, between thin lines."""
        canvas, size = self.set.canvas, self.size
        numbered = any(step.follows for step in steps)
        indent = (3.2 if any(step.part for step in steps) else 0.6) * size + (1.6 * size if numbered else 0)
        strips: list[Strip] = []
        for number, step in enumerate(steps, start=1):
            part = f"({step.part})" + (f"({step.alternative})" if step.alternative else "") if step.part else ""
            place = f"{number}. {part}" if numbered else part
            body = self.set.html(shown.step_html(step.position, step.text_html), width - indent - 3.4 * size)
            if step.follows:
                text = _("follows %s") % ", ".join(map(str, step.follows))
                body = [*kept(body, last=True), *self.set.paragraph(text, width - indent - 3.4 * size, style="I")]
            body = labelled(moved(body, indent), self.set.word(place), 0.0)
            marks = self.set.word(f"{marks_text(step.marks)} {KINDS[step.kind]}")
            body = labelled(body, marks, width + self.marks_width - marks.width)
            first = body[0]

            def draw(x: float, y: float, first: Strip = first) -> None:
                canvas.line(x, y, x + width + self.marks_width, y, 0.4, 150)
                first.draw(x, y + 0.15 * size)

            body[0] = Strip(first.height + 0.15 * size, first.baseline + 0.15 * size, draw)
            strips += kept(body) if height_of(body) <= WHOLE_HEIGHT else body
        return kept_ends(strips)


def _method_name(method: SchemeMethod) -> str:
    """One of several complete solutions, as a heading."""
    names = {"number": method.number, "title": method.title}
    if method.title:
        return _("Marking scheme, method %(number)s: %(title)s") % names
    return _("Marking scheme, method %(number)s") % names


#: Beside the marks of a step, as on a board's scheme: method, accuracy, independent.
KINDS: dict[str, str] = {StepKind.METHOD: "M", StepKind.ACCURACY: "A", StepKind.INDEPENDENT: "B"}


def answer_html(type: str, shown: ShownContent) -> str:
    """The key of an objective question as HTML."""
    answer = shown.answer
    if "choices" in answer:
        if type == QuestionType.TRUE_FALSE:
            return escape(_("True") if answer["choices"] == ["true"] else _("False"))
        texts = {option["label"]: option["html"] for option in shown.options}
        return "".join(_labelled(label, texts.get(label, "")) for label in answer["choices"])
    if type == QuestionType.NUMERIC:
        return escape(_number(answer) + (f" {answer['unit']}" if answer.get("unit") else ""))
    if type == QuestionType.EXPRESSION:
        form = f" ({answer['form']})" if answer.get("form") else ""
        return escape(f"{answer.get('expression', '')}{form}")
    if "accepted" in answer:
        return escape(_accepted(answer))
    if "blanks" in answer:
        return "".join(f"<p>({escape(label)}) {escape(_blank(key))}</p>" for label, key in answer["blanks"].items())
    if "pairs" in answer:
        return escape(", ".join(f"{left} – {right}" for left, right in answer["pairs"].items()))
    if "order" in answer:
        return escape(", ".join(answer["order"]))
    return escape(_("No key is kept."))


def _labelled(label: str, html: str) -> str:
    """The label inside the option's own first paragraph."""
    if html.startswith("<p>"):
        return f"<p>({escape(label)}) {html[3:]}"
    return f"<p>({escape(label)})</p>{html}"


def _number(key: Mapping[str, Any]) -> str:
    tolerance = str(key.get("tolerance", "0"))
    return f"{key.get('value', '')}" + (f" ± {tolerance}" if tolerance.strip("0.") else "")


def _accepted(key: Mapping[str, Any]) -> str:
    texts = []
    for row in key.get("accepted", []):
        text, credit = row["text"], str(row.get("credit", "1"))
        texts.append(text if credit == "1" else _("%(text)s (credit %(credit)s)") % {"text": text, "credit": credit})
    return "; ".join(texts)


def _blank(key: Mapping[str, Any]) -> str:
    if key.get("kind") == "number":
        return _number(key)
    return _accepted(key) if key.get("kind") == "text" else str(key.get("correct", ""))

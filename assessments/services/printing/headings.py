"""The head of a printed paper, and of its sections."""

from __future__ import annotations

from django.utils.translation import gettext as _

from assessments.models import Paper
from assessments.services.printing.boxes import Strip, kept, labelled, moved, spaced
from assessments.services.printing.content import PrintedSection, marks_text, time_text
from assessments.services.printing.options import PrintOptions, paper_code
from assessments.services.printing.pages import WIDTH
from assessments.services.printing.typeset import Typesetter

ROLL_BOXES = 8


def paper_heading(
    typesetter: Typesetter, paper: Paper, sections: list[PrintedSection], options: PrintOptions, pages: int
) -> list[Strip]:
    """Code and roll number, subject, time and marks, general instructions."""
    return [
        *_top_row(typesetter, paper, options),
        *title_block(typesetter, paper),
        *_time_and_marks(typesetter, paper),
        *_instructions(typesetter, sections, pages),
    ]


def title_block(typesetter: Typesetter, paper: Paper, subtitle: str = "") -> list[Strip]:
    """Board, class and session; the subject; the title of this paper."""
    size, programme = typesetter.size, paper.programme
    grade = _("Class %(grade)s") % {"grade": programme.grade}
    about = " · ".join(filter(None, (programme.board, grade, programme.session)))
    lines = [
        *spaced(typesetter.paragraph(about, WIDTH, align="center"), size),
        *typesetter.paragraph(programme.subject.upper(), WIDTH, size=1.5 * size, style="B", align="center"),
        *typesetter.paragraph(paper.title, WIDTH, style="I", align="center"),
    ]
    if subtitle:
        lines += typesetter.paragraph(subtitle, WIDTH, size=1.15 * size, style="B", align="center")
    return kept(lines, last=True)


def _top_row(typesetter: Typesetter, paper: Paper, options: PrintOptions) -> list[Strip]:
    size, canvas = typesetter.size, typesetter.canvas
    high = 1.6 * size
    code = _("Paper code %(code)s") % {"code": paper_code(paper)}
    if options.copy:
        code += " · " + _("Copy %(copy)d") % {"copy": options.copy}

    def draw(x: float, y: float) -> None:
        label = _("Roll No.")
        canvas.text(label, x, y + 0.72 * high, size, "B")
        left = x + canvas.width(label, size, "B") + 0.6 * size
        wide = canvas.width(code, size, "B") + size
        side = min(high, (x + WIDTH - wide - size - left) / ROLL_BOXES)
        for place in range(ROLL_BOXES):
            canvas.frame(left + place * side, y, side, high)
        canvas.frame(x + WIDTH - wide, y, wide, high, 0.9)
        canvas.text(code, x + WIDTH - wide / 2, y + 0.72 * high, size, "B", "center")

    return [Strip(high, 0.72 * high, draw, keep=True)]


def _time_and_marks(typesetter: Typesetter, paper: Paper) -> list[Strip]:
    size, canvas = typesetter.size, typesetter.canvas
    minutes = paper.blueprint.duration_minutes if paper.blueprint else 0
    time = _("Time allowed: %(time)s") % {"time": time_text(minutes)} if minutes else ""
    marks = _("Maximum marks: %(marks)s") % {"marks": marks_text(paper.total_marks)}

    def draw(x: float, y: float) -> None:
        canvas.line(x, y, x + WIDTH, y, 0.9)
        canvas.text(time, x, y + 1.25 * size, size, "B")
        canvas.text(marks, x + WIDTH, y + 1.25 * size, size, "B", "right")
        canvas.line(x, y + 1.9 * size, x + WIDTH, y + 1.9 * size, 0.9)

    return [Strip(1.9 * size, 1.25 * size, draw, gap=0.6 * size, keep=True)]


def _instructions(typesetter: Typesetter, sections: list[PrintedSection], pages: int) -> list[Strip]:
    size = typesetter.size
    strips = spaced(typesetter.paragraph(_("General instructions"), WIDTH, style="B"), 0.6 * size)
    opening = _("Read the following instructions carefully and follow them:")
    strips += spaced(typesetter.paragraph(opening, WIDTH), 0.1 * size)
    indent = 2.6 * size
    for place, sentence in enumerate(_sentences(sections, pages)):
        label = typesetter.word(f"({ROMAN[place]})")
        body = moved(typesetter.paragraph(sentence, WIDTH - indent), indent)
        strips += spaced(labelled(body, label, 0.0), 0.15 * size)
    canvas = typesetter.canvas
    rule = Strip(1.0, 0.0, lambda x, y: canvas.line(x, y, x + WIDTH, y, 0.9), gap=0.5 * size)
    return [*kept(strips, last=True), rule]


ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii")


def _sentences(sections: list[PrintedSection], pages: int) -> list[str]:
    questions = [question for section in sections for question in section.questions]
    names = ", ".join(section.label for section in sections if section.label)
    sentences = [
        _("Please check that this question paper has %(pages)d printed pages and %(questions)d questions.")
        % {"pages": pages, "questions": len(questions)}
    ]
    if len(sections) > 1:
        sentences.append(
            _("The paper is divided into %(count)d sections: %(names)s. All questions are compulsory.")
            % {"count": len(sections), "names": names}
        )
    else:
        sentences.append(_("All questions are compulsory."))
    sentences.append(_("The marks of each question and part stand at the right margin."))
    if any(len(question.rows) > 1 or _has_choice(question.rows) for question in questions):
        sentences.append(
            _("There is no overall choice. Where two alternatives are joined by OR, answer only one of them.")
        )
    sentences.append(_("Write the number of the question in the answer sheet before you answer it."))
    return sentences


def _has_choice(rows: list) -> bool:  # type: ignore[type-arg]
    return any(part.get("alternative") for row in rows for part in row.shown.parts)


def section_heading(typesetter: Typesetter, section: PrintedSection) -> list[Strip]:
    """The section's name in the middle, and what is to be done in it; never alone at the bottom of a page."""
    size = typesetter.size
    title = section.title or (_("Section %(label)s") % {"label": section.label} if section.label else "")
    if not title:
        return []
    strips = spaced(typesetter.paragraph(title, WIDTH, size=1.15 * size, style="B", align="center"), 1.6 * size)
    if section.instruction:
        strips += spaced(typesetter.paragraph(section.instruction, WIDTH, style="I"), 0.25 * size)
    return kept(strips, last=True)

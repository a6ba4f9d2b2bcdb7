"""Two markings of a paper side by side, for whoever decides between them; and the list of what is to be decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from accounts.models import User
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, QuestionMark
from evaluations.selectors.desk import StepView, schemes_by_question
from evaluations.selectors.desk_page import page_json
from evaluations.selectors.progress import written_questions
from evaluations.selectors.queues import undecided_for
from evaluations.selectors.sheets import page_views
from evaluations.selectors.totals import MarkedQuestion, counted_alternatives


@dataclass(frozen=True)
class StepPair:
    """A step of the scheme with what each marker gave for it. `choice`, `own`: as decided so far; `is_wrong`: that
    cannot be."""

    step: StepView
    first: Decimal
    second: Decimal
    choice: str
    own: str
    is_wrong: bool

    @property
    def differs(self) -> bool:
        return self.first != self.second


@dataclass(frozen=True)
class Side:
    """What one marker gave to a number: with internal choice the alternative that counts. `steps_given`: whether the
    marks come from the scheme's steps, else they are free."""

    alternative: str
    marks: Decimal
    comment: str
    comment_html: str
    steps_given: bool


@dataclass
class ModeratedQuestion:
    """A number of the paper, its question as the first marking counted it. `choice`, `own` and `reason`: as chosen so
    far, `problem`: what is wrong with them. `is_given`: everybody has its marks."""

    number: int
    alternative: str
    marks: Decimal
    html: str
    first: Side | None
    second: Side | None
    steps: list[StepPair]
    is_given: bool
    pages: list[int]
    is_apart: bool
    choice: str = ""
    own: str = ""
    reason: str = ""
    problem: str = ""

    @property
    def difference(self) -> Decimal:
        first = self.first.marks if self.first else Decimal(0)
        return abs(first - (self.second.marks if self.second else Decimal(0)))


@dataclass(frozen=True)
class ModerationRow:
    """One line of the list. `held_by`: who has taken it up."""

    id: UUID
    label: str
    exam: UUID
    exam_title: str
    due_at: datetime
    is_late: bool
    held_by: str


@dataclass(frozen=True)
class Said:
    """What somebody has chosen on the page, for when it is shown again: by number; `steps`: then by step id, the choice
    and what was typed as one's own."""

    choices: Mapping[int, str] = field(default_factory=dict)
    own: Mapping[int, str] = field(default_factory=dict)
    reasons: Mapping[int, str] = field(default_factory=dict)
    steps: Mapping[int, Mapping[str, tuple[str, str]]] = field(default_factory=dict)
    problem: str = ""
    problem_at: int | None = None
    problem_step: str = ""


def moderation_list(*, person: User, now: datetime) -> list[ModerationRow]:
    """What waits for a decision that the person may make, the nearest promise first. One query."""
    found = undecided_for(person).select_related("attempt__exam", "teacher").order_by("due_at", "id")[:200]
    return [
        ModerationRow(
            id=row.pk,
            label=row.short_id,
            exam=row.attempt.exam_id,
            exam_title=row.attempt.exam.title,
            due_at=row.due_at,
            is_late=row.is_late(now),
            held_by=row.teacher.name if row.teacher and row.teacher_id != person.pk else "",
        )
        for row in found
    ]


def moderation_page(
    *,
    evaluation: Evaluation,
    sides: tuple[Evaluation, Evaluation],
    broken: set[int],
    reader: User,
    said: Said | None = None,
) -> dict[str, Any]:
    """The context of the page. `broken`: the numbers on which the markings differ by more than the exam tolerates."""
    said = said or Said()
    questions = _questions(evaluation, sides, broken, said)
    inks = [page_views(evaluation.attempt_id, side.pk) for side in sides]
    pages = [page_json(first) | {"second": second.annotations} for first, second in zip(*inks, strict=True)]
    is_open = evaluation.state == EvaluationState.MODERATION
    return {
        "evaluation": evaluation,
        "exam": evaluation.attempt.exam,
        "label": evaluation.short_id,
        "apart": [one for one in questions if one.is_apart],
        "together": [one for one in questions if not one.is_apart],
        "pages": pages,
        "written_max": evaluation.attempt.paper.written_marks,
        "totals": [_total(questions, name) for name in ("first", "second")],
        "can_decide": is_open and evaluation.teacher_id == reader.pk,
        "is_open": is_open,
        "holder": evaluation.teacher,
        "problem": said.problem,
    }


def _questions(
    evaluation: Evaluation, sides: tuple[Evaluation, Evaluation], broken: set[int], said: Said
) -> list[ModeratedQuestion]:
    rows = list(written_questions(evaluation).select_related("version"))
    schemes = schemes_by_question(rows, evaluation.attempt.exam_id)
    given = [{mark.question_id: mark for mark in QuestionMark.objects.filter(evaluation=side)} for side in sides]
    counted = [_counted(rows, marks) for marks in given]
    pages: dict[int, list[int]] = {}
    for page in page_views(evaluation.attempt_id, None):
        for number in page.questions:
            pages.setdefault(number, []).append(page.number)
    found = []
    for number in sorted({row.number for row in rows}):
        of = next((of[number] for of in counted if number in of), None)
        if of is None:
            continue
        first, second = (_side(of.get(number), marks) for of, marks in zip(counted, given, strict=True))
        found.append(
            ModeratedQuestion(
                number=number,
                alternative=of.alternative,
                marks=of.marks,
                html=of.shown.text_html,
                first=first,
                second=second,
                steps=_steps(number, schemes[of.pk].steps, (given[0].get(of.pk), given[1].get(of.pk)), said),
                is_given=schemes[of.pk].is_given,
                pages=pages.get(number, []),
                is_apart=number in broken,
                choice=said.choices.get(number, "" if number in broken else "first"),
                own=said.own.get(number, ""),
                reason=said.reasons.get(number, ""),
                problem=said.problem if said.problem_at == number else "",
            )
        )
    return found


def _counted(rows: list[Any], marks: Mapping[UUID, QuestionMark]) -> dict[int, Any]:
    """The question of each number that counts in one marking."""
    marked = [row for row in rows if row.pk in marks]
    chosen = counted_alternatives(MarkedQuestion(row.number, row.alternative, marks[row.pk].marks) for row in marked)
    return {row.number: row for row in marked if chosen[row.number] == row.alternative}


def _side(row: Any, marks: Mapping[UUID, QuestionMark]) -> Side | None:
    if row is None:
        return None
    mark = marks[row.pk]
    return Side(row.alternative, mark.marks, mark.comment, mark.comment_html, bool(mark.steps))


def _steps(
    number: int, steps: list[StepView], marks: tuple[QuestionMark | None, QuestionMark | None], said: Said
) -> list[StepPair]:
    """None where both gave free marks: then the steps say nothing. Where both say the same, that is chosen."""
    one, other = (mark.steps if mark else {} for mark in marks)
    if not one and not other:
        return []
    typed, pairs = said.steps.get(number, {}), []
    for step in steps:
        key = str(step.id)
        first, second = Decimal(one.get(key, 0)), Decimal(other.get(key, 0))
        choice, own = typed.get(key, ("first" if first == second else "", ""))
        pairs.append(StepPair(step, first, second, choice, own, said.problem_step == key))
    return pairs


def _total(questions: list[ModeratedQuestion], name: str) -> Decimal:
    return sum((side.marks for one in questions if (side := getattr(one, name)) is not None), Decimal(0))

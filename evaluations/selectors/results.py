"""A marked paper as the student (and guardians, and the markers) read it.

What the exam does not reveal yet is taken out here, before a page, a print or the API gets it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from assessments.enums import AttemptState, Behaviour, Grading, RevealItem, UploadState
from assessments.models import Attempt, PaperQuestion, Response, SheetPage
from assessments.selectors.attempt_layout import Layout, Seat, layout_of, options_are_fixed
from assessments.selectors.attempts import laid_out_options
from assessments.selectors.reveal import Shown, reveal_facts, reveal_notes, shown_of
from assessments.services.behaviours import Rules
from assessments.services.judging import judge_answer, rules_of, tried_answers
from assessments.services.keys import keys_of, with_corrected_keys
from assessments.services.scoring import ScoredPart
from assessments.services.standing import outcome_of
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, QuestionMark
from evaluations.selectors.desk import SchemeView, StepView, schemes_by_question
from evaluations.selectors.ink import revealed_ink
from evaluations.selectors.records import record_of
from evaluations.selectors.result_answers import scored_parts
from evaluations.selectors.sheets import PageView, page_views
from evaluations.selectors.totals import (
    ZERO,
    MarkedQuestion,
    SchemeStep,
    counted_alternatives,
    counted_method,
    method_totals,
    settled_total,
)

# States of a result that are not states of an evaluation.
NOT_HANDED_IN = "not_handed_in"
OPENING = "opening"
OBJECTIVE_ONLY = "objective_only"


@dataclass(frozen=True)
class ResultStep:
    """`is_carried`: won although a step it builds on was not; the error before it counted once."""

    step: StepView
    awarded: Decimal | None
    is_carried: bool = False


@dataclass(frozen=True)
class ResultMethod:
    """A complete solution of the scheme. `counts`: the question's marks are those of this one; of none, where nothing
    was won by steps. `marks` and `counts` are None and False where marks are not revealed."""

    number: int
    title: str
    steps: list[ResultStep]
    marks: Decimal | None
    counts: bool


@dataclass(frozen=True)
class ResultTry:
    """A try of an exam with tries, as the key of now judges it: right, partly, wrong or unknown."""

    number: int
    outcome: str


@dataclass(frozen=True)
class ResultQuestion:
    """One question with its mark. `awarded` None: written and never marked (not attempted). `counts` is False for the
    alternative of an internal choice that gave less. `answer` and `key` only of objective questions; `scored` has how
    each blank or pair was marked. `certainty` 1 to 3 of an answer in an exam that asks for it; there `awarded` may be
    below 0. `seconds`: how long it was in view, None where nothing measured it. What is not revealed is None or empty,
    as if it did not exist. `scheme_said`: how the scheme was changed, in words."""

    id: UUID
    version: UUID
    section: str
    number: int
    alternative: str
    type: str
    is_written: bool
    marks: Decimal
    awarded: Decimal | None
    counts: bool
    html: str
    options: list[dict[str, Any]]
    parts: list[dict[str, Any]]
    answer: dict[str, Any]
    scored: list[ScoredPart]
    is_correct: bool | None
    key: dict[str, Any]
    grading: str
    explanation_html: str
    model_answer_html: str
    methods: list[ResultMethod]
    scheme_said: list[str]
    comment: str
    comment_html: str
    pages: list[UUID]
    tries: list[ResultTry]
    certainty: int | None
    seconds: int | None

    @property
    def label(self) -> str:
        return f"{self.number}{self.alternative}"

    @property
    def steps(self) -> list[ResultStep]:
        """Of all methods."""
        return [entry for method in self.methods for entry in method.steps]

    @property
    def counted_method(self) -> ResultMethod | None:
        """The one that counts, where there was a choice."""
        return next((one for one in self.methods if one.counts), None) if len(self.methods) > 1 else None

    @property
    def methods_by_use(self) -> list[ResultMethod]:
        """The one that counts first."""
        return sorted(self.methods, key=lambda method: not method.counts)


@dataclass(frozen=True)
class Result:
    """`is_ready` False: only the state and the promise are known; marks, questions and pages are left out.

    `state` is the evaluation's, or "not_handed_in", "opening" (the evaluation is about to be made) or "objective_only".
    `late_marks`: what being late takes off, never more than was won; None where nothing is.
    `shown`: what this reader sees of a result that is ready; `notes` says in words what is kept back and until when.
    """

    attempt: Attempt
    evaluation: Evaluation | None
    state: str
    is_ready: bool
    shown: Shown
    notes: list[str]
    due_at: datetime | None
    released_at: datetime | None
    objective_marks: Decimal | None
    objective_max: Decimal | None
    written_marks: Decimal | None
    written_max: Decimal
    late_marks: Decimal | None
    total_marks: Decimal | None
    max_marks: Decimal
    questions: list[ResultQuestion]
    pages: list[PageView]


def result_data(attempt: Attempt, *, reader: Any, now: datetime) -> Result:
    """The result of `attempt` as `reader`, who may read it, sees it now.

    Without an evaluation the objective marks are the result. Six queries, however large the paper, when the attempt
    came with its paper, exam and record; one more where the exam reveals things later or gives tries.
    """
    return _result(attempt, lambda: shown_of(attempt, reader=reader, now=now), now)


def result_showing(attempt: Attempt, *, shown: Shown, now: datetime) -> Result:
    """The result as anybody sees it to whom `shown` is shown."""
    return _result(attempt, lambda: shown, now)


def _result(attempt: Attempt, shown_now: Callable[[], Shown], now: datetime) -> Result:
    evaluation = record_of(attempt)
    state = _state(attempt, evaluation)
    ready = state in (EvaluationState.RELEASED, OBJECTIVE_ONLY)
    shown = shown_now() if ready else frozenset[RevealItem]()
    # A paper of which nothing is shown has no questions: their list alone would say which alternatives exist.
    pages = page_views(attempt.pk, evaluation.pk if evaluation else None) if shown else []
    questions = _questions(attempt, evaluation, pages) if shown else []
    objective = (attempt.objective_marks or ZERO) if RevealItem.MARKS in shown else None
    written = ((evaluation.written_marks if evaluation else None) or ZERO) if RevealItem.MARKS in shown else None
    won = None if objective is None or written is None else objective + written
    late = min(evaluation.late_marks, won) if evaluation and evaluation.late_marks and won is not None else None
    return Result(
        attempt=attempt,
        evaluation=evaluation,
        state=state,
        is_ready=ready,
        shown=shown,
        notes=_notes(attempt, shown, now) if ready else [],
        due_at=evaluation.due_at if evaluation else None,
        released_at=evaluation.released_at if evaluation and ready else None,
        objective_marks=objective,
        objective_max=attempt.objective_max,
        written_marks=written,
        written_max=attempt.paper.written_marks,
        late_marks=late,
        total_marks=None if won is None else settled_total(won, ZERO, late),
        max_marks=attempt.paper.written_marks + attempt.objective_max
        if rules_of(attempt.exam).factor > 1 and attempt.objective_max is not None
        else attempt.paper.total_marks,
        questions=[_revealed(question, shown) for question in questions],
        pages=_revealed_pages(pages, shown),
    )


def _revealed(question: ResultQuestion, shown: Shown) -> ResultQuestion:
    """The question without what is not in `shown`."""
    hidden: dict[str, Any] = {}
    if RevealItem.ANSWERS not in shown:
        hidden |= {"answer": {}, "pages": [], "certainty": None, "seconds": None}
    if RevealItem.CORRECTNESS not in shown:
        hidden |= {"is_correct": None, "scored": [], "tries": []}
    if RevealItem.MARKS not in shown:
        # Which alternative or method counts says which was better.
        methods = [_unmarked(method) for method in question.methods]
        hidden |= {"awarded": None, "counts": True, "methods": methods}
    if RevealItem.KEY not in shown:
        hidden |= {"key": {}}
    if RevealItem.EXPLANATION not in shown:
        hidden |= {"explanation_html": ""}
    if RevealItem.SCHEME not in shown:
        hidden |= {"model_answer_html": "", "methods": [], "scheme_said": []}
    if RevealItem.COMMENTS not in shown:
        hidden |= {"comment": "", "comment_html": ""}
    return replace(question, **hidden)


def _unmarked(method: ResultMethod) -> ResultMethod:
    steps = [replace(entry, awarded=None, is_carried=False) for entry in method.steps]
    return replace(method, steps=steps, marks=None, counts=False)


def _revealed_pages(pages: list[PageView], shown: Shown) -> list[PageView]:
    if RevealItem.ANSWERS not in shown:
        return []
    return [replace(page, annotations=revealed_ink(page.annotations, shown)) for page in pages]


def _notes(attempt: Attempt, shown: Shown, now: datetime) -> list[str]:
    """What is kept back, in words, of what this paper has at all."""
    has = set(RevealItem) - set(shown)
    if not attempt.paper.written_marks:
        has -= {RevealItem.SCHEME, RevealItem.COMMENTS}
    if not attempt.objective_max:
        has -= {RevealItem.CORRECTNESS, RevealItem.KEY, RevealItem.EXPLANATION}
    return reveal_notes(reveal_facts([attempt.exam])[attempt.exam_id], now, of=has) if has else []


def _state(attempt: Attempt, evaluation: Evaluation | None) -> str:
    if evaluation is not None:
        return evaluation.state
    if attempt.state != AttemptState.HANDED_IN:
        return NOT_HANDED_IN
    if attempt.exam.is_rehearsal:
        return OBJECTIVE_ONLY  # nobody marks the rest of it
    pages = SheetPage.objects.filter(upload__attempt=attempt.pk, upload__state=UploadState.VERIFIED)
    is_work = pages.exists() or attempt.exam.is_project
    return OPENING if attempt.paper.written_marks > 0 and is_work else OBJECTIVE_ONLY


def _questions(attempt: Attempt, evaluation: Evaluation | None, pages: list[PageView]) -> list[ResultQuestion]:
    rows = list(
        with_corrected_keys(
            PaperQuestion.objects.filter(paper=attempt.paper_id)
            .select_related("version")
            .order_by("number", "alternative")
        )
    )
    keys = keys_of(row for row in rows if not row.is_written)
    responses = {r.question_id: r for r in Response.objects.filter(attempt=attempt)}
    given = QuestionMark.objects.filter(evaluation=evaluation).select_related("revision") if evaluation else ()
    marks = {mark.question_id: mark for mark in given}
    # The scheme as it was used: a mark that may not fall keeps the one it was given by.
    used = {key: mark.revision for key, mark in marks.items()}
    schemes = schemes_by_question([row for row in rows if row.is_written], attempt.exam_id, used)
    counted = counted_alternatives(
        MarkedQuestion(row.number, row.alternative, marks[row.pk].marks) for row in rows if row.pk in marks
    )
    rules = rules_of(attempt.exam)
    tried = tried_answers([attempt.pk]) if rules.has_tries else {}
    layout, made = layout_of(attempt), []
    for row in rows:
        counts = counted.get(row.number, row.alternative) == row.alternative
        tagged = [page.id for page in pages if row.number in page.questions]
        if row.is_written:
            made.append(_written(row, responses.get(row.pk), schemes[row.pk], marks.get(row.pk), counts, tagged))
        else:
            tries = tried.get((attempt.pk, row.pk), [])
            made.append(_objective(row, responses.get(row.pk), keys[row.pk], rules, tries, tagged))
    return _as_sat(made, rows, layout)


def _as_sat(questions: list[ResultQuestion], rows: list[PaperQuestion], layout: Layout) -> list[ResultQuestion]:
    """In the order, under the numbers and with the letters that the student had before them."""
    numbers = layout.numbers(Seat(str(row.pk), row.section, row.number, row.is_written) for row in rows)
    seen = [
        replace(
            question,
            number=numbers[str(row.pk)],
            options=layout.options(
                str(row.pk),
                row.type,
                question.options,
                is_fixed=not layout.shuffles_options or options_are_fixed(row),
            ),
        )
        for question, row in zip(questions, rows, strict=True)
    ]
    return sorted(seen, key=lambda question: (question.number, question.alternative))


def _written(
    row: PaperQuestion,
    response: Response | None,
    scheme: SchemeView,
    mark: QuestionMark | None,
    counts: bool,
    pages: list[UUID],
) -> ResultQuestion:
    return _base(
        row,
        pages,
        seconds=response.seconds if response else None,
        awarded=mark.marks if mark else None,
        counts=counts,
        methods=_methods(row, scheme.steps, {step: Decimal(one) for step, one in mark.steps.items()} if mark else {}),
        scheme_said=list(scheme.said),
        comment=mark.comment if mark else "",
        comment_html=mark.comment_html if mark else "",
    )


def _methods(row: PaperQuestion, steps: list[StepView], given: dict[str, Decimal]) -> list[ResultMethod]:
    scheme = [SchemeStep(str(s.id), s.marks, s.part, s.alternative, s.method) for s in steps]
    totals = method_totals(scheme, given, row.marks)
    counted, titles = counted_method(totals), dict(enumerate(row.version.method_titles or (), start=1))
    return [
        ResultMethod(
            number=number,
            title=titles.get(number, ""),
            steps=_awarded([step for step in steps if step.method == number], given),
            marks=marks,
            counts=number == counted,
        )
        for number, marks in totals.items()
    ]


def _awarded(steps: list[StepView], given: dict[str, Decimal]) -> list[ResultStep]:
    """The steps of one method."""
    won = {step.number: given.get(str(step.id), ZERO) for step in steps}
    # Carried as the desk told the marker: a step before it, whose value it takes, won nothing.
    return [
        ResultStep(step, won[step.number], won[step.number] > 0 and any(not won.get(one) for one in step.follows))
        for step in steps
    ]


def _objective(
    row: PaperQuestion,
    response: Response | None,
    key: dict[str, Any],
    rules: Rules,
    tries: list[dict[str, Any]],
    pages: list[UUID],
) -> ResultQuestion:
    answer, shown = response.answer if response else {}, row.shown
    said = (response.certainty or 1) if response and answer else None
    # A question that was only looked at has a response too, for its time: without a `seq` nothing was ever saved.
    is_saved = response is not None and response.seq > 0
    return _base(
        row,
        pages,
        scored=scored_parts(row.type, row.marks, key, answer, shown.parts),
        awarded=(response.marks if response and response.marks is not None else ZERO),
        answer=answer,
        is_correct=response.is_correct if response and is_saved else False,
        key=key,
        grading=Grading.PARTIAL.value if key.get("grading") == Grading.PARTIAL else "",
        marks=row.marks * rules.factor,
        tries=[
            ResultTry(number, outcome_of(judge_answer(row, key, tried))) for number, tried in enumerate(tries, start=1)
        ],
        certainty=said if rules.behaviour == Behaviour.CERTAINTY else None,
        seconds=response.seconds if response else None,
    )


def _base(row: PaperQuestion, pages: list[UUID], **known: Any) -> ResultQuestion:
    shown = row.shown
    empty: dict[str, Any] = {
        "counts": True,
        "answer": {},
        "scored": [],
        "is_correct": None,
        "key": {},
        "grading": "",
        "methods": [],
        "comment": "",
        "comment_html": "",
        "scheme_said": [],
        "marks": row.marks,
        "tries": [],
        "certainty": None,
        "seconds": None,
    }
    return ResultQuestion(
        id=row.pk,
        version=row.version_id,
        section=row.section,
        number=row.number,
        alternative=row.alternative,
        type=row.type,
        is_written=row.is_written,
        html=shown.text_html,
        options=laid_out_options(row),
        parts=shown.parts,
        explanation_html=shown.explanation_html,
        model_answer_html=shown.model_answer_html,
        pages=pages,
        **{**empty, **known},
    )

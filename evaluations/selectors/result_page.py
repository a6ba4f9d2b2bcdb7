"""The pages on which a student meets their marked papers."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.enums import PART_TYPES, AttemptState, ExamPurpose, QuestionType, RevealItem
from assessments.models import Attempt
from assessments.selectors.flight_record import integrity_facts
from assessments.selectors.item_statistics import median_seconds
from assessments.selectors.projects import rubric_rows
from assessments.selectors.quizzes import result_of
from assessments.selectors.reveal import shown_by_exam
from common.templatetags.ui_times import when
from evaluations.enums import PROMISED_STATES, EvaluationState
from evaluations.models import MarkCorrection, PaperForecast
from evaluations.selectors.desk_page import page_json
from evaluations.selectors.marked_papers import marked_file
from evaluations.selectors.pictures import open_pictures
from evaluations.selectors.records import record_of, with_records
from evaluations.selectors.result_answers import shown_answer
from evaluations.selectors.results import Result, ResultQuestion, result_data

PAGE_SIZE = 20


def paper_rows(student: User, *, url: str, now: datetime, before: str = "") -> dict[str, Any]:
    """Attempts at exams and projects of a student as they and their guardians see them, newest first, pages by key;
    `url` is the address of the list. Each has `evaluation`, its record or None, and `shows_marks`. One query, two where
    exams reveal marks later."""
    # A project that is not handed in is no paper yet.
    is_paper = Q(exam__purpose=ExamPurpose.EXAM) | Q(exam__purpose=ExamPurpose.PROJECT, state=AttemptState.HANDED_IN)
    rows = Attempt.objects.filter(is_paper, student=student)
    rows = rows.exclude(state=AttemptState.CANCELLED)
    with suppress(ValueError):  # a mangled address shows the first page
        rows = rows.filter(pk__lt=UUID(before)) if before else rows
    found: list[Any] = list(with_records(rows.select_related("exam", "paper")).order_by("-id")[: PAGE_SIZE + 1])
    more = len(found) > PAGE_SIZE
    shown = shown_by_exam([attempt.exam for attempt in found], now)
    for attempt in found:
        attempt.evaluation = record_of(attempt)
        attempt.shows_marks = RevealItem.MARKS in shown[attempt.exam_id]
    return {
        "attempts": found[:PAGE_SIZE],
        "next_url": f"{url}?before={found[PAGE_SIZE - 1].pk}" if more else "",
    }


def result_page(*, attempt: Attempt, reader: User, now: datetime) -> dict[str, Any]:
    """The context of the result page."""
    result = result_data(attempt, reader=reader, now=now)
    # How long others take is for whoever teaches; one more query for them.
    timed = [question.version for question in result.questions if question.seconds]
    usual = median_seconds(timed) if timed and (reader.is_staff or reader.is_teacher) else {}
    return {
        "attempt": attempt,
        "result": result,
        "steps": _steps(result),
        "expected_at": _expected_at(result, now),
        "pictures": open_pictures(result.evaluation.pk) if result.evaluation and result.evaluation.paused_at else [],
        "sections": sections_of(result) if RevealItem.MARKS in result.shown else [],
        "is_floored": RevealItem.MARKS in result.shown and is_floored(result),
        "rows": [
            question_row(question, result) | {"usual": usual.get(question.version)} for question in result.questions
        ],
        "pages": [page_json(page) for page in result.pages],
        "marked": marked_file(result, reader=reader),
        "corrections": corrections_of(result) if getattr(attempt, "is_corrected", True) else [],
        "is_own": attempt.student_id == reader.pk,
        "facts": integrity_facts(attempt) if reader.has_perm("assessments.see_unrevealed", attempt) else None,
        "quiz": result_of(attempt, attempt.exam) if attempt.exam.is_quiz and RevealItem.MARKS in result.shown else None,
    }


def corrections_of(result: Result) -> list[dict[str, Any]]:
    """The marks that changed after the paper was back, the newest first, where marks are shown. One query."""
    if result.evaluation is None or RevealItem.MARKS not in result.shown:
        return []
    labels = {question.id: question.label for question in result.questions}
    rows = MarkCorrection.objects.filter(evaluation=result.evaluation).order_by("-id")
    return [{"label": labels.get(row.question_id, ""), "row": row} for row in rows if row.question_id in labels]


def _steps(result: Result) -> list[dict[str, Any]]:
    """Received → Marking → Back, for a paper that is still on its way."""
    evaluation, attempt = result.evaluation, result.attempt
    begun = evaluation is not None and evaluation.state != EvaluationState.QUEUED
    received, promise = attempt.handed_in_at is not None, ""
    if result.evaluation is not None and result.evaluation.paused_at:
        promise = _("waits for a picture")
    elif result.due_at:
        promise = _("by %(when)s") % {"when": when(result.due_at)}
    where = _("with a teacher") if begun else _("in the queue")
    marking = "now" if received else "todo"
    if result.state == EvaluationState.FINALISED:
        # The promise is kept or missed; the institute chooses the day on which it gives the papers back.
        where, marking, promise = _("done"), "done", _("your institute gives it back")
    return [
        {"label": _("Received"), "note": when(attempt.handed_in_at), "state": "done" if received else "now"},
        {"label": _("Marking"), "note": where, "state": marking},
        {"label": _("Back"), "note": promise, "state": "todo"},
    ]


def _expected_at(result: Result, now: datetime) -> datetime | None:
    """When an open paper will probably be back; not while its promise waits, nor once that moment has passed."""
    evaluation = result.evaluation
    if evaluation is None or evaluation.state not in PROMISED_STATES or evaluation.paused_at:
        return None
    forecast = PaperForecast.objects.filter(evaluation=evaluation, expected_at__gt=now).only("expected_at").first()
    return forecast.expected_at if forecast else None


def sections_of(result: Result) -> list[dict[str, Any]]:
    """Marks won and possible per section of the paper."""
    won: dict[str, Decimal] = defaultdict(Decimal)
    possible: dict[str, Decimal] = defaultdict(Decimal)
    seen: set[int] = set()
    for question in result.questions:
        if question.number not in seen:
            possible[question.section] += question.marks
            seen.add(question.number)
        if question.counts and question.awarded:
            won[question.section] += question.awarded
    titles = {section["label"]: section.get("title", section["label"]) for section in result.attempt.paper.sections}
    return [
        {
            "title": titles.get(label, label),
            "won": won[label],
            "possible": total,
            "percent": max(round(100 * won[label] / total), 0),
        }
        for label, total in possible.items()
        if total
    ]


def is_floored(result: Result) -> bool:
    """Whether sure and wrong cost more than was won: then the sections do not add up to the marks above them."""
    return sum(one.awarded or 0 for one in result.questions if one.counts and not one.is_written) < 0


def question_row(question: ResultQuestion, result: Result) -> dict[str, Any]:
    """A question with what its line on the page needs: how full the mark is, what was answered and what is right."""
    numbers = {page.id: page.number for page in result.pages}
    rubric = _rubric(question)
    return {
        "question": question,
        "kind": _kind(question, result),
        "shown": shown_answer(question, result.shown),
        "html": question.html,
        "tries": [_tried(one.outcome) for one in question.tries],
        "certainty": _certainties().get(question.certainty or 0, ""),
        "parts": [] if question.type in PART_TYPES or rubric else question.parts,
        "rubric": rubric,
        "pages": [numbers[page] for page in question.pages if page in numbers],
    }


def _rubric(question: ResultQuestion) -> list[dict[str, Any]]:
    """The criteria of a project with the levels that were reached; empty of other questions, and where the scheme is
    not shown."""
    if question.type != QuestionType.FILE_UPLOAD or not question.parts or not question.methods:
        return []
    steps = [
        {"part": one.step.part, "alternative": one.step.alternative, "html": one.step.html, "marks": one.step.marks}
        | {"won": one.awarded}
        for one in question.steps
    ]
    rows = rubric_rows(question.parts, steps)
    for row in rows:
        won = [step["won"] for step in row["levels"] or [row["bound"]] if step and step["won"] is not None]
        row["won"] = max(won, default=None)
        for level in row["levels"]:
            level["is_reached"] = bool(level["won"]) and level["won"] == row["won"]
    return rows


def _tried(outcome: str) -> str:
    return {"right": _("right"), "partly": _("partly right"), "wrong": _("wrong"), "unknown": _("not judged")}[outcome]


def _certainties() -> dict[int, str]:
    return {1: _("Not sure"), 2: _("Fairly sure"), 3: _("Certain")}


def _kind(question: ResultQuestion, result: Result) -> str:
    """full, part or none by the marks; by right and wrong where only these are known; otherwise "other"."""
    if RevealItem.MARKS in result.shown:
        awarded = question.awarded or Decimal(0)
        # How certain somebody was makes a right answer no less right.
        is_full = awarded == question.marks or (question.certainty is not None and awarded > 0)
        kind = "full" if is_full else "part" if awarded > 0 else "none"
        return kind if question.counts else "other"
    if RevealItem.CORRECTNESS in result.shown and not question.is_written:
        return "full" if question.is_correct else "none"
    return "other"

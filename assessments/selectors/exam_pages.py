"""What the pages around sitting an exam show. Each function costs a constant number of queries."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.enums import Feature
from accounts.models import User
from accounts.selectors import find_entitlement
from assessments.enums import WRITTEN_TYPES, AttemptState, Behaviour, ExamPurpose, RevealItem
from assessments.models import Attempt, BlueprintSlot, Exam
from assessments.selectors.accommodations import Terms, own_terms
from assessments.selectors.answer_controls import controls, is_partly
from assessments.selectors.attempts import exams_for_lists, paper_for_attempt, question_label, responses_of
from assessments.selectors.exam_aids import exam_aids
from assessments.selectors.quizzes import QuizResult, best_of, result_of
from assessments.selectors.rehearsals import jumps_of
from assessments.selectors.reveal import Shown, shown_by_exam

# What waits for the student comes first; the sort keeps the newest first within each.
ORDER = ("live", "sheets", "open", "soon", "done", "closed")
SHOWN_TRIES = 20
NO_QUESTION = "00000000-0000-0000-0000-000000000000"


def exam_rows(*, user: User, now: datetime) -> list[dict[str, Any]]:
    """The rows of `standing_exams`, each with `best`: of a quiz the best result of `user`, None without one or while
    the quiz shows no marks. 3 queries, one more where a quiz reveals its marks later."""
    rows = standing_exams(user=user, now=now)
    shown = shown_by_exam([row["exam"] for row in rows if row["exam"].is_quiz], now)
    for row in rows:
        exam = row["exam"]
        row["best"] = _best(exam, exam.own_attempts, shown.get(exam.pk, frozenset()))
    return rows


def standing_exams(*, user: User, now: datetime) -> list[dict[str, Any]]:
    """The newest 60 exams and quizzes `user` may see, what waits for them first: see `exam_row`. 3 queries."""
    attempts = (
        Attempt.objects.filter(student=user)
        .exclude(state=AttemptState.CANCELLED)
        .only("exam", "state", "ends_at", "sheets_due_at", "submitted_at", "objective_marks", "objective_max")
        .order_by("-id")
    )
    exams: Any = (
        exams_for_lists()
        .visible_to(user)
        .exclude(purpose=ExamPurpose.PROJECT)
        .prefetch_related(Prefetch("attempts", queryset=attempts, to_attr="own_attempts"))
        .order_by("-opens_at")[:60]
    )
    terms = own_terms(student=user, now=now)
    rows = [exam_row(exam, exam.own_attempts, terms.of(exam), now) for exam in exams]
    return sorted(rows, key=lambda row: ORDER.index(row["status"]))


def exam_row(exam: Exam, attempts: list[Attempt], terms: Terms, now: datetime) -> dict[str, Any]:
    """One exam as the student stands to it now on their `terms`; `status` is live, sheets, open, soon, closed, done."""
    live = next((attempt for attempt in attempts if attempt.state == AttemptState.IN_PROGRESS), None)
    sheets = next((attempt for attempt in attempts if attempt.state == AttemptState.SUBMITTED), None)
    if live or sheets:
        status = "live" if live else "sheets"
    elif exam.is_used_up(len(attempts)):
        status = "done"
    elif terms.opens_at > now:
        status = "soon"
    elif not terms.is_open(now):
        status = "closed"
    else:
        status = "open"
    source: Any = exam.paper or exam.blueprint  # one of the two, by constraint
    groups = {"soon": _("Coming"), "done": _("Earlier"), "closed": _("Earlier")}
    return {
        "exam": exam,
        "terms": terms,
        "status": status,
        "group": groups.get(status, _("Now")),
        "live": live,
        "sheets": sheets,
        "last": attempts[0] if attempts else None,
        "marks": source.total_marks * Behaviour(exam.behaviour).factor,
    }


def _best(exam: Exam, attempts: list[Attempt], shown: Shown) -> QuizResult | None:
    return best_of(attempts, exam) if exam.is_quiz and RevealItem.MARKS in shown else None


def exam_detail(*, exam: Exam, user: User, now: datetime) -> dict[str, Any]:
    """What a student should know before the clock starts: sections, marks, minutes, what is left of the plan."""
    attempts = list(exam.attempts.filter(student=user).exclude(state=AttemptState.CANCELLED).order_by("-id"))
    if exam.paper:
        sections = exam.paper.sections
    else:
        sections = list(exam.blueprint.sections.values("label", "title", "instruction"))  # type: ignore[union-attr]
    terms = own_terms(student=user, now=now).of(exam)
    shown = shown_by_exam([exam], now)[exam.pk] if exam.is_quiz else frozenset[RevealItem]()
    return exam_row(exam, attempts, terms, now) | {
        "sections": sections,
        "is_written": _is_written(exam),
        "best": _best(exam, attempts, shown),
        "tries": _tries(exam, attempts, shown) if exam.is_quiz else [],
        "entitlement": find_entitlement(user=user, feature=Feature.EXAM_ATTEMPT, now=now),
    }


def _is_written(exam: Exam) -> bool:
    """Whether something of it is answered on paper, or can be where each student's paper is drawn."""
    if exam.paper:
        return bool(exam.paper.written_marks)
    slots = BlueprintSlot.objects.filter(section__blueprint=exam.blueprint_id)
    return any(WRITTEN_TYPES & set(types) for types in slots.values_list("types", flat=True))


def _tries(exam: Exam, attempts: list[Attempt], shown: Shown) -> list[dict[str, Any]]:
    """The latest finished attempts at a quiz, newest first, with their results as far as these are shown."""
    finished = [attempt for attempt in attempts if attempt.submitted_at][:SHOWN_TRIES]
    sees = RevealItem.MARKS in shown
    return [{"attempt": attempt, "result": result_of(attempt, exam) if sees else None} for attempt in finished]


def paper_with_responses(attempt: Attempt) -> dict[str, Any]:
    """The paper as a student sees it, every question with its `label` and `response` (None before the first save)."""
    paper, saved = paper_for_attempt(attempt), responses_of(attempt)

    def shown(question: dict[str, Any]) -> dict[str, Any]:
        label = question_label(question["number"], [question["alternative"]])
        return question | {"label": label, "response": saved.get(question["id"])}

    sections = [
        section | {"questions": [shown(question) for question in section["questions"]]} for section in paper["sections"]
    ]
    return paper | {"sections": sections}


def attempt_page(
    *, attempt: Attempt, help_of: Callable[[dict[str, Any]], dict[str, Any]], now: datetime
) -> dict[str, Any]:
    """The context of the exam page; `help_of` is services.standing.question_help of the attempt."""
    behaviour = Behaviour(attempt.exam.behaviour)
    return {
        "attempt": attempt,
        "jumps": jumps_of(attempt),
        "behaviour": behaviour.value,
        "marks": attempt.paper.total_marks * behaviour.factor,
        "paper": _with_controls(paper_with_responses(attempt), help_of),
        "now": now,
        "minutes_left": max(0, int((attempt.ends_at - now).total_seconds() // 60)),
        "save_url": reverse("api-attempt-response", args=[attempt.pk, NO_QUESTION]),
        "legend": list(_states().items()),
        "words": json.dumps(_states() | _words(), ensure_ascii=False),
        "reading": own_terms(student=attempt.student, now=now).of(attempt.exam).reading,
    } | exam_aids(attempt.exam.calculator)


def _with_controls(paper: dict[str, Any], help_of: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """The paper with what the controls of its questions show; see answer_controls."""
    sections = [
        section
        | {"questions": [question | controls(question) | help_of(question) for question in section["questions"]]}
        for section in paper["sections"]
    ]
    return paper | {"sections": sections}


def attempt_summary(*, attempt: Attempt) -> dict[str, Any]:
    """Counts before submitting, by question number (either of two alternatives counts as answered)."""
    answered: set[int] = set()
    flagged: set[int] = set()
    partly: set[int] = set()
    sections = paper_with_responses(attempt)["sections"]
    questions = [question for section in sections for question in section["questions"]]
    for question in questions:
        response = question["response"]
        if response and response.answer:
            answered.add(question["number"])
            if is_partly(question, response.answer):
                partly.add(question["number"])
        if response and response.marked_for_review:
            flagged.add(question["number"])
    numbers = sorted({question["number"] for question in questions})
    counts = Counter(number in answered for number in numbers)
    return {
        "attempt": attempt,
        "answered": counts[True],
        "unanswered": [number for number in numbers if number not in answered],
        "partly": sorted(partly),
        "flagged": sorted(flagged),
        "total": len(numbers),
    }


def _states() -> dict[str, str]:
    return {
        "new": _("Not visited"),
        "seen": _("Not answered"),
        "part": _("Partly answered"),
        "done": _("Answered"),
        "seen-flag": _("Marked for review"),
        "done-flag": _("Answered and marked"),
    }


def _words() -> dict[str, str]:
    """The words exam.js needs; {} stands for a number or a list."""
    return {
        "saved": _("Saved"),
        "saving": _("Saving"),
        "kept": _("Offline: {} kept on this device"),
        "refused": _("That answer could not be saved."),
        "left": _("{} minutes left"),
        "more": _("You have been given {} more minutes. The clock has changed."),
        "more_one": _("You have been given 1 more minute. The clock has changed."),
        "hidden": _("Clock hidden"),
        "open": _("Not answered"),
        "flagged": _("Marked for review"),
        "unanswered": _("Not answered: {}"),
        "unfinished": _("Partly answered: {}"),
        "moved": _("{}: place {} of {}"),
        "reads": _("We read: {}"),
        "check_first": _("Answer the question first; nothing was checked."),
        "checking": _("Checking"),
        "check_offline": _("No connection: nothing was checked. Your answer is kept; check again when you are back."),
        "other_tab": _("You write this exam in another tab. Here you can only read it."),
        "other_device": _("You write this exam on another device. Here you can only read it."),
        "late": _("Not in your paper: questions {}."),
        "overruled": _("Question {}: the later answer, from your other tab or device, stands."),
        "not_sent": _("Some answers have not reached us yet. Check your connection; they are kept on this device."),
    }

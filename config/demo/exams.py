"""The bank, the blueprints and the exams of the demonstration."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from assessments.enums import Behaviour, ExamKind, ExamPurpose, ReleasePolicy
from assessments.models import Blueprint, Exam, Paper, PaperQuestion, Question
from assessments.models.exams import NO_LIMIT_MINUTES
from assessments.services.bank_files import load_bank, load_blueprint
from assessments.services.drawing import draw_paper
from config.demo import cast
from config.demo.people import find_person
from courses.models import Chapter, Cohort, Programme

DATA = Path(__file__).resolve().parents[2] / "assessments" / "data"
BANK, TYPES_BANK = DATA / "cbse_x_mathematics", DATA / "practice_types"
PROGRAMME, BOARD = "cbse-x-mathematics", "cbse-x-mathematics-board"
SHORT, HALF, TYPES = "demo-quick-practice", "demo-half-paper", "practice-types"
CHECKED, SURE = "demo-checked", "demo-sure"
QUIZ_NS, QUIZ_CG, REAL_NUMBERS = "demo-quiz-real-numbers", "demo-quiz-coordinate-geometry", "Quiz: Real Numbers"
QUIZ_QE, QUADRATICS_QUIZ, QUADRATICS = "demo-quiz-quadratics", "Quiz: Quadratic Equations", "Quadratic Equations"
BOARD_DAY = (2, 17)

MC, VSA, SA, LA = "single_choice", "very_short_answer", "short_answer", "long_answer"
# Of the practice types, those that have hints.
TF, SEVERAL, NUMBER, TEXT, EXPRESSION = "true_false", "multiple_choice", "numeric", "short_text", "expression"
AR = "assertion_reason"
MARKS = {MC: "1", AR: "1", VSA: "2", SA: "3", LA: "5", TF: "1", SEVERAL: "2", NUMBER: "1", TEXT: "1", EXPRESSION: "2"}
AT_ONCE = ("A", "Short questions", "Answer here.")
SECTIONS = {
    MC: ("A", "Section A: Multiple choice", "One right answer each, 1 mark."),
    VSA: ("B", "Section B: Very short answers", "2 marks each. Answer on paper."),
    SA: ("C", "Section C: Short answers", "3 marks each. Answer on paper."),
    LA: ("D", "Section D: Long answers", "5 marks each. Answer on paper."),
    **dict.fromkeys((TF, SEVERAL, NUMBER, TEXT, EXPRESSION), AT_ONCE),
}
NS, ALG, CG, GEO, TRIG, MEN, STAT = (
    "number-systems",
    "algebra",
    "coordinate-geometry",
    "geometry",
    "trigonometry",
    "mensuration",
    "statistics-and-probability",
)
# Question types and units in the order of the numbers.
SHORT_SLOTS = [(MC, u) for u in (NS, ALG, CG, GEO, TRIG, STAT)] + [(VSA, GEO), (VSA, MEN), (SA, NS)]
HALF_SLOTS = [
    *((MC, u) for u in (NS, ALG, ALG, CG, GEO, TRIG, TRIG, MEN, STAT, STAT)),
    (VSA, ALG),
    (VSA, TRIG),
    (VSA, MEN),
    (SA, NS),
    (SA, GEO),
    (SA, STAT),
    (LA, ALG),
]
CHECKED_SLOTS = [(TF, NS), (NUMBER, ALG), (SEVERAL, ALG), (TEXT, GEO), (EXPRESSION, ALG)]
SURE_SLOTS = [(MC, u) for u in (NS, ALG, CG, GEO, TRIG, STAT)]
QUADRATICS_SLOTS = [(kind, ALG) for kind in (MC, MC, AR, NUMBER, SEVERAL)]


@dataclass(frozen=True)
class DemoExam:
    """One exam. `opens` and `closes` count from now (None: never closes); `fixed`: one paper for everybody.

    `grace`: minutes for photographing. `quiz`: on the first chapter of this unit, or on its `chapter`, and then of
    questions of that alone.
    `one_day`: from 09:00 to 21:00 of the day of `opens`, whatever `closes` says.
    """

    title: str
    blueprint: str
    opens: timedelta
    closes: timedelta | None = None
    one_day: bool = False
    fixed: bool = True
    grace: int = 20
    release: str = ReleasePolicy.WHEN_MARKED
    attempts: int | None = 1
    quiz: str = ""
    chapter: str = ""
    behaviour: str = Behaviour.DEFERRED


def _days(number: float) -> timedelta:
    return timedelta(days=number)


# Weekly tests 1 to 9 and two full mocks, so many days ago.
WEEKLY = dict(enumerate((152, 137, 121, 106, 92, 64, 50, 35, 10), start=1))
MOCKS = {1: 78, 2: 4}
FINISHED = [
    *(DemoExam(f"Weekly test {number}", SHORT, -_days(ago), one_day=True) for number, ago in WEEKLY.items()),
    *(DemoExam(f"Maths mock {number}", BOARD, -_days(ago), one_day=True) for number, ago in MOCKS.items()),
]
EXAMS = [
    *sorted(FINISHED, key=lambda exam: exam.opens),
    DemoExam("Weekly test 10", SHORT, -_days(8), _days(6)),
    DemoExam("Half-term test", HALF, -_days(7.5), _days(6), grace=45),
    DemoExam("Surprise test", SHORT, -_days(2.5), -_days(0.5), release=ReleasePolicy.BY_STAFF),
    DemoExam("Maths mock 3", BOARD, -_days(1), _days(60)),
    DemoExam("Your own board paper", BOARD, -_days(0.5), None, fixed=False, attempts=5),
    DemoExam("Quick practice: 9 questions", SHORT, -timedelta(hours=1), None, fixed=False, attempts=40),
    DemoExam("All question types", TYPES, -timedelta(hours=1), None, fixed=False, attempts=40),
    *(
        DemoExam(title, blueprint, -timedelta(hours=1), None, fixed=False, attempts=40, behaviour=behaviour)
        for title, blueprint, behaviour in (
            ("Practice with hints", CHECKED, Behaviour.IMMEDIATE),
            ("Practice: check as you go", CHECKED, Behaviour.ADAPTIVE),
            ("How sure are you?", SURE, Behaviour.CERTAINTY),
        )
    ),
    DemoExam("Maths mock 4", BOARD, _days(1), _days(2)),
    DemoExam(REAL_NUMBERS, QUIZ_NS, -_days(5), None, fixed=False, attempts=None, quiz=NS),
    DemoExam("Quiz: Coordinate Geometry", QUIZ_CG, -_days(5), None, fixed=False, attempts=None, quiz=CG),
    DemoExam(QUADRATICS_QUIZ, QUIZ_QE, -_days(30), None, attempts=None, quiz=ALG, chapter=QUADRATICS),
]


def seed_bank(*, now: datetime) -> Programme:
    """The curriculum, the questions and the board blueprint, once; then they belong to the institute."""
    author, verifier = find_person(cast.AUTHOR), find_person(cast.VERIFIER)
    if not Blueprint.objects.filter(slug=BOARD).exists():
        with transaction.atomic():
            programme = load_bank(folder=BANK, author=author, verifier=verifier, now=now).programme
            if programme.board_exam_on is None:
                today = timezone.localdate(now)
                this_year = today.replace(month=BOARD_DAY[0], day=BOARD_DAY[1])
                programme.board_exam_on = this_year if this_year > today else this_year.replace(year=today.year + 1)
                programme.save(update_fields=["board_exam_on"])
    if not Blueprint.objects.filter(slug=TYPES).exists():
        load_bank(folder=TYPES_BANK, author=author, verifier=verifier, now=now)
    programme = Programme.objects.get(slug=PROGRAMME)
    for slug, title, minutes, slots in (
        (SHORT, "Quick practice: Class X Mathematics", 30, SHORT_SLOTS),
        (HALF, "Half paper: Class X Mathematics", 75, HALF_SLOTS),
        (CHECKED, "Checked practice: Class X Mathematics", 20, CHECKED_SLOTS),
        (SURE, "How sure are you? Class X Mathematics", 15, SURE_SLOTS),
        (QUIZ_NS, "Quiz: Real Numbers", 10, [(MC, NS)] * 5),
        (QUIZ_CG, "Quiz: Coordinate Geometry", 10, [(MC, CG)] * 5),
        (QUIZ_QE, QUADRATICS_QUIZ, 10, QUADRATICS_SLOTS),
    ):
        if not Blueprint.objects.filter(slug=slug).exists():
            sections = dict.fromkeys(MARKS, AT_ONCE) if slug == QUIZ_QE else SECTIONS
            load_blueprint(data=_blueprint(slug, title, minutes, slots, sections), programme=programme)
    return programme


def seed_exams(*, programme: Programme, now: datetime) -> int:
    """The exams of EXAMS that are missing; returns how many. A fixed paper avoids the questions of the two before."""
    made = 0
    recent: list[Paper] = []
    for plan in EXAMS:
        exam = Exam.objects.counted().filter(programme=programme, title=plan.title).select_related("paper").first()
        if exam is None:
            with transaction.atomic():
                exam = _create_exam(plan, programme, recent, now=now)
            made += 1
        if exam.paper is not None:
            recent = [*recent[-1:], exam.paper]
    return made


def _create_exam(plan: DemoExam, programme: Programme, recent: list[Paper], *, now: datetime) -> Exam:
    blueprint = Blueprint.objects.get(slug=plan.blueprint)
    paper = None
    if plan.fixed:
        used = set(PaperQuestion.objects.filter(paper__in=recent).values_list("version__question_id", flat=True))
        if plan.chapter:
            used = set(Question.objects.exclude(chapter__name=plan.chapter).values_list("pk", flat=True))
        paper = draw_paper(
            blueprint=blueprint,
            seed=zlib.crc32(plan.title.encode()),
            title=plan.title,
            exclude=used,
            now=now + min(plan.opens, timedelta()) - _days(2),
        )
    opens_at = _on_the_hour(now + plan.opens)
    closes_at = None if plan.closes is None else _on_the_hour(now + plan.closes)
    if plan.one_day:
        opens_at, closes_at = opens_at.replace(hour=9), opens_at.replace(hour=21)
    exam = Exam.objects.create(
        programme=programme,
        title=plan.title,
        blueprint=None if paper else blueprint,
        paper=paper,
        duration_minutes=NO_LIMIT_MINUTES if plan.quiz else blueprint.duration_minutes,
        upload_grace_minutes=plan.grace,
        opens_at=opens_at,
        closes_at=closes_at,
        max_attempts=plan.attempts,
        release=plan.release,
        behaviour=plan.behaviour,
        is_published=True,
        **(_quiz(programme, plan) if plan.quiz else {}),
    )
    exam.cohorts.set(Cohort.objects.filter(programme=programme, name__in=cast.COHORTS))
    return exam


def _quiz(programme: Programme, plan: DemoExam) -> dict[str, Any]:
    chapters = Chapter.objects.filter(unit__programme=programme, unit__slug=plan.quiz).order_by("position")
    chapter = chapters.filter(name__startswith=plan.chapter).first()
    return {"purpose": ExamPurpose.QUIZ, "chapter": chapter, "shuffle_questions": True, "shuffle_options": True}


def _on_the_hour(moment: datetime) -> datetime:
    return timezone.localtime(moment).replace(minute=0, second=0, microsecond=0)


def _blueprint(
    slug: str, title: str, minutes: int, slots: list[tuple[str, str]], by_type: dict[str, tuple[str, str, str]]
) -> dict[str, Any]:
    """A blueprint in the shape of blueprint.toml. `by_type`: the section of each type."""
    sections = dict.fromkeys(by_type[kind] for kind, _unit in slots)
    return {
        "blueprint": {
            "slug": slug,
            "title": title,
            "kind": ExamKind.SECTION_PRACTICE,
            "duration_minutes": minutes,
            "total_marks": str(sum(int(MARKS[kind]) for kind, _unit in slots)),
        },
        "section": [dict(zip(("label", "title", "instruction"), section, strict=True)) for section in sections],
        "slot": [
            {"number": number, "section": by_type[kind][0], "unit": unit, "types": [kind], "marks": MARKS[kind]}
            for number, (kind, unit) in enumerate(slots, start=1)
        ],
    }

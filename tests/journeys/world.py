"""A small world for one journey: `python -m tests.journeys.world '{"students": 2}'` in the product's environment.

Prints one line of JSON. Every world has its own programme, so the teachers of one never get the papers of another.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any
from uuid import uuid4

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.auth.hashers import make_password  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.enums import Feature, Relation  # noqa: E402
from accounts.models import User  # noqa: E402
from accounts.services.entitlements import grant_entitlement  # noqa: E402
from accounts.services.people import create_person, link_guardian, verify_teacher  # noqa: E402
from assessments.enums import WRITTEN_TYPES, ExamPurpose, QuestionState, QuestionType  # noqa: E402
from assessments.models import Exam, ExternalAssessment, ExternalTool, Paper, PaperQuestion  # noqa: E402
from assessments.services.external_setup import save_tool  # noqa: E402
from assessments.services.questions import OptionContent, QuestionContent, StepContent, create_question  # noqa: E402
from courses.enums import CohortRole  # noqa: E402
from courses.models import Chapter, Cohort, CohortMembership, Programme, TeachingQualification  # noqa: E402
from courses.services.curriculum import load_curriculum  # noqa: E402
from evaluations.models import Evaluation  # noqa: E402
from evaluations.tests.builders import evaluation_of, hand_in  # noqa: E402

TOOL_URL = "https://lab.example.org/launch"
PASSWORD = "quiet river 1729 stones"
# Number, alternative, type, marks, text, key or steps.
QUESTIONS: list[tuple[int, str, str, str, str, Any]] = [
    (1, "", QuestionType.SINGLE_CHOICE, "1", "Which of these is a root of $x^2 - 5x + 6 = 0$?", {"choices": ["B"]}),
    (2, "", QuestionType.MULTIPLE_CHOICE, "2", "Choose every irrational number.", {"choices": ["A", "C"]}),
    (3, "", QuestionType.NUMERIC, "1", "Find the median of 3, 1, 4, 6.", {"value": "3.5", "tolerance": "0.01"}),
    (4, "", QuestionType.SHORT_ANSWER, "3", "Prove that $\\sqrt{3}$ is irrational.", ("1", "1", "0.5", "0.5")),
    (5, "a", QuestionType.LONG_ANSWER, "5", "Solve $2x^2 - 7x + 3 = 0$ by completing the square.", ("1", "2", "2")),
    (5, "b", QuestionType.LONG_ANSWER, "5", "Find the AP whose sum of $n$ terms is $3n^2 + 5n$.", ("2", "2", "1")),
]
# With {"extra": true}: one more, for a question that is not attempted. With {"online": 38}: so many instead of these,
# all answered on the screen. With {"written": 12}: so many instead, all on paper.
EXTRA: tuple[int, str, str, str, str, Any] = (
    6,
    "",
    QuestionType.SHORT_ANSWER,
    "2",
    "State Euclid's lemma.",
    ("1", "1"),
)
OPTIONS = {
    1: ("$x = 1$", "$x = 2$", "$x = 5$", "$x = 6$"),
    2: ("$\\sqrt{2}$", "$\\frac{22}{7}$", "$\\pi$", "$0.75$"),
}
# The right answers of the objective questions: 1 + 2 + 1 marks.
RIGHT = {1: {"choices": ["B"]}, 2: {"choices": ["A", "C"]}, 3: {"value": "3.5"}}
SECTIONS = [
    {"label": "A", "title": "Section A", "instruction": "Choose or type the answer."},
    {"label": "B", "title": "Section B", "instruction": "Write by hand."},
]


def main(options: dict[str, Any]) -> dict[str, Any]:
    now, tag = timezone.now(), uuid4().hex[:10]
    with transaction.atomic():
        programme = _programme(tag)
        staff = _person(f"staff-{tag}", "Office", "staff", now)
        author = _person(f"author-{tag}", "Kavita Menon", "teacher", now)
        cohort = Cohort.objects.create(programme=programme, name=f"X A {tag}")
        teachers = [_teacher(i, tag, programme, staff, options, now) for i in range(options.get("teachers", 1))]
        students = [_student(i, tag, cohort, now) for i in range(options.get("students", 1))]
        guardian = _person(f"guardian-{tag}", "Latha Nair", "guardian", now)
        link_guardian(guardian=guardian, student=students[0], relation=Relation.MOTHER, actor=staff, now=now)
        outsider = _person(f"outsider-{tag}", "Zoya Khan", "student", now)
        questions = [*QUESTIONS, EXTRA] if options.get("extra") else QUESTIONS
        if "written" in options:
            questions = [_written(number) for number in range(1, options["written"] + 1)]
        if "online" in options:
            questions = [_online(number) for number in range(1, options["online"] + 1)]
        paper = _paper(questions, programme, author, staff, now)
        exam = _exam(programme, paper, cohort, options, now)
        elsewhere = _elsewhere(programme, cohort, staff, now) if options.get("course") else {}
        if "language" in options:
            User.objects.filter(email__endswith=f"-{tag}@journey.example").update(language=options["language"])
        evaluations = _handed_in(exam, students, teachers[0], now) if options.get("handed_in") else {}
    return {
        "programme": str(programme.pk), "exam": str(exam.pk), "title": exam.title, "password": PASSWORD,
        "students": [s.email for s in students], "teachers": [t.email for t in teachers], "staff": staff.email,
        "guardian": guardian.email, "outsider": outsider.email,
        "questions": _question_ids(paper), "right": {str(number): answer for number, answer in RIGHT.items()},
        "evaluations": evaluations, "steps": _step_ids(paper), **elsewhere,
        "sessions": {user.email: _session(user) for user in (*students, *teachers, staff, guardian)}
        if options.get("course") else {},
    }  # fmt: skip


def _programme(tag: str) -> Programme:
    head = {"slug": f"journey-{tag}", "board": "CBSE", "grade": "X", "subject": "Mathematics", "session": f"2026-{tag}"}
    unit = {"slug": "algebra", "title": "Algebra", "marks": 12, "chapters": [{"title": "Quadratic Equations"}]}
    return load_curriculum(data={"programme": head, "unit": [unit]})


def _person(name: str, shown: str, role: str, now: datetime) -> User:
    """Hashing is slow on purpose and the same password serves everybody, so it is hashed once."""
    email = f"{name}@journey.example"
    person = create_person(
        email=email, name=shown, password=None, roles={role}, now=now, verified_email=True, grade="X"
    )
    User.objects.filter(pk=person.pk).update(password=_hashed())
    return person


def _hashed(kept: list[str] = []) -> str:  # noqa: B006 - the list is the cache
    if not kept:
        kept.append(make_password(PASSWORD))
    return kept[0]


def _teacher(i: int, tag: str, programme: Programme, staff: User, options: dict[str, Any], now: datetime) -> User:
    names = ("Suresh Rao", "Anita Desai", "Imran Ali", "Mary Joseph")
    teacher = _person(f"teacher{i}-{tag}", names[i % 4], "teacher", now)
    profile = verify_teacher(teacher=teacher, actor=staff, now=now)
    if "cap" in options:
        profile.open_paper_cap = options["cap"]
        profile.save(update_fields=["open_paper_cap"])
    TeachingQualification.objects.create(teacher=teacher, programme=programme)
    return teacher


def _student(i: int, tag: str, cohort: Cohort, now: datetime) -> User:
    student = _person(f"student{i}-{tag}", f"Meera Nair {i + 1}" if i else "Meera Nair", "student", now)
    CohortMembership.objects.create(cohort=cohort, user=student, role=CohortRole.STUDENT)
    grant_entitlement(user=student, feature=Feature.EXAM_ATTEMPT, quantity=5, source="journey", starts_at=now, now=now)
    return student


def _paper(questions: list[Any], programme: Programme, author: User, staff: User, now: datetime) -> Paper:
    """Frozen by hand: a drawn paper needs a bank of hundreds of questions."""
    chapter = Chapter.objects.get(unit__programme=programme)
    worth = {number: (Decimal(marks), kind in WRITTEN_TYPES) for number, _, kind, marks, _, _ in questions}
    paper = Paper.objects.create(
        programme=programme, title="Short paper", seed=1, sections=SECTIONS, frozen_at=now,
        total_marks=sum(marks for marks, _ in worth.values()),
        written_marks=sum(marks for marks, written in worth.values() if written),
    )  # fmt: skip
    for number, alternative, kind, marks, text, key in questions:
        question = create_question(
            chapter=chapter, type=kind, content=_content(number, kind, marks, text, key), author=author, now=now,
            state=QuestionState.ACTIVE, verifier=staff,
        )  # fmt: skip
        PaperQuestion.objects.create(
            paper=paper, section="B" if kind in WRITTEN_TYPES else "A", number=number, alternative=alternative,
            type=kind, marks=Decimal(marks), is_written=kind in WRITTEN_TYPES, version=question.current,
        )  # fmt: skip
    return paper


def _online(number: int) -> tuple[int, str, str, str, str, Any]:
    """A question answered on the screen: every third one is typed, the others have four options."""
    if number % 3 == 0:
        return number, "", QuestionType.NUMERIC, "1", f"What is {number} + 1?", {"value": str(number + 1)}
    OPTIONS[number] = tuple(f"${number + more}$" for more in range(4))
    return number, "", QuestionType.SINGLE_CHOICE, "1", f"What is {number} + 2?", {"choices": ["C"]}


def _written(number: int) -> tuple[int, str, str, str, str, Any]:
    """A question answered on paper, of two, three or four steps in turn."""
    steps = (("1", "1"), ("1", "1", "1"), ("1", "1", "1", "1"))[number % 3]
    text = f"Solve $x^2 - {number + 2}x + {number + 1} = 0$ and check both roots."
    return number, "", QuestionType.SHORT_ANSWER, str(len(steps)), text, steps


def _content(number: int, kind: str, marks: str, text: str, key: Any) -> QuestionContent:
    written = kind in WRITTEN_TYPES
    texts = () if written else OPTIONS.get(number, ())
    options = tuple(OptionContent(label, text) for label, text in zip("ABCD", texts, strict=False))
    steps = (
        tuple(StepContent(f"Step {i} of question {number}", Decimal(m)) for i, m in enumerate(key, 1))
        if written
        else ()
    )
    return QuestionContent(
        marks=Decimal(marks), difficulty=2, cognitive_level="apply", text=text, options=options,
        answer={} if written else key, model_answer="As in the textbook: $x = 3$." if written else "",
        explanation="" if written else "It follows from the definition.", steps=steps,
    )  # fmt: skip


def _exam(programme: Programme, paper: Paper, cohort: Cohort, options: dict[str, Any], now: datetime) -> Exam:
    exam = Exam.objects.create(
        programme=programme, title=options.get("title", "Weekly test 7"), paper=paper, is_published=True,
        duration_minutes=options.get("minutes", 60), upload_grace_minutes=15, opens_at=now - timedelta(hours=1),
    )  # fmt: skip
    if options.get("course"):
        exam.purpose, exam.chapter, exam.max_attempts = (
            ExamPurpose.QUIZ,
            Chapter.objects.get(unit__programme=programme),
            None,
        )
        exam.save()
    exam.cohorts.set([cohort])
    return exam


def _elsewhere(programme: Programme, cohort: Cohort, staff: User, now: datetime) -> dict[str, str]:
    """With {"course": true} (the exam is then a quiz): something to do at a tool, with the secret that the tool has."""
    tool = ExternalTool(name=f"Graph laboratory {programme.slug}", launch_url=TOOL_URL)
    secret = save_tool(tool=tool, actor=staff, now=now)
    made = ExternalAssessment.objects.create(
        tool=tool, title="Graphs of parabolas", programme=programme, resource="graphs-1", max_score=10,
        opens_at=now - timedelta(days=1), is_published=True,
    )  # fmt: skip
    made.cohorts.set([cohort])
    return {"external": str(made.pk), "secret": secret}


def _session(user: User) -> str:
    """Of somebody who has signed in; the journey of that is another."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    backend = settings.AUTHENTICATION_BACKENDS[-1]
    store.update({SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: backend})
    store[HASH_SESSION_KEY] = User.objects.get(pk=user.pk).get_session_auth_hash()
    store.create()
    return str(store.session_key)


def _question_ids(paper: Paper) -> dict[str, str]:
    return {f"{q.number}{q.alternative}": str(q.pk) for q in paper.questions.all()}


def _step_ids(paper: Paper) -> dict[str, list[str]]:
    rows = paper.questions.filter(is_written=True).select_related("version")
    return {f"{q.number}{q.alternative}": [str(step.pk) for step in q.version.steps.order_by("position")] for q in rows}


def _handed_in(exam: Exam, students: list[User], teacher: User, now: datetime) -> dict[str, str]:
    """With {"handed_in": true}: a paper of each student, with the first teacher; evaluation ids by e-mail."""
    made = {}
    for student in students:
        paper = evaluation_of(hand_in(exam, student, at=now), teacher=teacher, assigned_at=now)
        Evaluation.objects.filter(pk=paper.pk).update(submitted_at=now, due_at=now + timedelta(hours=48))
        made[student.email] = str(paper.pk)
    return made


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]) if len(sys.argv) > 1 else {})))

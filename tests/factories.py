"""factory_boy factories for the rows that tests start from. Times count from `NOW`, a Wednesday, 10:00 in India."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import factory
from django.contrib.auth.hashers import make_password
from factory.django import DjangoModelFactory

from accounts import models as people
from accounts.enums import Feature
from assessments import models as exams
from assessments.enums import PART_TYPES, WRITTEN_TYPES, QuestionState, QuestionType
from courses import models as curriculum

NOW = datetime(2026, 11, 18, 4, 30, tzinfo=UTC)
PASSWORD = "correct horse battery"


class UserFactory(DjangoModelFactory):
    class Meta:
        model = people.User
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Person {n}")
    email = factory.Sequence(lambda n: f"person{n}@example.com")
    password = factory.LazyFunction(lambda: make_password(PASSWORD))


class StudentFactory(UserFactory):
    is_student = True
    profile = factory.RelatedFactory("tests.factories.StudentProfileFactory", factory_related_name="user")


class StudentProfileFactory(DjangoModelFactory):
    class Meta:
        model = people.StudentProfile

    grade = "X"


class TeacherFactory(UserFactory):
    is_teacher = True
    profile = factory.RelatedFactory("tests.factories.TeacherProfileFactory", factory_related_name="user")


class TeacherProfileFactory(DjangoModelFactory):
    class Meta:
        model = people.TeacherProfile

    verified_at = NOW - timedelta(days=30)


class AccommodationFactory(DjangoModelFactory):
    """Standing for every exam; say what is granted."""

    class Meta:
        model = exams.Accommodation

    starts_on = factory.LazyFunction(lambda: (NOW - timedelta(days=30)).date())
    granted_at = NOW - timedelta(days=30)
    reason = "Doctor's letter"


class EntitlementFactory(DjangoModelFactory):
    class Meta:
        model = people.Entitlement

    feature = Feature.EXAM_ATTEMPT
    quantity = 50
    source = "test"
    starts_at = NOW - timedelta(days=365)


class ProgrammeFactory(DjangoModelFactory):
    class Meta:
        model = curriculum.Programme
        django_get_or_create = ("slug",)

    slug = "cbse-x-mathematics"
    board, grade, subject, session = "CBSE", "X", "Mathematics", "2026-27"


class UnitFactory(DjangoModelFactory):
    class Meta:
        model = curriculum.Unit
        django_get_or_create = ("programme", "slug")

    programme = factory.SubFactory(ProgrammeFactory)
    slug = "algebra"
    name = "Algebra"
    marks = Decimal(20)


class ChapterFactory(DjangoModelFactory):
    class Meta:
        model = curriculum.Chapter
        django_get_or_create = ("unit", "name")

    unit = factory.SubFactory(UnitFactory)
    name = "Quadratic Equations"


class CohortFactory(DjangoModelFactory):
    class Meta:
        model = curriculum.Cohort

    programme = factory.SubFactory(ProgrammeFactory)
    name = factory.Sequence(lambda n: f"Batch {n}")


class QuestionFactory(DjangoModelFactory):
    """An active question without content; `question_version` adds a version and makes it current."""

    class Meta:
        model = exams.Question

    chapter = factory.SubFactory(ChapterFactory)
    type = QuestionType.SINGLE_CHOICE
    state = QuestionState.ACTIVE
    author = factory.SubFactory(TeacherFactory)


OPTIONS = [{"label": label, "source": label, "html": f"<p>{label}</p>"} for label in "ABCD"]
ANSWERS = {
    QuestionType.SINGLE_CHOICE: {"choices": ["B"]},
    QuestionType.ASSERTION_REASON: {"choices": ["B"]},
    QuestionType.MULTIPLE_CHOICE: {"choices": ["A", "C"]},
    QuestionType.NUMERIC: {"value": "3.5", "tolerance": "0.01"},
    QuestionType.TRUE_FALSE: {"choices": ["true"]},
    QuestionType.SHORT_TEXT: {"accepted": [{"text": "mitral valve"}, {"text": "bicuspid*", "credit": "0.5"}]},
    QuestionType.EXPRESSION: {"expression": "2x+3", "form": ""},
    QuestionType.FILL_IN: {
        "blanks": {
            "1": {"kind": "choice", "options": ["have", "has"], "correct": "has"},
            "2": {"kind": "number", "value": "4", "tolerance": "0"},
            "3": {"kind": "text", "accepted": [{"text": "tail"}, {"text": "tale", "credit": "0.5"}]},
        }
    },
    QuestionType.MATCHING: {"pairs": {"1": "B", "2": "A", "3": "B"}},
    QuestionType.ORDERING: {"order": ["C", "A", "D", "B"], "grading": "partial"},
}
WITH_OPTIONS = {
    QuestionType.SINGLE_CHOICE, QuestionType.MULTIPLE_CHOICE, QuestionType.ASSERTION_REASON, QuestionType.MATCHING,
    QuestionType.ORDERING,
}  # fmt: skip
BLANKS = "<p>A dog [[1]] [[2]] legs and a [[3]].</p>"


def parts_of(kind: str) -> list[dict[str, str]]:
    """Three parts of 1 mark for pairs and blanks."""
    if kind not in PART_TYPES:
        return []
    texts = [f"left {label}" if kind == QuestionType.MATCHING else "" for label in "123"]
    return [
        {"label": label, "alternative": "", "source": text, "html": f"<p>{text}</p>" if text else "", "marks": "1"}
        for label, text in zip("123", texts, strict=True)
    ]


def question_version(
    kind: str = QuestionType.SINGLE_CHOICE,
    marks: str = "1",
    steps: tuple[str, ...] = (),
    explanation: str = "",
    **question: object,
) -> exams.QuestionVersion:
    """A question of `kind` with one version; `steps` are the marks of its scheme, the second follows the first."""
    item = QuestionFactory(type=kind, **question)
    version = exams.QuestionVersion.objects.create(
        question=item,
        number=1,
        marks=Decimal(marks),
        text_source="What is $x$?",
        text_html=BLANKS if kind == QuestionType.FILL_IN else "<p>What is x?</p>",
        options=OPTIONS if kind in WITH_OPTIONS else [],
        parts=parts_of(kind),
        answer=ANSWERS.get(kind, {}),
        model_answer_source="x = 1" if kind in WRITTEN_TYPES else "",
        model_answer_html="<p>x = 1</p>" if kind in WRITTEN_TYPES else "",
        explanation_source=explanation,
        explanation_html=f"<p>{explanation}</p>" if explanation else "",
        created_by=item.author,
        created_at=NOW,
    )
    for position, step in enumerate(steps, start=1):
        exams.MarkingStep.objects.create(
            version=version,
            position=position,
            marks=Decimal(step),
            text_source=f"Step {position}",
            text_html=f"<p>Step {position}</p>",
            follows=[1] if position == 2 else None,
        )
    item.show(version)
    item.save()
    return version


# One question of every type that a key marks and of a file: 21 marks.
ALL_TYPES_PAPER = [
    ("A", 1, "", QuestionType.TRUE_FALSE, "1", ()),
    ("A", 2, "", QuestionType.MULTIPLE_CHOICE, "2", ()),
    ("A", 3, "", QuestionType.NUMERIC, "1", ()),
    ("A", 4, "", QuestionType.SHORT_TEXT, "2", ()),
    ("A", 5, "", QuestionType.EXPRESSION, "2", ()),
    ("B", 6, "", QuestionType.FILL_IN, "3", ()),
    ("B", 7, "", QuestionType.MATCHING, "3", ()),
    ("B", 8, "", QuestionType.ORDERING, "3", ()),
    ("C", 9, "", QuestionType.FILE_UPLOAD, "4", ("2", "2")),
]
# Q1 single, Q2 multiple, Q3 numeric, Q4 short written, Q5 long written with a choice of two: 12 marks.
SMALL_PAPER = [
    ("A", 1, "", QuestionType.SINGLE_CHOICE, "1", ()),
    ("A", 2, "", QuestionType.MULTIPLE_CHOICE, "2", ()),
    ("A", 3, "", QuestionType.NUMERIC, "1", ()),
    ("B", 4, "", QuestionType.SHORT_ANSWER, "3", ("1", "1", "0.5", "0.5")),
    ("C", 5, "a", QuestionType.LONG_ANSWER, "5", ("1", "2", "2")),
    ("C", 5, "b", QuestionType.LONG_ANSWER, "5", ("2", "2", "1")),
]


def small_paper(
    rows: list[tuple[str, int, str, str, str, tuple[str, ...]]] = SMALL_PAPER,
    title: str = "Short paper",
    explanation: str = "",
) -> exams.Paper:
    """A frozen paper with objective and written questions."""
    numbers: dict[int, tuple[Decimal, bool]] = {
        number: (Decimal(marks), kind in WRITTEN_TYPES) for _, number, _, kind, marks, _ in rows
    }
    paper = exams.Paper.objects.create(
        programme=ProgrammeFactory(),
        title=title,
        seed=1,
        sections=[
            {"label": name, "title": f"Section {name}", "instruction": ""} for name in sorted({r[0] for r in rows})
        ],
        total_marks=sum((marks for marks, _ in numbers.values()), Decimal(0)),
        written_marks=sum((marks for marks, written in numbers.values() if written), Decimal(0)),
        frozen_at=NOW,
    )
    for section, number, alternative, kind, marks, steps in rows:
        exams.PaperQuestion.objects.create(
            paper=paper,
            section=section,
            number=number,
            alternative=alternative,
            type=kind,
            marks=Decimal(marks),
            is_written=kind in WRITTEN_TYPES,
            version=question_version(kind, marks, steps, explanation),
        )
    return paper


class ExamFactory(DjangoModelFactory):
    """An open exam with a fixed small paper. Pass `for_cohorts=[cohort]` to set it for students."""

    class Meta:
        model = exams.Exam
        skip_postgeneration_save = True

    programme = factory.SubFactory(ProgrammeFactory)
    title = factory.Sequence(lambda n: f"Exam {n}")
    paper = factory.LazyFunction(small_paper)
    duration_minutes = 60
    upload_grace_minutes = 5
    opens_at = NOW - timedelta(days=1)
    is_published = True

    @factory.post_generation
    def for_cohorts(self, create: bool, cohorts: list[curriculum.Cohort] | None, **kwargs: object) -> None:
        if cohorts:
            self.cohorts.set(cohorts)

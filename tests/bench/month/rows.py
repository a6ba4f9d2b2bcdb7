"""The drawn world as rows: people, papers, holidays, what each student was promised; and attempts as they come."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from accounts.enums import Feature, LinkState
from accounts.models import Entitlement, GuardianLink, Leave, StudentProfile, TeacherProfile, User, WorkingHours
from assessments.enums import AttemptState, PageState, SubmitReason, UploadState
from assessments.models import Attempt, Exam, MarkingStep, PaperQuestion, SheetPage, SheetUpload
from courses.models import TeachingQualification
from evaluations.models import Holiday, OpeningHours, SlaPolicy, WorkingCalendar
from tests import factories
from tests.bench.month.draw import HOLIDAYS, KINDS, STORED, Paper, World
from tests.bench.month.draw import Teacher as DrawnTeacher


@dataclass(frozen=True)
class Question:
    """A written question and what full marks for it look like."""

    id: UUID
    steps: dict[str, Decimal]


@dataclass
class Rows:
    """What the play needs to find again, by the numbers of the draw."""

    world: World
    teachers: list[User]
    students: list[User]
    exams: list[Exam]
    questions: dict[UUID, list[Question]]  # by exam
    staff: User

    @property
    def number_of(self) -> dict[UUID, int]:
        return {user.pk: number for number, user in enumerate(self.teachers)}


def write_world(world: World) -> Rows:
    with transaction.atomic():
        _promises()
        exams, questions = _exams(world)
        teachers = [_teacher(world, one) for one in world.teachers]
        TeachingQualification.objects.bulk_create(
            [TeachingQualification(teacher=one, programme=exams[0].programme) for one in teachers]
        )
        students = _students(world)
        GuardianLink.objects.bulk_create(
            GuardianLink(guardian=teachers[n], student=students[s], state=LinkState.ACTIVE)
            for s, n in world.wards.items()
        )
        staff = factories.UserFactory(name="Office", email="office@month.example", is_staff=True)
    return Rows(world, teachers, students, exams, questions, staff)


def _promises() -> None:
    """The calendar and the three policies that are shipped, also where an earlier test emptied the tables."""
    from evaluations.tests.builders import default_policy

    calendar: WorkingCalendar = default_policy().calendar
    assert OpeningHours.objects.filter(calendar=calendar).count() == 6
    assert SlaPolicy.objects.count() == 3
    for day, name in HOLIDAYS.items():
        Holiday.objects.get_or_create(calendar=calendar, date=day, defaults={"name": name})


def _exams(world: World) -> tuple[list[Exam], dict[UUID, list[Question]]]:
    exams, questions = [], {}
    for number, (_share, written) in enumerate(KINDS):
        rows = [
            ("B", place, "", kind, str(marks), (str(marks - 1), "1")) for place, (kind, marks) in enumerate(written, 1)
        ]
        paper = factories.small_paper(rows, title=f"Paper {number + 1}")
        exam = factories.ExamFactory(
            title=f"Test {number + 1}", paper=paper, programme=paper.programme, opens_at=world.start - timedelta(days=1)
        )
        found = PaperQuestion.objects.filter(paper=paper).order_by("number")
        questions[exam.pk] = [Question(row.pk, _steps(row)) for row in found]
        exams.append(exam)
    return exams, questions


def _steps(row: PaperQuestion) -> dict[str, Decimal]:
    return {str(step.pk): step.marks for step in MarkingStep.objects.filter(version=row.version_id)}


def _teacher(world: World, drawn: DrawnTeacher) -> User:
    user = User.objects.create(
        name=f"Teacher {drawn.number + 1}", email=f"t{drawn.number}@month.example", is_teacher=True
    )
    profile = TeacherProfile.objects.create(
        user=user, verified_at=world.start - timedelta(days=30), seconds_per_mark=STORED
    )
    hours = defaultdict(list)
    for weekdays, opens, closes in drawn.hours or ():
        for weekday in weekdays:
            hours[weekday].append((opens, closes))
    WorkingHours.objects.bulk_create(
        WorkingHours(teacher=profile, weekday=day, opens=f"{opens:02}:00", closes=f"{closes:02}:00")
        for day, spans in hours.items()
        for opens, closes in spans
    )
    for first, last in drawn.leave:
        Leave.objects.create(teacher=profile, starts_on=first, ends_on=last, reason="planned")
    return user


def _students(world: World) -> list[User]:
    users = [User(name=f"Student {n}", email=f"s{n}@month.example", is_student=True) for n in range(world.students)]
    User.objects.bulk_create(users)
    StudentProfile.objects.bulk_create(StudentProfile(user=user, grade="X") for user in users)
    default = SlaPolicy.objects.get(is_default=True).slug
    Entitlement.objects.bulk_create(
        Entitlement(
            user=user, feature=Feature.SLA_POLICY, value=slug, source="bench", starts_at=world.start - timedelta(days=1)
        )
        for user, slug in zip(users, world.policy_of, strict=True)
        if slug != default
    )
    return users


def fall_ill(rows: Rows, teacher: int) -> None:
    """Staff write down that the teacher is away from today."""
    for first, last, _told in rows.world.teachers[teacher].ill:
        Leave.objects.create(teacher_id=rows.teachers[teacher].pk, starts_on=first, ends_on=last, reason="ill")


def hand_in(rows: Rows, paper: Paper) -> UUID:
    """The attempt with one verified page, as it is when its sheets are complete."""
    exam, at = rows.exams[paper.kind], paper.at
    attempt = Attempt(
        exam=exam,
        paper_id=exam.paper_id,
        student=rows.students[paper.student],
        state=AttemptState.HANDED_IN,
        started_at=at - timedelta(hours=1),
        ends_at=at - timedelta(minutes=10),
        sheets_due_at=at,
        submitted_at=at - timedelta(minutes=10),
        submit_reason=SubmitReason.STUDENT,
        handed_in_at=at,
        objective_marks=Decimal(0),
        objective_max=Decimal(0),
    )
    Attempt.objects.bulk_create([attempt])
    upload = SheetUpload(
        attempt=attempt,
        client_id=uuid.uuid4(),
        page_number=1,
        sha256="0" * 64,
        size=1000,
        content_type="image/jpeg",
        storage_key=f"uploads/{attempt.pk}",
        state=UploadState.VERIFIED,
        intended_at=at,
        verified_at=at,
    )
    SheetUpload.objects.bulk_create([upload])
    SheetPage.objects.bulk_create([SheetPage(upload=upload, state=PageState.READY, width=1240, height=1754)])
    return attempt.pk

"""Makes the people of the demonstration with the services, everybody in a transaction of their own."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts.enums import ConsentKind, Feature
from accounts.models import Leave, StudentProfile, TeacherProfile, User, WorkingHours
from accounts.services.consents import current_texts, give_consent
from accounts.services.entitlements import grant_entitlement
from accounts.services.office import save_row
from accounts.services.people import create_person, link_guardian, verify_teacher
from assessments.models import Accommodation
from assessments.services.accommodations import save_accommodation
from config.demo import cast
from config.demo.accounts import DEMO_PASSWORD
from courses.enums import CohortRole
from courses.models import Cohort, CohortMembership, Programme, TeachingQualification
from evaluations.models import BankComment, OpeningHours, SlaPolicy, WorkingCalendar

JOINED = timedelta(days=210)
MONTH = timedelta(days=30)
# How long ago the present month of every plan began.
BILLED = timedelta(days=12)
WORKING_DAYS = range(6)


def find_person(key: str) -> User:
    """Somebody of the demonstration. Raises User.DoesNotExist."""
    person: User = User.objects.get(email=cast.address(key))
    return person


def seed_staff_and_teachers(*, now: datetime) -> int:
    """Staff and teachers, whom the question bank needs. Returns how many are new."""
    made = 0
    with transaction.atomic():
        if _is_new(cast.STAFF[0]):
            _create(*cast.STAFF, {"staff"}, now=now - JOINED)
            made += 1
    for teacher in cast.TEACHERS:
        with transaction.atomic():
            if _is_new(teacher.key):
                _create_teacher(teacher, now=now)
                made += 1
    return made


def seed_students_and_guardians(*, programme: Programme, now: datetime) -> int:
    """Batches, qualifications, students and guardians. Returns how many people are new."""
    made = 0
    _seed_cohorts(programme)
    for student in cast.STUDENTS:
        with transaction.atomic():
            if _is_new(student.key):
                _create_student(student, programme, now=now)
                made += 1
    for guardian in cast.GUARDIANS:
        with transaction.atomic():
            if _is_new(guardian.key):
                person = _create(guardian.key, guardian.name, {"guardian"}, now=now - JOINED)
                for key, relation in guardian.students:
                    _link(person, find_person(key), relation, now=now - JOINED)
                made += 1
    return made


def seed_express_promise() -> None:
    """A promise that does not wait for a working day, with its calendar."""
    with transaction.atomic():
        calendar, created = WorkingCalendar.objects.get_or_create(
            slug="every-day", defaults={"name": "Open every day", "time_zone": "Asia/Kolkata"}
        )
        if created:
            OpeningHours.objects.bulk_create(
                OpeningHours(calendar=calendar, weekday=day, opens=time(8), closes=time(20)) for day in range(7)
            )
        fields = {"name": "Within 24 hours, any day", "kind": "elapsed_hours", "hours": 24, "calendar": calendar}
        SlaPolicy.objects.get_or_create(slug=cast.EXPRESS, defaults=fields)


def _is_new(key: str) -> bool:
    return not User.objects.filter(email=cast.address(key)).exists()


@cache
def _password() -> str:
    """Hashed once: the hash is slow on purpose, and everybody has the same password."""
    return make_password(DEMO_PASSWORD)


def _create(key: str, name: str, roles: set[str], *, now: datetime, grade: str = "") -> User:
    person = create_person(
        email=cast.address(key), name=name, password=None, roles=roles, now=now, verified_email=True, grade=grade
    )
    person.password = _password()
    person.save(update_fields=["password"])
    return person


def _create_teacher(teacher: cast.Teacher, *, now: datetime) -> None:
    staff = find_person(cast.STAFF[0])
    person = _create(teacher.key, teacher.name, {"teacher"}, now=now - JOINED)
    profile = TeacherProfile.objects.get(user=person)
    profile.open_paper_cap, profile.seconds_per_mark = teacher.cap, teacher.speed
    profile.save(update_fields=["open_paper_cap", "seconds_per_mark"])
    if teacher.verified:
        verify_teacher(teacher=person, actor=staff, now=now - JOINED + timedelta(days=1))
        opens, closes = (time.fromisoformat(each) for each in teacher.hours)
        for day in WORKING_DAYS:
            row = WorkingHours(teacher=profile, weekday=day, opens=opens, closes=closes)
            after = {"weekday": day, "opens": opens, "closes": closes}
            save_row(row=row, before={}, after=after, actor=staff, now=now - JOINED + timedelta(days=1))
    if teacher.key == cast.ON_LEAVE:
        today = timezone.localdate(now)
        leave = Leave(teacher=profile, starts_on=today - timedelta(days=2), ends_on=today + timedelta(days=45))
        leave.reason = "Examiner duty at the board"
        after = {"starts_on": leave.starts_on, "ends_on": leave.ends_on}
        save_row(row=leave, before={}, after=after, actor=staff, now=now - timedelta(days=14))
    if teacher.key == cast.VERIFIER:
        BankComment.objects.bulk_create(
            BankComment(owner=person, text=text, uses=len(cast.BANK_COMMENTS) - place)
            for place, text in enumerate(cast.BANK_COMMENTS)
        )


def _seed_cohorts(programme: Programme) -> None:
    """Batches with their teachers, and who may mark the programme. Everything here can be made again."""
    with transaction.atomic():
        cohorts = {name: Cohort.objects.get_or_create(programme=programme, name=name)[0] for name in cast.COHORTS}
        for teacher in cast.TEACHERS:
            person = find_person(teacher.key)
            if teacher.cohort and not person.cohort_memberships.exists():
                CohortMembership.objects.create(cohort=cohorts[teacher.cohort], user=person, role=CohortRole.TEACHER)
            if teacher.verified:
                TeachingQualification.objects.get_or_create(teacher=person, programme=programme)


def _create_student(student: cast.Student, programme: Programme, *, now: datetime) -> None:
    person = _create(student.key, student.name, {"student"}, now=now - JOINED, grade="X")
    StudentProfile.objects.filter(user=person).update(date_of_birth=date.fromisoformat(student.born))
    CohortMembership.objects.create(cohort=Cohort.objects.get(programme=programme, name=student.cohort), user=person)
    _grant(person, student, now=now)
    if student.extra_time:
        _accommodate(person, student.extra_time, now=now)
    parent, child, relation = cast.PARENT_AND_TEACHER
    if student.key == child:
        _link(find_person(parent), person, relation, now=now - JOINED)


def _accommodate(person: User, extra_time: int, *, now: datetime) -> None:
    row = Accommodation(student=person, extra_time_percent=extra_time, large_print=True)
    row.starts_on, row.reason = timezone.localdate(now - JOINED), "Low vision, by a doctor's letter"
    save_accommodation(accommodation=row, actor=find_person(cast.STAFF[0]), now=now - JOINED)


def _grant(person: User, student: cast.Student, *, now: datetime) -> None:
    """A row for each month of the plan; the present one has no end, so that a demonstration can stay up."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    staff, source = find_person(cast.STAFF[0]), f"demo:{student.plan.slug}"
    first = midnight - BILLED - MONTH * student.months
    for month in range(student.months + 1):
        starts_at = first + MONTH * month
        ends_at = starts_at + MONTH if month < student.months else None
        grant_entitlement(
            user=person,
            feature=Feature.EXAM_ATTEMPT,
            quantity=student.plan.exams,
            source=source,
            starts_at=starts_at,
            ends_at=ends_at,
            actor=staff,
            now=starts_at,
        )
    promises = [(source, student.plan.promise)] if student.plan.promise else []
    promises += [("demo:express", cast.EXPRESS)] if student.express else []
    for granted_by, slug in promises:
        grant_entitlement(
            user=person,
            feature=Feature.SLA_POLICY,
            quantity=None,
            source=granted_by,
            starts_at=first,
            value=slug,
            actor=staff,
            now=first,
        )


def _link(guardian: User, student: User, relation: str, *, now: datetime) -> None:
    link_guardian(guardian=guardian, student=student, relation=relation, actor=find_person(cast.STAFF[0]), now=now)
    kind = ConsentKind.GUARDIAN_ACCESS
    give_consent(person=student, kind=kind, text=current_texts(guardian.language)[kind], actor=guardian, now=now)

"""Reading scans: who may be on them, their sums, and how far each student's paper is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet

from accounts.models import User
from assessments.enums import AttemptState, ScanPageState, UploadState
from assessments.models import Attempt, Exam, Scan, ScanPage, SheetUpload
from courses.enums import CohortRole
from courses.models import CohortMembership

RECENT = 50


@dataclass(frozen=True)
class Sums:
    """Every page of a scan: `total` is what the files have, the others are where those pages are. `unread` and
    `placing` are 0 when the worker is through; then placed + waiting + discarded is the total."""

    total: int
    placed: int = 0
    waiting: int = 0
    discarded: int = 0
    placing: int = 0

    @property
    def unread(self) -> int:
        return self.total - self.placed - self.waiting - self.discarded - self.placing


@dataclass(frozen=True)
class StudentRow:
    """The paper of one student of a scan: the numbers of its pages, and those its sheets say are missing."""

    student: User
    attempt: Attempt | None
    numbers: list[int]
    missing: list[int]
    waiting: int

    @property
    def is_handed_in(self) -> bool:
        return self.attempt is not None and self.attempt.state == AttemptState.HANDED_IN

    @property
    def may_hand_in(self) -> bool:
        return self.attempt is not None and self.attempt.state == AttemptState.SUBMITTED and bool(self.numbers)


def roster_of(exam: Exam, user: Any) -> QuerySet[User]:
    """The students whose sheets `user` may bring: of the exam's cohorts, a teacher of those they teach."""
    cohorts = Exam.cohorts.through.objects.filter(exam_id=exam.pk).values("cohort_id")
    members = CohortMembership.objects.filter(cohort__in=cohorts, role=CohortRole.STUDENT)
    if not user.is_staff:
        taught = CohortMembership.objects.filter(user=user, role=CohortRole.TEACHER).values("cohort_id")
        members = members.filter(cohort__in=taught)
    students: QuerySet[User] = User.objects.filter(pk__in=members.values("user_id"), is_active=True)
    return students.order_by("name", "pk")


def scans_of(exam: Exam, user: Any) -> list[tuple[Scan, Sums]]:
    """The scans of an exam that `user` may see with their sums, the latest first. Two queries."""
    rows = Scan.objects.visible_to(user).filter(exam=exam).select_related("author").prefetch_related("files")
    scans = list(rows.order_by("-id")[:RECENT])
    sums = sums_of(scans)
    return [(scan, sums[scan.pk]) for scan in scans]


def sums_of(scans: Collection[Scan]) -> dict[UUID, Sums]:
    """Where the pages of each scan are. One query."""
    counted: dict[UUID, dict[str, int]] = {}
    rows = ScanPage.objects.filter(scan__in=scans).order_by().values_list("scan", "state").annotate(n=Count("pk"))
    for scan_id, state, count in rows:
        counted.setdefault(scan_id, {})[state] = count
    found = {}
    for scan in scans:
        here = counted.get(scan.pk, {})
        found[scan.pk] = Sums(
            total=scan.total,
            placed=here.get(ScanPageState.PLACED, 0),
            waiting=here.get(ScanPageState.WAITING, 0),
            discarded=here.get(ScanPageState.DISCARDED, 0),
            placing=here.get(ScanPageState.READ, 0),
        )
    return found


def student_rows(scan: Scan) -> list[StudentRow]:
    """Everybody whose page is in this scan, by name. Four queries."""
    pages = list(
        scan.pages.filter(student__isnull=False)
        .exclude(state=ScanPageState.DISCARDED)
        .values_list("student", "pages", "state")
    )
    people = {user.pk: user for user in User.objects.filter(pk__in={student for student, *_ in pages})}
    attempts: dict[UUID, Attempt] = {}
    standing = Attempt.objects.filter(exam=scan.exam_id, student__in=people).exclude(state=AttemptState.CANCELLED)
    for one in standing.order_by("id"):
        attempts[one.student_id] = one
    numbers = numbers_in(attempts.values())
    rows = []
    for student in sorted(people.values(), key=lambda user: (user.name, user.pk)):
        attempt = attempts.get(student.pk)
        have = sorted(numbers.get(attempt.pk, set())) if attempt else []
        most = max((count or 0 for pk, count, _state in pages if pk == student.pk), default=0)
        waiting = sum(pk == student.pk and state != ScanPageState.PLACED for pk, _count, state in pages)
        missing = [number for number in range(1, most + 1) if number not in have]
        rows.append(StudentRow(student, attempt, have, missing, waiting))
    return rows


def numbers_in(attempts: Collection[Attempt] | Any) -> dict[UUID, set[int]]:
    """The numbers of the sheets that are in each paper. One query."""
    found: dict[UUID, set[int]] = {}
    rows = SheetUpload.objects.filter(attempt__in=list(attempts), state=UploadState.VERIFIED)
    for attempt_id, number in rows.values_list("attempt", "page_number"):
        found.setdefault(attempt_id, set()).add(number)
    return found


def taken_numbers(exam: Exam, students: Collection[User]) -> dict[UUID, set[int]]:
    """The numbers of the sheets that are in the paper of each student by now. One query."""
    found: dict[UUID, set[int]] = {}
    rows = SheetUpload.objects.filter(
        attempt__exam=exam, attempt__student__in=students, state=UploadState.VERIFIED
    ).exclude(attempt__state=AttemptState.CANCELLED)
    for student_id, number in rows.values_list("attempt__student", "page_number"):
        found.setdefault(student_id, set()).add(number)
    return found


def waiting_pages(scan: Scan) -> QuerySet[ScanPage]:
    """What a person has to decide, in the order of the scan."""
    rows: QuerySet[ScanPage] = scan.pages.filter(state=ScanPageState.WAITING)
    return rows.select_related("student", "file").order_by("position")

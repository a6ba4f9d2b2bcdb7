"""Bringing people in from a list of addresses: what would happen is shown first, and only that is done.

A list is looked at without changing anything; the preview has a digest of everybody who would come and whether they
would wait. It is applied under the course's lock while that is still the same, and a second time changes nothing
(ADR 0040).
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import GuardianLink, User
from accounts.services.ages import is_minor
from common.errors import ConflictError
from courses.enums import CourseState, EnrolmentSource, EnrolmentState
from courses.models import Course, Enrolment
from courses.services.checks import CourseError, lock_course, require_teaching
from courses.services.enrolments import Enrolled, enrol_many
from courses.services.places import free_places

MAX_BYTES = 1024 * 1024
MAX_LINES = 5_000
#: Heads of the column of addresses, as spreadsheets have them.
HEADS = {"email", "e-mail", "mail", "email address", "e-mail address", "email id", "ईमेल", "ई-मेल"}
#: What a file begins with that is no text: a zip (xlsx), an old workbook, a PDF.
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")
REF_LENGTH = 40


class Outcome(models.TextChoices):
    """What becomes of a line."""

    ENROL = "enrol", gettext_lazy("comes in")
    WAIT = "wait", gettext_lazy("waits for a place")
    ALREADY = "already", gettext_lazy("is there already")
    TWICE = "twice", gettext_lazy("stands twice in the list")
    UNKNOWN = "unknown", gettext_lazy("nobody has this address")
    NO_STUDENT = "no_student", gettext_lazy("is not a student")
    CLOSED = "closed", gettext_lazy("this account is closed")
    INVALID = "invalid", gettext_lazy("no e-mail address")


@dataclass(frozen=True)
class Line:
    """`alone`: a minor without a guardian, who comes in all the same."""

    number: int
    address: str
    outcome: Outcome
    person: User | None = None
    alone: bool = False

    @property
    def label(self) -> str:
        return str(self.outcome.label)


@dataclass(frozen=True)
class ListPreview:
    """`digest` is of the course, everybody who would come, in order, and whether they would wait."""

    lines: list[Line]
    digest: str
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def coming(self) -> list[Line]:
        """Who would come in or wait, in the order of the list."""
        return [line for line in self.lines if line.outcome in (Outcome.ENROL, Outcome.WAIT)]

    @property
    def addresses(self) -> str:
        """Of those, one on a line: what is sent again to be done."""
        return "\n".join(line.address for line in self.coming)

    @property
    def alone(self) -> int:
        return sum(line.alone for line in self.lines)

    @property
    def totals(self) -> list[tuple[Outcome, int]]:
        return [(outcome, self.counts[outcome]) for outcome in Outcome if outcome in self.counts]


def read_list(data: bytes | str) -> list[tuple[int, str]]:
    """The addresses of a list with the numbers of their lines, in small letters; text without one comes as it stands.

    Takes UTF-8 and UTF-16 (with a mark) and what Windows writes; commas, semicolons or tabs; a column with one of
    HEADS, else the first column that has an address. Raises CourseError csv_invalid.
    """
    if len(data) > MAX_BYTES:
        raise CourseError(_("This list is larger than 1 MB. Send it in parts."), "csv_invalid")
    text = data if isinstance(data, str) else _decoded(data)
    lines = text.splitlines()
    first = next((line for line in lines if line.strip()), "")
    mark = ","
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        mark = first.strip()[4]
        lines[lines.index(first)] = ""
    elif any(sign in first for sign in ";\t"):
        mark = max(";\t,", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO("\n".join(lines), newline=""), delimiter=mark))
    except csv.Error as error:
        raise CourseError(_("This is not a list that can be read. Save it as CSV."), "csv_invalid") from error
    cells = _cells([(number, row) for number, row in enumerate(rows, start=1) if any(cell.strip() for cell in row)])
    if not cells or len(cells) > MAX_LINES:
        raise CourseError(_("The list needs 1 to %d lines.") % MAX_LINES, "csv_invalid")
    return cells


def preview_list(*, course: Course, cells: Iterable[tuple[int, str]], actor: User, now: datetime) -> ListPreview:
    """What would become of everybody on the list, in a constant number of queries. Changes nothing.

    Raises NotPermittedError, CourseError not_open.
    """
    require_teaching(course, actor)
    if course.state == CourseState.ARCHIVED:
        raise CourseError(_("This course is not open."), "not_open")
    wanted = list(cells)
    people = {
        person.email: person
        for person in User.objects.filter(email__in={address for _n, address in wanted}).select_related(
            "student_profile"
        )
    }
    inside = Enrolment.objects.filter(course=course, student__in=people.values()).exclude(state=EnrolmentState.LEFT)
    known = set(inside.values_list("student_id", flat=True))
    looked_after = set(
        GuardianLink.objects.active().filter(student__in=people.values()).values_list("student_id", flat=True)
    )
    free, lines = _free(course), []
    seen: set[str] = set()
    for number, address in wanted:
        person = people.get(address)
        outcome = _outcome(address, person, known, seen)
        seen.add(address)
        if outcome == Outcome.ENROL and free is not None:
            outcome, free = (Outcome.ENROL, free - 1) if free else (Outcome.WAIT, 0)
        comes = person is not None and outcome in (Outcome.ENROL, Outcome.WAIT)
        alone = comes and person is not None and is_minor(person, now) and person.pk not in looked_after
        lines.append(Line(number, address, outcome, person, alone))
    made = ListPreview(lines, "", dict(Counter(str(line.outcome) for line in lines)))
    return replace(made, digest=_digest(course, made.coming))


def apply_list(
    *, course: Course, cells: Iterable[tuple[int, str]], digest: str, actor: User, now: datetime
) -> Enrolled:
    """Does what the preview with this digest said. Sent again it changes nothing and returns who came by it.

    Raises ConflictError list_changed when something else would become of somebody by now, and as `preview_list`.
    """
    require_teaching(course, actor)
    ref = digest[:REF_LENGTH]
    with transaction.atomic():
        locked = lock_course(course.pk)
        came = Enrolment.objects.filter(course=locked, source=EnrolmentSource.CSV, source_ref=ref)
        came = came.exclude(state=EnrolmentState.LEFT).select_related("student")
        if ref and (done := list(came.order_by("pk"))):
            waiting = [row for row in done if row.state == EnrolmentState.WAITING]
            return Enrolled(active=[row for row in done if row.is_inside], waiting=waiting)
        preview = preview_list(course=locked, cells=cells, actor=actor, now=now)
        if preview.digest != digest:
            told = _("Something has changed since you looked at this list. Look at it again before you bring them in.")
            raise ConflictError(told, "list_changed")
        people = [line.person for line in preview.coming if line.person]
        return enrol_many(
            course=locked, students=people, source=EnrolmentSource.CSV, source_ref=ref, actor=actor, now=now
        )


# --- Inside ----------------------------------------------------------------------------------------------------------
def _decoded(data: bytes) -> str:
    """Excel in India writes UTF-8, UTF-16 or the Western code page of Windows; addresses are the same in all."""
    if data.startswith(WORKBOOKS):
        told = _("This is a workbook or a PDF, not a list. Save it as CSV in your spreadsheet.")
        raise CourseError(told, "csv_invalid")
    has_mark = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ["utf-16"] if has_mark else ["utf-8-sig", "cp1252"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise CourseError(_("This is not a list that can be read. Save it as CSV."), "csv_invalid")


def _cells(rows: list[tuple[int, list[str]]]) -> list[tuple[int, str]]:
    if not rows:
        return []
    head = [cell.strip().lower() for cell in rows[0][1]]
    column = next((index for index, cell in enumerate(head) if cell in HEADS), None)
    body = rows if column is None else rows[1:]
    if column is None:
        column = next((index for index, cell in enumerate(head) if "@" in cell), 0)
    return [(number, row[column].strip().lower()[:254] if len(row) > column else "") for number, row in body]


def _outcome(address: str, person: User | None, known: set[UUID], seen: set[str]) -> Outcome:
    if not _is_address(address):
        return Outcome.INVALID
    if address in seen:
        return Outcome.TWICE
    if person is None:
        return Outcome.UNKNOWN
    if not person.is_active:
        return Outcome.CLOSED
    if not person.is_student:
        return Outcome.NO_STUDENT
    return Outcome.ALREADY if person.pk in known else Outcome.ENROL


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _free(course: Course) -> int | None:
    """Places for those who come now: none while others wait."""
    free = free_places(course)
    if free and Enrolment.objects.filter(course=course, state=EnrolmentState.WAITING).exists():
        return 0
    return free


def _digest(course: Course, lines: Iterable[Line]) -> str:
    said = hashlib.sha256(str(course.pk).encode())
    for line in lines:
        said.update(f"\n{line.person and line.person.pk} {line.outcome} {line.alone}".encode())
    return said.hexdigest()

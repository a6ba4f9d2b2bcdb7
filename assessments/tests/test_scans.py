"""Scans of a class: every page goes to its student or waits for a person, and none is lost."""

from __future__ import annotations

import random
from typing import Any

import pytest

from accounts.models import AuditEvent
from assessments.enums import AttemptState, ScanPageState, ScanReason, ScanState, UploadState
from assessments.models import Attempt, Scan, ScanPage, SheetUpload
from assessments.selectors.scans import student_rows, sums_of
from assessments.services import scans as services
from assessments.tests.class_scans import (
    SCANNED_AT,
    as_pdf,
    bring,
    class_of,
    copied,
    empty_page,
    printed,
    written_exam,
    written_on,
)

pytestmark = pytest.mark.django_db


def places_of(scan: Scan) -> dict[int, tuple[Any, int]]:
    """(student, number) of the sheet in the paper, by the position of the page in the scan."""
    rows = ScanPage.objects.filter(scan=scan, state=ScanPageState.PLACED).select_related("upload__attempt")
    return {row.position: (row.upload.attempt.student_id, row.upload.page_number) for row in rows}


def receive(exam: Any, actor: Any, data: bytes, **more: Any) -> tuple[Scan, int]:
    files = [services.GivenFile("class.pdf", data)]
    return services.receive_scan(exam=exam, files=files, actor=actor, now=SCANNED_AT, **{"starts_all": False} | more)


def reasons_of(scan: Scan) -> dict[int, str]:
    return dict(scan.pages.exclude(reason="").values_list("position", "reason"))


def assert_accounted_for(scan: Scan) -> None:
    sums = sums_of([scan])[scan.pk]
    assert sums.total == sums.placed + sums.waiting + sums.discarded
    assert sums.unread == sums.placing == 0
    assert scan.pages.count() == sums.total


def test_a_class_is_placed_and_handed_in(cast) -> None:
    exam = written_exam(cast)
    students = class_of(cast, 3)
    rng = random.Random(1)
    sheets = printed(exam, students, 2)
    order = list(sheets)
    rng.shuffle(order)
    turned = [copied(written_on(sheets[place], rng), turn=rng.choice([0, 90, 180, 270]), skew=1.5) for place in order]
    scan = bring(exam, cast.teacher, as_pdf(turned))
    assert scan.state == ScanState.READ, scan.problem
    assert places_of(scan) == dict(enumerate(order, start=1))
    assert_accounted_for(scan)
    attempts = Attempt.objects.filter(exam=exam)
    assert attempts.count() == 3
    for attempt in attempts:
        assert (attempt.state, attempt.handed_in_at is not None) == (AttemptState.HANDED_IN, True)
        assert attempt.ends_at <= SCANNED_AT
    assert all(page.width < page.height for page in scan.pages.all())
    assert AuditEvent.objects.filter(action="scan.page_placed").count() == 6
    assert AuditEvent.objects.filter(action="attempt.sat_on_paper").count() == 3


@pytest.mark.slow
def test_a_class_of_thirty_with_everything_that_goes_wrong(cast) -> None:
    """30 students, 4 pages each: shuffled, turned, upside down, missing, doubled, foreign, spoiled."""
    exam, other = written_exam(cast), written_exam(cast)
    students = class_of(cast, 30)
    rng = random.Random(20)
    sheets = {place: written_on(image, rng) for place, image in printed(exam, students, 4).items()}
    missing = set(rng.sample(list(sheets), 5))
    doubled = rng.sample([place for place in sheets if place not in missing], 3)
    stranger = printed(exam, [cast.outsider], 1)
    foreign = printed(other, students[:2], 1)
    spoiled = rng.choice([place for place in sheets if place not in missing and place not in doubled])
    covered = sheets[spoiled].copy()
    covered.paste(252, (covered.width - 320, 40, covered.width - 80, 300))
    pages: list[tuple[Any, Any]] = [
        *((place, image) for place, image in sheets.items() if place not in missing and place != spoiled),
        *((("again", *place), sheets[place]) for place in doubled),
        *((("stranger", *place), image) for place, image in stranger.items()),
        *((("foreign", *place), image) for place, image in foreign.items()),
        (("spoiled", *spoiled), covered),
        *((("blank", number), empty_page()) for number in range(2)),
    ]
    rng.shuffle(pages)
    images = [copied(image, turn=rng.choice([0, 0, 90, 180, 270]), skew=rng.uniform(-3, 3)) for _, image in pages]
    scan = bring(exam, cast.staff, as_pdf(images))
    assert scan.state == ScanState.READ, scan.problem
    assert_accounted_for(scan)
    placed, reasons = places_of(scan), reasons_of(scan)
    seen: set[Any] = set()
    for position, (what, _image) in enumerate(pages, start=1):
        if what[0] in ("stranger", "foreign", "spoiled", "blank"):
            assert position not in placed, what
            expected = {
                "stranger": {ScanReason.UNKNOWN_STUDENT},
                "foreign": {ScanReason.OTHER_EXAM},
                "spoiled": {ScanReason.NO_CODE, ScanReason.UNREADABLE},
                "blank": {ScanReason.BLANK},
            }[what[0]]
            assert reasons[position] in expected, what
            continue
        place = what[1:] if what[0] == "again" else what
        if place in seen:
            # Turned and skewed anew it is another picture of the same page: a person decides.
            assert position not in placed, what
            assert reasons[position] in (ScanReason.TAKEN, ScanReason.DOUBLED, ScanReason.CLOSED), what
        else:
            assert placed[position] == place
        seen.add(place)
    incomplete = {student for student, _ in missing} | {spoiled[0]}
    rows = {row.student.pk: row for row in student_rows(scan)}
    assert all(not rows[student.pk].is_handed_in for student in students if student.pk in incomplete)
    for student, number in missing:
        assert number in rows[student].missing


def test_the_same_page_scanned_twice_is_refused_by_its_hash(cast) -> None:
    exam = written_exam(cast)
    (page,) = printed(exam, [cast.student], 1).values()
    scan = bring(exam, cast.teacher, as_pdf([page, page]))
    first, second = scan.pages.order_by("position")
    assert (first.state, second.state, second.reason) == ("placed", "discarded", ScanReason.DOUBLED)
    assert_accounted_for(scan)


def test_the_same_file_twice_is_one_scan(cast) -> None:
    exam = written_exam(cast)
    data = as_pdf(printed(exam, [cast.student], 1).values())
    scan = bring(exam, cast.teacher, data)
    again, known = services.receive_scan(
        exam=exam,
        files=[services.GivenFile("other name.pdf", data)],
        starts_all=False,
        actor=cast.teacher,
        now=SCANNED_AT,
    )
    assert (again.pk, known, Scan.objects.count(), SheetUpload.objects.count()) == (scan.pk, 1, 1, 1)


def test_a_worker_killed_in_the_middle_is_continued(cast, monkeypatch) -> None:
    """At every step at which it can die; what it did counts, and nothing is there twice."""
    exam = written_exam(cast)
    students = class_of(cast, 3)
    rng = random.Random(3)
    data = as_pdf(written_on(image, rng) for image in printed(exam, students, 2).values())
    monkeypatch.setattr(services, "CHUNK", 2)
    scan, _ = receive(exam, cast.teacher, data)

    class Killed(BaseException):
        pass

    for name, after in (
        ("_keep", 1),
        ("place_by_code", 1),
        ("_keep", 2),
        ("place_by_code", 0),
        ("hand_in_complete", 0),
    ):
        whole, left = getattr(services, name), [after]

        def deadly(*args: Any, whole: Any = whole, left: list[int] = left, **named: Any) -> Any:
            if not left[0]:
                raise Killed
            left[0] -= 1
            return whole(*args, **named)

        with monkeypatch.context() as patch:
            patch.setattr(services, name, deadly)
            with pytest.raises(Killed):
                services.work_on(scan_id=scan.pk, now=SCANNED_AT)
        Scan.objects.update(tries=1)
    assert services.work_on(scan_id=scan.pk, now=SCANNED_AT) == ScanState.READ
    assert len(places_of(scan)) == 6
    scan.refresh_from_db()
    assert_accounted_for(scan)
    assert SheetUpload.objects.filter(state=UploadState.VERIFIED).count() == 6
    assert Attempt.objects.filter(exam=exam, state=AttemptState.HANDED_IN).count() == 3
    assert services.work_on(scan_id=scan.pk, now=SCANNED_AT) == ""

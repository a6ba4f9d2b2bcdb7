"""A person decides about scanned pages: placed, discarded, put back, handed in; who may, and what is said."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image, ImageChops

from accounts.models import AuditEvent, Entitlement
from assessments.enums import AttemptState, ScanPageState, ScanReason, ScanState, UploadState
from assessments.models import Attempt, Exam, Scan, ScanPage, SheetPage, SheetUpload
from assessments.selectors.scans import sums_of
from assessments.services import scan_desk, scan_reading, scans
from assessments.services.attempts import start_attempt, submit_attempt
from assessments.services.overdue import hand_in_overdue_sheets
from assessments.services.printing import PrintOptions, print_answer_sheet, print_class_sheets
from assessments.services.sheet_files import SheetRefused
from assessments.services.sheet_images import render_pages
from assessments.services.sheet_processing import process_sheet
from assessments.tests.class_scans import (
    NOW,
    SCANNED_AT,
    as_pdf,
    bring,
    copied,
    empty_page,
    printed,
    written_exam,
    written_on,
)
from common.errors import ConflictError, DomainError, NotPermittedError
from common.storage import sheet_storage
from tests import factories

pytestmark = pytest.mark.django_db
LATER = SCANNED_AT + timedelta(minutes=5)


@pytest.fixture
def exam(cast) -> Exam:
    return written_exam(cast)


@pytest.fixture
def scan(cast, exam) -> Scan:
    """Two pages of the student, the second with its code torn off, turned upside down; an empty back."""
    rng = random.Random(7)
    first, second = (written_on(image, rng) for image in printed(exam, [cast.student], 2).values())
    second.paste(252, (second.width - 320, 40, second.width - 80, 300))
    return bring(exam, cast.teacher, as_pdf([first, copied(second, turn=180), empty_page()]))


def page_at(scan: Scan, position: int) -> ScanPage:
    return ScanPage.objects.select_related("scan__exam__paper", "scan__author").get(scan=scan, position=position)


def by(cast: Any) -> dict[str, Any]:
    return {"actor": cast.teacher, "now": LATER}


def test_a_page_placed_by_hand_completes_the_paper(cast, scan, exam) -> None:
    page = page_at(scan, 2)
    assert (page.state, page.reason) == (ScanPageState.WAITING, ScanReason.NO_CODE)
    attempt = Attempt.objects.get(exam=exam)
    assert attempt.state == AttemptState.SUBMITTED
    scan_desk.place_page(page=page, student=cast.student, number=2, turn=180, **by(cast))
    attempt.refresh_from_db()
    assert (attempt.state, attempt.handed_in_at) == (AttemptState.HANDED_IN, LATER)
    upload = attempt.uploads.get(page_number=2)
    assert (upload.sha256, upload.state) == (page.sha256, UploadState.VERIFIED)
    assert process_sheet(upload_id=upload.pk, now=LATER) == 1
    ready = SheetPage.objects.get(upload=upload)
    assert (ready.rotation, ready.width < ready.height) == (180, True)
    assert AuditEvent.objects.filter(action="scan.page_placed", after__by_hand=True).count() == 1
    assert AuditEvent.objects.filter(action="attempt.handed_in_scanned").count() == 1


def test_a_scan_is_shown_as_the_scanner_saw_it(cast, exam) -> None:
    """A dark band of the copier is no shadow of a hand: of the same picture from a camera it would be taken away."""
    (page,) = printed(exam, [cast.student], 1).values()
    light = Image.linear_gradient("L").resize(page.size).point(lambda value: 255 - value * 110 // 255)
    scan = bring(exam, cast.teacher, as_pdf([ImageChops.multiply(page, light)]))
    upload = page_at(scan, 1).upload
    assert upload is not None
    assert process_sheet(upload_id=upload.pk, now=LATER) == 1
    assert SheetPage.objects.get(upload=upload).treatment == []
    with sheet_storage().open_bytes(upload.storage_key) as stream:
        (photograph,) = render_pages(stream.read(), upload.content_type, page_count=1)
    assert photograph.treatment == ("evened",)


def test_a_place_that_is_taken_is_refused_with_the_reason(cast, scan) -> None:
    with pytest.raises(DomainError, match="Another page with this number"):
        scan_desk.place_page(page=page_at(scan, 2), student=cast.student, number=1, turn=0, **by(cast))
    with pytest.raises(DomainError, match="not in your cohorts"):
        scan_desk.place_page(page=page_at(scan, 2), student=cast.outsider, number=1, turn=0, **by(cast))
    assert page_at(scan, 2).state == ScanPageState.WAITING


def test_discarding_needs_a_reason_and_putting_back_undoes_it(cast, scan) -> None:
    with pytest.raises(DomainError):
        scan_desk.discard_page(page=page_at(scan, 2), why="  ", **by(cast))
    scan_desk.discard_page(page=page_at(scan, 2), why="Rough work", **by(cast))
    sums = sums_of([scan])[scan.pk]
    assert (sums.placed, sums.waiting, sums.discarded, sums.total) == (1, 1, 1, 3)
    scan_desk.put_back(page=page_at(scan, 2), **by(cast))
    assert page_at(scan, 2).state == ScanPageState.WAITING
    assert AuditEvent.objects.filter(action__in=["scan.page_discarded", "scan.page_put_back"]).count() == 2


def test_a_placed_page_is_put_back_and_placed_elsewhere(cast, scan, exam) -> None:
    scan_desk.put_back(page=page_at(scan, 1), **by(cast))
    old = SheetUpload.objects.get(attempt__exam=exam)
    assert old.state == UploadState.REMOVED
    scan_desk.place_page(page=page_at(scan, 1), student=cast.classmate, number=1, turn=0, **by(cast))
    upload = SheetUpload.objects.get(attempt__student=cast.classmate)
    assert (upload.state, upload.sha256 == old.sha256) == (UploadState.VERIFIED, True)
    assert upload.storage_key != old.storage_key
    assert process_sheet(upload_id=upload.pk, now=LATER) == 1


def test_what_is_handed_in_stays(cast, scan, exam) -> None:
    attempt = Attempt.objects.get(exam=exam)
    assert scan_desk.hand_in_now(scan=scan, attempt=attempt, **by(cast)) is True
    assert scan_desk.hand_in_now(scan=scan, attempt=attempt, **by(cast)) is False
    with pytest.raises(ConflictError, match="handed in"):
        scan_desk.put_back(page=page_at(scan, 1), **by(cast))
    with pytest.raises(DomainError, match="already handed in"):
        scan_desk.place_page(page=page_at(scan, 2), student=cast.student, number=2, turn=0, **by(cast))


def test_empty_pages_go_at_once(cast, scan) -> None:
    assert scan_desk.discard_blank(scan=scan, **by(cast)) == 1
    assert page_at(scan, 3).state == ScanPageState.DISCARDED


def test_what_nobody_completes_is_handed_in_by_the_clock(scan, exam) -> None:
    assert hand_in_overdue_sheets(now=SCANNED_AT + timedelta(days=6)) == 0
    assert hand_in_overdue_sheets(now=SCANNED_AT + timedelta(days=8)) == 1


def test_sheets_printed_for_an_attempt_go_into_it(cast, exam) -> None:
    attempt = start_attempt(exam=exam, student=cast.student, now=NOW)
    data = print_answer_sheet(attempt.paper, PrintOptions(attempt=attempt.pk), pages=2)
    scan = bring(exam, cast.teacher, data)
    assert sorted(attempt.uploads.values_list("page_number", flat=True)) == [1, 2]
    # Nothing says how many pages there are, and the student is still writing.
    with pytest.raises(DomainError, match="still writing"):
        scan_desk.hand_in_now(scan=scan, attempt=attempt, **by(cast))
    submit_attempt(attempt=attempt, actor=cast.student, now=NOW + timedelta(minutes=5))
    assert scan_desk.hand_in_now(scan=scan, attempt=attempt, **by(cast))


def test_a_paper_with_questions_on_the_screen_waits_until_somebody_says_so(cast) -> None:
    exam = factories.ExamFactory(for_cohorts=[cast.cohort])
    data = as_pdf(printed(exam, [cast.student], 1).values())
    scan = bring(exam, cast.teacher, data)
    assert page_at(scan, 1).reason == ScanReason.NOT_BEGUN
    assert not Attempt.objects.filter(exam=exam).exists()
    scan_desk.try_again(scan=scan, starts_all=True, **by(cast))
    assert scans.work_on(scan_id=scan.pk, now=LATER) == ScanState.READ
    attempt = Attempt.objects.get(exam=exam)
    assert (attempt.state, attempt.objective_marks) == (AttemptState.HANDED_IN, 0)


def test_a_plan_without_exams_is_said_and_can_be_tried_again(cast, exam) -> None:
    Entitlement.objects.filter(user=cast.student).update(used=50)
    scan = bring(exam, cast.teacher, as_pdf(printed(exam, [cast.student], 1).values()))
    page = page_at(scan, 1)
    assert (page.state, page.reason) == (ScanPageState.WAITING, ScanReason.NO_START)
    assert page.detail
    Entitlement.objects.filter(user=cast.student).update(used=0)
    scan_desk.try_again(scan=scan, starts_all=False, **by(cast))
    scans.work_on(scan_id=scan.pk, now=LATER)
    assert page_at(scan, 1).state == ScanPageState.PLACED


# --- Who may ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["student", "guardian", "colleague", "newcomer", "outsider"])
def test_only_staff_and_teachers_of_the_cohort(cast, scan, exam, client, who: str) -> None:
    person = cast.people[who]
    given = [scans.GivenFile("a.pdf", b"%PDF-1.4")]
    calls = [
        lambda: scans.receive_scan(exam=exam, files=given, starts_all=False, actor=person, now=LATER),
        lambda: scan_desk.place_page(
            page=page_at(scan, 2), student=cast.student, number=2, turn=0, actor=person, now=LATER
        ),
        lambda: scan_desk.discard_page(page=page_at(scan, 2), why="no", actor=person, now=LATER),
        lambda: scan_desk.put_back(page=page_at(scan, 1), actor=person, now=LATER),
        lambda: scan_desk.try_again(scan=scan, starts_all=False, actor=person, now=LATER),
    ]
    for call in calls:
        with pytest.raises(NotPermittedError):
            call()
    client.force_login(person)
    assert client.get(reverse("scan-page", args=[scan.pk])).status_code == 404


def test_a_teacher_brings_only_the_sheets_of_their_own_cohorts(cast) -> None:
    evening = factories.CohortFactory(name="Evening")
    evening.memberships.create(user=cast.outsider)
    exam = written_exam(cast)
    exam.cohorts.add(evening)
    sheets = printed(exam, [cast.outsider, cast.student], 1)
    scan = bring(exam, cast.teacher, as_pdf(sheets.values()))
    assert [page_at(scan, 1).reason, page_at(scan, 2).state] == [ScanReason.UNKNOWN_STUDENT, ScanPageState.PLACED]


# --- What is refused, and what hostile files cost --------------------------------------------------------------------
def test_files_that_are_not_taken_are_named(cast, exam, monkeypatch) -> None:
    def refused(data: bytes) -> str:
        with pytest.raises(SheetRefused) as caught:
            bring(exam, cast.teacher, data)
        assert caught.value.message.startswith("class 1.pdf: ")
        return caught.value.code

    assert refused(b"") == "sheet_empty"
    assert refused(b"MZ is a program") == "sheet_program"
    assert refused(b"%PDF-1.7 and nothing more") == "sheet_damaged"
    monkeypatch.setattr(scan_reading, "MAX_SCAN_PAGES", 2)
    assert refused(as_pdf([empty_page()] * 3)) == "sheet_pages"
    monkeypatch.setattr(scan_reading, "MAX_FILE", 1000)
    assert refused(as_pdf([empty_page()])) == "sheet_too_large"
    assert not Scan.objects.exists()


def test_a_picture_that_cannot_be_opened_waits_with_the_others_placed(cast, exam) -> None:
    broken = b"\xff\xd8\xff\xe0 and no picture"
    scan = bring(exam, cast.teacher, broken, as_pdf(printed(exam, [cast.student], 1).values()))
    assert [page_at(scan, 1).reason, page_at(scan, 2).state] == [ScanReason.UNDRAWN, ScanPageState.PLACED]
    with pytest.raises(DomainError, match="nothing to place"):
        scan_desk.place_page(page=page_at(scan, 1), student=cast.student, number=1, turn=0, **by(cast))


# --- Pages -----------------------------------------------------------------------------------------------------------
def test_from_the_upload_to_the_last_page(cast, exam, client) -> None:
    client.force_login(cast.teacher)
    Exam.objects.filter(pk=exam.pk).update(opens_at=NOW - timedelta(days=400))
    Entitlement.objects.update(starts_at=NOW - timedelta(days=500))
    url = reverse("scan-list", args=[exam.pk])
    assert "1 MB" in client.get(url).content.decode() or "100 MB" in client.get(url).content.decode()
    assert client.post(url, {}).status_code == 422
    pdf = client.get(reverse("class-sheets-pdf", args=[exam.pk]), {"pages": 1})
    assert (pdf.status_code, pdf["Content-Type"]) == (200, "application/pdf")
    assert client.get(reverse("class-sheets-pdf", args=[exam.pk]), {"pages": 99}).status_code == 422
    sent = SimpleUploadedFile("hall.pdf", as_pdf(printed(exam, [cast.student], 1).values()) + b"\n")
    response = client.post(url, {"sheets": [sent]})
    scan = Scan.objects.get()
    assert response["Location"] == reverse("scan-page", args=[scan.pk])
    scans.work_on(scan_id=scan.pk, now=LATER)
    text = client.get(reverse("scan-page", args=[scan.pk])).content.decode()
    assert cast.student.name in text
    # Nothing waits: back to the scan.
    assert client.get(reverse("scan-fix", args=[scan.pk]))["Location"] == reverse("scan-page", args=[scan.pk])


def test_the_fix_page_suggests_places_and_goes_on(cast, scan, client) -> None:
    client.force_login(cast.teacher)
    page = page_at(scan, 2)
    text = client.get(reverse("scan-page-fix", args=[page.pk])).content.decode()
    assert "There is no code on this page." in text
    assert "Meera Nair, page 2" in text
    wrong = client.post(reverse("scan-page-place", args=[page.pk]), {"student": cast.student.pk, "number": 1})
    assert wrong.status_code == 422
    assert "Another page with this number" in wrong.content.decode()
    right = client.post(
        reverse("scan-page-place", args=[page.pk]), {"student": cast.student.pk, "number": 2, "turn": "180"}
    )
    assert right["Location"] == reverse("scan-page-fix", args=[page_at(scan, 3).pk])
    assert client.post(reverse("scan-page-discard", args=[page_at(scan, 3).pk]), {"why": ""}).status_code == 422


def test_pages_cost_the_same_for_many(cast, scan, client, django_assert_max_num_queries) -> None:
    client.force_login(cast.teacher)
    for name, most in (("scan-page", 16), ("scan-pages", 14)):
        with django_assert_max_num_queries(most):
            client.get(reverse(name, args=[scan.pk]))
    with django_assert_max_num_queries(18):
        client.get(reverse("scan-page-fix", args=[page_at(scan, 2).pk]))


def test_a_class_without_students_or_paper_is_not_printed(cast, exam) -> None:
    for students, pages, code in (([], 4, "print_nobody"), ([cast.student], 61, "print_pages")):
        with pytest.raises(DomainError) as caught:
            print_class_sheets(exam, students, PrintOptions(), pages=pages)
        assert caught.value.code == code

"""Answer sheets: announced, received, ordered, made into images, handed in."""

import io
import uuid
from datetime import timedelta

import pytest
from PIL import Image

from assessments import signals
from assessments.enums import AttemptState, PageState, UploadState
from assessments.models import Attempt, SheetPage, SheetUpload
from assessments.selectors.sheets import pages_of, uploads_of
from assessments.services import sheet_processing
from assessments.services.attempts import start_attempt
from assessments.services.sheet_files import MAX_BYTES, SheetRefused
from assessments.services.sheets import (
    process_sheet,
    process_waiting_sheets,
    receive_sheet,
    remove_sheet,
    reorder_sheets,
    rotate_page,
)
from assessments.tests.bad_uploads import HEIC
from assessments.tests.sheets import MINUTE, NOW, PHOTO, announce, code_of, confirm, deliver, pdf, picture, receive
from common.errors import ConflictError, NotPermittedError
from common.storage import sheet_storage
from tests import factories


# --- Announcing ------------------------------------------------------------------------------------------------------
def test_announce_gives_a_target_for_one_key_of_this_upload(attempt):
    upload, target = announce(attempt)
    assert upload.storage_key == f"attempts/{attempt.pk}/{upload.pk}/original"
    assert (upload.state, upload.intended_at) == (UploadState.INTENDED, NOW)
    assert target.method == "POST"
    # The device never gets to write under the key that the receipt is about.
    assert target.fields["key"] == f"attempts/{attempt.pk}/{upload.pk}/incoming"


def test_announce_again_is_the_same_upload(attempt):
    client_id = uuid.uuid4()
    first, _ = announce(attempt, client_id=client_id)
    again, target = announce(attempt, client_id=client_id, now=NOW + MINUTE)
    assert (again.pk, again.intended_at) == (first.pk, NOW)
    assert target is not None


def test_announce_other_content_under_a_used_client_id_conflicts(attempt):
    client_id = uuid.uuid4()
    announce(attempt, client_id=client_id)
    with pytest.raises(ConflictError) as caught:
        announce(attempt, picture(310), client_id=client_id)
    assert caught.value.code == "sheet_differs"
    deliver(SheetUpload.objects.get())
    receive_sheet(upload=SheetUpload.objects.get(), actor=attempt.student, now=NOW)
    with pytest.raises(ConflictError):
        announce(attempt, picture(310), client_id=client_id)


def test_announce_what_is_verified_needs_no_target(attempt):
    upload = receive(attempt)
    same, target = announce(attempt, client_id=upload.client_id)
    assert (same.pk, target) == (upload.pk, None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"page_number": 0}, "page_number"),
        ({"page_number": 61}, "page_number"),
        ({"sha256": "A" * 64}, "sha256"),
        ({"sha256": "a" * 64 + "\n"}, "sha256"),
        ({"size": 0}, "sheet_empty"),
        ({"size": MAX_BYTES + 1}, "sheet_too_large"),
        ({"content_type": "text/html"}, "sheet_type"),
    ],
)
def test_announce_refused_by_its_facts(attempt, changes, code):
    assert code_of(announce, attempt, **changes) == code
    assert not SheetUpload.objects.exists()


def test_announce_takes_types_as_phones_call_them(attempt):
    assert announce(attempt, content_type="image/JPG; q=1")[0].content_type == "image/jpeg"


def test_a_file_whose_type_the_browser_does_not_know_is_taken_as_what_it_is(attempt):
    upload = receive(attempt, HEIC, content_type="application/octet-stream")
    assert (upload.state, upload.content_type) == (UploadState.VERIFIED, "image/heic")


def test_announce_until_sheets_are_due(attempt):
    announce(attempt, now=attempt.sheets_due_at)
    late = attempt.sheets_due_at + timedelta(seconds=1)
    assert code_of(announce, attempt, now=late) == "sheets_closed"


def test_announced_in_time_may_be_sent_for_an_hour(attempt):
    client_id = uuid.uuid4()
    upload, _ = announce(attempt, client_id=client_id)
    late = attempt.sheets_due_at + 60 * MINUTE
    assert announce(attempt, client_id=client_id, now=late)[1] is not None
    assert code_of(announce, attempt, client_id=client_id, now=late + MINUTE) == "sheets_closed"
    deliver(upload)
    assert code_of(receive_sheet, upload=upload, actor=attempt.student, now=late + MINUTE) == "sheets_closed"
    assert receive_sheet(upload=upload, actor=attempt.student, now=late).state == UploadState.VERIFIED


def test_announce_refused_by_the_attempt(cast, attempt):
    with pytest.raises(NotPermittedError):
        announce(attempt, actor=cast.classmate)
    for state, code in ((AttemptState.HANDED_IN, "already_handed_in"), (AttemptState.CANCELLED, "attempt_cancelled")):
        Attempt.objects.update(state=state)
        assert code_of(announce, attempt) == code


def test_announce_refused_for_a_paper_without_written_questions(cast):
    paper = factories.small_paper([row for row in factories.SMALL_PAPER if row[0] == "A"])
    exam = factories.ExamFactory(paper=paper, for_cohorts=[cast.cohort])
    attempt = start_attempt(exam=exam, student=cast.student, now=NOW)
    assert code_of(announce, attempt) == "no_sheets"


def test_sixty_pages_in_all(attempt):
    receive(attempt, pdf(2), content_type="application/pdf")
    for number in range(58):
        announce(attempt, sha256=f"{number:064x}")
    assert code_of(announce, attempt) == "too_many_pages"


def test_a_pdf_that_makes_too_many_pages_is_refused(attempt):
    for number in range(58):
        announce(attempt, sha256=f"{number:064x}")
    upload, _ = announce(attempt, pdf(3))
    deliver(upload, pdf(3))
    assert code_of(receive_sheet, upload=upload, actor=attempt.student, now=NOW) == "too_many_pages"
    upload.refresh_from_db()
    assert (upload.state, upload.refused_code) == (UploadState.REFUSED, "too_many_pages")


# --- Receiving -------------------------------------------------------------------------------------------------------
def test_receive_gives_a_receipt_and_keeps_the_bytes_elsewhere(attempt):
    upload = receive(attempt, content_type="image/png")
    assert (upload.state, upload.verified_at, upload.content_type) == (UploadState.VERIFIED, NOW, "image/jpeg")
    assert list(upload.pages.values_list("index", "state")) == [(0, PageState.WAITING)]
    deliver(upload, b"overwritten later")
    with sheet_storage().open_bytes(upload.storage_key) as stream:
        assert stream.read() == PHOTO


def test_receive_twice_is_one_receipt(attempt):
    upload = receive(attempt)
    again = receive_sheet(upload=upload, actor=attempt.student, now=NOW + MINUTE)
    assert (again.verified_at, SheetPage.objects.count()) == (NOW, 1)


def test_receive_counts_the_pages_of_a_pdf(attempt):
    upload = receive(attempt, pdf(3), content_type="application/pdf")
    assert list(upload.pages.values_list("index", flat=True)) == [0, 1, 2]


def test_what_has_not_arrived_may_still_be_sent(attempt):
    upload, _ = announce(attempt)
    assert code_of(receive_sheet, upload=upload, actor=attempt.student, now=NOW) == "sheet_missing"
    deliver(upload)
    assert receive_sheet(upload=upload, actor=attempt.student, now=NOW).state == UploadState.VERIFIED


@pytest.mark.parametrize(
    ("announced", "sent", "code"),
    [
        (PHOTO, PHOTO[:-10], "sheet_incomplete"),
        (PHOTO, picture(colour="yellow") + bytes(20_000), "sheet_changed"),
        (b"MZ" + bytes(500), b"MZ" + bytes(500), "sheet_program"),
        (PHOTO[:2000], PHOTO[:2000], "sheet_damaged"),
        (b"<html>" + bytes(99), b"<html>" + bytes(99), "sheet_type"),
    ],
)
def test_refused_file_is_noted_with_its_sentence(attempt, announced, sent, code):
    upload, _ = announce(attempt, announced)
    deliver(upload, sent)
    assert code_of(receive_sheet, upload=upload, actor=attempt.student, now=NOW) == code
    upload.refresh_from_db()
    assert (upload.state, upload.refused_code) == (UploadState.REFUSED, code)
    assert upload.refused_message.endswith(".")
    with pytest.raises(SheetRefused, match=upload.refused_message.split(".")[0]):
        receive_sheet(upload=upload, actor=attempt.student, now=NOW)
    assert not sheet_storage().exists(upload.storage_key)


def test_refused_upload_may_be_announced_again_with_new_content(attempt):
    upload, _ = announce(attempt, b"MZ" + bytes(500))
    deliver(upload, b"MZ" + bytes(500))
    assert code_of(receive_sheet, upload=upload, actor=attempt.student, now=NOW) == "sheet_program"
    again, target = announce(attempt, client_id=upload.client_id)
    assert (again.pk, again.state, again.refused_code) == (upload.pk, UploadState.INTENDED, "")
    assert target is not None
    deliver(again)
    assert receive_sheet(upload=again, actor=attempt.student, now=NOW).state == UploadState.VERIFIED


def test_only_the_student_receives(cast, attempt):
    upload, _ = announce(attempt)
    with pytest.raises(NotPermittedError):
        receive_sheet(upload=upload, actor=cast.staff, now=NOW)


def test_receipt_asks_for_images_after_commit(attempt, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        upload = receive(attempt)
    page = upload.pages.get()
    assert (page.state, page.width, page.height) == (PageState.READY, 300, 400)


# --- Images ----------------------------------------------------------------------------------------------------------
def top_left(key):
    """Where the red corner of `picture` is: "rgb" of the corner pixel, roughly."""
    with sheet_storage().open_bytes(key) as stream, Image.open(io.BytesIO(stream.read())) as image:
        return image.size, [image.getpixel(at)[1] < 90 for at in _corners(image)]


def _corners(image):
    right, bottom = image.width - 8, image.height - 8
    return (8, 8), (right, 8), (right, bottom), (8, bottom)


def test_process_makes_both_images_and_announces(attempt, django_capture_on_commit_callbacks):
    heard = []

    def listen(sender, signal, **ids):
        heard.append(ids)

    signals.sheet_pages_ready.connect(listen)
    upload = receive(attempt)
    with django_capture_on_commit_callbacks(execute=True):
        assert process_sheet(upload_id=upload.pk, now=NOW) == 1
        assert process_sheet(upload_id=upload.pk, now=NOW) == 0
    signals.sheet_pages_ready.disconnect(listen)
    page = upload.pages.get()
    assert (page.state, page.tries, page.width, page.height) == (PageState.READY, 1, 300, 400)
    assert top_left(page.screen_key) == ((300, 400), [True, False, False, False])
    assert top_left(page.thumb_key)[0] == (240, 320)
    assert heard == [{"upload_id": upload.pk}]


def test_rotation_turns_the_page_clockwise_from_the_original(attempt):
    upload = receive(attempt)
    process_sheet(upload_id=upload.pk, now=NOW)
    before = upload.pages.get()
    for total in (90, 180, 270):
        page = rotate_page(page=upload.pages.get(), turn=90, actor=attempt.student, now=NOW)
        assert (page.rotation, page.state, page.screen_key != "") == (total, PageState.WAITING, True)
        process_sheet(upload_id=upload.pk, now=NOW)
        page = upload.pages.get()
        assert page.screen_key != before.screen_key
        size, corners = top_left(page.screen_key)
        assert size == ((page.width, page.height)) == ((400, 300) if total != 180 else (300, 400))
        assert corners.index(True) == total // 90
    assert code_of(rotate_page, page=before, turn=45, actor=attempt.student, now=NOW) == "turn"


def in_a_shadow():
    """A photograph of a page, darker towards the bottom."""
    page = Image.linear_gradient("L").transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize((300, 400))
    out = io.BytesIO()
    page.point(lambda value: 110 + value * 120 // 255).convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


def size_of(key):
    with sheet_storage().open_bytes(key) as stream, Image.open(io.BytesIO(stream.read())) as image:
        return image.size


def test_what_was_done_to_a_photograph_is_noted_and_the_original_kept(attempt):
    upload = receive(attempt, in_a_shadow())
    file = sheet_storage().digest(upload.storage_key)
    process_sheet(upload_id=upload.pk, now=NOW)
    page = upload.pages.get()
    assert page.treatment == ["evened"]
    assert size_of(page.screen_key) == size_of(page.plain_key) == (300, 400)
    rotate_page(page=page, turn=90, actor=attempt.student, now=NOW)
    process_sheet(upload_id=upload.pk, now=NOW)
    page = upload.pages.get()
    assert size_of(page.screen_key) == size_of(page.plain_key) == (page.width, page.height) == (400, 300)
    assert sheet_storage().digest(upload.storage_key) == file
    untouched = receive(attempt, pdf(1), content_type="application/pdf", page_number=2)
    process_sheet(upload_id=untouched.pk, now=NOW)
    assert (untouched.pages.get().treatment, untouched.pages.get().plain_key) == ([], "")


def test_a_page_that_has_its_image_keeps_it(attempt):
    """Also one from before photographs were treated: there may be red ink on it, and that would lie elsewhere then."""
    upload = receive(attempt, in_a_shadow())
    old = {"state": PageState.READY, "screen_key": "old-screen.jpg", "width": 600, "height": 800, "treatment": None}
    SheetPage.objects.filter(upload=upload).update(**old)
    assert process_sheet(upload_id=upload.pk, now=NOW) == 0
    assert process_waiting_sheets(now=NOW + timedelta(hours=1)) == 0
    page = upload.pages.get()
    assert {name: getattr(page, name) for name in old} == old
    assert page.plain_key == ""


def test_page_turned_while_it_was_drawn_is_drawn_again(attempt, monkeypatch):
    upload = receive(attempt)
    real = sheet_processing.turned

    def turn_meanwhile(jpeg, degrees):
        SheetPage.objects.filter(upload=upload, rotation=0).update(rotation=180)
        return real(jpeg, degrees)

    monkeypatch.setattr(sheet_processing, "turned", turn_meanwhile)
    assert process_sheet(upload_id=upload.pk, now=NOW) == 0
    assert upload.pages.get().state == PageState.WAITING
    assert process_sheet(upload_id=upload.pk, now=NOW) == 1
    assert "r180" in upload.pages.get().screen_key


def test_file_that_cannot_be_drawn_fails_all_its_pages(attempt):
    upload = receive(attempt, pdf(2), content_type="application/pdf")
    sheet_storage().put_bytes(upload.storage_key, pdf(2)[:400], "application/pdf")
    assert process_sheet(upload_id=upload.pk, now=NOW) == 0
    assert set(upload.pages.values_list("state", "screen_key")) == {(PageState.FAILED, "")}


def test_file_that_kills_the_worker_is_given_up(attempt, monkeypatch):
    upload = receive(attempt)

    def die(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(sheet_processing, "_draw", die)
    for _ in range(sheet_processing.MAX_TRIES):
        with pytest.raises(KeyboardInterrupt):
            process_sheet(upload_id=upload.pk, now=NOW)
    assert process_sheet(upload_id=upload.pk, now=NOW) == 0
    page = upload.pages.get()
    assert (page.state, page.tries) == (PageState.FAILED, sheet_processing.MAX_TRIES)


def test_storage_that_is_down_is_not_the_fault_of_the_file(attempt, monkeypatch):
    upload = receive(attempt)

    def down(*args):
        raise ConnectionError("no route")

    monkeypatch.setattr(sheet_processing, "_draw", down)
    for _ in range(sheet_processing.MAX_TRIES + 2):
        with pytest.raises(ConnectionError):
            process_sheet(upload_id=upload.pk, now=NOW)
    assert (upload.pages.get().state, upload.pages.get().tries) == (PageState.WAITING, 0)


def test_lost_tasks_are_asked_for_again(attempt, django_capture_on_commit_callbacks):
    upload = receive(attempt)
    assert process_waiting_sheets(now=NOW + MINUTE) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert process_waiting_sheets(now=NOW + 3 * MINUTE) == 1
        assert process_waiting_sheets(now=NOW + 3 * MINUTE) == 0
    assert upload.pages.get().state == PageState.READY


# --- Order and removal -----------------------------------------------------------------------------------------------
def test_reorder_numbers_pages_as_listed(attempt):
    a, b, c = (receive(attempt, page_number=number) for number in (1, 2, 3))
    order = [c.client_id, a.client_id]
    uploads = reorder_sheets(attempt=attempt, order=order, actor=attempt.student, now=NOW)
    assert [(u.pk, u.page_number) for u in uploads] == [(c.pk, 1), (a.pk, 2), (b.pk, 3)]
    assert [u.pk for u in uploads_of(attempt)] == [c.pk, a.pk, b.pk]
    with pytest.raises(ConflictError) as caught:
        reorder_sheets(attempt=attempt, order=[uuid.uuid4()], actor=attempt.student, now=NOW)
    assert caught.value.details["order"] == [str(u.client_id) for u in (c, a, b)]


def test_removed_sheet_is_out_for_good(attempt):
    upload = receive(attempt)
    for _ in range(2):
        assert remove_sheet(upload=upload, actor=attempt.student, now=NOW).state == UploadState.REMOVED
    assert (list(uploads_of(attempt)), list(pages_of(attempt))) == ([], [])
    assert code_of(announce, attempt, client_id=upload.client_id) == "sheet_removed"
    assert code_of(receive_sheet, upload=upload, actor=attempt.student, now=NOW) == "sheet_removed"
    page = SheetPage.objects.get()
    assert code_of(rotate_page, page=page, turn=90, actor=attempt.student, now=NOW) == "sheet_removed"


def test_nothing_changes_after_hand_in(submitted):
    upload = receive(submitted)
    page = upload.pages.get()
    confirm(submitted, {upload.client_id: [4, 5]})
    by = {"actor": submitted.student, "now": NOW}
    assert code_of(remove_sheet, upload=upload, **by) == "already_handed_in"
    assert code_of(reorder_sheets, attempt=submitted, order=[], **by) == "already_handed_in"
    assert code_of(rotate_page, page=page, turn=90, **by) == "already_handed_in"


@pytest.mark.parametrize("service", [remove_sheet, reorder_sheets, rotate_page])
def test_only_the_student_changes_sheets(cast, attempt, service):
    upload = receive(attempt)
    things = {
        remove_sheet: {"upload": upload},
        reorder_sheets: {"attempt": attempt, "order": []},
        rotate_page: {"page": upload.pages.get(), "turn": 90},
    }
    with pytest.raises(NotPermittedError):
        service(actor=cast.classmate, now=NOW, **things[service])


@pytest.mark.parametrize("count", [1, 4])
def test_listing_uploads_and_pages_is_constant(attempt, count, django_assert_num_queries):
    for _ in range(count):
        receive(attempt)
    with django_assert_num_queries(3):
        assert [[list(page.questions.all()) for page in u.pages.all()] for u in uploads_of(attempt)]
    with django_assert_num_queries(2):
        assert [(page.upload.client_id, list(page.questions.all())) for page in pages_of(attempt)]

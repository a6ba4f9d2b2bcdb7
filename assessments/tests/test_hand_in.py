"""Handing in: every written question placed or declared, nothing twice, the late job."""

import uuid

import pytest

from assessments import signals
from assessments.enums import AttemptState, PageState, UploadState
from assessments.models import Attempt, PageQuestion, Response, SheetUpload
from assessments.selectors.sheets import not_attempted_numbers, tags_of
from assessments.services.attempts import hand_in_overdue_sheets, save_response, submit_attempt
from assessments.services.sheets import (
    confirm_sheets,
    receive_sheet,
    remove_sheet,
)
from assessments.tests.sheets import MINUTE, NOW, announce, code_of, confirm, pdf, receive
from common.errors import ConflictError, DomainError, NotPermittedError


def test_confirm_hands_in_with_tags(submitted, django_capture_on_commit_callbacks):
    heard = []

    def listen(sender, signal, **ids):
        heard.append(ids)

    signals.attempt_handed_in.connect(listen)
    photo, paper = receive(submitted), receive(submitted, pdf(2))
    with django_capture_on_commit_callbacks(execute=True):
        done = confirm(submitted, {photo.client_id: [4], paper.client_id: [4, 5, 5]})
        again = confirm(submitted, {paper.client_id: [5, 4], photo.client_id: [4]}, now=NOW + 9 * MINUTE)
    signals.attempt_handed_in.disconnect(listen)
    assert (done.state, done.handed_in_at) == (AttemptState.HANDED_IN, NOW + MINUTE)
    assert again.handed_in_at == done.handed_in_at
    first, second = paper.pages.all()
    assert tags_of(submitted) == {photo.pages.get().pk: [4], first.pk: [4, 5], second.pk: [4, 5]}
    assert PageQuestion.objects.filter(page__upload=paper).count() == 4
    assert heard == [{"attempt_id": submitted.pk}]


def test_confirm_may_name_the_pages_of_a_pdf_one_by_one(submitted):
    upload = receive(submitted, pdf(3))
    first, second, third = upload.pages.all()
    confirm(submitted, {first.pk: [4], third.pk: [5]})
    assert tags_of(submitted) == {first.pk: [4], second.pk: [], third.pk: [5]}


def test_confirm_without_any_page_notes_what_was_not_attempted(submitted):
    confirm(submitted, {}, [4, 5])
    assert not_attempted_numbers(submitted) == [4, 5]
    rows = Response.objects.filter(attempt=submitted, question__is_written=True)
    assert [row.answer for row in rows] == [{"not_attempted": True}] * 3


def test_confirm_keeps_what_was_typed_and_the_last_word_on_not_attempted(cast, attempt):
    ids = {q.number: q.pk for q in attempt.paper.questions.exclude(alternative="b")}
    for number, answer in ((4, {"not_attempted": True}), (5, {"text": "see sheet"})):
        save_response(
            attempt=attempt, question_id=ids[number], seq=1, answer=answer, marked_for_review=None,
            actor=cast.student, now=NOW,
        )  # fmt: skip
    submit_attempt(attempt=attempt, actor=cast.student, now=NOW)
    upload = receive(attempt)
    confirm(attempt, {upload.client_id: [4]}, [5])
    answers = {row.question_id: row.answer for row in Response.objects.all()}
    assert answers[ids[4]] == {}
    assert answers[ids[5]] == {"text": "see sheet", "not_attempted": True}


def test_confirm_lists_questions_without_a_page(submitted):
    upload = receive(submitted)
    with pytest.raises(DomainError) as caught:
        confirm(submitted, {upload.client_id: [4]})
    assert caught.value.message == "Question 5 has no page. Tag a page or tick 'not attempted'."
    assert (caught.value.code, caught.value.details) == ("unplaced_questions", {"numbers": [5]})
    with pytest.raises(DomainError, match="Questions 4 and 5 have no page"):
        confirm(submitted, {upload.client_id: []})
    submitted.refresh_from_db()
    assert submitted.state == AttemptState.SUBMITTED


def test_confirm_refused(attempt):
    upload = receive(attempt)
    tagged = {upload.client_id: [4, 5]}
    assert code_of(confirm, attempt, tagged) == "not_submitted"
    submit_attempt(attempt=attempt, actor=attempt.student, now=NOW)
    assert code_of(confirm, attempt, {uuid.uuid4(): [4]}) == "unknown_page"
    assert code_of(confirm, attempt, {upload.client_id: [1, 4, 5]}) == "unknown_question"
    assert code_of(confirm, attempt, tagged, [99]) == "unknown_question"
    assert code_of(confirm, attempt, tagged, [5]) == "contradiction"
    on_the_way, _ = announce(attempt)
    assert code_of(confirm, attempt, tagged | {on_the_way.client_id: []}) == "page_not_verified"
    upload.pages.update(state=PageState.FAILED)
    assert code_of(confirm, attempt, tagged) == "page_failed"
    remove_sheet(upload=upload, actor=attempt.student, now=NOW)
    assert code_of(confirm, attempt, tagged) == "unknown_page"


def test_confirm_by_another_person_or_after_cancelling_is_refused(cast, submitted):
    with pytest.raises(NotPermittedError):
        confirm_sheets(attempt=submitted, pages={}, not_attempted=[4, 5], actor=cast.classmate, now=NOW)
    Attempt.objects.update(state=AttemptState.CANCELLED)
    assert code_of(confirm, submitted, {}, [4, 5]) == "attempt_cancelled"


def test_confirm_other_data_after_hand_in_conflicts(submitted):
    upload = receive(submitted)
    confirm(submitted, {upload.client_id: [4, 5]})
    for pages, skipped in (({upload.client_id: [4]}, [5]), ({}, [4, 5])):
        with pytest.raises(ConflictError):
            confirm(submitted, pages, skipped)


def test_confirm_drops_what_was_announced_and_never_sent(submitted):
    announce(submitted)
    confirm(submitted, {}, [4, 5])
    assert SheetUpload.objects.get().state == UploadState.REMOVED


def test_overdue_sheets_are_handed_in_untagged(submitted):
    upload = receive(submitted)
    assert hand_in_overdue_sheets(now=submitted.sheets_due_at - MINUTE) == 0
    due = submitted.sheets_due_at
    assert (hand_in_overdue_sheets(now=due), hand_in_overdue_sheets(now=due)) == (1, 0)
    submitted.refresh_from_db()
    assert (submitted.state, submitted.handed_in_at) == (AttemptState.HANDED_IN, due)
    assert tags_of(submitted) == {upload.pages.get().pk: []}


def test_sheets_still_on_their_way_are_waited_for(submitted):
    upload, _ = announce(submitted)
    assert hand_in_overdue_sheets(now=submitted.sheets_due_at + 59 * MINUTE) == 0
    assert hand_in_overdue_sheets(now=submitted.sheets_due_at + 60 * MINUTE) == 1
    upload.refresh_from_db()
    assert (upload.state, upload.refused_code) == (UploadState.REFUSED, "sheet_too_late")
    assert code_of(receive_sheet, upload=upload, actor=submitted.student, now=NOW) == "sheet_too_late"

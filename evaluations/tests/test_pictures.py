"""A clearer picture of one page: who may ask and answer, what stays frozen, how long the promise waits, and races."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEvent
from assessments.enums import UploadState
from assessments.models import SheetPage, SheetUpload
from assessments.selectors.sheets import pages_of, uploads_of
from assessments.services.overdue import ARRIVAL_GRACE
from assessments.services.retakes import FrozenPagesError
from assessments.services.sheet_order import remove_sheet, reorder_sheets, rotate_page
from assessments.services.sheets import incoming_key, process_sheet
from assessments.tests.sheets import PHOTO, pdf, picture
from common.errors import ConflictError, DomainError, NotPermittedError
from common.storage import sheet_storage
from common.testing.database import run_at_once
from evaluations.enums import EvaluationState, PictureReason, PictureState
from evaluations.models import Annotation, Evaluation, PictureRequest, SlaBreach, SlaPause, Transition
from evaluations.selectors import desk_data
from evaluations.services.annotations import AnnotationInput, save_annotations
from evaluations.services.breaches import scan_breaches
from evaluations.services.claims import ClaimError, claim_next, lapse_idle_claims
from evaluations.services.finishing import finalise_evaluation, return_evaluation
from evaluations.services.pictures import (
    PictureClosedError,
    PictureOpenError,
    announce_picture,
    ask_picture,
    close_overdue_pictures,
    receive_picture,
    withdraw_picture,
)
from evaluations.tests.builders import marking
from notifications.models import Notification
from tests.factories import NOW

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
REGION = {"x": 0.1, "y": 0.2, "w": 0.5, "h": 0.25}


@pytest.fixture
def paper(cast: Any) -> Evaluation:
    return marking(cast.exam, cast.student, cast.teacher)


def pages(paper: Evaluation) -> list[SheetPage]:
    return list(pages_of(paper.attempt))


def ask(paper: Evaluation, number: int = 1, *, now: Any = NOW, **changes: Any) -> PictureRequest:
    values = {"region": REGION, "reason": PictureReason.BLURRED, "words": "", "actor": paper.teacher} | changes
    return ask_picture(evaluation=paper, page_id=pages(paper)[number - 1].pk, now=now, **values)


def announce(
    asked: PictureRequest, data: bytes = PHOTO, *, client_id: Any = None, now: Any = NOW, **changes: Any
) -> Any:
    digest = hashlib.sha256(data).hexdigest()
    values = {"sha256": digest, "size": len(data), "content_type": "image/jpeg"} | changes
    student = asked.evaluation.attempt.student
    upload, _ = announce_picture(
        asked=asked, client_id=client_id or uuid.uuid4(), now=now, **({"actor": student} | values)
    )
    return upload


def arrive(asked: PictureRequest, data: bytes = PHOTO, *, now: Any = NOW) -> SheetUpload:
    """Announced and in the storage; the receipt is still to come."""
    upload: SheetUpload = announce(asked, data, now=now)
    sheet_storage().put_bytes(incoming_key(upload), data, "image/jpeg")
    return upload


def receive(asked: PictureRequest, upload: SheetUpload, *, now: Any = NOW) -> SheetUpload:
    student = asked.evaluation.attempt.student
    return receive_picture(asked=asked, client_id=upload.client_id, actor=student, now=now)


def answer(asked: PictureRequest, data: bytes = PHOTO, *, now: Any = NOW) -> SheetUpload:
    return receive(asked, arrive(asked, data, now=now), now=now)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as caught:
        call()
    return caught.value.code


# --- Asking ----------------------------------------------------------------------------------------------------------
def test_asking_stops_the_clock_tells_the_student_and_is_audited(paper: Evaluation) -> None:
    asked = ask(paper, words="The last line")
    paper.refresh_from_db()
    assert (paper.state, paper.paused_at) == (EvaluationState.IN_PROGRESS, NOW)
    assert asked.answer_by == NOW + timedelta(hours=paper.policy.picture_hours)
    assert asked.frozen == {str(page.upload_id): page.upload.sha256 for page in pages(paper)}
    told = Notification.objects.get(user=paper.attempt.student, kind="picture_wanted")
    assert (told.title, told.url) == ("Maths mock 1: please photograph page 1 again", f"/pictures/{asked.pk}/")
    assert "Everything else you handed in stays as it is." in told.body
    event = AuditEvent.objects.get(action="evaluation.picture_asked")
    assert (event.actor, event.reason) == (paper.teacher, "The last line")
    assert (event.after["region"]["w"], event.after["state"]) == ("0.5", "open")


def test_a_hindi_reader_is_told_in_hindi(paper: Evaluation) -> None:
    paper.attempt.student.language = "hi"
    paper.attempt.student.save()
    ask(paper)
    assert "पन्ना 1" in Notification.objects.get(kind="picture_wanted").title


def test_one_open_request_per_page_and_several_per_paper(paper: Evaluation) -> None:
    first, second = ask(paper), ask(paper, 2, region=None, now=NOW + MINUTE)
    assert code_of(lambda: ask(paper)) == "already_asked"
    with pytest.raises(IntegrityError), transaction.atomic():
        PictureRequest.objects.create(
            evaluation=paper, page=first.page, reason="dark", frozen={}, asked_by=paper.teacher, asked_at=NOW,
            answer_by=NOW,
        )  # fmt: skip
    assert second.region is None
    # The clock stands since the first.
    assert Evaluation.objects.get(pk=paper.pk).paused_at == NOW


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": "ugly"}, "bad_reason"),
        ({"reason": "other"}, "words_missing"),
        ({"region": {"x": 0.5, "y": 0.5, "w": 0.001, "h": 0.5}}, "too_small"),
        ({"region": {"x": 0.5, "y": 0.5, "w": -0.01, "h": 0.5}}, "too_small"),
        ({"region": {"x": 0.5}}, "bad_geometry"),
        ({"region": {"x": float("nan"), "y": 0, "w": 1, "h": 1}}, "bad_geometry"),
        ({"words": "a\x00b"}, "bad_text"),
        ({"words": "a" * 301}, "too_long"),
    ],
)
def test_what_cannot_be_asked(paper: Evaluation, changes: dict[str, Any], code: str) -> None:
    assert code_of(lambda: ask(paper, **changes)) == code
    assert Evaluation.objects.get(pk=paper.pk).paused_at is None


def test_only_the_marker_with_the_claim_asks(cast: Any, paper: Evaluation) -> None:
    for person in (cast.colleague, cast.staff, cast.student):
        with pytest.raises(ClaimError):
            ask(paper, actor=person)
    other = marking(cast.exam, cast.classmate, cast.teacher)
    foreign = pages(other)[0].pk
    assert code_of(
        lambda: ask_picture(
            evaluation=paper, page_id=foreign, region=None, reason="dark", actor=cast.teacher, now=NOW
        )
    ) == "unknown_page"  # fmt: skip


def test_a_region_is_cut_off_at_the_edges(paper: Evaluation) -> None:
    assert ask(paper, region={"x": 0.8, "y": -0.03, "w": 0.25, "h": 0.5}).region == {
        "x": 0.8,
        "y": 0,
        "w": 0.2,
        "h": 0.47,
    }


# --- Answering -------------------------------------------------------------------------------------------------------
def test_the_picture_stands_beside_its_page(paper: Evaluation) -> None:
    asked, before = ask(paper), [(page.pk, page.screen_key, page.upload.sha256) for page in pages(paper)]
    upload = answer(asked, now=NOW + HOUR)
    asked.refresh_from_db()
    assert (asked.state, asked.closed_at, asked.answer.upload) == (PictureState.ANSWERED, NOW + HOUR, upload)
    assert (upload.state, upload.retake_of) == (UploadState.RETAKEN, asked.page)
    assert [(page.pk, page.screen_key, page.upload.sha256) for page in pages(paper)] == before
    assert upload not in uploads_of(paper.attempt)
    process_sheet(upload_id=upload.pk, now=NOW + HOUR)
    (shown,) = desk_data(paper).pictures
    assert (shown.page, shown.answer_state, shown.region) == (asked.page_id, "ready", REGION)
    assert shown.screen_key
    assert len(desk_data(paper).pages) == 2
    told = Notification.objects.get(user=paper.teacher, kind="picture_news")
    assert told.title == "Maths mock 1: the clearer picture of page 1 is here"


def test_every_call_may_be_repeated(paper: Evaluation) -> None:
    asked = ask(paper)
    upload = arrive(asked)
    first, again = receive(asked, upload), receive(asked, upload, now=NOW + HOUR)
    assert (first.pk, first.verified_at) == (again.pk, again.verified_at)
    facts = {"sha256": first.sha256, "size": first.size, "content_type": "image/jpeg"}
    student = paper.attempt.student
    assert announce_picture(asked=asked, client_id=upload.client_id, actor=student, now=NOW, **facts)[1] is None
    assert SlaPause.objects.count() == 1
    assert Notification.objects.filter(kind="picture_news").count() == 1


def test_only_the_student_sends(cast: Any, paper: Evaluation) -> None:
    asked = ask(paper)
    upload = arrive(asked)
    for person in (cast.guardian, cast.classmate, cast.teacher, cast.staff):
        with pytest.raises(NotPermittedError):
            announce(asked, actor=person)
        with pytest.raises(NotPermittedError):
            receive_picture(asked=asked, client_id=upload.client_id, actor=person, now=NOW)


def test_one_picture_of_one_page(paper: Evaluation) -> None:
    asked = ask(paper)
    assert code_of(lambda: answer(asked, pdf(2))) in ("one_page", "sheet_type")
    data = pdf(2)
    upload = announce(asked, data, content_type="application/pdf")
    sheet_storage().put_bytes(incoming_key(upload), data, "application/pdf")
    assert code_of(lambda: receive(asked, upload)) == "one_page"
    # A refusal is not the end: the same request takes another picture.
    answer(asked)
    asked.refresh_from_db()
    assert asked.state == PictureState.ANSWERED


def test_what_was_announced_for_an_earlier_request_is_not_for_this_one(paper: Evaluation) -> None:
    first = ask(paper)
    upload = arrive(first)
    withdraw_picture(asked=first, actor=paper.teacher, now=NOW + MINUTE)
    second = ask(paper, now=NOW + HOUR)
    upload.refresh_from_db()
    assert (upload.state, upload.refused_code) == (UploadState.REFUSED, "sheet_too_late")
    assert code_of(lambda: receive(second, upload, now=NOW + HOUR)) == "sheet_missing"


def test_a_second_request_of_the_page_brings_a_third_picture(paper: Evaluation) -> None:
    answer(ask(paper))
    again = ask(paper, now=NOW + HOUR)
    answer(again, picture(320), now=NOW + HOUR)
    assert SheetUpload.objects.filter(retake_of=again.page, state=UploadState.RETAKEN).count() == 2
    assert [one.state for one in desk_data(paper).pictures] == ["answered", "answered"]


# --- Frozen ----------------------------------------------------------------------------------------------------------
def test_nothing_else_can_be_changed_meanwhile(paper: Evaluation) -> None:
    ask(paper)
    attempt, page = paper.attempt, pages(paper)[1]
    student = attempt.student
    for change in (
        lambda: remove_sheet(upload=page.upload, actor=student, now=NOW),
        lambda: reorder_sheets(attempt=attempt, order=[page.upload.client_id], actor=student, now=NOW),
        lambda: rotate_page(page=page, turn=90, actor=student, now=NOW),
    ):
        assert code_of(change) == "already_handed_in"


def test_a_picture_beside_other_pages_than_those_asked_about_is_refused(paper: Evaluation) -> None:
    asked = ask(paper)
    upload = arrive(asked)
    asked.frozen = {**asked.frozen, str(pages(paper)[1].upload_id): "f" * 64}
    asked.save()
    with pytest.raises(FrozenPagesError):
        receive(asked, upload)
    upload.refresh_from_db()
    asked.refresh_from_db()
    assert (upload.state, asked.state) == (UploadState.INTENDED, PictureState.OPEN)


@pytest.mark.parametrize(
    "change",
    [{"sha256": "e" * 64}, {"size": 5}, {"storage_key": "elsewhere"}, {"state": "removed"}, {"page_number": 9}],
)
def test_the_database_itself_keeps_what_is_handed_in(paper: Evaluation, change: dict[str, Any]) -> None:
    for upload in (pages(paper)[0].upload, answer(ask(paper))):
        rows = SheetUpload.objects.filter(pk=upload.pk)
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)
        with pytest.raises(IntegrityError), transaction.atomic():
            rows._raw_delete(rows.db)


def test_ink_stays_where_it_was(paper: Evaluation) -> None:
    page = pages(paper)[0]
    drawn = AnnotationInput(id=uuid.uuid4(), page=page.pk, kind="tick", geometry={"x": 0.3, "y": 0.4})
    save_annotations(evaluation=paper, items=[drawn], actor=paper.teacher, now=NOW)
    asked = ask(paper)
    answer(asked)
    row = Annotation.objects.get()
    assert (row.page, row.geometry, row.version) == (page, {"x": 0.3, "y": 0.4}, 1)
    asked.refresh_from_db()
    beside = AnnotationInput(id=uuid.uuid4(), page=asked.answer_id, kind="tick", geometry={"x": 0.3, "y": 0.4})
    assert code_of(
        lambda: save_annotations(evaluation=paper, items=[beside], actor=paper.teacher, now=NOW)
    ) == "unknown_page"  # fmt: skip


# --- The promise -----------------------------------------------------------------------------------------------------
def test_the_promise_moves_by_what_it_waited(paper: Evaluation) -> None:
    due = paper.due_at
    answer(ask(paper), now=NOW + 3 * HOUR)
    paper.refresh_from_db()
    (pause,) = SlaPause.objects.all()
    assert (pause.started_at, pause.ended_at, pause.due_before) == (NOW, NOW + 3 * HOUR, due)
    assert (paper.paused_at, paper.due_at, pause.due_after) == (None, due + 3 * HOUR, due + 3 * HOUR)


def test_with_several_requests_it_waits_for_the_last(paper: Evaluation) -> None:
    due, first, second = paper.due_at, ask(paper), ask(paper, 2, now=NOW + HOUR)
    answer(second, now=NOW + 2 * HOUR)
    assert Evaluation.objects.get(pk=paper.pk).paused_at == NOW
    withdraw_picture(asked=first, actor=paper.teacher, now=NOW + 4 * HOUR)
    paper.refresh_from_db()
    assert (paper.paused_at, paper.due_at) == (None, due + 4 * HOUR)
    answer(ask(paper, now=NOW + 5 * HOUR), now=NOW + 6 * HOUR)
    spans = [pause.ended_at - pause.started_at for pause in SlaPause.objects.order_by("started_at")]
    assert spans == [4 * HOUR, HOUR]
    paper.refresh_from_db()
    assert paper.due_at == due + sum(spans, timedelta())


def test_a_standing_clock_breaches_nothing_and_a_passed_promise_stays_passed(cast: Any, paper: Evaluation) -> None:
    Evaluation.objects.filter(pk=paper.pk).update(due_at=NOW + HOUR)
    late = marking(cast.exam, cast.classmate, cast.teacher)
    Evaluation.objects.filter(pk=late.pk).update(due_at=NOW - HOUR)
    paper.refresh_from_db(), late.refresh_from_db()
    asked, asked_late = ask(paper), ask(late)
    assert scan_breaches(now=NOW + 5 * HOUR) == 1
    assert SlaBreach.objects.get().evaluation == late
    answer(asked_late, now=NOW + 5 * HOUR)
    late.refresh_from_db()
    assert late.due_at == NOW - HOUR
    answer(asked, now=NOW + 5 * HOUR)
    assert scan_breaches(now=NOW + 5 * HOUR + 59 * MINUTE) == 0
    assert scan_breaches(now=NOW + 6 * HOUR + MINUTE) == 1


def test_when_its_time_passes_the_marker_is_told_and_the_clock_runs_from_then(paper: Evaluation) -> None:
    due, asked = paper.due_at, ask(paper)
    assert close_overdue_pictures(now=asked.answer_by - MINUTE) == 0
    # The beat comes late; the promise does not wait for it.
    assert close_overdue_pictures(now=asked.answer_by + 9 * HOUR) == 1
    assert close_overdue_pictures(now=asked.answer_by + 9 * HOUR) == 0
    asked.refresh_from_db()
    paper.refresh_from_db()
    assert (asked.state, asked.closed_at, paper.paused_at) == (PictureState.EXPIRED, asked.answer_by, None)
    assert SlaPause.objects.get().ended_at == asked.answer_by
    assert paper.due_at > due
    assert "no clearer picture of page 1 came in time" in Notification.objects.get(kind="picture_news").title
    assert code_of(lambda: announce(asked, now=NOW + 99 * HOUR)) == "picture_closed"


def test_what_was_announced_in_time_may_arrive_within_the_grace(paper: Evaluation) -> None:
    asked = ask(paper)
    upload = arrive(asked, now=asked.answer_by - MINUTE)
    assert close_overdue_pictures(now=asked.answer_by + MINUTE) == 0
    assert code_of(lambda: announce(asked, picture(310), now=asked.answer_by + MINUTE)) == "picture_closed"
    receive(asked, upload, now=asked.answer_by + 2 * MINUTE)
    asked.refresh_from_db()
    assert asked.state == PictureState.ANSWERED
    other = ask(paper, 2)
    announce(other)
    assert close_overdue_pictures(now=other.answer_by + ARRIVAL_GRACE + MINUTE) == 1


def test_withdrawing_tells_the_student_and_is_for_the_marker(cast: Any, paper: Evaluation) -> None:
    asked = ask(paper)
    with pytest.raises(ClaimError):
        withdraw_picture(asked=asked, actor=cast.colleague, now=NOW)
    withdraw_picture(asked=asked, actor=paper.teacher, now=NOW + MINUTE)
    assert withdraw_picture(asked=asked, actor=paper.teacher, now=NOW + HOUR).closed_at == NOW + MINUTE
    told = Notification.objects.filter(kind__in=["picture_wanted", "picture_dropped"]).order_by("created_at")
    titles = [row.title for row in told]
    assert titles[-1] == "Maths mock 1: the picture of page 1 is not needed any more"
    assert code_of(lambda: announce(asked)) == "not_needed"


# --- With the rest of marking ----------------------------------------------------------------------------------------
def test_a_paper_is_not_finished_while_a_picture_is_asked_for(paper: Evaluation) -> None:
    asked = ask(paper, 2)
    with pytest.raises(PictureOpenError) as caught:
        finalise_evaluation(evaluation=paper, actor=paper.teacher, now=NOW)
    assert caught.value.details == {"pages": [2]}
    withdraw_picture(asked=asked, actor=paper.teacher, now=NOW)
    assert code_of(lambda: finalise_evaluation(evaluation=paper, actor=paper.teacher, now=NOW)) == "unmarked"


def test_returning_the_whole_paper_closes_what_is_asked(paper: Evaluation) -> None:
    asked = ask(paper)
    return_evaluation(evaluation=paper, actor=paper.teacher, reason="Nothing can be read", now=NOW + HOUR)
    asked.refresh_from_db()
    paper.refresh_from_db()
    assert (asked.state, paper.state, paper.paused_at) == (PictureState.WITHDRAWN, EvaluationState.RETURNED, None)
    assert SlaPause.objects.get().ended_at == NOW + HOUR


def test_a_claim_lapses_as_ever_and_nobody_is_sent_to_a_waiting_paper(paper: Evaluation) -> None:
    asked = ask(paper)
    later = NOW + HOUR
    assert lapse_idle_claims(now=later) == 1
    paper.refresh_from_db()
    assert (paper.state, paper.paused_at) == (EvaluationState.ASSIGNED, NOW)
    assert claim_next(teacher=paper.teacher, now=later) is None
    answer(asked, now=later)
    taken = claim_next(teacher=paper.teacher, now=later)
    assert taken is not None
    assert taken.pk == paper.pk
    # Asking and answering are no transitions: only the claim's own life is in the table.
    assert list(Transition.objects.values_list("name", flat=True)) == ["lapse", "claim"]


# --- At the same moment ----------------------------------------------------------------------------------------------
def outcome(call: Callable[[], object]) -> str:
    try:
        call()
    except ConflictError as error:
        return error.code
    return "done"


def closed_once(paper: Evaluation, asked: PictureRequest) -> PictureRequest:
    """The bookkeeping is whole whoever won: one end, one pause, one picture at most, the clock running."""
    asked.refresh_from_db()
    paper.refresh_from_db()
    taken = SheetUpload.objects.filter(state=UploadState.RETAKEN)
    assert paper.paused_at is None
    assert SlaPause.objects.filter(evaluation=paper).count() == 1
    assert not SheetUpload.objects.filter(state=UploadState.INTENDED).exists()
    assert [row.pk for row in taken] == ([asked.answer.upload_id] if asked.answer else [])
    assert AuditEvent.objects.filter(action__in=[f"evaluation.picture_{state}" for state in PictureState]).count() == 1
    return asked


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(3))
def test_the_picture_arrives_while_the_marker_withdraws(transactional_db: None, cast: Any, turn: int) -> None:
    paper = marking(cast.exam, cast.student, cast.teacher)
    asked = ask(paper)
    upload = arrive(asked)
    calls = [
        partial(outcome, partial(receive, asked, upload, now=NOW + HOUR)),
        partial(outcome, partial(withdraw_picture, asked=asked, actor=paper.teacher, now=NOW + HOUR)),
    ]
    got = run_at_once(calls)
    ended = closed_once(paper, asked)
    assert got == (["done", "answered"] if ended.state == PictureState.ANSWERED else ["not_needed", "done"])


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(3))
def test_of_two_pictures_at_once_one_is_it(transactional_db: None, cast: Any, turn: int) -> None:
    paper = marking(cast.exam, cast.student, cast.teacher)
    asked = ask(paper)
    uploads = [arrive(asked, picture(300 + 10 * number)) for number in range(2)]
    got = run_at_once([partial(outcome, partial(receive, asked, one, now=NOW + HOUR)) for one in uploads])
    assert sorted(got) == ["answered", "done"]
    assert closed_once(paper, asked).state == PictureState.ANSWERED


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(3))
def test_the_time_passes_as_the_picture_arrives(transactional_db: None, cast: Any, turn: int) -> None:
    paper = marking(cast.exam, cast.student, cast.teacher)
    asked = ask(paper)
    upload = arrive(asked)
    late = asked.answer_by + ARRIVAL_GRACE + MINUTE
    calls = [
        partial(outcome, partial(receive, asked, upload, now=late)),
        partial(close_overdue_pictures, now=late),
    ]
    got = run_at_once(calls)
    ended = closed_once(paper, asked)
    assert got == (["done", 0] if ended.state == PictureState.ANSWERED else ["picture_closed", 1])


@pytest.mark.slow
def test_asked_twice_at_once(transactional_db: None, cast: Any) -> None:
    paper = marking(cast.exam, cast.student, cast.teacher)
    got = run_at_once([partial(outcome, partial(ask, paper)) for _ in range(3)])
    assert sorted(got) == ["already_asked", "already_asked", "done"]


def test_it_is_said_why_nothing_more_can_be_sent(paper: Evaluation) -> None:
    asked = ask(paper)
    upload = arrive(asked, picture(310))
    answer(asked)
    with pytest.raises(PictureClosedError, match="here already"):
        receive(asked, upload)

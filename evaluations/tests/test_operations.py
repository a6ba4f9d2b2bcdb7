"""The desk's log at the server: in order, as often as it is sent, and never over a newer version."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import DomainError
from evaluations.enums import EvaluationState
from evaluations.models import Annotation, BankComment, DeskOperation, Evaluation, MarkEvent, QuestionMark
from evaluations.services.annotations import AnnotationInput
from evaluations.services.claims import ClaimError, lapse_idle_claims
from evaluations.services.marking import MarkChange
from evaluations.services.operations import Operation, OtherPersonError, apply_operations, resume_claim
from evaluations.tests.builders import marking, step_ids, written
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def evaluation(cast):
    return marking(cast.exam, cast.student, cast.teacher)


def mark(cast, version, *awarded, number=4, alternative="", **values):
    question = written(cast.exam, number, alternative)
    steps = dict(zip(step_ids(question), map(Decimal, awarded), strict=False))
    return Operation(uuid4(), MarkChange(question.pk, version, steps=steps, **values))


def ink(evaluation, **values):
    page = evaluation.attempt.uploads.first().pages.first().pk
    item = AnnotationInput(**{"id": uuid4(), "page": page, "kind": "tick", "geometry": {"x": 0.5, "y": 0.2}, **values})
    return Operation(uuid4(), item)


def follow(operation, **values):
    """A later change of the same annotation."""
    return Operation(uuid4(), replace(operation.change, **values))


def send(evaluation, *operations, actor=None, at=NOW):
    person = actor or evaluation.teacher
    return apply_operations(
        evaluation=evaluation, operations=operations, person_id=person.pk, actor=person, now=at
    )  # fmt: skip


def said(receipts):
    return [(one.outcome, one.version) for one in receipts]


def test_operations_are_made_in_order_and_the_last_one_stands(cast, evaluation):
    drawn = ink(evaluation)
    moved = follow(drawn, geometry={"x": 0.7, "y": 0.2}, version=1)
    gone = follow(drawn, version=2, deleted=True)
    back = follow(drawn, version=3, kind="half", marks="0.5")
    marks = [mark(cast, 0, "1"), mark(cast, 1, "0.5"), mark(cast, 2, "1", "1")]
    receipts = send(evaluation, marks[0], drawn, marks[1], moved, marks[2], gone, back)
    assert said(receipts) == [("applied", n) for n in (1, 1, 2, 2, 3, 3, 4)]
    assert QuestionMark.objects.get().marks == Decimal(2)
    assert MarkEvent.objects.count() == 3
    row = Annotation.objects.get()
    assert (row.version, row.kind, row.deleted_at) == (4, "half", None)


def test_sent_again_they_change_nothing_and_are_receipted_as_before(cast, evaluation):
    log = [mark(cast, 0, "1"), mark(cast, 1, "1", "1"), ink(evaluation, kind="comment", text="Units?")]
    first = send(evaluation, *log)
    assert said(send(evaluation, *log)) == said(first)
    assert [one.current for one in first] == [None, None, None]
    assert (MarkEvent.objects.count(), DeskOperation.objects.count(), Annotation.objects.count()) == (2, 3, 1)
    assert BankComment.objects.get().uses == 1


def test_a_lost_reply_is_no_conflict_when_somebody_went_on_from_it_elsewhere(cast, evaluation):
    """What another tab made of it meanwhile comes with the receipt, and is not overwritten."""
    lost = mark(cast, 0, "1")
    send(evaluation, lost)
    send(evaluation, mark(cast, 1, "1", "1", comment="Both"))
    (receipt,) = send(evaluation, lost)
    assert (receipt.outcome, receipt.version, receipt.current["version"]) == ("applied", 1, 2)
    assert receipt.current["comment"] == "Both"
    assert QuestionMark.objects.get().version == 2


def test_a_change_from_an_older_version_is_shown_both_ways_and_holds_up_no_other(cast, evaluation):
    drawn = ink(evaluation, kind="comment", text="Here")
    send(evaluation, mark(cast, 0, "1"), drawn)
    send(evaluation, follow(drawn, version=1, text="There"))
    stale, stale_ink, fine = (
        mark(cast, 0, "0.5"),
        follow(drawn, version=1, text="Late"),
        mark(cast, 0, "1", number=5, alternative="a"),
    )
    receipts = send(evaluation, stale, stale_ink, fine)
    assert said(receipts) == [("conflict", 0), ("conflict", 0), ("applied", 1)]
    assert (receipts[0].current["marks"], receipts[1].current["text"]) == ("1", "There")
    assert not DeskOperation.objects.filter(pk__in=[stale.id, stale_ink.id]).exists()
    # Chosen again from the version that was shown, it stands.
    assert said(send(evaluation, mark(cast, 1, "0.5"), follow(drawn, version=2, text="Late"))) == [
        ("applied", 2), ("applied", 3),
    ]  # fmt: skip


def test_what_goes_on_from_a_change_that_was_not_made_is_not_made_either(cast, evaluation):
    """Though the number it would start from exists by now: it is somebody else's."""
    send(evaluation, mark(cast, 0, "1", "1", comment="Theirs"))
    first = mark(cast, 0, "0.5")
    second = replace(mark(cast, 1, "1"), after=first.id)
    foreign = replace(mark(cast, 1, "1"), after=uuid4())
    receipts = send(evaluation, first, second, foreign)
    assert said(receipts) == [("conflict", 0)] * 3
    assert QuestionMark.objects.get().comment == "Theirs"
    drawn = ink(evaluation)
    gone = replace(follow(drawn, deleted=True), after=drawn.id)
    again = replace(follow(drawn, kind="cross"), after=gone.id)
    assert said(send(evaluation, drawn, gone, again)) == [("applied", 1), ("applied", 2), ("applied", 3)]
    assert said(send(evaluation, replace(mark(cast, 0, "1"), after=drawn.id))) == [("conflict", 0)]


def test_the_same_ink_from_two_places_is_no_conflict(cast, evaluation):
    drawn = ink(evaluation)
    send(evaluation, drawn)
    send(evaluation, follow(drawn, version=1, deleted=True))
    assert said(send(evaluation, follow(drawn, version=1, deleted=True))) == [("applied", 2)]


def test_what_cannot_be_is_refused_alone(cast, evaluation):
    bad = [
        mark(cast, 0, "9"),
        Operation(uuid4(), MarkChange(uuid4(), 0)),
        ink(evaluation, page=uuid4()),
        ink(evaluation, kind="sticker"),
        Operation(uuid4(), DomainError("This change cannot be read.", "unreadable")),
    ]
    receipts = send(evaluation, *bad, mark(cast, 0, "1"), ink(evaluation))
    assert [one.outcome for one in receipts] == ["refused"] * 5 + ["applied"] * 2
    assert all(one.code and one.detail.endswith(".") for one in receipts[:5])


def test_deleting_what_never_arrived_is_nothing(cast, evaluation):
    assert said(send(evaluation, ink(evaluation, deleted=True))) == [("applied", 0)]


def test_an_id_of_another_paper_is_refused(cast, evaluation):
    other = marking(cast.exam, cast.classmate, cast.teacher)
    first = mark(cast, 0, "1")
    send(evaluation, first)
    (receipt,) = send(other, first)
    assert (receipt.outcome, receipt.code) == ("refused", "id_taken")
    drawn = ink(other)
    send(other, drawn)
    page = evaluation.attempt.uploads.first().pages.first().pk
    (receipt,) = send(evaluation, follow(drawn, page=page, version=1))
    assert (receipt.outcome, receipt.code) == ("refused", "id_taken")


def test_a_lapsed_claim_is_taken_up_again_by_going_on(cast, evaluation):
    assert lapse_idle_claims(now=NOW + timedelta(hours=1)) == 1
    assert said(send(evaluation, mark(cast, 0, "1"), at=NOW + timedelta(hours=2))) == [("applied", 1)]
    evaluation.refresh_from_db()
    assert (evaluation.state, evaluation.lease_until) == (
        EvaluationState.IN_PROGRESS,
        NOW + timedelta(hours=2, minutes=10),
    )


@pytest.mark.parametrize("state", [EvaluationState.ASSIGNED, EvaluationState.IN_PROGRESS])
def test_a_paper_that_somebody_else_has_takes_nothing(cast, evaluation, state):
    Evaluation.objects.filter(pk=evaluation.pk).update(teacher=cast.colleague, state=state)
    with pytest.raises(ClaimError) as error:
        send(evaluation, mark(cast, 0, "1"), actor=cast.teacher)
    assert error.value.details["holder"] == cast.colleague.name
    with pytest.raises(ClaimError):
        resume_claim(evaluation=evaluation, teacher=cast.teacher, now=NOW)


def test_a_finished_paper_takes_nothing(cast, evaluation):
    Evaluation.objects.filter(pk=evaluation.pk).update(state=EvaluationState.FINALISED)
    with pytest.raises(ClaimError):
        send(evaluation, mark(cast, 0, "1"))


def test_the_work_of_one_person_is_not_saved_as_anothers(cast, evaluation):
    with pytest.raises(OtherPersonError):
        apply_operations(
            evaluation=evaluation, operations=[mark(cast, 0, "1")], person_id=cast.colleague.pk, actor=cast.teacher,
            now=NOW,
        )  # fmt: skip


def test_operations_cannot_be_changed(cast, evaluation):
    send(evaluation, mark(cast, 0, "1"))
    with pytest.raises(IntegrityError), transaction.atomic():
        DeskOperation.objects.update(version=9)


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_cut_and_repetition_of_a_log_leaves_the_last_intention(cast, evaluation, data):
    """A device sends a prefix again and again, not knowing how much of it arrived."""
    with transaction.atomic():
        log, wanted = [], None
        for wanted in data.draw(st.lists(st.sampled_from(["0.5", "1"]), min_size=1, max_size=8)):
            log.append(replace(mark(cast, 0, wanted), after=log[-1].id if log else None))
        sent = 0
        while sent < len(log):
            back = data.draw(st.integers(0, sent))
            end = data.draw(st.integers(sent + 1, len(log)))
            assert {one.outcome for one in send(evaluation, *log[back:end])} == {"applied"}
            sent = end
        stored = QuestionMark.objects.get(evaluation=evaluation)
        assert (stored.version, stored.marks) == (len(log), Decimal(wanted))
        assert MarkEvent.objects.filter(evaluation=evaluation).count() == len(log)
        transaction.set_rollback(True)


def test_over_the_api(cast, evaluation, client: Any):
    """Hostile bodies are in test_hostile_json."""
    from django.utils import timezone

    Evaluation.objects.filter(pk=evaluation.pk).update(lease_until=timezone.now())
    client.force_login(cast.teacher)
    url = f"/api/v1/evaluations/{evaluation.pk}/operations/"
    question = written(cast.exam, 4)
    good = {
        "id": str(uuid4()),
        "mark": {"question": str(question.pk), "version": 0, "steps": {step_ids(question)[0]: "1"}},
    }
    broken = {"id": str(uuid4()), "mark": {"question": "no"}}
    empty = {"id": str(uuid4())}
    body = {"person": str(cast.teacher.pk), "operations": [broken, good, empty]}
    answer = client.post(url, body, content_type="application/json")
    assert [one["outcome"] for one in answer.json()["receipts"]] == ["refused", "applied", "refused"]
    for wrong in ({**body, "person": str(cast.student.pk)}, {**body, "operations": [{"id": "x"}]}, {"operations": []}):
        refused = client.post(url, wrong, content_type="application/json")
        assert refused.status_code in (400, 409, 422)
        assert refused.json()["code"]
    client.force_login(cast.colleague)
    assert client.post(url, body, content_type="application/json").status_code == 404

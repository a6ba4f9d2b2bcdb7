"""The flight record: what is kept of a sitting, told once however often, replayed, pruned late."""

import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessments.enums import FlightEvent
from assessments.models import Attempt, AttemptEvent
from assessments.selectors.flight_record import (
    answers_at,
    devices_of,
    events_of,
    integrity_facts,
    spells_of,
    with_integrity_facts,
)
from assessments.services import flight_record
from assessments.services.attempt_care import cancel_attempt, extend_attempt
from assessments.services.attempts import close_overdue_attempts, save_response, start_attempt, submit_attempt
from assessments.services.flight_record import note_told, prune_flight_records
from assessments.tests.sheets import code_of
from assessments.tests.sittings import question
from common.errors import DomainError, NotPermittedError
from tests import factories

NOW = factories.NOW
MINUTE = timedelta(minutes=1)
PHONE, TABLET = uuid.UUID(int=1), uuid.UUID(int=2)


def save(attempt, seq, letter, *, now=NOW, number=1, device=None, **values):
    pk = question(attempt.exam, number).pk
    said = {"answer": letter and {"choices": [letter]}, "marked_for_review": None, **values}
    return save_response(
        attempt=attempt, question_id=pk, seq=seq, device=device, actor=attempt.student, now=now, **said
    )


def told(number, kind, minutes=0.0, seconds=None, **values):
    """An event that began `minutes` after NOW and lasted `seconds`."""
    event = {"number": number, "kind": kind, "began_at": NOW + minutes * MINUTE, **values}
    return event if seconds is None else event | {"ms": round(seconds * 1000)}


def tell(attempt, *events, device=PHONE, now=NOW + 40 * MINUTE):
    return note_told(attempt=attempt, device=device, events=list(events), actor=attempt.student, now=now)


def kinds(attempt):
    return [event.kind for event in events_of(attempt)]


# --- The device that writes ------------------------------------------------------------------------------------------
def test_first_device_writes_until_the_student_takes_another(attempt):
    def writer(*events, device):
        said = tell(attempt, *events, device=device).writer
        attempt.refresh_from_db()
        assert attempt.writer == said
        return said

    taken = told(2, "taken", 6)
    assert writer(told(1, "opened", 1), device=PHONE) == PHONE
    assert writer(told(1, "opened", 2), device=TABLET) == PHONE
    assert writer(taken, device=TABLET) == TABLET
    assert writer(told(2, "paste", 7), device=PHONE) == TABLET
    assert writer(told(3, "taken", 8), device=PHONE) == PHONE
    # The reply to it was lost, so the tablet tells it again: that takes nothing back.
    assert writer(taken, device=TABLET) == PHONE
    # What another device sends all the same is saved.
    assert save(attempt, 1, "A", device=TABLET).applied


def test_a_stale_attempt_does_not_make_its_device_the_writer(attempt):
    stale = Attempt.objects.get(pk=attempt.pk)
    assert tell(attempt, told(1, "opened", 1), device=PHONE).writer == PHONE
    tell(stale, told(1, "opened", 1), device=TABLET)
    assert Attempt.objects.get(pk=attempt.pk).writer == PHONE


# --- Answers ---------------------------------------------------------------------------------------------------------
def test_every_save_that_counts_is_a_line_and_no_other(attempt):
    save(attempt, 1, "A", device=PHONE)
    save(attempt, 3, "C")
    save(attempt, 2, "B")  # came late
    save(attempt, 3, "C")  # again
    lines = [event for event in events_of(attempt) if event.kind == FlightEvent.ANSWER]
    assert [(line.seq, line.device, line.data) for line in lines] == [
        (1, PHONE, {"answer": {"choices": ["A"]}}),
        (3, None, {"answer": {"choices": ["C"]}}),
    ]
    assert {(line.attempt_id, line.question) for line in lines} == {(attempt.pk, question(attempt.exam, 1).pk)}


def test_answers_of_any_moment_come_back(attempt):
    save(attempt, 1, "A", now=NOW + MINUTE)
    save(attempt, 2, None, marked_for_review=True, now=NOW + 2 * MINUTE)
    save(attempt, 3, "B", now=NOW + 3 * MINUTE)
    save(attempt, 4, None, answer={}, now=NOW + 4 * MINUTE)
    events, pk = events_of(attempt), question(attempt.exam, 1).pk

    def at(minutes):
        return answers_at(events, NOW + minutes * MINUTE).get(pk)

    assert at(0.5) is None
    assert (at(1).answer, at(1).marked) == ({"choices": ["A"]}, False)
    assert (at(2.5).answer, at(2.5).marked, at(2.5).saved_at) == ({"choices": ["A"]}, True, NOW + 2 * MINUTE)
    assert at(3).answer == {"choices": ["B"]}
    assert (at(60).answer, at(60).saves) == ({}, 4)


def test_server_notes_start_refusal_end_and_help(cast, attempt):
    extend_attempt(attempt=attempt, minutes=5, actor=cast.staff, now=NOW)
    close_overdue_attempts(now=NOW + 66 * MINUTE)
    attempt.refresh_from_db()
    with pytest.raises(DomainError):
        save(attempt, 1, "A", now=NOW + 66 * MINUTE, device=PHONE)
    started, extended, submitted, refused = events_of(attempt)
    assert started.data == {"minutes": 60, "extra_seconds": 0}
    assert extended.data == {"seconds": 300, "cause": "staff"}
    assert (submitted.began_at, submitted.data) == (NOW + 65 * MINUTE, {"reason": "time_up"})
    assert (refused.data, refused.device) == ({"code": "time_up"}, PHONE)


def test_refusals_do_not_fill_the_record(attempt, monkeypatch):
    monkeypatch.setattr(flight_record, "MOST_REFUSED", 3)
    submit_attempt(attempt=attempt, actor=attempt.student, now=NOW)
    attempt.refresh_from_db()
    for seq in range(6):
        assert code_of(save, attempt, seq + 1, "A") == "already_submitted"
    assert code_of(save, attempt, 1, "Q") == "already_submitted"
    assert kinds(attempt).count(FlightEvent.REFUSED) == 3


def test_wrong_answer_is_no_line(attempt):
    assert code_of(save, attempt, 1, "Q") == "answer_choice"
    assert kinds(attempt) == [FlightEvent.STARTED]


def test_cancelled(cast, attempt):
    cancel_attempt(attempt=attempt, actor=cast.staff, now=NOW)
    assert kinds(attempt) == [FlightEvent.STARTED, FlightEvent.CANCELLED]


# --- What a device tells ---------------------------------------------------------------------------------------------
def test_telling_again_adds_nothing(attempt):
    events = [told(1, "opened", form="phone"), told(2, "offline", 5, 60)]
    first = tell(attempt, *events)
    again = tell(attempt, *events, told(3, "hidden", 8, 4))
    assert (first.confirmed, again.confirmed, again.is_full) == ([1, 2], [1, 2, 3], False)
    tell(attempt, *events, device=TABLET)  # numbers are the device's own
    assert kinds(attempt)[1:] == ["opened", "offline", "hidden", "opened", "offline"]


EVENTS = [
    told(n, kind, minutes, seconds)
    for n, (kind, minutes, seconds) in enumerate(
        [("opened", 0, None), ("offline", 3, 90), ("hidden", 6, 20), ("closed", 10, 300), ("opened", 15, None),
         ("unfocused", 17, 5), ("second_tab", 20, None), ("offline", 22, 30)], start=1
    )
]  # fmt: skip


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(st.sampled_from(EVENTS), min_size=1, max_size=8), max_size=6), rest=st.randoms())
def test_batches_in_any_order_with_any_repetition_make_the_same_record(attempt, batches, rest):
    """The device sends until everything is confirmed: the last batches here are what was still missing, shuffled."""
    device = uuid.uuid4()
    missing = EVENTS.copy()
    rest.shuffle(missing)
    for batch in [*batches, *([event] for event in missing)]:
        tell(attempt, *batch, device=device)
    rows = [event for event in events_of(attempt) if event.device == device]
    assert sorted((row.number, row.kind, row.began_at, row.ms) for row in rows) == [
        (event["number"], event["kind"], event["began_at"], event.get("ms") if event.get("ms") else None)
        for event in EVENTS
    ]
    own = [spell for spell in spells_of(attempt, rows, NOW + 40 * MINUTE) if spell.is_told]
    assert [(spell.kind, spell.seconds) for spell in own] == [
        ("offline", 90), ("hidden", 20), ("closed", 300), ("unfocused", 5), ("offline", 30),
    ]  # fmt: skip


def test_times_outside_the_attempt_are_moved_to_its_edge(attempt):
    century = 100 * 366 * 86400
    tell(attempt, told(1, "offline", -600, century), told(2, "offline", 60 * 24 * 365, century))
    first, second = (event for event in events_of(attempt) if event.kind == "offline")
    assert (first.began_at, first.ms) == (NOW, 40 * 60 * 1000)
    assert (second.began_at, second.ms) == (NOW + 40 * MINUTE, 0)


def test_record_of_one_attempt_is_bounded(attempt, monkeypatch):
    monkeypatch.setattr(flight_record, "MOST_TOLD", 5)
    answers = [tell(attempt, *(told(n, "skew", skew_ms=1) for n in range(start, start + 3))) for start in (1, 4, 7)]
    assert [answer.is_full for answer in answers] == [False, True, True]
    assert answers[-1].confirmed == [7, 8, 9]
    assert kinds(attempt).count("skew") == 5


def test_telling_after_the_end_but_not_for_ever(cast, attempt):
    submit_attempt(attempt=attempt, actor=attempt.student, now=NOW + 30 * MINUTE)
    tell(attempt, told(1, "offline", 5, 60), now=NOW + timedelta(days=7))
    assert code_of(tell, attempt, told(2, "paste"), now=NOW + timedelta(days=8)) == "too_late"
    assert code_of(tell, attempt, told(2, "paste", question=uuid.uuid4())) == "unknown_question"
    with pytest.raises(NotPermittedError):
        note_told(attempt=attempt, device=PHONE, events=[told(3, "skew")], actor=cast.teacher, now=NOW)


def test_telling_costs_the_same_for_one_event_and_for_many(attempt):
    def cost(*events):
        with CaptureQueriesContext(connection) as queries:
            tell(attempt, *events)
        return len(queries)

    paste = question(attempt.exam, 1).pk
    cost(told(99, "paste", question=paste))  # the shapes of the paper are known from now on
    assert cost(told(1, "paste", question=paste)) == cost(*(told(n, "skew") for n in range(2, 60)))


# --- Reading ---------------------------------------------------------------------------------------------------------
def test_devices_are_named_in_order_with_what_they_said(attempt):
    said = {"form": "phone", "system": "android", "browser": "chrome", "skew_ms": -90000}
    tell(attempt, told(1, "opened", 1, data=said), now=NOW + 2 * MINUTE)
    tell(attempt, told(1, "opened", 5), device=TABLET, now=NOW + 6 * MINUTE)
    save(attempt, 1, "A", now=NOW + 9 * MINUTE, device=PHONE)
    first, second = devices_of(events_of(attempt))
    assert (first.letter, first.form, first.system, first.skew_ms) == ("A", "phone", "android", -90000)
    assert (first.first_at, first.last_at) == (NOW + MINUTE, NOW + 9 * MINUTE)
    assert (second.letter, second.id, second.browser) == ("B", TABLET, "")


def test_integrity_facts_are_counts(attempt):
    def read():
        return integrity_facts(with_integrity_facts(Attempt.objects.filter(pk=attempt.pk)).get())

    assert read() is None
    tell(
        attempt, told(1, "opened"), told(2, "hidden", 2, 30), told(3, "hidden", 5, 12), told(4, "unfocused", 6, 3),
        told(5, "paste", 7, data={"characters": 40}), told(6, "second_tab", 8),
    )  # fmt: skip
    tell(attempt, told(1, "opened"), device=TABLET)
    facts = read()
    assert (facts.hidden, facts.hidden_seconds, facts.unfocused) == (2, 42, 1)
    assert (facts.pastes, facts.pasted_characters, facts.devices, facts.second_tabs) == (1, 40, 2, 1)
    assert not facts.are_none


# --- Keeping ---------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("transactional_db")
def test_database_refuses_changes():
    event = AttemptEvent.objects.create(attempt_id=uuid.uuid4(), kind=FlightEvent.STARTED, at=NOW)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AttemptEvent.objects.filter(pk=event.pk).update(at=NOW + MINUTE)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AttemptEvent.objects.filter(pk=event.pk).delete()


def test_pruned_only_when_old_and_over(cast, settings):
    settings.FLIGHT_RECORD_DAYS = 400
    past = NOW - timedelta(days=500)
    old = start_attempt(exam=cast.exam, student=cast.student, now=NOW)
    AttemptEvent.objects.bulk_create(
        AttemptEvent(attempt=old, kind=FlightEvent.HIDDEN, at=past, number=n, device=PHONE) for n in range(7)
    )
    Attempt.objects.filter(pk=old.pk).update(started_at=past)
    assert prune_flight_records(now=NOW) == 0  # still being written
    Attempt.objects.filter(pk=old.pk).update(state="handed_in")
    settings.FLIGHT_RECORD_DAYS = 501
    assert prune_flight_records(now=NOW) == 0
    settings.FLIGHT_RECORD_DAYS = 400
    assert prune_flight_records(now=NOW) == 7
    assert kinds(old) == [FlightEvent.STARTED]  # learned since: kept for its own time

"""Many at once, with real threads and connections, on PostgreSQL and on SQLite in a file."""

import threading
from collections import Counter
from datetime import timedelta

import pytest

from accounts.models import Entitlement
from assessments import signals
from assessments.enums import AttemptState
from assessments.models import Attempt, Response
from assessments.services.attempts import close_overdue_attempts, save_response, start_attempt, submit_attempt
from assessments.services.sheets import announce_sheet
from assessments.tests.sheets import PHOTO, facts
from common.errors import DomainError
from common.testing.database import run_at_once
from tests import factories

NOW = factories.NOW
pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def heard():
    """How often each fact was announced."""
    facts, lock = Counter(), threading.Lock()

    def receiver(sender, signal, **ids):
        with lock:
            facts[signal] += 1

    watched = (signals.attempt_started, signals.attempt_submitted, signals.attempt_handed_in)
    for signal in watched:
        signal.connect(receiver)
    yield facts
    for signal in watched:
        signal.disconnect(receiver)


def test_parallel_starts_make_one_attempt(cast, heard):
    Entitlement.objects.filter(user=cast.student).update(quantity=1)
    results = run_at_once([lambda: start_attempt(exam=cast.exam, student=cast.student, now=NOW)] * 8)
    assert {type(result) for result in results} == {Attempt}
    assert len({result.pk for result in results}) == 1
    assert Attempt.objects.count() == 1
    assert Entitlement.objects.get(user=cast.student).used == 1
    assert heard == {signals.attempt_started: 1}


def test_parallel_saves_end_with_the_highest_seq(cast):
    attempt = start_attempt(exam=cast.exam, student=cast.student, now=NOW)
    question = attempt.paper.questions.get(number=3).pk

    def saving(seq):
        return lambda: save_response(
            attempt=attempt, question_id=question, seq=seq, answer={"value": str(seq)}, marked_for_review=None,
            actor=cast.student, now=NOW,
        )  # fmt: skip

    results = run_at_once([saving(seq) for seq in (7, 3, 8, 1, 5, 2, 6, 4)])
    stored = Response.objects.get()
    assert (stored.seq, stored.answer) == (8, {"value": "8"})
    assert results[2].applied


def test_parallel_submits_mark_once_and_lose_no_answer(cast, heard):
    attempt = start_attempt(exam=cast.exam, student=cast.student, now=NOW)
    question = attempt.paper.questions.get(number=1).pk
    later = attempt.ends_at + timedelta(seconds=10)

    def submit():
        return submit_attempt(attempt=attempt, actor=cast.student, now=later)

    def save():
        try:
            return save_response(
                attempt=Attempt.objects.get(pk=attempt.pk), question_id=question, seq=1, answer={"choices": ["B"]},
                marked_for_review=None, actor=cast.student, now=later,
            )  # fmt: skip
        except DomainError as refused:
            return refused

    results = run_at_once([submit] * 10 + [save] * 4 + [submit] * 10)
    # A save came in time and is marked, or it was refused with a sentence; never stored and unmarked.
    saved = [result for result in results[10:14] if not isinstance(result, DomainError)]
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.SUBMITTED
    assert attempt.objective_marks == (1 if saved else 0)
    assert list(Response.objects.values_list("is_correct", flat=True)) == ([True] if saved else [])
    assert heard[signals.attempt_submitted] == 1


def test_parallel_closing_submits_each_attempt_once(cast, heard):
    for person in (cast.student, cast.classmate):
        start_attempt(exam=cast.exam, student=person, now=NOW)
    later = NOW + timedelta(hours=2)
    results = run_at_once([lambda: close_overdue_attempts(now=later)] * 4)
    # Whoever finds an attempt locked leaves it to its holder.
    assert sum(results) == 2
    assert not Attempt.objects.live().exists()
    assert heard[signals.attempt_submitted] == 2


def test_parallel_announcements_of_one_sheet_are_one_upload(cast):
    attempt = start_attempt(exam=cast.exam, student=cast.student, now=NOW)
    client_id = "0190a0a0-0000-7000-8000-000000000001"

    def announce():
        return announce_sheet(attempt=attempt, client_id=client_id, actor=cast.student, now=NOW, **facts(PHOTO))

    results = run_at_once([announce] * 6)
    assert {upload.pk for upload, target in results} == {attempt.uploads.get().pk}

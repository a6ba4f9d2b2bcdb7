from datetime import timedelta

import pytest

from accounts.models import AuditEvent
from common.testing.database import run_at_once
from evaluations.enums import PROMISED_STATES, EvaluationState
from evaluations.models import SlaBreach
from evaluations.services import breaches
from evaluations.services.breaches import flag_if_late, scan_breaches
from evaluations.signals import sla_breached
from evaluations.tests.builders import evaluation_of, hand_in, more_students
from notifications.models import Notification
from tests.factories import NOW

pytestmark = pytest.mark.django_db

LATE = timedelta(minutes=-1)


def paper(cast, student, **fields):
    return evaluation_of(hand_in(cast.exam, student), **fields)


def test_a_missed_promise_is_flagged_once(cast, django_capture_on_commit_callbacks):
    heard = []

    def hear(sender, evaluation_id, **kwargs):
        heard.append(evaluation_id)

    late = paper(cast, cast.student, teacher=cast.teacher, due_in=LATE)
    paper(cast, cast.classmate, due_in=timedelta(minutes=1))
    sla_breached.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert [scan_breaches(now=NOW + timedelta(minutes=15 * n)) for n in (0, 0, 0)] == [1, 0, 0]
    finally:
        sla_breached.disconnect(hear)
    breach = SlaBreach.objects.get()
    assert (breach.evaluation, breach.due_at, breach.flagged_at) == (late, late.due_at, NOW)
    assert heard == [late.pk]
    told = Notification.objects.get(user=cast.staff)
    assert told.kind == "sla_breached"
    assert "It is with Suresh Rao." in told.body
    assert AuditEvent.objects.filter(action="evaluation.breached").count() == 1


@pytest.mark.parametrize("state", EvaluationState)
def test_only_open_papers_can_break_the_promise(cast, state):
    teacher = None if state == EvaluationState.QUEUED else cast.teacher
    paper(cast, cast.student, state=state, teacher=teacher, due_in=LATE)
    is_open = state in PROMISED_STATES
    assert scan_breaches(now=NOW) == int(is_open)


def test_exactly_at_the_promise_is_not_late(cast):
    paper(cast, cast.student, due_in=timedelta())
    assert scan_breaches(now=NOW) == 0
    assert scan_breaches(now=NOW + timedelta(microseconds=1)) == 1


def test_a_paper_opened_again_for_correction_is_not_late(cast):
    paper(cast, cast.student, teacher=cast.teacher, due_in=LATE, finalised_at=NOW - timedelta(hours=2))
    assert scan_breaches(now=NOW) == 0


def test_days_of_missed_beats_are_caught_up_in_batches(cast, monkeypatch):
    monkeypatch.setattr(breaches, "BATCH", 2)
    for student in more_students(5):
        paper(cast, student, due_in=LATE)
    assert scan_breaches(now=NOW + timedelta(days=9)) == 5


def test_finishing_late_between_two_scans_is_flagged(cast):
    evaluation = paper(cast, cast.student, teacher=cast.teacher, due_in=LATE)
    assert flag_if_late(evaluation=evaluation, now=NOW)
    assert not flag_if_late(evaluation=evaluation, now=NOW)
    assert scan_breaches(now=NOW) == 0
    assert Notification.objects.filter(user=cast.staff).count() == 1


def test_eight_scans_at_once_flag_each_paper_once(transactional_db, cast):
    for student in more_students(10):
        paper(cast, student, due_in=LATE)
    assert sum(run_at_once([lambda: scan_breaches(now=NOW)] * 8)) == 10
    assert SlaBreach.objects.count() == 10
    assert Notification.objects.filter(user=cast.staff).count() == 10
    assert AuditEvent.objects.filter(action="evaluation.breached").count() == 10

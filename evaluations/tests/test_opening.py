from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.enums import Feature
from assessments.enums import AttemptState, QuestionType, UploadState
from assessments.signals import attempt_handed_in
from common.events import announce
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, Holiday, SlaPolicy, WorkingCalendar
from evaluations.services.opening import open_evaluation, open_missing_evaluations
from evaluations.services.policies import PolicyError
from evaluations.tests.builders import add_page, hand_in
from notifications.models import Notification
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db

INDIA = ZoneInfo("Asia/Kolkata")


def ist(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=INDIA)


def promise(user, slug):
    factories.EntitlementFactory(user=user, feature=Feature.SLA_POLICY, quantity=None, value=slug)


def test_a_handed_in_paper_enters_the_queue_and_finds_a_teacher(cast):
    attempt = hand_in(cast.exam, cast.student)
    evaluation = open_evaluation(attempt_id=attempt.pk, now=NOW)
    assert evaluation.state == EvaluationState.ASSIGNED
    assert evaluation.submitted_at == attempt.handed_in_at
    assert evaluation.max_marks == 12
    assert [t.name for t in evaluation.transitions.all()] == ["open", "assign"]
    told = Notification.objects.get(user=cast.student)
    assert (told.kind, told.url) == ("paper_received", f"/results/{attempt.pk}/")
    assert "Fri 20 Nov, 10 am" in told.body


def test_opening_again_changes_nothing(cast):
    attempt = hand_in(cast.exam, cast.student)
    first = open_evaluation(attempt_id=attempt.pk, now=NOW)
    again = open_evaluation(attempt_id=attempt.pk, now=NOW + timedelta(hours=1))
    assert again == first
    assert again.due_at == first.due_at
    assert first.transitions.count() == 2
    assert Notification.objects.filter(user=first.teacher).count() == 1


@pytest.mark.parametrize(
    ("slug", "submitted", "due"),
    [
        ("elapsed-48h", "2026-11-20T17:00", "2026-11-23T17:00"),
        ("elapsed-48h", "2026-11-21T15:00", "2026-11-24T15:00"),
        ("same-day", "2026-11-22T11:00", "2026-11-23T18:00"),
        ("same-day", "2026-11-18T11:59", "2026-11-18T18:00"),
        ("same-day", "2026-11-18T12:01", "2026-11-19T18:00"),
        ("working-9h", "2026-11-18T12:00", "2026-11-19T12:00"),
    ],
)
def test_the_worked_cases_hold_through_the_rows(cast, slug, submitted, due):
    promise(cast.student, slug)
    attempt = hand_in(cast.exam, cast.student, at=ist(submitted))
    evaluation = open_evaluation(attempt_id=attempt.pk, now=ist(submitted))
    assert evaluation.due_at == ist(due)
    assert evaluation.policy.slug == slug


def test_a_holiday_moves_the_promise(cast):
    promise(cast.student, "same-day")
    calendar = WorkingCalendar.objects.get(slug="institute")
    Holiday.objects.create(calendar=calendar, date=date(2026, 11, 19), name="Holiday")
    attempt = hand_in(cast.exam, cast.student, at=ist("2026-11-18T12:01"))
    assert open_evaluation(attempt_id=attempt.pk, now=NOW).due_at == ist("2026-11-20T18:00")


def test_an_unknown_policy_in_a_plan_falls_back_to_the_default(cast):
    promise(cast.student, "no-such-policy")
    evaluation = open_evaluation(attempt_id=hand_in(cast.exam, cast.student).pk, now=NOW)
    assert evaluation.policy.is_default


def test_without_any_policy_nothing_is_opened_and_the_reason_is_clear(cast):
    SlaPolicy.objects.update(is_default=False)
    attempt = hand_in(cast.exam, cast.student)
    with pytest.raises(PolicyError) as error:
        open_evaluation(attempt_id=attempt.pk, now=NOW)
    assert "default" in error.value.message
    assert open_missing_evaluations(now=NOW) == 0
    assert not Evaluation.objects.exists()


def test_a_calendar_that_never_opens_is_a_clear_error(cast):
    WorkingCalendar.objects.get(slug="institute").opening_hours.all().delete()
    with pytest.raises(PolicyError):
        open_evaluation(attempt_id=hand_in(cast.exam, cast.student).pk, now=NOW)


def test_nothing_to_mark_means_no_evaluation(cast):
    without_pages = hand_in(cast.exam, cast.student, pages=0)
    removed = hand_in(cast.exam, cast.classmate, pages=0)
    add_page(removed, 1, state=UploadState.REMOVED)
    objective = factories.ExamFactory(
        paper=factories.small_paper([("A", 1, "", QuestionType.SINGLE_CHOICE, "1", ())]), for_cohorts=[cast.cohort]
    )
    for attempt in (without_pages, removed, hand_in(objective, cast.student)):
        assert open_evaluation(attempt_id=attempt.pk, now=NOW) is None
    assert open_missing_evaluations(now=NOW) == 0


def test_an_attempt_that_is_not_handed_in_or_does_not_exist_is_left_alone(cast):
    attempt = hand_in(cast.exam, cast.student)
    type(attempt).objects.filter(pk=attempt.pk).update(state=AttemptState.SUBMITTED)
    assert open_evaluation(attempt_id=attempt.pk, now=NOW) is None
    assert open_evaluation(attempt_id=cast.exam.pk, now=NOW) is None


def test_the_sweep_finds_what_a_lost_delivery_left(cast):
    for student in (cast.student, cast.classmate):
        hand_in(cast.exam, student)
    assert open_missing_evaluations(now=NOW + timedelta(minutes=1)) == 2
    assert open_missing_evaluations(now=NOW + timedelta(minutes=2)) == 0


def test_the_announced_fact_opens_it(cast, django_capture_on_commit_callbacks):
    attempt = hand_in(cast.exam, cast.student)
    with django_capture_on_commit_callbacks(execute=True):
        announce(attempt_handed_in, attempt_id=attempt.pk)
    assert Evaluation.objects.filter(attempt=attempt).exists()

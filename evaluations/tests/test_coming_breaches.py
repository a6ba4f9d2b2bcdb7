"""What is expected of the open papers, kept, shown to the student, told to staff in time, and helped with one press."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import GuardianLink, Leave, TeacherProfile, User, WorkingHours
from common.errors import ConflictError
from common.testing.database import run_at_once
from courses.models import TeachingQualification
from evaluations.enums import EvaluationState
from evaluations.models import BreachWarning, Evaluation, PaperForecast
from evaluations.services.breach_warnings import follow_proposals, warn_of_breaches
from evaluations.services.forecasting import open_queue, refresh_forecasts
from evaluations.tests.builders import evaluation_of, hand_in, more_students
from notifications.models import Notification
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
# NOW is Wednesday 10:00 in Kolkata; the institute is open 9:00 to 18:00, Monday to Saturday.
TODAY = date(2026, 11, 18)


def at(day: int, hour: int) -> datetime:
    """A moment of November 2026 by Kolkata's clock."""
    return datetime(2026, 11, day, hour, tzinfo=UTC) - timedelta(hours=5.5)


def slow(*teachers: User, hours_a_paper: float) -> None:
    """The paper has eight written marks."""
    TeacherProfile.objects.filter(pk__in=[one.pk for one in teachers]).update(
        seconds_per_mark=round(hours_a_paper * 3600 / 8)
    )


def papers(cast: Any, count: int, teacher: User | None, **fields: Any) -> list[Evaluation]:
    return [evaluation_of(hand_in(cast.exam, who), teacher=teacher, **fields) for who in more_students(count)]


# --- What the play is given ------------------------------------------------------------------------------------------
def test_teachers_mark_in_the_institute_s_hours_or_their_own_and_not_on_leave(cast: Any) -> None:
    TeacherProfile.objects.filter(pk__in=[cast.teacher.pk, cast.colleague.pk]).update(seconds_per_mark=50)
    Leave.objects.create(teacher_id=cast.teacher.pk, starts_on=date(2026, 11, 19), ends_on=date(2026, 11, 20))
    User.objects.filter(pk=cast.colleague.pk).update(time_zone="Europe/London")
    WorkingHours.objects.create(teacher_id=cast.colleague.pk, weekday=2, opens=time(20), closes=time(22))
    markers = {marker.id: marker for marker in open_queue(NOW).markers}
    assert {cast.teacher.pk, cast.colleague.pk} <= markers.keys()
    assert cast.newcomer.pk not in markers
    assert markers[cast.teacher.pk].spans[:2] == ((NOW, at(18, 18)), (at(21, 9), at(21, 18)))
    london = datetime(2026, 11, 18, 20, tzinfo=UTC)
    assert markers[cast.colleague.pk].spans == tuple(
        (london + week * timedelta(days=7), london + week * timedelta(days=7) + 2 * HOUR) for week in range(3)
    )
    assert markers[cast.teacher.pk].seconds_per_mark == 50


def test_what_has_marks_already_is_less_work_and_what_waits_is_not_ready(cast: Any) -> None:
    queue = {one.id: one for one in open_queue(NOW).papers}
    assert queue == {}
    waiting = papers(cast, 1, None)[0]
    begun = papers(cast, 1, cast.teacher, state=EvaluationState.IN_PROGRESS)[0]
    papers(cast, 1, cast.teacher, state=EvaluationState.RELEASED, finalised_at=NOW)
    guardian = GuardianLink.objects.create(guardian=cast.colleague, student=waiting.attempt.student)
    queue = {one.id: one for one in open_queue(NOW).papers}
    assert queue.keys() == {waiting.pk, begun.pk}
    assert queue[waiting.pk].barred == {waiting.attempt.student_id, guardian.guardian_id}
    assert queue[begun.pk].is_begun
    assert queue[begun.pk].marks == 8


def test_the_queue_costs_the_same_however_long(cast: Any, django_assert_max_num_queries: Any) -> None:
    papers(cast, 1, cast.teacher)
    papers(cast, 1, None)
    with django_assert_max_num_queries(20) as few:
        refresh_forecasts(now=NOW)
    papers(cast, 10, None)
    with django_assert_max_num_queries(len(few)):
        assert refresh_forecasts(now=NOW) == 12


# --- What is kept and shown ------------------------------------------------------------------------------------------
def test_the_outlook_is_kept_and_renewed(cast: Any) -> None:
    slow(cast.teacher, hours_a_paper=6)
    first, second = papers(cast, 2, cast.teacher, due_in=30 * HOUR)
    refresh_forecasts(now=NOW)
    kept = PaperForecast.objects.get(pk=second.pk)
    assert kept.marker == cast.teacher
    assert kept.expected_at is not None
    assert kept.expected_at > PaperForecast.objects.get(pk=first.pk).expected_at > NOW
    TeachingQualification.objects.filter(teacher=cast.teacher).delete()
    TeacherProfile.objects.filter(pk=cast.teacher.pk).update(verified_at=None)
    refresh_forecasts(now=NOW + HOUR)
    kept.refresh_from_db()
    assert (kept.expected_at, kept.late_chance, kept.made_at) == (None, 1, NOW + HOUR)


def test_the_student_reads_when_the_paper_is_expected(as_: Any, cast: Any) -> None:
    paper = evaluation_of(hand_in(cast.exam, cast.student), teacher=cast.teacher)
    soon = timezone.now() + 3 * HOUR
    forecast = PaperForecast.objects.create(evaluation=paper, expected_at=soon, late_chance=0.1, made_at=NOW)
    url = reverse("result-page", args=[paper.attempt_id])
    assert "Expected by" in as_("student").get(url).content.decode()
    forecast.expected_at = timezone.now() - HOUR
    forecast.save()
    assert "Expected by" not in as_("student").get(url).content.decode()


# --- Warnings --------------------------------------------------------------------------------------------------------
def overload(cast: Any) -> list[Evaluation]:
    """Three papers of three hours each are with one teacher and due in four; the other has nothing."""
    slow(cast.teacher, cast.colleague, hours_a_paper=3)
    return papers(cast, 3, cast.teacher, due_in=4 * HOUR)


def test_staff_are_warned_once_and_told_who_has_time(cast: Any) -> None:
    made = overload(cast)
    assert warn_of_breaches(now=NOW) == 2
    told = Notification.objects.get(user=cast.staff)
    assert (told.kind, told.title) == ("breach_coming", "2 papers will probably be late")
    assert told.body == "For 1 of them another teacher has time."
    assert {one.pk for one in BreachWarning.objects.all()} == {made[1].pk, made[2].pk}
    helped = BreachWarning.objects.get(taker__isnull=False)
    assert (helped.giver, helped.taker) == (cast.teacher, cast.colleague)
    assert helped.taker_chance is not None
    assert helped.taker_chance < 0.5 <= helped.late_chance
    assert warn_of_breaches(now=NOW + timedelta(minutes=2)) == 0
    assert Notification.objects.filter(user=cast.staff).count() == 1


def test_nobody_is_warned_of_what_is_far_off_late_already_or_in_time(cast: Any) -> None:
    slow(cast.teacher, hours_a_paper=1)
    papers(cast, 1, cast.teacher, due_in=5 * HOUR)
    papers(cast, 1, cast.teacher, due_in=-HOUR)
    slow(cast.colleague, hours_a_paper=40)
    papers(cast, 1, cast.colleague, due_in=30 * HOUR)
    papers(cast, 1, cast.colleague, due_in=2 * HOUR, paused_at=NOW)
    warn_of_breaches(now=NOW)
    assert not BreachWarning.objects.filter(evaluation__paused_at=None).exists()
    assert not Notification.objects.filter(user=cast.staff).exists()


def test_one_press_gives_the_paper_to_who_was_proposed(client: Any, cast: Any) -> None:
    overload(cast)
    warn_of_breaches(now=NOW)
    warning = BreachWarning.objects.get(taker__isnull=False)
    client.force_login(cast.staff)
    url = reverse("admin:evaluations_breachwarning_changelist")
    assert warning.evaluation.short_id in client.get(url).content.decode()
    answer = client.post(url, {"_follow": str(warning.pk)}, follow=True)
    assert "1 paper is with another teacher now." in answer.content.decode()
    warning.evaluation.refresh_from_db()
    assert warning.evaluation.teacher == cast.colleague
    assert "Would probably have been late" in warning.evaluation.transitions.last().reason
    again = client.post(url, {"_follow": str(warning.pk)}, follow=True)
    assert "is not where it was when this was proposed" in again.content.decode()
    assert client.post(url, {"_follow": "nonsense"}, follow=True).status_code == 200


def test_a_proposal_that_is_out_of_date_moves_nothing(cast: Any) -> None:
    overload(cast)
    warn_of_breaches(now=NOW)
    warnings = list(BreachWarning.objects.select_related("evaluation"))
    with pytest.raises(ConflictError):
        follow_proposals(warnings=warnings, actor=cast.staff, now=NOW)
    assert not Evaluation.objects.filter(teacher=cast.colleague).exists()


def test_eight_at_once_warn_once(transactional_db: Any, cast: Any) -> None:
    overload(cast)
    assert sum(run_at_once([lambda: warn_of_breaches(now=NOW)] * 8)) == 2
    assert Notification.objects.filter(user=cast.staff).count() == 1

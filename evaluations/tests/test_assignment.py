from datetime import date, timedelta

import pytest

from accounts.enums import LinkState
from accounts.models import AuditEvent, GuardianLink, Leave, TeacherProfile
from courses.models import TeachingQualification
from evaluations.enums import EvaluationState
from evaluations.models import AssignmentDecision, Evaluation
from evaluations.services.assignment import (
    AssignmentError,
    assign_evaluation,
    assign_waiting,
    reassign_evaluations,
    requeue_evaluations,
)
from evaluations.services.opening import open_evaluation
from evaluations.services.transitions import TransitionError
from evaluations.tests.builders import evaluation_of, hand_in, more_students
from notifications.enums import NotificationKind
from notifications.models import Notification
from tests.factories import NOW

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 18)


def waiting(cast, student=None, **fields):
    return evaluation_of(hand_in(cast.exam, student or cast.student), **fields)


def busy(cast, teacher, *seconds, due_in=timedelta(hours=1)):
    """Papers that `teacher` already has."""
    for student, each in zip(more_students(len(seconds)), seconds, strict=True):
        evaluation_of(hand_in(cast.exam, student), teacher=teacher, expected_seconds=each, due_in=due_in)


def only_teacher(cast, teacher):
    TeachingQualification.objects.exclude(teacher=teacher).delete()


def test_the_least_work_before_the_deadline_decides(cast):
    busy(cast, cast.teacher, 600)
    busy(cast, cast.colleague, 100, 100)
    evaluation = waiting(cast)
    decision = assign_evaluation(evaluation=evaluation, now=NOW)
    assert decision.chosen == cast.colleague
    own = 8 * 45
    kept = ("teacher", "open_papers", "due_seconds", "own_seconds", "expected_seconds", "cap", "barrier")
    assert [tuple(one[name] for name in kept) for one in decision.candidates] == [
        (str(cast.colleague.pk), 2, 200, own, 200 + own, 20, ""),
        (str(cast.teacher.pk), 1, 600, own, 600 + own, 20, ""),
    ]
    others = TeacherProfile.objects.filter(verified_at__isnull=False).count() - 2
    assert (decision.candidates[0]["open_seconds"], decision.unqualified) == (18 * 3600, others)
    assert "about 9 min of work with this paper, 18 h of hours before then" in decision.reason
    assert "Anita Desai would be through first of 2 teachers" in decision.reason
    evaluation.refresh_from_db()
    assert (evaluation.state, evaluation.teacher, evaluation.expected_seconds) == ("assigned", cast.colleague, own)
    told = Notification.objects.get(user=cast.colleague)
    assert (told.kind, told.url) == ("paper_assigned", f"/marking/{evaluation.pk}/")


def test_work_due_after_the_deadline_does_not_count(cast):
    busy(cast, cast.teacher, 9000, due_in=timedelta(hours=72))
    busy(cast, cast.colleague, 60)
    assert assign_evaluation(evaluation=waiting(cast), now=NOW).chosen == cast.teacher


def test_a_slower_teacher_counts_as_busier(cast):
    TeacherProfile.objects.filter(user=cast.teacher).update(seconds_per_mark=90)
    assert assign_evaluation(evaluation=waiting(cast), now=NOW).chosen == cast.colleague


def test_equal_work_goes_to_whoever_has_fewer_papers(cast):
    busy(cast, cast.teacher, 50, 50)
    busy(cast, cast.colleague, 100)
    assert assign_evaluation(evaluation=waiting(cast), now=NOW).chosen == cast.colleague


def test_forty_papers_are_spread_evenly(cast):
    for student in more_students(40):
        open_evaluation(attempt_id=hand_in(cast.exam, student).pk, now=NOW)
    assert [Evaluation.objects.filter(teacher=t).count() for t in (cast.teacher, cast.colleague)] == [20, 20]


def test_nobody_gets_more_than_the_cap_and_the_rest_waits(cast):
    TeacherProfile.objects.update(open_paper_cap=2)
    for student in more_students(6):
        open_evaluation(attempt_id=hand_in(cast.exam, student).pk, now=NOW)
    assert [Evaluation.objects.filter(teacher=t).count() for t in (cast.teacher, cast.colleague)] == [2, 2]
    left = Evaluation.objects.filter(state=EvaluationState.QUEUED)
    assert left.count() == 2
    assert {d.reason for e in left for d in e.decisions.all()} == {
        "No teacher can take this paper: 2 at their limit of open papers."
    }


def test_the_reason_for_waiting_is_stored_once_until_it_changes(cast):
    TeachingQualification.objects.all().delete()
    evaluation = waiting(cast)
    for minute in range(3):
        assert assign_waiting(now=NOW + timedelta(minutes=minute)) == 0
    assert evaluation.decisions.count() == 1
    assert "nobody is verified and qualified" in evaluation.decisions.get().reason
    TeachingQualification.objects.create(teacher=cast.teacher, programme=cast.exam.programme)
    Leave.objects.create(teacher=cast.teacher.teacher_profile, starts_on=TODAY, ends_on=TODAY)
    assign_waiting(now=NOW)
    assert evaluation.decisions.first().reason == "No teacher can take this paper: 1 on leave."


@pytest.mark.parametrize("state", [LinkState.ACTIVE, LinkState.INVITED])
def test_a_guardian_never_gets_their_students_paper(cast, state):
    GuardianLink.objects.create(guardian=cast.teacher, student=cast.student, state=state)
    busy(cast, cast.colleague, 9000)
    assert assign_evaluation(evaluation=waiting(cast), now=NOW).chosen == cast.colleague


def test_a_guardianship_that_ended_is_no_conflict(cast):
    GuardianLink.objects.create(guardian=cast.teacher, student=cast.student, state=LinkState.ENDED)
    only_teacher(cast, cast.teacher)
    assert assign_evaluation(evaluation=waiting(cast), now=NOW).chosen == cast.teacher


def test_nobody_marks_their_own_paper(cast):
    only_teacher(cast, cast.teacher)
    decision = assign_evaluation(evaluation=waiting(cast, cast.teacher), now=NOW)
    assert decision.chosen is None
    assert "1 not allowed to mark this student" in decision.reason


def test_one_conflict_does_not_hold_up_the_papers_behind_it(cast):
    only_teacher(cast, cast.teacher)
    GuardianLink.objects.create(guardian=cast.teacher, student=cast.student, state=LinkState.ACTIVE)
    waiting(cast, due_in=timedelta(hours=1))
    behind = waiting(cast, cast.classmate)
    assert assign_waiting(now=NOW) == 1
    behind.refresh_from_db()
    assert behind.teacher == cast.teacher


def test_unverified_and_unqualified_and_inactive_teachers_get_nothing(cast):
    only_teacher(cast, cast.newcomer)
    assert assign_evaluation(evaluation=waiting(cast), now=NOW).chosen is None
    TeachingQualification.objects.create(teacher=cast.teacher, programme=cast.exam.programme)
    type(cast.teacher).objects.filter(pk=cast.teacher.pk).update(is_active=False)
    assert assign_evaluation(evaluation=waiting(cast, cast.classmate), now=NOW).chosen is None


def test_leave_today_excludes_and_leave_before_the_deadline_is_avoided(cast):
    leave = Leave.objects.create(teacher=cast.teacher.teacher_profile, starts_on=TODAY, ends_on=TODAY)
    busy(cast, cast.colleague, 9000)
    assert assign_evaluation(evaluation=waiting(cast), now=NOW).chosen == cast.colleague
    leave.starts_on = leave.ends_on = TODAY + timedelta(days=2)
    leave.save()
    assert assign_evaluation(evaluation=waiting(cast, cast.classmate), now=NOW).chosen == cast.colleague
    only_teacher(cast, cast.teacher)
    decision = assign_evaluation(evaluation=waiting(cast, cast.outsider), now=NOW)
    assert decision.chosen == cast.teacher, "away only later is better than nobody"


def test_a_paper_that_no_longer_waits_is_refused(cast):
    evaluation = waiting(cast, teacher=cast.teacher)
    with pytest.raises(AssignmentError) as error:
        assign_evaluation(evaluation=evaluation, now=NOW)
    assert error.value.code == "not_waiting"


def test_staff_reassign_in_bulk(cast):
    papers = [waiting(cast, student, teacher=cast.teacher) for student in more_students(2)]
    papers.append(waiting(cast))
    moved = reassign_evaluations(
        evaluations=papers, teacher=cast.colleague, actor=cast.staff, reason="Suresh is ill", now=NOW
    )
    assert moved == 3
    assert set(Evaluation.objects.values_list("teacher", "state")) == {(cast.colleague.pk, "assigned")}
    event = AuditEvent.objects.get(object_id=str(papers[0].pk))
    assert (event.actor, event.action, event.reason) == (cast.staff, "evaluation.reassigned", "Suresh is ill")
    assert event.before["teacher"] == str(cast.teacher.pk)
    assert event.after["teacher"] == str(cast.colleague.pk)
    again = reassign_evaluations(evaluations=papers, teacher=cast.colleague, actor=cast.staff, reason="again", now=NOW)
    assert again == 0
    assert AssignmentDecision.objects.filter(chosen=cast.colleague).count() == 3


def test_one_conflict_stops_the_whole_bulk(cast):
    GuardianLink.objects.create(guardian=cast.colleague, student=cast.student, state=LinkState.ACTIVE)
    papers = [waiting(cast, cast.classmate, teacher=cast.teacher), waiting(cast, teacher=cast.teacher)]
    with pytest.raises(AssignmentError) as error:
        reassign_evaluations(evaluations=papers, teacher=cast.colleague, actor=cast.staff, reason="x", now=NOW)
    assert papers[1].short_id in error.value.message
    assert set(Evaluation.objects.values_list("teacher", flat=True)) == {cast.teacher.pk}
    assert not AuditEvent.objects.filter(action="evaluation.reassigned").exists()


def test_staff_cannot_reassign_to_an_unverified_teacher_nor_a_finished_paper(cast):
    paper = waiting(cast, teacher=cast.teacher)
    with pytest.raises(AssignmentError):
        reassign_evaluations(evaluations=[paper], teacher=cast.newcomer, actor=cast.staff, reason="x", now=NOW)
    done = waiting(cast, cast.classmate, teacher=cast.teacher, state=EvaluationState.RELEASED)
    with pytest.raises(TransitionError):
        reassign_evaluations(evaluations=[done], teacher=cast.colleague, actor=cast.staff, reason="x", now=NOW)


def test_who_loses_papers_to_the_queue_is_told_once(cast):
    two = [waiting(cast, teacher=cast.teacher), waiting(cast, cast.classmate, teacher=cast.teacher)]
    one = waiting(cast, teacher=cast.colleague)
    requeue_evaluations(evaluations=[*two, one], actor=cast.staff, reason="Illness", now=NOW)
    told = Notification.objects.filter(kind=NotificationKind.PAPER_MOVED).order_by("title")
    assert [(row.user, row.title) for row in told] == [
        (cast.teacher, "2 papers went back to the queue"),
        (cast.colleague, f"Paper {one.short_id}, {one.attempt.exam.title}, went back to the queue"),
    ]


def test_back_into_the_queue_a_returned_paper_is_a_new_promise(cast):
    returned = waiting(cast, teacher=cast.teacher, state=EvaluationState.RETURNED)
    later = NOW + timedelta(days=5)
    assert requeue_evaluations(evaluations=[returned], actor=cast.staff, reason="New photos", now=later) == 1
    returned.refresh_from_db()
    assert (returned.state, returned.teacher, returned.submitted_at) == ("queued", None, later)
    assert returned.due_at > later

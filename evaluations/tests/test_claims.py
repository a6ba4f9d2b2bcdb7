from datetime import timedelta
from functools import partial

import pytest

from accounts.enums import LinkState
from accounts.models import GuardianLink
from common.errors import NotPermittedError
from common.testing.database import run_at_once
from courses.models import TeachingQualification
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, Transition
from evaluations.services.claims import (
    ClaimError,
    claim_evaluation,
    claim_for_desk,
    claim_next,
    lapse_idle_claims,
    release_claim,
    renew_lease,
)
from evaluations.services.opening import open_evaluation
from evaluations.tests.builders import default_policy, evaluation_of, hand_in, marking, more_students
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def waiting(cast, student=None, **fields):
    return evaluation_of(hand_in(cast.exam, student or cast.student), **fields)


def test_own_papers_come_first_by_deadline_then_waiting_ones(cast):
    hours = timedelta(hours=1)
    queued = waiting(cast, due_in=1 * hours)
    later = waiting(cast, cast.classmate, teacher=cast.teacher, due_in=9 * hours)
    sooner = waiting(cast, cast.outsider, teacher=cast.teacher, due_in=5 * hours)
    assert [claim_next(teacher=cast.teacher, now=NOW) for _ in range(4)] == [sooner, later, queued, None]
    queued.refresh_from_db()
    assert (queued.state, queued.teacher, queued.claimed_at, queued.lease_until) == (
        "in_progress", cast.teacher, NOW, NOW + 10 * MINUTE,
    )  # fmt: skip
    assert queued.expected_seconds == 8 * 45


def test_what_is_with_somebody_else_or_not_allowed_is_never_given(cast):
    waiting(cast, teacher=cast.colleague)
    GuardianLink.objects.create(guardian=cast.teacher, student=cast.classmate, state=LinkState.ACTIVE)
    waiting(cast, cast.classmate)
    waiting(cast, cast.teacher)
    assert claim_next(teacher=cast.teacher, now=NOW) is None


def test_only_papers_of_programmes_one_is_qualified_for(cast):
    waiting(cast)
    TeachingQualification.objects.filter(teacher=cast.teacher).delete()
    assert claim_next(teacher=cast.teacher, now=NOW) is None


@pytest.mark.parametrize("who", ["newcomer", "student", "staff"])
def test_only_verified_teachers_claim(cast, who):
    waiting(cast)
    with pytest.raises(NotPermittedError):
        claim_next(teacher=cast.people[who], now=NOW)


def test_a_second_device_renews_and_another_person_hears_who_has_it(cast):
    evaluation = waiting(cast, teacher=cast.teacher)
    claim_evaluation(evaluation=evaluation, teacher=cast.teacher, now=NOW)
    again = claim_evaluation(evaluation=evaluation, teacher=cast.teacher, now=NOW + MINUTE)
    assert again.lease_until == NOW + 11 * MINUTE
    assert Transition.objects.filter(evaluation=evaluation).count() == 1
    with pytest.raises(ClaimError) as error:
        claim_evaluation(evaluation=evaluation, teacher=cast.colleague, now=NOW)
    assert (error.value.message, error.value.code) == ("Suresh Rao is marking this paper.", "held")
    assert error.value.status == 409


def test_claiming_one_waiting_paper_needs_the_same_rights_as_the_next(cast):
    evaluation = waiting(cast)
    GuardianLink.objects.create(guardian=cast.teacher, student=cast.student, state=LinkState.ACTIVE)
    with pytest.raises(NotPermittedError) as error:
        claim_evaluation(evaluation=evaluation, teacher=cast.teacher, now=NOW)
    assert error.value.code == "conflict_of_interest"
    assert claim_evaluation(evaluation=evaluation, teacher=cast.colleague, now=NOW).teacher == cast.colleague


def test_opening_the_desk_claims_only_for_the_teacher_who_has_it(cast):
    evaluation = waiting(cast, teacher=cast.teacher)
    assert claim_for_desk(evaluation=evaluation, person=cast.staff, now=NOW).state == EvaluationState.ASSIGNED
    assert claim_for_desk(evaluation=evaluation, person=cast.teacher, now=NOW).state == EvaluationState.IN_PROGRESS
    done = waiting(cast, cast.classmate, teacher=cast.teacher, state=EvaluationState.RELEASED)
    assert claim_for_desk(evaluation=done, person=cast.teacher, now=NOW).state == EvaluationState.RELEASED


def test_a_heartbeat_renews_and_counts_at_most_two_minutes(cast):
    evaluation = marking(cast.exam, cast.student, cast.teacher)
    renew_lease(evaluation=evaluation, teacher=cast.teacher, now=NOW + timedelta(seconds=30))
    renewed = renew_lease(evaluation=evaluation, teacher=cast.teacher, now=NOW + 9 * MINUTE)
    assert (renewed.active_seconds, renewed.lease_until) == (30 + 120, NOW + 19 * MINUTE)
    late = renew_lease(evaluation=evaluation, teacher=cast.teacher, now=NOW + MINUTE)
    assert (late.active_seconds, late.lease_until) == (150, NOW + 19 * MINUTE), "an overtaken request changes nothing"


def test_opening_the_desk_again_renews_the_lease_in_one_statement(cast, django_assert_num_queries):
    marking(cast.exam, cast.student, cast.teacher)
    read, also_read = (Evaluation.objects.with_paper().get() for _ in range(2))
    with django_assert_num_queries(1):
        opened = claim_for_desk(evaluation=read, person=cast.teacher, now=NOW + MINUTE)
    assert (opened.lease_until, opened.active_seconds) == (NOW + 11 * MINUTE, 60)
    # Read before the other one wrote: its minute is not counted twice, nor lost.
    opened = claim_for_desk(evaluation=also_read, person=cast.teacher, now=NOW + 2 * MINUTE)
    assert (opened.lease_until, opened.active_seconds) == (NOW + 12 * MINUTE, 120)


def test_opening_the_desk_does_not_take_a_paper_that_was_given_away_meanwhile(cast):
    evaluation = marking(cast.exam, cast.student, cast.teacher)
    read = Evaluation.objects.with_paper().get()
    Evaluation.objects.update(teacher=cast.colleague)
    with pytest.raises(ClaimError):
        claim_for_desk(evaluation=read, person=cast.teacher, now=NOW + MINUTE)
    evaluation.refresh_from_db()
    assert evaluation.lease_until == NOW + 10 * MINUTE


def test_a_heartbeat_without_the_claim_is_refused(cast):
    evaluation = waiting(cast, teacher=cast.teacher)
    with pytest.raises(ClaimError) as error:
        renew_lease(evaluation=evaluation, teacher=cast.teacher, now=NOW)
    assert (error.value.code, error.value.message) == ("not_claimed", "Claim the paper first.")


def test_thirty_idle_minutes_let_go_and_work_is_kept(cast):
    evaluation = marking(cast.exam, cast.student, cast.teacher, active_seconds=77)
    assert lapse_idle_claims(now=NOW + 29 * MINUTE) == 0
    assert lapse_idle_claims(now=NOW + 30 * MINUTE) == 1
    assert lapse_idle_claims(now=NOW + 31 * MINUTE) == 0
    evaluation.refresh_from_db()
    assert (evaluation.state, evaluation.teacher, evaluation.lease_until) == ("assigned", cast.teacher, None)
    assert evaluation.active_seconds == 77


def test_putting_a_paper_down_keeps_it_with_the_teacher(cast):
    evaluation = marking(cast.exam, cast.student, cast.teacher)
    assert release_claim(evaluation=evaluation, teacher=cast.teacher, now=NOW).state == EvaluationState.ASSIGNED
    assert evaluation.transitions.get().actor == cast.teacher


def test_sixteen_claims_at_once_each_get_another_paper(transactional_db, cast):
    teachers = [cast.teacher, cast.colleague]
    for _ in range(2):
        teacher = factories.TeacherFactory()
        TeachingQualification.objects.create(teacher=teacher, programme=cast.exam.programme)
        teachers.append(teacher)
    papers = {waiting(cast, student).pk for student in more_students(12)}
    claimed = run_at_once([partial(claim_next, teacher=teachers[n % 4], now=NOW) for n in range(16)])
    got = [evaluation.pk for evaluation in claimed if evaluation is not None]
    assert len(got) == len(set(got)) == 12
    assert set(got) == papers
    assert Transition.objects.filter(name="claim").count() == 12
    held = dict(Evaluation.objects.values_list("pk", "teacher"))
    assert all(held[e.pk] == teachers[n % 4].pk for n, e in enumerate(claimed) if e is not None)


def test_sixteen_papers_opened_at_once_respect_the_caps(transactional_db, cast):
    for teacher in (cast.teacher, cast.colleague):
        teacher.teacher_profile.open_paper_cap = 5
        teacher.teacher_profile.save()
    default_policy()
    attempts = [hand_in(cast.exam, student).pk for student in more_students(16)]
    run_at_once([partial(open_evaluation, attempt_id=attempt, now=NOW) for attempt in attempts])
    loads = [Evaluation.objects.filter(teacher=t).count() for t in (cast.teacher, cast.colleague)]
    assert loads == [5, 5]
    assert Evaluation.objects.filter(state="queued").count() == 6


def test_one_paper_opened_eight_times_at_once_is_opened_once(transactional_db, cast):
    default_policy()
    attempt = hand_in(cast.exam, cast.student).pk
    made = run_at_once([partial(open_evaluation, attempt_id=attempt, now=NOW)] * 8)
    assert len({evaluation.pk for evaluation in made}) == 1
    names = sorted(Transition.objects.values_list("name", flat=True))
    assert names == ["assign", "open"]

"""A pathfinder hears of the quiz that it leads to: at once, once, and after a lost delivery."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from assessments.enums import RevealWhen
from assessments.models import Attempt, Exam, ExternalResult
from assessments.services.external_results import receive_result
from assessments.services.pathfinders import tell_by_attempt, tell_by_result, tell_missed_scores
from assessments.tests.external import event_of, external_world, launch_for, signed
from assessments.tests.test_quizzes import make_quiz, take
from courses.models import LearningPath, Pathfinder, PathfinderPath, PathfinderRun
from courses.services.pathfinders import begin_run
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def leading_to(cast, target, kind="quiz") -> Pathfinder:
    path = LearningPath.objects.create(slug=uuid4().hex[:8], title="Ground", is_published=True)
    made = Pathfinder.objects.create(title="Way", kind=kind, target=target, is_published=True, created_by=cast.teacher)
    PathfinderPath.objects.create(pathfinder=made, path=path, from_percent=0)
    return made


def test_a_handed_in_quiz_is_told_at_once_and_once(cast, django_capture_on_commit_callbacks):
    quiz = make_quiz(cast)
    begin_run(pathfinder=leading_to(cast, quiz.pk), interests=[], student=cast.student, now=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        take(quiz, cast.student, 5)
    run = PathfinderRun.objects.get()
    assert (run.score, run.out_of, run.fits[0]["share"]) == (Decimal(5), Decimal(10), 100)
    assert tell_by_attempt(attempt_id=Attempt.objects.get().pk, now=NOW) == tell_missed_scores(now=NOW) == 0
    with django_capture_on_commit_callbacks(execute=True):
        take(quiz, cast.student, 10, NOW + timedelta(hours=1))
    assert PathfinderRun.objects.count() == 2


def test_the_sweep_tells_what_was_lost_to_those_who_wait(cast):
    quiz = make_quiz(cast)
    take(quiz, cast.classmate, 5)
    begin_run(pathfinder=leading_to(cast, quiz.pk), interests=[], student=cast.student, now=NOW)
    take(quiz, cast.student, 5, NOW + timedelta(minutes=1))
    assert (tell_missed_scores(now=NOW), tell_missed_scores(now=NOW)) == (1, 0)
    assert PathfinderRun.objects.get().student == cast.student


def test_marks_that_are_kept_back_are_not_given_away(cast):
    quiz, closes = make_quiz(cast), NOW + timedelta(days=2)
    Exam.objects.filter(pk=quiz.pk).update(reveal_marks=RevealWhen.CLOSED, closes_at=closes)
    quiz.refresh_from_db()
    begin_run(pathfinder=leading_to(cast, quiz.pk), interests=[], student=cast.student, now=NOW)
    attempt = take(quiz, cast.student, 5, NOW + timedelta(minutes=1))
    assert tell_by_attempt(attempt_id=attempt.pk, now=NOW) == tell_missed_scores(now=NOW) == 0
    assert tell_missed_scores(now=closes + timedelta(days=1)) == 1


def test_an_external_result_is_told_once(cast, django_capture_on_commit_callbacks):
    there = external_world(cast, NOW)
    begin_run(pathfinder=leading_to(cast, there.pk, "external"), interests=[], student=cast.student, now=NOW)
    event = event_of(launch_for(there, cast.student, NOW), NOW, score=6.5)
    with django_capture_on_commit_callbacks(execute=True):
        receive_result(tool=there.tool, now=NOW, **signed(there.tool, event, NOW))
    assert PathfinderRun.objects.get().score == Decimal("6.5")
    assert tell_by_result(result_id=ExternalResult.objects.get().pk, now=NOW) == tell_missed_scores(now=NOW) == 0

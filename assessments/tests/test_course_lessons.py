"""Lessons that lead to an exam or an external assessment are done by it: at once, once, and after a lost delivery."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from assessments.enums import RevealWhen
from assessments.models import Attempt, Exam, ExternalResult
from assessments.services.course_lessons import complete_by_attempt, complete_by_result, complete_missed_lessons
from assessments.services.external_results import receive_result
from assessments.tests.external import event_of, external_world, launch_for, signed
from assessments.tests.test_quizzes import make_quiz, take
from courses.enums import CompletionRule, LessonKind, LessonState
from courses.models import CourseCompletion, Lesson, LessonProgress
from courses.tests.builders import course_of, inside, lesson_in
from tests.factories import NOW

pytestmark = pytest.mark.django_db

PASSED, SUBMITTED = CompletionRule.PASSED, CompletionRule.SUBMITTED


def lesson_to(cast, target, *, completion=PASSED, kind=LessonKind.QUIZ, student=None) -> Lesson:
    """The one lesson of a course that the student is in."""
    course = course_of(cast.teacher, modules=1, lessons=0)
    lesson = lesson_in(course.modules.get(), cast.teacher, kind=kind, completion=completion, target=target.pk)
    inside(course, student or cast.student)
    return lesson


def done() -> set:
    return set(LessonProgress.objects.filter(state=LessonState.DONE).values_list("lesson", flat=True))


@pytest.mark.parametrize(("rule", "right", "is_done"), [(PASSED, 6, False), (PASSED, 7, True), (SUBMITTED, 0, True)])
def test_a_handed_in_quiz_does_its_lesson_at_once(cast, django_capture_on_commit_callbacks, rule, right, is_done):
    quiz = make_quiz(cast)
    lesson = lesson_to(cast, quiz, completion=rule)
    with django_capture_on_commit_callbacks(execute=True):
        take(quiz, cast.student, right)
    assert done() == ({lesson.pk} if is_done else set())
    assert CourseCompletion.objects.count() == is_done


def test_any_attempt_passes_and_a_worse_one_takes_nothing_away(cast, django_capture_on_commit_callbacks):
    quiz = make_quiz(cast)
    lesson = lesson_to(cast, quiz)
    for hour, right in enumerate((2, 9, 1)):
        with django_capture_on_commit_callbacks(execute=True):
            take(quiz, cast.student, right, NOW + timedelta(hours=hour))
    assert done() == {lesson.pk}
    attempts = Attempt.objects.values_list("pk", flat=True)
    assert [complete_by_attempt(attempt_id=pk, now=NOW) for pk in attempts.order_by("pk")] == [0, 1, 0]
    assert LessonProgress.objects.count() == CourseCompletion.objects.count() == 1


def test_the_sweep_does_what_was_dropped_and_only_what_is_earned(cast):
    """Nothing is delivered here. Of two lessons that lead to a failed quiz only the one that asks for less is done."""
    quiz = make_quiz(cast)
    asks_less, asks_more = lesson_to(cast, quiz, completion=SUBMITTED), lesson_to(cast, quiz)
    others = lesson_to(cast, quiz, completion=SUBMITTED, student=cast.classmate)
    take(quiz, cast.student, 6)
    assert (complete_missed_lessons(now=NOW), complete_missed_lessons(now=NOW)) == (1, 0)
    assert done() == {asks_less.pk}
    take(quiz, cast.student, 7, NOW + timedelta(hours=1))
    assert (complete_missed_lessons(now=NOW), complete_missed_lessons(now=NOW)) == (1, 0)
    assert done() == {asks_less.pk, asks_more.pk}
    assert others.pk not in done()


def test_who_took_the_quiz_before_enrolling_is_found(cast):
    quiz = make_quiz(cast)
    take(quiz, cast.student, 10)
    lesson = lesson_to(cast, quiz)
    assert complete_missed_lessons(now=NOW) == 1
    assert done() == {lesson.pk}


def test_passing_is_told_no_sooner_than_the_marks(cast):
    quiz = make_quiz(cast)
    closes = NOW + timedelta(days=3)
    Exam.objects.filter(pk=quiz.pk).update(reveal_marks=RevealWhen.CLOSED, closes_at=closes)
    quiz.refresh_from_db()
    lesson = lesson_to(cast, quiz)
    attempt = take(quiz, cast.student, 10)
    assert complete_by_attempt(attempt_id=attempt.pk, now=NOW) == complete_missed_lessons(now=NOW) == 0
    assert complete_missed_lessons(now=closes + timedelta(days=1)) == 1
    assert done() == {lesson.pk}


@pytest.mark.parametrize(("score", "is_done"), [(6.5, False), (7, True)])
def test_an_external_result_does_its_lesson(cast, django_capture_on_commit_callbacks, score, is_done):
    there = external_world(cast, NOW)
    lesson = lesson_to(cast, there, kind=LessonKind.EXTERNAL)
    event = event_of(launch_for(there, cast.student, NOW), NOW, score=score)
    for _delivery in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            receive_result(tool=there.tool, now=NOW, **signed(there.tool, event, NOW))
    assert done() == ({lesson.pk} if is_done else set())
    result = ExternalResult.objects.get()
    assert (result.score, complete_by_result(result_id=result.pk, now=NOW)) == (Decimal(str(score)), is_done)


def test_the_sweep_finds_external_results(cast):
    there = external_world(cast, NOW)
    lesson_to(cast, there, kind=LessonKind.EXTERNAL)
    event = event_of(launch_for(there, cast.student, NOW), NOW, score=9)
    receive_result(tool=there.tool, now=NOW, **signed(there.tool, event, NOW))
    assert (complete_missed_lessons(now=NOW), complete_missed_lessons(now=NOW)) == (1, 0)


def test_the_exam_leads_back_to_the_lesson(cast, client):
    quiz = make_quiz(cast)
    Exam.objects.filter(pk=quiz.pk).update(opens_at=timezone.now() - timedelta(days=1))
    lesson = lesson_to(cast, quiz)
    back, there = reverse("lesson-page", args=[lesson.pk]), reverse("exam-detail", args=[quiz.pk])
    client.force_login(cast.student)
    assert there in client.get(back).content.decode()
    assert back in client.get(there).content.decode()
    client.force_login(cast.classmate)
    assert back not in client.get(there).content.decode()

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ConflictError
from courses.enums import CompletionRule, CourseState, EnrolmentState, LessonKind, LessonState
from courses.models import CourseCompletion, CourseProgress, LessonProgress, ModulePrerequisite, ProgressRecount
from courses.selectors import course_outline
from courses.selectors.courses import undone_targets
from courses.services.building import add_lesson, change_lesson, remove_lesson
from courses.services.checks import CourseError
from courses.services.counting import counted
from courses.services.courses import archive_course, publish_course
from courses.services.lesson_drafts import publish_lesson
from courses.services.opinions import review_course, save_note
from courses.services.progress import complete_target, finish_lesson, note_time, open_lesson
from courses.services.recounts import PATIENCE, tend_recounts, work_on
from courses.signals import course_completed
from courses.tests.builders import NOW, course_of, inside, lesson_in, lessons_of
from courses.tests.test_enrolments import refused
from tests import factories
from tests.cast import Cast


@pytest.fixture
def announced():
    heard = []

    def hear(enrolment_id, **kwargs):
        heard.append(enrolment_id)

    course_completed.connect(hear)
    yield heard
    course_completed.disconnect(hear)


@given(done=st.integers(0, 400), total=st.integers(0, 400), highest=st.integers(0, 100), was=st.booleans())
def test_counting_never_goes_back_and_never_over(done, total, highest, was) -> None:
    found = counted(done=done, total=total, highest=highest if not was else 100, was_complete=was)
    assert 0 <= found.done <= found.total
    assert found.percent <= 100
    assert found.percent >= min(highest, 99)
    assert (found.percent == 100) == found.is_complete
    assert found.is_complete >= was
    if not was:
        assert found.is_complete == (total > 0 and done >= total)


def test_course_is_completed_once(cast: Cast, announced, django_capture_on_commit_callbacks) -> None:
    course = course_of(cast.teacher)
    enrolment = inside(course, cast.student)
    percents = []
    with django_capture_on_commit_callbacks(execute=True):
        for lesson in lessons_of(course) * 2:
            finish_lesson(lesson=lesson, student=cast.student, now=NOW)
            percents.append(CourseProgress.objects.get().percent)
    assert percents == [25, 50, 75, 100, 100, 100, 100, 100]
    enrolment.refresh_from_db()
    assert (enrolment.state, enrolment.completed_at) == (EnrolmentState.COMPLETED, NOW)
    assert CourseCompletion.objects.get().lessons == 4
    assert announced == [enrolment.pk]


def test_lessons_added_later_leave_the_completed_and_hold_the_others(
    cast: Cast, announced, django_capture_on_commit_callbacks
) -> None:
    course = course_of(cast.teacher, modules=1, lessons=2)
    first, second = lessons_of(course)
    inside(course, cast.student), inside(course, cast.classmate)
    for lesson in (first, second):
        finish_lesson(lesson=lesson, student=cast.student, now=NOW)
    finish_lesson(lesson=first, student=cast.classmate, now=NOW)
    new = add_lesson(module=first.module, kind="text", title="New", actor=cast.teacher, now=NOW)
    assert not ProgressRecount.objects.exists(), "a lesson that is not out changes nothing"
    with django_capture_on_commit_callbacks(execute=True):
        publish_lesson(lesson=new, data={"body": "New text"}, actor=cast.teacher, now=NOW)
    recount = ProgressRecount.objects.get()
    assert (recount.total, recount.done) == (2, 2)
    assert recount.finished_at
    rows = {row.enrolment.student.name: row for row in CourseProgress.objects.select_related("enrolment__student")}
    meera, rohan = rows["Meera Nair"], rows["Rohan Gupta"]
    assert (meera.done, meera.total, meera.percent) == (2, 3, 100)
    assert (rohan.done, rohan.total, rohan.percent) == (1, 3, 50), "never back, though it is a third now"
    # What is left out again may complete somebody.
    new.refresh_from_db()
    finish_lesson(lesson=new, student=cast.classmate, now=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        remove_lesson(lesson=second, actor=cast.teacher, now=NOW)
    assert CourseCompletion.objects.count() == 2
    assert len(announced) == 1


def test_recount_goes_on_after_a_lost_worker(cast: Cast, monkeypatch) -> None:
    from courses.services import recounts

    monkeypatch.setattr(recounts, "BATCH", 2)
    course = course_of(cast.teacher)
    for _ in range(5):
        inside(course, factories.StudentFactory())
    change_lesson(lesson=lessons_of(course)[0], fields={"is_required": False}, actor=cast.teacher, now=NOW)
    recount = ProgressRecount.objects.get()
    assert (recount.done, recount.total, recount.finished_at) == (0, 5, None)
    assert recounts._next_batch(recount.pk, NOW) == 2  # and the worker is gone
    recount.refresh_from_db()
    assert recount.done == 2
    assert tend_recounts(now=NOW) == 0
    assert tend_recounts(now=NOW + PATIENCE + timedelta(seconds=1)) == 1
    work_on(recount_id=recount.pk, now=NOW)
    recount.refresh_from_db()
    assert recount.done == 5
    assert recount.finished_at
    assert set(CourseProgress.objects.values_list("total", flat=True)) == {3}
    assert work_on(recount_id=recount.pk, now=NOW) == 0


def test_recount_costs_the_same_for_3_and_for_30(cast: Cast, django_assert_num_queries) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for people in (3, 30):
        course = course_of(cast.teacher)
        for _ in range(people):
            inside(course, factories.StudentFactory())
        change_lesson(lesson=lessons_of(course)[0], fields={"is_required": False}, actor=cast.teacher, now=NOW)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            work_on(recount_id=course.recounts.get().pk, now=NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_time_counts_what_is_largest_and_possible(cast: Cast) -> None:
    course = course_of(cast.teacher, modules=1, lessons=1)
    lesson = lessons_of(course)[0]
    change_lesson(
        lesson=lesson, fields={"completion": CompletionRule.TIME, "seconds_needed": 120}, actor=cast.teacher, now=NOW
    )
    lesson = lessons_of(course)[0]
    inside(course, cast.student)
    open_lesson(lesson=lesson, student=cast.student, now=NOW)
    later = NOW + timedelta(seconds=60)
    assert note_time(lesson=lesson, student=cast.student, seconds=5000, video_at=40, now=later).seconds == 60
    assert note_time(lesson=lesson, student=cast.student, seconds=10, now=later).seconds == 60
    with pytest.raises(CourseError, match="Stay with this lesson for 1 min more"):
        finish_lesson(lesson=lesson, student=cast.student, now=later)
    done = note_time(lesson=lesson, student=cast.student, seconds=130, now=NOW + timedelta(seconds=200))
    assert (done.state, done.seconds, done.video_at) == (LessonState.DONE, 130, 40)
    for bad in (-1, "5", True, None, 2**40):
        refused("bad_seconds", note_time, lesson=lesson, student=cast.student, seconds=bad, now=later)


def test_what_leads_elsewhere_is_completed_from_there(cast: Cast) -> None:
    course = course_of(cast.teacher, modules=1, lessons=1)
    module, target = course.modules.get(), uuid4()
    quiz = lesson_in(
        module, cast.teacher, position=2, kind=LessonKind.QUIZ, completion=CompletionRule.PASSED, target=target
    )
    inside(course, cast.student)
    refused("done_elsewhere", finish_lesson, lesson=quiz, student=cast.student, now=NOW)
    told = {"kind": "quiz", "target": target, "now": NOW}
    assert complete_target(student=cast.student, passed=False, **told) == []
    assert complete_target(student=cast.classmate, passed=True, **told) == []
    assert complete_target(student=cast.student, passed=True, **told | {"target": uuid4()}) == []
    for _ in range(2):
        assert [row.lesson_id for row in complete_target(student=cast.student, passed=True, **told)] == [quiz.pk]
    assert CourseProgress.objects.get().done == 1


def test_archived_course_counts_nothing_until_it_is_out_again(cast: Cast) -> None:
    course = course_of(cast.teacher, modules=1, lessons=1)
    module, target = course.modules.get(), uuid4()
    lesson_in(module, cast.teacher, position=2, kind=LessonKind.QUIZ, completion="submitted", target=target)
    inside(course, cast.student)
    told = {"kind": "quiz", "target": target, "student": cast.student, "passed": True, "now": NOW}
    archive_course(course=course, actor=cast.teacher, now=NOW)
    assert complete_target(**told) == []
    assert not undone_targets(["quiz"]).exists(), "no sweep asks for it again and again"
    publish_course(course=course, actor=cast.teacher, now=NOW)
    assert undone_targets(["quiz"]).count() == 1
    assert len(complete_target(**told)) == 1


def test_modules_and_dates_keep_lessons_shut(cast: Cast) -> None:
    course = course_of(cast.teacher, modules=2, lessons=1)
    first, second = lessons_of(course)
    ModulePrerequisite.objects.create(module=second.module, required=first.module)
    enrolment = inside(course, cast.student)
    refused("lesson_locked", open_lesson, lesson=second, student=cast.student, now=NOW)
    outline = course_outline(course=course, enrolment=enrolment, now=NOW)
    assert [row.is_open for row in outline.lessons] == [True, False]
    assert outline.modules[1].waits_for == ["Module 1"]
    finish_lesson(lesson=first, student=cast.student, now=NOW)
    opens = NOW + timedelta(days=1)
    change_lesson(lesson=second, fields={"unlock_at": opens}, actor=cast.teacher, now=NOW)
    second = lessons_of(course)[1]
    refused("lesson_not_yet", open_lesson, lesson=second, student=cast.student, now=NOW)
    assert course_outline(course=course, enrolment=enrolment, now=NOW).lessons[1].opens_at == opens
    assert open_lesson(lesson=second, student=cast.student, now=opens).state == LessonState.BEGUN
    outline = course_outline(course=course, enrolment=enrolment, now=opens)
    assert outline.resume(None) == second
    assert outline.beside(second.pk) == (first, None)


def test_archived_course_counts_nothing_more(cast: Cast) -> None:
    course = course_of(cast.teacher)
    inside(course, cast.student)
    course.state = CourseState.ARCHIVED
    course.save()
    refused("course_closed", finish_lesson, lesson=lessons_of(course)[0], student=cast.student, now=NOW)
    assert not LessonProgress.objects.exists()


def test_notes_are_never_overwritten_unasked(cast: Cast) -> None:
    lesson = lessons_of(course_of(cast.teacher))[0]
    first = save_note(lesson=lesson, text="one", seen=0, student=cast.student, now=NOW)
    assert save_note(lesson=lesson, text="one", seen=0, student=cast.student, now=NOW).version == 1
    assert save_note(lesson=lesson, text="two", seen=first.version, student=cast.student, now=NOW).version == 2
    with pytest.raises(ConflictError) as caught:
        save_note(lesson=lesson, text="three", seen=1, student=cast.student, now=NOW)
    assert caught.value.details == {"version": 2, "text": "two"}


def test_review_waits_for_a_fifth_of_the_course(cast: Cast) -> None:
    course = course_of(cast.teacher, modules=1, lessons=5)
    inside(course, cast.student)
    given = {"course": course, "student": cast.student, "now": NOW}
    refused("too_early", review_course, stars=5, text="", **given)
    finish_lesson(lesson=lessons_of(course)[0], student=cast.student, now=NOW)
    refused("stars_invalid", review_course, stars=6, text="", **given)
    first = review_course(stars=4, text="Clear.", **given)
    again = review_course(stars=5, text="Very clear.", **given)
    assert (again.pk, again.stars, again.state) == (first.pk, 5, "waiting")

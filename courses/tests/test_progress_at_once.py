"""Progress while many tabs of many people finish lessons at random: PostgreSQL, where people can collide.

In full (50 people with 20 tabs each): `COURSE_TABS=20 COURSE_PEOPLE=50 pytest courses/tests/test_progress_at_once.py`.
"""

from __future__ import annotations

import os
import random
import threading
from contextlib import contextmanager

import pytest
from django.db import connections

from courses.enums import EnrolmentState
from courses.models import CourseCompletion, CourseProgress, Enrolment
from courses.services.building import remove_lesson
from courses.services.prerequisites import CycleError, require_courses
from courses.services.progress import finish_lesson
from courses.services.recounts import work_on
from courses.signals import course_completed
from courses.tests.builders import NOW, course_of, inside, lessons_of
from courses.tests.test_enrolments import at_once
from tests import factories

PEOPLE, TABS = int(os.environ.get("COURSE_PEOPLE", "6")), int(os.environ.get("COURSE_TABS", "5"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.services,
    pytest.mark.only_on("postgresql"),  # SQLite has one writer
]


@pytest.fixture
def announced():
    heard: list[object] = []

    def hear(enrolment_id, **kwargs):
        heard.append(enrolment_id)

    course_completed.connect(hear)
    yield heard
    course_completed.disconnect(hear)


def test_many_tabs_finish_lessons_at_random(transactional_db, announced) -> None:
    """Never back, never over 100, completed exactly once; while a lesson is taken out and everybody is recounted."""
    course = course_of(factories.TeacherFactory(), modules=2, lessons=3)
    *kept, removed = lessons_of(course)
    people = [inside(course, factories.StudentFactory()) for _ in range(PEOPLE)]
    work = [(row, lesson) for row in people for _ in range(TABS) for lesson in kept]
    random.Random(7).shuffle(work)

    def finish(one):
        row, lesson = one
        finish_lesson(lesson=lesson, student=row.student, now=NOW)
        if one is work[len(work) // 2]:
            remove_lesson(lesson=removed, actor=course.created_by, now=NOW)
            work_on(recount_id=course.recounts.latest("pk").pk, now=NOW)

    with watched() as falls:
        at_once(finish, work, threads=min(20, TABS * 4))
    assert falls == []
    assert {(row.done, row.total, row.percent) for row in CourseProgress.objects.all()} == {(5, 5, 100)}
    assert set(Enrolment.objects.values_list("state", flat=True)) == {EnrolmentState.COMPLETED}
    assert CourseCompletion.objects.count() == PEOPLE
    assert sorted(announced) == sorted(row.pk for row in people)


@contextmanager
def watched():
    """Reads everybody's percentage over and over meanwhile, and lists those that fell or went over 100."""
    falls, over, last = [], threading.Event(), {}

    def watch():
        try:
            while not over.is_set():
                for pk, percent in CourseProgress.objects.values_list("pk", "percent"):
                    if percent < last.get(pk, 0) or percent > 100:
                        falls.append((pk, last.get(pk), percent))
                    last[pk] = percent
        finally:
            connections.close_all()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield falls
    finally:
        over.set()
        watcher.join()


def test_two_who_close_a_circle_at_once_do_not_both_succeed(transactional_db) -> None:
    """A → B and C → D, with B → C and D → A there already: none of the four courses is common to both."""
    teacher = factories.TeacherFactory()
    a, b, c, d = (course_of(teacher, title=title) for title in "ABCD")
    for one, other in ((b, c), (d, a)):
        require_courses(course=one, required=[other], actor=teacher, now=NOW)
    refused = []

    def require(edge):
        try:
            require_courses(course=edge[0], required=[edge[1]], actor=teacher, now=NOW)
        except CycleError as error:
            refused.append(error.message)

    at_once(require, [(a, b), (c, d)], threads=2)
    assert len(refused) == 1
    assert refused[0].startswith("These would wait for one another: “")

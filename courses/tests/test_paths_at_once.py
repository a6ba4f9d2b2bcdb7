"""Paths while people complete their courses at the same moment: PostgreSQL, where people can collide."""

from __future__ import annotations

import random

import pytest
from django.db import connection

from courses.models import LearningPath, PathCourse, PathEnrolment
from courses.services.paths import begin_path
from courses.services.progress import finish_lesson
from courses.signals import path_completed
from courses.tests.builders import NOW, course_of, inside, lessons_of
from courses.tests.test_enrolments import at_once
from tests import factories

pytestmark = [
    pytest.mark.slow,
    pytest.mark.services,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]


def test_courses_completed_at_once_complete_their_path_once(transactional_db) -> None:
    """While people begin the path at the very moment in which they complete its courses."""
    teacher = factories.TeacherFactory()
    courses = [course_of(teacher, modules=1, lessons=1) for _ in range(3)]
    path = LearningPath.objects.create(slug="path", title="Path", is_published=True)
    for position, course in enumerate(courses):
        PathCourse.objects.create(path=path, course=course, position=position)
    people = [inside(course, student) for student in factories.StudentFactory.create_batch(6) for course in courses]
    heard: list[object] = []

    def hear(path_enrolment_id, **kwargs):
        heard.append(path_enrolment_id)

    def go(row):
        finish_lesson(lesson=lessons_of(row.course)[0], student=row.student, now=NOW)
        begin_path(path=path, student=row.student, now=NOW)

    random.Random(5).shuffle(people)
    path_completed.connect(hear)
    at_once(go, people, threads=8)
    path_completed.disconnect(hear)
    places = PathEnrolment.objects.all()
    assert {(row.done, row.total, row.percent) for row in places} == {(3, 3, 100)}
    assert sorted(heard) == sorted(row.pk for row in places)
    assert len(heard) == 6

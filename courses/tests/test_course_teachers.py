"""Choosing who teaches a course, the settings of a module, and an older version of a lesson back in the editor."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from common.errors import NotPermittedError
from courses.models import CourseTeacher, LessonDraft
from courses.services.checks import CourseError
from courses.services.courses import add_teacher, put_teacher_first, remove_teacher
from courses.services.lesson_drafts import publish_lesson
from courses.tests.builders import NOW, course_of, lessons_of
from tests import factories
from tests.cast import Cast


def teaching(course: Any) -> list[Any]:
    rows = CourseTeacher.objects.filter(course=course).order_by("position", "pk").select_related("teacher")
    return [row.teacher for row in rows]


def send(client: Client, person: Any, name: str, thing: Any, **data: Any) -> Any:
    client.force_login(person)
    return client.post(reverse(name, args=[thing.pk]), data)


def test_first_teacher_adds_puts_first_and_takes_out(cast: Cast) -> None:
    course = course_of(cast.teacher)
    by = {"course": course, "now": NOW}
    add_teacher(teacher=cast.colleague, actor=cast.teacher, **by)
    assert teaching(course) == [cast.teacher, cast.colleague]
    with pytest.raises(NotPermittedError):
        remove_teacher(teacher=cast.teacher, actor=cast.colleague, **by)
    put_teacher_first(teacher=cast.colleague, actor=cast.teacher, **by)
    assert teaching(course) == [cast.colleague, cast.teacher]
    with pytest.raises(NotPermittedError):
        add_teacher(teacher=cast.teacher, actor=cast.teacher, **by)
    remove_teacher(teacher=cast.teacher, actor=cast.colleague, **by)
    assert teaching(course) == [cast.colleague]
    with pytest.raises(CourseError) as caught:
        remove_teacher(teacher=cast.colleague, actor=cast.staff, **by)
    assert caught.value.code == "nobody"
    assert AuditEvent.objects.filter(action="course.teachers_set").count() == 3
    course.refresh_from_db()
    assert cast.colleague.name.lower() in course.words


def test_only_verified_teachers_are_added_and_who_lost_it_may_stay(cast: Cast) -> None:
    course = course_of(cast.teacher)
    for person in (cast.newcomer, cast.student):
        with pytest.raises(CourseError) as caught:
            add_teacher(course=course, teacher=person, actor=cast.teacher, now=NOW)
        assert caught.value.code == "not_a_teacher"
    CourseTeacher.objects.create(course=course, teacher=cast.newcomer, position=1)
    add_teacher(course=course, teacher=cast.colleague, actor=cast.teacher, now=NOW)
    assert teaching(course) == [cast.teacher, cast.newcomer, cast.colleague]


def test_page_of_teachers(client: Client, cast: Cast, django_assert_max_num_queries: Any) -> None:
    course = course_of(cast.teacher)
    assert send(client, cast.teacher, "course-teachers", course, do="add", teacher="x").status_code == 422
    send(client, cast.teacher, "course-teachers", course, do="add", teacher=cast.colleague.pk)
    assert teaching(course) == [cast.teacher, cast.colleague]
    assert (
        send(client, cast.colleague, "course-teachers", course, do="remove", teacher=cast.teacher.pk).status_code == 403
    )
    page = client.get(reverse("course-teachers", args=[course.pk])).content.decode()
    assert cast.teacher.name in page
    assert 'name="do" value="add"' not in page
    for _ in range(20):
        factories.TeacherFactory()
    client.force_login(cast.teacher)
    client.get(reverse("course-teachers", args=[course.pk]))
    with django_assert_max_num_queries(12):
        assert cast.newcomer.name not in client.get(reverse("course-teachers", args=[course.pk])).content.decode()
    done = send(client, cast.teacher, "course-teachers", course, do="remove", teacher=cast.teacher.pk)
    assert (teaching(course), done["Location"]) == ([cast.colleague], reverse("course-teaching"))


def test_module_gets_a_sentence_and_a_day_on_which_it_opens(client: Client, cast: Cast) -> None:
    course = course_of(cast.teacher)
    module = course.modules.order_by("position").first()
    do = f"change module {module.pk}"
    fields = {"title": "Roots", "summary": "What they are.", "unlock_at": "2030-05-03T10:00"}
    assert send(client, cast.teacher, "course-build", course, do=do, **fields).status_code == 302
    module.refresh_from_db()
    assert (module.title, module.summary) == ("Roots", "What they are.")
    assert module.unlock_at.isoformat() == "2030-05-03T04:30:00+00:00", "the teacher's own zone"
    page = client.get(reverse("course-build", args=[course.pk])).content.decode()
    assert 'value="2030-05-03T10:00"' in page
    for wrong in ({"unlock_at": "soon"}, {"title": ""}):
        answer = send(client, cast.teacher, "course-build", course, do=do, **(fields | wrong))
        assert answer.status_code == 422
    send(client, cast.teacher, "course-build", course, do=do, title="Roots", summary="", unlock_at="")
    module.refresh_from_db()
    assert module.unlock_at is None


def test_older_version_comes_back_into_the_editor(client: Client, cast: Cast) -> None:
    course = course_of(cast.teacher)
    lesson = lessons_of(course)[0]
    old = lesson.current
    publish_lesson(lesson=lesson, data={"body": "Newer"}, actor=cast.teacher, now=NOW)
    draft = LessonDraft.objects.get(lesson=lesson)
    page = client
    page.force_login(cast.teacher)
    assert 'value="restore"' in page.get(reverse("lesson-edit", args=[lesson.pk])).content.decode()
    stale = send(client, cast.teacher, "lesson-edit", lesson, do="restore", version=old.pk, seen=draft.version + 7)
    assert stale.status_code == 409
    done = send(client, cast.teacher, "lesson-edit", lesson, do="restore", version=old.pk, seen=draft.version)
    assert done.status_code == 302
    draft.refresh_from_db()
    assert draft.data == {"body": old.body_source}
    lesson.refresh_from_db()
    assert lesson.current.body_source == "Newer", "learners see it when it is published"
    foreign = lessons_of(course_of(cast.colleague))[0].current
    for version in (foreign.pk, "x"):
        answer = send(client, cast.teacher, "lesson-edit", lesson, do="restore", version=version, seen=draft.version)
        assert answer.status_code == 404

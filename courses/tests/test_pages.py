"""Pages of courses: what they show, refuse, and how many queries they make."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from courses.enums import CourseAccess, CourseFileKind, CourseState, EnrolmentState, LessonKind
from courses.models import Course, CourseProgress, Enrolment, InviteCode, Lesson, LessonDraft, LessonNote
from courses.services.files import add_file
from courses.tests.builders import NOW, course_of, inside, lesson_in, lessons_of
from tests import factories
from tests.cast import Cast

MOST_QUERIES = 12
#: A session, its person and a teacher's profile come with every page.
SESSION = 3


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def go(person: User, name: str, *args: Any, **data: Any):
    return signed_in(person).get(reverse(name, args=args), data)


def send(person: User, name: str, /, *args: Any, **data: Any):
    return signed_in(person).post(reverse(name, args=args), data)


def queries(person: User, name: str, *args: Any) -> int:
    client = signed_in(person)
    client.get(reverse(name, args=args))
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(reverse(name, args=args)).status_code == 200
    return sum("SAVEPOINT" not in query["sql"] for query in found.captured_queries)


def test_catalogue_finds_by_the_beginning_of_words(cast: Cast) -> None:
    course_of(cast.teacher, title="Real Numbers", words="real numbers suresh rao")
    course_of(cast.teacher, title="Triangles", access=CourseAccess.PAID)
    course_of(cast.teacher, title="Secret", access=CourseAccess.INVITE)
    course_of(cast.teacher, title="Unfinished", state=CourseState.DRAFT)
    page = go(cast.student, "course-list").content.decode()
    assert "Real Numbers" in page
    assert "Triangles" in page
    assert "Secret" not in page
    assert "Unfinished" not in page
    for words, found in (("num rao", True), ("tri", False), ("(&|!:*'", True), ("nothing", False)):
        assert ("Real Numbers" in go(cast.student, "course-list", q=words).content.decode()) is found, words
    assert "Real Numbers" not in go(cast.student, "course-list", access="paid").content.decode()


def test_catalogue_goes_on_by_key(cast: Cast, monkeypatch) -> None:
    from courses.selectors import catalogue

    monkeypatch.setattr(catalogue, "PAGE", 2)
    for title in ("A", "B", "B", "C"):
        course_of(cast.teacher, title=f"Course {title}")
    seen, after = [], ""
    while True:
        page = go(cast.student, "course-list", after=after)
        seen += [course.pk for course in page.context["rows"]]
        if not page.context["following"]:
            break
        after = seen[-1]
    assert len(seen) == len(set(seen)) == 4


def test_enrol_study_finish(cast: Cast) -> None:
    course = course_of(cast.teacher, modules=1, lessons=2)
    first, second = lessons_of(course)
    assert go(cast.student, "lesson-page", first.pk).status_code == 403
    assert send(cast.student, "course-enrol", course.pk).status_code == 302
    assert "Lesson 1" in go(cast.student, "lesson-page", first.pk).content.decode()
    assert send(cast.student, "lesson-done", first.pk).url == reverse("lesson-page", args=[second.pk])
    assert send(cast.student, "lesson-done", second.pk).url == reverse("course-page", args=[course.pk])
    assert CourseProgress.objects.get().percent == 100
    assert "Completed" in go(cast.student, "course-page", course.pk).content.decode()
    assert send(cast.student, "course-review", course.pk, stars="5", text="Good").status_code == 302
    assert send(cast.student, "course-review", course.pk, stars="9").status_code == 422
    assert send(cast.student, "course-leave", course.pk).status_code == 302
    assert Enrolment.objects.get().state == EnrolmentState.LEFT


def test_course_by_invitation_is_found_by_its_code_alone(cast: Cast) -> None:
    course = course_of(cast.teacher, access=CourseAccess.INVITE)
    assert go(cast.student, "course-page", course.pk).status_code == 404
    assert send(cast.teacher, "course-code-add", course.pk, limit="5", days="").status_code == 302
    assert send(cast.student, "course-join", code="WRONG").status_code == 302
    assert not Enrolment.objects.exists()
    send(cast.student, "course-join", code=InviteCode.objects.get().code)
    assert go(cast.student, "course-page", course.pk).status_code == 200


def test_time_and_notes_come_from_the_player(cast: Cast) -> None:
    course = course_of(cast.teacher)
    inside(course, cast.student)
    lesson, client = lessons_of(course)[0], signed_in(cast.student)
    client.get(reverse("lesson-page", args=[lesson.pk]))

    def post(name: str, body: Any):
        return client.post(reverse(name, args=[lesson.pk]), json.dumps(body), content_type="application/json")

    assert post("lesson-time", {"seconds": 0, "video_at": 7}).json() == {"seconds": 0, "done": False}
    assert post("lesson-note", {"text": "mine", "seen": 0}).json() == {"version": 1}
    assert post("lesson-note", {"text": "other", "seen": 0}).status_code == 409
    assert LessonNote.objects.get().text == "mine"
    for name in ("lesson-time", "lesson-note"):
        for bad in ({}, [], {"seconds": "x", "text": 3}, "text"):
            assert post(name, bad).status_code == 422


def test_files_are_read_in_ranges_by_those_inside(cast: Cast) -> None:
    course = course_of(cast.teacher)
    data = b"\x00\x00\x00\x18ftypmp42" + bytes(range(200))
    file = add_file(course=course, kind=CourseFileKind.VIDEO, name="v.mp4", data=data, actor=cast.teacher, now=NOW)
    assert go(cast.student, "course-file", file.pk).status_code == 404
    inside(course, cast.student)
    whole = go(cast.student, "course-file", file.pk)
    assert b"".join(whole.streaming_content) == data
    address = reverse("course-file", args=[file.pk])
    for asked, expected in (("bytes=10-19", data[10:20]), ("bytes=200-", data[200:]), ("bytes=-5", data[-5:])):
        part = signed_in(cast.student).get(address, headers={"Range": asked})
        assert (part.status_code, b"".join(part.streaming_content)) == (206, expected)
    assert signed_in(cast.student).get(address, headers={"Range": "bytes=9999-"}).status_code == 416


def test_builder_adds_moves_and_removes(cast: Cast) -> None:
    made = send(cast.teacher, "course-teaching", title="New one")
    course = Course.objects.get()
    assert made.url == reverse("course-build", args=[course.pk])

    def do(what: str, **data: Any):
        return send(cast.teacher, "course-build", course.pk, do=what, **data)

    do("add-module", title="First"), do("add-module", title="Second")
    first, second = course.modules.order_by("position")
    for title in ("a", "b"):
        assert do(f"add-lesson {first.pk}", title=title, kind="text").status_code == 302
    a, b = lessons_of(course)

    def order() -> list[tuple[str, str]]:
        return [(row.module.title, row.title) for row in lessons_of(course)]

    do(f"up lesson {b.pk}")
    assert order() == [("First", "b"), ("First", "a")]
    do(f"down lesson {a.pk}")
    assert order() == [("First", "b"), ("Second", "a")]
    do(f"move lesson {b.pk}", to="0", **{"in": str(second.pk)})
    assert order() == [("Second", "b"), ("Second", "a")]
    do(f"up module {second.pk}")
    assert list(course.modules.order_by("position")) == [second, first]
    do(f"remove lesson {a.pk}")
    assert order() == [("Second", "b")]
    do(f"requires module {second.pk}", requires=[str(first.pk)])
    refused = do(f"requires module {first.pk}", requires=[str(second.pk)])
    assert refused.status_code == 422
    assert "These would wait for one another: “First” → “Second” → “First”." in refused.content.decode()
    for bad in ("", "up", "up lesson x", f"fly lesson {b.pk}", "add-lesson x", f"move lesson {b.pk}"):
        assert do(bad, title="x").status_code == 422, bad


def test_lesson_is_written_kept_and_published(cast: Cast) -> None:
    course = course_of(cast.teacher, modules=1, lessons=0)
    lesson = Lesson.objects.create(module=course.modules.get(), title="New", kind=LessonKind.TEXT)
    address, client = reverse("lesson-draft", args=[lesson.pk]), signed_in(cast.teacher)

    def keep(text: Any, seen: Any):
        body = json.dumps({"data": {"body": text}, "seen": seen})
        return client.post(address, body, content_type="application/json")

    assert keep("$x^2$", 0).json()["version"] == 1
    assert "<math" in keep("$x^2$ and", 1).json()["shown"]["html"]
    assert keep("other tab", 1).status_code == 409
    assert "cannot be read" in keep("$\\frac{$", 2).json()["shown"]["problem"]
    assert keep(5, 3).status_code == 422
    assert go(cast.student, "lesson-page", lesson.pk).status_code == 404
    assert send(cast.teacher, "lesson-edit", lesson.pk, do="publish", body="old", seen=1).status_code == 409
    assert send(cast.teacher, "lesson-edit", lesson.pk, do="publish", body="", seen=3).status_code == 422
    seen = LessonDraft.objects.get().version
    assert send(cast.teacher, "lesson-edit", lesson.pk, do="publish", body="Ready", seen=seen).status_code == 302
    inside(course, cast.student)
    assert "<p>Ready</p>" in go(cast.student, "lesson-page", lesson.pk).content.decode()
    settings = {"do": "settings", "title": "Newer", "minutes": "5", "completion": "time", "minutes_needed": "2"}
    assert send(cast.teacher, "lesson-edit", lesson.pk, **settings).status_code == 302
    lesson.refresh_from_db()
    assert (lesson.title, lesson.seconds_needed, lesson.is_required) == ("Newer", 120, False)
    assert send(cast.teacher, "lesson-edit", lesson.pk, **settings | {"minutes": "-1"}).status_code == 422


@pytest.mark.parametrize("kind", LessonKind.values)
def test_lesson_of_every_kind_can_be_edited_and_shown(cast: Cast, kind: str) -> None:
    course = course_of(cast.teacher, modules=1, lessons=0)
    target = "0190b5e0-0000-7000-8000-000000000001"
    content: dict[str, Any] = {"video": {"address": "https://example.com/v"}, "live": {"address": "https://e.com"}}
    if kind == LessonKind.FILE:
        file = add_file(
            course=course, kind=CourseFileKind.DOCUMENT, name="a.txt", data=b"hi", actor=cast.teacher, now=NOW
        )
        content["file"] = {"file": str(file.pk)}
    fields = {"target": target} if kind in ("quiz", "project", "external") else {}
    lesson = lesson_in(course.modules.get(), cast.teacher, kind=kind, content=content.get(kind, {}), **fields)
    inside(course, cast.student)
    assert go(cast.teacher, "lesson-edit", lesson.pk).status_code == 200
    assert go(cast.student, "lesson-page", lesson.pk).status_code == 200
    wrong = send(cast.teacher, "lesson-edit", lesson.pk, do="publish", body="", seen=0)
    assert wrong.status_code == 422
    assert 'role="alert"' in wrong.content.decode()


def test_settings_never_overwrite_another_tab(cast: Cast) -> None:
    course = course_of(cast.teacher)
    fields = {"title": "One", "access": "free", "seen": "1", "metadata": "{}"}
    assert send(cast.teacher, "course-settings", course.pk, **fields).status_code == 302
    assert send(cast.teacher, "course-settings", course.pk, **fields | {"title": "Two"}).status_code == 409
    for bad in ({"metadata": "[1]"}, {"metadata": "{"}, {"capacity": "0"}, {"access": "x"}, {"title": " "}):
        assert send(cast.teacher, "course-settings", course.pk, **fields | {"seen": "2"} | bad).status_code == 422
    picture = SimpleUploadedFile("c.png", b"not a picture")
    assert send(cast.teacher, "course-settings", course.pk, **fields | {"seen": "2"}, cover=picture).status_code == 422
    course.refresh_from_db()
    assert course.title == "One"


def test_course_goes_through_its_states(cast: Cast) -> None:
    course = course_of(cast.teacher, state=CourseState.DRAFT)

    def do(what: str, **data: str) -> str:
        send(cast.teacher, "course-state", course.pk, do=what, **data)
        course.refresh_from_db()
        return course.state

    assert do("schedule", publish_at="2020-01-01T10:00") == "draft"
    assert do("schedule", publish_at="2099-01-01T10:00") == "scheduled"
    assert do("unschedule") == "draft"
    assert do("publish") == "published"
    assert do("unschedule") == "published"
    assert do("archive") == "archived"
    assert do("clone") == "archived"
    copy = Course.objects.exclude(pk=course.pk).get()
    assert (copy.state, len(lessons_of(copy))) == ("draft", 4)
    assert all(lesson.current_id for lesson in lessons_of(copy))


def test_people_come_by_batch_and_go(cast: Cast) -> None:
    course = course_of(cast.teacher)
    assert send(cast.teacher, "course-people-add", course.pk, cohort=str(cast.cohort.pk)).status_code == 302
    assert Enrolment.objects.count() == 2
    assert send(cast.teacher, "course-people-add", course.pk, cohort="x").status_code == 422
    row = Enrolment.objects.get(student=cast.student)
    assert send(cast.classmate, "course-people-remove", row.pk).status_code == 404
    assert send(cast.teacher, "course-people-remove", row.pk).status_code == 302
    assert "Rohan Gupta" in go(cast.teacher, "course-people", course.pk).content.decode()


def test_pages_make_few_queries_however_many_rows(cast: Cast) -> None:
    counts: dict[str, list[int]] = {}
    for size in (3, 30):
        for number in range(size):
            other = course_of(cast.teacher, modules=1, lessons=1, title=f"Other {size} {number}")
            inside(other, cast.student)
        course = course_of(cast.teacher, modules=3, lessons=size)
        inside(course, cast.student)
        for _ in range(size):
            inside(course, factories.StudentFactory())
        lesson = lessons_of(course)[0]
        for person, name, args in (
            (cast.student, "course-list", ()),
            (cast.student, "course-page", (course.pk,)),
            (cast.student, "lesson-page", (lesson.pk,)),
            (cast.teacher, "course-teaching", ()),
            (cast.teacher, "course-build", (course.pk,)),
            (cast.teacher, "course-people", (course.pk,)),
            (cast.teacher, "course-settings", (course.pk,)),
            (cast.teacher, "lesson-edit", (lesson.pk,)),
        ):
            counts.setdefault(name, []).append(queries(person, name, *args))
    assert {name for name, (few, many) in counts.items() if few != many} == set(), counts
    assert max(max(pair) for pair in counts.values()) <= MOST_QUERIES + SESSION, counts

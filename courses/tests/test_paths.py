"""Learning paths: what opens when, what is counted, who is told, and what two people at once cannot break."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ConflictError, NotPermittedError
from courses.enums import CourseAccess, CourseState, EnrolmentSource
from courses.models import Course, Enrolment, LearningPath, PathEnrolment
from courses.selectors.paths import lay_out, published_paths
from courses.services.codes import make_code
from courses.services.courses import archive_course
from courses.services.enrolments import enrol_by_code, enrol_person, enrol_self
from courses.services.paths import (
    add_step,
    begin_path,
    change_path,
    change_step,
    leave_path,
    make_path,
    move_step,
    publish_path,
    remove_step,
)
from courses.services.progress import finish_lesson
from courses.signals import path_completed
from courses.tests.builders import NOW, course_of, inside, lessons_of
from courses.tests.test_enrolments import refused
from courses.tests.test_pages import MOST_QUERIES, go, queries, send
from notifications.models import Notification
from tests.cast import Cast


def path_of(cast: Cast, *courses: Course, publish: bool = True, title: str = "Path") -> LearningPath:
    path, by = make_path(title=title, actor=cast.teacher, now=NOW), {"actor": cast.teacher, "now": NOW}
    for course in courses:
        add_step(path=path, course=course, **by)
    if publish:
        publish_path(path=path, publish=True, **by)
    path.refresh_from_db()
    return path


def three(cast: Cast, **fields: Any) -> list[Course]:
    return [course_of(cast.teacher, modules=1, lessons=1, **fields) for _n in range(3)]


def complete(course: Course, student: Any) -> None:
    if not Enrolment.objects.filter(course=course, student=student).exists():
        inside(course, student)
    for lesson in lessons_of(course):
        finish_lesson(lesson=lesson, student=student, now=NOW)


def place_of(path: LearningPath, student: Any) -> PathEnrolment:
    return PathEnrolment.objects.get(path=path, student=student)


STATES = st.sampled_from([CourseState.PUBLISHED, CourseState.ARCHIVED, CourseState.DRAFT])


@given(st.lists(st.tuples(st.booleans(), STATES, st.booleans()), max_size=8))
def test_a_step_opens_exactly_when_all_before_it_that_count_are_done(given_steps: list[tuple[bool, str, bool]]) -> None:
    rows, done = [], set()
    for number, (required, state, is_done) in enumerate(given_steps):
        course = SimpleNamespace(pk=UUID(int=number), state=state)
        rows.append(SimpleNamespace(course=course, course_id=course.pk, is_required=required))
        if is_done:
            done.add(course.pk)
    laid = lay_out(rows, done)  # type: ignore[arg-type]
    for number, step in enumerate(laid):
        held = [one for one in laid[:number] if one.counts and not one.is_done]
        assert (step.waits_for is not None) == (bool(held) and not step.is_done)
        assert not held or step.is_done or step.waits_for is held[0].course
        assert step.state != "open" or (step.course.state == CourseState.PUBLISHED and not held)
    # Whoever does one thing more never finds another shut.
    for number in range(len(laid)):
        more = lay_out(rows, done | {UUID(int=number)})  # type: ignore[arg-type]
        assert all(new.is_open or not old.is_open for old, new in zip(laid, more, strict=True))


def test_the_way_opens_step_by_step_and_is_told(cast: Cast, django_capture_on_commit_callbacks) -> None:
    heard: list[Any] = []

    def hear(path_enrolment_id: UUID, **_rest: Any) -> None:
        heard.append(path_enrolment_id)

    first, second, third = three(cast, only_by_path=True)
    path = path_of(cast, first, second, third)
    by = {"student": cast.student, "now": NOW}
    refused("needs_path", enrol_self, course=first, **by)
    begin_path(path=path, **by)
    refused("needs_course", enrol_self, course=second, **by)
    complete_self = [enrol_self(course=first, **by)]
    path_completed.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            complete(first, cast.student)
            told = Notification.objects.get(kind="path_news")
            assert str(second) in told.title
            assert (place_of(path, cast.student).done, place_of(path, cast.student).percent) == (1, 33)
            complete_self.append(enrol_self(course=second, **by))
            complete(second, cast.student)
            enrol_self(course=third, **by)
            complete(third, cast.student)
    finally:
        path_completed.disconnect(hear)
    place = place_of(path, cast.student)
    assert (place.percent, place.completed_at, heard) == (100, NOW, [place.pk])
    assert Notification.objects.filter(kind="path_news").count() == 3
    assert "completed the path" in Notification.objects.latest("pk").title
    late = course_of(cast.teacher, modules=1, lessons=1)
    add_step(path=path, course=late, actor=cast.teacher, now=NOW)
    place.refresh_from_db()
    assert (place.done, place.total, place.percent, place.completed_at) == (3, 4, 100, NOW)


def test_what_was_done_before_counts_and_nothing_goes_back(cast: Cast) -> None:
    first, second, third = three(cast)
    complete(first, cast.student)
    path = path_of(cast, first, second)
    place = begin_path(path=path, student=cast.student, now=NOW)
    assert (place.done, place.total, place.percent) == (1, 2, 50)
    by = {"actor": cast.teacher, "now": NOW}
    add_step(path=path, course=third, **by)
    assert (place_of(path, cast.student).total, place_of(path, cast.student).percent) == (3, 50)
    move_step(path=path, course_id=third.pk, to=0, **by)
    assert list(path.steps.values_list("course_id", flat=True)) == [third.pk, first.pk, second.pk]
    leave_path(path=path, student=cast.student, now=NOW)
    complete(second, cast.student)
    again = begin_path(path=path, student=cast.student, now=NOW)
    assert (again.pk, again.done, again.percent) == (place.pk, 2, 66)
    change_step(path=path, course_id=third.pk, is_required=False, **by)
    assert place_of(path, cast.student).completed_at == NOW


def test_an_archived_course_holds_nobody_up(cast: Cast) -> None:
    first, second, _third = three(cast)
    path = path_of(cast, first, second)
    begin_path(path=path, student=cast.student, now=NOW)
    complete(second, cast.student)
    assert place_of(path, cast.student).percent == 50
    archive_course(course=first, actor=cast.teacher, now=NOW)
    assert place_of(path, cast.student).completed_at == NOW
    refused("not_for_paths", add_step, path=path, course=Course.objects.get(pk=first.pk), actor=cast.staff, now=NOW)
    invited = course_of(cast.teacher, access=CourseAccess.INVITE)
    refused("not_for_paths", add_step, path=path, course=invited, actor=cast.staff, now=NOW)
    refused("step_there", add_step, path=path, course=second, actor=cast.staff, now=NOW)


def test_courses_that_are_open_by_themselves_stay_so(cast: Cast) -> None:
    first, second, third = three(cast)
    path_of(cast, first, second)
    assert enrol_self(course=second, student=cast.student, now=NOW).is_inside
    third.only_by_path = True
    third.save()
    refused("needs_path", enrol_self, course=third, student=cast.student, now=NOW)
    code = make_code(course=third, limit=5, expires_at=None, actor=cast.teacher, now=NOW)
    refused("needs_path", enrol_by_code, code=code.code, student=cast.student, now=NOW)
    brought = enrol_person(course=third, student=cast.student, source=EnrolmentSource.STAFF, actor=cast.staff, now=NOW)
    assert enrol_self(course=third, student=cast.student, now=NOW).pk == brought.pk


def test_paths_are_their_makers_and_two_tabs_do_not_overwrite(cast: Cast) -> None:
    first, second, third = three(cast)
    path = path_of(cast, first, second)
    with pytest.raises(NotPermittedError):
        add_step(path=path, course=third, actor=cast.colleague, now=NOW)
    with pytest.raises(NotPermittedError):
        make_path(title="Mine", actor=cast.newcomer, now=NOW)
    seen = path.version
    change_path(path=path, fields={"interests": ["Sets", "sets ", ""]}, seen=seen, actor=cast.teacher, now=NOW)
    path.refresh_from_db()
    assert path.interests == ["sets"]
    with pytest.raises(ConflictError):
        remove_step(path=path, course_id=first.pk, seen=seen, actor=cast.staff, now=NOW)
    remove_step(path=path, course_id=first.pk, seen=path.version, actor=cast.staff, now=NOW)
    refused("path_empty", remove_step, path=path, course_id=second.pk, actor=cast.staff, now=NOW)
    empty = make_path(title="Empty", actor=cast.teacher, now=NOW)
    refused("path_empty", publish_path, path=empty, publish=True, actor=cast.teacher, now=NOW)
    refused("gone", remove_step, path=path, course_id=third.pk, actor=cast.staff, now=NOW)
    refused("path_not_open", begin_path, path=empty, student=cast.student, now=NOW)


def test_pages_of_paths(cast: Cast) -> None:
    first, second, third = three(cast, only_by_path=True)
    draft = course_of(cast.teacher, state=CourseState.DRAFT)
    path = path_of(cast, first, second, third, draft)
    page = go(cast.student, "path-page", path.pk).content.decode()
    assert "Begin the path" in page
    assert "Begin the path first" in send(cast.student, "course-enrol", first.pk).content.decode()
    assert send(cast.student, "path-begin", path.pk).status_code == 302
    page = go(cast.student, "path-page", path.pk).content.decode()
    assert f"Opens when you have completed “{first}”." in page
    assert send(cast.student, "course-enrol", second.pk).status_code == 422
    assert send(cast.student, "course-enrol", first.pk).status_code == 302
    complete(first, cast.student)
    page = go(cast.student, "path-page", path.pk).content.decode()
    assert "1 of 4 courses completed" in page
    assert "On your path" in go(cast.student, "course-list").content.decode()
    assert str(second) in go(cast.student, "course-page", third.pk).content.decode()
    assert "Enrol</button>" in go(cast.student, "course-page", second.pk).content.decode()
    assert send(cast.student, "path-leave", path.pk).status_code == 302
    assert go(cast.student, "path-teaching").status_code == 403


def test_a_path_is_built_by_plain_forms(cast: Cast) -> None:
    first, second, _third = three(cast)
    made = send(cast.teacher, "path-teaching", title="Way to algebra")
    path = LearningPath.objects.get()

    def do(what: str, **fields: Any):
        path.refresh_from_db()
        return send(cast.teacher, "path-build", path.pk, do=what, **({"seen": path.version} | fields))

    assert made.url.endswith(f"{path.pk}/")
    assert do("publish").status_code == 422
    do("add", course=first.pk), do("add", course=second.pk)
    do(f"up {second.pk}"), do(f"extra {first.pk}")
    assert list(path.steps.values_list("course_id", "is_required")) == [(second.pk, True), (first.pk, False)]
    do("settings", title="Algebra", summary="", interests="numbers, letters", programme="")
    assert do("settings", title="").status_code == 422
    assert do("publish").status_code == 302
    path.refresh_from_db()
    assert (path.title, path.interests, path.is_published) == ("Algebra", ["numbers", "letters"], True)
    assert do("remove nothing").status_code == 422
    assert do("fly").status_code == 422
    assert do("take-back", seen=1).status_code == 409
    hidden = course_of(cast.colleague, state=CourseState.DRAFT)
    assert do("add", course=hidden.pk).status_code == 404


def test_pages_cost_the_same_for_many_steps(cast: Cast) -> None:
    path = path_of(cast, *three(cast))
    begin_path(path=path, student=cast.student, now=NOW)
    person = {
        "path-page": cast.student,
        "course-list": cast.student,
        "path-teaching": cast.staff,
        "path-build": cast.staff,
    }

    def costs() -> dict[str, int]:
        own = {"path-page", "path-build"}
        return {name: queries(who, name, *([path.pk] if name in own else [])) for name, who in person.items()}

    before = costs()
    for number in range(8):
        add_step(path=path, course=course_of(cast.teacher, modules=1), actor=cast.staff, now=NOW)
        path_of(cast, course_of(cast.teacher, modules=1), title=f"Path {number}")
    assert costs() == before
    assert max(before.values()) <= MOST_QUERIES + 3, before
    assert len(published_paths(cast.student)) == 9

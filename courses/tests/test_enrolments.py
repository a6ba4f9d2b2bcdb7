from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from accounts.enums import Feature
from common.errors import NotPermittedError
from courses.enums import CourseAccess, CourseState, EnrolmentSource, EnrolmentState
from courses.models import CoursePrerequisite, Enrolment, InviteCode
from courses.services.checks import CourseError
from courses.services.codes import close_code, make_code
from courses.services.courses import change_course
from courses.services.enrolments import (
    enrol_by_code,
    enrol_cohort,
    enrol_person,
    enrol_self,
    leave_course,
)
from courses.services.progress import finish_lesson
from courses.tests.builders import NOW, course_of, inside, lessons_of
from notifications.models import Notification
from tests import factories
from tests.cast import Cast

ACCESS = Feature.COURSE_ACCESS


def refused(expected: str, call, **arguments):
    with pytest.raises(CourseError) as caught:
        call(**arguments)
    assert caught.value.code == expected
    assert caught.value.message.endswith(".")


def test_enrolling_again_returns_the_same_row(cast: Cast) -> None:
    course = course_of(cast.teacher)
    first = enrol_self(course=course, student=cast.student, now=NOW)
    assert (first.state, first.source) == (EnrolmentState.ACTIVE, EnrolmentSource.SELF)
    assert enrol_self(course=course, student=cast.student, now=NOW) == first
    left = leave_course(enrolment=first, actor=cast.student, now=NOW)
    assert left.state == EnrolmentState.LEFT
    again = enrol_self(course=course, student=cast.student, now=NOW)
    assert (again.pk, again.state, again.left_at) == (first.pk, EnrolmentState.ACTIVE, None)
    assert Enrolment.objects.count() == 1


def test_progress_is_there_again_after_leaving(cast: Cast) -> None:
    course = course_of(cast.teacher)
    enrolment = inside(course, cast.student)
    finish_lesson(lesson=lessons_of(course)[0], student=cast.student, now=NOW)
    leave_course(enrolment=enrolment, actor=cast.student, now=NOW)
    refused("not_enrolled", finish_lesson, lesson=lessons_of(course)[1], student=cast.student, now=NOW)
    enrol_self(course=course, student=cast.student, now=NOW)
    enrolment.progress.refresh_from_db()
    assert (enrolment.progress.done, enrolment.progress.percent) == (1, 25)


def test_drafts_archives_and_invitations_are_closed_to_oneself(cast: Cast) -> None:
    for state in (CourseState.DRAFT, CourseState.ARCHIVED):
        refused("not_open", enrol_self, course=course_of(cast.teacher, state=state), student=cast.student, now=NOW)
    invited = course_of(cast.teacher, access=CourseAccess.INVITE)
    refused("needs_code", enrol_self, course=invited, student=cast.student, now=NOW)


def test_paid_course_wants_a_grant_for_it(cast: Cast) -> None:
    course = course_of(cast.teacher, access=CourseAccess.PAID)
    refused("needs_plan", enrol_self, course=course, student=cast.student, now=NOW)
    factories.EntitlementFactory(user=cast.student, feature=ACCESS, value="another", source="a")
    refused("needs_plan", enrol_self, course=course, student=cast.student, now=NOW)
    factories.EntitlementFactory(
        user=cast.student,
        feature=ACCESS,
        value=course.slug,
        source="old",
        ends_at=NOW - timedelta(days=1),
    )
    refused("needs_plan", enrol_self, course=course, student=cast.student, now=NOW)
    grant = factories.EntitlementFactory(user=cast.student, feature=ACCESS, value=course.slug, source="b")
    enrolment = enrol_self(course=course, student=cast.student, now=NOW)
    assert (enrolment.source, enrolment.source_ref) == (EnrolmentSource.ENTITLEMENT, str(grant.pk))


def test_course_that_comes_before_has_to_be_completed(cast: Cast) -> None:
    before, course = course_of(cast.teacher, title="Algebra"), course_of(cast.teacher)
    CoursePrerequisite.objects.create(course=course, required=before)
    with pytest.raises(CourseError, match="Complete this first: Algebra"):
        enrol_self(course=course, student=cast.student, now=NOW)
    inside(before, cast.student)
    for lesson in lessons_of(before):
        finish_lesson(lesson=lesson, student=cast.student, now=NOW)
    assert enrol_self(course=course, student=cast.student, now=NOW).is_inside
    # The institute may bring in anybody.
    assert inside(course, cast.classmate).is_inside


def test_code_lets_in_so_many_until_it_expires(cast: Cast) -> None:
    course = course_of(cast.teacher, access=CourseAccess.INVITE)
    code = make_code(course=course, limit=1, expires_at=NOW + timedelta(days=1), actor=cast.teacher, now=NOW)
    first = enrol_by_code(code=f" {code.code.lower()} ", student=cast.student, now=NOW)
    assert (first.source, first.source_ref) == (EnrolmentSource.CODE, code.code)
    # Who is in uses nothing of it.
    assert enrol_by_code(code=code.code, student=cast.student, now=NOW) == first
    assert InviteCode.objects.get().used == 1
    refused("code_used_up", enrol_by_code, code=code.code, student=cast.classmate, now=NOW)
    late = NOW + timedelta(days=1)
    open_one = make_code(course=course, limit=None, expires_at=late, actor=cast.teacher, now=NOW)
    refused("code_expired", enrol_by_code, code=open_one.code, student=cast.classmate, now=late)
    close_code(code=open_one, actor=cast.teacher, now=NOW)
    refused("code_closed", enrol_by_code, code=open_one.code, student=cast.classmate, now=NOW)
    refused("code_unknown", enrol_by_code, code="NOPE", student=cast.classmate, now=NOW)


def test_batch_comes_together(cast: Cast) -> None:
    course = course_of(cast.teacher)
    report = enrol_cohort(course=course, cohort=cast.cohort, actor=cast.teacher, now=NOW)
    assert {row.student for row in report.active} == {cast.student, cast.classmate}
    with pytest.raises(NotPermittedError):
        enrol_cohort(course=course, cohort=cast.cohort, actor=cast.colleague, now=NOW)


def test_many_cost_the_same_number_of_queries(cast: Cast, django_assert_max_num_queries) -> None:
    course = course_of(cast.teacher)
    people = [factories.StudentFactory() for _ in range(30)]
    from courses.services.enrolments import enrol_many

    with django_assert_max_num_queries(25):
        enrol_many(course=course, students=people, source=EnrolmentSource.STAFF, actor=cast.staff, now=NOW)
    assert course.enrolments.inside().count() == 30


def test_full_course_makes_people_wait_in_their_order(cast: Cast) -> None:
    course = course_of(cast.teacher, capacity=1)
    first = enrol_self(course=course, student=cast.student, now=NOW)
    second = enrol_self(course=course, student=cast.classmate, now=NOW + timedelta(minutes=1))
    third = enrol_self(course=course, student=cast.outsider, now=NOW + timedelta(minutes=2))
    assert [second.state, third.state] == [EnrolmentState.WAITING] * 2
    refused("not_enrolled", finish_lesson, lesson=lessons_of(course)[0], student=cast.classmate, now=NOW)
    leave_course(enrolment=first, actor=cast.student, now=NOW)
    states = dict(Enrolment.objects.values_list("student__name", "state"))
    assert states == {"Meera Nair": "left", "Rohan Gupta": "active", "Zoya Khan": "waiting"}
    told = Notification.objects.get(kind="course_place")
    assert (told.user, told.url) == (cast.classmate, f"/courses/{course.pk}/")
    assert course.title in told.title
    # Whoever comes again stands behind those who wait.
    assert enrol_self(course=course, student=cast.student, now=NOW).state == EnrolmentState.WAITING
    change_course(course=course, fields={"capacity": 3}, actor=cast.teacher, now=NOW)
    assert course.enrolments.inside().count() == 3
    assert Notification.objects.filter(kind="course_place").count() == 3


def test_only_those_who_teach_bring_others_in_or_take_them_out(cast: Cast) -> None:
    course = course_of(cast.teacher)
    enrolment = inside(course, cast.student)
    for actor in (cast.classmate, cast.colleague, cast.guardian):
        with pytest.raises(NotPermittedError):
            leave_course(enrolment=enrolment, actor=actor, now=NOW)
        with pytest.raises(NotPermittedError):
            enrol_person(course=course, student=cast.outsider, source=EnrolmentSource.STAFF, actor=actor, now=NOW)
    assert leave_course(enrolment=enrolment, actor=cast.teacher, now=NOW).state == EnrolmentState.LEFT


@pytest.mark.django_db
@given(moves=st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=12), capacity=st.integers(1, 3))
def test_places_are_never_exceeded_and_never_left_empty(moves, capacity) -> None:
    """Whoever comes and goes in any order."""
    from django.db import transaction

    with transaction.atomic():
        teacher = factories.TeacherFactory()
        course = course_of(teacher, capacity=capacity, slug=f"c-{teacher.pk.hex[-12:]}")
        people = [factories.StudentFactory() for _ in range(5)]
        for who, comes in moves:
            if comes:
                enrol_self(course=course, student=people[who], now=NOW)
            elif row := Enrolment.objects.filter(course=course, student=people[who]).first():
                leave_course(enrolment=row, actor=people[who], now=NOW)
            inside_now = course.enrolments.inside().count()
            waiting = course.enrolments.filter(state=EnrolmentState.WAITING).count()
            assert inside_now <= capacity
            assert not waiting or inside_now == capacity
        transaction.set_rollback(True)


@pytest.mark.only_on("postgresql")  # SQLite has one writer
@pytest.mark.services
def test_places_hold_when_many_come_at_once(transactional_db) -> None:
    """30 people, 5 places, 10 at a time; then 5 leave at once."""
    teacher = factories.TeacherFactory()
    course = course_of(teacher, capacity=5)
    people = [factories.StudentFactory() for _ in range(30)]
    at_once(lambda person: enrol_self(course=course, student=person, now=NOW), people)
    assert course.enrolments.inside().count() == 5
    assert course.enrolments.filter(state=EnrolmentState.WAITING).count() == 25
    those = list(course.enrolments.inside())
    at_once(lambda row: leave_course(enrolment=row, actor=row.student, now=NOW), those)
    assert course.enrolments.inside().count() == 5
    assert course.enrolments.filter(state=EnrolmentState.WAITING).count() == 20


def at_once(call, things, threads: int = 10) -> None:
    """`call` for every thing, by so many threads, each with its own connection."""
    waiting, failed = list(things), []

    def work() -> None:
        try:
            while waiting:
                try:
                    thing = waiting.pop()
                except IndexError:
                    break
                call(thing)
        except Exception as error:  # noqa: BLE001  # told below
            failed.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failed, failed

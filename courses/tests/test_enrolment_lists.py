"""Bringing people in from a list: read however spreadsheets write it, shown first, done as shown, once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from common.errors import ConflictError, NotPermittedError
from courses.enums import CourseState, EnrolmentSource, EnrolmentState
from courses.models import Enrolment
from courses.services.checks import CourseError
from courses.services.enrolment_lists import Outcome, apply_list, preview_list, read_list
from courses.services.enrolments import leave_course
from courses.tests.builders import NOW, course_of, inside
from tests import factories
from tests.cast import Cast

LIST = "name,email\nZ,ZOYA@example.com\nM,meera@example.com\nX,nobody@example.com\n"


def look(course: Any, cast: Cast, data: bytes | str = LIST) -> Any:
    return preview_list(course=course, cells=read_list(data), actor=cast.teacher, now=NOW)


def bring(course: Any, cast: Cast, preview: Any, **changes: Any) -> Any:
    given = {"cells": read_list(preview.addresses), "digest": preview.digest, "actor": cast.teacher, "now": NOW}
    return apply_list(course=course, **given | changes)


# --- Reading ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "data",
    [
        b"email\na@x.in\nb@x.in\n",
        b"\xef\xbb\xbfName;E-Mail\r\nA;a@x.in\r\nB; B@X.IN \r\n",
        "Name\tEmail ID\nअ\ta@x.in\nब\tb@x.in\n".encode("utf-16"),
        b"sep=;\nNom;mail\nRen\xe9;a@x.in\nB;b@x.in\n",
        b"A,a@x.in\n\n,\nB,b@x.in\n",
        "नाम,ईमेल\nअ,a@x.in\nब,b@x.in\n",
        'name,email\n"Rao, A",a@x.in\n"Das\nB",b@x.in\n',
        "a@x.in\nb@x.in",
        "a@x.in\rb@x.in\r",
    ],
)
def test_lists_are_read_as_spreadsheets_write_them(data: bytes | str) -> None:
    assert [address for _number, address in read_list(data)] == ["a@x.in", "b@x.in"]


def test_lines_keep_their_numbers() -> None:
    assert read_list("email\n\na@x.in\n\nb@x.in") == [(3, "a@x.in"), (5, "b@x.in")]


@pytest.mark.parametrize(
    "data",
    [b"", b"\n\n", b"PK\x03\x04rest", b"\xff\xfe\x00", b"x" * 2_000_000, b"a\x00b", "a@x.in\n" * 5_001],
)
def test_what_is_no_list_is_refused_with_a_sentence(data: bytes | str) -> None:
    with pytest.raises(CourseError) as caught:
        read_list(data)
    assert caught.value.code == "csv_invalid"
    assert caught.value.message.endswith(".")


# --- Looking ---------------------------------------------------------------------------------------------------------
def test_every_line_says_what_becomes_of_it_and_nothing_changes(cast: Cast) -> None:
    course = course_of(cast.teacher, capacity=2)
    inside(course, cast.student)
    closed = factories.StudentFactory(is_active=False)
    lines = [
        cast.outsider.email, cast.classmate.email, cast.student.email, cast.outsider.email, "nobody@example.com",
        cast.guardian.email, closed.email, "no address",
    ]  # fmt: skip
    preview = look(course, cast, "email\n" + "\n".join(lines))
    assert [line.outcome for line in preview.lines] == [
        Outcome.ENROL, Outcome.WAIT, Outcome.ALREADY, Outcome.TWICE, Outcome.UNKNOWN, Outcome.NO_STUDENT,
        Outcome.CLOSED, Outcome.INVALID,
    ]  # fmt: skip
    assert [line.number for line in preview.lines] == list(range(2, 10))
    assert preview.counts["enrol"] == 1
    assert Enrolment.objects.count() == 1


def test_nobody_passes_those_who_wait(cast: Cast) -> None:
    course = course_of(cast.teacher, capacity=1)
    inside(course, cast.student)
    row = Enrolment(course=course, student=cast.classmate, source="self", state="waiting", created_at=NOW)
    row.queued_at = NOW
    row.save()
    type(course).objects.filter(pk=course.pk).update(capacity=5)
    course.refresh_from_db()
    assert [line.outcome for line in look(course, cast, cast.outsider.email).lines] == [Outcome.WAIT]


def test_minor_without_a_guardian_is_named(cast: Cast) -> None:
    course = course_of(cast.teacher)
    for child in (cast.student, cast.outsider, cast.classmate):
        child.student_profile.date_of_birth = date(1990 if child == cast.classmate else 2014, 1, 1)
        child.student_profile.save()
    preview = look(course, cast, "\n".join(child.email for child in (cast.student, cast.outsider, cast.classmate)))
    assert [line.alone for line in preview.lines] == [False, True, False]
    assert preview.alone == 1
    assert len(bring(course, cast, preview).active) == 3


def test_only_who_teaches_looks_and_brings_in(cast: Cast) -> None:
    course = course_of(cast.teacher)
    preview = look(course, cast)
    for actor in (cast.colleague, cast.student, cast.guardian):
        with pytest.raises(NotPermittedError):
            preview_list(course=course, cells=read_list(LIST), actor=actor, now=NOW)
        with pytest.raises(NotPermittedError):
            bring(course, cast, preview, actor=actor)
    type(course).objects.filter(pk=course.pk).update(state=CourseState.ARCHIVED)
    course.refresh_from_db()
    with pytest.raises(CourseError):
        look(course, cast)


# --- Doing -----------------------------------------------------------------------------------------------------------
def test_what_was_shown_is_done_once_and_recorded(cast: Cast) -> None:
    course = course_of(cast.teacher)
    preview = look(course, cast)
    assert len(preview.coming) == 2
    first = bring(course, cast, preview)
    assert {row.student for row in first.active} == {cast.outsider, cast.student}
    events = AuditEvent.objects.filter(action="enrolment.made")
    assert events.count() == 2
    assert {event.actor for event in events} == {cast.teacher}
    again = bring(course, cast, preview)
    assert {row.pk for row in again.active} == {row.pk for row in first.active}
    assert (Enrolment.objects.count(), events.count()) == (2, 2)
    assert set(Enrolment.objects.values_list("source", flat=True)) == {EnrolmentSource.CSV}


def test_what_changed_meanwhile_is_looked_at_again(cast: Cast) -> None:
    course = course_of(cast.teacher)
    preview = look(course, cast)
    inside(course, cast.student)
    with pytest.raises(ConflictError) as caught:
        bring(course, cast, preview)
    assert caught.value.code == "list_changed"
    assert Enrolment.objects.count() == 1
    with pytest.raises(ConflictError):
        bring(course, cast, preview, digest="")


def test_whoever_was_taken_out_comes_again_by_the_same_list(cast: Cast) -> None:
    course = course_of(cast.teacher)
    preview = look(course, cast, cast.student.email)
    (row,) = bring(course, cast, preview).active
    leave_course(enrolment=row, actor=cast.teacher, now=NOW)
    again = look(course, cast, cast.student.email)
    assert again.digest == preview.digest
    assert bring(course, cast, again, now=NOW + timedelta(days=1)).active == [row]
    assert Enrolment.objects.get().state == EnrolmentState.ACTIVE


def test_two_thousand_lines_take_a_constant_number_of_queries(cast: Cast, django_assert_max_num_queries: Any) -> None:
    course = course_of(cast.teacher, capacity=1000)
    people = [
        factories.StudentFactory.build(email=f"s{number}@example.com", name=f"S {number}") for number in range(2000)
    ]
    type(people[0]).objects.bulk_create(people)
    data = "email\n" + "\n".join(person.email for person in people)
    with django_assert_max_num_queries(12):
        preview = look(course, cast, data)
    assert preview.counts == {"enrol": 1000, "wait": 1000}
    with django_assert_max_num_queries(120):  # rows are written in hundreds at a time
        report = bring(course, cast, preview)
    assert (len(report.active), len(report.waiting)) == (1000, 1000)


# --- The page --------------------------------------------------------------------------------------------------------
def test_page_shows_then_does(client: Client, cast: Cast) -> None:
    course = course_of(cast.teacher)
    url = reverse("course-people-list", args=[course.pk])
    client.force_login(cast.teacher)
    assert url in client.get(reverse("course-people", args=[course.pk])).content.decode()
    assert client.post(url, {"text": " "}).status_code == 422
    shown = client.post(url, {"text": LIST})
    text = shown.content.decode()
    for words in ("Zoya Khan", "nobody has this address", "Bring 2 people in"):
        assert words in text
    assert not Enrolment.objects.exists()
    preview = shown.context["preview"]
    stale = client.post(url, {"text": preview.addresses, "digest": "0" * 64})
    assert stale.status_code == 409
    assert "Something has changed" in stale.content.decode()
    done = client.post(url, {"text": preview.addresses, "digest": preview.digest}, follow=True)
    assert "2 people came in." in done.content.decode()
    assert Enrolment.objects.count() == 2

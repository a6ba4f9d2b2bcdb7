"""Enrolments over the API: by who teaches, by partners, once; and what webhooks say of them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.services.permissions import ENROL_BY_API, switch_permission
from common.errors import NotPermittedError
from courses.enums import CourseAccess, CourseState, EnrolmentSource
from courses.models import Course, Enrolment
from courses.services.enrolments import enrol_cohort, leave_course
from courses.services.progress import finish_lesson
from courses.tests.builders import NOW, course_of, inside, lessons_of
from notifications.models import WebhookDelivery, WebhookEvent
from notifications.tests.webhooks import endpoint_of
from tests import factories
from tests.cast import Cast


def post(client: Client, course: Course, body: Any, **headers: str) -> Any:
    url = reverse("api-course-enrolments", args=[course.pk])
    return client.post(url, body, content_type="application/json", headers=headers)


def listed(client: Client, course: Course) -> list[dict[str, Any]]:
    return client.get(reverse("api-course-enrolments", args=[course.pk])).json()["results"]


@pytest.fixture
def partner(client: Client, cast: Cast) -> Any:
    account = factories.UserFactory(name="School system", email="system@example.com")
    account.user_permissions.add(Permission.objects.get(codename="enrol_by_api"))
    client.force_login(account)
    return account


def test_teacher_enrols_by_address_and_again_changes_nothing(client: Client, cast: Cast) -> None:
    course = course_of(cast.teacher)
    client.force_login(cast.teacher)
    first = post(client, course, {"email": "Meera@Example.com"})
    assert first.status_code == 201
    said = first.json()
    assert (said["student"], said["state"], said["source"]) == (str(cast.student.pk), "active", "api")
    again = post(client, course, {"student": str(cast.student.pk)})
    assert (again.status_code, again.json()["id"]) == (200, said["id"])
    assert Enrolment.objects.count() == 1
    assert AuditEvent.objects.get(action="enrolment.made").actor == cast.teacher
    inside(course, cast.classmate)
    assert {row["email"] for row in listed(client, course)} == {cast.student.email, cast.classmate.email}


def test_full_course_answers_that_the_student_waits(client: Client, cast: Cast) -> None:
    course = course_of(cast.teacher, capacity=1)
    inside(course, cast.classmate)
    client.force_login(cast.staff)
    answer = post(client, course, {"email": cast.student.email})
    assert (answer.status_code, answer.json()["state"]) == (201, "waiting")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"email": "nobody@example.com"}, "unknown_person"),
        ({"email": "latha@example.com"}, "unknown_person"),
        ({"student": str(uuid.UUID(int=5))}, "unknown_person"),
        ({}, "invalid"),
        ({"email": "meera@example.com", "student": str(uuid.UUID(int=5))}, "invalid"),
        ({"e-mail": "meera@example.com"}, "invalid"),
        ({"email": "meera"}, "invalid"),
    ],
)
def test_bad_input_gets_a_sentence(client: Client, cast: Cast, body: Any, code: str) -> None:
    client.force_login(cast.teacher)
    answer = post(client, course_of(cast.teacher), body)
    assert answer["Content-Type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["detail"][-1]) == (code, ".")
    assert not Enrolment.objects.exists()


def test_same_key_has_the_same_answer_and_another_request_is_refused(client: Client, cast: Cast) -> None:
    course = course_of(cast.teacher)
    client.force_login(cast.teacher)
    key = {"Idempotency-Key": "order-17"}
    first = post(client, course, {"email": cast.student.email}, **key)
    leave_course(enrolment=Enrolment.objects.get(), actor=cast.teacher, now=NOW)
    again = post(client, course, {"email": cast.student.email}, **key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again["Idempotency-Replayed"] == "true"
    assert Enrolment.objects.get().state == "left", "nothing was done a second time"
    other = post(client, course, {"email": cast.classmate.email}, **key)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert post(client, course, {"email": cast.student.email}, **{"Idempotency-Key": "x" * 201}).status_code == 422
    client.force_login(cast.staff)
    assert post(client, course, {"email": cast.classmate.email}, **key).status_code == 201, "keys are the account's own"


def test_partner_fills_published_courses_and_reads_its_own(client: Client, cast: Cast, partner: Any) -> None:
    course = course_of(cast.teacher, access=CourseAccess.INVITE)
    theirs = inside(course, cast.classmate)
    made = post(client, course, {"email": cast.student.email})
    assert made.status_code == 201
    assert [row["id"] for row in listed(client, course)] == [made.json()["id"]]
    assert client.get(reverse("api-enrolment", args=[made.json()["id"]])).status_code == 200
    assert client.get(reverse("api-enrolment", args=[theirs.pk])).status_code == 404
    row = Enrolment.objects.get(student=cast.student)
    assert (row.source, row.source_ref) == (EnrolmentSource.API, str(partner.pk))
    for state in (CourseState.DRAFT, CourseState.ARCHIVED):
        Course.objects.filter(pk=course.pk).update(state=state)
        assert post(client, course, {"email": cast.outsider.email}).status_code == 404
    assert client.get(reverse("course-people", args=[course.pk])).status_code == 404, "no pages of teachers"


def test_administrators_give_and_take_the_permission(client: Client, cast: Cast) -> None:
    account = factories.UserFactory(name="School system")
    with pytest.raises(NotPermittedError):
        switch_permission(person=account, permission=ENROL_BY_API, actor=cast.staff, now=NOW)
    root = factories.UserFactory(is_staff=True, is_superuser=True)
    client.force_login(root)
    for given in (True, False):
        client.post(reverse("admin:accounts_user_partner_here", args=[account.pk]), {"_form_submitted": "on"})
        assert type(account).objects.get(pk=account.pk).has_perm(ENROL_BY_API) is given
    actions = AuditEvent.objects.filter(object_id=str(account.pk)).values_list("action", flat=True)
    assert {"person.permission_given", "person.permission_taken"} <= set(actions)
    client.force_login(cast.staff)
    client.post(reverse("admin:accounts_user_partner_here", args=[account.pk]), {"_form_submitted": "on"})
    assert not type(account).objects.get(pk=account.pk).has_perm(ENROL_BY_API)


# --- Webhooks --------------------------------------------------------------------------------------------------------
def test_coming_in_and_completing_are_told_once_each(cast: Cast) -> None:
    endpoint_of(cast.staff)
    course = course_of(cast.teacher, modules=1, lessons=1)
    enrol_cohort(course=course, cohort=cast.cohort, actor=cast.teacher, now=NOW)
    enrol_cohort(course=course, cohort=cast.cohort, actor=cast.teacher, now=NOW)
    for _ in range(2):
        finish_lesson(lesson=lessons_of(course)[0], student=cast.student, now=NOW)
    told = list(WebhookEvent.objects.order_by("type", "pk").values_list("type", "data__student__id"))
    both = sorted([str(cast.student.pk), str(cast.classmate.pk)])
    assert told[0] == ("enrolment.completed", str(cast.student.pk))
    assert sorted(student for _type, student in told[1:]) == both
    assert {kind for kind, _student in told[1:]} == {"enrolment.created"}
    assert WebhookDelivery.objects.count() == 3
    data = WebhookEvent.objects.get(type="enrolment.completed").data
    assert data["enrolment"]["state"] == "completed"
    assert data["enrolment"]["completed_at"]
    assert cast.student.name not in str(list(WebhookEvent.objects.values()))

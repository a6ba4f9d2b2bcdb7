"""The first pages of everybody: what stands on them, and a constant cost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.enums import LinkState
from accounts.models import GuardianLink
from evaluations.enums import EvaluationState
from evaluations.tests.builders import evaluation_of, hand_in
from tests import factories
from tests.law_urls_world import World, build_world


@pytest.fixture
def world(cast: Any) -> World:
    return build_world(cast)


@pytest.fixture
def as_(client: Client, world: World) -> Any:
    def sign_in(who: str) -> Client:
        client.force_login(world.cast.people[who])
        return client

    return sign_in


def cost(client: Client, url: str) -> int:
    """Queries of the second visit: what the first one puts into the cache is not counted."""
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def release(world: World, student: Any, count: int) -> None:
    """Older papers, back with the student."""
    at = world.now - timedelta(days=9)
    for number in range(count):
        exam = factories.ExamFactory(
            title=f"More {number}", paper=world.open_exam.paper, for_cohorts=[world.cast.cohort]
        )
        back = {"finalised_at": at, "released_at": at, "written_marks": Decimal(5), "total_marks": Decimal(8)}
        teacher = world.cast.teacher
        evaluation_of(hand_in(exam, student, at=at), teacher=teacher, state=EvaluationState.RELEASED, **back)


# --- The way home ----------------------------------------------------------------------------------------------------
def test_home_of_somebody_with_several_roles_is_where_work_waits(as_: Any, world: World) -> None:
    world.cast.teacher.is_guardian = True
    world.cast.teacher.save(update_fields=["is_guardian"])
    assert as_("teacher").get(reverse("home"))["Location"] == reverse("teacher-home")


def test_home_of_somebody_without_a_role_is_their_settings(client: Client, db: None) -> None:
    client.force_login(factories.UserFactory())
    assert client.get(reverse("home"))["Location"] == reverse("person-settings")


def test_landing_offers_the_way_in(client: Client, db: None) -> None:
    text = client.get(reverse("landing")).content.decode()
    assert reverse("account_login") in text
    assert reverse("account_signup") in text


# --- Student ---------------------------------------------------------------------------------------------------------
def test_student_home_leads_to_what_is_going_on(as_: Any, world: World) -> None:
    text = as_("student").get(reverse("student-home")).content.decode()
    assert (
        reverse("attempt-page", args=[world.live.pk]) in text or reverse("sheets-page", args=[world.sheets.pk]) in text
    )
    assert reverse("result-page", args=[world.released.attempt_id]) in text


def test_student_home_of_a_beginner_is_not_broken(as_: Any) -> None:
    assert as_("outsider").get(reverse("student-home")).status_code == 200


def test_student_home_does_not_cost_more_with_thirty_papers(as_: Any, world: World) -> None:
    client, url = as_("student"), reverse("student-home")
    release(world, world.cast.student, 3)
    few = cost(client, url)
    release(world, world.cast.student, 30)
    assert cost(client, url) <= few


# --- Teacher ---------------------------------------------------------------------------------------------------------
def test_teacher_home_leads_to_the_papers(as_: Any, world: World) -> None:
    text = as_("teacher").get(reverse("teacher-home")).content.decode()
    assert reverse("marking-desk", args=[world.marking.pk]) in text
    assert world.cast.student.name not in text


def test_teacher_home_tells_a_newcomer_what_is_missing(as_: Any) -> None:
    text = as_("newcomer").get(reverse("teacher-home")).content.decode()
    assert "The office checks every teacher before the first paper." in text
    assert "The office checks" not in as_("teacher").get(reverse("teacher-home")).content.decode()


def test_teacher_home_costs_the_same_for_one_and_for_thirty(as_: Any, world: World) -> None:
    client, url = as_("teacher"), reverse("teacher-home")
    few = cost(client, url)
    for number in range(30):
        exam = factories.ExamFactory(title=f"More {number}", paper=world.open_exam.paper)
        evaluation_of(hand_in(exam, world.cast.student), teacher=world.cast.teacher)
    assert cost(client, url) == few


# --- Guardian --------------------------------------------------------------------------------------------------------
def test_family_shows_linked_students_only(as_: Any, world: World) -> None:
    text = as_("guardian").get(reverse("guardian-home")).content.decode()
    assert world.cast.student.name in text
    assert world.cast.classmate.name not in text


@pytest.mark.parametrize("state", [state for state in LinkState if state != LinkState.ACTIVE])
def test_a_link_that_does_not_stand_opens_nothing(as_: Any, world: World, state: str) -> None:
    GuardianLink.objects.filter(guardian=world.cast.guardian).update(state=state)
    client = as_("guardian")
    assert world.cast.student.name not in client.get(reverse("guardian-home")).content.decode()
    assert client.get(reverse("guardian-student", args=[world.cast.student.pk])).status_code == 404
    assert client.get(reverse("result-page", args=[world.released.attempt_id])).status_code == 404


def test_guardian_reads_and_has_nothing_to_press(as_: Any, world: World) -> None:
    client = as_("guardian")
    page = client.get(reverse("guardian-student", args=[world.cast.student.pk])).content.decode()
    assert reverse("result-page", args=[world.released.attempt_id]) in page
    main = page.split("<main", 1)[1].split("</main>", 1)[0]
    assert "<form" not in main
    assert "<button" not in main


def test_family_costs_the_same_for_one_and_for_thirty_papers(as_: Any, world: World) -> None:
    client = as_("guardian")
    urls = [reverse("guardian-home"), reverse("guardian-student", args=[world.cast.student.pk])]
    few = [cost(client, url) for url in urls]
    release(world, world.cast.student, 30)
    assert [cost(client, url) for url in urls] == few


def test_family_costs_the_same_for_one_and_for_many_children(as_: Any, world: World) -> None:
    client, url = as_("guardian"), reverse("guardian-home")
    few = cost(client, url)
    for _ in range(8):
        child = factories.StudentFactory()
        GuardianLink.objects.create(guardian=world.cast.guardian, student=child, state=LinkState.ACTIVE)
        evaluation_of(hand_in(world.open_exam, child), teacher=world.cast.teacher, state=EvaluationState.RELEASED)
    assert cost(client, url) == few

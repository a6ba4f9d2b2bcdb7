"""The curriculum and the cohorts in the back office."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from courses.models import Chapter, Cohort, CohortMembership, Topic
from tests import factories
from tests.cast import Cast

MODELS = ["programme", "unit", "chapter", "topic", "cohort", "cohortmembership", "teachingqualification"]


@pytest.fixture
def office(client: Client, cast: Cast) -> Client:
    client.force_login(cast.staff)
    return client


@pytest.mark.parametrize("name", MODELS)
def test_lists_and_forms_open_for_staff_only(office: Client, cast: Cast, name: str) -> None:
    for page in ("changelist", "add"):
        assert office.get(reverse(f"admin:courses_{name}_{page}")).status_code == 200
    assert office.get(reverse(f"admin:courses_{name}_changelist"), {"q": "x"}).status_code == 200
    office.force_login(cast.teacher)
    assert office.get(reverse(f"admin:courses_{name}_changelist")).status_code == 302


def test_lists_cost_the_same_for_one_and_many(office: Client, cast: Cast) -> None:
    def cost(name: str) -> int:
        office.get(reverse(f"admin:courses_{name}_changelist"))
        with CaptureQueriesContext(connection) as seen:
            office.get(reverse(f"admin:courses_{name}_changelist"))
        return len(seen)

    Topic.objects.create(chapter=factories.ChapterFactory(), name="One")
    before = {name: cost(name) for name in ("chapter", "topic", "cohort", "cohortmembership")}
    for number in range(20):
        chapter = factories.ChapterFactory(name=f"Chapter {number}")
        Topic.objects.create(chapter=chapter, name="Two")
        CohortMembership.objects.create(cohort=factories.CohortFactory(), user=factories.StudentFactory())
    assert {name: cost(name) for name in before} == before


def test_a_cohort_page_lists_members_and_adds_one(office: Client, cast: Cast) -> None:
    url = reverse("admin:courses_cohort_change", args=[cast.cohort.pk])
    page = office.get(url).content.decode()
    assert "Meera Nair" in page
    data = {
        "programme": cast.cohort.programme_id,
        "name": "X A",
        "is_active": "on",
        "memberships-TOTAL_FORMS": 1,
        "memberships-INITIAL_FORMS": 0,
        "memberships-0-cohort": cast.cohort.pk,
        "memberships-0-user": cast.outsider.pk,
        "memberships-0-role": "student",
    }
    assert office.post(url, data).status_code == 302
    assert CohortMembership.objects.filter(cohort=cast.cohort, user=cast.outsider).exists()
    assert Cohort.objects.get(pk=cast.cohort.pk).name == "X A"


def test_what_is_in_use_cannot_be_deleted(office: Client, cast: Cast) -> None:
    chapter = factories.question_version().question.chapter
    url = reverse("admin:courses_chapter_delete", args=[chapter.pk])
    office.post(url, {"post": "yes"})
    assert Chapter.objects.filter(pk=chapter.pk).exists()

"""An empty list of the back office says what would be there, and offers nothing that cannot be done."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from assessments.enums import QuestionType
from evaluations.models import MarkingSpeed
from tests.factories import TeacherFactory

SPEEDS = "admin:evaluations_markingspeed_changelist"


def test_every_list_to_which_nobody_adds_says_what_would_be_there(cast: Any) -> None:
    request = RequestFactory().get("/")
    request.user = cast.staff
    request.user.is_superuser = True
    silent = [
        model._meta.label
        for model, office_of in admin.site._registry.items()
        if not office_of.has_add_permission(request) and not getattr(office_of, "empty_sentence", "")
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("admin:evaluations_breachwarning_changelist", "No promise is expected to be missed."),
        ("admin:evaluations_slabreach_changelist", "No promise has been missed."),
        (SPEEDS, "Nobody&#x27;s speed is measured yet."),
    ],
)
def test_an_empty_list_tells_the_truth(client: Any, cast: Any, url: str, words: str) -> None:
    client.force_login(cast.staff)
    page = client.get(reverse(url)).content.decode()
    assert words in page
    assert "Create a new item" not in page
    assert "Reset filters" not in page


def test_a_list_in_which_nothing_matches_says_so(client: Any, cast: Any) -> None:
    client.force_login(cast.staff)
    page = client.get(reverse("admin:courses_cohort_changelist"), {"q": "nothing like it"}).content.decode()
    assert "Nothing matches." in page
    assert "Reset filters" in page


def test_speeds_are_read_and_cost_the_same_for_one_and_for_thirty(
    client: Any, cast: Any, django_assert_max_num_queries: Any
) -> None:
    def measured(teacher: Any, kind: str) -> None:
        MarkingSpeed.objects.create(
            teacher_id=teacher.pk,
            question_type=kind,
            seconds_per_mark=41.6,
            spread=0.25,
            papers=7,
            updated_at=timezone.now(),
        )

    client.force_login(cast.staff)
    measured(cast.teacher, QuestionType.LONG_ANSWER)
    client.get(reverse(SPEEDS))
    with django_assert_max_num_queries(12) as few:
        page = client.get(reverse(SPEEDS)).content.decode()
    for words in ("Suresh Rao", str(QuestionType.LONG_ANSWER.label), ">42<", "±25 %", ">7<"):
        assert words in page
    for number in range(29):
        measured(TeacherFactory(), "" if number % 2 else QuestionType.LONG_ANSWER)
    with django_assert_max_num_queries(len(few)):
        client.get(reverse(SPEEDS))
    assert "Whole papers" in client.get(reverse(SPEEDS), {"type": "whole"}).content.decode()
    assert client.get(reverse("admin:evaluations_markingspeed_add")).status_code == 403

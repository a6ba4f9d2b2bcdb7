"""The pages on which a marking scheme is changed, and what the desk and the result say of it."""

from __future__ import annotations

import json
from decimal import Decimal as D
from typing import Any

import pytest
from django.urls import reverse

from evaluations.models import (
    MarkEvent,
    QuestionMark,
    SchemeLook,
    SchemeRevision,
)
from evaluations.services.scheme_runs import follow_scheme
from evaluations.tests.builders import step_ids, written
from evaluations.tests.test_schemes import change, give, new_step, steps_now
from evaluations.tests.visits import MOST_QUERIES, World, cost
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def form_of(exam: Any, question: Any, **values: Any) -> dict[str, Any]:
    steps = steps_now(exam, question)
    names = {
        "id": [one.id for one in steps],
        "text": [one.text for one in steps],
        "marks": [str(one.marks) for one in steps],
        "kind": [one.kind for one in steps],
        "follows": [",".join(map(str, one.follows)) for one in steps],
        "part": [""] * len(steps),
        "alternative": [""] * len(steps),
        "method": ["1"] * len(steps),
    }
    return {**names, "kept": [str(n) for n in range(len(steps))], "reason": "The board's answer", **values}


def test_the_page_shows_what_would_come_of_it_and_then_does_it(as_: Any, world: World) -> None:
    record, cast = world.released, world.cast
    exam, question = record.attempt.exam, written(record.attempt.exam, 4)
    mark = QuestionMark.objects.get(evaluation=record, question=question)
    mark.steps = {step_ids(question)[0]: "1"}
    mark.marks, mark.version = D(1), 1
    mark.save()
    MarkEvent.objects.create(
        evaluation=record, question=question, version=1, steps=mark.steps, marks=D(1), actor=cast.teacher, at=NOW
    )
    url = reverse("scheme-change", args=[exam.pk, question.version_id])
    sent = form_of(exam, question, marks=["2", "1", "0.5", "0.5"], preview="1")
    page = as_("staff").post(url, sent)
    shown = page.context["preview"]
    assert (page.status_code, shown.released) == (200, 1)
    assert SchemeRevision.objects.count() == 0
    give_up = as_("staff").post(url, {**sent, "apply": "1", "digest": "0" * 64})
    assert (give_up.status_code, give_up.context["preview"].digest) == (409, shown.digest)
    done = as_("staff").post(url, {**sent, "apply": "1", "digest": shown.digest})
    assert done.status_code == 302
    follow_scheme(revision_id=SchemeRevision.objects.get().pk, now=NOW)
    listed = as_("staff").get(reverse("scheme-list", args=[exam.pk])).content.decode()
    assert "The board&#x27;s answer" in listed
    assert cost(as_("staff"), url) <= MOST_QUERIES
    result = as_("student").get(reverse("result-page", args=[record.attempt_id])).content.decode()
    assert "Step 1: marks 2 instead of 1." in result
    assert cost(as_("student"), reverse("result-page", args=[record.attempt_id])) <= MOST_QUERIES
    assert cast.staff == SchemeRevision.objects.get().actor


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"marks": ["x", "1", "1", "1"]}, "how many marks"),
        ({"follows": ["y", "", "", ""]}, "by number"),
        ({"kept": []}, "Keep a step"),
        ({"reason": ""}, "Say why"),
        ({"kind": ["method"]}, "no such kind"),
        ({"text": [" "] * 4}, "no words"),
    ],
)
def test_the_page_says_what_cannot_be(as_: Any, world: World, values: dict[str, Any], word: str) -> None:
    exam = world.released.attempt.exam
    question = written(exam, 4)
    url = reverse("scheme-change", args=[exam.pk, question.version_id])
    page = as_("staff").post(url, form_of(exam, question, **values))
    assert page.status_code == 422
    assert word in page.context["typed"].problem


def test_a_marker_says_that_a_mark_stays(as_: Any, world: World) -> None:
    record, exam = world.marking, world.marking.attempt.exam
    question = written(exam, 4)
    give(record, question, world.cast.teacher, s1="1")
    change(exam, question, world.cast.staff, [*steps_now(exam, question), new_step()], asks_again=True)
    desk = as_("teacher").get(reverse("marking-desk", args=[record.pk]))
    assert "Step 5 is new" in json.dumps(desk.context["data"], default=str)
    url = reverse("marking-looked", args=[record.pk, question.pk])
    assert as_("teacher").post(url).status_code == 302
    assert SchemeLook.objects.get(evaluation=record).closed_by == world.cast.teacher

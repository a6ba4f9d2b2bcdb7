"""What no database and no answer can hold, sent to everything of evaluations that writes: a sentence, never a 500.

PostgreSQL refuses NUL in text and jsonb, and half characters cannot be encoded; numbers without end and nesting without
end break what reads them. The bodies go over the wire as they are, because no JSON writer would make some of them.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from evaluations.models import Annotation, BankComment, Evaluation, MarkEvent
from evaluations.tests.builders import step_ids, written
from tests.law_urls_world import World

HERE = "@@"
HOSTILE = {
    "nul": r'"a\u0000b"',
    "raw_nul": '"a\x00b"',
    "high_surrogate": r'"\ud800"',
    "low_surrogate": r'"\udc00 x"',
    "nan": "NaN",
    "infinity": "-Infinity",
    "too_large_float": "1e999",
    "huge_int": "9" * 400,
    "endless_int": "9" * 5000,
    "negative_zero": "-0.0",
    "deep_list": "[" * 5000 + "]" * 5000,
    "deep_object": '{"a":' * 5000 + "1" + "}" * 5000,
    "nul_key": r'{"a\u0000": "1"}',
    "object": '{"x": {"y": [1]}}',
    "true": "true",
    "null": "null",
    "long_text": '"' + "x" * 200_000 + '"',
}
MARK_FIELDS = ["version", "steps", "step", "comment", "free_marks", "unknown"]
INK_FIELDS = [
    "id", "page", "kind", "geometry", "x", "points", "point", "pressure", "text", "question", "step", "marks",
    "version", "deleted", "unknown", "annotations",
]  # fmt: skip


def with_hostile(body: dict[str, Any], value: str) -> bytes:
    return json.dumps(body).replace(json.dumps(HERE), value).encode("utf-8", "surrogatepass")


def mark_body(world: World, field: str) -> dict[str, Any]:
    first = step_ids(written(world.marking.attempt.exam, 4))[0]
    body: dict[str, Any] = {"version": 0, "steps": {first: "1"}, "comment": "ok"}
    return body | ({"steps": {first: HERE}} if field == "step" else {field: HERE})


def ink_body(world: World, field: str) -> dict[str, Any]:
    page = world.marking.attempt.uploads.first().pages.get()
    item: dict[str, Any] = {
        "id": str(uuid4()), "page": str(page.pk), "kind": "comment", "geometry": {"x": 0.5, "y": 0.5}, "text": "ok",
    }  # fmt: skip
    if field == "annotations":
        return {"annotations": HERE}
    inside = {
        "x": {"geometry": {"x": HERE, "y": 0.5}},
        "points": {"kind": "pen", "geometry": {"points": HERE}},
        "point": {"kind": "pen", "geometry": {"points": [[0.1, HERE]]}},
        "pressure": {"kind": "pen", "geometry": {"points": [[0.1, 0.2, HERE]]}},
    }
    return {"annotations": [item | inside.get(field, {field: HERE})]}


def stored() -> list[int]:
    return [model.objects.count() for model in (Annotation, BankComment, MarkEvent)]


def assert_answered(client: Client, url: str, body: bytes, what: str) -> None:
    """Taken, or refused as problem details with a sentence and nothing stored."""
    before = stored()
    sent: Any = client.put(url, body, content_type="application/json")
    assert sent.status_code in (200, 400, 409, 413, 422), (what, sent.content)
    if sent.status_code != 200:
        assert sent["Content-Type"].startswith("application/problem+json"), what
        assert sent.json()["detail"].endswith("."), what
        assert stored() == before, what


@pytest.fixture
def teacher(as_: Any) -> Client:
    client: Client = as_("teacher")
    return client


@pytest.mark.parametrize("field", MARK_FIELDS)
def test_marks(teacher: Client, world: World, field: str) -> None:
    url = reverse("api-evaluation-mark", args=[world.marking.pk, written(world.marking.attempt.exam, 4).pk])
    for what, value in HOSTILE.items():
        assert_answered(teacher, url, with_hostile(mark_body(world, field), value), what)
    assert teacher.get(reverse("marking-desk", args=[world.marking.pk])).status_code == 200


@pytest.mark.parametrize("field", INK_FIELDS)
def test_ink(teacher: Client, world: World, field: str) -> None:
    url = reverse("api-evaluation-annotations", args=[world.marking.pk])
    for what, value in HOSTILE.items():
        assert_answered(teacher, url, with_hostile(ink_body(world, field), value), what)
    assert teacher.get(reverse("marking-desk", args=[world.marking.pk])).status_code == 200


@pytest.mark.parametrize(
    "field", ["id", "after", "mark", "ink", "steps", "comment", "geometry", "person", "operations"]
)
def test_operations(teacher: Client, world: World, field: str) -> None:
    """Each is answered by itself: taken, in conflict, or refused with a sentence."""
    url = reverse("api-evaluation-operations", args=[world.marking.pk])
    question, page = written(world.marking.attempt.exam, 4), world.marking.attempt.uploads.first().pages.get()
    for what, value in HOSTILE.items():
        mark: dict[str, Any] = {"question": str(question.pk), "version": 0, "comment": "ok"}
        ink: dict[str, Any] = {
            "id": str(uuid4()),
            "page": str(page.pk),
            "kind": "tick",
            "geometry": {"x": 0.1, "y": 0.1},
        }
        one: dict[str, Any] = {"id": str(uuid4()), "mark": mark}
        if field in ("steps", "comment"):
            mark[field] = HERE
        elif field == "geometry":
            one = {"id": str(uuid4()), "ink": ink | {"geometry": HERE}}
        elif field in ("id", "after", "mark", "ink"):
            one[field] = HERE
        body = {"person": str(world.cast.teacher.pk), "operations": [one]}
        body |= {field: HERE} if field in ("person", "operations") else {}
        sent = teacher.post(url, with_hostile(body, value), content_type="application/json")
        assert sent.status_code in (200, 400, 409, 413, 422), (what, sent.content)
        if sent.status_code == 200:
            assert all(r["outcome"] != "refused" or r["detail"].endswith(".") for r in sent.json()["receipts"]), what


DOORS = ["api-evaluation-claim", "api-evaluation-finalise", "marking-claim", "marking-finalise", "marking-heartbeat"]


@pytest.mark.parametrize("name", DOORS)
def test_doors_that_take_no_body(teacher: Client, world: World, name: str) -> None:
    """They do their work or say what is missing, whatever else is sent."""
    url = reverse(name, args=[] if name.endswith("claim") else [world.marking.pk])
    for what, value in HOSTILE.items():
        sent = teacher.post(url, with_hostile({"reason": HERE}, value), content_type="application/json")
        assert sent.status_code in (200, 204, 302, 400, 409, 422), (what, sent.content)
    assert Evaluation.objects.get(pk=world.marking.pk).finalised_at is None

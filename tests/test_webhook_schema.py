"""What webhooks send is what the API's schema says: what is sent is declared, what is declared is sent."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
from django.test import Client

from assessments.services.attempts import start_attempt, submit_attempt
from courses.services.progress import finish_lesson
from courses.tests.builders import course_of, inside, lessons_of
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation
from evaluations.services.breaches import scan_breaches
from evaluations.services.finishing import release_evaluation
from evaluations.tests import builders
from notifications.enums import WebhookType
from notifications.models import WebhookEvent
from notifications.services.webhook_sending import body_of
from notifications.services.webhook_setup import send_test
from notifications.tests.webhooks import endpoint_of
from tests.factories import NOW


@pytest.fixture
def schema(client: Client, db: None) -> dict[str, Any]:
    served: dict[str, Any] = client.get("/openapi.json").json()
    return served


def shape(schema: dict[str, Any], kind: str) -> dict[str, Any]:
    """The JSON Schema of a body, with what it refers to; nothing undeclared is allowed in it."""
    closed = json.loads(
        json.dumps(schema["components"]).replace('"type": "object"', '"type": "object", "additionalProperties": false')
    )
    body = schema["webhooks"][kind]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return {**body, "components": closed}


def test_every_type_has_its_webhook_and_its_headers(schema: dict[str, Any]) -> None:
    assert schema["openapi"] == "3.1.0"
    assert set(schema["webhooks"]) == {kind.value for kind in WebhookType}
    for methods in schema["webhooks"].values():
        names = [one["name"] for one in methods["post"]["parameters"]]
        assert names == ["webhook-id", "webhook-timestamp", "webhook-signature"]
        assert methods["post"]["summary"]


def test_what_is_sent_is_what_is_said(schema: dict[str, Any], cast: Any) -> None:
    endpoint = endpoint_of(cast.staff)
    attempt = start_attempt(exam=cast.exam, student=cast.classmate, now=NOW)
    submit_attempt(attempt=attempt, actor=cast.classmate, now=NOW + timedelta(minutes=5))
    evaluation = Evaluation.objects.get(pk=builders.marking(cast.exam, cast.student, cast.teacher).pk)
    scan_breaches(now=evaluation.due_at + timedelta(days=1))
    builders.declare_not_attempted(evaluation.attempt, 4)
    Evaluation.objects.filter(pk=evaluation.pk).update(state=EvaluationState.FINALISED, total_marks=9.5)
    release_evaluation(evaluation=evaluation, actor=cast.staff, now=NOW)
    course = course_of(cast.teacher, modules=1, lessons=1)
    inside(course, cast.student)
    finish_lesson(lesson=lessons_of(course)[0], student=cast.student, now=NOW)
    send_test(endpoint=endpoint, actor=cast.staff, now=NOW)
    events = {event.type: event for event in WebhookEvent.objects.all()}
    assert set(events) == {kind.value for kind in WebhookType}
    for kind, event in events.items():
        wanted, body = shape(schema, kind), json.loads(body_of(event))
        jsonschema.validate(body, wanted, format_checker=jsonschema.FormatChecker())
        for change in ({**body, "more": 1}, {**body, "data": {**body["data"], "name": "x"}}, {**body, "data": {}}):
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(change, wanted)

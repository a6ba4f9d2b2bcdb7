"""The API's contract: the schema that is served is the one in tests/openapi.json, so that a change is seen in review.

After a change that is meant: `ABHYAS_UPDATE_SCHEMA=1 pytest tests/test_schema.py`, and read the difference.
"""

from __future__ import annotations

import json
import os
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

SNAPSHOT = Path(__file__).with_name("openapi.json")
# The main job by API alone: what partners were promised.
PROMISED = {
    "post /api/v1/auth/token/",
    "post /api/v1/auth/token/refresh/",
    "get /api/v1/exams/",
    "post /api/v1/exams/{exam_id}/attempts/",
    "get /api/v1/attempts/{attempt_id}/",
    "put /api/v1/attempts/{attempt_id}/responses/{question_id}/",
    "post /api/v1/attempts/{attempt_id}/submit/",
    "post /api/v1/attempts/{attempt_id}/sheets/",
    "post /api/v1/attempts/{attempt_id}/sheets/{client_id}/done/",
    "post /api/v1/attempts/{attempt_id}/sheets/confirm/",
    "get /api/v1/evaluations/",
    "post /api/v1/evaluations/claim/",
    "get /api/v1/evaluations/{evaluation_id}/",
    "put /api/v1/evaluations/{evaluation_id}/marks/{question_id}/",
    "put /api/v1/evaluations/{evaluation_id}/annotations/",
    "post /api/v1/evaluations/{evaluation_id}/finalise/",
    "get /api/v1/attempts/{attempt_id}/result/",
}


@pytest.fixture
def schema(client: Client, db: None) -> dict[str, Any]:
    response = client.get("/openapi.json")
    assert response.status_code == 200
    served: dict[str, Any] = response.json()
    return served


def test_schema_is_the_one_that_was_reviewed(schema: dict[str, Any]) -> None:
    if os.environ.get("ABHYAS_UPDATE_SCHEMA") == "1":
        SNAPSHOT.write_text(json.dumps(schema, indent=1, ensure_ascii=False) + "\n")
    assert schema == json.loads(SNAPSHOT.read_text()), "the API changed; see the docstring of this file"


def test_every_promised_operation_is_there(schema: dict[str, Any]) -> None:
    offered = {f"{method} {path}" for path, methods in schema["paths"].items() for method in methods}
    assert PROMISED - offered == set()


def test_every_operation_says_what_it_is_and_what_it_answers(schema: dict[str, Any]) -> None:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert operation["operationId"], (method, path)
            assert operation.get("summary") or operation.get("description"), (method, path)
            assert operation["responses"], (method, path)


def test_schema_is_valid_and_nothing_in_it_was_guessed() -> None:
    """drf-spectacular warns where it had to guess a type; a partner's generated client would be wrong there."""
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=StringIO())

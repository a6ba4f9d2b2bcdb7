"""A tool, something set there, a student who was sent, and what the tool would report; for every test of these."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from assessments.models import ExternalAssessment, ExternalLaunch, ExternalTool
from assessments.services.external_launches import launch_assessment
from assessments.services.external_secrets import open_secrets
from assessments.services.external_setup import save_tool
from assessments.services.signatures import header_for
from tests.cast import Cast

TOOL_URL = "https://lab.example.org/launch"
RESULTS_URL, RETURN_URL = "https://abhyas.example/results/", "https://abhyas.example/exams/"


def external_world(cast: Cast, now: datetime, **changes: Any) -> ExternalAssessment:
    """A tool with a secret and an open assessment of 10 for the cast's cohort."""
    tool = ExternalTool(name=changes.pop("tool_name", "Virtual lab"), launch_url=TOOL_URL)
    save_tool(tool=tool, actor=cast.staff, now=now)
    fields = {
        "tool": tool, "title": "Graphs of parabolas", "programme": cast.cohort.programme, "resource": "graphs-1",
        "max_score": 10, "opens_at": now - timedelta(days=1), "is_published": True,
    }  # fmt: skip
    assessment = ExternalAssessment.objects.create(**fields | changes)
    assessment.cohorts.set([cast.cohort])
    # As it comes from the database, with the maximum as a decimal.
    return ExternalAssessment.objects.select_related("tool").get(pk=assessment.pk)


def launch_for(assessment: ExternalAssessment, student: Any, now: datetime) -> ExternalLaunch:
    by = {"return_url": RETURN_URL, "results_url": RESULTS_URL, "now": now}
    return launch_assessment(assessment=assessment, student=student, **by).launch


def event_of(launch: ExternalLaunch, now: datetime, **changes: Any) -> dict[str, Any]:
    return {
        "event_id": str(uuid4()),
        "launch_id": str(launch.pk),
        "score": 7.5,
        "max_score": 10,
        "occurred_at": now.isoformat(),
    } | changes


def signed(tool: ExternalTool, event: Any, now: datetime) -> dict[str, Any]:
    """Body and signature as receive_result takes them."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    secret = open_secrets(tool=tool, now=now)[0]
    return {"body": body, "signature": header_for(secret=secret, timestamp=int(now.timestamp()), body=body)}

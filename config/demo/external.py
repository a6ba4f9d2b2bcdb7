"""A tool of a partner, something to do there, and a result that it has reported over its signed webhook."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from assessments.models import ExternalAssessment, ExternalTool
from assessments.services.external_launches import launch_assessment
from assessments.services.external_results import receive_result
from assessments.services.external_setup import save_external_assessment, save_tool, set_external_cohorts
from assessments.services.signatures import header_for
from config.demo import cast
from config.demo.people import find_person
from courses.models import Cohort, Programme

TOOL = "Graph laboratory"
AGO = timedelta(days=2)
#: Who has been there, and with how many of ten points they came back.
RESULTS = (("student", "8.5"), ("rohan.gupta", "9"))


def seed_external(*, programme: Programme, now: datetime) -> int:
    """Everything or nothing; returns how many tools are new. The address answers nobody: example.org is nobody's."""
    if ExternalTool.objects.filter(name=TOOL).exists():
        return 0
    staff, then = find_person(cast.STAFF[0]), now - AGO
    with transaction.atomic():
        tool = ExternalTool(name=TOOL, launch_url="https://graphs.example.org/launch")
        secret = save_tool(tool=tool, actor=staff, now=then - AGO)
        made = ExternalAssessment(
            tool=tool,
            title="Parabolas and their roots",
            programme=programme,
            resource="parabolas-1",
            max_score=10,
            opens_at=then - AGO,
            is_published=True,
        )
        save_external_assessment(assessment=made, actor=staff, now=then - AGO)
        cohorts = list(Cohort.objects.filter(programme=programme, name__in=cast.COHORTS))
        set_external_cohorts(assessment=made, cohorts=cohorts, actor=staff, now=then - AGO)
        made.refresh_from_db()
        for key, score in RESULTS:
            _report(made, secret, key, score, then)
    return 1


def _report(assessment: ExternalAssessment, secret: str, key: str, score: str, then: datetime) -> None:
    """The student was there, and twenty minutes later the tool says how it went."""
    results = settings.SITE_URL + reverse("api-external-results", args=[assessment.tool_id])
    urls = {"return_url": settings.SITE_URL + reverse("exam-list"), "results_url": results}
    sending = launch_assessment(assessment=assessment, student=find_person(key), now=then, **urls)
    done = then + timedelta(minutes=20)
    event = {
        "event_id": f"parabolas-1-{key}",
        "launch_id": str(sending.launch.pk),
        "score": score,
        "max_score": "10",
        "occurred_at": done.isoformat(),
    }
    body = json.dumps(event).encode()
    signature = header_for(secret=secret, timestamp=int(done.timestamp()), body=body)
    receive_result(tool=assessment.tool, signature=signature, body=body, now=done)

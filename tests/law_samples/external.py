"""Sample rows of assessments held elsewhere: set here, set for others, not published; sent students and results."""

from django.db import models

from assessments.models import (
    ExternalAssessment,
    ExternalDelivery,
    ExternalLaunch,
    ExternalResult,
    ExternalSecret,
    ExternalTool,
)
from assessments.tests.external import external_world
from courses.models import Cohort, CohortMembership
from tests import factories
from tests.cast import Cast
from tests.factories import NOW


def samples(cast: Cast) -> dict[type[models.Model], list[models.Model]]:
    here = external_world(cast, NOW)
    other, hidden, mixed = (
        external_world(cast, NOW, tool_name=f"Tool {number}", is_published=number != 2) for number in (1, 2, 3)
    )
    other.cohorts.set([Cohort.objects.get(name="X B")])
    # A batch of the student that the teacher does not teach.
    third = factories.CohortFactory(name="X D")
    CohortMembership.objects.create(cohort=third, user=cast.student)
    mixed.cohorts.set([third])
    sent = [(here, cast.student), (here, cast.classmate), (other, cast.outsider), (mixed, cast.student)]
    launches = [
        ExternalLaunch.objects.create(assessment=assessment, student=student, issued_at=NOW, expires_at=NOW)
        for assessment, student in sent
    ]
    results = [
        ExternalResult.objects.create(
            tool=launch.assessment.tool, launch=launch, event_id="1" + str(launch.pk), score=5, max_score=10,
            occurred_at=NOW, received_at=NOW, digest="0" * 64,
        )
        for launch in launches
    ]  # fmt: skip
    ExternalDelivery.objects.create(tool=here.tool, received_at=NOW, outcome="refused", size=1)
    return {
        ExternalTool: list(ExternalTool.objects.all()),
        ExternalSecret: list(ExternalSecret.objects.all()),
        ExternalDelivery: list(ExternalDelivery.objects.all()),
        ExternalAssessment: [here, other, hidden, mixed],
        ExternalLaunch: list(launches),
        ExternalResult: list(results),
    }

"""A second look at papers of a marker who drifts: what it would be, and that it goes the ways there are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import AuditEvent
from assessments.enums import ReleasePolicy
from evaluations.enums import EvaluationRole, EvaluationState
from evaluations.models import Evaluation, ExamChecks, RemarkRequest
from evaluations.services.claims import claim_evaluation
from evaluations.services.resampling import ResampleError, last_good, plan_resample, resample
from evaluations.services.second_marking import drop_late_seconds
from evaluations.tests.calibration import asking, marked_record, practise
from tests.factories import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def checks(cast: Any) -> ExamChecks:
    """The teacher has marked a paper that is back and, two days later, one that is not."""
    type(cast.exam).objects.filter(pk=cast.exam.pk).update(release=ReleasePolicy.BY_STAFF)
    made = asking(cast.exam, cast.colleague, papers=0, scripts=0)
    marked_record(cast.exam, cast.teacher, due_in=-DAY, released_at=NOW)
    marked_record(cast.exam, cast.teacher, state=EvaluationState.FINALISED, finalised_at=NOW + 2 * DAY, due_in=DAY)
    return made


def asked(checks: ExamChecks, cast: Any, **more: Any) -> dict[str, Any]:
    return {"checks": checks, "teacher": cast.teacher, "since": None, "percent": 100, **more}


def test_the_plan_counts_and_changes_nothing(cast: Any, checks: ExamChecks) -> None:
    plan = plan_resample(**asked(checks, cast))
    assert (len(plan.held), plan.rechecks, plan.papers) == (1, 2, 2)
    assert plan.hours > 0
    assert plan_resample(**asked(checks, cast, since=NOW + DAY)).rechecks == 0
    assert plan_resample(**asked(checks, cast, teacher=cast.colleague)).papers == 0
    assert not Evaluation.objects.exclude(role=EvaluationRole.RECORD).exists()
    assert last_good(checks, cast.teacher) is None
    with pytest.raises(ResampleError, match="from 1 to 100"):
        plan_resample(**asked(checks, cast, percent=0))


def test_what_is_not_back_is_marked_twice_and_what_is_back_again(cast: Any, checks: ExamChecks) -> None:
    order = asked(checks, cast, actor=cast.staff, now=NOW + 3 * DAY)
    with pytest.raises(ResampleError, match="reason"):
        resample(**order, reason=" ")
    resample(**order, reason="Drift in severity")
    second = Evaluation.objects.get(role=EvaluationRole.SECOND)
    assert (second.teacher, second.record.state) == (cast.colleague, EvaluationState.SECOND)
    assert second.due_at > NOW + 3 * DAY, "with a promise of its own"
    assert drop_late_seconds(now=NOW + 3 * DAY) == 0
    assert RemarkRequest.objects.filter(is_recheck=True).count() == 2
    assert AuditEvent.objects.filter(action="marker.resampled").count() == 1
    with pytest.raises(ResampleError, match="nothing"):
        resample(**order, reason="Again")
    claim_evaluation(evaluation=second, teacher=cast.colleague, now=NOW + 3 * DAY)
    practise(second, cast.colleague, now=NOW + 3 * DAY)
    second.record.refresh_from_db()
    assert (second.record.state, second.record.finalised_at) == (EvaluationState.FINALISED, NOW + 2 * DAY)

"""A project of a course for the law tables, and for the pages what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from assessments.models import Project
from assessments.tests.projects import LINK, handed_in, project_of
from evaluations.models import Evaluation
from evaluations.services.claims import claim_evaluation
from evaluations.services.finishing import finalise_evaluation, return_evaluation
from evaluations.services.marking import save_mark
from evaluations.services.opening import open_evaluation
from tests.cast import Cast


def project_world(cast: Cast, now: datetime) -> None:
    """Due in five days; nobody has begun."""
    project_of(cast, due_at=now + timedelta(days=5))


def project_ids() -> dict[str, Any]:
    project = Project.objects.first()
    assert project is not None
    return {"project": project.pk, "project_lesson": project.lesson_id}


def project_pages(cast: Cast, now: datetime) -> dict[str, Any]:
    """The student's work came back once and is with the teacher again; the classmate's was late and is marked."""
    project = Project.objects.select_related("exam__paper", "lesson").get()
    first = _record(handed_in(project, cast.student, at=now), now)
    claim_evaluation(evaluation=first, teacher=cast.teacher, now=now)
    return_evaluation(evaluation=first, actor=cast.teacher, reason="Show how you found $a$.", now=now)
    again = _record(handed_in(project, cast.student, at=now, link=f"{LINK}-2"), now)
    Project.objects.filter(pk=project.pk).update(due_at=now - timedelta(hours=30))
    late = _record(handed_in(project, cast.classmate, at=now), now)
    Project.objects.filter(pk=project.pk).update(due_at=now + timedelta(days=5))
    claim_evaluation(evaluation=late, teacher=cast.teacher, now=now)
    question = late.attempt.paper.questions.get()
    steps = {f"{one.part}{one.alternative}": one for one in question.version.steps.all()}
    given = {str(steps["12"].pk): Decimal(2), str(steps["2"].pk): Decimal("4.5")}
    save_mark(
        evaluation=late, question_id=question.pk, version=0, steps=given, comment="A good bridge.",
        actor=cast.teacher, now=now,
    )  # fmt: skip
    finalise_evaluation(evaluation=late, actor=cast.teacher, now=now)
    return {"project_record": again.pk, "project_result": late.attempt_id}


def _record(submission: Any, now: datetime) -> Evaluation:
    record = open_evaluation(attempt_id=submission.attempt_id, now=now)
    assert record is not None
    return record

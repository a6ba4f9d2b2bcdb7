"""Who may see and open assessments held elsewhere, and read what came back. As for exams and attempts."""

from __future__ import annotations

from typing import Any

import rules

from accounts.rules import guards, is_office, is_staff, is_verified_teacher, never, owns
from assessments.models import ExternalAssessment, ExternalLaunch, ExternalResult
from assessments.rules.attempts import is_student
from courses.enums import CohortRole
from courses.models import CohortMembership


def _cohorts(user_id: Any, role: CohortRole) -> set[Any]:
    return set(CohortMembership.objects.filter(user_id=user_id, role=role).values_list("cohort_id", flat=True))


def _set_for(assessment_id: Any) -> set[Any]:
    through = ExternalAssessment.cohorts.through.objects.filter(externalassessment_id=assessment_id)
    return set(through.values_list("cohort_id", flat=True))


@rules.predicate
def is_set_for(user: Any, assessment: ExternalAssessment | None) -> bool:
    """Published for a cohort in which the person is a student."""
    if assessment is None or not user.is_authenticated or not assessment.is_published:
        return False
    return bool(_set_for(assessment.pk) & _cohorts(user.pk, CohortRole.STUDENT))


@rules.predicate
def teaches_it(user: Any, launch: ExternalLaunch | None) -> bool:
    if launch is None or not is_verified_teacher(user):
        return False
    taught = _cohorts(user.pk, CohortRole.TEACHER)
    return bool(taught & _set_for(launch.assessment_id) and taught & _cohorts(launch.student_id, CohortRole.STUDENT))


view_launch = owns("student_id") | guards("student_id") | teaches_it | is_office


@rules.predicate
def may_view_its_launch(user: Any, result: ExternalResult | None) -> bool:
    return result is not None and bool(view_launch(user, result.launch))


VIEW = {
    "externaltool": is_office,
    "externalsecret": is_office,
    "externaldelivery": is_office,
    "externalassessment": is_office | is_verified_teacher | is_set_for,
    "externallaunch": view_launch,
    "externalresult": may_view_its_launch,
}
SET_UP = {"externaltool", "externalassessment"}

for model, view in VIEW.items():
    rules.add_perm(f"assessments.view_{model}", view)
    for verb in ("add", "change"):
        rules.add_perm(f"assessments.{verb}_{model}", is_office if model in SET_UP else never)
    rules.add_perm(f"assessments.delete_{model}", never)

rules.add_perm("assessments.launch_externalassessment", is_student & is_set_for)
rules.add_perm("assessments.rotate_externaltool", is_staff)

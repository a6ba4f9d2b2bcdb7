"""Who may see and change the curriculum, cohorts and qualifications. Written on its own, not from `visible_to`:
a test compares the two for every model and everybody."""

from __future__ import annotations

from typing import Any

import rules

from accounts.rules import is_signed_in, is_staff
from courses.enums import CohortRole
from courses.models import Cohort, CohortMembership, TeachingQualification


@rules.predicate
def is_member(user: Any, cohort: Cohort | None) -> bool:
    return cohort is not None and user.is_authenticated and cohort.memberships.filter(user=user).exists()


@rules.predicate
def is_own_membership(user: Any, membership: CohortMembership | None) -> bool:
    return membership is not None and user.is_authenticated and membership.user_id == user.pk


@rules.predicate
def teaches_that_cohort(user: Any, membership: CohortMembership | None) -> bool:
    if membership is None or not user.is_authenticated:
        return False
    return CohortMembership.objects.filter(cohort=membership.cohort_id, user=user, role=CohortRole.TEACHER).exists()


@rules.predicate
def is_own_qualification(user: Any, qualification: TeachingQualification | None) -> bool:
    return qualification is not None and user.is_authenticated and qualification.teacher_id == user.pk


VIEW = {
    "programme": is_signed_in,
    "unit": is_signed_in,
    "chapter": is_signed_in,
    "topic": is_signed_in,
    "cohort": is_staff | is_member,
    "cohortmembership": is_staff | is_own_membership | teaches_that_cohort,
    "teachingqualification": is_staff | is_own_qualification,
}

# The back office's entry to this app.
rules.add_perm("courses", is_staff)
for name, may_view in VIEW.items():
    rules.add_perm(f"courses.view_{name}", may_view)
    for verb in ("add", "change", "delete"):
        rules.add_perm(f"courses.{verb}_{name}", is_staff)

"""Who may bring the sheets of a class and see what was brought. Written on its own, not from `visible_to`."""

from __future__ import annotations

from typing import Any

import rules

from accounts.rules import is_office, is_verified_teacher, never
from assessments.models import Exam, Scan, ScanFile, ScanPage
from courses.enums import CohortRole
from courses.models import CohortMembership


def _taught(user: Any) -> set[Any]:
    return set(
        CohortMembership.objects.filter(user_id=user.pk, role=CohortRole.TEACHER).values_list("cohort_id", flat=True)
    )


def _set_for(exam_id: Any) -> set[Any]:
    return set(Exam.cohorts.through.objects.filter(exam_id=exam_id).values_list("cohort_id", flat=True))


@rules.predicate
def teaches_exam(user: Any, exam: Exam | None) -> bool:
    """A verified teacher of one of its cohorts."""
    return exam is not None and bool(is_verified_teacher(user)) and bool(_taught(user) & _set_for(exam.pk))


@rules.predicate
def may_see_scan(user: Any, obj: Scan | ScanFile | ScanPage | None) -> bool:
    """Brought it themself, or no cohort of its exam is somebody else's."""
    if obj is None or not is_verified_teacher(user):
        return False
    scan = obj if isinstance(obj, Scan) else obj.scan
    taught, cohorts = _taught(user), _set_for(scan.exam_id)
    return bool(taught & cohorts) and (scan.author_id == user.pk or cohorts <= taught)


rules.add_perm("assessments.scan_exam", is_office | teaches_exam)
for name in ("scan", "scanfile", "scanpage"):
    rules.add_perm(f"assessments.view_{name}", is_office | may_see_scan)
    for verb in ("add", "change", "delete"):
        rules.add_perm(f"assessments.{verb}_{name}", never)
rules.add_perm("assessments.decide_scan", is_office | may_see_scan)

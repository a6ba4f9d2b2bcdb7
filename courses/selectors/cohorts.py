"""Reading the curriculum and the cohorts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from courses.enums import CohortRole
from courses.models import Chapter, Cohort, Programme, TeachingQualification


def cohorts_taught(user: Any) -> QuerySet[Cohort]:
    """The active cohorts in which `user` is a teacher, by name."""
    return _cohorts_as(user, CohortRole.TEACHER)


def cohorts_attended(user: Any) -> QuerySet[Cohort]:
    """The active cohorts in which `user` is a student, by name."""
    return _cohorts_as(user, CohortRole.STUDENT)


def students_of(cohort: Cohort) -> QuerySet[User]:
    """The active students of a cohort, by name."""
    students: QuerySet[User] = User.objects.filter(
        cohort_memberships__cohort=cohort, cohort_memberships__role=CohortRole.STUDENT, is_active=True
    ).order_by("name", "pk")
    return students


def qualified_teacher_ids(programme_id: UUID) -> QuerySet[TeachingQualification, Any]:
    """Ids of the people qualified for a programme, as a subquery."""
    return TeachingQualification.objects.filter(programme=programme_id).values("teacher_id")


def curriculum_tree(programme: Programme) -> Programme:
    """The programme with units, chapters and topics fetched in four queries, each in its order."""
    chapters = Prefetch("units__chapters", Chapter.objects.prefetch_related("topics"))
    tree: Programme = Programme.objects.prefetch_related("units", chapters).get(pk=programme.pk)
    return tree


def _cohorts_as(user: Any, role: CohortRole) -> QuerySet[Cohort]:
    if not user.is_authenticated:
        return Cohort.objects.none()
    mine = user.cohort_memberships.filter(role=role).values("cohort_id")
    return Cohort.objects.filter(pk__in=mine, is_active=True).select_related("programme").order_by("name", "pk")

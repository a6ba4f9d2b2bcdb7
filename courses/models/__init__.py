from courses.models.cohorts import Cohort, CohortMembership, TeachingQualification
from courses.models.curriculum import Chapter, Programme, Topic, Unit

__all__ = ["Chapter", "Cohort", "CohortMembership", "Programme", "TeachingQualification", "Topic", "Unit"]

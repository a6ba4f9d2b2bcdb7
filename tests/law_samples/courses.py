"""Sample rows of courses: what everybody shares, and rows of the cast's own cohort and of another."""

from django.db import models

from courses.models import Chapter, Cohort, CohortMembership, Programme, TeachingQualification, Topic, Unit
from tests import factories
from tests.cast import Cast


def samples(cast: Cast) -> dict[type[models.Model], list[models.Model]]:
    chapter = factories.ChapterFactory()
    return {
        Programme: [cast.cohort.programme],
        Unit: [chapter.unit],
        Chapter: [chapter],
        Topic: [Topic.objects.create(chapter=chapter, name="Nature of roots")],
        Cohort: [cast.cohort, Cohort.objects.get(name="X B"), factories.CohortFactory()],
        CohortMembership: list(CohortMembership.objects.all()),
        TeachingQualification: list(TeachingQualification.objects.all()),
    }

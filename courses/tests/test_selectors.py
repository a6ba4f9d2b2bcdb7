from django.contrib.auth.models import AnonymousUser

from courses.enums import CohortRole
from courses.models import CohortMembership
from courses.selectors import cohorts_attended, cohorts_taught, qualified_teacher_ids, students_of
from tests import factories
from tests.cast import Cast


def test_cohorts_by_role(cast: Cast) -> None:
    assert list(cohorts_taught(cast.teacher)) == [cast.cohort]
    assert list(cohorts_attended(cast.student)) == [cast.cohort]
    for person in (cast.student, cast.colleague, cast.staff, AnonymousUser()):
        assert not cohorts_taught(person).exists()
    assert not cohorts_attended(cast.teacher).exists()


def test_closed_cohorts_are_left_out(cast: Cast) -> None:
    closed = factories.CohortFactory(is_active=False)
    CohortMembership.objects.create(cohort=closed, user=cast.teacher, role=CohortRole.TEACHER)
    assert list(cohorts_taught(cast.teacher)) == [cast.cohort]


def test_students_of_a_cohort_by_name(cast: Cast) -> None:
    assert list(students_of(cast.cohort)) == [cast.student, cast.classmate]
    cast.student.is_active = False
    cast.student.save()
    assert list(students_of(cast.cohort)) == [cast.classmate]


def test_qualified_teachers(cast: Cast) -> None:
    ids = {row["teacher_id"] for row in qualified_teacher_ids(cast.cohort.programme_id)}
    assert ids == {cast.teacher.pk, cast.colleague.pk, cast.newcomer.pk}

"""The fixed cast: everybody a permission test needs, around one cohort and one exam."""

from dataclasses import dataclass

from django.contrib.auth.models import Group

from accounts.enums import LinkState
from accounts.models import GuardianLink, User
from assessments.models import Exam
from courses.enums import CohortRole
from courses.models import Cohort, CohortMembership, TeachingQualification
from tests import factories
from tests.shared_rows import shared_rows


@dataclass(frozen=True)
class Cast:
    """`student` and `classmate` share a cohort with `teacher`; `guardian` is linked to `student`; `outsider` is a
    student of another cohort; `colleague` is a verified, qualified teacher of no cohort; `newcomer` is unverified."""

    student: User
    classmate: User
    guardian: User
    teacher: User
    colleague: User
    newcomer: User
    outsider: User
    staff: User
    cohort: Cohort
    exam: Exam

    @property
    def people(self) -> dict[str, User]:
        names = ["student", "classmate", "guardian", "teacher", "colleague", "newcomer", "outsider", "staff"]
        return {name: getattr(self, name) for name in names}


def build_cast() -> Cast:
    cohort, other = factories.CohortFactory(name="X A"), factories.CohortFactory(name="X B")
    student = factories.StudentFactory(name="Meera Nair", email="meera@example.com")
    classmate = factories.StudentFactory(name="Rohan Gupta", email="rohan@example.com")
    outsider = factories.StudentFactory(name="Zoya Khan", email="zoya@example.com")
    guardian = factories.UserFactory(name="Latha Nair", email="latha@example.com", is_guardian=True)
    teacher = factories.TeacherFactory(name="Suresh Rao", email="rao@example.com")
    colleague = factories.TeacherFactory(name="Anita Desai", email="desai@example.com")
    newcomer = factories.TeacherFactory(name="Vikram Sethi", email="sethi@example.com")
    newcomer.teacher_profile.verified_at = None
    newcomer.teacher_profile.save()
    for person, group in ((student, cohort), (classmate, cohort), (outsider, other)):
        CohortMembership.objects.create(cohort=group, user=person)
        factories.EntitlementFactory(user=person)
    CohortMembership.objects.create(cohort=cohort, user=teacher, role=CohortRole.TEACHER)
    for marker in (teacher, colleague, newcomer):
        TeachingQualification.objects.create(teacher=marker, programme=cohort.programme)
    GuardianLink.objects.create(guardian=guardian, student=student, state=LinkState.ACTIVE)
    staff = factories.UserFactory(name="Office", email="office@example.com", is_staff=True)
    staff.groups.add(Group.objects.get(name="Staff"))
    return Cast(
        student=student,
        classmate=classmate,
        guardian=guardian,
        teacher=teacher,
        colleague=colleague,
        newcomer=newcomer,
        outsider=outsider,
        staff=staff,
        cohort=cohort,
        exam=factories.ExamFactory(title="Maths mock 1", for_cohorts=[cohort]),
    )


cast = shared_rows("cast", build_cast)

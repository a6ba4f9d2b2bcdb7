"""Who may see and change the curriculum, cohorts and qualifications. Written on its own, not from `visible_to`:
a test compares the two for every model and everybody."""

from __future__ import annotations

from typing import Any

import rules

from accounts.enums import LinkState
from accounts.models import GuardianLink
from accounts.rules import guards, is_signed_in, is_staff, is_verified_teacher, never, owns
from courses.enums import CohortRole, CourseAccess, CourseState, EnrolmentState, ReviewState
from courses.models import (
    Cohort,
    CohortMembership,
    Course,
    CourseTeacher,
    Enrolment,
    Lesson,
    Room,
    TeachingQualification,
)


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


# --- Courses ---------------------------------------------------------------------------------------------------------
def _of(path: str, predicate: rules.Predicate, name: str) -> rules.Predicate:
    """`predicate` about what `path` (attributes with dots) of the object leads to."""

    @rules.predicate(f"{name}:{path}")
    def about(user: Any, obj: Any) -> bool:
        for part in filter(None, path.split(".")):
            obj = getattr(obj, part, None)
        return obj is not None and bool(predicate.test(user, obj))

    return about


@rules.predicate
def teaches_course(user: Any, course: Course | None) -> bool:
    if course is None or not user.is_authenticated or not user.is_teacher:
        return False
    return CourseTeacher.objects.filter(course=course, teacher=user).exists()


@rules.predicate
def owns_course(user: Any, course: Course | None) -> bool:
    """The first of its teachers."""
    if course is None or not user.is_authenticated or not user.is_teacher:
        return False
    first = CourseTeacher.objects.filter(course=course).order_by("position", "pk").values_list("teacher_id", flat=True)
    return bool(first.first() == user.pk)


@rules.predicate
def sees_course(user: Any, course: Course | None) -> bool:
    """Published courses are no secret, but those by invitation; who was ever let in or waits still sees theirs."""
    if course is None or not user.is_authenticated:
        return False
    if course.state == CourseState.PUBLISHED and course.access != CourseAccess.INVITE:
        return True
    if course.state in (CourseState.PUBLISHED, CourseState.ARCHIVED):
        mine = Enrolment.objects.filter(course=course, student=user).first()
        return mine is not None and mine.state != EnrolmentState.LEFT
    return False


@rules.predicate
def is_published_lesson(user: Any, lesson: Lesson | None) -> bool:
    if lesson is None or lesson.current_id is None or lesson.removed_at is not None:
        return False
    return bool(lesson.module.removed_at is None)


@rules.predicate
def is_inside(user: Any, course: Course | None) -> bool:
    """In the course now, or through it."""
    if course is None or not user.is_authenticated:
        return False
    return Enrolment.objects.filter(course=course, student=user).inside().exists()


@rules.predicate
def is_preview(user: Any, lesson: Lesson | None) -> bool:
    return lesson is not None and lesson.is_preview


@rules.predicate
def is_shown(user: Any, review: Any) -> bool:
    return review is not None and review.state == ReviewState.SHOWN


@rules.predicate
def is_published_path(user: Any, path: Any) -> bool:
    """Of a learning path or a pathfinder."""
    return path is not None and path.is_published


@rules.predicate
def is_own_path(user: Any, path: Any) -> bool:
    return path is not None and user.is_authenticated and path.created_by_id == user.pk


def seen_through(path: str) -> rules.Predicate:
    return is_staff | _of(path, sees_course | teaches_course, "sees")


def taught_through(path: str) -> rules.Predicate:
    return is_staff | _of(path, teaches_course, "teaches")


may_see_course = is_staff | sees_course | teaches_course
may_see_outline = (
    is_staff
    | _of("module.course", teaches_course, "teaches")
    | (is_published_lesson & _of("module.course", sees_course, "sees"))
)
of_enrolment = is_staff | owns("student_id") | guards("student_id") | _of("course", teaches_course, "teaches")
through_enrolment = _of("enrolment", of_enrolment, "enrolment")

#: What the back office may do with these is only to look: pages and services change them.
COURSE_VIEW = {
    "course": may_see_course,
    "courseteacher": seen_through("course"),
    "coursefile": seen_through("course"),
    "module": seen_through("course"),
    "moduleprerequisite": seen_through("module.course"),
    "courseprerequisite": seen_through("course"),
    "lesson": may_see_outline,
    "lessonversion": taught_through("lesson.module.course"),
    "lessondraft": taught_through("lesson.module.course"),
    "enrolment": of_enrolment,
    "invitecode": taught_through("course"),
    "courseprogress": through_enrolment,
    "lessonprogress": through_enrolment,
    "coursecompletion": through_enrolment,
    "certificate": _of("completion.enrolment", of_enrolment, "enrolment"),
    "progressrecount": taught_through("course"),
    "lessonnote": owns("student_id"),
    "coursereview": is_staff | owns("student_id") | (is_shown & _of("course", may_see_course, "sees")),
    "learningpath": is_staff | (is_signed_in & is_published_path) | is_own_path,
    "pathcourse": is_staff
    | (is_signed_in & _of("path", is_published_path, "published"))
    | _of("path", is_own_path, "own"),
    "pathfinder": is_staff | (is_signed_in & is_published_path) | is_own_path,
    "pathfinderpath": is_staff
    | (is_signed_in & _of("pathfinder", is_published_path, "published"))
    | _of("pathfinder", is_own_path, "own"),
    "pathfinderrun": is_staff | owns("student_id") | guards("student_id"),
    "pathenrolment": is_staff | owns("student_id") | guards("student_id"),
}

for name, may_view in COURSE_VIEW.items():
    rules.add_perm(f"courses.view_{name}", may_view)
    for verb in ("add", "change", "delete"):
        rules.add_perm(f"courses.{verb}_{name}", is_staff if name in {"learningpath", "pathcourse"} else never)

# What pages and services ask.
rules.add_perm("courses.make_course", is_staff | is_verified_teacher)
rules.add_perm("courses.teach_course", is_staff | (teaches_course & is_verified_teacher))
rules.add_perm("courses.choose_teachers", is_staff | (owns_course & is_verified_teacher))
rules.add_perm(
    "courses.teach_lesson", is_staff | (_of("module.course", teaches_course, "teaches") & is_verified_teacher)
)
rules.add_perm("courses.arrange_path", is_staff | (is_own_path & is_verified_teacher))
rules.add_perm("courses.arrange_pathfinder", is_staff | (is_own_path & is_verified_teacher))
rules.add_perm("courses.study_course", is_inside)
rules.add_perm("courses.open_lesson", is_staff | _of("module.course", teaches_course | is_inside, "opens") | is_preview)
rules.add_perm("courses.moderate_review", is_staff)
rules.add_perm("courses.revoke_certificate", is_staff)
rules.add_perm("courses.arrange_curriculum", is_staff)

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

# --- Rooms -----------------------------------------------------------------------------------------------------------


@rules.predicate
def reads_room(user: Any, room: Room | None) -> bool:
    """Who is in the course while its room is on; a guardian of theirs where guardians may read."""
    if room is None or not user.is_authenticated or not room.is_on:
        return False
    if room.course.state not in (CourseState.PUBLISHED, CourseState.ARCHIVED):
        return False
    if is_inside.test(user, room.course):
        return True
    wards = GuardianLink.objects.filter(guardian=user, state=LinkState.ACTIVE).values("student_id")
    return room.guardians_read and Enrolment.objects.filter(course=room.course, student__in=wards).inside().exists()


@rules.predicate
def is_not_hidden(user: Any, row: Any) -> bool:
    return row is not None and row.hidden_at is None


def moderated_through(path: str) -> rules.Predicate:
    return is_staff | _of(f"{path}.course".lstrip("."), teaches_course, "teaches")


may_see_said = moderated_through("room") | (is_not_hidden & _of("room", reads_room, "reads"))
ROOM_VIEW = {
    "room": moderated_through("") | reads_room,
    "message": may_see_said,
    "thread": may_see_said,
    "announcement": may_see_said,
    "messageedit": moderated_through("message.room"),
    "report": moderated_through("room"),
    "reportdecision": moderated_through("report.room"),
    "mute": moderated_through("room") | owns("person_id"),
    "readposition": owns("person_id"),
    "threadfollow": owns("person_id"),
}
for name, may_view in ROOM_VIEW.items():
    rules.add_perm(f"courses.view_{name}", may_view)
    for verb in ("add", "change", "delete"):
        rules.add_perm(f"courses.{verb}_{name}", never)
rules.add_perm("courses.moderate_room", is_staff | (_of("course", teaches_course, "teaches") & is_verified_teacher))
#: Students of the course, its teachers and staff; whether something may be said now, services decide.
rules.add_perm("courses.write_room", is_staff | _of("course", teaches_course | is_inside, "writes"))

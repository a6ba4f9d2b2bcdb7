"""Reading the curriculum, cohorts and courses."""

from courses.selectors.cohorts import (
    cohorts_attended,
    cohorts_taught,
    curriculum_tree,
    qualified_teacher_ids,
    students_of,
)
from courses.selectors.courses import (
    completions,
    course_outline,
    enrolment_of,
    lessons_leading_to,
    students_in,
    teachers_of,
)

__all__ = [
    "cohorts_attended",
    "cohorts_taught",
    "completions",
    "course_outline",
    "curriculum_tree",
    "enrolment_of",
    "lessons_leading_to",
    "qualified_teacher_ids",
    "students_in",
    "students_of",
    "teachers_of",
]

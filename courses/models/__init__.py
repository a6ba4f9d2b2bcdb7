from courses.models.certificates import Certificate
from courses.models.cohorts import Cohort, CohortMembership, TeachingQualification
from courses.models.courses import (
    INSIDE,
    Course,
    CourseFile,
    CoursePrerequisite,
    CourseTeacher,
    Module,
    ModulePrerequisite,
)
from courses.models.curriculum import Chapter, Programme, Topic, Unit
from courses.models.enrolments import Enrolment, InviteCode
from courses.models.lessons import Lesson, LessonDraft, LessonVersion
from courses.models.pathfinders import Pathfinder, PathfinderPath, PathfinderRun
from courses.models.paths import LearningPath, PathCourse, PathEnrolment
from courses.models.progress import (
    CourseCompletion,
    CourseProgress,
    CourseReview,
    LessonNote,
    LessonProgress,
    ProgressRecount,
)
from courses.models.rooms import (
    Announcement,
    Message,
    MessageEdit,
    Mute,
    ReadPosition,
    Report,
    ReportDecision,
    Room,
    Thread,
    ThreadFollow,
)

__all__ = [
    "INSIDE",
    "Announcement",
    "Certificate",
    "Chapter",
    "Cohort",
    "CohortMembership",
    "Course",
    "CourseCompletion",
    "CourseFile",
    "CoursePrerequisite",
    "CourseProgress",
    "CourseReview",
    "CourseTeacher",
    "Enrolment",
    "InviteCode",
    "LearningPath",
    "Lesson",
    "LessonDraft",
    "LessonNote",
    "LessonProgress",
    "LessonVersion",
    "Message",
    "MessageEdit",
    "Module",
    "ModulePrerequisite",
    "Mute",
    "PathCourse",
    "PathEnrolment",
    "Pathfinder",
    "PathfinderPath",
    "PathfinderRun",
    "Programme",
    "ProgressRecount",
    "ReadPosition",
    "Report",
    "ReportDecision",
    "Room",
    "TeachingQualification",
    "Thread",
    "ThreadFollow",
    "Topic",
    "Unit",
]

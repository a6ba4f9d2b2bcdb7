"""What courses holds of people."""

from django.utils.translation import gettext_lazy as _

from accounts.services.personal import ERASED, Contribution, Holding, register
from courses.models import (
    Certificate,
    CohortMembership,
    CourseCompletion,
    CourseProgress,
    CourseReview,
    CourseTeacher,
    Enrolment,
    LessonNote,
    LessonProgress,
    Message,
    MessageEdit,
    Mute,
    PathEnrolment,
    PathfinderRun,
    ReadPosition,
    Report,
    TeachingQualification,
    Thread,
    ThreadFollow,
)

MODERATED = "Who of the school looked after a room."
WROTE = "Who wrote or changed what the institute teaches."

HOLDINGS = (
    Holding(CohortMembership, "user", _("Batches"), show=("cohort__name", "role"), remove=True),
    Holding(TeachingQualification, "teacher", _("What you may teach"), show=("programme__subject",), remove=True),
    Holding(CourseTeacher, "teacher", _("Courses you teach"), show=("course__title",), remove=True),
    Holding(
        Enrolment,
        "student",
        _("Courses"),
        show=("course__title", "source", "state", "created_at", "enrolled_at", "left_at", "completed_at"),
        clear={"source_ref": ""},
    ),
    Holding(
        PathEnrolment,
        "student",
        _("Learning paths"),
        show=("path__title", "begun_at", "percent", "completed_at", "left_at"),
    ),
    Holding(
        PathfinderRun,
        "student",
        _("What pathfinders told you"),
        show=("pathfinder__title", "interests", "score", "out_of", "fits", "answered_at"),
        remove=True,
    ),
    Holding(
        CourseProgress, "enrolment__student", _("Progress"), show=("enrolment__course__title", "percent", "last_at")
    ),
    Holding(
        LessonProgress,
        "enrolment__student",
        _("Lessons"),
        show=("lesson__title", "state", "seconds", "begun_at", "done_at"),
    ),
    Holding(
        CourseCompletion,
        "enrolment__student",
        _("Courses completed"),
        show=("enrolment__course__title", "completed_at"),
    ),
    Holding(
        Certificate,
        "completion__enrolment__student",
        _("Certificates"),
        show=("name", "course_title", "completed_on", "code", "issued_at", "revoked_at"),
        remove=True,
    ),
    Holding(
        Thread,
        "asker",
        _("Questions you asked in courses"),
        show=("room__course__title", "title", "asked_at"),
        clear={"title": ERASED, "words": "", "hidden_reason": ""},
    ),
    Holding(
        Message,
        "author",
        _("Messages in courses"),
        show=("room__course__title", "thread__title", "source", "at", "edited_at"),
        clear={"source": "", "html": "", "hidden_reason": ""},
    ),
    Holding(
        MessageEdit,
        "message__author",
        _("Messages as they were before"),
        show=("source", "at"),
        clear={"source": ""},
        gated=True,
    ),
    Holding(
        Report,
        "reporter",
        _("Messages you reported"),
        show=("reason", "words", "at"),
        clear={"words": ""},
        gated=True,
    ),
    Holding(ThreadFollow, "person", _("Questions you follow"), show=("thread__title",), remove=True),
    Holding(ReadPosition, "person", _("How far you have read"), show=("room__course__title", "seq"), remove=True),
    Holding(Mute, "person", _("When you could not write"), show=("reason", "at", "until", "lifted_at"), remove=True),
    Holding(LessonNote, "student", _("Notes"), show=("lesson__title", "text", "updated_at"), remove=True),
    Holding(CourseReview, "student", _("Reviews"), show=("course__title", "stars", "text", "created_at"), remove=True),
)

ACTS = {
    "courses.Course.created_by": WROTE,
    "courses.LearningPath.created_by": WROTE,
    "courses.Pathfinder.created_by": WROTE,
    "courses.CourseFile.added_by": WROTE,
    "courses.InviteCode.created_by": WROTE,
    "courses.LessonVersion.created_by": WROTE,
    "courses.LessonDraft.updated_by": WROTE,
    "courses.Announcement.author": WROTE,
    "courses.Announcement.hidden_by": MODERATED,
    "courses.Thread.hidden_by": MODERATED,
    "courses.Thread.accepted_by": MODERATED,
    "courses.Message.hidden_by": MODERATED,
    "courses.ReportDecision.by": MODERATED,
    "courses.Mute.by": MODERATED,
    "courses.Mute.lifted_by": MODERATED,
    "courses.Certificate.revoked_by": "Who of the office revoked somebody's certificate.",
    "courses.CourseReview.moderated_by": "Who of the office looked at somebody's review.",
}

EXCUSED = {"courses.ReportDecision": "What the school decided about a message; it has no words."}


def contribute() -> None:
    """Called when the app is ready."""
    register(Contribution("courses", HOLDINGS, ACTS, EXCUSED))

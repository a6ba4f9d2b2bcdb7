from django.db import models
from django.utils.translation import gettext_lazy as _


class CohortRole(models.TextChoices):
    STUDENT = "student", _("Student")
    TEACHER = "teacher", _("Teacher")


class CourseState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", _("Scheduled")
    PUBLISHED = "published", _("Published")
    ARCHIVED = "archived", _("Archived")


class CourseAccess(models.TextChoices):
    FREE = "free", _("Free")
    PAID = "paid", _("Paid")
    INVITE = "invite", _("By invitation")


class LessonKind(models.TextChoices):
    TEXT = "text", _("Text")
    VIDEO = "video", _("Video")
    FILE = "file", _("File")
    QUIZ = "quiz", _("Quiz")
    PROJECT = "project", _("Project")
    LIVE = "live", _("Live lesson")
    EXTERNAL = "external", _("External assessment")


class PathfinderKind(models.TextChoices):
    """What a pathfinder leads to; the values are those of LessonKind."""

    QUIZ = "quiz", _("Quiz")
    EXTERNAL = "external", _("External assessment")


class CompletionRule(models.TextChoices):
    VIEWED = "viewed", _("Opened and marked as done")
    TIME = "time", _("Time spent")
    PASSED = "passed", _("Passed")
    SUBMITTED = "submitted", _("Submitted")


class CourseFileKind(models.TextChoices):
    COVER = "cover", _("Cover")
    DOCUMENT = "document", _("Document")
    VIDEO = "video", _("Video")
    CAPTIONS = "captions", _("Captions")


class EnrolmentSource(models.TextChoices):
    SELF = "self", _("By themselves")
    CODE = "code", _("By a code")
    CSV = "csv", _("From a list")
    COHORT = "cohort", _("With the batch")
    API = "api", _("By a partner")
    ENTITLEMENT = "entitlement", _("Paid")
    STAFF = "staff", _("By the institute")


class EnrolmentState(models.TextChoices):
    ACTIVE = "active", _("In the course")
    WAITING = "waiting", _("On the waiting list")
    LEFT = "left", _("Left")
    COMPLETED = "completed", _("Completed")


class LessonState(models.IntegerChoices):
    """Grows only: a lesson that is done stays done."""

    BEGUN = 1, _("Begun")
    DONE = 2, _("Done")


class ReviewState(models.TextChoices):
    WAITING = "waiting", _("Waiting to be read")
    SHOWN = "shown", _("Shown")
    HIDDEN = "hidden", _("Hidden")


class RoomWriters(models.TextChoices):
    EVERYBODY = "everybody", _("Everybody in the course")
    TEACHERS = "teachers", _("Teachers only")


class RoomLinks(models.TextChoices):
    EVERYBODY = "everybody", _("Everybody")
    TEACHERS = "teachers", _("Teachers only")


class RoomNames(models.TextChoices):
    SHORT = "short", _("First name and initial")
    FULL = "full", _("Full name")


class RoomSide(models.TextChoices):
    """As whom somebody speaks in a room."""

    STUDENT = "student", _("Student")
    TEACHER = "teacher", _("Teacher")
    STAFF = "staff", _("Your institute")


class ReportReason(models.TextChoices):
    HURTFUL = "hurtful", _("Hurts somebody")
    UNSAFE = "unsafe", _("Asks for something private or unsafe")
    EXAM = "exam", _("Gives away an exam")
    SPAM = "spam", _("Advertising or noise")
    OTHER = "other", _("Something else")


class ReportOutcome(models.TextChoices):
    HIDDEN = "hidden", _("The message was hidden")
    KEPT = "kept", _("The message stays")

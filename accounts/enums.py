from django.db import models
from django.utils.translation import gettext_lazy as _


class Weekday(models.IntegerChoices):
    """ISO weekday minus one, as `date.weekday()` returns it."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class Relation(models.TextChoices):
    MOTHER = "mother", _("Mother")
    FATHER = "father", _("Father")
    GUARDIAN = "guardian", _("Guardian")


class LinkState(models.TextChoices):
    INVITED = "invited", _("Invited")
    ACTIVE = "active", _("Active")
    ENDED = "ended", _("Ended")


class ConsentKind(models.TextChoices):
    GUARDIAN_ACCESS = "guardian_access", _("Guardian sees my results")
    SCAN_USE = "scan_use", _("Scans may improve marking suggestions")
    LEADERBOARD = "leaderboard", _("Appear on leaderboards")


class Feature(models.TextChoices):
    """What a plan can grant. Lower apps read and consume these; billing grants them."""

    EXAM_ATTEMPT = "exam.attempt", _("Exams to sit")
    SLA_POLICY = "evaluation.sla", _("Marking promise")
    TEACHER_MINUTES = "teacher.minutes", _("Minutes with a teacher")
    COURSE_ACCESS = "course.access", _("A paid course")


class ExportState(models.TextChoices):
    WAITING = "waiting", _("Being made")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Could not be made")
    EXPIRED = "expired", _("Deleted again")


class ErasureState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    CANCELLED = "cancelled", _("Taken back")
    OBJECTED = "objected", _("The office objects")
    DONE = "done", _("Erased")


class RetentionKind(models.TextChoices):
    """What is not kept for ever; the defaults are in services/retention."""

    SCANS = "scans", _("Pictures of answer sheets")
    AUDIT = "audit", _("Audit trail")
    EXPORTS = "exports", _("Copies of personal data")
    REHEARSALS = "rehearsals", _("Rehearsals")
    INACTIVE = "inactive", _("Reminder of accounts nobody uses")

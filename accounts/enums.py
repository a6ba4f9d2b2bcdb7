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

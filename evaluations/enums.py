from django.db import models
from django.utils.translation import gettext_lazy as _


class PolicyKind(models.TextChoices):
    WORKING_HOURS = "working_hours", _("Working hours")
    ELAPSED_HOURS = "elapsed_hours", _("Hours, closed days left out")
    SAME_DAY = "same_day", _("Same working day")


class EvaluationState(models.TextChoices):
    QUEUED = "queued", _("Waiting for a teacher")
    ASSIGNED = "assigned", _("With a teacher")
    IN_PROGRESS = "in_progress", _("Being marked")
    RETURNED = "returned", _("Returned: cannot be read")
    FINALISED = "finalised", _("Marked")
    RELEASED = "released", _("Back with the student")


OPEN_STATES = (EvaluationState.QUEUED, EvaluationState.ASSIGNED, EvaluationState.IN_PROGRESS)
DONE_STATES = (EvaluationState.FINALISED, EvaluationState.RELEASED)


class Rung(models.TextChoices):
    """The steps of the ladder, from the lowest; each happens once for a paper and its teacher."""

    HALF = "half", _("Half of the time is used")
    MOST = "most", _("Four fifths of the time are used")
    HELP = "help", _("Not begun: help was sought")


class Conflict(models.TextChoices):
    """Why somebody must not mark a paper."""

    OWN = "own", _("their own paper")
    GUARDIAN = "guardian", _("guardian of the student")
    FAMILY = "family", _("of the student's family")
    MARKED = "marked", _("marked it before")


class PauseReason(models.TextChoices):
    STUDENT = "student", _("Waiting for the student")


class PictureReason(models.TextChoices):
    BLURRED = "blurred", _("Blurred")
    CUT = "cut", _("Cut off")
    DARK = "dark", _("Too dark")
    COVERED = "covered", _("Covered by something")
    OTHER = "other", _("Something else")


class PictureState(models.TextChoices):
    OPEN = "open", _("Waiting for the student")
    ANSWERED = "answered", _("Arrived")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Time passed")


class AnnotationKind(models.TextChoices):
    TICK = "tick", _("Tick")
    HALF = "half", _("Half tick")
    CROSS = "cross", _("Cross")
    CIRCLE = "circle", _("Circle")
    UNDERLINE = "underline", _("Underline")
    PEN = "pen", _("Pen")
    HIGHLIGHT = "highlight", _("Highlight")
    COMMENT = "comment", _("Comment")

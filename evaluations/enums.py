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
    SHARED = "shared", _("With several teachers")
    SECOND = "second", _("Second marking")
    MODERATION = "moderation", _("With a moderator")
    RETURNED = "returned", _("Returned: cannot be read")
    FINALISED = "finalised", _("Marked")
    RELEASED = "released", _("Back with the student")
    CLOSED = "closed", _("No longer needed")


class EvaluationRole(models.TextChoices):
    """What a marker's record is for. Of an attempt there is one RECORD: what its student gets. FIRST keeps what the
    record said when it went to a moderator."""

    RECORD = "record", _("The paper")
    SHARE = "share", _("Some questions of a paper")
    REMARK = "remark", _("A question that is marked again")
    FIRST = "first", _("As first marked")
    SECOND = "second", _("Second marking")
    MODERATION = "moderation", _("Moderation")


class DoubleMarking(models.TextChoices):
    """Which papers of an exam are marked a second time, blind."""

    OFF = "off", _("None")
    SAMPLE = "sample", _("A sample")
    RISK = "risk", _("Those at risk")
    ALL = "all", _("All")


class DoubleResult(models.TextChoices):
    """What counts where two markings of a question agree within the tolerance."""

    FIRST = "first", _("The first marking")
    MEAN = "mean", _("The mean, in halves")


#: What a teacher has, or could have, to do.
OPEN_STATES = (EvaluationState.QUEUED, EvaluationState.ASSIGNED, EvaluationState.IN_PROGRESS)
#: Of a record that waits for the work of others.
HELD_STATES = (EvaluationState.SHARED, EvaluationState.SECOND, EvaluationState.MODERATION)
#: What a student still waits for.
PROMISED_STATES = (*OPEN_STATES, *HELD_STATES)
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


class RemarkState(models.TextChoices):
    WAITING = "waiting", _("With another teacher")
    UPHELD = "upheld", _("Upheld")
    REFUSED = "refused", _("Not upheld")


class TokenKind(models.TextChoices):
    SPENT = "spent", _("Spent")
    REFUNDED = "refunded", _("Given back")


class ClarificationSide(models.TextChoices):
    """Who speaks in a conversation about marks."""

    STUDENT = "student", _("Student")
    MARKER = "marker", _("Your marker")
    STAFF = "staff", _("Your institute")


class AnnotationKind(models.TextChoices):
    TICK = "tick", _("Tick")
    HALF = "half", _("Half tick")
    CROSS = "cross", _("Cross")
    CIRCLE = "circle", _("Circle")
    UNDERLINE = "underline", _("Underline")
    PEN = "pen", _("Pen")
    HIGHLIGHT = "highlight", _("Highlight")
    COMMENT = "comment", _("Comment")


class OperationKind(models.TextChoices):
    """What a change at the desk changes."""

    MARK = "mark", _("Mark")
    INK = "ink", _("Red ink")


class FileState(models.TextChoices):
    """Of a file that a worker makes."""

    WAITING = "waiting", _("Being prepared")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Could not be made")

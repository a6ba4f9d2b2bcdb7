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
    PRACTICE = "practice", _("Practice")
    PRACTISED = "practised", _("Practice, finished")


class EvaluationRole(models.TextChoices):
    """What a marker's record is for. Of an attempt there is one RECORD: what its student gets. FIRST keeps what the
    record said when it went to a moderator. PRACTICE and SEED are a teacher's marking of a calibration script: no
    student waits for it, and it counts nowhere."""

    RECORD = "record", _("The paper")
    SHARE = "share", _("Some questions of a paper")
    REMARK = "remark", _("A question that is marked again")
    FIRST = "first", _("As first marked")
    SECOND = "second", _("Second marking")
    MODERATION = "moderation", _("Moderation")
    PRACTICE = "practice", _("Practice paper")
    SEED = "seed", _("Seeded script")


#: A teacher's markings of calibration scripts.
PRACTICE_ROLES = (EvaluationRole.PRACTICE, EvaluationRole.SEED)


class ScriptUse(models.TextChoices):
    """For what a calibration script is marked. Not for both: who practised on it would know the seed."""

    PRACTICE = "practice", _("Before the first paper")
    SEED = "seed", _("Among the papers")


class ScriptState(models.TextChoices):
    DRAFT = "draft", _("Being prepared")
    READY = "ready", _("In use")
    RETIRED = "retired", _("Not used any more")


class RoundState(models.TextChoices):
    OPEN = "open", _("Being marked")
    PASSED = "passed", _("Passed")
    FAILED = "failed", _("Not passed")


class StandingState(models.TextChoices):
    """Whether a teacher may have papers of an exam that asks for practice first."""

    PRACTISING = "practising", _("Practising")
    PASSED = "passed", _("Passed")
    WAIVED = "waived", _("Waived")
    FAILED = "failed", _("Not passed")


#: With these a teacher may have papers.
CLEARED = (StandingState.PASSED, StandingState.WAIVED)


class ChartAction(models.TextChoices):
    """What happens when a marker leaves the limits of their control chart."""

    OFF = "off", _("Nothing")
    TELL = "tell", _("Staff are told")
    PAUSE = "pause", _("The marker is paused")


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
    PRACTICE = "practice", _("has not passed the practice papers")
    PAUSED = "paused", _("paused for this exam")
    COURSE = "course", _("does not teach the course of this project")


#: Why somebody must not have papers of an exam now, whoever's they are.
NOT_ELIGIBLE = (Conflict.PRACTICE, Conflict.PAUSED, Conflict.COURSE)


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


class BookingState(models.TextChoices):
    BOOKED = "booked", _("Booked")
    HELD = "held", _("Held")
    ABSENT = "absent", _("Student was absent")
    CANCELLED = "cancelled", _("Cancelled")


class BookingAbout(models.TextChoices):
    DOUBT = "doubt", _("Doubts")
    PAPER = "paper", _("A marked paper")


class RateUnit(models.TextChoices):
    """What a rate is paid for."""

    PAPER = "paper", _("A paper")
    QUESTION = "question", _("A question")
    MARK = "mark", _("A mark that can be given")
    MINUTE = "minute", _("A measured minute")


class WorkKind(models.TextChoices):
    """What an evaluation was, as it is paid."""

    FIRST = "first", _("First marking")
    SECOND = "second", _("Second marking")
    MODERATION = "moderation", _("Moderation")
    REMARK = "remark", _("Re-mark")
    RECHECK = "recheck", _("Re-check")


class StatementState(models.TextChoices):
    DRAFT = "draft", _("With the teacher")
    CONFIRMED = "confirmed", _("Confirmed")
    OBJECTED = "objected", _("Objected to")
    APPROVED = "approved", _("Approved")
    PAID = "paid", _("Paid")


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

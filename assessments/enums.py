from django.db import models
from django.utils.translation import gettext_lazy as _


class QuestionType(models.TextChoices):
    SINGLE_CHOICE = "single_choice", _("Single choice")
    MULTIPLE_CHOICE = "multiple_choice", _("Multiple choice")
    ASSERTION_REASON = "assertion_reason", _("Assertion–reason")
    TRUE_FALSE = "true_false", _("True or false")
    NUMERIC = "numeric", _("Numeric")
    SHORT_TEXT = "short_text", _("Short text")
    EXPRESSION = "expression", _("Mathematical expression")
    FILL_IN = "fill_in", _("Fill in the blanks")
    MATCHING = "matching", _("Matching")
    ORDERING = "ordering", _("Ordering")
    VERY_SHORT_ANSWER = "very_short_answer", _("Very short answer")
    SHORT_ANSWER = "short_answer", _("Short answer")
    LONG_ANSWER = "long_answer", _("Long answer")
    CASE_STUDY = "case_study", _("Case study")
    FILE_UPLOAD = "file_upload", _("File or project")


# Answered with {"choices": [labels]}; a true–false question has no options of its own, its labels are fixed.
CHOICE_TYPES = frozenset(
    {
        QuestionType.SINGLE_CHOICE,
        QuestionType.MULTIPLE_CHOICE,
        QuestionType.ASSERTION_REASON,
        QuestionType.TRUE_FALSE,
    }
)
TRUE_FALSE_LABELS = ("true", "false")
# Every part of these carries marks of its own.
PART_TYPES = frozenset({QuestionType.FILL_IN, QuestionType.MATCHING})
WRITTEN_TYPES = frozenset(
    {
        QuestionType.VERY_SHORT_ANSWER,
        QuestionType.SHORT_ANSWER,
        QuestionType.LONG_ANSWER,
        QuestionType.CASE_STUDY,
        QuestionType.FILE_UPLOAD,
    }
)
OBJECTIVE_TYPES = frozenset(set(QuestionType) - WRITTEN_TYPES)


class Grading(models.TextChoices):
    ALL = "all", _("All or nothing")
    PARTIAL = "partial", _("Partial credit")


class BlankKind(models.TextChoices):
    TEXT = "text", _("Text")
    NUMBER = "number", _("Number")
    CHOICE = "choice", _("Choice")


class QuestionState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")
    ACTIVE = "active", _("Active")
    RETIRED = "retired", _("Retired")


class CognitiveLevel(models.TextChoices):
    REMEMBER = "remember", _("Remember")
    UNDERSTAND = "understand", _("Understand")
    APPLY = "apply", _("Apply")
    ANALYSE = "analyse", _("Analyse")
    EVALUATE = "evaluate", _("Evaluate")
    CREATE = "create", _("Create")


class StepKind(models.TextChoices):
    METHOD = "method", _("Method")
    ACCURACY = "accuracy", _("Accuracy")
    INDEPENDENT = "independent", _("Independent")


class ExamKind(models.TextChoices):
    BOARD_PAPER = "board_paper", _("Board paper")
    SECTION_PRACTICE = "section_practice", _("Section practice")
    UNIT_PRACTICE = "unit_practice", _("Unit practice")
    CUSTOM = "custom", _("Custom")


class ReleasePolicy(models.TextChoices):
    WHEN_MARKED = "when_marked", _("As soon as marked")
    BY_STAFF = "by_staff", _("When staff release it")


class MarkingMode(models.TextChoices):
    WHOLE = "whole", _("The whole paper by one teacher")
    BY_QUESTION = "by_question", _("By question: one teacher marks it on every paper")


class ExamPurpose(models.TextChoices):
    EXAM = "exam", _("Exam")
    QUIZ = "quiz", _("Quiz")
    # Work that is handed in as files or a link and marked by a rubric; of a lesson, for who is in its course.
    PROJECT = "project", _("Project")
    # A hidden copy that staff or a teacher sits to see what students will; nothing of it counts anywhere.
    REHEARSAL = "rehearsal", _("Rehearsal")


class ClockJump(models.TextChoices):
    """Where whoever rehearses can put the clock."""

    TEN_MINUTES = "10m", _("10 minutes left")
    ONE_MINUTE = "1m", _("1 minute left")
    TEN_SECONDS = "10s", _("10 seconds left")
    MORE = "more", _("10 more minutes")


# What is offered while a rehearsal is written, and while its pages are photographed.
WRITING_JUMPS = tuple(ClockJump)
SHEET_JUMPS = (ClockJump.ONE_MINUTE, ClockJump.TEN_SECONDS)


class RevealItem(models.TextChoices):
    """What of a result can be shown or kept back; Exam has a rule for each, `reveal_<item>`."""

    ANSWERS = "answers", _("Own answers and pages")
    CORRECTNESS = "correctness", _("Right or wrong")
    MARKS = "marks", _("Marks")
    KEY = "key", _("Right answers")
    EXPLANATION = "explanation", _("Explanations")
    SCHEME = "scheme", _("Model answers and marking schemes")
    COMMENTS = "comments", _("Comments and red ink of the teacher")


class RevealWhen(models.TextChoices):
    """From when something is shown, earliest first. What was shown once is not taken back."""

    AT_ONCE = "at_once", _("With the result")
    ALL_SAT = "all_sat", _("When everybody has sat")
    CLOSED = "closed", _("After the exam has closed")
    NEVER = "never", _("Never")


class RevealPreset(models.TextChoices):
    EVERYTHING = "everything", _("Everything at once")
    MARKS_FIRST = "marks_first", _("Marks now, answers after the exam closes")
    ALL_SAT = "all_sat", _("Nothing until everybody has sat")


REVEAL_PRESETS: dict[str, dict[RevealItem, RevealWhen]] = {
    RevealPreset.EVERYTHING: dict.fromkeys(RevealItem, RevealWhen.AT_ONCE),
    RevealPreset.MARKS_FIRST: dict.fromkeys(RevealItem, RevealWhen.AT_ONCE)
    | dict.fromkeys((RevealItem.KEY, RevealItem.EXPLANATION, RevealItem.SCHEME), RevealWhen.CLOSED),
    RevealPreset.ALL_SAT: dict.fromkeys(RevealItem, RevealWhen.ALL_SAT),
}


class AttemptState(models.TextChoices):
    IN_PROGRESS = "in_progress", _("In progress")
    SUBMITTED = "submitted", _("Submitted, sheets open")
    HANDED_IN = "handed_in", _("Handed in")
    CANCELLED = "cancelled", _("Cancelled")


class SubmitReason(models.TextChoices):
    STUDENT = "student", _("By the student")
    TIME_UP = "time_up", _("Time was up")


class UploadState(models.TextChoices):
    INTENDED = "intended", _("Announced")
    VERIFIED = "verified", _("Received and verified")
    # Not one of the pages: whoever counts or shows the paper asks for VERIFIED.
    RETAKEN = "retaken", _("Received as another picture of a page")
    REFUSED = "refused", _("Refused")
    REMOVED = "removed", _("Taken out by the student")


RECEIVED = (UploadState.VERIFIED, UploadState.RETAKEN)


class PageState(models.TextChoices):
    WAITING = "waiting", _("Being prepared")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Could not be prepared")


class Behaviour(models.TextChoices):
    DEFERRED = "deferred", _("Marked at the end")
    IMMEDIATE = "immediate", _("Check each answer, with hints and further tries")
    ADAPTIVE = "adaptive", _("Check as often as wanted; the best counts")
    CERTAINTY = "certainty", _("Say how certain you are")

    @property
    def factor(self) -> int:
        """How many times its marks a question can earn: a certain right answer counts three times."""
        return 3 if self is Behaviour.CERTAINTY else 1


class Calculator(models.TextChoices):
    """The calculator beside the questions of an exam."""

    NONE = "none", _("None")
    BASIC = "basic", _("Four operations, roots and per cent")
    SCIENTIFIC = "scientific", _("Scientific, with angles, powers and logarithms")


class FlightEvent(models.TextChoices):
    """What the flight record of an attempt can hold: facts, told by a device or seen by the server."""

    # By a device
    OPENED = "opened", _("Exam page opened")
    OFFLINE = "offline", _("No connection")
    CLOSED = "closed", _("Page was not open")
    HIDDEN = "hidden", _("Another tab or app in front, or the screen locked")
    UNFOCUSED = "unfocused", _("Another window in front")
    PASTE = "paste", _("Pasted")
    SECOND_TAB = "second_tab", _("Open in a second tab")
    SKEW = "skew", _("The device’s clock was changed")
    TAKEN = "taken", _("Went on writing on this device")
    # By the server
    STARTED = "started", _("Started")
    ANSWER = "answer", _("Answer saved")
    REFUSED = "refused", _("Refused")
    SUBMITTED = "submitted", _("Submitted")
    EXTENDED = "extended", _("More time given")
    REOPENED = "reopened", _("Opened again")
    CREDITED = "credited", _("Outage credited")
    CANCELLED = "cancelled", _("Cancelled")


# What a device may tell; of these the spells have a length.
TOLD_EVENTS = frozenset(list(FlightEvent)[:9])
SPELLS = frozenset({FlightEvent.OFFLINE, FlightEvent.CLOSED, FlightEvent.HIDDEN, FlightEvent.UNFOCUSED})
# Spells in which the student could not work, or only without knowing that it counts.
OUTAGES = frozenset({FlightEvent.OFFLINE, FlightEvent.CLOSED})


class DeviceForm(models.TextChoices):
    PHONE = "phone", _("Phone")
    TABLET = "tablet", _("Tablet")
    COMPUTER = "computer", _("Computer")


class DeviceSystem(models.TextChoices):
    ANDROID = "android", "Android"
    IOS = "ios", "iOS"
    WINDOWS = "windows", "Windows"
    MACOS = "macos", "macOS"
    CHROMEOS = "chromeos", "ChromeOS"
    LINUX = "linux", "Linux"
    OTHER = "other", _("another system")


class DeviceBrowser(models.TextChoices):
    CHROME = "chrome", "Chrome"
    SAMSUNG = "samsung", "Samsung Internet"
    EDGE = "edge", "Edge"
    FIREFOX = "firefox", "Firefox"
    SAFARI = "safari", "Safari"
    OTHER = "other", _("another browser")


class ScanState(models.TextChoices):
    READING = "reading", _("Being read")
    READ = "read", _("Read")
    FAILED = "failed", _("Not possible")


class ScanPageState(models.TextChoices):
    """Every page of a scan is in one of these; the last three are what its sums count."""

    READ = "read", _("Being placed")
    PLACED = "placed", _("Placed")
    WAITING = "waiting", _("Waiting for a person")
    DISCARDED = "discarded", _("Discarded")


class ScanReason(models.TextChoices):
    """Why a page waits, as a sentence for the person who decides; `doubled` is discarded with it."""

    NO_CODE = "no_code", _("There is no code on this page.")
    UNREADABLE = "unreadable", _("There is a code on this page, but it cannot be read.")
    BLANK = "blank", _("Nothing is written on this page, and it has no code.")
    UNDRAWN = "undrawn", _("This page of the file cannot be opened. The file itself is kept.")
    FOREIGN = "foreign", _("The code on this page is not one of ours.")
    TWO_CODES = "two_codes", _("Two different codes are on this page, perhaps of two sheets scanned as one.")
    NOT_A_SHEET = "not_a_sheet", _("This is a page of a question paper or of a key, not of an answer sheet.")
    NAMELESS = "nameless", _("This sheet was printed without a name, so its code does not say whose it is.")
    OTHER_EXAM = "other_exam", _("This sheet belongs to another exam.")
    UNKNOWN_STUDENT = "unknown_student", _("The student of this sheet is not in your cohorts of this exam.")
    TAKEN = "taken", _("Another page with this number is already in the student’s paper.")
    CLOSED = "closed", _("The paper is already handed in and with the markers. Staff can open it again.")
    NOT_BEGUN = (
        "not_begun",
        _("The student has not begun this exam, and its paper has questions that are answered on the screen."),
    )
    NO_START = "no_start", _("The student has not begun this exam, and cannot be given an attempt.")
    TOO_MANY = "too_many", _("The student’s paper already has as many pages as a paper can have.")
    NO_SHEETS = "no_sheets", _("The paper of this exam has no written questions, so it needs no sheets.")
    PUT_BACK = "put_back", _("Somebody put this page back, to be looked at again.")
    DOUBLED = "doubled", _("This very page is already in the student’s paper.")

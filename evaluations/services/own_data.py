"""What evaluations hold of people: students' marked papers and what was said about them, teachers' work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import User
from accounts.services.personal import Contribution, Holding, register
from evaluations.enums import BookingState, EvaluationRole, EvaluationState, RemarkState, ScriptState
from evaluations.models import (
    Annotation,
    AssignmentDecision,
    BankComment,
    BookableHours,
    Booking,
    BookingPlace,
    BookingUse,
    CalibrationMark,
    CalibrationPair,
    CalibrationScript,
    Clarification,
    ClarificationMessage,
    DeskKeys,
    Earning,
    Evaluation,
    ExamChecks,
    ImportedResult,
    MarkCorrection,
    MarkedPaper,
    MarkerForecast,
    MarkerStanding,
    MarkEvent,
    MarkingGroup,
    MarkingSpeed,
    PictureRequest,
    PracticePaper,
    PracticeRound,
    QuestionMark,
    RemarkRequest,
    RemarkStep,
    RemarkToken,
    Statement,
    Transition,
)

MARKED = "Who of the school marked, decided or wrote it; it is part of a student's record."
DECIDED = "Who of the school decided about somebody else."
ONLY_NUMBERS = "Numbers and times of a paper; nothing in it names anybody."
BOOKS = "The institute's books, which tax law keeps."
#: An evaluation in one of these asks nobody for anything any more.
ENDED = (
    EvaluationState.RELEASED,
    EvaluationState.CLOSED,
    EvaluationState.PRACTICE,
    EvaluationState.PRACTISED,
)


def _paper_keys(row: MarkedPaper) -> list[str]:
    return [row.storage_key]


def _paper_files(row: MarkedPaper) -> Iterator[tuple[str, str]]:
    if row.storage_key:
        yield f"{row.attempt_id}/{row.storage_key.rpartition('/')[2]}", row.storage_key


def _imported_keys(row: ImportedResult) -> list[str]:
    return [page["key"] for page in row.files]


def _imported_files(row: ImportedResult) -> Iterator[tuple[str, str]]:
    for page in row.files:
        yield f"{row.pk}/{page['key'].rpartition('/')[2]}", page["key"]


OF_ATTEMPT = "evaluation__attempt__student"
TITLE = "evaluation__attempt__exam__title"
STUDENT = (
    Holding(
        Evaluation,
        "attempt__student",
        lazy("Marked papers"),
        show=(
            "attempt__exam__title",
            "role",
            "state",
            "submitted_at",
            "due_at",
            "finalised_at",
            "released_at",
            "written_marks",
            "late_marks",
            "total_marks",
            "max_marks",
        ),
        plain=("work", "numbers"),
    ),
    Holding(
        Transition,
        OF_ATTEMPT,
        lazy("What happened to papers"),
        show=(TITLE, "name", "at", "reason"),
        clear={"reason": ""},
        plain=("name", "from_state", "to_state"),
        gated=True,
    ),
    Holding(
        AssignmentDecision,
        OF_ATTEMPT,
        "",
        why="About the teachers among whom one was chosen.",
        clear={"reason": ""},
        plain=("candidates",),
        gated=True,
    ),
    Holding(
        MarkEvent,
        OF_ATTEMPT,
        lazy("Marks as they were given"),
        show=(TITLE, "question__number", "marks", "comment", "at", "withdraws"),
        clear={"comment": ""},
        plain=("steps",),
        gated=True,
    ),
    Holding(
        QuestionMark,
        OF_ATTEMPT,
        lazy("Marks"),
        show=(TITLE, "question__number", "marks", "comment"),
        clear={"comment": "", "comment_html": ""},
        plain=("steps",),
    ),
    Holding(
        Annotation,
        OF_ATTEMPT,
        lazy("Red ink"),
        show=(TITLE, "kind", "text", "marks", "updated_at"),
        clear={"text": "", "shown": "", "geometry": {}},
        plain=("marks",),
    ),
    Holding(
        PictureRequest,
        OF_ATTEMPT,
        lazy("Clearer pictures"),
        show=(TITLE, "reason", "words", "state", "asked_at"),
        clear={"words": "", "region": None, "frozen": {}},
    ),
    Holding(
        MarkCorrection,
        OF_ATTEMPT,
        lazy("Corrected marks"),
        show=(TITLE, "question__number", "before", "after", "reason", "at"),
        clear={"reason": ""},
        gated=True,
    ),
    Holding(Clarification, OF_ATTEMPT, lazy("Questions about marks"), show=(TITLE, "question__number", "opened_at")),
    Holding(
        ClarificationMessage,
        "clarification__evaluation__attempt__student",
        lazy("What was said about marks"),
        show=("side", "text", "at"),
        clear={"text": "", "region": None},
        gated=True,
    ),
    Holding(
        RemarkRequest,
        OF_ATTEMPT,
        lazy("Re-marks"),
        show=(TITLE, "question__number", "reason", "state", "marks_before", "marks_after", "asked_at"),
        clear={"reason": "", "region": None},
    ),
    Holding(
        RemarkStep,
        "request__evaluation__attempt__student",
        lazy("Steps of re-marks"),
        show=("before", "after", "is_upheld", "words"),
        clear={"words": ""},
    ),
    Holding(RemarkToken, "student", lazy("Re-mark tokens"), show=("exam__title", "kind", "at")),
    Holding(
        MarkedPaper,
        "attempt__student",
        lazy("Marked papers as files"),
        show=("attempt__exam__title", "made_at", "pages"),
        keys=_paper_keys,
        files=_paper_files,
        remove=True,
    ),
    Holding(
        ImportedResult,
        "student",
        lazy("Results from elsewhere"),
        show=("exam_title", "total", "most", "made_at", "result"),
        keys=_imported_keys,
        files=_imported_files,
        remove=True,
        gated=True,
    ),
    Holding(
        Booking,
        "student",
        lazy("Hours with teachers"),
        show=("starts_at", "ends_at", "about", "words", "state", "note"),
        clear={"words": "", "note": ""},
    ),
    Holding(BookingUse, "booking__student", "", why="The minutes of a booking."),
    Holding(
        CalibrationScript,
        "record__attempt__student",
        "",
        why="A marked paper that teachers practise on.",
        clear={"state": ScriptState.RETIRED},
        plain=("numbers",),
    ),
    Holding(
        CalibrationMark,
        "script__record__attempt__student",
        "",
        why="Reference marks of such a paper.",
        clear={"words": ""},
        plain=("steps",),
    ),
)
TEACHER = (
    Holding(
        Booking,
        "teacher",
        lazy("Hours given"),
        show=("starts_at", "ends_at", "about", "state"),
        clear={"note": ""},
        plain=("words",),
    ),
    Holding(BankComment, "owner", lazy("Comment bank"), show=("text", "uses"), remove=True),
    Holding(DeskKeys, "person", lazy("Keys of the desk"), show=("is_on", "keys"), remove=True),
    Holding(BookingPlace, "teacher", lazy("Where you meet students"), show=("place", "link"), remove=True),
    Holding(BookableHours, "teacher", lazy("Bookable hours"), show=("weekday", "day", "opens", "closes"), remove=True),
    Holding(
        MarkingSpeed,
        "teacher",
        lazy("Marking speed"),
        show=("question_type", "seconds_per_mark", "papers"),
        remove=True,
    ),
    Holding(MarkerForecast, "teacher", lazy("Forecast"), show=("made_at", "papers", "work_seconds"), remove=True),
    Holding(MarkingGroup.teachers.through, "user", "", why="Which questions one marks.", remove=True),
    Holding(ExamChecks.moderators.through, "user", "", why="What one moderates.", remove=True),
    Holding(
        MarkerStanding,
        "teacher",
        lazy("Standing"),
        show=("state", "reason", "updated_at"),
        clear={"reason": ""},
    ),
    Holding(PracticeRound, "teacher", lazy("Practice rounds"), show=("number", "state", "started_at", "share", "bias")),
    Holding(PracticePaper, "teacher", lazy("Practice papers"), show=("given_at", "finished_at", "questions", "within")),
    Holding(CalibrationPair, "teacher", lazy("Practice marks"), show=("given", "reference", "max_marks", "at")),
    Holding(
        Statement,
        "teacher",
        lazy("Statements of pay"),
        show=("month__first", "number", "papers", "total", "currency", "state", "objection", "answer", "paid_at"),
        clear={"objection": "", "answer": ""},
        plain=("currency", "reference"),
    ),
    Holding(
        Earning,
        "teacher",
        lazy("Pay"),
        show=("kind", "amount", "currency", "finished_at"),
        plain=("currency", "basis", "reason"),
    ),
)

ACTS = {
    "evaluations.Evaluation.teacher": MARKED,
    "evaluations.Transition.actor": MARKED,
    "evaluations.AssignmentDecision.chosen": MARKED,
    "evaluations.Annotation.author": MARKED,
    "evaluations.MarkEvent.actor": MARKED,
    "evaluations.DeskOperation.actor": MARKED,
    "evaluations.MarkPair.first": MARKED,
    "evaluations.MarkPair.second": MARKED,
    "evaluations.MarkCorrection.actor": MARKED,
    "evaluations.PictureRequest.asked_by": MARKED,
    "evaluations.Clarification.marker": MARKED,
    "evaluations.ClarificationMessage.author": MARKED,
    "evaluations.RemarkRequest.asked_by": MARKED,
    "evaluations.RemarkRequest.first_marker": MARKED,
    "evaluations.RemarkRequest.decided_by": MARKED,
    "evaluations.Reminder.teacher": MARKED,
    "evaluations.PaperForecast.marker": MARKED,
    "evaluations.BreachWarning.giver": MARKED,
    "evaluations.BreachWarning.taker": MARKED,
    "evaluations.MarkingGroup.last_teacher": MARKED,
    "evaluations.CalibrationScript.chosen_by": DECIDED,
    "evaluations.MarkerStanding.by": DECIDED,
    "evaluations.Booking.booked_by": DECIDED,
    "evaluations.Booking.ended_by": DECIDED,
    "evaluations.SchemeRevision.actor": DECIDED,
    "evaluations.SchemeLook.closed_by": MARKED,
    "evaluations.PayMonth.closed_by": BOOKS,
    "evaluations.Earning.actor": BOOKS,
    "evaluations.Statement.approved_by": BOOKS,
    "evaluations.ImportedResult.imported_by": DECIDED,
}
EXCUSED = {
    f"evaluations.{name}": ONLY_NUMBERS
    for name in (
        "SlaBreach", "SlaPause", "Reminder", "PaperForecast", "BreachWarning", "LaterFlag", "DeskOperation", "MarkPair",
        "SchemeLook",
    )
}  # fmt: skip


def blockers(person: User) -> Iterator[str]:
    """Papers that are with a teacher, disputes about marks, and hours that are still to come."""
    papers = Evaluation.objects.exclude(state__in=ENDED)
    if papers.filter(attempt__student=person, role=EvaluationRole.RECORD).exists():
        yield _("A paper is being marked, or its marks wait for their day.")
    if papers.filter(teacher=person).exclude(state=EvaluationState.FINALISED).exists():
        yield _("Papers are with this teacher.")
    if RemarkRequest.objects.filter(evaluation__attempt__student=person, state=RemarkState.WAITING).exists():
        yield _("A question is being marked again.")
    if Booking.objects.filter(student=person, state=BookingState.BOOKED).exists():
        yield _("An hour with a teacher is booked.")
    if Booking.objects.filter(teacher=person, state=BookingState.BOOKED).exists():
        yield _("Students have booked hours with this teacher.")
    if Statement.objects.filter(teacher=person, paid_at=None).exists():
        yield _("Pay is not settled.")


def let_go(person: User, now: datetime) -> Iterable[str]:
    """Threads that would go on asking the person are closed."""
    threads = Clarification.objects.filter(evaluation__attempt__student=person, closed_at=None)
    threads.update(closed_at=now, waits_for="")
    return ()


def contribute() -> None:
    """Called when the app is ready."""
    register(Contribution("evaluations", STUDENT + TEACHER, ACTS, EXCUSED, blockers=blockers, also=let_go))

from evaluations.models.annotations import Annotation, BankComment
from evaluations.models.bookings import BookableHours, Booking, BookingPlace, BookingRules, BookingUse
from evaluations.models.calibration import (
    CalibrationMark,
    CalibrationPair,
    CalibrationScript,
    MarkerStanding,
    PracticePaper,
    PracticeRound,
)
from evaluations.models.checks import ExamChecks, MarkPair
from evaluations.models.clarifications import AfterMarksPolicy, Clarification, ClarificationMessage
from evaluations.models.desk import DeskKeys, LaterFlag
from evaluations.models.economics import Earning, PayMonth, RateCard, Statement
from evaluations.models.evaluation import AssignmentDecision, Evaluation, SlaBreach, Transition
from evaluations.models.forecasts import BreachWarning, ForecastRun, MarkerForecast, PaperForecast
from evaluations.models.groups import MarkingGroup
from evaluations.models.imported import ImportedResult
from evaluations.models.marked_papers import MarkedPaper
from evaluations.models.marks import MarkEvent, QuestionMark
from evaluations.models.operations import DeskOperation
from evaluations.models.pictures import PictureRequest, SlaPause
from evaluations.models.policies import Holiday, OpeningHours, SlaPolicy, WorkingCalendar
from evaluations.models.remarks import MarkCorrection, RemarkRequest, RemarkStep, RemarkToken
from evaluations.models.reminders import Reminder
from evaluations.models.schemes import SchemeLook, SchemeRevision, SchemeRun
from evaluations.models.speeds import MarkingSpeed

__all__ = [
    "AfterMarksPolicy",
    "Annotation",
    "AssignmentDecision",
    "BankComment",
    "BookableHours",
    "Booking",
    "BookingPlace",
    "BookingRules",
    "BookingUse",
    "BreachWarning",
    "CalibrationMark",
    "CalibrationPair",
    "CalibrationScript",
    "Clarification",
    "ClarificationMessage",
    "DeskKeys",
    "DeskOperation",
    "Earning",
    "Evaluation",
    "ExamChecks",
    "ForecastRun",
    "Holiday",
    "ImportedResult",
    "LaterFlag",
    "MarkCorrection",
    "MarkEvent",
    "MarkPair",
    "MarkedPaper",
    "MarkerForecast",
    "MarkerStanding",
    "MarkingGroup",
    "MarkingSpeed",
    "OpeningHours",
    "PaperForecast",
    "PayMonth",
    "PictureRequest",
    "PracticePaper",
    "PracticeRound",
    "QuestionMark",
    "RateCard",
    "RemarkRequest",
    "RemarkStep",
    "RemarkToken",
    "Reminder",
    "SchemeLook",
    "SchemeRevision",
    "SchemeRun",
    "SlaBreach",
    "SlaPause",
    "SlaPolicy",
    "Statement",
    "Transition",
    "WorkingCalendar",
]

from evaluations.models.annotations import Annotation, BankComment
from evaluations.models.checks import ExamChecks, MarkPair
from evaluations.models.clarifications import AfterMarksPolicy, Clarification, ClarificationMessage
from evaluations.models.desk import DeskKeys, LaterFlag
from evaluations.models.evaluation import AssignmentDecision, Evaluation, SlaBreach, Transition
from evaluations.models.forecasts import BreachWarning, ForecastRun, MarkerForecast, PaperForecast
from evaluations.models.groups import MarkingGroup
from evaluations.models.marked_papers import MarkedPaper
from evaluations.models.marks import MarkEvent, QuestionMark
from evaluations.models.operations import DeskOperation
from evaluations.models.pictures import PictureRequest, SlaPause
from evaluations.models.policies import Holiday, OpeningHours, SlaPolicy, WorkingCalendar
from evaluations.models.remarks import MarkCorrection, RemarkRequest, RemarkStep, RemarkToken
from evaluations.models.reminders import Reminder
from evaluations.models.speeds import MarkingSpeed

__all__ = [
    "AfterMarksPolicy",
    "Annotation",
    "AssignmentDecision",
    "BankComment",
    "BreachWarning",
    "Clarification",
    "ClarificationMessage",
    "DeskKeys",
    "DeskOperation",
    "Evaluation",
    "ExamChecks",
    "ForecastRun",
    "Holiday",
    "LaterFlag",
    "MarkCorrection",
    "MarkEvent",
    "MarkPair",
    "MarkedPaper",
    "MarkerForecast",
    "MarkingGroup",
    "MarkingSpeed",
    "OpeningHours",
    "PaperForecast",
    "PictureRequest",
    "QuestionMark",
    "RemarkRequest",
    "RemarkStep",
    "RemarkToken",
    "Reminder",
    "SlaBreach",
    "SlaPause",
    "SlaPolicy",
    "Transition",
    "WorkingCalendar",
]

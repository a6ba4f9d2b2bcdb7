from assessments.models.accommodations import Accommodation
from assessments.models.attempts import Attempt, Response, Try
from assessments.models.blueprints import Blueprint, BlueprintSection, BlueprintSlot, PaperDraft
from assessments.models.digests import QuestionBand, QuestionDigest, QuestionReview
from assessments.models.exams import Exam
from assessments.models.external import (
    ExternalAssessment,
    ExternalDelivery,
    ExternalLaunch,
    ExternalResult,
    ExternalSecret,
    ExternalTool,
    Outcome,
)
from assessments.models.flight_record import AttemptEvent
from assessments.models.papers import Paper, PaperQuestion, ShownContent
from assessments.models.phone_links import PhoneLink
from assessments.models.pictures import QuestionPicture
from assessments.models.projects import Project, Submission
from assessments.models.question_drafts import QuestionDraft
from assessments.models.question_imports import ImportState, QuestionImport, QuestionImportRow
from assessments.models.questions import MarkingStep, Question, QuestionVersion, SchemeMethod
from assessments.models.scans import Scan, ScanFile, ScanPage
from assessments.models.sheets import PageQuestion, SheetPage, SheetUpload
from assessments.models.statistics import (
    FlagKind,
    ItemStatistics,
    KeyCorrection,
    MarkedAttempt,
    QuestionFlag,
    RescoredAttempt,
)
from assessments.models.tags import Tag

__all__ = [
    "Accommodation",
    "Attempt",
    "AttemptEvent",
    "Blueprint",
    "BlueprintSection",
    "BlueprintSlot",
    "Exam",
    "ExternalAssessment",
    "ExternalDelivery",
    "ExternalLaunch",
    "ExternalResult",
    "ExternalSecret",
    "ExternalTool",
    "FlagKind",
    "ImportState",
    "ItemStatistics",
    "KeyCorrection",
    "MarkedAttempt",
    "MarkingStep",
    "Outcome",
    "PageQuestion",
    "Paper",
    "PaperDraft",
    "PaperQuestion",
    "PhoneLink",
    "Project",
    "Question",
    "QuestionBand",
    "QuestionDigest",
    "QuestionDraft",
    "QuestionFlag",
    "QuestionImport",
    "QuestionImportRow",
    "QuestionPicture",
    "QuestionReview",
    "QuestionVersion",
    "RescoredAttempt",
    "Response",
    "Scan",
    "ScanFile",
    "ScanPage",
    "SchemeMethod",
    "SheetPage",
    "SheetUpload",
    "ShownContent",
    "Submission",
    "Tag",
    "Try",
]

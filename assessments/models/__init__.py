from assessments.models.attempts import Attempt, Response
from assessments.models.blueprints import Blueprint, BlueprintSection, BlueprintSlot
from assessments.models.exams import Exam
from assessments.models.papers import Paper, PaperQuestion, ShownContent
from assessments.models.questions import MarkingStep, Question, QuestionVersion
from assessments.models.sheets import PageQuestion, SheetPage, SheetUpload

__all__ = [
    "Attempt",
    "Blueprint",
    "BlueprintSection",
    "BlueprintSlot",
    "Exam",
    "MarkingStep",
    "PageQuestion",
    "Paper",
    "PaperQuestion",
    "Question",
    "QuestionVersion",
    "Response",
    "SheetPage",
    "SheetUpload",
    "ShownContent",
]

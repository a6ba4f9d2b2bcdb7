from evaluations.selectors.desk import Desk, DeskQuestion, MarkView, StepView, desk_data
from evaluations.selectors.ink import annotation_values
from evaluations.selectors.progress import Progress, marking_progress
from evaluations.selectors.queues import (
    QueueRow,
    StaffBoard,
    pullable_by,
    queue_for,
    staff_board,
    waiting_for,
)
from evaluations.selectors.results import Result, ResultQuestion, result_data
from evaluations.selectors.sheets import PageView

__all__ = [
    "Desk",
    "DeskQuestion",
    "MarkView",
    "PageView",
    "Progress",
    "QueueRow",
    "Result",
    "ResultQuestion",
    "StaffBoard",
    "StepView",
    "annotation_values",
    "desk_data",
    "marking_progress",
    "pullable_by",
    "queue_for",
    "result_data",
    "staff_board",
    "waiting_for",
]

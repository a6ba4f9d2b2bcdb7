"""What a marked paper says as a file, and whether there is a file that says it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q

from assessments.enums import PageState, RevealItem
from assessments.models import Attempt
from assessments.selectors.reveal import Shown
from evaluations.enums import FileState
from evaluations.models import MarkedPaper, PictureRequest
from evaluations.selectors.results import Result

#: Raised when files are drawn otherwise than before: each is then made anew when it is asked for.
LAYOUT = 1
NAMED = "name"


@dataclass(frozen=True)
class Retake:
    """A clearer picture that came of a page; sizes in pixels."""

    page: UUID
    screen_key: str
    width: int
    height: int


@dataclass(frozen=True)
class MarkedDocument:
    """All that the file says but for clearer pictures, which change only while the paper is not back. `student` is
    empty where the exam hides names from whoever reads it."""

    result: Result
    student: str

    @property
    def digest(self) -> str:
        """Equal for documents that say the same. What is only worded by the language of the moment does not count."""
        result, attempt = self.result, self.result.attempt
        evaluation = result.evaluation
        said = {
            "layout": LAYOUT,
            "language": attempt.student.language,
            "names": [self.student, attempt.exam.title, attempt.exam.programme.subject, _teacher(result)],
            "times": [attempt.handed_in_at, result.due_at, evaluation.finalised_at if evaluation else None],
            "released": result.released_at,
            "marks": [result.total_marks, result.max_marks, result.objective_marks, result.written_marks],
            "late": result.late_marks,
            "shown": sorted(result.shown),
            "questions": [asdict(question) for question in result.questions],
            "pages": [asdict(page) for page in result.pages],
        }
        return hashlib.sha256(json.dumps(said, default=str, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class MarkedFile:
    """Where the file of a marked paper stands: "none" where none says what this reader sees."""

    variant: str
    state: str
    row: MarkedPaper | None


def _teacher(result: Result) -> str:
    teacher = result.evaluation.teacher if result.evaluation else None
    return teacher.name if teacher else ""


def variant_of(shown: Shown, *, named: bool) -> str:
    """Which of the files of a paper is for somebody who is shown `shown`."""
    return ",".join([*(NAMED for _ in range(named)), *sorted(shown)])


def read_variant(variant: str) -> tuple[Shown, bool]:
    """What the readers of a variant are shown, and whether they read the student's name."""
    words = set(variant.split(","))
    return frozenset(item for item in RevealItem if item.value in words), NAMED in words


def reads_name(attempt: Attempt, reader: Any) -> bool:
    """Students, guardians and staff do; teachers where the exam does not hide names."""
    is_marker = reader.is_teacher and not reader.is_staff and reader.pk != attempt.student_id
    return not (attempt.exam.hide_names and is_marker)


def marked_document(result: Result, *, named: bool) -> MarkedDocument | None:
    """None where there is nothing to put into a file: the paper is not back, or its pages are not shown."""
    if not result.is_ready or result.evaluation is None or not result.pages:
        return None
    return MarkedDocument(result=result, student=result.attempt.student.name if named else "")


def marked_file(result: Result, *, reader: Any) -> MarkedFile | None:
    """The file of the paper for `reader`; None where there can be none. One query."""
    named = reads_name(result.attempt, reader)
    document = marked_document(result, named=named)
    if document is None:
        return None
    variant = variant_of(result.shown, named=named)
    row = MarkedPaper.objects.filter(attempt=result.attempt, variant=variant).first()
    if row is None or (row.state == FileState.READY and row.digest != document.digest):
        return MarkedFile(variant, "none", row)
    return MarkedFile(variant, row.state, row)


def retakes_of(evaluation_id: UUID) -> list[Retake]:
    """The clearer pictures that came, the oldest first. One query."""
    is_of = Q(evaluation=evaluation_id) | Q(evaluation__record=evaluation_id)
    rows = PictureRequest.objects.filter(is_of, answer__state=PageState.READY)
    return [
        Retake(row.page_id, row.answer.screen_key, row.answer.width, row.answer.height)
        for row in rows.select_related("answer").order_by("id")
        if row.answer is not None
    ]

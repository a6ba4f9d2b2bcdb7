"""Projects as their pages show them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from assessments.enums import UploadState
from assessments.models import MarkingStep, Paper, PaperQuestion, Project, QuestionVersion, SheetPage


def projects_for_pages() -> Any:
    """With all that the pages read beside the row."""
    return Project.objects.select_related("exam__paper", "exam__programme", "lesson__module__course")


def task_of(paper: Paper | None) -> QuestionVersion:
    """The one question of a project's paper. One query."""
    question = PaperQuestion.objects.select_related("version__question__chapter").get(paper=paper)
    return question.version


def rubric_of(version: QuestionVersion) -> list[dict[str, Any]]:
    """The criteria, each with `label`, `html`, `marks` and its `levels`. One query."""
    return rubric_rows(version.parts, [step_row(step) for step in version.steps.all()])


def step_row(step: MarkingStep) -> dict[str, Any]:
    return {"part": step.part, "alternative": step.alternative, "html": step.text_html, "marks": step.marks}


def rubric_rows(parts: list[dict[str, Any]], steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Criteria with their levels; of a criterion without levels the one step is `bound`."""
    by_part: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for step in steps:
        by_part[step["part"]].append(step)
    rows = []
    for part in parts:
        of_part = by_part[part["label"]]
        levels = [step for step in of_part if step["alternative"]]
        rows.append(
            {
                "label": part["label"],
                "html": part["html"],
                "marks": part["marks"],
                "levels": levels,
                "bound": None if levels or not of_part else of_part[0],
            }
        )
    return rows


def work_pages(attempt_id: UUID) -> list[SheetPage]:
    """What has arrived of a submission, in order. One query."""
    pages = SheetPage.objects.filter(upload__attempt=attempt_id, upload__state=UploadState.VERIFIED)
    return list(pages.select_related("upload").order_by("upload__page_number", "upload_id", "index"))

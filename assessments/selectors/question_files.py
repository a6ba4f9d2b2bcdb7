"""What the pages of question files show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from assessments.models import ImportState, Question, QuestionImport, QuestionImportRow
from assessments.selectors.bank_pages import key_text

LINES = 25
RECENT = 10


@dataclass(frozen=True)
class ReportPage:
    """Lines of a report, and the page numbers around them; 0 for none."""

    rows: list[QuestionImportRow]
    newer: int
    older: int


def recent_imports(user: Any) -> list[QuestionImport]:
    """The person's own files, the latest first."""
    return list(QuestionImport.objects.visible_to(user).select_related("programme")[:RECENT])


def import_for_page() -> QuerySet[QuestionImport]:
    return QuestionImport.objects.select_related("programme", "chapter")


def report_page(source: QuestionImport, *, action: str, number: int) -> ReportPage:
    """One page of the report in the order of the file; `action` narrows it."""
    rows = source.rows.select_related("question").order_by("position")
    rows = rows.filter(action=action) if action else rows
    start = (number - 1) * LINES
    found = list(rows[start : start + LINES + 1])
    for row in found:
        row.key = key_text(row.shown.get("answer", {}))  # type: ignore[attr-defined] # for the page
    return ReportPage(found[:LINES], number - 1, number + 1 if len(found) > LINES else 0)


def without_chapter(source: QuestionImport) -> int:
    """How many questions of the file are refused because nobody said which chapter they belong to."""
    return source.rows.filter(action="refused", place="").exclude(kind="").count()


def imported_before(source: QuestionImport) -> QuestionImport | None:
    """The same file, imported into the same programme earlier, by anybody."""
    same = QuestionImport.objects.filter(
        sha256=source.sha256, programme=source.programme, state=ImportState.DONE, pk__lt=source.pk
    )
    return same.select_related("author").order_by("-pk").first()


def selected_questions(user: Any, ids: list[UUID]) -> QuerySet[Question]:
    """Questions that the person ticked and may see."""
    return Question.objects.visible_to(user).filter(pk__in=ids, current__isnull=False)

"""Reading what sitting says about the bank."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from assessments.enums import CHOICE_TYPES, TRUE_FALSE_LABELS, AttemptState, QuestionType
from assessments.models import Attempt, ItemStatistics, PaperQuestion, Question, QuestionFlag, QuestionVersion


@dataclass(frozen=True)
class ChoiceRow:
    """How many of each third of the ranked attempts chose `label`; "" left the question out."""

    label: str
    upper: int
    middle: int
    lower: int

    @property
    def total(self) -> int:
        return self.upper + self.middle + self.lower


def questions_to_review(user: Any) -> QuerySet[ItemStatistics]:
    """Statistics of versions that more than 10 % of their readers flagged, or that discriminate negatively.

    Newest version first, to be paged by `version`; with `version.question` and, as `open_flags`, the open flags. The
    reasons are `is_flagged` and `is_negative`. Two queries however many rows.
    """
    flags = QuestionFlag.objects.open().select_related("person").order_by("-id")
    found: QuerySet[ItemStatistics] = ItemStatistics.objects.visible_to(user).to_review()
    return found.select_related("version__question__chapter__unit").prefetch_related(
        Prefetch("version__flags", queryset=flags, to_attr="open_flags")
    )


def statistics_of(version_ids: Iterable[UUID]) -> dict[UUID, ItemStatistics]:
    """Statistics by version id, for those that have any. One query; nothing is computed."""
    return {row.pk: row for row in ItemStatistics.objects.filter(pk__in=list(version_ids))}


def choice_rows(version: QuestionVersion, statistics: ItemStatistics) -> list[ChoiceRow]:
    """The distractor table of a choice question: every option, also those that nobody chose, then those who left it
    out. For other types only the latter. Reads `version.question`."""
    kind = version.question.type
    labels = [option["label"] for option in version.options] if kind in CHOICE_TYPES else []
    if kind == QuestionType.TRUE_FALSE:
        labels = list(TRUE_FALSE_LABELS)
    return [ChoiceRow(label, *statistics.choice_table.get(label, (0, 0, 0))) for label in [*labels, ""]]


@dataclass(frozen=True)
class Figures:
    """What sitting says about a question version, for who writes questions. `quartiles` are seconds of the `timed`."""

    attempts: int
    omitted: int
    solved: int | None
    discrimination: Decimal | None
    is_negative: bool
    choices: list[ChoiceRow]
    timed: int
    quartiles: tuple[int | None, int | None, int | None]


def figures_of(question: Question, *, least: int) -> Figures | None:
    """Of the current version; None before anybody has sat it. Discrimination is told from `least` attempts. One
    query."""
    version = question.current
    row = statistics_of([version.pk]).get(version.pk) if version else None
    if version is None or row is None or not row.attempts:
        return None
    version.question = question
    is_chosen = question.type in CHOICE_TYPES or question.type == QuestionType.TRUE_FALSE
    return Figures(
        attempts=row.attempts,
        omitted=row.omitted,
        solved=None if row.facility is None else round(row.facility * 100),
        discrimination=row.discrimination if row.pairs >= least else None,
        is_negative=row.is_negative,
        choices=choice_rows(version, row) if is_chosen else [],
        timed=row.timed,
        quartiles=(row.lower_seconds, row.median_seconds, row.upper_seconds),
    )


def median_seconds(version_ids: Iterable[UUID]) -> dict[UUID, int]:
    """The median time by version id, of those that were timed. One query."""
    rows = ItemStatistics.objects.filter(pk__in=list(version_ids), median_seconds__isnull=False)
    return dict(rows.values_list("pk", "median_seconds"))


def own_attempt_at(question: PaperQuestion, user: Any) -> Attempt | None:
    """The latest sitting of the question's paper by `user`, if any; a rehearsal is none."""
    found = Attempt.objects.counted().filter(paper=question.paper_id, student=user.pk)
    return found.exclude(state=AttemptState.CANCELLED).order_by("-id").first()


def own_flag(question: PaperQuestion, user: Any) -> dict[str, str]:
    """What `user` has said about the question and nobody has answered yet: {"kind", "text"}, or {}."""
    mine = QuestionFlag.objects.open().filter(version=question.version_id, person=user.pk).first()
    return {"kind": mine.kind, "text": mine.text} if mine else {}

"""The rows behind the control chart of a marker of an exam."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from django.utils.translation import gettext as _

from evaluations.enums import EvaluationRole
from evaluations.models import Evaluation, ExamChecks, MarkerStanding, PracticePaper
from evaluations.selectors.control_charts import (
    CONSISTENCY,
    DRIFT,
    SEVERITY,
    ChartPoint,
    Signal,
    severity_chart,
    signals,
)

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
#: The last so many papers are looked at.
PAPERS = 60


@dataclass(frozen=True)
class MarkerChart:
    """`values`: differences of papers with agreed marks, in time order, with when each was finished and which it is."""

    values: list[float] = field(default_factory=list)
    at: list[datetime] = field(default_factory=list)
    last: UUID | None = None
    signals: list[Signal] = field(default_factory=list)

    @property
    def points(self) -> list[ChartPoint]:
        return severity_chart(self.values)


def marker_charts(checks: ExamChecks, teachers: Collection[UUID] | None = None) -> dict[UUID, MarkerChart]:
    """By teacher, from when they are watched: the round that they passed, or the last decision. Three queries."""
    rows = PracticePaper.objects.filter(script__checks=checks, finished_at__isnull=False, questions__gt=0)
    stands = MarkerStanding.objects.filter(checks=checks)
    if teachers is not None:
        rows, stands = rows.filter(teacher__in=teachers), stands.filter(teacher__in=teachers)
    since = {teacher: at or LONG_AGO for teacher, at in stands.values_list("teacher_id", "watched_from")}
    found: dict[UUID, list[tuple[datetime, float, UUID]]] = {}
    order = rows.order_by("finished_at", "id")
    for teacher, bias, given, at, key in order.values_list("teacher_id", "bias", "given_at", "finished_at", "pk"):
        if given >= since.get(teacher, LONG_AGO):
            found.setdefault(teacher, []).append((at, bias / 100, key))
    speeds = _speeds(checks, since, found)
    charts = {}
    for teacher, theirs in found.items():
        last = theirs[-PAPERS:]
        values = [value for _at, value, _key in last]
        out = signals(values, speeds.get(teacher, []), bound=checks.practice_bias / 100)
        charts[teacher] = MarkerChart(values, [at for at, _value, _key in last], last[-1][2], out)
    return charts


def words_of(found: Collection[Signal]) -> str:
    """What left its limits, for people."""
    return " ".join(_words(one) for one in found)


def _words(one: Signal) -> str:
    share = round(100 * abs(one.value))
    if one.kind == SEVERITY:
        said = _("Severity: %(share)d %% stricter than agreed on average.")
        return (said if one.value < 0 else _("Severity: %(share)d %% more generous than agreed on average.")) % {
            "share": share
        }
    if one.kind == DRIFT:
        return _("Drift: the last five papers lie %(t).1f standard errors from those before.") % {"t": abs(one.value)}
    if one.kind == CONSISTENCY:
        return _("Consistency: the last five papers spread by %(share)d %% of the marks.") % {"share": share}
    return _("Speed: much quicker than before.") if one.value < 0 else _("Speed: much slower than before.")


def _speeds(checks: ExamChecks, since: Mapping[UUID, datetime], teachers: Collection[UUID]) -> dict[UUID, list[float]]:
    """Seconds per mark of the papers of the exam that each has finished, in time order. One query."""
    rows = Evaluation.objects.filter(
        attempt__exam=checks.pk, teacher__in=list(teachers), finalised_at__isnull=False, active_seconds__gt=0
    ).exclude(role=EvaluationRole.REMARK)
    found: dict[UUID, list[float]] = {}
    for teacher, at, seconds, work in rows.order_by("finalised_at", "id").values_list(
        "teacher_id", "finalised_at", "active_seconds", "work"
    ):
        marks = sum(work["marks"].values()) if work else 0
        if marks and at is not None and at >= since.get(teacher, LONG_AGO):
            found.setdefault(teacher, []).append(seconds / marks)
    return {teacher: each[-PAPERS:] for teacher, each in found.items()}

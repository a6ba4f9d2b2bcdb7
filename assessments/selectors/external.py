"""What a student has to do elsewhere, and the best they have reached there. Constant queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from django.db.models import F, FloatField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast

from assessments.models import ExternalAssessment, ExternalResult


@dataclass(frozen=True)
class Best:
    """The best result: by its share of the maximum, the earlier of two equal ones."""

    score: Decimal
    max_score: Decimal
    occurred_at: datetime
    passed: bool

    @property
    def percent(self) -> int:
        """Rounded down: nobody passes by rounding."""
        return int((self.score * 100 / self.max_score).to_integral_value(ROUND_FLOOR))

    @property
    def score_text(self) -> str:
        """7.50 → "7.5"."""
        return f"{self.score.normalize():f}"

    @property
    def max_score_text(self) -> str:
        return f"{self.max_score.normalize():f}"


def external_list(user: Any) -> QuerySet[ExternalAssessment]:
    """What `user` may see, with `best_id` of their own results. One query."""
    mine = ExternalResult.objects.filter(launch__student=user.pk, launch__assessment=OuterRef("pk"))
    share = Cast(F("score"), FloatField()) / Cast(F("max_score"), FloatField())
    best = mine.order_by(share.desc(), "occurred_at", "id").values("pk")[:1]
    rows = ExternalAssessment.objects.visible_to(user).select_related("tool", "programme", "chapter")
    return rows.annotate(best_id=Subquery(best))


def with_best(rows: list[Any]) -> list[Any]:
    """Sets `best` (a Best, or None) on rows of `external_list`. One query, none without results."""
    ids = [row.best_id for row in rows if row.best_id]
    results = ExternalResult.objects.in_bulk(ids) if ids else {}
    for row in rows:
        found = results.get(row.best_id)
        row.best = found and Best(
            score=found.score,
            max_score=found.max_score,
            occurred_at=found.occurred_at,
            passed=found.score * 100 >= found.max_score * row.pass_percent,
        )
    return rows


def external_rows(*, user: Any, now: datetime) -> list[dict[str, Any]]:
    """The newest 30 for the exams page, open ones first; `status` is open, soon or closed. At most 2 queries."""
    rows = with_best(list(external_list(user)[:30]))
    order = ("open", "soon", "closed")
    found = [{"assessment": row, "best": row.best, "status": _status(row, now)} for row in rows]
    return sorted(found, key=lambda row: order.index(row["status"]))


def _status(assessment: ExternalAssessment, now: datetime) -> str:
    if assessment.opens_at > now:
        return "soon"
    return "open" if assessment.is_open(now) and assessment.tool.is_active else "closed"

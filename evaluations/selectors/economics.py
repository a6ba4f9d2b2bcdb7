"""What marking cost: the lines of a statement, the months, and the cost of a paper against its price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, F, QuerySet, Sum, Value, When
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from assessments.enums import ExamPurpose
from evaluations.enums import EvaluationState, WorkKind
from evaluations.models import Earning, Evaluation, Statement

CHUNK = 2000
PAGE = 50
NET = Case(When(reverses=None, then=Value(1)), default=Value(-1))


def statement_rows(statement: Statement) -> QuerySet[Earning]:
    """Its rows in the order in which they were made."""
    return Earning.objects.filter(
        month=statement.month_id, teacher=statement.teacher_id, currency=statement.currency
    ).order_by("id")


def statement_page(statement: Statement, after: UUID | None = None) -> tuple[list[Earning], UUID | None]:
    """Some rows with their papers, and the key after which the next ones come. One query."""
    rows = statement_rows(statement).select_related("evaluation__attempt__exam")
    found = list((rows if after is None else rows.filter(pk__gt=after))[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None


def stream_rows(statement: Statement) -> Iterator[Earning]:
    """All of them, some at a time."""
    return statement_rows(statement).select_related("evaluation__attempt__exam").iterator(chunk_size=CHUNK)


@dataclass(frozen=True)
class Group:
    """What was earned by one kind of work in one exam. `papers`: rows less reversals."""

    exam: str
    kind: str
    papers: int
    total: Decimal


def statement_groups(statement: Statement) -> list[Group]:
    """The lines of its first page: by exam and kind of work. One query."""
    rows = statement_rows(statement).order_by().values("evaluation__attempt__exam__title", "kind")
    sums = rows.annotate(total=Sum("amount"), papers=Sum(NET))
    found = [
        Group(row["evaluation__attempt__exam__title"], str(WorkKind(row["kind"]).label), row["papers"], row["total"])
        for row in sums
    ]
    return sorted(found, key=lambda one: (one.exam, one.kind))


def running_months(teacher: Any) -> list[dict[str, Any]]:
    """What a teacher earned in months that are not closed. One query."""
    rows = Earning.objects.filter(teacher=teacher, month__closed_at=None).order_by().values("month_id", "currency")
    return list(rows.annotate(total=Sum("amount"), papers=Sum(NET)).order_by("month_id", "currency"))


@dataclass
class Cost:
    """A month, an exam or a promise: what marking cost, how many papers went back, and their price. `price`: of all
    these papers, None where that of one is not known. All in one currency."""

    name: str
    currency: str
    key: Any = None
    total: Decimal = Decimal(0)
    papers: int = 0
    price: Decimal | None = Decimal(0)

    def __post_init__(self) -> None:
        self.by_kind: dict[str, Decimal] = dict.fromkeys(WorkKind.values, Decimal(0))

    @property
    def each(self) -> Decimal | None:
        """The cost of a paper, None where none went back."""
        return self.total / self.papers if self.papers else None

    @property
    def price_each(self) -> Decimal | None:
        return self.price / self.papers if self.papers and self.price is not None else None

    @property
    def margin(self) -> Decimal | None:
        return None if self.price is None or not self.papers else self.price - self.total

    @property
    def kinds(self) -> list[Decimal]:
        return list(self.by_kind.values())


#: What costs are told by: its label, and the paths from an evaluation to its key and name.
BY = {
    "month": (_("Month"), "", ""),
    "exam": (_("Exam"), "attempt__exam_id", "attempt__exam__title"),
    "policy": (_("Promise"), "policy_id", "policy__name"),
}


def costs(
    *, by: str, since: date, until: date, currency: str = "INR", exam: UUID | None = None, policy: UUID | None = None
) -> list[Cost]:
    """Of work finished, and papers given back, from one day to another (both included, the institute's calendar). Work
    and papers of a day are not always the same papers: a re-mark is finished after its paper went back. Two queries."""
    zone = timezone.get_default_timezone()
    start = datetime.combine(since, datetime.min.time(), zone)
    end = datetime.combine(until + timedelta(days=1), datetime.min.time(), zone)
    _label, path, name = BY[by]
    chosen = {key: value for key, value in (("attempt__exam", exam), ("policy", policy)) if value is not None}
    found: dict[Any, Cost] = {}
    earned = Earning.objects.filter(finished_at__gte=start, finished_at__lt=end, currency=currency)
    earned = earned.filter(**{f"evaluation__{key}": value for key, value in chosen.items()})
    fields = _fields("finished_at", zone, "evaluation__" + path if path else "", "evaluation__" + name if name else "")
    for row in earned.order_by().annotate(**fields).values("key", "name", "kind").annotate(sum=Sum("amount")):
        one = found.setdefault(row["key"], Cost(_name(row), currency, row["key"]))
        one.total += row["sum"]
        one.by_kind[row["kind"]] += row["sum"]
    back: QuerySet[Any] = Evaluation.objects.records().filter(
        state=EvaluationState.RELEASED, released_at__gte=start, released_at__lt=end, **chosen
    )
    back = back.exclude(attempt__exam__purpose=ExamPurpose.REHEARSAL)
    back = back.order_by().annotate(**_fields("released_at", zone, path, name))
    for row in back.values("key", "name", "policy__price", "policy__price_currency").annotate(papers=Count("pk")):
        one = found.setdefault(row["key"], Cost(_name(row), currency, row["key"]))
        one.papers += row["papers"]
        known = row["policy__price"] is not None and row["policy__price_currency"] == currency
        one.price = one.price + row["papers"] * row["policy__price"] if known and one.price is not None else None
    return sorted(found.values(), key=lambda one: one.name)


def _fields(moment: str, zone: Any, path: str, name: str) -> dict[str, Any]:
    if path:
        return {"key": F(path), "name": F(name)}
    month = TruncMonth(moment, tzinfo=zone)
    return {"key": month, "name": month}


def _name(row: dict[str, Any]) -> str:
    return row["name"] if isinstance(row["name"], str) else f"{row['name']:%Y-%m}"

"""What finished evaluations earned: rows that are only added, found by a sweep, corrected by reversals.

A finished evaluation is itself the fact that must not be lost: it stays in the database, and the sweep looks for those
without a row, so that no crash between finishing and pricing can lose one. Whoever adds rows holds the row of the
present month, so that two sweeps never price the same evaluation and a month is never closed meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import ExamPurpose
from assessments.models import PaperQuestion, Response
from common.errors import DomainError
from evaluations.enums import EvaluationRole, WorkKind
from evaluations.models import Earning, Evaluation, PayMonth, RateCard
from evaluations.services.rates import Line, Rate, RateError, Work, lines_of

BATCH = 500
#: The frequent sweep looks back so far; the nightly one as far as there are rates.
RECENT = timedelta(days=3)
#: What of a rate never changes: what was paid by it stays explained.
FIXED = ("amount", "currency", "unit", "kind", "exam_id", "question_type", "policy_id", "valid_from")
KINDS = {
    EvaluationRole.RECORD: WorkKind.FIRST,
    EvaluationRole.SHARE: WorkKind.FIRST,
    EvaluationRole.SECOND: WorkKind.SECOND,
    EvaluationRole.MODERATION: WorkKind.MODERATION,
    EvaluationRole.REMARK: WorkKind.REMARK,
}


class EarningError(DomainError):
    """This cannot be priced or corrected so."""


@dataclass(frozen=True)
class Priced:
    """How many rows were made, and how many evaluations no single rate is for."""

    made: int
    refused: int


def save_card(*, card: RateCard, actor: User, now: datetime) -> RateCard:
    """Keeps a checked rate, audited. Raises EarningError when another one is for the same work on some day."""
    with transaction.atomic():
        others = list(RateCard.objects.select_for_update().exclude(pk=card.pk))
        if any(rate_of(card).overlaps(rate_of(one)) for one in others):
            raise EarningError(_("Another rate is for the same work in these days."), "tie")
        before = RateCard.objects.filter(pk=card.pk).values().first()
        if before is not None and any(before[name] != getattr(card, name) for name in FIXED):
            raise EarningError(_("Only the end of a rate changes. End it, and enter a new one."), "fixed")
        card.save()
        after = RateCard.objects.filter(pk=card.pk).values().get()
        record_event(
            actor=actor, action="ratecard.changed" if before else "ratecard.added", obj=card, before=before or {},
            after=after, now=now,
        )  # fmt: skip
    return card


def finished_work() -> QuerySet[Evaluation]:
    """What may earn: finished by a teacher, whole or a share, no rehearsal. A record that several shared earned by its
    shares, also when it has one teacher since it was opened again."""
    parts = Evaluation.objects.filter(record=OuterRef("pk"), role=EvaluationRole.SHARE)
    rows = Evaluation.objects.filter(
        finalised_at__isnull=False, teacher__isnull=False, role__in=list(KINDS), is_shared=False
    )
    return rows.exclude(attempt__exam__purpose=ExamPurpose.REHEARSAL).exclude(Exists(parts))


def without_earning(since: datetime) -> QuerySet[Evaluation]:
    """Finished since then, and not in the books."""
    rows = finished_work().filter(finalised_at__gte=since)
    return rows.exclude(Exists(Earning.objects.filter(evaluation=OuterRef("pk"))))


def price_finished(*, now: datetime, everything: bool = False) -> Priced:
    """Adds the rows that are missing: of the last days, or of all the time for which there are rates. Repeatable."""
    rates = [rate_of(card) for card in RateCard.objects.all()]
    if not rates:
        return Priced(0, 0)
    begin = day_begin(min(rate.first for rate in rates))
    since = begin if everything else max(begin, now - RECENT)
    made = refused = 0
    last: UUID | None = None
    while True:
        with transaction.atomic():
            open_month = lock_month(now)
            rows = without_earning(since).order_by("pk")
            rows = rows if last is None else rows.filter(pk__gt=last)
            batch = list(rows.select_related("attempt", "remark_request")[:BATCH])
            if not batch:
                return Priced(made, refused)
            found = _priced(batch, rates, now, open_month)
            Earning.objects.bulk_create(found, batch_size=BATCH)
        made, refused, last = made + len(found), refused + len(batch) - len(found), batch[-1].pk


def correct_earning(*, earning: Earning, reason: str, actor: User, now: datetime) -> list[Earning]:
    """Reverses a row and prices the evaluation anew, for who has it and by the rates as they are: two rows of the
    present month, and the old one stays. Audited. Raises EarningError (reversed already, no reason, no rate)."""
    if not reason.strip():
        raise EarningError(_("Give a reason."), "reason_missing")
    with transaction.atomic():
        month = lock_month(now)
        old = Earning.objects.select_related("evaluation__attempt", "evaluation__remark_request").get(pk=earning.pk)
        if old.reverses_id is not None or Earning.objects.filter(reverses=old).exists():
            raise EarningError(_("This row is reversed already."), "reversed")
        facts: dict[str, Any] = {"month": month, "at": now, "actor": actor, "reason": reason.strip()[:300]}
        back = Earning(
            evaluation=old.evaluation, teacher_id=old.teacher_id, kind=old.kind, version=old.version, reverses=old,
            amount=-old.amount, currency=old.currency, basis=old.basis, finished_at=old.finished_at, **facts,
        )  # fmt: skip
        works = works_of_all([old.evaluation])
        try:
            lines = lines_of([rate_of(card) for card in RateCard.objects.all()], works[old.evaluation_id])
        except RateError as error:
            raise EarningError(_("No single rate is for this work."), error.code) from error
        new = _row(old.evaluation, lines, now, month, version=old.version + 1)
        new.actor, new.reason = actor, facts["reason"]
        back.save(force_insert=True)
        new.save(force_insert=True)
        record_event(
            actor=actor, action="earning.corrected", obj=old.evaluation, before={"amount": old.amount},
            after={"amount": new.amount, "month": str(month)}, reason=reason, now=now,
        )  # fmt: skip
    return [back, new]


def rate_of(card: RateCard) -> Rate:
    return Rate(
        id=card.pk, amount=card.amount, currency=card.currency, unit=card.unit, first=card.valid_from,
        last=card.valid_until, kind=card.kind, exam=card.exam_id, question_type=card.question_type,
        policy=card.policy_id,
    )  # fmt: skip


# --- Months ----------------------------------------------------------------------------------------------------------
def month_of(moment: datetime) -> date:
    """The first day of the month of the institute's calendar."""
    return timezone.localtime(moment, timezone.get_default_timezone()).date().replace(day=1)


def next_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def day_begin(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_default_timezone())


def lock_month(now: datetime) -> PayMonth:
    """The present month, which is always open, locked: one writer of the books at a time."""
    first = month_of(now)
    PayMonth.objects.get_or_create(first=first)
    month: PayMonth = PayMonth.objects.select_for_update().get(first=first)
    return month


# --- Rows ------------------------------------------------------------------------------------------------------------
def _priced(batch: list[Evaluation], rates: list[Rate], now: datetime, present: PayMonth) -> list[Earning]:
    """Rows of those for which there is a rate, in their own month where that is open, else in the present one."""
    works = works_of_all(batch)
    months = _open_months({month_of(one.finalised_at) for one in batch if one.finalised_at}, present)
    found = []
    for one in batch:
        assert one.finalised_at is not None
        try:
            lines = lines_of(rates, works[one.pk])
        except RateError:
            continue
        found.append(_row(one, lines, now, months[month_of(one.finalised_at)]))
    return found


def _open_months(firsts: Iterable[date], present: PayMonth) -> dict[date, PayMonth]:
    known = {month.first: month for month in PayMonth.objects.filter(first__in=list(firsts))}
    found = {}
    for first in firsts:
        month = known.get(first) or PayMonth.objects.get_or_create(first=first)[0]
        found[first] = present if month.closed_at else month
    return found


def _row(evaluation: Evaluation, lines: Collection[Line], now: datetime, month: PayMonth, version: int = 1) -> Earning:
    assert evaluation.finalised_at is not None
    assert evaluation.teacher_id is not None
    return Earning(
        evaluation=evaluation, teacher_id=evaluation.teacher_id, month=month, kind=kind_of(evaluation), version=version,
        amount=sum((line.amount for line in lines), Decimal(0)), currency=next(iter(lines)).rate.currency,
        basis=[line.as_json() for line in lines], finished_at=evaluation.finalised_at, at=now,
    )  # fmt: skip


def kind_of(evaluation: Evaluation) -> str:
    if evaluation.role == EvaluationRole.REMARK:
        asked = getattr(evaluation, "remark_request", None)
        return WorkKind.RECHECK if asked is not None and asked.is_recheck else WorkKind.REMARK
    return KINDS[EvaluationRole(evaluation.role)]


def works_of_all(rows: Collection[Evaluation]) -> dict[UUID, Work]:
    """What each was, by evaluation: the written questions it had, without what the student declared not attempted.
    Two queries."""
    papers: dict[UUID, dict[int, tuple[str, Decimal]]] = defaultdict(dict)
    written = PaperQuestion.objects.filter(paper__in={row.attempt.paper_id for row in rows}, is_written=True)
    for paper, number, kind, marks in written.order_by("number", "alternative").values_list(
        "paper_id", "number", "type", "marks"
    ):
        papers[paper].setdefault(number, (kind, marks))
    skipped: dict[UUID, set[int]] = defaultdict(set)
    said = Response.objects.filter(
        attempt__in={row.attempt_id for row in rows}, question__is_written=True, answer__not_attempted=True
    )
    for attempt, number in said.values_list("attempt_id", "question__number"):
        skipped[attempt].add(number)
    return {row.pk: _work(row, papers[row.attempt.paper_id], skipped[row.attempt_id]) for row in rows}


def _work(row: Evaluation, numbers: Mapping[int, tuple[str, Decimal]], skipped: Collection[int]) -> Work:
    counted: dict[str, tuple[int, Decimal]] = {}
    for number, (kind, marks) in numbers.items():
        if number not in skipped and (row.numbers is None or number in row.numbers):
            before = counted.get(kind, (0, Decimal(0)))
            counted[kind] = (before[0] + 1, before[1] + marks)
    assert row.finalised_at is not None
    day = timezone.localtime(row.finalised_at, timezone.get_default_timezone()).date()
    return Work(kind_of(row), row.attempt.exam_id, row.policy_id, day, counted, row.active_seconds)

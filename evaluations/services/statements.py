"""The statement of a month: made when the month is closed, confirmed or objected to by the teacher, approved, paid."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, Sum, Value, When
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from common.errors import DomainError, NotPermittedError
from evaluations.enums import StatementState as S
from evaluations.models import Earning, PayMonth, Statement
from evaluations.services import links
from evaluations.services.earnings import day_begin, lock_month, next_month, price_finished
from notifications.enums import NotificationKind
from notifications.services.inbox import News, notify_many

LONGEST = 500
BATCH = 500
#: From which states each step leads.
STEPS = {
    S.CONFIRMED: {S.DRAFT, S.OBJECTED},
    S.OBJECTED: {S.DRAFT, S.CONFIRMED},
    S.APPROVED: {S.CONFIRMED, S.OBJECTED},
    S.PAID: {S.APPROVED},
}


class StatementError(DomainError):
    """This is not possible with this statement, or this month, now."""


def close_month(*, first: date, actor: User, now: datetime) -> list[Statement]:
    """Closes a month that is over and makes its statements, numbered by the teachers' names from 1 on. What is priced
    or corrected later is paid in a later month. As many queries for ten rows as for a hundred thousand.

    Raises StatementError while the month runs, while an earlier one is open, and when it is closed already.
    """
    if now < day_begin(next_month(first)):
        raise StatementError(_("This month is not over."), "month_runs")
    price_finished(now=now, everything=True)
    with transaction.atomic():
        lock_month(now)
        month = PayMonth.objects.select_for_update().filter(first=first).first()
        if month is None:
            raise StatementError(_("Nothing was earned in this month."), "month_empty")
        if month.closed_at is not None:
            raise StatementError(_("This month is closed already."), "month_closed")
        if PayMonth.objects.filter(first__lt=first, closed_at=None).exists():
            raise StatementError(_("Close the earlier months first."), "earlier_open")
        made = Statement.objects.bulk_create(_statements(month), batch_size=BATCH)
        month.closed_at, month.closed_by = now, actor
        month.save(update_fields=["closed_at", "closed_by"])
        record_event(actor=actor, action="paymonth.closed", obj=month, after={"statements": len(made)}, now=now)
        notify_many(_news(made), now=now)
    return made


def _statements(month: PayMonth) -> list[Statement]:
    one = Case(When(reverses=None, then=Value(1)), default=Value(-1))
    rows = Earning.objects.filter(month=month).order_by().values("teacher_id", "teacher__name", "currency")
    sums = rows.annotate(total=Sum("amount"), papers=Sum(one), lines=Count("pk"))
    ordered = sorted(sums, key=lambda row: (row["teacher__name"], str(row["teacher_id"]), row["currency"]))
    return [
        Statement(
            month=month, number=number, teacher_id=row["teacher_id"], currency=row["currency"], papers=row["papers"],
            total=row["total"],
        )
        for number, row in enumerate(ordered, start=1)
    ]  # fmt: skip


def _news(made: list[Statement]) -> list[News]:
    people = {one.pk: one for one in User.objects.filter(pk__in={row.teacher_id for row in made})}
    news = []
    for row in made:
        with translation.override(people[row.teacher_id].language):
            title = _("Your statement %(label)s is ready: %(total)s %(currency)s") % {
                "label": row.label, "total": row.total, "currency": row.currency,
            }  # fmt: skip
            body = _("Look through it and confirm it, or say what is wrong.")
        news.append(
            News(
                user_id=row.teacher_id, kind=NotificationKind.STATEMENT_NEWS, cause=f"statement:{row.pk}", title=title,
                body=body, url=links.statement_url(row.pk),
            )
        )  # fmt: skip
    return news


def confirm_statement(*, statement: Statement, actor: User, now: datetime) -> Statement:
    """The teacher agrees. Raises StatementError once it is approved."""
    _require_own(statement, actor)
    return _move(statement, S.CONFIRMED, actor, now, answered_at=now, objection="")


def object_to_statement(*, statement: Statement, words: str, actor: User, now: datetime) -> Statement:
    """The teacher says in a sentence what is wrong. Raises StatementError without one, or once it is approved."""
    _require_own(statement, actor)
    if not words.strip():
        raise StatementError(_("Say what is wrong."), "words_missing")
    return _move(statement, S.OBJECTED, actor, now, answered_at=now, objection=words.strip()[:LONGEST])


def approve_statement(*, statement: Statement, answer: str = "", actor: User, now: datetime) -> Statement:
    """Staff approve what was confirmed, or answer an objection; what is corrected because of it is paid in the present
    month. Raises StatementError before the teacher answered, and for an objection without an answer."""
    _require_staff(actor)
    with transaction.atomic():
        if _locked(statement).state == S.OBJECTED and not answer.strip():
            raise StatementError(_("Answer the objection."), "answer_missing")
        changes = {"answer": answer.strip()[:LONGEST], "approved_at": now, "approved_by": actor}
        made = _move(statement, S.APPROVED, actor, now, **changes)
        _tell(made, _("Statement %(label)s is approved"), now)
    return made


def pay_statement(*, statement: Statement, reference: str, actor: User, now: datetime) -> Statement:
    """Notes the payment. Raises StatementError without its reference, or before it is approved."""
    _require_staff(actor)
    if not reference.strip():
        raise StatementError(_("Give the reference of the payment."), "reference_missing")
    with transaction.atomic():
        made = _move(statement, S.PAID, actor, now, reference=reference.strip()[:100], paid_at=now)
        _tell(made, _("Statement %(label)s is paid"), now)
    return made


def _tell(statement: Statement, words: str, now: datetime) -> None:
    news = News(
        user_id=statement.teacher_id, kind=NotificationKind.STATEMENT_NEWS,
        cause=f"statement:{statement.pk}:{statement.state}", title=words % {"label": statement.label},
        body=statement.answer if statement.state == S.APPROVED else statement.reference,
        url=links.statement_url(statement.pk),
    )  # fmt: skip
    notify_many([news], now=now)


def _require_own(statement: Statement, actor: User) -> None:
    if statement.teacher_id != actor.pk:
        raise NotPermittedError(_("Only the teacher answers this."), "not_the_teacher")


def _require_staff(actor: User) -> None:
    if not actor.is_staff:
        raise NotPermittedError(_("Only staff do this."), "not_staff")


def _locked(statement: Statement) -> Statement:
    found: Statement = Statement.objects.select_for_update().get(pk=statement.pk)
    return found


def _move(statement: Statement, state: S, actor: User, now: datetime, **changes: Any) -> Statement:
    with transaction.atomic():
        locked = _locked(statement)
        if locked.state not in STEPS[state]:
            told = {"label": locked.label, "state": locked.get_state_display()}
            raise StatementError(_("Statement %(label)s: %(state)s.") % told, "wrong_state")
        before = {"state": locked.state}
        written = {"state": state, **changes}
        for name, value in written.items():
            setattr(locked, name, value)
        locked.save(update_fields=list(written))
        reason = changes.get("objection") or changes.get("answer") or changes.get("reference") or ""
        record_event(
            actor=actor, action=f"statement.{state.value}", obj=locked, before=before, after={"state": state.value},
            reason=str(reason), now=now,
        )  # fmt: skip
    return locked

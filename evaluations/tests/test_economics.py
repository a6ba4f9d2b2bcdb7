"""Rates, the books, statements of a month, and the cost of a paper."""

from __future__ import annotations

import csv
import io
import threading
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import AuditEvent
from evaluations.models import Earning, Evaluation, PayMonth, RateCard, SlaPolicy, Statement
from evaluations.selectors.economics import costs, statement_groups
from evaluations.services.earnings import EarningError, correct_earning, price_finished, save_card
from evaluations.services.rates import HUNDREDTH, Rate, RateError, Work, lines_of, rate_for, rounded
from evaluations.services.statement_files import statement_csv, statement_pdf
from evaluations.services.statements import (
    StatementError,
    approve_statement,
    close_month,
    confirm_statement,
    object_to_statement,
    pay_statement,
)
from evaluations.tests.builders import default_policy, evaluation_of, hand_in
from notifications.models import Notification
from tests import factories

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
#: In October, and after it.
IN_MONTH, AFTER = datetime(2026, 10, 12, 6, tzinfo=UTC), datetime(2026, 11, 3, 6, tzinfo=UTC)


def rate(amount="10", unit="paper", **fields):
    return Rate(
        id=uuid.uuid4(), amount=Decimal(amount), currency=fields.pop("currency", "INR"), unit=unit,
        first=fields.pop("first", OCTOBER), **fields,
    )  # fmt: skip


EXAM, POLICY = uuid.uuid4(), uuid.uuid4()


def work(seconds=600, kind="first", **questions):
    counted = {name: (number, Decimal(marks)) for name, (number, marks) in questions.items()}
    return Work(kind, EXAM, POLICY, date(2026, 10, 12), counted, seconds)


# --- Rates -----------------------------------------------------------------------------------------------------------
def test_the_most_specific_rate_wins():
    rates = [
        rate("1"), rate("2", kind="first"), rate("3", policy=POLICY), rate("4", policy=POLICY, kind="first"),
        rate("5", unit="mark", question_type="long_answer"), rate("6", exam=EXAM),
    ]  # fmt: skip
    for number in range(6, 0, -1):
        assert rate_for(rates[:number], work(), "long_answer").amount == number


def test_ties_and_missing_rates_and_mixed_currencies_are_refused():
    for rates, code in (
        ([], "no_rate"),
        ([rate(last=date(2026, 10, 11))], "no_rate"),
        ([rate(kind="second")], "no_rate"),
        ([rate("1"), rate("2")], "tie"),
        ([rate("1", "mark"), rate("2", "question", question_type="a", currency="USD")], "currencies"),
    ):
        with pytest.raises(RateError) as caught:
            lines_of(rates, work(a=(1, 2), b=(1, 3)))
        assert caught.value.code == code


def test_each_unit_counts_what_it_says():
    asked = work(seconds=100, short=(3, 6), long=(2, 10))
    for unit, quantity in (("paper", 1), ("question", 5), ("mark", 16), ("minute", "1.67")):
        assert sum(line.quantity for line in lines_of([rate("3", unit)], asked)) == Decimal(quantity)
    mixed = lines_of([rate("40"), rate("2.5", "mark", question_type="long")], asked)
    assert {(line.question_type, line.amount) for line in mixed} == {("", Decimal(40)), ("long", Decimal(25))}
    assert [line.amount for line in lines_of([rate("7", "mark")], work())] == [0]
    assert rounded(Decimal("0.005")) == Decimal("0.01")


@given(
    st.lists(st.decimals("0", "500", places=2), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 160)), max_size=5),
    st.integers(0, 20_000),
)
def test_sums_are_sums_of_rounded_lines(amounts, questions, seconds):
    kinds = {str(number): one for number, one in enumerate(questions)}
    units = ("paper", "question", "mark", "minute")
    rates = [rate(str(amounts[0]), units[seconds % 4])]
    rates += [
        rate(str(amount), ("mark", "question")[n % 2], question_type=str(n)) for n, amount in enumerate(amounts[1:])
    ]
    lines = lines_of(rates, work(seconds=seconds, **kinds))
    exact = sum((line.rate.amount * line.quantity for line in lines), Decimal(0))
    total = sum((line.amount for line in lines), Decimal(0))
    assert total == total.quantize(HUNDREDTH)
    assert abs(total - exact) <= HUNDREDTH / 2 * len(lines)


# --- The books -------------------------------------------------------------------------------------------------------
@pytest.fixture
def card(cast):
    default_policy()
    return save_card(
        card=RateCard(amount=Decimal("2.50"), unit="mark", valid_from=OCTOBER), actor=cast.staff, now=IN_MONTH
    )


def finished(cast, *, student=None, teacher=None, at=IN_MONTH, exam=None, **fields):
    return evaluation_of(
        hand_in(exam or factories.ExamFactory(for_cohorts=[cast.cohort]), student or cast.student),
        teacher=teacher or cast.teacher, state=fields.pop("state", "released"), finalised_at=at, released_at=at,
        **fields,
    )  # fmt: skip


def test_every_finished_evaluation_earns_once_however_often_it_is_swept(cast, card):
    papers = [finished(cast) for _ in range(3)]
    finished(cast, at=None, state="assigned")
    evaluation_of(papers[0].attempt, teacher=cast.colleague, role="second", record=papers[0], state="finalised",
                  finalised_at=IN_MONTH)  # fmt: skip
    evaluation_of(papers[0].attempt, role="first", record=papers[0], state="closed", finalised_at=IN_MONTH)
    assert [price_finished(now=AFTER, everything=True).made for _ in range(2)] == [4, 0]
    marks = sum(q.marks for q in papers[0].attempt.paper.questions.filter(is_written=True, alternative__in=["", "a"]))
    for row in Earning.objects.all():
        assert row.amount == rounded(marks * Decimal("2.50")) == sum(Decimal(one["amount"]) for one in row.basis)
        assert row.month_id == OCTOBER
    assert set(Earning.objects.values_list("kind", flat=True)) == {"first", "second"}


def test_the_shares_of_a_paper_earn_and_its_record_does_not(cast, card):
    record = finished(cast)
    for number in (4, 5):
        evaluation_of(record.attempt, teacher=cast.teacher, role="share", record=record, state="finalised",
                      finalised_at=IN_MONTH, numbers=[number])  # fmt: skip
    assert price_finished(now=AFTER, everything=True).made == 2
    assert not Earning.objects.filter(evaluation=record).exists()


def test_work_without_a_rate_waits_for_one(cast, card):
    finished(cast, at=IN_MONTH - timedelta(days=60))
    save_card(card=RateCard(amount=Decimal(9), currency="USD", unit="question", question_type="long_answer",
                            valid_from=OCTOBER), actor=cast.staff, now=AFTER)  # fmt: skip
    finished(cast)
    priced = price_finished(now=AFTER, everything=True)
    assert (priced.made, priced.refused) in ((0, 1), (1, 0))


def test_rates_that_tie_are_refused_and_only_the_end_changes(cast, card):
    for fields in ({"valid_from": NOVEMBER}, {"valid_from": OCTOBER, "valid_until": OCTOBER}):
        with pytest.raises(EarningError, match="Another rate"):
            save_card(card=RateCard(amount=Decimal(9), unit="mark", **fields), actor=cast.staff, now=AFTER)
    card.amount = Decimal(3)
    with pytest.raises(EarningError, match="Only the end"):
        save_card(card=card, actor=cast.staff, now=AFTER)
    card.refresh_from_db()
    card.valid_until = date(2026, 10, 31)
    save_card(card=card, actor=cast.staff, now=AFTER)
    save_card(card=RateCard(amount=Decimal(9), unit="mark", valid_from=NOVEMBER), actor=cast.staff, now=AFTER)
    assert AuditEvent.objects.filter(action__startswith="ratecard").count() == 3


def test_rows_are_only_added(cast, card):
    finished(cast)
    price_finished(now=AFTER, everything=True)
    for change in (lambda rows: rows.update(amount=1), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(Earning.objects.all())


def test_a_correction_reverses_and_prices_anew(cast, card):
    paper = finished(cast)
    price_finished(now=AFTER, everything=True)
    old = Earning.objects.get()
    Evaluation.objects.filter(pk=paper.pk).update(teacher=cast.colleague)
    with pytest.raises(EarningError, match="reason"):
        correct_earning(earning=old, reason=" ", actor=cast.staff, now=AFTER)
    back, new = correct_earning(earning=old, reason="Marked by Anita", actor=cast.staff, now=AFTER)
    assert (back.amount, back.teacher, new.amount, new.teacher_id) == (
        -old.amount, cast.teacher, old.amount, cast.colleague.pk,
    )  # fmt: skip
    assert {back.month_id, new.month_id} == {NOVEMBER}
    for row in (old, back):
        with pytest.raises(EarningError, match="already"):
            correct_earning(earning=row, reason="Again", actor=cast.staff, now=AFTER)
    assert price_finished(now=AFTER, everything=True).made == 0
    assert Earning.objects.aggregate(sum=Sum("amount"))["sum"] == old.amount


def test_two_sweeps_at_once_price_once(transactional_db):
    from tests.cast import build_cast

    cast = build_cast()
    default_policy()
    RateCard.objects.create(amount=Decimal(5), unit="paper", valid_from=OCTOBER)
    for _ in range(3):
        finished(cast)
    errors: list[Exception] = []

    def sweep():
        try:
            price_finished(now=AFTER, everything=True)
        except Exception as error:  # noqa: BLE001 - told by the test
            errors.append(error)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert Earning.objects.count() == 3


# --- Statements ------------------------------------------------------------------------------------------------------
@pytest.fixture
def closed(cast, card):
    for teacher, count in ((cast.teacher, 2), (cast.colleague, 1)):
        for _ in range(count):
            finished(cast, teacher=teacher)
    return close_month(first=OCTOBER, actor=cast.staff, now=AFTER)


def test_closing_numbers_without_gaps_and_sums_reconcile(cast, closed):
    assert [(one.number, one.teacher_id) for one in closed] == [(1, cast.colleague.pk), (2, cast.teacher.pk)]
    assert [one.label for one in closed] == ["2026-10-0001", "2026-10-0002"]
    rows = Earning.objects.filter(month=OCTOBER)
    assert sum(one.total for one in closed) == rows.aggregate(sum=Sum("amount"))["sum"]
    for one in closed:
        assert sum(group.total for group in statement_groups(one)) == one.total
        assert sum(group.papers for group in statement_groups(one)) == one.papers
        assert Notification.objects.filter(user=one.teacher, kind="statement_news").count() == 1
    with pytest.raises(StatementError, match="closed already"):
        close_month(first=OCTOBER, actor=cast.staff, now=AFTER)


def test_a_closed_month_does_not_change(cast, closed):
    finished(cast)
    assert price_finished(now=AFTER, everything=True).made == 1
    assert Earning.objects.latest("id").month_id == NOVEMBER
    correct_earning(earning=Earning.objects.filter(month=OCTOBER).first(), reason="Why", actor=cast.staff, now=AFTER)
    assert Earning.objects.filter(month=OCTOBER).count() == 3
    later = datetime(2026, 12, 2, 6, tzinfo=UTC)
    made = close_month(first=NOVEMBER, actor=cast.staff, now=later)
    assert sum(one.papers for one in made) == 1


def test_months_close_in_order_and_not_before_their_end(cast, card):
    with pytest.raises(StatementError, match="not over"):
        close_month(first=OCTOBER, actor=cast.staff, now=datetime(2026, 10, 31, 18, 29, tzinfo=UTC))
    with pytest.raises(StatementError, match="Nothing was earned"):
        close_month(first=date(2026, 9, 1), actor=cast.staff, now=AFTER)
    finished(cast)
    finished(cast, at=AFTER)
    later = datetime(2026, 12, 2, 6, tzinfo=UTC)
    with pytest.raises(StatementError, match="earlier"):
        close_month(first=NOVEMBER, actor=cast.staff, now=later)
    close_month(first=OCTOBER, actor=cast.staff, now=datetime(2026, 10, 31, 18, 30, tzinfo=UTC))


def test_from_draft_to_paid(cast, closed):
    mine = closed[1]
    facts = {"statement": mine, "now": AFTER}
    for step in (
        lambda: approve_statement(actor=cast.staff, **facts),
        lambda: pay_statement(reference="N1", actor=cast.staff, **facts),
        lambda: object_to_statement(words=" ", actor=cast.teacher, **facts),
    ):
        with pytest.raises(StatementError):
            step()
    object_to_statement(words="One is missing.", actor=cast.teacher, **facts)
    with pytest.raises(StatementError, match="Answer"):
        approve_statement(actor=cast.staff, **facts)
    approve_statement(answer="It comes in November.", actor=cast.staff, **facts)
    with pytest.raises(StatementError):
        confirm_statement(actor=cast.teacher, **facts)
    with pytest.raises(StatementError, match="reference"):
        pay_statement(reference="", actor=cast.staff, **facts)
    paid = pay_statement(reference="NEFT 4711", actor=cast.staff, **facts)
    assert (paid.state, paid.reference, paid.objection) == ("paid", "NEFT 4711", "One is missing.")
    assert AuditEvent.objects.filter(action__startswith="statement.").count() == 3


def test_files_say_what_the_books_say(cast, closed):
    mine = Statement.objects.select_related("teacher", "month").get(pk=closed[1].pk)
    rows = list(csv.reader(io.StringIO(b"".join(statement_csv(mine)).decode("utf-8-sig"))))
    assert sum(Decimal(row[4]) for row in rows[1:-1]) == Decimal(rows[-1][4]) == mine.total
    assert statement_pdf(mine, made_at=AFTER).startswith(b"%PDF")


def test_closing_costs_the_same_for_many(cast, card):
    def cost(first, count, now):
        for _ in range(count):
            finished(cast, at=now - timedelta(days=20))
        price_finished(now=now, everything=True)
        with CaptureQueriesContext(connection) as queries:
            close_month(first=first, actor=cast.staff, now=now)
        return len(queries)

    few = cost(OCTOBER, 1, datetime(2026, 11, 8, 6, tzinfo=UTC))
    assert cost(NOVEMBER, 12, datetime(2026, 12, 8, 6, tzinfo=UTC)) <= few


# --- The cost of a paper ---------------------------------------------------------------------------------------------
def test_costs_by_month_exam_and_promise_agree(cast, card):
    first, again = finished(cast), finished(cast, at=AFTER)
    evaluation_of(first.attempt, teacher=cast.colleague, role="second", record=first, state="finalised",
                  finalised_at=IN_MONTH)  # fmt: skip
    price_finished(now=AFTER, everything=True)
    each = Earning.objects.filter(evaluation=again).get().amount
    span = {"since": OCTOBER, "until": date(2026, 11, 30)}
    months = costs(by="month", **span)
    assert [(one.name, one.papers, one.total) for one in months] == [("2026-10", 1, 2 * each), ("2026-11", 1, each)]
    assert months[0].by_kind["second"] == each
    assert [one.margin for one in months] == [None, None]
    SlaPolicy.objects.update(price=Decimal(100))
    assert [one.margin for one in costs(by="month", **span)] == [100 - 2 * each, 100 - each]
    for by in ("exam", "policy"):
        rows = costs(by=by, **span)
        assert (sum(one.total for one in rows), sum(one.papers for one in rows)) == (3 * each, 2)
    (one,) = costs(by="exam", exam=again.attempt.exam_id, **span)
    assert (one.total, one.papers, one.each) == (each, 1, each)


def test_office_pages_close_approve_pay_and_correct(cast, card, client):
    finished(cast)
    price_finished(now=AFTER, everything=True)
    client.force_login(cast.staff)
    assert client.get(reverse("admin:evaluations_costs"), {"by": "nonsense"}).status_code == 422
    assert client.get(reverse("admin:evaluations_costs"), {"by": "exam", "since": "2026-10-01"}).status_code == 200
    client.post(reverse("admin:evaluations_close_month"), {"first": "never"})
    PayMonth.objects.filter(first=OCTOBER).update(closed_at=None)
    close_month(first=OCTOBER, actor=cast.staff, now=AFTER)
    mine = Statement.objects.get()
    confirm_statement(statement=mine, actor=cast.teacher, now=AFTER)
    step = reverse("admin:evaluations_statement_step", args=[mine.pk])
    assert client.post(step, {"words": ""}).status_code == 302
    assert client.post(step, {"words": ""}).status_code == 422
    assert client.post(step, {"words": "NEFT 1"}).status_code == 302
    correct = reverse("admin:evaluations_earning_correct", args=[Earning.objects.get().pk])
    assert client.get(correct).status_code == 200
    assert client.post(correct, {"reason": ""}).status_code == 422
    assert client.post(correct, {"reason": "Wrong rate"}).status_code == 302
    assert Earning.objects.count() == 3

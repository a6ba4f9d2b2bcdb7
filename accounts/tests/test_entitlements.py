"""Nobody uses more than was granted; what ends soonest is used first."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.enums import Feature
from accounts.models import AuditEvent, Entitlement
from accounts.selectors import find_entitlement
from accounts.services.entitlements import (
    NoEntitlement,
    change_entitlement,
    consume_entitlement,
    grant_entitlement,
    return_entitlement,
)
from common.errors import DomainError
from common.testing.database import run_at_once
from tests.factories import NOW, EntitlementFactory, UserFactory

EXAM = Feature.EXAM_ATTEMPT
DAY = timedelta(days=1)


@pytest.fixture
def person(db):
    return UserFactory()


def test_consume_takes_what_ends_soonest_and_has_some_left(person):
    EntitlementFactory(user=person, source="forever", ends_at=None)
    soon = EntitlementFactory(user=person, source="soon", quantity=1, ends_at=NOW + DAY)
    later = EntitlementFactory(user=person, source="later", quantity=1, ends_at=NOW + 9 * DAY)
    used = [consume_entitlement(user=person, feature=EXAM, now=NOW).source for _ in range(4)]
    assert used == ["soon", "later", "forever", "forever"]
    soon.refresh_from_db()
    later.refresh_from_db()
    assert (soon.used, later.used) == (1, 1)


@pytest.mark.parametrize(
    "row",
    [
        {"quantity": 1, "used": 1},
        {"starts_at": NOW + DAY},
        {"ends_at": NOW},
        {"feature": Feature.SLA_POLICY},
    ],
    ids=["used up", "not begun", "ended", "other feature"],
)
def test_consume_refuses_with_a_sentence(person, row):
    EntitlementFactory(user=person, **row)
    with pytest.raises(NoEntitlement) as refused:
        consume_entitlement(user=person, feature=EXAM, now=NOW)
    assert refused.value.message == "Your plan has no exams left this month. Ask your institute."
    assert find_entitlement(user=person, feature=EXAM, now=NOW) is None


def test_consume_never_takes_from_another_person(person):
    other = EntitlementFactory(user=UserFactory())
    with pytest.raises(NoEntitlement):
        consume_entitlement(user=person, feature=EXAM, now=NOW)
    other.refresh_from_db()
    assert other.used == 0


def test_without_limit_is_counted_but_never_ends(person):
    EntitlementFactory(user=person, quantity=None, used=4_000)
    assert consume_entitlement(user=person, feature=EXAM, now=NOW).used == 4_001


def test_return_gives_back_but_never_below_none(person):
    row = EntitlementFactory(user=person, quantity=1)
    taken = consume_entitlement(user=person, feature=EXAM, now=NOW)
    assert return_entitlement(entitlement=taken).used == 0
    assert return_entitlement(entitlement=taken).used == 0
    assert consume_entitlement(user=person, feature=EXAM, now=NOW).pk == row.pk


def test_find_shows_what_consume_would_take_and_takes_nothing(person):
    EntitlementFactory(user=person, source="late", ends_at=NOW + 9 * DAY)
    soon = EntitlementFactory(user=person, source="soon", ends_at=NOW + DAY)
    assert find_entitlement(user=person, feature=EXAM, now=NOW) == soon
    assert Entitlement.objects.filter(used__gt=0).count() == 0


def test_grant_twice_is_one_row_and_one_event(person):
    staff = UserFactory(is_staff=True)
    grant = {"user": person, "feature": EXAM, "quantity": 5, "source": "plan", "starts_at": NOW}
    grant |= {"actor": staff, "now": NOW}
    assert grant_entitlement(**grant) == grant_entitlement(**grant)
    event = AuditEvent.objects.get(action="entitlement.granted")
    assert (event.actor_id, event.after["quantity"], event.after["feature"]) == (staff.pk, 5, "exam.attempt")


def test_one_order_grants_several_courses_each_once(person):
    """Two courses of one order begin at the same moment; the second one was lost once."""
    order = {"user": person, "feature": Feature.COURSE_ACCESS, "quantity": None, "source": "order 7", "starts_at": NOW}
    first, second, again = (
        grant_entitlement(**order, value=course, now=NOW) for course in ("algebra", "geometry", "algebra")
    )
    assert again == first != second
    assert set(Entitlement.objects.values_list("value", flat=True)) == {"algebra", "geometry"}
    with pytest.raises(DomainError, match="stays one for this course"):
        change_entitlement(entitlement=first, quantity=None, ends_at=None, value="geometry", actor=None, now=NOW)
    change_entitlement(entitlement=first, quantity=None, ends_at=NOW + DAY, value="algebra", actor=None, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        EntitlementFactory(user=person, feature=Feature.COURSE_ACCESS, source="order 7", value="algebra", starts_at=NOW)


def test_promise_of_an_order_stands_once_whatever_its_policy_is_by_now(person):
    order = {"user": person, "feature": Feature.SLA_POLICY, "quantity": None, "source": "order 7", "starts_at": NOW}
    first = grant_entitlement(**order, value="two-days", now=NOW)
    change_entitlement(entitlement=first, quantity=None, ends_at=None, value="one-day", actor=None, now=NOW)
    assert grant_entitlement(**order, value="two-days", now=NOW) == first
    first.refresh_from_db()
    assert first.value == "one-day"
    with pytest.raises(IntegrityError), transaction.atomic():
        EntitlementFactory(user=person, feature=Feature.SLA_POLICY, source="order 7", value="other", starts_at=NOW)


def test_grant_that_ends_before_it_starts_is_refused(person):
    with pytest.raises(DomainError, match="end before it starts"):
        grant_entitlement(user=person, feature=EXAM, quantity=1, source="x", starts_at=NOW, ends_at=NOW - DAY, now=NOW)


def test_change_is_audited_with_before_and_after(person):
    row, staff = EntitlementFactory(user=person, quantity=5, used=2), UserFactory(is_staff=True)
    change_entitlement(entitlement=row, quantity=8, ends_at=None, actor=staff, reason="illness", now=NOW)
    event = AuditEvent.objects.get(action="entitlement.changed")
    assert (event.before["quantity"], event.after["quantity"], event.reason) == (5, 8, "illness")


def test_change_below_what_is_used_is_refused(person):
    row = EntitlementFactory(user=person, quantity=5, used=2)
    with pytest.raises(DomainError, match="2 are used already"):
        change_entitlement(entitlement=row, quantity=1, ends_at=None, actor=None, now=NOW)
    row.refresh_from_db()
    assert row.quantity == 5


def test_twenty_at_once_use_exactly_the_five_granted(transactional_db):
    person = UserFactory()
    row = EntitlementFactory(user=person, quantity=5)

    def use() -> str:
        try:
            consume_entitlement(user=person, feature=EXAM, now=NOW)
        except NoEntitlement:
            return "none left"
        return "used"

    outcomes = run_at_once([use] * 20)
    row.refresh_from_db()
    assert (row.used, outcomes.count("used"), outcomes.count("none left")) == (5, 5, 15)

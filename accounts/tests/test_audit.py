"""Audit events hold what changed without loss; seals make every later change of them visible."""

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.enums import Relation
from accounts.models import AuditEvent, AuditSeal
from accounts.services.audit import FIRST_DIGEST, json_safe, record_event, seal_events, verify_seals
from common import append_only
from tests.factories import NOW, UserFactory

pytestmark = pytest.mark.django_db
LATER = timedelta(seconds=20)


@pytest.fixture
def person():
    return UserFactory(name="Meera", email="meera@example.com")


@pytest.fixture
def tamper():
    """Runs SQL on events as somebody with full access to the database would, past the triggers."""

    def run(sql: str, *values: object) -> None:
        drop_triggers("accounts_auditevent")
        with connection.cursor() as cursor:
            cursor.execute(sql, values)

    return run


def drop_triggers(table: str) -> None:
    with connection.cursor() as cursor:
        append_only.remove(SimpleNamespace(connection=connection, execute=cursor.execute), table)


def events(person, count: int) -> list[AuditEvent]:
    return [record_event(actor=person, action=f"test.{n}", obj=person, after={"n": n}, now=NOW) for n in range(count)]


def test_values_become_text_without_loss():
    key = uuid4()
    given = {
        "marks": Decimal("2.50"),
        "id": key,
        "at": NOW,
        "on": date(2026, 1, 2),
        "relation": Relation.MOTHER,
        "ok": True,
        "none": None,
        "ids": {key},
        "nested": {"a": [Decimal("0.5")]},
    }
    assert json_safe(given) == {
        "marks": "2.50",
        "id": str(key),
        "at": "2026-11-18T04:30:00+00:00",
        "on": "2026-01-02",
        "relation": "mother",
        "ok": True,
        "none": None,
        "ids": [str(key)],
        "nested": {"a": ["0.5"]},
    }


def test_event_names_actor_object_and_change(person):
    event = record_event(
        actor=person,
        action="mark.changed",
        obj=person,
        before={"marks": Decimal("1.5")},
        after={"marks": Decimal(2)},
        reason="re-read",
        now=NOW,
        origin="203.0.113.9",
    )
    event.refresh_from_db()
    assert (event.at, event.actor_id, event.actor_label) == (NOW, person.pk, "Meera <meera@example.com>")
    assert (event.object_type, event.object_id) == ("accounts.user", str(person.pk))
    assert (event.before, event.after) == ({"marks": "1.5"}, {"marks": "2"})
    assert (event.reason, event.origin) == ("re-read", "203.0.113.9")


def test_event_without_actor_is_the_system(person):
    event = record_event(actor=None, action="x", obj=person, now=NOW)
    assert (event.actor_id, event.actor_label, event.origin) == (None, "system", None)


def test_event_falls_with_its_change(person):
    with transaction.atomic():
        record_event(actor=person, action="x", obj=person, now=NOW)
        transaction.set_rollback(True)
    assert not AuditEvent.objects.exists()


def test_event_refuses_update(person):
    event = record_event(actor=person, action="x", obj=person, now=NOW)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AuditEvent.objects.filter(pk=event.pk).update(action="y")


def test_nothing_to_seal(person):
    assert seal_events(now=timezone.now() + LATER) is None
    assert verify_seals() is None


def test_events_younger_than_ten_seconds_wait(person):
    events(person, 2)
    assert seal_events(now=timezone.now()) is None
    seal = seal_events(now=timezone.now() + LATER)
    assert seal is not None
    assert seal.events == 2


def test_seals_chain_and_cover_each_event_once(person):
    first_events = events(person, 3)
    first = seal_events(now=timezone.now() + LATER)
    second_events = events(person, 2)
    second = seal_events(now=timezone.now() + LATER)
    assert (first.events, first.last_event) == (3, first_events[-1].pk)
    assert (second.events, second.last_event) == (2, second_events[-1].pk)
    assert len({FIRST_DIGEST, first.digest, second.digest}) == 3
    assert seal_events(now=timezone.now() + LATER) is None
    assert verify_seals() is None


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE accounts_auditevent SET reason = 'nothing to see' WHERE action = 'test.1'",
        "UPDATE accounts_auditevent SET origin = '10.0.0.1' WHERE action = 'test.1'",
        "DELETE FROM accounts_auditevent WHERE action = 'test.1'",
        "UPDATE accounts_auditevent SET actor_label = 'somebody else' WHERE action = 'test.1'",
    ],
)
def test_changed_event_breaks_its_seal_and_says_which(person, tamper, sql):
    events(person, 1)
    whole = seal_events(now=timezone.now() + LATER)
    with transaction.atomic():
        record_event(actor=person, action="test.1", obj=person, now=NOW)
    broken = seal_events(now=timezone.now() + LATER)
    assert verify_seals() is None
    tamper(sql)
    # test.1 belongs to the second seal; the first event is test.0.
    assert verify_seals() == broken != whole


def test_event_slipped_in_among_sealed_ones_breaks_the_seal(person):
    made = events(person, 2)
    seal = seal_events(now=timezone.now() + LATER)
    AuditEvent.objects.create(
        id=UUID(int=made[0].pk.int + 1), at=NOW, actor_label="system", action="x", object_type="t", object_id="1"
    )
    assert verify_seals() == seal


def test_missing_seal_breaks_the_chain(person):
    for _ in range(3):
        events(person, 1)
        seal_events(now=timezone.now() + LATER)
    drop_triggers("accounts_auditseal")
    first, second, third = AuditSeal.objects.order_by("pk")
    second.delete()
    assert verify_seals() == third
    assert first.digest != third.digest


def test_command_says_whole_or_names_the_seal(person, tamper, capsys):
    events(person, 1)
    seal = seal_events(now=timezone.now() + LATER)
    call_command("verify_audit")
    assert seal.digest in capsys.readouterr().out
    tamper("UPDATE accounts_auditevent SET reason = 'x'")
    with pytest.raises(CommandError, match=f"seal {seal.pk} "):
        call_command("verify_audit")

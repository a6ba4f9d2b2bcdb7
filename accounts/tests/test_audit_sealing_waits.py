"""A seal never closes over events that another transaction has written but not committed."""

import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.services.audit import record_event, seal_events, verify_seals
from accounts.tests.test_audit import LATER
from tests.factories import NOW, UserFactory


def test_open_transaction_is_waited_for(transactional_db):
    person = UserFactory()
    written, finish = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                record_event(actor=person, action="slow", obj=person, now=NOW)
                written.set()
                finish.wait(20)
        finally:
            connection.close()

    def seal(results: list) -> None:
        try:
            results.append(seal_events(now=timezone.now() + LATER))
        finally:
            connection.close()

    writer, results = threading.Thread(target=slow), []
    writer.start()
    assert written.wait(10)
    sealer = threading.Thread(target=seal, args=(results,))
    sealer.start()
    # Whether the seal waits for the writer or gives up after two seconds, it must not close without the event.
    finish.set()
    writer.join(20)
    sealer.join(20)
    results.append(seal_events(now=timezone.now() + LATER))
    seals = [made for made in results if made]
    assert sum(made.events for made in seals) == AuditEvent.objects.count() == 1
    assert verify_seals() is None


# SQLite has one writer at a time; the advisory lock is PostgreSQL's.
@pytest.mark.only_on("postgresql")
def test_sealing_gives_up_while_a_writer_stays_open(transactional_db):
    person = UserFactory()
    record_event(actor=person, action="done", obj=person, now=NOW)
    written, finish = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                record_event(actor=person, action="slow", obj=person, now=NOW)
                written.set()
                finish.wait(30)
        finally:
            connection.close()

    writer = threading.Thread(target=slow)
    writer.start()
    assert written.wait(10)
    assert seal_events(now=timezone.now() + LATER) is None
    finish.set()
    writer.join(20)
    assert seal_events(now=timezone.now() + LATER).events == 2

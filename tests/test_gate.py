"""The gate of append-only tables: one table, one transaction, and never committed open."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from accounts.models import AuditEvent, AuditSeal
from accounts.services.audit import record_event, seal_events
from common.append_only import GATE, gate
from tests.factories import NOW, UserFactory

TABLE = AuditEvent._meta.db_table


def test_opens_one_table_until_it_ends(db: None) -> None:
    event = record_event(actor=None, action="x", obj=UserFactory(), now=NOW)
    events = AuditEvent.objects.filter(pk=event.pk)
    with gate(TABLE):
        assert events.update(reason="y") == 1
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        events.update(reason="z")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), gate("assessments_try"):
        events.delete()


def test_seals_have_none(db: None) -> None:

    record_event(actor=None, action="x", obj=UserFactory(), now=NOW)
    seal_events(now=timezone.now() + timedelta(minutes=1))
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), gate(AuditSeal._meta.db_table):
        AuditSeal.objects.update(events=0)


def test_is_never_committed_open(transactional_db: None) -> None:
    def leave_open(never: int) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {GATE} (opens, never_id) VALUES (%s, %s)", [TABLE, never])

    with pytest.raises(IntegrityError), transaction.atomic():
        leave_open(-1)
    # Nor by a row that refers to itself or to another.
    with pytest.raises(IntegrityError), transaction.atomic():
        leave_open(1)
    with pytest.raises(TransactionManagementError), gate(TABLE):
        pass
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {GATE}")
        assert cursor.fetchone() == (0,)

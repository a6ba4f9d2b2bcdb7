"""The table's own rules: who gets what, when it comes back, and what can no longer touch it."""

import pytest
from django.db import connection, transaction

from common.broker import store
from common.broker.models import QueueMessage

pytestmark = pytest.mark.django_db

NOW = 1_800_000_000.0


def put(body: str, *, queue: str = "default", priority: int = 0) -> int:
    return store.put_message(queue=queue, body=body, priority=priority)


def lease(*, now: float = NOW, queue: str = "default", seconds: float = 30) -> store.Lease | None:
    return store.lease_message(queue=queue, lease_seconds=seconds, now=now)


def take(**kwargs) -> store.Lease:
    leased = lease(**kwargs)
    assert leased is not None
    return leased


def test_messages_come_in_the_order_they_were_put():
    for body in "abc":
        put(body)

    assert [take().body for _ in range(3)] == ["a", "b", "c"]
    assert lease() is None


def test_a_lower_priority_number_is_served_first():
    put("later", priority=9)
    put("soon", priority=3)
    put("now")

    assert [take().body for _ in range(3)] == ["now", "soon", "later"]


def test_queues_do_not_see_each_others_messages():
    put("sheet", queue="sheets")

    assert lease(queue="default") is None
    assert take(queue="sheets").body == "sheet"


def test_an_acknowledged_message_is_gone():
    put("a")
    leased = take()

    assert store.acknowledge_message(message_id=leased.id, token=leased.token)
    assert not QueueMessage.objects.exists()
    assert not store.acknowledge_message(message_id=leased.id, token=leased.token)


def test_a_lapsed_lease_comes_back_at_its_old_place_and_the_first_holder_cannot_delete_it():
    put("a")
    put("b")
    first = take(seconds=30)

    assert store.reclaim_lapsed(now=NOW + 29, max_deliveries=20) == 0
    assert store.reclaim_lapsed(now=NOW + 30, max_deliveries=20) == 1
    second = take(now=NOW + 30)

    assert (second.id, second.deliveries) == (first.id, 2)
    assert not store.acknowledge_message(message_id=first.id, token=first.token)
    assert store.renew_leases(tokens=[first.token, second.token], until=NOW + 90) == {first.token}
    assert store.acknowledge_message(message_id=second.id, token=second.token)


def test_a_renewed_lease_does_not_lapse():
    put("a")
    leased = take(seconds=30)

    assert store.renew_leases(tokens=[leased.token], until=NOW + 60) == set()

    assert store.reclaim_lapsed(now=NOW + 59, max_deliveries=20) == 0
    assert store.reclaim_lapsed(now=NOW + 60, max_deliveries=20) == 1


def test_more_leases_than_one_statement_takes_are_renewed():
    for number in range(store.CHUNK + 5):
        put(str(number))
    tokens = [take(seconds=1).token for _ in range(store.CHUNK + 5)]

    assert store.renew_leases(tokens=[*tokens, "f" * 32], until=NOW + 60) == {"f" * 32}

    assert QueueMessage.objects.filter(visible_at=NOW + 60).count() == store.CHUNK + 5


def test_a_message_that_kills_its_worker_every_time_is_set_aside_as_dead():
    put("poison")
    put("fine")
    for attempt in range(3):
        assert take(now=NOW + attempt, seconds=0).body == "poison"
        store.reclaim_lapsed(now=NOW + attempt, max_deliveries=3)

    dead = QueueMessage.objects.get(state=QueueMessage.State.DEAD)
    assert (dead.body, dead.deliveries) == ("poison", 3)
    assert take().body == "fine"
    assert lease(now=NOW + 10**6) is None


def test_a_message_returned_unopened_does_not_come_nearer_to_being_poison():
    put("a")
    for _ in range(5):
        assert store.release_messages(tokens=[take().token], forgive=True) == 1

    assert take().deliveries == 1


def test_a_refused_message_counts_its_deliveries():
    put("a")
    for _ in range(2):
        store.release_messages(tokens=[take().token], forgive=False)

    third = take()
    assert third.deliveries == 3
    assert not store.bury_message(token=third.token, min_deliveries=4)
    assert store.bury_message(token=third.token, min_deliveries=3)
    assert lease() is None


def test_purge_takes_only_what_waits():
    for body in "abc":
        put(body)
    held = take()

    assert store.count_ready(queue="default") == 2
    assert store.purge_queue(queue="default") == 2
    assert store.acknowledge_message(message_id=held.id, token=held.token)


def test_a_message_put_in_a_transaction_that_fails_was_never_put():
    with transaction.atomic():
        put("ghost")
        transaction.set_rollback(True)

    assert lease() is None


def test_the_next_message_is_found_through_the_index():
    statement = (
        "SELECT id FROM broker_queuemessage WHERE queue = 'default' AND state = 'ready' ORDER BY priority, id LIMIT 1"
    )
    explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(explain + statement)
        plan = " ".join(str(column) for row in cursor.fetchall() for column in row)

    assert "broker_next_message" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan

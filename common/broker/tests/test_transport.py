"""Kombu's side: publishing, consuming, prefetching and giving back through a real connection object."""

import threading
import time

import pytest
from django.db import connections, transaction
from kombu import Connection, Consumer, Exchange, Producer, Queue

import common.broker.transport  # noqa: F401 - registers djangodb://
from common.broker import store
from common.broker.channel import LeaseKeeper
from common.broker.models import QueueMessage

WORK = Queue("work", Exchange("work", type="direct"), routing_key="work")


@pytest.fixture
def broker():
    with Connection(
        "djangodb://", transport_options={"lease": 30, "max_wait": 0.05, "max_deliveries": 3}
    ) as connection:
        yield connection


def publish(connection: Connection, body: object, **kwargs) -> None:
    Producer(connection).publish(body, exchange=WORK.exchange, routing_key="work", declare=[WORK], **kwargs)


def drain(connection: Connection, received: list, wanted: int, *, seconds: float = 10) -> None:
    """Deliver until `received` holds `wanted` messages; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while len(received) < wanted:
        assert time.monotonic() < deadline, f"{len(received)} of {wanted} messages came in {seconds} s"
        try:
            connection.drain_events(timeout=0.2)
        except TimeoutError:
            continue


@pytest.mark.django_db
def test_what_is_published_is_delivered_and_deleted_when_acknowledged(broker):
    publish(broker, {"paper": 7})
    received = []

    with Consumer(broker, [WORK], on_message=received.append):
        drain(broker, received, 1)
        assert received[0].payload == {"paper": 7}
        assert QueueMessage.objects.get().state == QueueMessage.State.LEASED
        received[0].ack()

    assert not QueueMessage.objects.exists()


@pytest.mark.django_db
def test_prefetch_holds_back_what_the_consumer_may_not_take(broker):
    for number in range(3):
        publish(broker, number)
    received = []

    with Consumer(broker, [WORK], on_message=received.append, prefetch_count=2):
        drain(broker, received, 2)
        with pytest.raises(TimeoutError):
            broker.drain_events(timeout=0.2)
        assert len(received) == 2
        received[0].ack()
        drain(broker, received, 3)

    assert [message.payload for message in received] == [0, 1, 2]


@pytest.mark.django_db
def test_priority_is_the_publishers(broker):
    publish(broker, "later", priority=9)
    publish(broker, "now", priority=0)
    received = []

    with Consumer(broker, [WORK], on_message=received.append):
        drain(broker, received, 2)

    assert [message.payload for message in received] == ["now", "later"]


@pytest.mark.django_db
def test_a_requeued_message_comes_again_and_at_last_is_dead(broker):
    publish(broker, "poison")
    received = []

    with Consumer(broker, [WORK], on_message=received.append):
        for delivery in (1, 2, 3):
            drain(broker, received, delivery)
            received[-1].requeue()
        with pytest.raises(TimeoutError):
            broker.drain_events(timeout=0.2)

    assert [message.delivery_info["redelivered"] for message in received] == [False, True, True]
    assert QueueMessage.objects.get().state == QueueMessage.State.DEAD


@pytest.mark.django_db
def test_a_rejected_message_is_deleted(broker):
    publish(broker, "unwanted")
    received = []

    with Consumer(broker, [WORK], on_message=received.append):
        drain(broker, received, 1)
        received[0].reject()

    assert not QueueMessage.objects.exists()


@pytest.mark.django_db
def test_closing_gives_back_what_was_held_and_a_late_acknowledgement_does_no_harm(broker):
    publish(broker, "a")
    received = []
    with Connection("djangodb://", transport_options={"max_wait": 0.05}) as leaving:
        with Consumer(leaving, [WORK], on_message=received.append):
            drain(leaving, received, 1)
        held = received[0]

    with Consumer(broker, [WORK], on_message=received.append):
        drain(broker, received, 2)
        held.ack_log_error(None, (Exception,))
        assert QueueMessage.objects.get().deliveries == 1, "an unopened message is not charged for the first delivery"
        received[1].ack()

    assert not QueueMessage.objects.exists()


@pytest.mark.django_db
def test_get_size_and_purge(broker):
    with broker.channel() as channel:
        bound = WORK(channel)
        bound.declare()
        for number in range(3):
            publish(broker, number)
        assert bound.queue_declare(passive=True).message_count == 3
        message = bound.get()
        assert message.payload == 0
        assert bound.get(no_ack=True).payload == 1
        assert bound.purge() == 1
        assert bound.get() is None
        message.ack()

    assert not QueueMessage.objects.exists()


@pytest.mark.django_db
def test_publishing_belongs_to_the_surrounding_transaction(broker):
    with transaction.atomic():
        publish(broker, "ghost")
        transaction.set_rollback(True)
    with transaction.atomic():
        publish(broker, "real")

    assert QueueMessage.objects.count() == 1


@pytest.mark.django_db
def test_the_keeper_prolongs_what_is_held_and_lets_go_of_what_was_taken():
    store.put_message(queue="work", body="{}", priority=0)
    keeper = LeaseKeeper(lease_seconds=30)
    mine = store.lease_message(queue="work", lease_seconds=30, now=1000.0)
    keeper.hold(mine)
    try:
        keeper.renew(now=1020.0)
        assert QueueMessage.objects.get().visible_at == 1050.0

        store.reclaim_lapsed(now=1050.0, max_deliveries=20)
        other = store.lease_message(queue="work", lease_seconds=30, now=1051.0)
        keeper.renew(now=1060.0)
        assert keeper.held() == []
        assert QueueMessage.objects.get(token=other.token).visible_at == 1081.0
    finally:
        keeper.stop()


def test_a_waiting_consumer_is_woken_by_a_commit(transactional_db):
    received = []

    def publish_from_elsewhere():
        try:
            with Connection("djangodb://") as elsewhere, transaction.atomic():
                publish(elsewhere, "wake")
        finally:
            connections.close_all()

    with Connection("djangodb://", transport_options={"max_wait": 30}) as waiting:
        with Consumer(waiting, [WORK], on_message=received.append):
            with pytest.raises(TimeoutError):
                waiting.drain_events(timeout=0.01)
            publisher = threading.Timer(0.2, publish_from_elsewhere)
            publisher.start()
            started = time.monotonic()
            waiting.drain_events(timeout=20)
            assert time.monotonic() - started < 10
            received[0].ack()
        publisher.join()
    assert received[0].payload == "wake"

"""The kombu transport behind `djangodb://` (registered by `common.broker.transport`).

Delivery is at least once. A message is leased, the lease is renewed while its task runs, and the row is deleted when
the task is acknowledged; whatever a killed worker held comes back when its lease lapses. `.delay()` inside
`transaction.atomic()` publishes only if the transaction commits.

`broker_transport_options`:
    lease           seconds a message stays with a silent worker (default 30); renewed every third of it
    max_wait        longest wait for the doorbell in seconds (default 1)
    tick            how often SQLite's doorbell is looked at, in seconds (default 0.02)
    max_deliveries  deliveries after which a message is set aside as dead (default 20)
    spare           queues for which a worker of several tasks at once always keeps one place (default none)

Queues are read in the order in which the worker names them: the next one only when those before it are empty.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Collection
from queue import Empty
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from kombu.transport import virtual
from kombu.utils.scheduling import FairCycle

from common.broker import store
from common.broker.doorbell import Doorbell, make_doorbell

logger = logging.getLogger(__name__)

DATABASE_ERRORS = (OperationalError, InterfaceError)
#: A consumer that may take no more waits this long (seconds) for a slot before it lets the worker do its own chores.
FULL_WAIT = 0.1
#: Lapsed leases are looked for this often, in seconds.
RECLAIM_EVERY = 1.0


class LeaseKeeper:
    """Knows what one channel holds, and prolongs it from a thread of its own while tasks run."""

    def __init__(self, *, lease_seconds: float) -> None:
        self.lease_seconds = lease_seconds
        self._held: dict[str, store.Lease] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def hold(self, lease: store.Lease) -> None:
        with self._lock:
            self._held[lease.token] = lease
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="broker-leases", daemon=True)
                self._thread.start()

    def forget(self, token: str) -> int | None:
        """Stop renewing the lease; return the message's id, or None if it was not (or no longer) held here."""
        with self._lock:
            lease = self._held.pop(token, None)
            return None if lease is None else lease.id

    def count_others(self, queues: Collection[str]) -> int:
        """How many messages are held that came from none of these queues."""
        with self._lock:
            return sum(lease.queue not in queues for lease in self._held.values())

    def held(self) -> list[str]:
        with self._lock:
            return list(self._held)

    def stop(self) -> list[str]:
        """End the thread and return what was still held."""
        self._stopped.set()
        with self._lock:
            tokens = list(self._held)
            self._held.clear()
        return tokens

    def renew(self, *, now: float) -> None:
        """Prolong every lease held, from `now`; drop those another worker has taken."""
        tokens = self.held()
        if not tokens:
            return
        for token in store.renew_leases(tokens=tokens, until=now + self.lease_seconds):
            # A task that was acknowledged while we renewed is not lost, only done.
            if (message_id := self.forget(token)) is not None:
                logger.warning("broker: the lease on message %s was lost; its task may run twice", message_id)

    def _run(self) -> None:
        while not self._stopped.wait(self.lease_seconds / 3):
            try:
                self.renew(now=time.time())
            except DATABASE_ERRORS:
                logger.warning("broker: leases could not be renewed; trying again", exc_info=True)
            finally:
                connection.close()


class InOrder(FairCycle):
    """Asks from the first queue on each time: the order of the queues is the order of what is urgent."""

    def get(self, callback: Callable[..., Any] | None, **kwargs: Any) -> Any:
        self.pos = 0
        return super().get(callback, **kwargs)


class Channel(virtual.Channel):
    """Reads and writes one queue table. Acknowledging may happen on any thread; the rest on the consumer's."""

    supports_fanout = False
    do_restore = False  # what is unacknowledged is in the table already
    from_transport_options = (*virtual.Channel.from_transport_options, "lease", "max_deliveries", "spare")

    lease = 30.0
    max_deliveries = 20
    spare: Collection[str] = ()

    connection: Any  # the Transport, and None once closed

    def __init__(self, transport: Transport, **kwargs: Any) -> None:
        super().__init__(transport, **kwargs)
        self.keeper = LeaseKeeper(lease_seconds=float(self.lease))

    def _new_queue(self, queue: str, **kwargs: Any) -> None:
        """A queue exists as soon as it is named."""

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        store.put_message(queue=queue, body=json.dumps(message), priority=self._get_message_priority(message))

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        lease = store.lease_message(queue=queue, lease_seconds=self.keeper.lease_seconds, now=time.time())
        if lease is None:
            raise Empty
        self.keeper.hold(lease)
        message: dict[str, Any] = json.loads(lease.body)
        # Each delivery has its own tag: a late acknowledgement of an older one cannot touch this one.
        message["properties"]["delivery_tag"] = lease.token
        message["properties"].setdefault("delivery_info", {})["redelivered"] = lease.deliveries > 1
        return message

    def _reset_cycle(self) -> None:
        self._cycle = InOrder(self._get_and_deliver, self._active_queues, Empty)

    def _get_and_deliver(self, queue: str, callback: Callable[..., Any]) -> None:
        if queue not in self.spare and self.holds_back():
            raise Empty
        super()._get_and_deliver(queue, callback)

    def holds_back(self) -> bool:
        """Whether only a message of the spare queues may be taken: the last place is kept for these."""
        places: int = self.qos.prefetch_count
        if places < 2 or not any(queue in self.spare for queue in self._active_queues):
            return False
        return self.keeper.count_others(self.spare) >= places - 1

    def basic_consume(self, queue: str, no_ack: bool, *args: Any, **kwargs: Any) -> Any:
        consumer_tag = super().basic_consume(queue, no_ack, *args, **kwargs)
        if no_ack:
            callbacks: dict[str, Any] = self.connection._callbacks
            deliver = callbacks[queue]

            def acknowledge_then_deliver(raw_message: dict[str, Any]) -> Any:
                self._settle(raw_message["properties"]["delivery_tag"])
                return deliver(raw_message)

            callbacks[queue] = acknowledge_then_deliver
        return consumer_tag

    def basic_get(self, queue: str, no_ack: bool = False, **kwargs: Any) -> Any:
        message = super().basic_get(queue, no_ack=no_ack, **kwargs)
        if message is not None and no_ack:
            self._settle(str(message.delivery_tag))
        return message

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        """Delete the message, unless its lease lapsed and it belongs to another delivery now."""
        try:
            self._settle(delivery_tag)
        finally:
            self.qos.ack(delivery_tag)
            self._free_slot()

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Delete the message, or put it back; one that was put back too often is set aside as dead."""
        try:
            if requeue:
                self._put_back(delivery_tag)
            else:
                self._settle(delivery_tag)
        finally:
            self.qos.ack(delivery_tag)
            self._free_slot()

    def basic_recover(self, requeue: bool = False) -> None:
        """Put back everything this channel holds."""
        tokens = self.keeper.held()
        for token in tokens:
            self.keeper.forget(token)
            self.qos.ack(token)
        store.release_messages(tokens=tokens, forgive=False)

    def _settle(self, token: str) -> None:
        # Forgotten first: should the deletion fail, the lease lapses and the message comes again.
        message_id = self.keeper.forget(token)
        if message_id is None:
            return
        store.drop_broken_connection()
        try:
            store.acknowledge_message(message_id=message_id, token=token)
        except DATABASE_ERRORS:
            connection.close()
            store.acknowledge_message(message_id=message_id, token=token)

    def _put_back(self, token: str) -> None:
        if self.keeper.forget(token) is None:
            return
        store.drop_broken_connection()
        if not store.bury_message(token=token, min_deliveries=int(self.max_deliveries)):
            store.release_messages(tokens=[token], forgive=False)

    def _free_slot(self) -> None:
        if self.connection is not None:
            self.connection.slot_freed.set()

    def _size(self, queue: str) -> int:
        return store.count_ready(queue=queue)

    def _purge(self, queue: str) -> int:
        return store.purge_queue(queue=queue)

    def _delete(self, queue: str, *args: Any, **kwargs: Any) -> None:
        store.delete_queue(queue=queue)

    def close(self) -> None:
        """Give back what is still held, so that the next worker gets it at once and not when the lease lapses."""
        if not self.closed:
            tokens = self.keeper.stop()
            try:
                store.release_messages(tokens=tokens, forgive=True)
            except DATABASE_ERRORS:
                logger.warning("broker: %d message(s) come back when their lease lapses", len(tokens))
        super().close()


class Transport(virtual.Transport):
    """Waits on the database's doorbell instead of sleeping between polls."""

    Channel = Channel
    can_parse_url = True  # there is nothing in the address to parse
    default_port = 0
    polling_interval = None
    channels: Any
    cycle: Any
    driver_type = "djangodb"
    driver_name = "django"
    connection_errors = (*virtual.Transport.connection_errors, *DATABASE_ERRORS)
    implements = virtual.Transport.implements.extend(
        asynchronous=False, exchange_type=frozenset(["direct", "topic"]), heartbeats=False
    )

    def __init__(self, client: Any, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        options = client.transport_options
        self.max_wait = float(options.get("max_wait", 1.0))
        self.tick = float(options.get("tick", 0.02))
        self.max_deliveries = int(options.get("max_deliveries", Channel.max_deliveries))
        self.slot_freed = threading.Event()
        self._doorbell: Doorbell | None = None
        self._reclaimed_at = 0.0

    def driver_version(self) -> str:
        return "1"

    @property
    def default_connection_params(self) -> dict[str, Any]:
        return {}  # there is no host to reach, and none to warn about

    def as_uri(self, uri: str, include_password: bool = False, mask: str = "**") -> str:
        return uri

    def drain_events(self, connection: Any, timeout: float | None = None, **kwargs: Any) -> None:
        """Deliver one message; raise `TimeoutError` when none came in `timeout` seconds (None: wait for ever)."""
        deadline = None if timeout is None else time.monotonic() + timeout
        if self._doorbell is None:
            self._doorbell = make_doorbell(tick=self.tick)
        while True:
            store.drop_broken_connection()
            self.slot_freed.clear()
            self._doorbell.arm()
            self._reclaim()
            try:
                self.cycle.get(self._deliver, timeout=timeout)
            except Empty:
                pass
            else:
                return
            left = self.max_wait if deadline is None else min(self.max_wait, deadline - time.monotonic())
            if left <= 0:
                raise TimeoutError
            if not self._is_full():
                # A place that another queue may take again rings no bell.
                self._doorbell.wait(min(left, FULL_WAIT) if self._holds_back() else left)
            elif not self.slot_freed.wait(min(left, FULL_WAIT)) and timeout is not None:
                raise TimeoutError  # the worker may be about to raise its prefetch limit (tasks with an ETA)

    def _is_full(self) -> bool:
        consuming = [channel for channel in self.channels if channel._consumers]
        return bool(consuming) and not any(channel.qos.can_consume() for channel in consuming)

    def _holds_back(self) -> bool:
        return any(channel._consumers and channel.holds_back() for channel in self.channels)

    def _reclaim(self) -> None:
        if time.monotonic() - self._reclaimed_at >= RECLAIM_EVERY:
            self._reclaimed_at = time.monotonic()
            store.reclaim_lapsed(now=time.time(), max_deliveries=self.max_deliveries)

    def close_connection(self, connection: Any) -> None:
        super().close_connection(connection)
        if self._doorbell is not None:
            self._doorbell.close()
            self._doorbell = None

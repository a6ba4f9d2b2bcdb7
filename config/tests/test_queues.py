"""Every task has its place, and what is urgent overtakes whatever waits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from kombu import Connection

from common.testing.redis_server import RedisServer, redis_server  # noqa: F401
from config.celery import app
from config.queues import OTHERS, PLACES, URGENT, transport_options

# What is sent waits in the queue, although the tests' own tasks run at once.
pytestmark = pytest.mark.filterwarnings("ignore:task_always_eager")

HEAVY = "assessments.process_sheet"
URGENT_TASK = "assessments.close_overdue_attempts"


def test_every_task_has_its_place_and_every_place_its_task(settings: Any) -> None:
    app.loader.import_default_modules()
    ours = sorted(name for name in app.tasks if not name.startswith("celery."))
    assert sorted(task for tasks in PLACES.values() for task in tasks) == ours
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(ours)


def test_no_sweep_piles_up_behind_other_work(settings: Any) -> None:
    often = {
        name: entry
        for name, entry in settings.CELERY_BEAT_SCHEDULE.items()
        if not hasattr(entry["schedule"], "hour")  # not at an hour of the day, which may wait as long as it must
    }
    assert len(often) > 15
    assert all(isinstance(entry["options"]["expires"], int) for entry in often.values())


@pytest.fixture(params=["djangodb://", "redis://"])
def broker(request: pytest.FixtureRequest, db: None) -> Iterator[Connection]:
    """The embedded broker and Redis, with the options of the product."""
    url = request.param
    if url == "redis://":
        url = request.getfixturevalue("redis_server").url
    options = transport_options(url) | ({"max_wait": 0.05} if url == "djangodb://" else {})
    with Connection(url, transport_options=options) as connection:
        connection.ensure_connection(max_retries=20, interval_start=0.05, interval_max=0.2)
        yield connection


def send(broker: Connection, *names: str) -> None:
    for name in names:
        app.send_task(name, connection=broker)


class Worker:
    """Takes tasks as a worker of `places` at once does, which runs all queues unless they are named."""

    def __init__(self, broker: Connection, *, places: int, queues: list[str] | None = None) -> None:
        self.broker, self.taken = broker, list[Any]()
        named = None if queues is None else [app.amqp.queues[name] for name in queues]
        self.consumer = app.amqp.TaskConsumer(
            broker.channel(), queues=named, on_message=self.taken.append, prefetch_count=places
        )

    def __enter__(self) -> Worker:
        self.consumer.qos(prefetch_count=self.consumer.prefetch_count)
        self.consumer.consume()
        return self

    def __exit__(self, *error: object) -> None:
        self.consumer.cancel()

    def take(self, wanted: int, *, seconds: float = 10) -> list[str]:
        """The names of what was taken and is not finished, when there are `wanted`; else of what came meanwhile."""
        deadline = time.monotonic() + seconds
        while len(self.taken) < wanted and time.monotonic() < deadline:
            try:
                self.broker.drain_events(timeout=0.1)
            except TimeoutError:
                continue
        return [message.headers["task"] for message in self.taken]

    def finish_one(self) -> None:
        self.taken.pop(0).ack()


def test_an_urgent_task_overtakes_two_hundred_heavy_ones(broker: Connection) -> None:
    send(broker, *[HEAVY] * 200)
    with Worker(broker, places=1) as worker:
        assert worker.take(1) == [HEAVY]
        send(broker, "assessments.tend_scans", "notifications.send_mail", URGENT_TASK, "evaluations.assign_waiting")
        order = []
        for _ in range(4):
            worker.finish_one()
            order += worker.take(1)
    assert order == [URGENT_TASK, "evaluations.assign_waiting", "notifications.send_mail", HEAVY]


def test_a_worker_takes_from_its_queues_in_the_order_in_which_they_are_named(broker: Connection) -> None:
    send(broker, *["assessments.tend_scans"] * 3, HEAVY, URGENT_TASK)
    with Worker(broker, places=1, queues=["sheets", "bulk"]) as worker:
        assert worker.take(1) == [HEAVY]
        worker.finish_one()
        assert worker.take(1) == ["assessments.tend_scans"]


@pytest.mark.parametrize("broker", ["djangodb://"], indirect=True)
def test_the_one_worker_keeps_a_thread_for_deadlines(broker: Connection) -> None:
    send(broker, *[HEAVY] * 200)
    with Worker(broker, places=3) as worker:
        assert worker.take(3, seconds=0.5) == [HEAVY, HEAVY]
        send(broker, URGENT_TASK)
        assert worker.take(3) == [HEAVY, HEAVY, URGENT_TASK]
        worker.finish_one()
        assert worker.take(3) == [HEAVY, URGENT_TASK, HEAVY], "a thread that is free again takes the next"


@pytest.mark.parametrize("broker", ["djangodb://"], indirect=True)
def test_a_worker_without_deadlines_or_of_one_thread_keeps_nothing_back(broker: Connection) -> None:
    send(broker, *[HEAVY] * 4)
    with Worker(broker, places=2, queues=OTHERS) as worker:
        assert worker.take(2) == [HEAVY] * 2
    with Worker(broker, places=1) as worker:
        assert worker.take(1) == [HEAVY]


def test_deadlines_come_first() -> None:
    assert next(iter(PLACES)) == URGENT == "deadlines"
    assert URGENT_TASK in PLACES[URGENT]

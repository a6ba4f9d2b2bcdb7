"""Real Celery workers on a real database, killed while they work: no task may be lost."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection

from common.broker.models import QueueMessage

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
TABLES = (
    "CREATE TABLE broker_test_start (number integer, at double precision)",
    "CREATE TABLE broker_test_effect (number integer PRIMARY KEY, at double precision)",
)


@pytest.fixture
def database(transactional_db) -> dict:
    """The test's own database, as settings for another process, with the tables its tasks write to."""
    with connection.cursor() as cursor:
        for statement in TABLES:
            cursor.execute(statement)
    named = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")
    return {key: connection.settings_dict[key] for key in named}


@dataclass(frozen=True)
class Started:
    """A child process in a process group of its own, and the file its output goes to."""

    process: subprocess.Popen
    log: Path

    def kill(self) -> str:
        """kill -9 of the whole group; returns what was printed."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)
        return self.log.read_text()


@pytest.fixture
def start(database, tmp_path) -> Iterator[Callable[..., Started]]:
    """Starts Python processes; kills what is left of them at the end."""
    running: list[Started] = []

    def start_process(*arguments: str, options: dict | None = None) -> Started:
        log = tmp_path / f"process-{len(running)}.log"
        environment = {
            "DJANGO_SETTINGS_MODULE": "common.broker.tests.worker_settings",
            "BROKER_TEST_DATABASE": json.dumps(database),
            "BROKER_TEST_OPTIONS": json.dumps(options or {}),
        }
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=os.environ | environment,
                start_new_session=True,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        running.append(Started(process, log))
        return running[-1]

    yield start_process
    for started in running:
        started.kill()


def worker_arguments(*, pool: str = "threads", concurrency: int = 2) -> list[str]:
    options = f"-P {pool} -c {concurrency} -l WARNING --without-gossip --without-mingle --without-heartbeat"
    return ["-m", "celery", "-A", "common.broker.tests.worker_app", "worker", *options.split()]


def publish(name: str, *argument_lists: tuple) -> None:
    from common.broker.tests.worker_app import app  # reads its options from the environment at import

    for arguments in argument_lists:
        app.send_task(f"common.broker.tests.worker_app.{name}", arguments)


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen in {seconds} s"
        time.sleep(0.05)


# The embedded default runs threads; prefork is for PostgreSQL.
@pytest.mark.parametrize("pool", ["threads", pytest.param("prefork", marks=pytest.mark.only_on("postgresql"))])
def test_no_task_is_lost_when_the_worker_is_killed_three_times(start, pool):
    options = {"lease": 2}
    publish("record", *[(number, 0.15) for number in range(30)])

    for kill_after in (4, 12, 20):
        worker = start(*worker_arguments(pool=pool), options=options)
        wait_until(lambda n=kill_after: count("broker_test_start") >= n, seconds=40, what=f"task {kill_after}")
        worker.kill()
        assert count("broker_test_effect") < 30
    start(*worker_arguments(pool=pool), options=options)

    wait_until(lambda: count("broker_test_effect") == 30, seconds=40, what="the effect of all 30 tasks")
    wait_until(lambda: not QueueMessage.objects.exists(), seconds=10, what="acknowledging everything")


def test_a_task_longer_than_its_lease_runs_once_though_another_worker_is_idle(start):
    publish("record", (1, 4))
    workers = [start(*worker_arguments(concurrency=1), options={"lease": 1}) for _ in range(2)]

    wait_until(lambda: count("broker_test_effect") == 1, seconds=40, what="the long task")
    wait_until(lambda: not QueueMessage.objects.exists(), seconds=10, what="acknowledging it")

    assert count("broker_test_start") == 1
    assert "silent" not in "".join(worker.kill() for worker in workers)


def test_a_worker_told_to_stop_finishes_its_task_and_gives_the_rest_back(start):
    publish("record", *[(number, 1) for number in range(6)])
    worker = start(*worker_arguments(), options={"lease": 60})
    wait_until(lambda: count("broker_test_start") >= 2, seconds=40, what="the first tasks")

    worker.process.terminate()
    worker.process.wait(timeout=20)

    assert count("broker_test_effect") == count("broker_test_start")
    states = set(QueueMessage.objects.values_list("state", flat=True))
    assert states == {"ready"}, "nothing may wait for a lease to lapse after a clean stop"
    assert QueueMessage.objects.count() == 6 - count("broker_test_effect")


PUBLISHER = """
import threading, django
django.setup()
from django.db import connection
from common.broker.tests.worker_app import spawn
def send(first):
    for number in range(first, first + 50):
        spawn.delay(number)
    connection.close()
threads = [threading.Thread(target=send, args=(first,)) for first in (0, 50, 100, 150)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def test_four_publishing_threads_and_two_workers_never_meet_a_locked_database(start):
    workers = [start(*worker_arguments()) for _ in range(2)]
    publisher = start("-c", PUBLISHER)

    assert publisher.process.wait(timeout=60) == 0, publisher.log.read_text()
    wait_until(lambda: count("broker_test_effect") == 200, seconds=60, what="all 200 tasks")
    wait_until(lambda: not QueueMessage.objects.exists(), seconds=10, what="acknowledging everything")

    assert count("broker_test_start") == 200
    assert "locked" not in "".join(worker.kill() for worker in workers)


def backends() -> set[int]:
    """The server processes that serve connections to the tests' database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        return {pid for (pid,) in cursor.fetchall()}


# SQLite has no connections a server could break.
@pytest.mark.only_on("postgresql")
def test_tasks_survive_the_database_breaking_every_connection(start):
    publish("record", *[(number, 0.1) for number in range(20)])
    # The tests' own connections stay: whatever runs next needs them.
    ours = backends()
    worker = start(*worker_arguments(), options={"lease": 2})

    for break_after in (4, 10):
        wait_until(lambda n=break_after: count("broker_test_effect") >= n, seconds=40, what=f"task {break_after}")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [list(backends() - ours)])

    # A task in flight at the break may fail on its own connection; that one is not the broker's to repeat.
    wait_until(lambda: not QueueMessage.objects.exists(), seconds=60, what="working off the queue")
    assert worker.process.poll() is None, worker.log.read_text()
    assert count("broker_test_effect") >= 20 - 4

"""Redis cannot be reached: the cache is done without, and nobody waits for the broker."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic

import pytest
from celery import Celery
from kombu.exceptions import OperationalError

from config.cache import SessionRedisCache, SteadyRedisCache
from config.celery import SteadyTask
from config.queues import transport_options


@dataclass
class Closing:
    """Something that takes calls and hangs up, as a Redis does that is going down."""

    port: int
    calls: int = 0


@pytest.fixture
def closing() -> Iterator[Closing]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = Closing(server.getsockname()[1])

        def hang_up() -> None:
            while True:
                try:
                    call, _ = server.accept()
                except OSError:
                    return
                found.calls += 1
                call.close()

        threading.Thread(target=hang_up, daemon=True).start()
        yield found
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SteadyRedisCache, "_lost_until", 0.0)
    monkeypatch.setattr(SteadyTask, "_lost_until", 0.0)


def test_the_process_remembers_itself_while_redis_is_away(closing: Closing) -> None:
    cache = SteadyRedisCache(f"redis://127.0.0.1:{closing.port}/0", {})
    cache.clear()
    assert cache.get("tries") is None
    assert cache.add("tries", 1)
    assert [cache.incr("tries") for _ in range(50)][-1] == 51
    assert cache.get_many(["tries", "other"]) == {"tries": 51}
    assert not cache.add("tries", 1)
    assert 1 <= closing.calls <= 2, "asked again and again"


def test_nothing_is_remembered_of_sessions(closing: Closing) -> None:
    cache = SessionRedisCache(f"redis://127.0.0.1:{closing.port}/0", {})
    cache.set("session", {"user": 1})
    assert cache.get("session") is None


def test_redis_is_asked_again_after_a_while(closing: Closing, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = SteadyRedisCache(f"redis://127.0.0.1:{closing.port}/0", {})
    cache.get("a")
    calls = closing.calls
    monkeypatch.setattr("config.cache.monotonic", lambda: SteadyRedisCache._lost_until + 0.1)
    cache.get("a")
    assert closing.calls > calls


def test_a_broker_that_is_away_is_not_asked_by_every_request(closing: Closing) -> None:
    url = f"redis://127.0.0.1:{closing.port}/0"
    app = Celery("away", broker=url, task_cls=SteadyTask, set_as_current=False)
    app.conf.broker_transport_options = transport_options(url)

    @app.task(name="away.nothing", shared=False)
    def task() -> None: ...

    began = monotonic()
    with pytest.raises(OperationalError):
        task.delay()
    assert monotonic() - began < 4, "kombu's own pauses are two seconds and four"
    calls = closing.calls
    assert 1 <= calls <= 2
    for _ in range(20):
        with pytest.raises(OperationalError):
            task.delay()
    assert closing.calls == calls

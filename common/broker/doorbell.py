"""How a waiting consumer learns that something was written, without asking the queue over and over.

Use: `arm()`, look into the queues, and only if they were empty `wait(seconds)`. What is written between `arm` and
`wait` is not missed: it ends the wait at once.
"""

from __future__ import annotations

import logging
import time
from typing import Any, Protocol

from django.db import connection

from common.broker.store import BELL_CHANNEL

logger = logging.getLogger(__name__)


class Doorbell(Protocol):
    def arm(self) -> None:
        """Note the present state; called before the queues are read."""

    def wait(self, seconds: float) -> None:
        """Return when something may have been written since `arm`, at the latest after `seconds`."""

    def close(self) -> None: ...


def make_doorbell(*, tick: float) -> Doorbell:
    """The doorbell for the default database; `tick` (seconds) is how often a bell without push is looked at."""
    if connection.vendor == "sqlite":
        return SqliteDoorbell(tick=tick)
    if connection.vendor == "postgresql":
        return PostgresDoorbell()
    return PollingDoorbell()


class PollingDoorbell:
    """For databases with neither trick: every wait ends after a fifth of a second."""

    def arm(self) -> None: ...

    def wait(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.2))

    def close(self) -> None: ...


class SqliteDoorbell:
    """`PRAGMA data_version` changes when another connection commits; reading it takes microseconds and no lock."""

    def __init__(self, *, tick: float) -> None:
        self.tick = tick
        self._seen: tuple[int, int] | None = None

    def arm(self) -> None:
        self._seen = self._version()

    def wait(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self._version() == self._seen:
            left = deadline - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(self.tick, left))

    def close(self) -> None: ...

    @staticmethod
    def _version() -> tuple[int, int]:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA data_version")
            # The number only means something on the same connection, which may have been reopened meanwhile.
            return id(connection.connection), cursor.fetchone()[0]


class PostgresDoorbell:
    """LISTEN on a connection of its own; publishers NOTIFY inside their transaction, so it rings on commit."""

    def __init__(self) -> None:
        self._listener: Any = None

    def arm(self) -> None:
        if self._listener is None:
            # Not through the pool: a listening connection is never given back.
            listener = self._driver().connect(**connection.get_connection_params())
            listener.autocommit = True
            listener.execute(f"LISTEN {BELL_CHANNEL}")
            self._listener = listener

    def wait(self, seconds: float) -> None:
        try:
            for _ in self._listener.notifies(timeout=seconds, stop_after=1):
                pass
        except self._driver().OperationalError as error:
            logger.warning("broker: the doorbell's connection was lost (%s); opening it again", error)
            self.close()

    def close(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    @staticmethod
    def _driver() -> Any:
        backend: Any = connection
        return backend.Database

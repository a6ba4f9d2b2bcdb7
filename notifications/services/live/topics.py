"""Topics: what several people hear together on the live stream, where it is served by a higher app (rooms of courses).

A hint for one person names them, and their page fetches the rest; what is said to five hundred at once is read once for
a process and written to all. Like a hint it may be lost or told twice: its numbers say which, and pages ask for what
they miss.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol
from uuid import UUID

#: Numbers that grow with everything that happens in a topic.
Head = tuple[int, int]


class Topics(Protocol):
    """Called in threads, with a connection to the database."""

    def allowed(self, wanted: Collection[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
        """Of pairs of person and topic those in which the person may listen."""

    def heads(self, topics: Collection[UUID]) -> dict[UUID, Head]:
        """How these topics stand; one that does not exist is left out."""

    def news(self, known: Mapping[UUID, Head]) -> dict[UUID, tuple[Head, bytes]]:
        """For the topics in which something came after the head that is known: the new head and an event for all."""

    def hello(self, topic: UUID, head: Head) -> bytes:
        """What somebody is told who begins to listen."""

    def goodbye(self, topic: UUID) -> bytes:
        """What somebody is told who may not listen any more."""


class NoTopics:
    """Where there are none."""

    def allowed(self, wanted: Collection[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
        return set()

    def heads(self, topics: Collection[UUID]) -> dict[UUID, Head]:
        return {}

    def news(self, known: Mapping[UUID, Head]) -> dict[UUID, tuple[Head, bytes]]:
        return {}

    def hello(self, topic: UUID, head: Head) -> bytes:
        return b""

    def goodbye(self, topic: UUID) -> bytes:
        return b""

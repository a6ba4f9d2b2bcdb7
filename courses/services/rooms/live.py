"""Rooms on the live stream: who hears which, and the events of what was said. The rows are the truth."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from uuid import UUID

from courses.models import Room
from courses.selectors.rooms import heard_rooms, since
from notifications.services.live.topics import Head

#: Messages in one event; who has missed more asks for them page by page.
MOST = 50


class RoomTopics:
    """The topics of the live stream (see notifications.services.live.topics): a room by the id of its course."""

    def allowed(self, wanted: Collection[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
        return heard_rooms(wanted)

    def heads(self, topics: Collection[UUID]) -> dict[UUID, Head]:
        rows = Room.objects.filter(pk__in=topics).values_list("pk", "last_seq", "last_change")
        return {pk: (seq, change) for pk, seq, change in rows}

    def hello(self, topic: UUID, head: Head) -> bytes:
        return _event({"room": str(topic), "seq": head[0], "changes": head[1]})

    def goodbye(self, topic: UUID) -> bytes:
        return _event({"room": str(topic), "bye": True})

    def news(self, known: Mapping[UUID, Head]) -> dict[UUID, tuple[Head, bytes]]:
        """One query for how all of these rooms stand, two more for each in which something happened."""
        found = {}
        for room in Room.objects.filter(pk__in=known.keys()):
            seq, change = known[room.pk]
            head = (room.last_seq, room.last_change)
            if head == (seq, change):
                continue
            new = since(room, seq=seq, change=change, most=MOST)
            facts: dict[str, object] = {"room": str(room.pk), "from": [seq, change]}
            if new.more:
                facts |= {"seq": head[0], "changes": head[1]}
            else:
                # What was committed after the row of the room was read may be in it already.
                head = (
                    max(head[0], *(one.seq for one in new.messages), 0),
                    max(head[1], *(one.change for one in new.changed), 0),
                )
                facts |= {"seq": head[0], "changes": head[1], **new.facts()}
            found[room.pk] = (head, _event(facts))
        return found


def _event(facts: Mapping[str, object]) -> bytes:
    return f"event: room\ndata: {json.dumps(facts, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()

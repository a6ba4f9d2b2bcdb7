"""The open streams of this process and who is told what. One event loop, no locks; the database is read in threads."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import structlog
from django.db import connection
from prometheus_client import Counter, Gauge

from notifications.services.live.inboxes import LiveInbox, LiveItem, live_inboxes
from notifications.services.live.passes import Pass, standing
from notifications.services.live.sources import Source
from notifications.services.live.topics import Head, NoTopics, Topics

log = structlog.get_logger(__name__)
T = TypeVar("T")

STREAMS = Gauge("abhyas_live_streams", "Live streams that are open in this process.", multiprocess_mode="livesum")
EVENTS = Counter("abhyas_live_events_total", "Events written to live streams by this process.")
REFUSED = Counter("abhyas_live_refused_total", "Live streams refused because this process holds as many as it may.")

PING = b": ping\n\n"
PING_SECONDS, CHECK_SECONDS = 25, 60
#: A row is made before it is committed, so a later one may be seen first: what is so young (seconds) is read again.
OVERLAP = 60.0
#: Pause after reading the news of some and of all, in seconds: rings meanwhile are answered together.
PAUSE_SOME, PAUSE_ALL = 0.02, 0.2
#: The same for topics, and what each listener of the largest adds to it: fifty events a second to five hundred people
#: would leave no time for anything else.
PAUSE_TOPICS, PAUSE_LISTENER = 0.02, 0.0003
#: Topics of one stream.
MOST_TOPICS = 8
#: Messages kept for a client that takes none, and ids remembered as told to a person.
WAITING, TOLD = 64, 200
#: Whoever was away longer (seconds) is not told what came meanwhile; the inbox has it.
LONGEST = 86_400
THREADS = 2


def say(event: str, data: object) -> bytes:
    """One event of the stream."""
    return f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def tell_news(item: LiveItem, unread: int) -> bytes:
    """The event of a notification; its id is what a client names when it comes again."""
    facts = {"id": str(item.id), "kind": item.kind, "title": item.title, "url": item.url, "unread": unread}
    return f"id: {item.id}\n".encode() + say("news", facts)


def moment_of(identity: UUID) -> float:
    """The Unix time at which a UUIDv7 was made."""
    return (identity.int >> 80) / 1000


class Stream:
    """One open stream. Telling never waits: what cannot be written yet is kept, and a client that does not take it is
    let go and catches up when it comes again. `stop` makes its owner return."""

    __slots__ = ("_stop", "_waiting", "_write", "_writer", "ended", "farewell", "holder", "topics")

    def __init__(self, holder: Pass, write: Callable[[bytes], Awaitable[None]], stop: Callable[[], object]) -> None:
        self.holder = holder
        self.ended = False
        self.farewell = b""
        self.topics: set[UUID] = set()
        self._write, self._stop = write, stop
        self._waiting: list[bytes] = []
        self._writer: asyncio.Task[None] | None = None

    def tell(self, text: bytes) -> None:
        if self.ended:
            return
        if len(self._waiting) >= WAITING:
            self.end()
            return
        self._waiting.append(text)
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write_all())

    def end(self, farewell: bytes = b"") -> None:
        """Ends the stream; its owner still writes `farewell`."""
        if not self.ended:
            self.ended, self.farewell = True, farewell
            if self._writer is not None:
                self._writer.cancel()
            self._stop()

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                text = b"".join(self._waiting)
                self._waiting.clear()
                await self._write(text)
            self._writer = None
        except OSError:  # the client is gone
            self._writer = None
            self.end()


class Person:
    """Somebody with open streams here, oldest first, and what they have been told."""

    __slots__ = ("streams", "told", "unread")

    def __init__(self) -> None:
        self.streams: list[Stream] = []
        self.told: deque[UUID] = deque(maxlen=TOLD)
        self.unread = -1

    def tell(self, text: bytes) -> None:
        for stream in list(self.streams):
            stream.tell(text)
        EVENTS.inc(len(self.streams))


class Topic:
    """What several listen to, and up to where they have been told; None until that was read."""

    __slots__ = ("head", "streams")

    def __init__(self) -> None:
        self.streams: set[Stream] = set()
        self.head: Head | None = None

    def tell(self, text: bytes) -> None:
        for stream in list(self.streams):
            stream.tell(text)
        EVENTS.inc(len(self.streams))


class Hub:
    """All streams of this process. Everything but `in_thread`'s functions runs on the event loop."""

    def __init__(self, source: Source, *, limit: int, per_person: int, topics: Topics | None = None) -> None:
        self.source, self.limit, self.per_person = source, limit, per_person
        self.topics: Topics = topics or NoTopics()
        self.count = 0
        self.closed = False
        self._people: dict[UUID, Person] = {}
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="live")
        self.tasks: list[asyncio.Task[None]] = []
        self._rung = asyncio.Event()
        self._for: set[UUID] = set()
        self._for_all: float | None = None
        self._heard: dict[UUID, Topic] = {}
        self._topic_rung = asyncio.Event()
        self._for_topics: set[UUID] = set()

    @property
    def is_full(self) -> bool:
        return self.closed or self.count >= self.limit

    def add(self, stream: Stream) -> None:
        """Takes the stream in. A person who has as many as allowed loses the oldest."""
        person = self._people.setdefault(stream.holder.user_id, Person())
        lasting = [one for one in person.streams if not one.ended]
        if len(lasting) >= self.per_person:
            lasting[0].end(say("bye", "elsewhere"))
        person.streams.append(stream)
        self.count += 1
        STREAMS.inc()
        if not self.tasks:
            work = (self._hear(), self._answer_rings(), self._answer_topics(), self._tend())
            self.tasks = [asyncio.get_running_loop().create_task(one) for one in work]

    def remove(self, stream: Stream) -> None:
        stream.ended = True
        for topic in list(stream.topics):
            self._leave(stream, topic)
        person = self._people.get(stream.holder.user_id)
        if person is None or stream not in person.streams:
            return
        person.streams.remove(stream)
        self.count -= 1
        STREAMS.dec()
        if not person.streams:
            del self._people[stream.holder.user_id]
        if not self._people:
            self._rest()

    async def welcome(self, stream: Stream, after: UUID | None) -> None:
        """Tells a stream that was just taken in how many are unread and, with `after`, what came since that one was
        made; some of it again, because of OVERLAP."""
        user, now = stream.holder.user_id, time.time()
        since = now if after is None else max(min(moment_of(after), now), now - LONGEST)
        (inbox,) = await self.in_thread(partial(live_inboxes, people=[user], since=since - OVERLAP))
        news = [item for item in inbox.items if after is not None and item.id != after]
        stream.tell(b"".join(tell_news(item, inbox.unread) for item in news) + say("unread", inbox.unread))
        if (person := self._people.get(user)) is not None:
            person.unread = inbox.unread
            if not person.told:
                person.told.extend(item.id for item in inbox.items)

    async def follow(self, stream: Stream, wanted: AbstractSet[UUID]) -> None:
        """Has a stream that was taken in hear these topics, as far as its person may, and tells it how each stands."""
        pairs = {(stream.holder.user_id, topic) for topic in list(wanted)[:MOST_TOPICS]}
        allowed = {topic for _, topic in await self.in_thread(partial(self.topics.allowed, pairs))} if pairs else set()
        if stream.ended or not allowed:
            return
        # Listening begins before it is read how things stand: what comes in between is told, not missed.
        for topic in allowed:
            self._heard.setdefault(topic, Topic()).streams.add(stream)
            stream.topics.add(topic)
        heads = await self.in_thread(partial(self.topics.heads, allowed))
        for topic in allowed & heads.keys() & self._heard.keys():
            if self._heard[topic].head is None:
                self._heard[topic].head = heads[topic]
            stream.tell(self.topics.hello(topic, heads[topic]))
        self.ring(frozenset(), None, allowed)

    def _leave(self, stream: Stream, topic: UUID) -> None:
        stream.topics.discard(topic)
        if (heard := self._heard.get(topic)) is not None:
            heard.streams.discard(stream)
            if not heard.streams:
                del self._heard[topic]

    def ring(
        self, people: AbstractSet[UUID] | None, since: float | None, topics: AbstractSet[UUID] = frozenset()
    ) -> None:
        """Has the news of these people and topics read soon; None: of everybody, from `since` on (a Unix time)."""
        self._for_topics.update(self._heard.keys() if people is None else topics & self._heard.keys())
        if self._for_topics:
            self._topic_rung.set()
        if people is None:
            earlier = time.time() if since is None else since
            self._for_all = earlier if self._for_all is None else min(earlier, self._for_all)
        else:
            self._for.update(people & self._people.keys())
        if self._for_all is not None or self._for:
            self._rung.set()

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Runs what reads the database; the connection is given back, however long the stream lasts."""

        def run() -> T:
            try:
                return work()
            finally:
                connection.close()

        return await asyncio.get_running_loop().run_in_executor(self.threads, run)

    def close(self) -> None:
        """Ends every stream at once and takes no more."""
        self.closed = True
        for person in list(self._people.values()):
            for stream in list(person.streams):
                stream.end()
        self._rest()

    def _rest(self) -> None:
        """While nobody listens, nothing is heard."""
        for task in self.tasks:
            task.cancel()
        self.tasks = []

    async def _hear(self) -> None:
        await self._keep_trying(lambda: self.source.listen(self.ring))

    async def _answer_rings(self) -> None:
        await self._keep_trying(self._answer)

    async def _answer_topics(self) -> None:
        await self._keep_trying(self._answer_topic)

    async def _answer_topic(self) -> None:
        """Reads and tells what came in the topics that were rung for. Raises DatabaseError; then they still are."""
        await self._topic_rung.wait()
        self._topic_rung.clear()
        rung, self._for_topics = self._for_topics, set()
        known = {one: topic.head for one in rung if (topic := self._heard.get(one)) and topic.head is not None}
        try:
            news = await self.in_thread(partial(self.topics.news, known)) if known else {}
        except BaseException:
            self.ring(frozenset(), None, rung)
            raise
        most = 0
        for one, (head, text) in news.items():
            if (topic := self._heard.get(one)) is not None:
                topic.head = head
                topic.tell(text)
                most = max(most, len(topic.streams))
        await asyncio.sleep(PAUSE_TOPICS + most * PAUSE_LISTENER)

    async def _tend(self) -> None:
        began = time.monotonic()
        for second in range(1, 10**9):
            await asyncio.sleep(max(0.0, began + second - time.monotonic()))
            for stream in [one for person in self._people.values() for one in person.streams]:
                # Not all in the same second.
                if (id(stream) >> 6) % PING_SECONDS == second % PING_SECONDS:
                    stream.tell(PING)
            if second % CHECK_SECONDS == 0:
                await self._keep_trying(self.check, times=1)

    async def _keep_trying(self, work: Callable[[], Coroutine[Any, Any, None]], times: int = 10**9) -> None:
        for _ in range(times):
            try:
                await work()
            except Exception:
                log.exception("live_stumbled")
                await asyncio.sleep(1)

    async def _answer(self) -> None:
        """Reads and tells the news of those who were rung for. Raises DatabaseError; then they are still rung for."""
        await self._rung.wait()
        self._rung.clear()
        people, since = self._for, self._for_all
        self._for, self._for_all = set(), None
        try:
            wanted = self._people.keys() if since is not None else people & self._people.keys()
            early = (time.time() if since is None else since) - OVERLAP
            inboxes = await self.in_thread(partial(live_inboxes, people=list(wanted), since=early))
        except BaseException:
            self.ring(people, None)
            if since is not None:
                self.ring(None, since)
            raise
        for inbox in inboxes:
            self._tell(inbox)
        await asyncio.sleep(PAUSE_SOME if since is None else PAUSE_ALL)

    def _tell(self, inbox: LiveInbox) -> None:
        person = self._people.get(inbox.user_id)
        if person is None:
            return
        news = [item for item in inbox.items if item.id not in person.told]
        person.told.extend(item.id for item in news)
        text = b"".join(tell_news(item, inbox.unread) for item in news)
        if not news and inbox.unread != person.unread:
            text = say("unread", inbox.unread)
        person.unread = inbox.unread
        if text:
            person.tell(text)

    async def check(self) -> None:
        """Ends the streams of those who are signed out by now, and topics for those who may not listen any more."""
        holders = {stream.holder for person in self._people.values() for stream in person.streams}
        good = await self.in_thread(lambda: standing(holders))
        for person in list(self._people.values()):
            for stream in list(person.streams):
                if stream.holder in holders - good:
                    stream.end(say("bye", "signed out"))
        heard = {(stream.holder.user_id, one) for one, topic in self._heard.items() for stream in topic.streams}
        allowed = await self.in_thread(partial(self.topics.allowed, heard)) if heard else set()
        for one, topic in list(self._heard.items()):
            for stream in list(topic.streams):
                if (pair := (stream.holder.user_id, one)) in heard and pair not in allowed:
                    stream.tell(self.topics.goodbye(one))
                    self._leave(stream, one)

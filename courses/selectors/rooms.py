"""Reading rooms: the chat by its numbers, what changed, questions, reports; who hears a room's live news."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.crypto import salted_hmac

from accounts.enums import LinkState
from accounts.models import GuardianLink, User
from courses.enums import RoomNames, RoomSide
from courses.models import (
    INSIDE,
    Announcement,
    CourseTeacher,
    Enrolment,
    Message,
    Mute,
    ReadPosition,
    Report,
    Room,
    Thread,
    ThreadFollow,
)
from courses.models.rooms import OPEN_STATES

#: Messages of one answer; whoever is further behind asks again.
PAGE = 50
THREADS = 30
REPORTS = 50
#: Characters that are searched for at most.
LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class Said:
    """A message as readers see it; `key` says whose it is without saying who that is. Hidden: without its words."""

    id: UUID
    seq: int
    change: int
    thread: UUID | None
    side: str
    who: str
    key: str
    html: str
    at: datetime
    is_hidden: bool
    is_edited: bool

    def facts(self) -> dict[str, Any]:
        """The same for a page's script."""
        return {
            "id": str(self.id),
            "seq": self.seq,
            "change": self.change,
            "thread": str(self.thread) if self.thread else None,
            "side": self.side,
            "who": self.who,
            "key": self.key,
            "html": self.html,
            "at": self.at.isoformat(),
            "hidden": self.is_hidden,
            "edited": self.is_edited,
        }


def author_key(room_id: UUID, person_id: UUID) -> str:
    """The same for all messages of a person in a room, another in every room."""
    return salted_hmac("courses.room", f"{room_id.hex}{person_id.hex}").hexdigest()[:16]


def shown_name(person: User, side: str, names: str) -> str:
    """The name of an author: of students the first name and an initial, unless the room shows full names."""
    words = person.name.split()
    if side != RoomSide.STUDENT or names == RoomNames.FULL:
        return " ".join(words)
    return f"{words[0]} {words[-1][0]}." if len(words) > 1 else "".join(words)


def said(rows: Iterable[Message], room: Room) -> list[Said]:
    """`rows` come with their authors."""
    return [
        Said(
            id=row.pk,
            seq=row.seq,
            change=row.change,
            thread=row.thread_id,
            side=row.side,
            who=shown_name(row.author, row.side, room.names),
            key=author_key(row.room_id, row.author_id),
            html="" if row.hidden_at else row.html,
            at=row.at,
            is_hidden=row.hidden_at is not None,
            is_edited=row.edited_at is not None,
        )
        for row in rows
    ]


def rooms_with_course() -> QuerySet[Room]:
    return Room.objects.select_related("course__programme")


def chat(room: Room, *, before: int | None = None, around: int | None = None) -> tuple[list[Said], bool]:
    """The newest messages of the chat (before a number; or from a few before `around` on), the oldest first, and
    whether there are older ones. One query."""
    rows = Message.objects.filter(room=room, thread__isnull=True).select_related("author")
    if around is not None:
        found = list(rows.filter(seq__gte=around).order_by("seq")[:PAGE])
        return said(found, room), bool(found) and found[0].seq > 1
    if before is not None:
        rows = rows.filter(seq__lt=before)
    newest = list(rows.order_by("-seq")[: PAGE + 1])
    return said(reversed(newest[:PAGE]), room), len(newest) > PAGE


@dataclass(frozen=True, slots=True)
class Since:
    """What came and what became of older messages; `more` when asking again brings more of it."""

    messages: list[Said]
    changed: list[Said]
    more: bool

    def facts(self) -> dict[str, Any]:
        return {
            "messages": [one.facts() for one in self.messages],
            "changed": [one.facts() for one in self.changed],
            "more": self.more,
        }


def since(room: Room, *, seq: int, change: int, most: int = PAGE) -> Since:
    """Everything in the room after these numbers, in their order. Two queries."""
    rows = Message.objects.filter(room=room).select_related("author")
    new = list(rows.filter(seq__gt=seq).order_by("seq")[: most + 1])
    changed = list(rows.filter(change__gt=change).order_by("change")[: most + 1])
    more = len(new) > most or len(changed) > most
    return Since(said(new[:most], room), said(changed[:most], room), more)


def read_to(room: Room, person: User) -> int:
    """How far the person has read the chat; 0: nothing yet."""
    seq: int | None = ReadPosition.objects.filter(room=room, person=person).values_list("seq", flat=True).first()
    return seq or 0


# --- Questions -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class ThreadPage:
    rows: list[Thread]
    following: str


def thread_page(room: Room, reader: User, *, text: str = "", show: str = "", after: Thread | None = None) -> ThreadPage:
    """Questions, the latest said first; `show`: "open" without an accepted answer, "mine", else all. Words of `text`
    are all in question or title. One query."""
    rows = Thread.objects.filter(room=room).visible_to(reader).select_related("asker", "lesson")
    for word in text.lower()[:LONGEST_SEARCH].split()[:8]:
        rows = rows.filter(words__contains=word)
    if show == "open":
        rows = rows.filter(accepted__isnull=True)
    elif show == "mine":
        rows = rows.filter(Q(asker=reader) | Exists(ThreadFollow.objects.filter(thread=OuterRef("pk"), person=reader)))
    if after is not None:
        rows = rows.filter(Q(last_at__lt=after.last_at) | Q(last_at=after.last_at, pk__lt=after.pk))
    found = list(rows.order_by("-last_at", "-id")[: THREADS + 1])
    return ThreadPage(found[:THREADS], str(found[THREADS - 1].pk) if len(found) > THREADS else "")


def thread_rows() -> QuerySet[Thread]:
    return Thread.objects.select_related("room__course", "asker", "lesson")


def said_in(thread: Thread) -> list[Said]:
    """The question and its answers, in their order. One query; a thread is as long as people make it, up to 500."""
    rows = thread.messages.select_related("author").order_by("seq")[:500]
    return said(rows, thread.room)


def follows(thread: Thread, person: User) -> bool:
    return ThreadFollow.objects.filter(thread=thread, person=person).exists()


def is_moderator(room: Room, person: User) -> bool:
    return bool(person.has_perm("courses.moderate_room", room))


# --- Announcements and moderation ------------------------------------------------------------------------------------
def announcements(room: Room, *, now: datetime, before: UUID | None = None) -> tuple[list[Announcement], str]:
    """The pinned ones first, then the newest; the id that the next page begins after. Two queries at most."""
    rows = Announcement.objects.filter(room=room, hidden_at__isnull=True).select_related("author")
    pinned = [] if before else list(rows.filter(pinned_until__gt=now).order_by("-id"))
    others = rows.filter(Q(pinned_until__isnull=True) | Q(pinned_until__lte=now)).order_by("-id")
    if before is not None:
        others = others.filter(pk__lt=before)
    found = list(others[: THREADS + 1])
    return pinned + found[:THREADS], str(found[THREADS - 1].pk) if len(found) > THREADS else ""


def pinned(room: Room, now: datetime) -> Announcement | None:
    """The newest announcement that is on top, for the chat's page."""
    found: Announcement | None = (
        Announcement.objects.filter(room=room, hidden_at__isnull=True, pinned_until__gt=now).order_by("-id").first()
    )
    return found


def open_reports(room: Room) -> list[Report]:
    """Undecided ones, the oldest first, with message, author and reporter. One query."""
    rows = Report.objects.filter(room=room, decision__isnull=True)
    return list(rows.select_related("message__author", "reporter").order_by("id")[:REPORTS])


def open_report_count(room: Room) -> int:
    return Report.objects.filter(room=room, decision__isnull=True).count()


def mutes(room: Room, now: datetime) -> list[Mute]:
    return list(Mute.objects.filter(room=room).standing(now).select_related("person", "by").order_by("-id")[:REPORTS])


def hidden_messages(room: Room) -> list[Message]:
    """The latest of them, with authors and whoever hid them."""
    rows = Message.objects.filter(room=room, hidden_at__isnull=False).select_related("author", "hidden_by")
    return list(rows.order_by("-hidden_at")[:REPORTS])


# --- The live stream -------------------------------------------------------------------------------------------------
def heard_rooms(wanted: Collection[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Of pairs of person and room those in which the person may read the room: `Room.visible_to` for many at once, five
    queries whatever their number."""
    people, rooms = {person for person, _ in wanted}, {room for _, room in wanted}
    found = {room.pk: room for room in Room.objects.filter(pk__in=rooms).select_related("course")}
    is_open = {pk for pk, room in found.items() if room.is_on and room.course.state in OPEN_STATES}
    for_guardians = {pk for pk in is_open if found[pk].guardians_read}
    staff = set(User.objects.filter(pk__in=people, is_staff=True).values_list("pk", flat=True))
    teaching = set(
        CourseTeacher.objects.filter(course__in=rooms, teacher__in=people).values_list("teacher_id", "course_id")
    )
    inside = set(
        Enrolment.objects.filter(course__in=is_open, student__in=people, state__in=INSIDE).values_list(
            "student_id", "course_id"
        )
    )
    guarding: set[tuple[UUID, UUID]] = set()
    if for_guardians:
        guarding = set(
            GuardianLink.objects.filter(
                guardian__in=people,
                state=LinkState.ACTIVE,
                student__enrolments__course__in=for_guardians,
                student__enrolments__state__in=INSIDE,
            ).values_list("guardian_id", "student__enrolments__course_id")
        )
    allowed = teaching | inside | guarding
    return {pair for pair in wanted if pair[1] in found and (pair[0] in staff or pair in allowed)}

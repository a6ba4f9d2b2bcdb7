"""Saying something in a room, and mending it for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common.errors import ConflictError, NotPermittedError
from courses.models import Message, MessageEdit, ReadPosition, Room, Thread
from courses.services.rooms.access import RoomError, require_may_write, require_pace, side_of
from courses.services.rooms.words import rendered
from notifications.services.live.bell import ring_topics

#: So long the author may mend a message.
EDIT_TIME = timedelta(minutes=10)


def lock_room(room_id: UUID) -> Room:
    """The room under its lock, which every number of it is given under. In a transaction."""
    return Room.objects.select_for_update(of=("self",)).select_related("course").get(pk=room_id)


def say(*, room: Room, source: str, client_id: UUID, actor: User, now: datetime) -> Message:
    """Says something in the chat. Sent again with the same `client_id` it changes nothing.

    Raises RoomError (closed, muted, teachers only, empty, links), SlowDownError with `retry_after`, ContentError,
    NotPermittedError for whoever only reads.
    """
    if (known := known_message(actor, client_id, room)) is not None:
        return known
    side = side_of(room, actor)
    require_may_write(room, actor, side, now)
    # Asked before a formula is typeset, and again under the lock.
    require_pace(room, actor, side, now)
    words, html = rendered(source, room=room, side=side)
    with transaction.atomic():
        locked = lock_room(room.pk)
        require_may_write(locked, actor, side, now)
        return add_message(locked, Words(words, html), side=side, client_id=client_id, actor=actor, now=now)


class Words:
    """What somebody wrote, as they wrote it and as pages show it."""

    __slots__ = ("html", "source")

    def __init__(self, source: str, html: str) -> None:
        self.source, self.html = source, html


def add_message(
    locked: Room, words: Words, *, side: str, client_id: UUID, actor: User, now: datetime, thread: Thread | None = None
) -> Message:
    """The next message of a room whose lock is held; rings after the commit. Raises SlowDownError."""
    if (known := known_message(actor, client_id, locked)) is not None:
        return known  # the same message in two requests at once
    require_pace(locked, actor, side, now)
    locked.last_seq += 1
    try:
        with transaction.atomic():
            message: Message = Message.objects.create(
                room=locked,
                thread=thread,
                seq=locked.last_seq,
                client_id=client_id,
                author=actor,
                side=side,
                source=words.source,
                html=words.html,
                at=now,
            )
    except IntegrityError as error:  # at once in two rooms
        raise ConflictError(_("This message cannot be sent. Copy the text and reload the page."), "id_taken") from error
    locked.save(update_fields=["last_seq"])
    ring_topics([locked.pk])
    return message


def known_message(actor: User, client_id: UUID, room: Room) -> Message | None:
    """What the person has already sent under this id. Raises ConflictError when it was sent to another room."""
    found: Message | None = Message.objects.filter(author=actor, client_id=client_id).first()
    if found is not None and found.room_id != room.pk:
        raise ConflictError(_("This message cannot be sent. Copy the text and reload the page."), "id_taken")
    return found


def may_edit(message: Message, person: User, now: datetime) -> bool:
    """Its author, for EDIT_TIME, unless it was hidden."""
    return message.author_id == person.pk and message.hidden_at is None and now < message.at + EDIT_TIME


def edit_message(*, message: Message, source: str, actor: User, now: datetime) -> Message:
    """The author mends a message; what it said before is kept. Raises RoomError when it is too late or hidden."""
    if message.author_id != actor.pk:
        raise NotPermittedError(_("Only the author mends a message."), "not_the_author")
    side = side_of(message.room, actor)
    words, html = rendered(source, room=message.room, side=side)
    with transaction.atomic():
        room = lock_room(message.room_id)
        require_may_write(room, actor, side, now, in_thread=message.thread_id is not None)
        message = Message.objects.get(pk=message.pk)
        if not may_edit(message, actor, now):
            raise RoomError(_("This message can no longer be changed."), "too_late")
        if words == message.source:
            return message
        MessageEdit.objects.create(message=message, source=message.source, at=now)
        message.source, message.html, message.edited_at = words, html, now
        note_change(room, message, "source", "html", "edited_at")
    return message


def note_change(locked: Room, message: Message, *fields: str) -> None:
    """Saves what became of a message under the room's lock; open pages are told."""
    locked.last_change += 1
    message.change = locked.last_change
    message.save(update_fields=["change", *fields])
    locked.save(update_fields=["last_change"])
    ring_topics([locked.pk])


def note_read(*, room: Room, seq: int, person: User) -> None:
    """Remembers how far somebody has read; never goes back."""
    seq = min(seq, room.last_seq)
    if seq <= 0 or ReadPosition.objects.filter(room=room, person=person, seq__lt=seq).update(seq=seq):
        return
    ReadPosition.objects.get_or_create(room=room, person=person, defaults={"seq": seq})

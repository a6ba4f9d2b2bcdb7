"""Questions of a course, their answers, and which answer is accepted."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from common.errors import NotPermittedError
from courses.enums import RoomSide
from courses.models import Lesson, Message, Room, Thread, ThreadFollow
from courses.selectors.rooms import heard_rooms
from courses.services.rooms.access import RoomError, require_may_write, require_open, require_pace, side_of
from courses.services.rooms.posting import Words, add_message, known_message, lock_room, note_change
from courses.services.rooms.words import rendered, titled
from notifications.enums import NotificationKind
from notifications.services.inbox import News, notify_many


def ask(
    *, room: Room, title: str, source: str, lesson: Lesson | None, client_id: UUID, actor: User, now: datetime
) -> Thread:
    """Asks a question; whoever asks is told of answers. Sent again with the same `client_id` it changes nothing.

    Raises what `posting.say` raises, and RoomError for a lesson of another course.
    """
    if (known := known_message(actor, client_id, room)) is not None and known.thread is not None:
        return known.thread
    side = side_of(room, actor)
    require_may_write(room, actor, side, now, in_thread=True)
    require_pace(room, actor, side, now)
    title = titled(title)
    if lesson is not None and lesson.module.course_id != room.pk:
        raise RoomError(_("This lesson is not part of the course."), "unknown_lesson")
    rendered(title, room=room, side=side)  # the line keeps to the same rules as the words
    words, html = rendered(source, room=room, side=side)
    with transaction.atomic():
        locked = lock_room(room.pk)
        require_may_write(locked, actor, side, now, in_thread=True)
        if (known := known_message(actor, client_id, locked)) is not None and known.thread is not None:
            return known.thread
        thread = Thread.objects.create(
            room=locked,
            title=title,
            lesson=lesson,
            asker=actor,
            asked_at=now,
            last_at=now,
            words=f"{title}\n{words}".lower(),
        )
        add_message(locked, Words(words, html), side=side, client_id=client_id, actor=actor, now=now, thread=thread)
        ThreadFollow.objects.create(thread=thread, person=actor)
    return thread


def answer(*, thread: Thread, source: str, client_id: UUID, actor: User, now: datetime) -> Message:
    """Answers; whoever follows is told. Raises what `posting.say` raises, and RoomError for a hidden question."""
    room = thread.room
    if (known := known_message(actor, client_id, room)) is not None:
        return known
    side = side_of(room, actor)
    require_may_write(room, actor, side, now, in_thread=True)
    require_pace(room, actor, side, now)
    words, html = rendered(source, room=room, side=side)
    with transaction.atomic():
        locked = lock_room(room.pk)
        require_may_write(locked, actor, side, now, in_thread=True)
        fresh = Thread.objects.select_related("asker").get(pk=thread.pk)
        if fresh.hidden_at is not None:
            raise RoomError(_("This question was taken away."), "hidden")
        before = locked.last_seq
        message = add_message(
            locked, Words(words, html), side=side, client_id=client_id, actor=actor, now=now, thread=fresh
        )
        if message.seq > before:
            Thread.objects.filter(pk=fresh.pk).update(answers=F("answers") + 1, last_at=now)
            _tell_followers(fresh, message, now)
    return message


def accept(*, thread: Thread, message: Message | None, actor: User, now: datetime) -> Thread:
    """Marks the answer that helped (None: none of them). For whoever asked, the course's teachers, staff; audited."""
    side = side_of(thread.room, actor)
    if actor.pk != thread.asker_id and side == RoomSide.STUDENT:
        raise NotPermittedError(_("Whoever asked accepts an answer, or a teacher."), "not_the_asker")
    require_open(thread.room, side)
    with transaction.atomic():
        room = lock_room(thread.room_id)
        thread = Thread.objects.get(pk=thread.pk)
        first = thread.messages.order_by("seq").first()
        if message is not None:
            message = Message.objects.get(pk=message.pk)
            if message.thread_id != thread.pk or message == first or message.hidden_at is not None:
                raise RoomError(_("This is not an answer to the question."), "no_answer")
        if thread.accepted_id == (message.pk if message else None):
            return thread
        before = thread.accepted_id
        thread.accepted, thread.accepted_by = message, actor if message else None
        thread.save(update_fields=["accepted", "accepted_by"])
        if first is not None:
            note_change(room, first)  # open pages of the question look again
        record_event(
            actor=actor,
            action="room.answer_accepted",
            obj=thread,
            before={"accepted": str(before or "")},
            after={"accepted": str(thread.accepted_id or "")},
            now=now,
        )
    return thread


def follow(*, thread: Thread, person: User, wanted: bool) -> None:
    """Tells the person of answers, or no longer."""
    if wanted:
        ThreadFollow.objects.get_or_create(thread=thread, person=person)
    else:
        ThreadFollow.objects.filter(thread=thread, person=person).delete()


def _tell_followers(thread: Thread, message: Message, now: datetime) -> None:
    url = reverse("room-question", args=[thread.room_id, thread.pk])
    rows = list(ThreadFollow.objects.filter(thread=thread).exclude(person=message.author_id).select_related("person"))
    # Who has left the course is told nothing of it.
    inside = heard_rooms({(row.person_id, thread.room_id) for row in rows})
    news = []
    for row in rows:
        if (row.person_id, thread.room_id) not in inside:
            continue
        with translation.override(row.person.language):
            title = _("An answer: %(question)s") % {"question": thread.title}
        news.append(
            News(
                user_id=row.person_id,
                kind=NotificationKind.QUESTION_ANSWERED,
                cause=f"message:{message.pk}",
                title=title,
                url=url,
            )
        )
    notify_many(news, now=now)

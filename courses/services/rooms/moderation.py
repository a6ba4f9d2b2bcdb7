"""Keeping a room decent: reports, hiding, muting, and what is allowed in it. Everything here is audited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from common.errors import NotPermittedError
from courses.enums import ReportOutcome, ReportReason, RoomSide
from courses.models import Course, CourseTeacher, Message, Mute, Report, ReportDecision, Room, Thread
from courses.services.rooms.access import RoomError
from courses.services.rooms.posting import lock_room, note_change
from notifications.enums import NotificationKind
from notifications.services.inbox import News, notify_many
from notifications.services.live.bell import ring_topics

#: Reports of one person in a day.
MOST_REPORTS = 20
LONGEST_MUTE = timedelta(days=30)
SETTINGS = ("is_on", "writers", "slow_seconds", "guardians_read", "links", "names")


def report_message(*, message: Message, reason: str, words: str, actor: User, now: datetime) -> Report:
    """Somebody who sees a message says that it should not stand there; teachers (without any, staff) are told once for
    each message. Reporting it again changes nothing. Raises RoomError."""
    if message.author_id == actor.pk:
        raise RoomError(_("This is your own message."), "own_message")
    if reason not in ReportReason.values:
        raise RoomError(_("Choose what is wrong."), "no_reason")
    if len(words) > 500:
        raise RoomError(_("Say it in at most 500 characters."), "too_long")
    if Report.objects.filter(reporter=actor, at__gt=now - timedelta(days=1)).count() >= MOST_REPORTS:
        raise RoomError(_("You have reported many messages today. Talk to your teacher."), "too_many")
    try:
        with transaction.atomic():
            made: Report = Report.objects.create(
                room=message.room, message=message, reporter=actor, reason=reason, words=words.strip(), at=now
            )
            record_event(actor=actor, action="room.reported", obj=message, after={"reason": reason}, now=now)
            _tell_teachers(message, now)
    except IntegrityError:
        made = Report.objects.get(message=message, reporter=actor)
    return made


def hide_message(*, message: Message, reason: str, actor: User, now: datetime) -> Message:
    """Takes a message off the pages; it stays as evidence. Its open reports are decided. Hiding a question hides its
    thread. Doing it again changes nothing. Raises RoomError without a reason."""
    require_moderator(message.room, actor)
    reason = _said(reason)
    with transaction.atomic():
        room = lock_room(message.room_id)
        message = Message.objects.get(pk=message.pk)
        if message.hidden_at is None:
            message.hidden_at, message.hidden_by, message.hidden_reason = now, actor, reason
            note_change(room, message, "hidden_at", "hidden_by", "hidden_reason")
            _follow_thread(message, hidden=True, reason=reason, actor=actor, now=now)
            record_event(actor=actor, action="room.hidden", obj=message, after={"hidden": True}, reason=reason, now=now)
        _decide(message, ReportOutcome.HIDDEN, actor, now)
    return message


def show_message(*, message: Message, actor: User, now: datetime) -> Message:
    """Puts a hidden message back, or decides that a reported one stays. Doing it again changes nothing."""
    require_moderator(message.room, actor)
    with transaction.atomic():
        room = lock_room(message.room_id)
        message = Message.objects.get(pk=message.pk)
        if message.hidden_at is not None:
            before = {"hidden": True, "reason": message.hidden_reason}
            message.hidden_at, message.hidden_by, message.hidden_reason = None, None, ""
            note_change(room, message, "hidden_at", "hidden_by", "hidden_reason")
            _follow_thread(message, hidden=False, reason="", actor=actor, now=now)
            record_event(actor=actor, action="room.shown", obj=message, before=before, after={"hidden": False}, now=now)
        elif _decide(message, ReportOutcome.KEPT, actor, now):
            record_event(actor=actor, action="room.kept", obj=message, now=now)
    return message


def mute_author(*, message: Message, hours: int, reason: str, actor: User, now: datetime) -> Mute:
    """The author of a message writes nothing here for `hours`. Raises RoomError for teachers, staff and bad hours."""
    require_moderator(message.room, actor)
    reason = _said(reason)
    if message.side != RoomSide.STUDENT:
        raise RoomError(_("Only students can be muted."), "not_a_student")
    if not 1 <= hours <= LONGEST_MUTE // timedelta(hours=1):
        raise RoomError(_("Mute for 1 hour to 30 days."), "bad_hours")
    with transaction.atomic():
        lock_room(message.room_id)
        made: Mute = Mute.objects.create(
            room=message.room,
            person=message.author,
            reason=reason,
            by=actor,
            at=now,
            until=now + timedelta(hours=hours),
        )
        after = {"person": str(message.author_id), "until": made.until}
        record_event(actor=actor, action="room.muted", obj=made, after=after, reason=reason, now=now)
    return made


def lift_mute(*, mute: Mute, actor: User, now: datetime) -> Mute:
    """Ends it before its time. Doing it again changes nothing."""
    require_moderator(mute.room, actor)
    with transaction.atomic():
        lock_room(mute.room_id)
        mute = Mute.objects.get(pk=mute.pk)
        if mute.lifted_at is None and mute.until > now:
            mute.lifted_at, mute.lifted_by = now, actor
            mute.save(update_fields=["lifted_at", "lifted_by"])
            record_event(
                actor=actor,
                action="room.unmuted",
                obj=mute,
                before={"until": mute.until},
                after={"until": now},
                now=now,
            )
    return mute


def set_room(*, course: Course, wanted: Mapping[str, Any], actor: User, now: datetime) -> Room:
    """Opens the room of a course, or changes what is allowed in it (the fields of SETTINGS). Audited."""
    if not actor.has_perm("courses.teach_course", course):
        raise NotPermittedError(_("Teachers of the course decide this."), "teachers_only")
    with transaction.atomic():
        Room.objects.get_or_create(course=course, defaults={"opened_at": now, "is_on": False})
        room = lock_room(course.pk)
        before = {name: getattr(room, name) for name in SETTINGS}
        for name in SETTINGS:
            setattr(room, name, wanted.get(name, before[name]))
        changed = [name for name in SETTINGS if getattr(room, name) != before[name]]
        if changed:
            room.save(update_fields=changed)
            record_event(
                actor=actor,
                action="room.settings",
                obj=room,
                before={name: before[name] for name in changed},
                after={name: getattr(room, name) for name in changed},
                now=now,
            )
            ring_topics([room.pk])
    return room


def require_moderator(room: Room, actor: User) -> None:
    """Raises NotPermittedError for everybody but the course's verified teachers and staff."""
    if not actor.has_perm("courses.moderate_room", room):
        raise NotPermittedError(_("Teachers of the course decide this."), "teachers_only")


def _said(reason: str) -> str:
    words = reason.strip()
    if not words:
        raise RoomError(_("Say why."), "no_reason")
    return words[:300]


def _follow_thread(message: Message, *, hidden: bool, reason: str, actor: User, now: datetime) -> None:
    """A question and its thread are hidden together; an accepted answer that is hidden is accepted no more."""
    if message.thread_id is None:
        return
    thread = Thread.objects.get(pk=message.thread_id)
    first = thread.messages.order_by("seq").values_list("pk", flat=True).first()
    if message.pk == first:
        fields = {"hidden_at": now, "hidden_by": actor, "hidden_reason": reason}
        Thread.objects.filter(pk=thread.pk).update(
            **(fields if hidden else {"hidden_at": None, "hidden_by": None, "hidden_reason": ""})
        )
        return
    changes: dict[str, Any] = {"answers": max(0, thread.answers + (-1 if hidden else 1))}
    if hidden and thread.accepted_id == message.pk:
        changes |= {"accepted": None, "accepted_by": None}
    Thread.objects.filter(pk=thread.pk).update(**changes)


def _decide(message: Message, outcome: str, actor: User, now: datetime) -> int:
    """Decides the open reports of a message; how many there were."""
    undecided = Report.objects.filter(message=message, decision__isnull=True)
    rows = [ReportDecision(report=report, outcome=outcome, by=actor, at=now) for report in undecided]
    ReportDecision.objects.bulk_create(rows)
    return len(rows)


def _tell_teachers(message: Message, now: datetime) -> None:
    ids = CourseTeacher.objects.filter(course=message.room_id).values("teacher_id")
    people = list(User.objects.filter(pk__in=ids, is_active=True))
    people = people or list(User.objects.filter(is_staff=True, is_active=True))
    news = []
    for person in people:
        with translation.override(person.language):
            title = _("%(course)s: a message was reported") % {"course": message.room.course.title}
        news.append(
            News(
                user_id=person.pk,
                kind=NotificationKind.MESSAGE_REPORTED,
                cause=f"message:{message.pk}",
                title=title,
                url=reverse("room-moderation", args=[message.room_id]),
            )
        )
    notify_many(news, now=now)

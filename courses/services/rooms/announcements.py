"""What teachers tell the whole course."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.enums import LinkState
from accounts.models import GuardianLink, User
from accounts.services.audit import record_event
from common.errors import ConflictError, NotPermittedError
from courses.enums import RoomSide
from courses.models import Announcement, Enrolment, Room
from courses.services.rooms.access import RoomError, require_open, side_of
from courses.services.rooms.posting import lock_room
from courses.services.rooms.words import LONGEST_NEWS, rendered, titled
from notifications.enums import NotificationKind
from notifications.services.inbox import News, notify_many

LONGEST_PIN = timedelta(days=60)
#: At most so many of one course in a day: each comes to everybody.
MOST_A_DAY = 10


def announce_to_course(
    *, room: Room, title: str, source: str, pin_days: int, client_id: UUID, actor: User, now: datetime
) -> Announcement:
    """Tells everybody in the course, by the ways they wish; guardians too where they may read. Sent again with the same
    `client_id` it changes nothing. Raises RoomError, NotPermittedError for everybody but teachers and staff."""
    if side_of(room, actor) == RoomSide.STUDENT:
        raise NotPermittedError(_("Teachers announce here."), "teachers_only")
    if (known := Announcement.objects.filter(client_id=client_id).first()) is not None:
        return _same(known, actor)
    if not 0 <= pin_days <= LONGEST_PIN.days:
        raise RoomError(_("It stays on top for at most %(n)d days.") % {"n": LONGEST_PIN.days}, "pinned_too_long")
    require_open(room, RoomSide.TEACHER)
    words, html = rendered(source, room=room, side=RoomSide.TEACHER, longest=LONGEST_NEWS)
    try:
        with transaction.atomic():
            locked = lock_room(room.pk)
            if locked.announcements.filter(at__gt=now - timedelta(days=1)).count() >= MOST_A_DAY:
                raise RoomError(_("%(n)d announcements in a day are the most.") % {"n": MOST_A_DAY}, "too_many")
            made = Announcement.objects.create(
                room=locked,
                client_id=client_id,
                author=actor,
                title=titled(title)[:140],
                source=words,
                html=html,
                at=now,
                pinned_until=now + timedelta(days=pin_days) if pin_days else None,
            )
            _tell_course(locked, made, now)
    except IntegrityError:
        return _same(Announcement.objects.get(client_id=client_id), actor)
    return made


def withdraw_announcement(*, announcement: Announcement, reason: str, actor: User, now: datetime) -> Announcement:
    """Takes an announcement away; the row stays. Doing it again changes nothing. Audited."""
    if side_of(announcement.room, actor) == RoomSide.STUDENT:
        raise NotPermittedError(_("Teachers announce here."), "teachers_only")
    with transaction.atomic():
        lock_room(announcement.room_id)
        announcement = Announcement.objects.get(pk=announcement.pk)
        if announcement.hidden_at is None:
            announcement.hidden_at, announcement.hidden_by, announcement.hidden_reason = now, actor, reason[:300]
            announcement.save(update_fields=["hidden_at", "hidden_by", "hidden_reason"])
            record_event(actor=actor, action="room.announcement_withdrawn", obj=announcement, reason=reason, now=now)
    return announcement


def _same(known: Announcement, actor: User) -> Announcement:
    if known.author_id != actor.pk:
        raise ConflictError(_("This cannot be sent. Copy the text and reload the page."), "id_taken")
    return known


def _tell_course(room: Room, made: Announcement, now: datetime) -> None:
    students = Enrolment.objects.filter(course=room.pk).inside().values("student_id")
    people = {person.pk: person for person in User.objects.filter(pk__in=students, is_active=True)}
    if room.guardians_read:
        links = GuardianLink.objects.filter(student__in=students, state=LinkState.ACTIVE, guardian__is_active=True)
        people |= {link.guardian_id: link.guardian for link in links.select_related("guardian")}
    people.pop(made.author_id, None)
    titles = {}
    for language in {person.language for person in people.values()}:
        with translation.override(language):
            titles[language] = _("%(course)s: %(title)s") % {"course": room.course.title, "title": made.title}
    url = reverse("room-announcements", args=[room.pk])
    kind, cause = NotificationKind.COURSE_ANNOUNCED, f"announcement:{made.pk}"
    notify_many(
        (
            News(user_id=pk, kind=kind, cause=cause, title=titles[person.language], body=made.source[:400], url=url)
            for pk, person in people.items()
        ),
        now=now,
    )

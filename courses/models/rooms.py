"""Rooms of courses: what is said in them, questions and their answers, announcements, and keeping them decent."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.enums import LinkState
from accounts.models import GuardianLink
from common.models import IdModel, ScopedQuerySet
from courses.enums import CourseState, ReportOutcome, ReportReason, RoomLinks, RoomNames, RoomSide, RoomWriters
from courses.models.courses import INSIDE, Course, TeachingQuerySet, taught_ids
from courses.models.enrolments import Enrolment
from courses.models.lessons import Lesson

#: States of a course in which its room is open to those who are in it.
OPEN_STATES = (CourseState.PUBLISHED, CourseState.ARCHIVED)


class RoomQuerySet(ScopedQuerySet["Room"]):
    def visible_to(self, user: Any) -> Self:
        """Staff and its teachers always; who is in the course while it is on; their guardians where they may read."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        mine = user.enrolments.filter(state__in=INSIDE).values("course_id")
        wards = GuardianLink.objects.filter(guardian=user, state=LinkState.ACTIVE).values("student_id")
        theirs = Enrolment.objects.filter(student__in=wards, state__in=INSIDE).values("course_id")
        is_open = Q(is_on=True, course__state__in=OPEN_STATES)
        family = Q(course__in=mine) | Q(guardians_read=True, course__in=theirs)
        return self.filter(Q(course__in=taught_ids(user)) | (is_open & family))


class Room(models.Model):
    """The room of a course and what is allowed in it; a course without a row has none.

    `last_seq` is the number of the newest message, `last_change` counts what became of older ones (edited, hidden,
    shown): whoever knows both numbers asks for what came after them. Both grow under the row's lock only.
    """

    course = models.OneToOneField(Course, models.CASCADE, primary_key=True, related_name="room")
    is_on = models.BooleanField(_("the room is open"), default=True)
    writers = models.CharField(
        _("who writes"), max_length=10, choices=RoomWriters.choices, default=RoomWriters.EVERYBODY
    )
    slow_seconds = models.PositiveSmallIntegerField(
        _("seconds between two messages of a student"),
        default=0,
        validators=[MaxValueValidator(300)],
        help_text=_("0: as often as they like. At most 300."),
    )
    guardians_read = models.BooleanField(_("guardians may read"), default=False)
    links = models.CharField(_("who may post links"), max_length=10, choices=RoomLinks.choices, default="teachers")
    names = models.CharField(_("names of students"), max_length=10, choices=RoomNames.choices, default="short")
    last_seq = models.PositiveBigIntegerField(default=0, editable=False)
    last_change = models.PositiveBigIntegerField(default=0, editable=False)
    opened_at = models.DateTimeField(editable=False)

    objects = RoomQuerySet.as_manager()

    class Meta:
        verbose_name = _("room")

    def __str__(self) -> str:
        return str(self.course)


class OfRoomQuerySet(ScopedQuerySet[Any]):
    """Rows that everybody sees who sees the room."""

    path = "room"

    def visible_to(self, user: Any) -> Self:
        return self.filter(**{f"{self.path}__in": Room.objects.visible_to(user).values("pk")})


class HidingQuerySet(OfRoomQuerySet):
    """The same; what was hidden is seen by teachers of the course and staff only."""

    def visible_to(self, user: Any) -> Self:
        seen = super().visible_to(user)
        if not user.is_authenticated or user.is_staff:
            return seen
        return seen.filter(Q(hidden_at__isnull=True) | Q(**{f"{self.path}__in": taught_ids(user)}))


class ModeratingQuerySet(TeachingQuerySet):
    """Rows of the course's teachers and staff."""

    path = "room"


class Hideable(models.Model):
    hidden_at = models.DateTimeField(null=True, blank=True)
    hidden_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    hidden_reason = models.CharField(_("why it is hidden"), max_length=300, blank=True)

    class Meta:
        abstract = True


class Thread(IdModel, Hideable):
    """A question; its words are the first of its messages, the others are answers. `words` is what the search looks
    through, in lower case."""

    room = models.ForeignKey(Room, models.PROTECT, related_name="threads")
    title = models.CharField(_("question"), max_length=160)
    lesson = models.ForeignKey(Lesson, models.SET_NULL, null=True, blank=True, related_name="+")
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    last_at = models.DateTimeField()
    answers = models.PositiveIntegerField(default=0)
    accepted = models.ForeignKey("Message", models.PROTECT, null=True, blank=True, related_name="+")
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    words = models.TextField(blank=True)

    objects = HidingQuerySet.as_manager()

    class Meta:
        verbose_name = _("question in a room")
        verbose_name_plural = _("questions in rooms")
        ordering = ["-last_at", "-id"]
        indexes = [models.Index(fields=["room", "-last_at", "-id"], name="room_thread_order_idx")]

    def __str__(self) -> str:
        return self.title


class Message(IdModel, Hideable):
    """Something said in a room: in the chat, or (`thread`) a question or an answer.

    `seq` is dense in its room and grows in the order of the commits: who sees one number sees all before it.
    `change` is the room's count when this message was last edited, hidden or shown; 0 is never. `client_id` is of
    the author's page: so what is sent again is one message.
    """

    room = models.ForeignKey(Room, models.PROTECT, related_name="messages")
    thread = models.ForeignKey(Thread, models.PROTECT, null=True, blank=True, related_name="messages")
    seq = models.PositiveBigIntegerField()
    change = models.PositiveBigIntegerField(default=0)
    client_id = models.UUIDField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    side = models.CharField(max_length=8, choices=RoomSide.choices)
    source = models.TextField(_("message"))
    html = models.TextField(editable=False)
    at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)

    objects = HidingQuerySet.as_manager()

    class Meta:
        verbose_name = _("message in a room")
        verbose_name_plural = _("messages in rooms")
        ordering = ["room", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["room", "seq"], name="room_message_seq_unique"),
            models.UniqueConstraint(fields=["author", "client_id"], name="room_message_client_unique"),
        ]
        indexes = [
            models.Index(fields=["room", "change"], condition=Q(change__gt=0), name="room_message_change_idx"),
            models.Index(fields=["room", "-seq"], condition=Q(thread__isnull=True), name="room_message_chat_idx"),
            models.Index(fields=["room", "author", "-seq"], name="room_message_author_idx"),
        ]

    def __str__(self) -> str:
        return self.source[:60]


class OfMessageQuerySet(ModeratingQuerySet):
    path = "message__room"


class MessageEdit(IdModel):
    """What a message said before it was edited. Append-only."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="edits")
    source = models.TextField()
    at = models.DateTimeField()

    objects = OfMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("edit of a message")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.source[:60]


class OwnInRoomQuerySet(ScopedQuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(person=user) if user.is_authenticated else self.none()


class ThreadFollow(models.Model):
    """Somebody who is told of answers."""

    thread = models.ForeignKey(Thread, models.CASCADE, related_name="follows")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    objects = OwnInRoomQuerySet.as_manager()

    class Meta:
        verbose_name = _("question that is followed")
        constraints = [models.UniqueConstraint(fields=["thread", "person"], name="room_follow_unique")]

    def __str__(self) -> str:
        return f"{self.person}: {self.thread}"


class Announcement(IdModel, Hideable):
    """What a teacher tells the whole course. It stands above the others until `pinned_until`."""

    room = models.ForeignKey(Room, models.PROTECT, related_name="announcements")
    client_id = models.UUIDField(unique=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    title = models.CharField(_("title"), max_length=140)
    source = models.TextField(_("text"))
    html = models.TextField(editable=False)
    at = models.DateTimeField()
    pinned_until = models.DateTimeField(_("on top until"), null=True, blank=True)

    objects = HidingQuerySet.as_manager()

    class Meta:
        verbose_name = _("announcement")
        ordering = ["-id"]
        indexes = [models.Index(fields=["room", "-id"], name="room_announcement_idx")]

    def __str__(self) -> str:
        return self.title


class ReadPosition(models.Model):
    """How far somebody has read the chat; grows only."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="positions")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    seq = models.PositiveBigIntegerField(default=0)

    objects = OwnInRoomQuerySet.as_manager()

    class Meta:
        verbose_name = _("place of reading")
        constraints = [models.UniqueConstraint(fields=["room", "person"], name="room_position_unique")]

    def __str__(self) -> str:
        return f"{self.person}: {self.seq}"


class Report(IdModel):
    """Somebody says that a message should not stand there. Append-only; what came of it is a `ReportDecision`."""

    room = models.ForeignKey(Room, models.PROTECT, related_name="reports")
    message = models.ForeignKey(Message, models.PROTECT, related_name="reports")
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.CharField(_("what is wrong"), max_length=10, choices=ReportReason.choices)
    words = models.CharField(_("in your words"), max_length=500, blank=True)
    at = models.DateTimeField()

    objects = ModeratingQuerySet.as_manager()

    class Meta:
        verbose_name = _("report of a message")
        verbose_name_plural = _("reports of messages")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["message", "reporter"], name="room_report_unique")]
        indexes = [models.Index(fields=["room", "id"], name="room_report_idx")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.message}"


class OfReportQuerySet(ModeratingQuerySet):
    path = "report__room"


class ReportDecision(models.Model):
    """What came of a report. Append-only."""

    report = models.OneToOneField(Report, models.PROTECT, primary_key=True, related_name="decision")
    outcome = models.CharField(_("outcome"), max_length=10, choices=ReportOutcome.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = OfReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision about a report")
        verbose_name_plural = _("decisions about reports")

    def __str__(self) -> str:
        return str(self.get_outcome_display())


class MuteQuerySet(ModeratingQuerySet):
    def visible_to(self, user: Any) -> Self:
        """The course's teachers and staff, and whoever is muted."""
        if not user.is_authenticated or user.is_staff:
            return super().visible_to(user)
        return self.filter(Q(room__in=taught_ids(user)) | Q(person=user))

    def standing(self, now: Any) -> Self:
        return self.filter(until__gt=now, lifted_at__isnull=True)


class Mute(IdModel):
    """Somebody writes nothing in the room until a moment."""

    room = models.ForeignKey(Room, models.PROTECT, related_name="mutes")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    reason = models.CharField(_("reason"), max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField(_("until"))
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")

    objects = MuteQuerySet.as_manager()

    class Meta:
        verbose_name = _("muted person")
        verbose_name_plural = _("muted people")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(until__gt=F("at")), name="room_mute_lasts")]
        indexes = [models.Index(fields=["room", "person", "until"], name="room_mute_idx")]

    def __str__(self) -> str:
        return f"{self.person}: {self.room}"

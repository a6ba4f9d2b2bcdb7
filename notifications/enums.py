"""Kinds of news with what is done about each unless the person says otherwise, and the states of what is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _


class NotificationKind(models.TextChoices):
    PAPER_RETURNED = "paper_returned", _("A marked paper is back")
    MARKS_CHANGED = "marks_changed", _("Marks were corrected")
    PAPER_UNREADABLE = "paper_unreadable", _("Pages of a paper cannot be read")
    WORK_RETURNED = "work_returned", _("A project came back for revision")
    PICTURE_WANTED = "picture_wanted", _("A clearer picture is wanted")
    PICTURE_DROPPED = "picture_dropped", _("A clearer picture is not needed any more")
    ATTEMPT_CREDITED = "attempt.credited", _("Time was given back after an outage")
    MARKS_DISCUSSED = "marks_discussed", _("A message about marks")
    REMARK_NEWS = "remark_news", _("News of a re-mark")
    BOOKING_NEWS = "booking_news", _("News of an hour with a teacher")
    BOOKING_REMINDER = "booking_reminder", _("An hour with a teacher begins soon")
    STATEMENT_NEWS = "statement_news", _("News of a statement of marking")
    PAPER_RECEIVED = "paper_received", _("Your sheets are with us")
    PAPER_ASSIGNED = "paper_assigned", _("A paper to mark")
    PAPER_REMINDER = "paper_reminder", _("A paper to mark is due soon")
    PAPER_HALFWAY = "paper_halfway", _("Half of the time for a paper is used")
    PAPER_MOVED = "paper_moved", _("A paper went to another teacher")
    CALIBRATION = "calibration", _("News of practice papers")
    PICTURE_NEWS = "picture_news", _("News of a clearer picture")
    QUESTION_REVIEWED = "question.reviewed", _("A question of yours was reviewed")
    BREACH_COMING = "breach_coming", _("A promise will probably be missed")
    PAPER_NOT_BEGUN = "paper_not_begun", _("A paper is not begun")
    SLA_BREACHED = "sla_breached", _("A promise was missed")
    GUARDIAN_NEWS = "guardian_news", _("A guardian was linked, or is not any more")
    DATA_NEWS = "data_news", _("News of your copy or erasure")
    CERTIFICATE = "certificate", _("A certificate for you")
    WEBHOOK_STOPPED = "webhook_stopped", _("A webhook was switched off")
    COURSE_ANNOUNCED = "course_announced", _("An announcement in a course")
    COURSE_PLACE = "course_place", _("A place in a course")
    PATH_NEWS = "path_news", _("News of a learning path")
    QUESTION_ANSWERED = "question_answered", _("An answer to a question in a course")
    MESSAGE_REPORTED = "message_reported", _("A message in a course was reported")


class MailWish(models.TextChoices):
    NOW = "now", _("At once")
    DIGEST = "digest", _("Once a day")
    OFF = "off", _("Off")


class MailState(models.TextChoices):
    NONE = "none", _("Not mailed")
    WAITING = "waiting", _("Waiting")
    HELD = "held", _("Until the quiet hours end")
    DIGEST = "digest", _("In the mail of the day")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Given up")


#: States that wait for a time of day.
LATER = (MailState.HELD, MailState.DIGEST)


@dataclass(frozen=True)
class KindRule:
    """To whom a kind of news comes, by role, and how, unless they say otherwise.

    `urgent`: comes in quiet hours too. `lifetime`: a device that was off for longer is not told any more.
    """

    roles: frozenset[str]
    mail: MailWish
    push: bool
    lifetime: timedelta = timedelta(days=2)
    urgent: bool = False


STUDENT, TEACHER, STAFF = frozenset({"student"}), frozenset({"teacher"}), frozenset({"staff"})
FAMILY, AUTHORS = STUDENT | {"guardian"}, TEACHER | STAFF
#: In the order of the settings page. Only the missed promise is urgent: to end it is what the people on duty are there
#: for, at any hour. Nobody else is asked to work at night; what teachers leave lying is handed on by the ladder.
KINDS: dict[str, KindRule] = {
    NotificationKind.PAPER_RETURNED: KindRule(FAMILY, MailWish.NOW, True, timedelta(days=7)),
    NotificationKind.MARKS_CHANGED: KindRule(FAMILY, MailWish.NOW, True, timedelta(days=7)),
    NotificationKind.PAPER_UNREADABLE: KindRule(STUDENT, MailWish.NOW, True),
    NotificationKind.WORK_RETURNED: KindRule(STUDENT, MailWish.NOW, True, timedelta(days=7)),
    NotificationKind.PICTURE_WANTED: KindRule(STUDENT, MailWish.NOW, True, timedelta(hours=12)),
    NotificationKind.PICTURE_DROPPED: KindRule(STUDENT, MailWish.OFF, False, timedelta(hours=12)),
    NotificationKind.ATTEMPT_CREDITED: KindRule(STUDENT, MailWish.OFF, True, timedelta(hours=12)),
    NotificationKind.MARKS_DISCUSSED: KindRule(STUDENT | TEACHER | STAFF, MailWish.NOW, True, timedelta(days=7)),
    NotificationKind.REMARK_NEWS: KindRule(FAMILY | TEACHER | STAFF, MailWish.NOW, True, timedelta(days=7)),
    NotificationKind.BOOKING_NEWS: KindRule(FAMILY | TEACHER, MailWish.NOW, True),
    NotificationKind.BOOKING_REMINDER: KindRule(FAMILY | TEACHER, MailWish.NOW, True, timedelta(hours=1)),
    NotificationKind.STATEMENT_NEWS: KindRule(TEACHER | STAFF, MailWish.NOW, False),
    NotificationKind.PAPER_RECEIVED: KindRule(STUDENT, MailWish.OFF, False),
    NotificationKind.PAPER_ASSIGNED: KindRule(TEACHER, MailWish.OFF, True, timedelta(hours=12)),
    NotificationKind.PAPER_REMINDER: KindRule(TEACHER, MailWish.NOW, True, timedelta(hours=4)),
    NotificationKind.PAPER_HALFWAY: KindRule(TEACHER, MailWish.OFF, False, timedelta(hours=12)),
    NotificationKind.PAPER_MOVED: KindRule(TEACHER, MailWish.OFF, False),
    NotificationKind.CALIBRATION: KindRule(AUTHORS, MailWish.NOW, True),
    NotificationKind.PICTURE_NEWS: KindRule(TEACHER, MailWish.OFF, False),
    NotificationKind.QUESTION_REVIEWED: KindRule(AUTHORS, MailWish.OFF, False),
    NotificationKind.COURSE_PLACE: KindRule(STUDENT, MailWish.NOW, True, timedelta(days=3)),
    NotificationKind.PATH_NEWS: KindRule(STUDENT, MailWish.NOW, True, timedelta(days=3)),
    NotificationKind.COURSE_ANNOUNCED: KindRule(FAMILY, MailWish.DIGEST, True, timedelta(days=3)),
    NotificationKind.QUESTION_ANSWERED: KindRule(STUDENT | TEACHER, MailWish.OFF, True),
    NotificationKind.MESSAGE_REPORTED: KindRule(AUTHORS, MailWish.NOW, True),
    NotificationKind.BREACH_COMING: KindRule(STAFF, MailWish.NOW, True, timedelta(hours=6)),
    NotificationKind.PAPER_NOT_BEGUN: KindRule(STAFF, MailWish.NOW, True, timedelta(hours=6)),
    NotificationKind.SLA_BREACHED: KindRule(STAFF, MailWish.NOW, True, timedelta(hours=12), urgent=True),
    NotificationKind.GUARDIAN_NEWS: KindRule(FAMILY, MailWish.NOW, False),
    NotificationKind.DATA_NEWS: KindRule(FAMILY | TEACHER | STAFF, MailWish.NOW, False, timedelta(days=7)),
    NotificationKind.CERTIFICATE: KindRule(STUDENT, MailWish.NOW, True),
    NotificationKind.WEBHOOK_STOPPED: KindRule(STAFF, MailWish.NOW, False),
}


class WebhookType(models.TextChoices):
    """What is sent to webhooks; each has its shape in docs/webhooks.md."""

    ATTEMPT_SUBMITTED = "attempt.submitted", _("An attempt was submitted")
    EVALUATION_RELEASED = "evaluation.released", _("A marked paper went back")
    SLA_BREACHED = "sla.breached", _("A promise was missed")
    ENROLMENT_CREATED = "enrolment.created", _("Somebody came into a course")
    ENROLMENT_COMPLETED = "enrolment.completed", _("Somebody completed a course")
    PING = "ping", _("A test")


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Delivered")
    FAILED = "failed", _("Given up")

"""What people are told while the time for a paper runs out, each in their own language and zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from common.templatetags.ui_times import clock_text
from evaluations.enums import Rung
from evaluations.models import Evaluation, Reminder
from evaluations.services import links
from notifications.enums import NotificationKind
from notifications.services.inbox import notify


def nudge(paper: Evaluation, row: Reminder, now: datetime) -> None:
    """Half of the time is used."""
    assert paper.teacher is not None
    with translation.override(paper.teacher.language):
        title = _("Half of the time is used: %(exam)s") % {"exam": paper.attempt.exam.title}
        body = _("Paper %(id)s is due by %(day)s, %(clock)s.") % _due(paper, ZoneInfo(paper.teacher.time_zone))
    _tell_teacher(NotificationKind.PAPER_HALFWAY, paper, row, title, body, now)


def warn(paper: Evaluation, row: Reminder, now: datetime) -> None:
    """Little time is left, or none."""
    assert paper.teacher is not None
    with translation.override(paper.teacher.language):
        due = _due(paper, ZoneInfo(paper.teacher.time_zone))
        exam = {"exam": paper.attempt.exam.title}
        if now <= paper.due_at:
            title = _("Due soon: %(exam)s") % exam
            body = _("Paper %(id)s is due by %(day)s, %(clock)s.") % due
        else:
            title = _("Late: %(exam)s") % exam
            body = _("Paper %(id)s was due by %(day)s, %(clock)s.") % due
    _tell_teacher(NotificationKind.PAPER_REMINDER, paper, row, title, body, now)


def tell_deciders(paper: Evaluation, row: Reminder, people: Iterable[User], now: datetime) -> None:
    """Two markings wait for a decision, and half of the time is used, or little is left, or none."""
    is_half = row.rung == Rung.HALF
    for person in people:
        with translation.override(person.language):
            exam = {"exam": paper.attempt.exam.title}
            if is_half:
                title = _("Half of the time is used: %(exam)s") % exam
            else:
                title = (_("Due soon: %(exam)s") if now <= paper.due_at else _("Late: %(exam)s")) % exam
            due = _due(paper, ZoneInfo(person.time_zone))
            body = _("Two markings of paper %(id)s differ. Decide; it is due %(day)s, %(clock)s.") % due
        notify(
            user=person,
            kind=NotificationKind.PAPER_HALFWAY if is_half else NotificationKind.PAPER_REMINDER,
            cause=f"reminder:{row.pk}",
            title=title,
            body=body,
            url=links.moderation_url(paper.pk),
            now=now,
        )


def tell_staff(paper: Evaluation, row: Reminder, now: datetime) -> None:
    """It is not begun, and nobody was found to take it."""
    for person in User.objects.filter(is_staff=True, is_active=True):
        with translation.override(person.language):
            title = _("Not begun: paper %(id)s, %(exam)s") % {"id": paper.short_id, "exam": paper.attempt.exam.title}
            due = _("It is due %(day)s, %(clock)s.") % _due(paper, timezone.get_default_timezone())
            who = _("It is with %(name)s.") % {"name": paper.teacher.name} if paper.teacher else _("Nobody has it yet.")
            nobody = _("No other teacher was found who would have it in time.")
        notify(
            user=person,
            kind=NotificationKind.PAPER_NOT_BEGUN,
            cause=f"reminder:{row.pk}",
            title=title,
            body=f"{due} {who} {nobody}",
            url=links.board_url(paper.pk),
            now=now,
        )


def _due(paper: Evaluation, zone: tzinfo) -> dict[str, str]:
    """In the language that is set."""
    due = paper.due_at.astimezone(zone)
    return {"id": paper.short_id, "day": date_format(due, "D j M"), "clock": clock_text(due)}


def _tell_teacher(kind: str, paper: Evaluation, row: Reminder, title: str, body: str, now: datetime) -> None:
    assert paper.teacher is not None
    notify(
        user=paper.teacher,
        kind=kind,
        cause=f"reminder:{row.pk}",
        title=title,
        body=body,
        url=links.desk_url(paper.pk),
        now=now,
    )

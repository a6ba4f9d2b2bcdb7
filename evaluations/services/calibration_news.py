"""What people are told of practice: staff that somebody is stuck or drifts, a marker that they are paused or go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from evaluations.models import ExamChecks
from evaluations.services import links
from notifications.enums import NotificationKind
from notifications.services.inbox import News, notify_many


def tell_staff_no_scripts(checks: ExamChecks, teacher: User, now: datetime) -> None:
    """Once a day for an exam."""

    def words() -> tuple[str, str]:
        names = {"exam": checks.exam.title, "name": teacher.name}
        return (
            _("%(exam)s: no practice paper for %(name)s") % names,
            _("Prepare more scripts, or let the teacher begin without."),
        )

    _tell_staff(checks, f"scripts:{checks.pk}:{teacher.pk}:{now:%Y%m%d}", words, now)


def tell_staff_stuck(checks: ExamChecks, teacher: User, now: datetime) -> None:
    def words() -> tuple[str, str]:
        names = {"exam": checks.exam.title, "name": teacher.name}
        return (
            _("%(exam)s: %(name)s has not passed the practice papers") % names,
            _("Speak with the teacher, then give more rounds or decide otherwise."),
        )

    _tell_staff(checks, f"stuck:{checks.pk}:{teacher.pk}:{now:%Y%m%d%H%M%S}", words, now)


def tell_staff_drift(checks: ExamChecks, teacher: User, why: str, cause: str, is_paused: bool, now: datetime) -> None:
    """`why`: what left its limits, in words."""

    def words() -> tuple[str, str]:
        names = {"exam": checks.exam.title, "name": teacher.name}
        title = _("%(exam)s: %(name)s is paused") if is_paused else _("%(exam)s: look at the marking of %(name)s")
        return title % names, why

    _tell_staff(checks, cause, words, now)


def tell_paused(checks: ExamChecks, teacher: User, cause: str, now: datetime) -> None:
    """Kindly, with what to do."""
    with translation.override(teacher.language):
        title = _("%(exam)s: a break from new papers") % {"exam": checks.exam.title}
        what = _("Your marks have moved a little away from the agreed ones. Papers you have begun stay with you.")
        body = f"{what} " + (
            _("Mark the practice papers in your queue, and new papers come again.")
            if checks.practice_papers
            else _("The office will speak with you.")
        )
    notify_many([_news(teacher, f"{cause}:marker", title, body, links.queue_url())], now=now)


def tell_goes_on(checks: ExamChecks, teacher: User, cause: str, now: datetime) -> None:
    with translation.override(teacher.language):
        title = _("%(exam)s: papers come to you again") % {"exam": checks.exam.title}
        body = _("The office has decided so. Thank you for waiting.")
    notify_many([_news(teacher, cause, title, body, links.queue_url())], now=now)


def _tell_staff(checks: ExamChecks, cause: str, words: Callable[[], tuple[str, str]], now: datetime) -> None:
    told = []
    for person in User.objects.filter(is_staff=True, is_active=True):
        with translation.override(person.language):
            title, body = words()
        told.append(_news(person, cause, title, body, links.calibration_url(checks.pk)))
    notify_many(told, now=now)


def _news(user: User, cause: str, title: str, body: str, url: str) -> News:
    # A cause names people and papers by their ids; together they are longer than its column.
    short = f"calibration:{sha256(cause.encode()).hexdigest()[:40]}"
    return News(user_id=user.pk, kind=NotificationKind.CALIBRATION, cause=short, title=title, body=body, url=url)

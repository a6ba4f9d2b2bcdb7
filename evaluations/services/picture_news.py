"""What student and marker are told about a clearer picture, each in their own language."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from common.templatetags.ui_times import clock_text
from evaluations.enums import PictureState
from evaluations.models import Evaluation, PictureRequest
from evaluations.selectors.sheets import page_number
from evaluations.services import links
from notifications.enums import NotificationKind
from notifications.services.inbox import notify


def tell_student(asked: PictureRequest, evaluation: Evaluation, now: datetime) -> None:
    """That a picture is asked for, or not needed any more."""
    student, is_open = evaluation.attempt.student, asked.state == PictureState.OPEN
    with translation.override(student.language):
        names = {"exam": evaluation.attempt.exam.title, "number": page_number(asked.page)}
        if is_open:
            until = asked.answer_by.astimezone(ZoneInfo(student.time_zone))
            names |= {"day": date_format(until, "D j M"), "clock": clock_text(until)}
            title = _("%(exam)s: please photograph page %(number)d again") % names
            body = _("Only this page, by %(day)s, %(clock)s. Everything else you handed in stays as it is.") % names
        else:
            title = _("%(exam)s: the picture of page %(number)d is not needed any more") % names
            body = _("You need not do anything.")
    notify(
        user=student,
        kind=NotificationKind.PICTURE_WANTED if is_open else NotificationKind.PICTURE_DROPPED,
        cause=f"picture:{asked.pk}:{asked.state}",
        title=title,
        body=body,
        url=links.picture_url(asked.pk),
        now=now,
    )


def tell_marker(asked: PictureRequest, evaluation: Evaluation, now: datetime) -> None:
    """That the picture is here, or that its time has passed. Nobody is told while nobody has the paper."""
    teacher = evaluation.teacher
    if teacher is None:
        return
    with translation.override(teacher.language):
        names = {"exam": evaluation.attempt.exam.title, "number": page_number(asked.page)}
        if asked.state == PictureState.ANSWERED:
            title = _("%(exam)s: the clearer picture of page %(number)d is here") % names
            body = _("It stands beside the page on your desk.")
        else:
            title = _("%(exam)s: no clearer picture of page %(number)d came in time") % names
            body = _("Mark what is there. The promise runs again.")
    notify(
        user=teacher,
        kind=NotificationKind.PICTURE_NEWS,
        cause=f"picture:{asked.pk}:{asked.state}",
        title=title,
        body=body,
        url=links.desk_url(evaluation.pk),
        now=now,
    )

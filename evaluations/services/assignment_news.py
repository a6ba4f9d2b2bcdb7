"""What teachers are told of papers that were given out together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from common.templatetags.ui_times import clock_text
from evaluations.models import Evaluation
from evaluations.services import links
from notifications.enums import NotificationKind
from notifications.services.inbox import News, notify_many


def tell_teachers(papers: Iterable[Evaluation], now: datetime) -> None:
    """Each teacher once, of all the papers that were given to them together."""
    given: dict[UUID, list[Evaluation]] = defaultdict(list)
    for paper in papers:
        assert paper.teacher is not None
        given[paper.teacher.pk].append(paper)
    if given:
        notify_many([_news(mine) for mine in given.values()], now=now)


def _news(papers: list[Evaluation]) -> News:
    first = min(papers, key=lambda paper: (paper.due_at, paper.pk))
    teacher = first.teacher
    assert teacher is not None
    alone = len(papers) == 1
    with translation.override(teacher.language):
        when = _when(first, teacher)
        if alone:
            title = _("A paper to mark: %(exam)s") % {"exam": first.attempt.exam.title}
            body = _("Due by %(day)s, %(clock)s.") % when
        else:
            title = _("%(n)d papers to mark") % {"n": len(papers)}
            body = _("The first is due by %(day)s, %(clock)s.") % when
    return News(
        user_id=teacher.pk,
        kind=NotificationKind.PAPER_ASSIGNED,
        # The papers were given out in the transaction that writes this; so it is told exactly once.
        cause=f"evaluation:{first.pk}" if alone else f"evaluations:{first.pk}:{first.assigned_at:%Y%m%d%H%M%S%f}",
        title=title,
        body=body,
        url=links.desk_url(first.pk) if alone else links.queue_url(),
    )


def _when(paper: Evaluation, teacher: User) -> dict[str, str]:
    due = paper.due_at.astimezone(ZoneInfo(teacher.time_zone))
    return {"day": date_format(due, "D j M"), "clock": clock_text(due)}

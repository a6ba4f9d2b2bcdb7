"""What teachers are told of papers that come to them or go to others: once for all that move together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime
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


def tell_teachers(
    papers: Collection[Evaluation], now: datetime, *, givers: Mapping[UUID, User | None] | None = None
) -> None:
    """Each teacher once, of all the papers that were given to them together; and, where it was the office that gave
    them, each of `givers` (who had a paper before, by paper) once, of all that they do not have any more. Of questions
    that they mark on every paper a teacher is told once a day."""
    given: dict[User, list[Evaluation]] = defaultdict(list)
    gone: dict[User, list[Evaluation]] = defaultdict(list)
    groups: dict[tuple[User, UUID], Evaluation] = {}
    for paper in papers:
        assert paper.teacher is not None
        if paper.group_id is None:
            given[paper.teacher].append(paper)
        else:
            groups.setdefault((paper.teacher, paper.group_id), paper)
        giver = (givers or {}).get(paper.pk)
        if giver is not None and giver != paper.teacher:
            gone[giver].append(paper)
    told = [_news(mine) for mine in given.values()] + [_group_news(share, now) for share in groups.values()]
    told += [_gone(theirs, giver, now) for giver, theirs in gone.items()]
    if told:
        notify_many(told, now=now)


def tell_gone(
    paper: Evaluation, giver: User, now: datetime, *, away_until: date | None = None, is_barred: bool = False
) -> None:
    """To who had a paper that was not begun: the system gave it to somebody else."""
    with translation.override(giver.language):
        why = _("Little of its time was left, and it was not begun.")
        if away_until:
            why = _("You are away until %(day)s.") % {"day": date_format(away_until, "D j M")}
        elif is_barred:
            why = _("You may not begin papers of this exam now; your queue says what to do.")
    notify_many([_gone([paper], giver, now, why)], now=now)


def tell_taken_back(papers: Mapping[User, list[Evaluation]], now: datetime) -> None:
    """To each who had some of `papers`: the office took them back, and nobody has them yet."""
    told = []
    for giver, theirs in papers.items():
        with translation.override(giver.language):
            if len(theirs) == 1:
                names = {"id": theirs[0].short_id, "exam": theirs[0].attempt.exam.title}
                title = _("Paper %(id)s, %(exam)s, went back to the queue") % names
                why = _("The office took it back. Marks you gave are kept.")
            else:
                title = _("%(n)d papers went back to the queue") % {"n": len(theirs)}
                why = _("The office took them back. Marks you gave are kept.")
        told.append(_moved(theirs[0], giver, now, title, why))
    if told:
        notify_many(told, now=now)


def tell_withdrawn(paper: Evaluation, now: datetime) -> None:
    """To who had it, if anybody: the student took the work back."""
    if paper.teacher is None:
        return
    with translation.override(paper.teacher.language):
        title = _("%(project)s: taken back by the student") % {"project": paper.attempt.exam.title}
        why = _("Nobody has to mark it any more.")
    notify_many([_moved(paper, paper.teacher, now, title, why)], now=now)


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
        # The papers were given out in the transaction that writes this; so it is told exactly once, and again when a
        # paper comes back to who had it before.
        cause=f"evaluation{'' if alone else 's'}:{first.pk}:{first.assigned_at:%Y%m%d%H%M%S%f}",
        title=title,
        body=body,
        url=links.desk_url(first.pk) if alone else links.queue_url(),
    )


def _group_news(share: Evaluation, now: datetime) -> News:
    teacher = share.teacher
    assert teacher is not None
    with translation.override(teacher.language):
        named = {"numbers": share.numbers_label, "exam": share.attempt.exam.title}
        title = _("%(numbers)s to mark: %(exam)s") % named
        body = _("On every paper that comes today. The first is due by %(day)s, %(clock)s.") % _when(share, teacher)
    return News(
        user_id=teacher.pk,
        kind=NotificationKind.PAPER_ASSIGNED,
        cause=f"group:{share.group_id}:{now.astimezone(ZoneInfo(teacher.time_zone)):%Y%m%d}",
        title=title,
        body=body,
        url=links.queue_url(),
    )


def _gone(papers: list[Evaluation], giver: User, now: datetime, why: str = "") -> News:
    first = min(papers, key=lambda paper: (paper.due_at, paper.pk))
    with translation.override(giver.language):
        if len(papers) == 1:
            names = {"id": first.short_id, "exam": first.attempt.exam.title}
            title = _("Paper %(id)s, %(exam)s, went to another teacher") % names
            why = why or _("The office gave it on. Marks you gave are kept.")
        else:
            title = _("%(n)d papers went to other teachers") % {"n": len(papers)}
            why = why or _("The office gave them on. Marks you gave are kept.")
    return _moved(first, giver, now, title, why)


def _moved(paper: Evaluation, giver: User, now: datetime, title: str, why: str) -> News:
    return News(
        user_id=giver.pk,
        kind=NotificationKind.PAPER_MOVED,
        cause=f"moved:{paper.pk}:{now:%Y%m%d%H%M%S%f}",
        title=title,
        body=why,
        url=links.queue_url(),
    )


def _when(paper: Evaluation, teacher: User) -> dict[str, str]:
    due = paper.due_at.astimezone(ZoneInfo(teacher.time_zone))
    return {"day": date_format(due, "D j M"), "clock": clock_text(due)}

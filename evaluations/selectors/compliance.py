"""Promises kept and missed, over time and by policy, programme and teacher. Counted by the database.

A paper counts on the day on which it was finished first; a correction later does not move it. Hours run from the moment
the promise started to run, with nights and closed days. Medians are those of the lower middle, and p95 is the time
within which 95 of 100 were back (nearest rank), so each is the time of a paper that there is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import (
    Count,
    DateTimeField,
    DurationField,
    Expression,
    ExpressionWrapper,
    F,
    IntegerField,
    Q,
    QuerySet,
    Window,
)
from django.db.models.functions import Cast, RowNumber, TruncMonth, TruncWeek
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from common.local_times import moment_of
from courses.models import Programme
from evaluations.enums import EvaluationRole
from evaluations.models import Evaluation, SlaPause, SlaPolicy

GROUPS = {
    "month": gettext_lazy("Month"),
    "week": gettext_lazy("Week"),
    "policy": gettext_lazy("Promise"),
    "programme": gettext_lazy("Programme"),
    "teacher": gettext_lazy("Teacher"),
}
FIELDS = {"policy": "policy_id", "programme": "attempt__exam__programme_id", "teacher": "teacher_id"}
NAMED: dict[str, Any] = {"policy": SlaPolicy, "programme": Programme, "teacher": User}
SPAN = ExpressionWrapper(F("finalised_at") - F("submitted_at"), output_field=DurationField())
LATENESS = ExpressionWrapper(F("finalised_at") - F("due_at"), output_field=DurationField())
IS_LATE = Q(finalised_at__gt=F("due_at"))


@dataclass(frozen=True)
class Kept:
    """One line. `first` and `after`: its span of finishing, from and before. Times are None where there is no paper."""

    key: Any
    name: str
    first: datetime
    after: datetime
    finished: int
    late: int
    released: int
    median: timedelta | None
    p95: timedelta | None
    lateness: timedelta | None
    pauses: int

    @property
    def in_time(self) -> int:
        return self.finished - self.late

    @property
    def share(self) -> float | None:
        return self.in_time / self.finished if self.finished else None


@dataclass(frozen=True)
class Compliance:
    since: date
    until: date
    by: str
    lines: list[Kept]
    total: Kept


def compliance(*, since: date, until: date, by: str) -> Compliance:
    """Papers finished from `since` to `until`, both included, as days of the institute's zone; `by`: one of GROUPS.

    Nine queries at most, whatever the time. Raises KeyError for another `by`.
    """
    zone = timezone.get_default_timezone()
    first, after = (moment_of(datetime.combine(day, time()), zone) for day in (since, until + timedelta(days=1)))
    # A paper that several teachers share counts once, and for each teacher what they marked of it.
    counted = {"is_shared": False} if by == "teacher" else {"role": EvaluationRole.RECORD}
    rows = Evaluation.objects.filter(finalised_at__gte=first, finalised_at__lt=after, **counted).order_by()
    pauses = SlaPause.objects.filter(evaluation__in=rows.values("pk")).order_by()
    lines = _lines(rows, pauses, by)
    names = _names(by, lines)
    made = [_kept(key, line, names[key], *_span(by, key, first, after)) for key, line in lines.items()]
    made.sort(key=lambda one: (-one.first.timestamp(), -one.late, one.name))
    whole = _lines(rows, pauses, "")
    total = _kept(None, whole.get(None, {}), _("All"), first, after)
    return Compliance(since, until, by, made, total)


def _key(by: str, through: str = "") -> Expression | F:
    if by == "":
        return Cast(F(f"{through}max_marks") * 0, IntegerField())
    if by in FIELDS:
        return F(through + FIELDS[by])
    trunc = {"month": TruncMonth, "week": TruncWeek}[by]
    zone = timezone.get_default_timezone()
    return trunc(f"{through}finalised_at", output_field=DateTimeField(), tzinfo=zone)


def _lines(rows: QuerySet[Evaluation], pauses: QuerySet[SlaPause], by: str) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = defaultdict(dict)

    def merge(values: Iterable[Any]) -> None:
        for row in values:
            key = row.pop("key")
            found[key if by else None] |= row

    keyed = rows.annotate(key=_key(by))
    merge(
        keyed.values("key").annotate(
            finished=Count("pk"),
            late=Count("pk", filter=IS_LATE),
            released=Count("pk", filter=Q(released_at__isnull=False)),
        )
    )
    for key, part, span in _ranked(keyed, SPAN, {"median": 50, "p95": 95}):
        found[key if by else None][part] = span
    for key, part, span in _ranked(keyed.filter(IS_LATE), LATENESS, {"lateness": 50}):
        found[key if by else None][part] = span
    merge(pauses.annotate(key=_key(by, "evaluation__")).values("key").annotate(pauses=Count("pk")))
    return dict(found)


def _ranked(rows: QuerySet[Any], span: Expression, parts: dict[str, int]) -> Iterable[tuple[Any, str, timedelta]]:
    """(key, part, time) of the papers at these percents, by nearest rank. One query."""
    placed = rows.annotate(
        span=span,
        place=Window(RowNumber(), partition_by=[F("key")], order_by=[F("span").asc(), F("pk").asc()]),
        size=Window(Count("pk"), partition_by=[F("key")]),
    )
    wanted = Q()
    for percent in parts.values():
        wanted |= Q(place=(F("size") * percent + 99) / 100)
    for key, place, size, value in placed.filter(wanted).values_list("key", "place", "size", "span"):
        for part, percent in parts.items():
            if place == (size * percent + 99) // 100:
                yield key, part, value


def _names(by: str, keys: Iterable[Any]) -> dict[Any, str]:
    if by in NAMED:
        found = {row.pk: str(row) for row in NAMED[by].objects.filter(pk__in=[key for key in keys if key])}
        return {key: found.get(key, _("Nobody")) for key in keys}
    zone = timezone.get_default_timezone()
    words = {"month": "F Y", "week": _("\\w\\e\\e\\k W, j M Y")}
    return {key: date_format(key.astimezone(zone), words[by]) for key in keys}


def _span(by: str, key: Any, first: datetime, after: datetime) -> tuple[datetime, datetime]:
    """What a line spans of the time asked for: a month or week cut off at its ends, or all of it."""
    if by in FIELDS:
        return first, after
    local = key.astimezone(timezone.get_default_timezone())
    day = local.date()
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1) if by == "month" else day + timedelta(days=7)
    end = moment_of(datetime.combine(following, time()), timezone.get_default_timezone())
    return max(first, key), min(after, end)


def _kept(key: Any, line: dict[str, Any], name: str, first: datetime, after: datetime) -> Kept:
    return Kept(
        key=key,
        name=name,
        first=first,
        after=after,
        finished=line.get("finished", 0),
        late=line.get("late", 0),
        released=line.get("released", 0),
        median=line.get("median"),
        p95=line.get("p95"),
        lateness=line.get("lateness"),
        pauses=line.get("pauses", 0),
    )

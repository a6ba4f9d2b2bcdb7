"""The board as the first page of the back office: tables with links into the list of papers, and two charts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from evaluations.enums import EvaluationState
from evaluations.selectors.board import Board, Counts, Outlook, office_board
from evaluations.selectors.workload import workloads

#: A forecast is made every two minutes; this old, something stands still.
STALE = timedelta(minutes=10)
#: Counts that are older say of when they are.
FRESH = timedelta(seconds=5)
#: The chart shows at least so many hours.
LEAST_HOURS = 24
TONES = ((EvaluationState.QUEUED, "wait"), (EvaluationState.ASSIGNED, "given"), (EvaluationState.IN_PROGRESS, "work"))
KIND_TONES = (("late", "late"), ("2h", "soon"), ("6h", "soon"), ("24h", "given"), ("48h", "given"), ("later", "calm"))
#: Classes that are columns of the breakdowns, and their lines of the first table where they are not empty only.
COLUMNS, RARE = ("late", "2h", "6h", "24h"), ("waits", "done")


def board_page(now: datetime) -> dict[str, Any]:
    """The context of the template. Eleven queries."""
    board = office_board(now)
    return {
        "counted_at": board.counted_at if now - board.counted_at > FRESH else None,
        "states": [{"label": state.label, "tone": tone} for state, tone in TONES],
        "time_left": _time_left(board),
        "breakdowns": [
            _breakdown(_("Promise"), "policy__id__exact", board.by_policy),
            _breakdown(_("Programme"), "attempt__exam__programme__id__exact", board.by_programme),
        ],
        "teachers": _teachers(board, now),
        "nobody": next((line.total for line in board.by_teacher if line.key is None), 0),
        "forecast": _forecast(board.outlook, now) if board.outlook else None,
        "coming": board.coming,
        "missed": board.missed,
    }


def list_url(**filters: Any) -> str:
    """The list of papers with these filters."""
    url = reverse("admin:evaluations_evaluation_changelist")
    return f"{url}?{urlencode(filters)}" if filters else url


def _time_left(board: Board) -> list[dict[str, Any]]:
    most = max((line.total for line in board.by_kind), default=0)
    return [
        {
            "name": line.name,
            "url": list_url(due=line.key),
            "is_late": line.key == "late" and line.total,
            "parts": [{"count": line.states[state], "tone": tone} for state, tone in TONES],
            "states": [
                {"count": line.states[state], "url": list_url(due=line.key, state__exact=state.value)}
                for state, _tone in TONES
            ],
            "total": line.total,
            "most": most,
        }
        for line in board.by_kind
        if line.total or line.key not in RARE
    ]


def _breakdown(title: str, parameter: str, lines: Iterable[Counts]) -> dict[str, Any]:
    found = list(lines)
    most = max((line.total for line in found), default=0)
    return {"title": title, "rows": [_line(line, parameter, most) for line in found]}


def _line(line: Counts, parameter: str, most: int) -> dict[str, Any]:
    chosen = {parameter: line.key} if line.key else {"state__exact": EvaluationState.QUEUED.value}
    return {
        "name": line.name,
        "url": list_url(due="open", **chosen),
        "total": line.total,
        "most": most,
        "parts": [{"count": line.kinds[kind], "tone": tone} for kind, tone in KIND_TONES],
        "kinds": [
            {"count": line.kinds[kind], "url": list_url(due=kind, **chosen), "is_late": kind == "late"}
            for kind in COLUMNS
        ],
    }


def _teachers(board: Board, now: datetime) -> list[dict[str, Any]]:
    lines = {line.key: line for line in board.by_teacher}
    most = max((line.total for line in board.by_teacher), default=0)
    found = []
    for load in workloads(now):
        line = lines.get(load.id) or Counts(load.id, load.name)
        found.append(
            {"load": load, "url": list_url(due="open", teacher=load.id), **_line(line, "teacher", most)}
            | {"name": load.name}
        )
    return found


def _forecast(outlook: Outlook, now: datetime) -> dict[str, Any]:
    """As far as there is something to do: until both lines lie on the ground."""
    moving = [n for n in range(1, len(outlook.expected)) if _differs(outlook, n)]
    end = min(len(outlook.expected) - 1, max([LEAST_HOURS, *moving[-1:]]) + 1)
    last = (outlook.first_hour + timedelta(hours=end - 1)).date()
    days = [day for day in outlook.days if day.day <= last]
    return {
        "outlook": outlook,
        "is_stale": now - outlook.made_at > STALE,
        "expected": outlook.expected[: end + 1],
        "allowed": outlook.allowed[: end + 1],
        "names": _names(outlook.first_hour, end),
        "days": [
            {"label": date_format(one.day, "D j"), "work": one.work, "free": one.free, "day": one} for one in days
        ],
        "story": _story(outlook),
    }


def _differs(outlook: Outlook, hour: int) -> bool:
    return outlook.expected[hour] != outlook.expected[hour - 1] or outlook.allowed[hour] != outlook.allowed[hour - 1]


def _names(first: datetime, hours: int) -> list[tuple[int, str]]:
    """Midnights, or every six hours where there are less than three of them."""
    moments = [(n, first + timedelta(hours=n)) for n in range(hours + 1)]
    if hours < 60:
        return [(n, f"{at:%H:%M}") for n, at in moments if at.hour % 6 == 0]
    return [(n, date_format(at, "D j")) for n, at in moments if at.hour == 0]


def _hours(hours: float) -> str:
    return f"{hours:.1f}" if hours < 10 else f"{hours:.0f}"


def _story(outlook: Outlook) -> str:
    """What the picture says, in words."""
    late = round(outlook.late)
    words = _("All %(all)d papers are expected in time.")
    if late:
        one, many = _("%(n)d of %(all)d papers is expected late."), _("%(n)d of %(all)d papers are expected late.")
        words = one if late == 1 else many
    told = [words % {"n": late, "all": outlook.papers}]
    short = outlook.short_by
    if short is not None:
        told.append(
            _("By the end of %(day)s, %(work)s h of work are due and teachers have %(free)s h.")
            % {
                "day": date_format(short.day, "D j M"),
                "work": _hours(short.work_until),
                "free": _hours(short.free_until),
            }
        )
    if outlook.unseen:
        told.append(_("For %(n)d nobody has time in the next three weeks.") % {"n": outlook.unseen})
    return " ".join(told)

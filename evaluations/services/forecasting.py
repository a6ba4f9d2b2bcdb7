"""From rows to the forecast and back: who marks when, what waits, and what is expected of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from accounts.models import TeacherProfile, WorkingHours
from accounts.services.availability import Span
from courses.models import TeachingQualification
from evaluations.enums import NOT_ELIGIBLE, OPEN_STATES, EvaluationState
from evaluations.models import (
    Evaluation,
    ForecastRun,
    MarkerForecast,
    PaperForecast,
    PictureRequest,
    QuestionMark,
    SlaPolicy,
)
from evaluations.selectors.bookings import booked_spans
from evaluations.selectors.conflicts import Sitting, conflicts_of
from evaluations.selectors.queues import count_of
from evaluations.services.forecast import HOUR, Marker, Outlook, Waiting, by_hour, play, spans_of, without
from evaluations.services.forecast_shares import Share, share_of_each
from evaluations.services.measuring import paces_of
from evaluations.services.policies import clock_calendar
from evaluations.services.sla_clock import Calendar, Interval, WeeklyHours
from evaluations.services.workload import marks_left, work_of

#: How far the play looks; what is not done by then has no expected moment.
HORIZON = timedelta(days=21)
#: So many papers are played, the nearest deadlines first.
MOST = 20_000
BATCH = 1000


@dataclass(frozen=True)
class Queue:
    """What is open at `now`, and the teachers there are for it. `records`: of a share the record it belongs to."""

    now: datetime
    papers: list[Waiting]
    markers: list[Marker]
    records: dict[UUID, UUID] = field(default_factory=dict)


def refresh_forecasts(*, now: datetime) -> int:
    """Plays the open queue and keeps the outlook of each paper; returns of how many. Repeatable."""
    queue = open_queue(now)
    outlooks = play(queue.papers, queue.markers, now=now)
    keep_play(queue, outlooks)
    return len(outlooks)


@transaction.atomic
def keep_play(queue: Queue, outlooks: Mapping[UUID, Outlook]) -> None:
    """Keeps what was played: the outlook of each paper, of each teacher, and the hours of the whole queue."""
    _keep_outlooks([*outlooks.values(), *_of_records(queue, outlooks)], queue.now)
    local = queue.now.astimezone(_institute_zone())
    hours = by_hour(queue.papers, outlooks, queue.markers, now=local, hours=HORIZON // HOUR)
    run = ForecastRun(
        made_at=queue.now,
        papers=len(queue.papers),
        unseen=len(queue.papers) - sum(hour.finished for hour in hours),
        hours=[
            [round(hour.capacity), round(hour.work), hour.finished, hour.due, round(hour.late, 3)] for hour in hours
        ],
    )
    names = ["made_at", "papers", "unseen", "hours"]
    ForecastRun.objects.bulk_create([run], update_conflicts=True, unique_fields=["id"], update_fields=names)
    _keep_shares(share_of_each(queue.papers, outlooks, queue.markers, now=queue.now), queue.now)


def _of_records(queue: Queue, outlooks: Mapping[UUID, Outlook]) -> list[Outlook]:
    """A paper that several teachers share is back no sooner, and at least as likely late, as the last of its shares."""
    parts: dict[UUID, list[Outlook]] = defaultdict(list)
    for share, record in queue.records.items():
        parts[record].append(outlooks[share])
    return [
        Outlook(
            id=record,
            expected_at=None
            if any(one.expected_at is None for one in shares)
            else max(one.expected_at for one in shares if one.expected_at is not None),
            late_chance=max(one.late_chance for one in shares),
            marker=None,
        )
        for record, shares in parts.items()
    ]


def _keep_shares(shares: Iterable[Share], now: datetime) -> None:
    rows = [
        MarkerForecast(
            teacher_id=one.marker,
            made_at=now,
            papers=one.papers,
            work_seconds=round(one.work),
            free_seconds=round(one.free),
            last_due_at=one.last_due_at,
            done_at=one.done_at,
            late=one.late,
        )
        for one in shares
    ]
    names = ["made_at", "papers", "work_seconds", "free_seconds", "last_due_at", "done_at", "late"]
    MarkerForecast.objects.bulk_create(
        rows, batch_size=BATCH, update_conflicts=True, unique_fields=["teacher"], update_fields=names
    )
    MarkerForecast.objects.exclude(teacher__in=[row.teacher_id for row in rows]).delete()


def _keep_outlooks(outlooks: Iterable[Outlook], now: datetime) -> None:
    """One statement for each BATCH; a paper that was finished meanwhile keeps its last outlook."""
    PaperForecast.objects.bulk_create(
        [
            PaperForecast(
                evaluation_id=one.id,
                expected_at=one.expected_at,
                late_chance=one.late_chance,
                marker_id=one.marker,
                made_at=now,
            )
            for one in outlooks
        ],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["evaluation"],
        update_fields=["expected_at", "late_chance", "marker", "made_at"],
    )


def open_queue(now: datetime) -> Queue:
    """The open papers, the nearest deadlines first, and everybody who marks. Eleven queries, however long it is."""
    papers, records = _papers(now)
    return Queue(now, papers, _markers(now), records)


# --- Papers ----------------------------------------------------------------------------------------------------------
def _papers(now: datetime) -> tuple[list[Waiting], dict[UUID, UUID]]:
    """A paper with marks for some of its questions has that share of its marks less to give."""
    asked = PictureRequest.objects.open().filter(evaluation=OuterRef("pk")).order_by("answer_by")
    marked = QuestionMark.objects.filter(evaluation=OuterRef("pk"))
    rows = Evaluation.objects.filter(state__in=OPEN_STATES, finalised_at=None).annotate(
        answer_by=Subquery(asked.values("answer_by")[:1]),
        done=count_of(marked, "evaluation", distinct="question__number"),
    )
    found = list(
        rows.order_by("due_at", "id").values(
            *("id", "record_id", "due_at", "teacher_id", "state", "paused_at", "answer_by", "done", "work"),
            *("is_remark", "attempt_id", "attempt__paper_id", "attempt__student_id", "attempt__exam__programme_id"),
            "attempt__exam_id",
        )[:MOST]
    )
    unknown = work_of((row["attempt_id"], row["attempt__paper_id"]) for row in found if row["work"] is None)
    barred = conflicts_of(
        [Sitting(row["id"], row["attempt__student_id"], row["attempt__exam_id"], row["is_remark"]) for row in found]
    )
    papers = [_waiting(row, row["work"] or unknown[row["attempt_id"]], barred[row["id"]]) for row in found]
    return papers, {row["id"]: row["record_id"] for row in found if row["record_id"] is not None}


def _waiting(row: dict[str, Any], work: dict[str, Any], barred: Mapping[UUID, str]) -> Waiting:
    """What is with somebody who must not begin it is expected of whoever may."""
    types = marks_left(work, row["done"] or 0)
    is_stuck = row["state"] == EvaluationState.ASSIGNED and not row["done"] and barred.get(row["teacher_id"])
    return Waiting(
        id=row["id"],
        due_at=row["due_at"],
        marks=sum(types.values()),
        types=tuple(sorted(types.items())),
        programme=row["attempt__exam__programme_id"],
        marker=None if is_stuck in NOT_ELIGIBLE else row["teacher_id"],
        is_begun=row["state"] == EvaluationState.IN_PROGRESS,
        barred=frozenset(barred),
        ready_at=(row["answer_by"] or row["due_at"]) if row["paused_at"] else None,
    )


# --- Teachers --------------------------------------------------------------------------------------------------------
def _markers(now: datetime) -> list[Marker]:
    """Verified teachers with what they are qualified for, and when they mark until the horizon."""
    profiles = list(
        TeacherProfile.objects.filter(verified_at__isnull=False, user__is_active=True, user__is_teacher=True)
        .select_related("user")
        .prefetch_related("working_hours", "leave")
    )
    paces = paces_of(profiles)
    programmes: dict[UUID, set[UUID]] = defaultdict(set)
    for teacher, programme in TeachingQualification.objects.values_list("teacher_id", "programme_id"):
        programmes[teacher].add(programme)
    institute = institute_calendar()
    booked = booked_spans([profile.pk for profile in profiles], now, now + HORIZON)
    return [
        Marker(
            id=profile.pk,
            spans=tuple(marking_spans(profile, institute, now, now + HORIZON, booked)),
            seconds_per_mark=paces[profile.pk].usual,
            by_type=paces[profile.pk].by_type,
            spread=paces[profile.pk].spread,
            programmes=frozenset(programmes[profile.pk]),
        )
        for profile in profiles
    ]


def institute_calendar() -> Calendar:
    """That of the default promise. Three queries."""
    policy = SlaPolicy.objects.filter(is_default=True).select_related("calendar").first()
    return clock_calendar(policy.calendar) if policy else Calendar(time_zone=_institute_zone())


def calendar_of(profile: TeacherProfile, institute: Calendar, hours: Iterable[Span] | None = None) -> Calendar:
    """When a teacher marks: their own hours in their zone (or `hours` instead), or the institute's; not on its
    holidays, nor on leave."""
    days: dict[int, list[tuple[time, time]]] = defaultdict(list)
    own: Iterable[Span | WorkingHours] = profile.working_hours.all() if hours is None else hours
    for row in sorted(own, key=lambda row: (row.weekday, row.opens)):
        days[row.weekday].append((row.opens, row.closes))
    weekly = WeeklyHours({day: tuple(spans) for day, spans in days.items()}) if days else institute.weekly_hours
    zone = ZoneInfo(profile.user.time_zone) if days else institute.time_zone
    away = {day for leave in profile.leave.all() for day in _days(leave.starts_on, leave.ends_on)}
    return replace(institute, time_zone=zone, weekly_hours=weekly, holidays=institute.holidays | away)


def marking_spans(
    profile: TeacherProfile,
    institute: Calendar,
    start: datetime,
    end: datetime,
    booked: Mapping[UUID, list[Interval]],
    hours: Iterable[Span] | None = None,
) -> list[Interval]:
    """When a teacher marks between two moments: the hours of their calendar, less the time they are with students. All
    that asks how much time a teacher has (assignment, the forecast, a day's plan, the fortnight) asks here."""
    return without(spans_of(calendar_of(profile, institute, hours), start, end), booked.get(profile.pk, ()))


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range(min((last - first).days, 366) + 1))


def _institute_zone() -> ZoneInfo:
    return ZoneInfo(str(timezone.get_default_timezone()))

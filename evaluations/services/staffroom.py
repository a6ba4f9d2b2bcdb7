"""The teachers among whom papers are given out: their hours, pace and open papers, while their rows are locked.

Read once for a batch of papers; what is given out in it counts for the next paper at once.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, Prefetch
from django.db.models.functions import Greatest

from accounts.models import Leave, TeacherProfile, User
from courses.models import TeachingQualification
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, MarkingGroup
from evaluations.selectors.bookings import booked_spans
from evaluations.selectors.conflicts import conflicts_of, sitting_of
from evaluations.services.choosing import AWAY, NOT_MEANT, Option
from evaluations.services.forecast import OpenTime, spans_of
from evaluations.services.forecasting import institute_calendar, marking_spans
from evaluations.services.measuring import paces_of
from evaluations.services.sla_clock import Interval
from evaluations.services.speeds import Pace
from evaluations.services.workload import works_of

WITH_A_TEACHER = (EvaluationState.ASSIGNED, EvaluationState.IN_PROGRESS)
#: Hours are looked at so far ahead, whatever the deadlines: a paper's choice does not depend on what else is chosen.
HORIZON = timedelta(days=21)
DAY = timedelta(days=1)


@dataclass
class Colleague:
    """A teacher while papers are given out. `papers`: the deadline and the seconds left of each that they have."""

    profile: TeacherProfile
    pace: Pace
    hours: OpenTime
    leave: list[tuple[date, date]]
    papers: list[tuple[datetime, int]]
    _sums: list[int] = field(default_factory=list)
    _own: dict[tuple[tuple[str, float], ...], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.papers.sort()
        self._sums = list(accumulate(seconds for _due, seconds in self.papers))

    @property
    def user(self) -> User:
        return self.profile.user

    def due_seconds(self, due_at: datetime) -> int:
        """What is left to do of the papers due no later."""
        at = bisect_right(self.papers, due_at, key=lambda paper: paper[0])
        return self._sums[at - 1] if at else 0

    def own_seconds(self, marks: Mapping[str, float]) -> int:
        key = tuple(sorted(marks.items()))
        if key not in self._own:
            self._own[key] = round(self.pace.seconds(marks))
        return self._own[key]

    def take(self, due_at: datetime, seconds: int) -> None:
        insort(self.papers, (due_at, seconds))
        self.__post_init__()

    def absence(self, today: date, last: date) -> tuple[bool, bool]:
        """Whether they are on leave today, and whether from a later day up to `last`."""
        days = [(start, end) for start, end in self.leave if start <= last and end >= today]
        return any(start <= today for start, _end in days), any(start > today for start, _end in days)


@dataclass
class Staffroom:
    """Who is qualified for each programme, and who must not mark which paper. `unqualified`: verified teachers who are
    not qualified, by programme. `meant`: the teachers named for a group of questions, where any are;
    `settled`: who got one now."""

    now: datetime
    colleagues: dict[UUID, Colleague]
    qualified: dict[UUID, list[UUID]]
    unqualified: dict[UUID, int]
    conflicts: dict[UUID, dict[UUID, str]]
    works: dict[UUID, dict[str, Any]]
    meant: dict[UUID, set[UUID]]
    settled: dict[UUID, UUID] = field(default_factory=dict)

    def options(self, paper: Evaluation) -> list[Option]:
        """Every qualified teacher for the paper, whether they can have it or not."""
        zone = ZoneInfo(paper.policy.calendar.time_zone)
        today = self.now.astimezone(zone).date()
        last = max(today, paper.due_at.astimezone(zone).date())
        marks = self.works[paper.pk]["marks"]
        against = self.conflicts[paper.pk]
        found = [
            self._option(self.colleagues[key], paper.due_at, marks, today, last, against.get(key, ""))
            for key in self.qualified[paper.attempt.exam.programme_id]
        ]
        return found if paper.group is None else [self._for_group(one, paper.group) for one in found]

    def _for_group(self, one: Option, group: MarkingGroup) -> Option:
        """Questions of a group go to those named for it, the one who had them last before the others."""
        meant = self.meant.get(group.pk)
        barrier = one.barrier or (NOT_MEANT if meant and one.teacher not in meant else "")
        return replace(
            one, barrier=barrier, is_settled=self.settled.get(group.pk, group.last_teacher_id) == one.teacher
        )

    def _option(
        self, one: Colleague, due_at: datetime, marks: Mapping[str, float], today: date, last: date, conflict: str
    ) -> Option:
        due, own = one.due_seconds(due_at), one.own_seconds(marks)
        away, leaves_later = one.absence(today, last)
        end = one.hours.moment(due + own)
        return Option(
            teacher=one.profile.pk,
            open_papers=len(one.papers),
            cap=one.profile.open_paper_cap,
            due_seconds=due,
            own_seconds=own,
            open_seconds=int(one.hours.passed((due_at - self.now).total_seconds())),
            end_seconds=None if end == float("inf") else int(end),
            leaves_later=leaves_later,
            barrier=str(conflict) or (AWAY if away else ""),
        )

    def keep_settled(self) -> None:
        """Who got questions of a group now gets the next ones, too. One statement for each group."""
        for group, teacher in self.settled.items():
            MarkingGroup.objects.filter(pk=group).exclude(last_teacher=teacher).update(last_teacher=teacher)

    def give(self, teacher: UUID, paper: Evaluation, seconds: int) -> User:
        self.colleagues[teacher].take(paper.due_at, seconds)
        if paper.group is not None:
            self.settled[paper.group.pk] = teacher
        return self.colleagues[teacher].user


def enter_staffroom(papers: Collection[Evaluation], now: datetime) -> Staffroom:
    """Loads and locks the profiles of all who are qualified, in the order of their ids, so that loads counted now stay
    true until the transaction ends. As many queries for one paper as for a thousand."""
    programmes = {paper.attempt.exam.programme_id for paper in papers}
    qualified: dict[UUID, list[UUID]] = {programme: [] for programme in programmes}
    pairs = TeachingQualification.objects.filter(programme__in=programmes).order_by("teacher_id")
    held = list(pairs.values_list("programme_id", "teacher_id"))
    profiles = _locked_profiles({teacher for _programme, teacher in held}, now)
    for programme, teacher in held:
        if teacher in profiles:
            qualified[programme].append(teacher)
    verified = TeacherProfile.objects.filter(
        user__is_active=True, user__is_teacher=True, verified_at__isnull=False
    ).count()
    return Staffroom(
        now=now,
        colleagues=_colleagues(profiles, now),
        qualified=qualified,
        unqualified={programme: verified - len(teachers) for programme, teachers in qualified.items()},
        conflicts=conflicts_of([sitting_of(paper) for paper in papers]),
        works=works_of(papers),
        meant=meant_for({paper.group_id for paper in papers if paper.group_id is not None}),
    )


def meant_for(groups: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """The teachers named for each group. One query, or none without groups."""
    found: dict[UUID, set[UUID]] = defaultdict(set)
    named = MarkingGroup.teachers.through.objects.filter(markinggroup__in=groups) if groups else ()
    for row in named:
        found[row.markinggroup_id].add(row.user_id)
    return found


def _locked_profiles(teachers: Collection[UUID], now: datetime) -> dict[UUID, TeacherProfile]:
    soon = Leave.objects.filter(ends_on__gte=(now - DAY).date())
    rows = (
        TeacherProfile.objects.select_for_update(of=("self",), no_key=True)
        .select_related("user")
        .prefetch_related("working_hours", Prefetch("leave", soon))
        .filter(user__in=teachers, user__is_active=True, user__is_teacher=True, verified_at__isnull=False)
    )
    return {profile.pk: profile for profile in rows.order_by("pk")}


def _colleagues(profiles: Mapping[UUID, TeacherProfile], now: datetime) -> dict[UUID, Colleague]:
    institute, paces = institute_calendar(), paces_of(list(profiles.values()))
    until = now + HORIZON
    booked = booked_spans(list(profiles), now, until)
    usual: list[Interval] | None = None
    loads = _loads(profiles)
    found = {}
    for key, profile in profiles.items():
        leave = [(row.starts_on, row.ends_on) for row in profile.leave.all()]
        if leave or profile.working_hours.all() or key in booked:
            spans = marking_spans(profile, institute, now, until, booked)
        else:
            spans = usual = spans_of(institute, now, until) if usual is None else usual
        found[key] = Colleague(profile, paces[key], OpenTime(spans, now), leave, loads[key])
    return found


def _loads(teachers: Iterable[UUID]) -> Mapping[UUID, list[tuple[datetime, int]]]:
    """Per teacher: deadline and expected seconds left of each open paper; what was worked on it already is done."""
    left = Greatest(F("expected_seconds") - F("active_seconds"), 0)
    rows = Evaluation.objects.filter(teacher__in=list(teachers), state__in=WITH_A_TEACHER).order_by()
    loads: dict[UUID, list[tuple[datetime, int]]] = defaultdict(list)
    for teacher, due_at, seconds in rows.annotate(left=left).values_list("teacher_id", "due_at", "left"):
        loads[teacher].append((due_at, seconds))
    return loads

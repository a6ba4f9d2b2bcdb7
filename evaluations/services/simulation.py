"""How many teachers a promise needs, on paper: an institute played through by discrete events. No database.

Papers come by a Poisson process, most of them in the evening. Each goes at once to the teacher who is not missing that
day and has the least expected work due no later than it (the rule of `assignment`). Teachers mark the nearest deadline
first, in the hours in which they mark, and finish what they began. A paper takes its marks times the seconds per mark,
times two lognormal factors of mean 1 (as in `forecast`): one for the paper, one for the teacher's day. On the morning
of a day on which a teacher is missing, what they have not begun goes to the others.

Every number of teachers is played several times, each with the same draws as the others: the same papers, and the first
teachers the same people.
Moments are seconds from the first midnight, lengths of work are open seconds (`forecast.OpenTime`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from heapq import heappop, heappush

import numpy as np

from common.errors import DomainError
from evaluations.services.forecast import EVENING_SPREAD, Floats, OpenTime, lognormal, spans_of
from evaluations.services.sla_clock import MIDNIGHT, Calendar, Policy, WeeklyHours, due_at

DAY = 86_400
#: Of a hundred papers, how many come in each hour of the day: after school, and most from seven to ten in the evening.
ARRIVALS = (1, 0, 0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 2, 2, 3, 4, 5, 7, 9, 12, 14, 13, 9, 5)
EVENING_OPENS = 18
MOST_PAPERS = 200_000
MOST_DAYS = 1000
MOST_TEACHERS = 300
#: So many days are played on after the last paper, for what waits then.
RUN_OUT = 30
#: The search stops at so many times the teachers that the bare load needs.
MOST_TIMES = 4
#: What a share that is played may be off.
SURELY = 0.005


class SimulationError(DomainError):
    """A question that cannot be played."""


@dataclass(frozen=True)
class Question:
    """`teachers` is when teachers are there, and `hours` how long they mark of an average day of it."""

    policy: Policy
    calendar: Calendar
    teachers: Calendar
    start: date
    papers_a_day: float = 120
    days: int = 20
    marks: float = 40
    seconds_per_mark: float = 45
    spread: float = 0.4
    evening: float = EVENING_SPREAD
    hours: float = 3
    ill: float = 0
    arrivals: Sequence[float] = ARRIVALS
    seed: int = 0
    plays: int = 5

    def __post_init__(self) -> None:
        numbers = (self.papers_a_day, self.marks, self.seconds_per_mark, self.hours)
        if self.days < 1 or self.plays < 1 or not all(math.isfinite(number) and number > 0 for number in numbers):
            raise SimulationError("Papers a day, days, plays, marks, seconds per mark and hours must be more than 0.")
        if not 0 <= self.spread <= 5 or not 0 <= self.ill <= 0.9:
            raise SimulationError("The spread must be from 0 to 5, and the share of days missed from 0 to 0.9.")
        if self.seed < 0 or self.days > MOST_DAYS or not 1970 <= self.start.year <= 2200:
            raise SimulationError(f"At most {MOST_DAYS} days are played, from 1970 to 2200, with a seed from 0.")
        if self.papers_a_day * self.days * self.plays > MOST_PAPERS:
            raise SimulationError(f"At most {MOST_PAPERS:,} papers are played: take fewer days or plays.")
        if self.share > 1:
            raise SimulationError(f"Teachers cannot mark {self.hours:g} h of a day of {self.hours / self.share:g} h.")

    @property
    def share(self) -> float:
        """Of the time that teachers are there, what goes into marking."""
        days = [sum(_hours(*span) for span in spans) for spans in self.teachers.weekly_hours.days.values() if spans]
        if not days:
            raise SimulationError("The calendar is never open.")
        return self.hours * len(days) / sum(days)

    @property
    def begin(self) -> datetime:
        return self.calendar.at(self.start, MIDNIGHT)

    @property
    def seconds(self) -> float:
        """Mean seconds of marking of one paper."""
        return self.marks * self.seconds_per_mark

    @property
    def working_days(self) -> int:
        return sum(self.teachers.is_working_day(self.start + timedelta(days=n)) for n in range(self.days))


def in_the_evening(calendar: Calendar, hours: float) -> Calendar:
    """The same days and holidays, from six in the evening on."""
    if not 0 < hours < 24 - EVENING_OPENS:
        raise SimulationError(f"An evening has less than {24 - EVENING_OPENS} hours for marking.")
    minutes = EVENING_OPENS * 60 + round(hours * 60)
    evening = ((time(EVENING_OPENS), time(*divmod(minutes, 60))),)
    days = {day: evening for day, spans in calendar.weekly_hours.days.items() if spans}
    return replace(calendar, weekly_hours=WeeklyHours(days))


def _hours(opens: time, closes: time) -> float:
    minutes = closes.hour * 60 + closes.minute - opens.hour * 60 - opens.minute
    return (minutes if closes != MIDNIGHT else minutes + 1440) / 60


# --- What is drawn ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Papers:
    """Of one play, in the order in which they come: when, by when promised, and the open seconds that marking takes."""

    number: int
    at: list[float]
    due: list[float]
    work: list[float]


def draw_papers(question: Question, play: int = 0) -> Papers:
    random = np.random.default_rng([question.seed, play, 0])
    weights = np.asarray(question.arrivals, dtype=float)
    counts = random.poisson(question.papers_a_day * weights / weights.sum(), (question.days, len(weights)))
    length = DAY / len(weights)
    starts: Floats = np.repeat(np.arange(counts.size) * length, counts.ravel())
    at: list[float] = np.sort(starts + random.random(len(starts)) * length).tolist()
    factors = lognormal(np.random.default_rng([question.seed, play, 1]).standard_normal(len(at)), question.spread)
    begin, calendar = question.begin, question.calendar
    moments = (begin + timedelta(seconds=one) for one in at)
    promised = (due_at(submitted_at=one, policy=question.policy, calendar=calendar) for one in moments)
    due = [(one - begin).total_seconds() for one in promised]
    return Papers(play, at, due, (factors * question.seconds / question.share).tolist())


@dataclass
class Teacher:
    """Somebody who marks. `days`: how slow each day is; `free`: the open second at which they are done with all that is
    begun; `waiting`: a heap of deadlines and numbers of papers."""

    hours: OpenTime
    days: list[float]
    missing: frozenset[int]
    free: float = 0.0
    running: float | None = None
    waiting: list[tuple[float, int]] = field(default_factory=list)

    def expected(self, due: float, now: float) -> tuple[int, int]:
        """Papers due no later, and all papers: papers are alike, so they stand for expected minutes."""
        running = self.running is not None and self.free > now
        first = sum(one <= due for one, _ in self.waiting) + (running and (self.running or 0.0) <= due)
        return first, len(self.waiting) + running


def _teacher(question: Question, spans: Sequence[tuple[datetime, datetime]], play: int, number: int) -> Teacher:
    random = np.random.default_rng([question.seed, play, 2, number])
    days = question.days + RUN_OUT
    slow = lognormal(random.standard_normal(days + 2), question.evening).tolist()
    missing = frozenset(np.flatnonzero(random.random(days) < question.ill).tolist())
    first = question.start
    there = [
        span for span in spans if (question.teachers.local_date(span[0]) - first).days not in missing
    ]  # fmt: skip
    return Teacher(OpenTime(there, question.begin), slow, missing)


# --- The play --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Outcome:
    """Of all plays. `at` and `done`: when each paper of the first one came and was done (infinite: not in the time
    played). `median` and `p95`: hours from a paper's coming to its return. `busiest`: of the hour of the day in which
    the most of the teachers' time is used, the share used. `used`: hours of marking per teacher and working day."""

    teachers: int
    at: list[float]
    done: list[float]
    kept: float
    median: float
    p95: float
    busiest: float
    used: float

    def waiting(self, moments: Sequence[float]) -> list[int]:
        """Papers that have come and are not done, at each moment."""
        come = np.searchsorted(self.at, moments, side="right")
        gone = np.searchsorted(np.sort(self.done), moments, side="right")
        return [int(count) for count in come - gone]


class Institute:
    """So many teachers while a question is played."""

    def __init__(self, question: Question, papers: Papers, count: int) -> None:
        self.question, self.papers = question, papers
        end = question.begin + timedelta(days=question.days + RUN_OUT)
        spans = spans_of(question.teachers, question.begin, end)
        self.hours = OpenTime(spans, question.begin)
        self.teachers = [_teacher(question, spans, papers.number, number) for number in range(count)]
        self.done = [math.inf] * len(papers.at)
        self.pieces: list[tuple[Teacher, float, float]] = []

    def play(self) -> None:
        mornings = [day * DAY for day in range(self.question.days + RUN_OUT)] if self.question.ill else []
        events = sorted([(float(at), -1) for at in mornings] + [(at, n) for n, at in enumerate(self.papers.at)])
        for at, number in events:
            for teacher in self.teachers:
                self._mark(teacher, teacher.hours.passed(at))
            if number < 0:
                self._hand_on(at)
            else:
                self._assign(number, at)
        for teacher in self.teachers:
            self._mark(teacher, math.inf)

    def _mark(self, teacher: Teacher, until: float) -> None:
        """Begins what is begun before the open second `until`."""
        while teacher.waiting and teacher.free < until:
            due, number = teacher.waiting[0]
            begin = max(teacher.free, teacher.hours.passed(self.papers.at[number]))
            if begin >= until:
                return
            heappop(teacher.waiting)
            moment = teacher.hours.moment(begin)
            slow = teacher.days[min(int(moment // DAY), len(teacher.days) - 1)] if math.isfinite(moment) else 1.0
            teacher.free, teacher.running = begin + self.papers.work[number] * slow, due
            self.done[number] = teacher.hours.moment(teacher.free)
            self.pieces.append((teacher, begin, teacher.free))

    def _assign(self, number: int, at: float) -> None:
        due, today = self.papers.due[number], int(at // DAY)
        here = [one for one in self.teachers if today not in one.missing] or self.teachers
        best = min(here, key=lambda one: one.expected(due, one.hours.passed(at)))
        heappush(best.waiting, (due, number))

    def _hand_on(self, at: float) -> None:
        today = int(at // DAY)
        if all(today in one.missing for one in self.teachers):
            return
        for teacher in self.teachers:
            if today in teacher.missing:
                moved, teacher.waiting = sorted(teacher.waiting), []
                for _, number in moved:
                    self._assign(number, at)

    def worked(self) -> float:
        return sum(until - begin for _, begin, until in self.pieces) * self.question.share / 3600

    def load(self) -> tuple[Floats, Floats]:
        """By hour of the day, the time teachers were there and what of it they used, until the last paper came."""
        end = float(self.question.days * DAY)
        there, used = np.zeros(24), np.zeros(24)
        for teacher in self.teachers:
            _by_hour(there, teacher.hours, 0.0, math.inf, end)
        for teacher, begin, until in self.pieces:
            _by_hour(used, teacher.hours, begin, until, end)
        return there, used


def _by_hour(sums: Floats, hours: OpenTime, begin: float, until: float, end: float) -> None:
    """Adds the open time between two open seconds to the hours of the day it falls in, up to the moment `end`."""
    at = int(np.searchsorted(hours.until, begin, side="right"))
    while at < len(hours.until) and hours.before[at] < until:
        shift = hours.starts[at] - hours.before[at]
        start, stop = max(begin, hours.before[at]) + shift, min(until, hours.until[at]) + shift
        stop = min(stop, end)
        while start < stop:
            step = min(stop, (start // 3600 + 1) * 3600)
            sums[int(start % DAY // 3600)] += step - start
            start = step
        at += 1


def play_with(question: Question, draws: Sequence[Papers], teachers: int) -> Outcome:
    """So many teachers with the papers of each play."""
    played = [Institute(question, papers, teachers) for papers in draws]
    for one in played:
        one.play()
    at = np.concatenate([papers.at for papers in draws])
    due = np.concatenate([papers.due for papers in draws])
    done = np.concatenate([one.done for one in played])
    hours = (done - at) / 3600 if len(at) else np.zeros(1)
    there, used = np.sum([one.load() for one in played], axis=0)
    busy = np.divide(used, there, out=np.zeros(24), where=there > 0)
    return Outcome(
        teachers=teachers,
        at=draws[0].at,
        done=played[0].done,
        kept=float(np.mean(done <= due)) if len(at) else 1.0,
        median=float(np.quantile(hours, 0.5, method="higher")),
        p95=float(np.quantile(hours, 0.95, method="higher")),
        busiest=float(busy.max()),
        used=sum(one.worked() for one in played) / len(played) / teachers / question.working_days,
    )


# --- The answer ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Answer:
    """`rows` by number of teachers, upwards. `needed` is None where the target is not reached; `ceiling` is the share
    kept if every paper had a teacher of its own. `load`: teachers that the bare work needs."""

    needed: int | None
    ceiling: float
    load: float
    rows: list[Outcome]


def ceiling(question: Question, draws: Sequence[Papers]) -> float:
    """The share kept where nobody waits for anybody: what more and more teachers come close to."""
    end = question.begin + timedelta(days=question.days + RUN_OUT)
    hours = OpenTime(spans_of(question.teachers, question.begin, end), question.begin)
    kept: list[bool] = []
    for papers in draws:
        random = np.random.default_rng([question.seed, papers.number, 3])
        days = lognormal(random.standard_normal(len(papers.at)), question.evening).tolist()
        for at, due, work, slow in zip(papers.at, papers.due, papers.work, days, strict=True):
            kept.append(hours.moment(hours.passed(at) + work * slow) <= due)
    return sum(kept) / len(kept) if kept else 1.0


def find_team(question: Question, *, target: float, beyond: int = 3) -> Answer:
    """The least number of teachers that keeps the share `target` of promises, as the few more that are shown do too.

    The search goes up from the load: with fewer the work is more than the teachers' time. Where the target is surely
    over what any number keeps, only the first few numbers are played.
    """
    if not 0 < target <= 1:
        raise SimulationError("The share of promises to keep must be over 0 and at most 1.")
    if not question.working_days:
        raise SimulationError("Teachers have no working day in these days.")
    draws = [draw_papers(question, play) for play in range(question.plays)]
    load = question.papers_a_day * question.days * question.seconds / (question.working_days * question.hours * 3600)
    load /= 1 - question.ill
    if load > MOST_TEACHERS:
        raise SimulationError(
            f"That is work for {load:.0f} teachers; up to {MOST_TEACHERS} are played: ask for a part of it."
        )
    first, best = max(1, math.ceil(load)), ceiling(question, draws)
    last = first + beyond if best < target - SURELY else MOST_TIMES * first + 20
    rows: list[Outcome] = []
    needed = None
    for count in range(first, last + 1):
        rows.append(play_with(question, draws, count))
        if rows[-1].kept < target:
            needed = None  # what one more takes back was luck
        elif needed is None:
            needed = count
        if needed is not None and count == needed + beyond:
            break
    return Answer(needed, best, load, rows)

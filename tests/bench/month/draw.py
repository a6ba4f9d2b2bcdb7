"""The world of the month, drawn: teachers with hours, leave, illness and true speeds; papers with moments and lengths.

Pure. What a teacher really takes is known here only; the product sees what it measures. The same options draw the same
world for every strategy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

INDIA = ZoneInfo("Asia/Kolkata")
#: Monday of the month. Diwali and Guru Nanak Jayanti fall into it.
FIRST = date(2026, 11, 2)
HOLIDAYS = {
    date(2026, 11, 9): "Govardhan Puja",
    date(2026, 11, 11): "Bhai Dooj",
    date(2026, 11, 24): "Guru Nanak Jayanti",
}
POLICIES = ("working-9h", "elapsed-48h", "same-day")
#: Of each kind of exam: share of the papers, and its written questions as (type, marks).
KINDS: tuple[tuple[float, tuple[tuple[str, int], ...]], ...] = (
    (0.45, (("short_answer", 18),)),
    (0.30, (("long_answer", 12), ("case_study", 8))),
    (0.25, (("long_answer", 15),)),
)
#: How much longer or shorter a mark of a type takes, for everybody.
TYPE_FACTOR = {"short_answer": 0.75, "long_answer": 1.15, "case_study": 1.3}
#: Seconds per mark that the product starts from, and what teachers really take on average.
STORED, TRUE = 45, 50
WEEK, WEEKDAYS = range(6), range(5)
#: Hours of teachers by turns; None: no hours of their own, those of the institute.
PATTERNS: tuple[tuple[int, tuple[tuple[range | tuple[int, ...], int, int], ...] | None], ...] = (
    (8, ((WEEK, 7, 10),)),
    (8, ((WEEKDAYS, 10, 14),)),
    (8, ((WEEK, 14, 18),)),
    (8, ((WEEKDAYS, 18, 22),)),
    (4, ((WEEK, 8, 10), (WEEK, 20, 22))),
    (2, None),
    (2, (((1, 3, 5), 12, 18),)),
)
#: Papers by the hour of the day in which they are handed in: few in the morning, most in the evening.
BY_HOUR = (1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 6, 6, 5, 5, 6, 8, 11, 14, 16, 17, 15, 10, 4)
BY_WEEKDAY = (1.0, 0.95, 0.95, 0.95, 1.0, 1.25, 1.2)
#: Coefficients of variation: of one question, of a teacher's day.
PAPER_SPREAD, DAY_SPREAD = 0.4, 0.15
SPIKE = 0.10
LOST, LEFT = 0.02, 0.03

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Options:
    papers: int = 10_000
    teachers: int = 40
    days: int = 30
    seed: int = 1
    step: int = 10  # minutes between two beats
    forecast: int = 30  # minutes between two forecasts


@dataclass(frozen=True)
class Teacher:
    """`speeds`: true seconds per mark by type on the first day; `drift`: what a day multiplies them by. `days`: slow
    and quick days. `leave`: planned, first and last days; `ill`: (first day, last day, told at)."""

    number: int
    hours: tuple[tuple[range | tuple[int, ...], int, int], ...] | None
    speeds: dict[str, float]
    drift: float
    days: Floats
    leave: tuple[tuple[date, date], ...]
    ill: tuple[tuple[date, date, datetime], ...]
    spans: list[tuple[datetime, datetime]] = field(default_factory=list)


@dataclass(frozen=True)
class Paper:
    """`factors`: how much longer than usual each question is. `is_lost`: the sweep has to find it. `left`: minutes for
    which the first teacher gets up in the middle of it, 0: does not."""

    number: int
    at: datetime
    student: int
    kind: int
    factors: tuple[float, ...]
    is_lost: bool
    left: float


@dataclass(frozen=True)
class World:
    options: Options
    teachers: list[Teacher]
    papers: list[Paper]
    students: int
    policy_of: list[str]  # by student
    wards: dict[int, int]  # student -> the teacher who is their guardian

    @property
    def start(self) -> datetime:
        return local(FIRST, 0)

    @property
    def end(self) -> datetime:
        return local(FIRST + timedelta(days=self.options.days), 0)


def local(day: date, hour: float) -> datetime:
    return datetime.combine(day, time(0), INDIA).astimezone(UTC) + timedelta(hours=hour)


def lognormal(random: np.random.Generator, spread: float, size: int) -> Floats:
    variance = float(np.log1p(spread * spread))
    return random.lognormal(-variance / 2, variance**0.5, size)


def draw_world(options: Options) -> World:
    random = np.random.default_rng(options.seed)
    teachers = [_teacher(number, options, random) for number in range(options.teachers)]
    students = max(20, options.papers // 6)
    wards = {int(s): n for n, s in enumerate(random.choice(students, options.teachers // 4, replace=False))}
    return World(
        options=options,
        teachers=teachers,
        papers=_papers(options, students, random),
        students=students,
        policy_of=[POLICIES[n % 3] for n in range(students)],
        wards=wards,
    )


def seconds(world: World, teacher: Teacher, paper: Paper, question: int, now: datetime) -> float:
    """What the teacher really takes for a question that is begun now."""
    kind, marks = KINDS[paper.kind][1][question]
    day = (now - world.start) / timedelta(days=1)
    slow = teacher.days[min(int(day), len(teacher.days) - 1)]
    return float(marks * teacher.speeds[kind] * teacher.drift**day * slow * paper.factors[question])


# --- Teachers --------------------------------------------------------------------------------------------------------
def _pattern(number: int) -> Any:
    turns = [hours for count, hours in PATTERNS for _ in range(count)]
    # 11 and 40 have no common divisor, so few teachers are a mixture too.
    return turns[number * 11 % len(turns)]


def _teacher(number: int, options: Options, random: np.random.Generator) -> Teacher:
    usual = TRUE * float(lognormal(random, 0.3, 1)[0])
    own = lognormal(random, 0.15, len(TYPE_FACTOR))
    days = options.days + 15
    leave, ill = _absence(options, random)
    teacher = Teacher(
        number=number,
        hours=_pattern(number),
        speeds={kind: usual * factor * one for (kind, factor), one in zip(TYPE_FACTOR.items(), own, strict=True)},
        # Over 30 days up to a quarter slower or quicker.
        drift=float(np.exp(random.uniform(-0.25, 0.22) / 30)),
        days=lognormal(random, DAY_SPREAD, days),
        leave=leave,
        ill=ill,
    )
    teacher.spans.extend(_spans(teacher, days))
    return teacher


def _absence(options: Options, random: np.random.Generator) -> tuple[Any, Any]:
    def some(lengths: tuple[int, int]) -> tuple[date, date]:
        first = FIRST + timedelta(days=int(random.integers(1, max(2, options.days - 1))))
        return first, first + timedelta(days=int(random.integers(*lengths)) - 1)

    # As often as in a month: planned leave of one to five days for a third, illness of one to four for four tenths.
    share = options.days / 30
    leave = (some((1, 6)),) if random.random() < 0.35 * share else ()
    ill = some((1, 5)) if random.random() < 0.4 * share else None
    told = local(ill[0], float(random.uniform(7, 10))) if ill else None
    return leave, ((*ill, told),) if ill else ()


def _spans(teacher: Teacher, days: int) -> list[tuple[datetime, datetime]]:
    """When the teacher is really there. Those without hours of their own keep the institute's, holidays are free."""
    found = []
    for day in (FIRST + timedelta(days=n) for n in range(days)):
        away = any(first <= day <= last for first, last, *_ in (*teacher.leave, *teacher.ill))
        if away or day in HOLIDAYS:
            continue
        rows = teacher.hours if teacher.hours is not None else ((WEEK, 9, 18),)
        found += [(local(day, a), local(day, b)) for weekdays, a, b in rows if day.weekday() in weekdays]
    return sorted(found)


# --- Papers ----------------------------------------------------------------------------------------------------------
def _papers(options: Options, students: int, random: np.random.Generator) -> list[Paper]:
    spiked = round(options.papers * SPIKE)
    dates = [FIRST + timedelta(days=n) for n in range(options.days)]
    weights = np.array([BY_WEEKDAY[day.weekday()] for day in dates])
    day = random.choice(options.days, options.papers - spiked, p=weights / weights.sum())
    hours = np.array(BY_HOUR) / sum(BY_HOUR)
    hour = random.choice(24, options.papers - spiked, p=hours) + random.random(options.papers - spiked)
    # The exam day: a Wednesday a little after the middle, everybody hands in between five and seven.
    exam = np.full(spiked, min(options.days - 1, options.days * 16 // 30))
    day, hour = np.append(day, exam), np.append(hour, 17 + 2 * random.random(spiked))
    kinds = random.choice(len(KINDS), options.papers, p=[share for share, _ in KINDS])
    kinds[-spiked:] = 1
    who = random.integers(0, students, options.papers)
    factors = lognormal(random, PAPER_SPREAD, options.papers * 3).reshape(-1, 3)
    lost, left = random.random(options.papers), random.random(options.papers)
    minutes = random.uniform(40, 180, options.papers)
    moments = [local(dates[int(d)], float(h)) for d, h in zip(day, hour, strict=True)]
    order = sorted(range(options.papers), key=lambda n: moments[n])
    return [
        Paper(
            number=number,
            at=moments[n].replace(microsecond=0),
            student=int(who[n]),
            kind=int(kinds[n]),
            factors=tuple(float(one) for one in factors[n][: len(KINDS[int(kinds[n])][1])]),
            is_lost=bool(lost[n] < LOST),
            left=float(minutes[n]) if left[n] < LEFT else 0.0,
        )
        for number, n in enumerate(order)
    ]

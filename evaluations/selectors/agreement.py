"""How far markers agree, from pairs of marks that were given to the same answers blind.

Quadratic weighted kappa: J. Cohen, "Weighted kappa: nominal scale agreement with provision for scaled disagreement or
partial credit", Psychological Bulletin 70 (1968) 213–220, with weights (i − j)²: 1 − Σ w·o / Σ w·e, o the pairs as they
are and e those of two markers with the same marks in any order. Its two sums are means of squares, so no table of
categories is needed: κ = 1 − mean((a − b)²) / (var a + var b + (mean a − mean b)²), variances over all pairs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from uuid import UUID

from django.db.models import Avg, Count, FloatField, Q
from django.db.models.functions import Abs, Cast
from django.utils import timezone

from evaluations.models import CalibrationPair, MarkingSpeed, MarkPair

#: Fewer pairs say nothing of a marker.
FEWEST_PAIRS = 10
#: The width of the control limits in standard errors (Shewhart's three).
LIMIT = 3


@dataclass(frozen=True)
class Given:
    """One answer: what the marker gave and what the other gave, of so many marks."""

    own: float
    other: float
    most: float
    at: datetime

    @property
    def difference(self) -> float:
        return self.own - self.other


@dataclass(frozen=True)
class Agreement:
    """`pairs` answers. `kappa`: quadratic weighted, None where nothing varies. `distance`: mean absolute difference in
    marks; `severity`: mean of what the marker gave less what the other gave, in marks: below 0 is strict."""

    pairs: int
    kappa: float | None
    distance: float
    severity: float


@dataclass(frozen=True)
class Week:
    """The mean difference of the pairs of one week, which begins on `starts`, and whether it is out of its limits:
    LIMIT · s / √n around the mean of all."""

    starts: datetime
    pairs: int
    mean: float
    low: float
    high: float

    @property
    def is_out(self) -> bool:
        return not self.low <= self.mean <= self.high


@dataclass(frozen=True)
class MarkerAgreement:
    teacher: UUID
    name: str
    agreement: Agreement
    weeks: list[Week]
    seconds_per_mark: float | None


@dataclass(frozen=True)
class QuestionAgreement:
    exam: str
    number: int
    agreement: Agreement


def agreement_of(pairs: Sequence[tuple[float, float]]) -> Agreement | None:
    """Of (own, other) marks; None without any. Pure."""
    n = len(pairs)
    if not n:
        return None
    own, other = sum(a for a, _b in pairs) / n, sum(b for _a, b in pairs) / n
    squares = sum((a - b) ** 2 for a, b in pairs) / n
    spread = sum((a - own) ** 2 for a, _b in pairs) / n + sum((b - other) ** 2 for _a, b in pairs) / n
    by_chance = spread + (own - other) ** 2
    return Agreement(
        pairs=n,
        kappa=1 - squares / by_chance if by_chance > 0 else None,
        distance=sum(abs(a - b) for a, b in pairs) / n,
        severity=own - other,
    )


def weeks_of(given: Iterable[Given]) -> list[Week]:
    """The control chart of a marker, in time order. Pure. Weeks begin on Mondays of the institute's zone."""
    found = list(given)
    if not found:
        return []
    differences = [one.difference for one in found]
    centre = sum(differences) / len(differences)
    deviation = sqrt(sum((one - centre) ** 2 for one in differences) / max(1, len(differences) - 1))
    by_week: dict[datetime, list[float]] = defaultdict(list)
    for one in found:
        by_week[_monday(one.at)].append(one.difference)
    weeks = []
    for starts, values in sorted(by_week.items()):
        width = LIMIT * deviation / sqrt(len(values))
        weeks.append(Week(starts, len(values), sum(values) / len(values), centre - width, centre + width))
    return weeks


def agreements(*, since: datetime, until: datetime) -> list[MarkerAgreement]:
    """Every marker with pairs in the span, those who agree least first. Each pair counts for both; what was marked
    beside a reference counts for its teacher. Three queries."""
    rows = MarkPair.objects.filter(at__gte=since, at__lt=until).order_by("at", "id")
    names: dict[UUID, str] = {}
    given: dict[UUID, list[Given]] = defaultdict(list)
    for first, first_name, second, second_name, one, other, most, at in rows.values_list(
        *("first_id", "first__name", "second_id", "second__name", "first_marks", "second_marks", "max_marks", "at")
    ):
        names |= {first: first_name, second: second_name}
        given[first].append(Given(float(one), float(other), float(most), at))
        given[second].append(Given(float(other), float(one), float(most), at))
    for teacher, name, given_marks, reference, most, at in CalibrationPair.objects.filter(
        at__gte=since, at__lt=until
    ).values_list("teacher_id", "teacher__name", "given", "reference", "max_marks", "at"):
        names[teacher] = name
        given[teacher].append(Given(float(given_marks), float(reference), float(most), at))
    speeds = dict(
        MarkingSpeed.objects.filter(teacher__in=list(given), question_type="").values_list(
            "teacher_id", "seconds_per_mark"
        )
    )
    found = [
        MarkerAgreement(
            teacher, names[teacher], made, weeks_of(sorted(theirs, key=lambda one: one.at)), speeds.get(teacher)
        )
        for teacher, theirs in given.items()
        if (made := agreement_of([(one.own, one.other) for one in theirs]))
    ]
    return sorted(found, key=lambda one: (one.agreement.kappa is None, one.agreement.kappa or 0, one.name))


def question_agreements(*, since: datetime, until: datetime) -> list[QuestionAgreement]:
    """Per exam and number, those on which markers differ most first. One query. Severity is the second marking's."""
    rows = MarkPair.objects.filter(at__gte=since, at__lt=until).order_by("id")
    found: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
    for exam, number, first, second in rows.values_list(
        "evaluation__attempt__exam__title", "question__number", "first_marks", "second_marks"
    ):
        found[exam, number].append((float(second), float(first)))
    lines = [
        QuestionAgreement(exam, number, made)
        for (exam, number), given in found.items()
        if (made := agreement_of(given))
    ]
    return sorted(lines, key=lambda line: (-line.agreement.distance, line.exam, line.number))[:50]


def mean_difference_of(teacher: UUID, *, since: datetime) -> float | None:
    """By how much of a question's marks the teacher and others differ on average, 0 to 1; None with few pairs."""
    theirs = MarkPair.objects.filter(Q(first=teacher) | Q(second=teacher), at__gte=since, max_marks__gt=0)
    first, second, most = (Cast(name, FloatField()) for name in ("first_marks", "second_marks", "max_marks"))
    share = Abs(first - second) / most
    found = theirs.order_by().aggregate(n=Count("pk"), mean=Avg(share))
    return float(found["mean"]) if found["n"] >= FEWEST_PAIRS else None


def _monday(moment: datetime) -> datetime:
    day = timezone.localtime(moment, timezone.get_default_timezone())
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=day.weekday())

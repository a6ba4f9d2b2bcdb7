"""The formulas of classical item analysis, on sums of whole numbers. Pure: no database.

Scores are shares of the possible marks in ten-thousandths, so that questions and papers of any size compare and adding
is exact: the same attempts give the same numbers in whatever order they come. Attempts are ranked by their total in
whole per cent; those with the same per cent are tied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import sqrt
from typing import Any

from assessments.services import time_histogram

SCALE = 10_000
GROUP = Fraction(27, 100)
# The label under which `choices` counts those who left the question out.
OMITTED = ""
# Beyond this share of those who sat a question, its flags put it into the review list (SPEC §3.1).
FLAG_SHARE = Fraction(1, 10)
# A correlation of nothing has a standard error of about 1/√n: below 30 attempts a negative one is mostly chance.
MIN_PAIRS = 30


@dataclass(frozen=True)
class Sighting:
    """One question as one attempt met it. `rest` is the score on everything else of the paper, None without such."""

    version: str
    score: int
    rest: int | None
    percent: int
    choices: tuple[str, ...] = ()
    seconds: int | None = None

    def stored(self) -> list[Any]:
        """As JSON holds it; the time only where there is one."""
        row = [self.version, self.score, self.rest, self.percent, list(self.choices)]
        return row if self.seconds is None else [*row, self.seconds]

    @classmethod
    def read(cls, row: list[Any]) -> Sighting:
        version, score, rest, percent, choices, *seconds = row
        return cls(version, score, rest, percent, tuple(choices), *seconds)


@dataclass
class ItemSums:
    """All that is kept of the attempts at one question version.

    `by_percent`: {percent of the total: [attempts, sum of scores]}; `choices`: {label: {percent: attempts}}. The sums
    from `pairs` on are over attempts that have a rest score. `timed` attempts took `seconds` together; `times` is their
    histogram (time_histogram).
    """

    attempts: int = 0
    omitted: int = 0
    scores: int = 0
    pairs: int = 0
    pair_scores: int = 0
    pair_squares: int = 0
    rests: int = 0
    rest_squares: int = 0
    products: int = 0
    by_percent: dict[str, list[int]] = field(default_factory=dict)
    choices: dict[str, dict[str, int]] = field(default_factory=dict)
    timed: int = 0
    seconds: int = 0
    times: dict[str, int] = field(default_factory=dict)

    def add(self, seen: Sighting, times: int = 1) -> None:
        """Counts `seen`; with `times` −1 takes it out again."""
        self.attempts += times
        self.scores += times * seen.score
        percent = str(seen.percent)
        count, scores = self.by_percent.get(percent, (0, 0))
        _keep(self.by_percent, percent, [count + times, scores + times * seen.score])
        for label in seen.choices:
            counts = self.choices.setdefault(label, {})
            _keep(counts, percent, counts.get(percent, 0) + times)
            if not counts:
                del self.choices[label]
        if OMITTED in seen.choices:
            self.omitted += times
        if seen.rest is not None:
            self.pairs += times
            self.pair_scores += times * seen.score
            self.pair_squares += times * seen.score**2
            self.rests += times * seen.rest
            self.rest_squares += times * seen.rest**2
            self.products += times * seen.score * seen.rest
        if seen.seconds is not None:
            self.timed += times
            self.seconds += times * seen.seconds
            bucket = time_histogram.bucket_of(seen.seconds)
            _keep(self.times, bucket, self.times.get(bucket, 0) + times)


def _keep(counts: dict[str, Any], key: str, value: Any) -> None:
    """Without zeros, so that adding and taking out leaves what was there."""
    if value in (0, [0, 0]):
        counts.pop(key, None)
    else:
        counts[key] = value


def share(marks: Decimal, maximum: Decimal) -> int:
    """`marks` of `maximum` in ten-thousandths, halves up; within 0 and all."""
    exact = Fraction(marks) / Fraction(maximum) * SCALE
    return min(SCALE, max(0, int(exact + Fraction(1, 2))))


# --- The paper of one attempt ----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class MarkedItem:
    """A question of a paper with what one attempt got for it.

    `marks` None: the question cannot be judged (its key was unusable); it counts 0 in the total, as it does for the
    student, and nothing in its own statistics.
    """

    version: str
    number: int
    alternative: str
    maximum: Decimal
    marks: Decimal | None
    choices: tuple[str, ...] = ()
    seconds: int | None = None

    @property
    def is_omitted(self) -> bool:
        return OMITTED in self.choices


def sightings(items: Iterable[MarkedItem]) -> list[Sighting]:
    """What an attempt adds to the statistics of its questions.

    Of two alternatives the better one counts in the total; the one that was left out was not chosen rather than
    omitted, and adds nothing. The rest score of a question is the score on all other numbers of the paper (corrected
    item–total: Henrysson, S. (1963). Correction of item–total correlations in item analysis. Psychometrika 28,
    211–218).
    """
    rows = list(items)
    gained: dict[int, Decimal] = {}
    possible: dict[int, Decimal] = {}
    for row in rows:
        gained[row.number] = max(gained.get(row.number, Decimal(0)), row.marks or Decimal(0))
        possible[row.number] = max(possible.get(row.number, Decimal(0)), row.maximum)
    total, maximum = sum(gained.values(), Decimal(0)), sum(possible.values(), Decimal(0))
    seen = []
    for row in rows:
        if row.marks is None or row.maximum <= 0 or (row.alternative and row.is_omitted):
            continue
        rest_maximum = maximum - possible[row.number]
        rest = share(total - gained[row.number], rest_maximum) if rest_maximum > 0 else None
        percent = share(total, maximum) * 100 // SCALE
        score = share(row.marks, row.maximum)
        seen.append(Sighting(row.version, score, rest, percent, row.choices, row.seconds))
    return seen


# --- The figures -----------------------------------------------------------------------------------------------------
def facility(sums: ItemSums) -> float | None:
    """The mean share of the marks that was won; for a question marked right or wrong, the share of right answers.

    Lord, F. M., & Novick, M. R. (1968). Statistical Theories of Mental Test Scores (there: item difficulty).
    """
    return sums.scores / (sums.attempts * SCALE) if sums.attempts else None


def discrimination(sums: ItemSums) -> float | None:
    """Pearson's correlation of the question's score with the score on the rest of the paper, −1 to 1.

    For a question marked right or wrong this is the point-biserial correlation (Lord & Novick 1968), corrected
    for the question's own part in the total (Henrysson 1963). None when either score is the same for everybody.
    """
    n = sums.pairs
    item = n * sums.pair_squares - sums.pair_scores**2
    rest = n * sums.rest_squares - sums.rests**2
    if item <= 0 or rest <= 0:
        return None
    covered = n * sums.products - sums.pair_scores * sums.rests
    return max(-1.0, min(1.0, covered / (sqrt(item) * sqrt(rest))))


def upper_lower(sums: ItemSums) -> float | None:
    """The mean score of the best 27 % by total, less that of the weakest 27 %.

    27 %: Kelley, T. L. (1939). The selection of upper and lower groups for the validation of test items. Journal of
    Educational Psychology 30, 17–24. The index: Johnson, A. P. (1951). Notes on a suggested index of item validity: the
    U-L index. Journal of Educational Psychology 42, 499–504. A tie across the border of a group enters with its mean
    score, for the share of it that the group still needs.
    """
    if sums.attempts < 2:
        return None
    ranked = sorted((int(percent), count, scores) for percent, (count, scores) in sums.by_percent.items())
    size = sums.attempts * GROUP
    return float((_group_sum(reversed(ranked), size) - _group_sum(iter(ranked), size)) / (size * SCALE))


def _group_sum(ranked: Iterator[tuple[int, int, int]], size: Fraction) -> Fraction:
    """The sum of scores of the first `size` attempts."""
    total, left = Fraction(0), size
    for _percent, count, scores in ranked:
        taken = min(left, Fraction(count))
        total += Fraction(scores, count) * taken
        left -= taken
        if not left:
            break
    return total


def choice_table(sums: ItemSums) -> dict[str, list[int]]:
    """How many of the upper, middle and lower third by total chose each label: {label: [upper, middle, lower]}.

    "all" holds the sizes of the thirds, "" those who left the question out. Ties stay together, in the third where
    their middle rank falls, so the thirds may differ in size.
    """
    third_of, below = {}, 0
    for percent in sorted(sums.by_percent, key=int):
        count = sums.by_percent[percent][0]
        # Twice the middle rank, against thirds of twice the whole; 0 is the lower third.
        third_of[percent] = 2 - min(2, 3 * (2 * below + count) // (2 * sums.attempts))
        below += count
    table = {"all": [0, 0, 0]}
    for percent, (count, _scores) in sums.by_percent.items():
        table["all"][third_of[percent]] += count
    for label, counts in sums.choices.items():
        table[label] = [0, 0, 0]
        for percent, count in counts.items():
            table[label][third_of[percent]] += count
    return dict(sorted(table.items()))


def is_flagged(*, flags: int, attempts: int) -> bool:
    """More than 10 % of those who sat the question flagged it; before anybody has, one flag is enough."""
    return flags > attempts * FLAG_SHARE


def is_negative(*, value: float | None, pairs: int, reviewed_pairs: int = 0) -> bool:
    """Weak students do better on it than strong ones, over enough attempts.

    After a review that let the question stand, twice as many attempts have to say so again.
    """
    return value is not None and value < 0 and pairs >= max(MIN_PAIRS, 2 * reviewed_pairs)

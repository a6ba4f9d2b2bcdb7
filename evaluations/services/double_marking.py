"""Which papers are marked twice, and whether two markings agree. Pure: no database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from uuid import UUID

from common.models import HALF
from evaluations.selectors.totals import plain

#: Shares of papers are drawn as whole ten-thousandths.
FINENESS = 10_000


@dataclass(frozen=True)
class Difference:
    """What two markers gave to one number of the paper, which carries `maximum`."""

    number: int
    first: Decimal
    second: Decimal
    maximum: Decimal

    def __str__(self) -> str:
        return f"Q{self.number} ({plain(self.first)} and {plain(self.second)} of {plain(self.maximum)})"


@dataclass(frozen=True)
class Tolerance:
    """Up to `marks`, or `percent` of the question where that is more, two marks are the same."""

    marks: Decimal
    percent: int

    def allows(self, one: Difference) -> bool:
        return abs(one.first - one.second) <= max(self.marks, one.maximum * self.percent / 100)

    def broken(self, differences: Iterable[Difference]) -> list[Difference]:
        return [one for one in differences if not self.allows(one)]


@dataclass(frozen=True)
class Risk:
    """What makes a paper worth a second look; marks in whole papers. `finished`: papers its marker has finished
    before, `disagreement`: the mean difference of their recent pairs as a share of a question's marks, None with fewer
    than some pairs."""

    total: Decimal
    most: Decimal
    finished: int
    disagreement: float | None

    def reasons(
        self, *, pass_percent: int, margin_percent: int, new_papers: int, disagreement_percent: int
    ) -> list[str]:
        found = []
        pass_mark = self.most * pass_percent / 100
        if abs(self.total - pass_mark) <= self.most * margin_percent / 100:
            found.append(f"borderline: {plain(self.total)}, the pass mark is {plain(pass_mark)}")
        if self.finished < new_papers:
            found.append(f"new marker: {self.finished} papers finished before")
        if self.disagreement is not None and 100 * self.disagreement > disagreement_percent:
            found.append(f"the marker's recent differences: {100 * self.disagreement:.0f} % of a question")
        return found


def is_sampled(paper: UUID, percent: int) -> bool:
    """Whether a paper is in the sample. The same paper always gives the same answer, and of a larger sample every
    smaller one is a part."""
    drawn = int.from_bytes(sha256(b"second marking" + paper.bytes).digest()[:8])
    return drawn % FINENESS < percent * FINENESS // 100


def mean_in_halves(first: Decimal, second: Decimal) -> Decimal:
    """The mean of two marks; a quarter goes up to the next half, for the student."""
    return ((first + second) / 2 / HALF).quantize(Decimal(1), ROUND_HALF_UP) * HALF

"""How fast a teacher marks, by type of question, and how sure that is. Pure arithmetic, no database.

Time on a paper is counted by its counter of active seconds: heartbeats of the desk and everything that is saved move
it, a break does not (at most two minutes of it). What it went on by from one mark to the next was spent on the later
one's question. So neither waiting for a clearer picture nor a night between two marks is taken for work.

The logarithms of a teacher's seconds per mark, paper by paper, are taken as normal (W. J. van der Linden, "A lognormal
model for response times", 2006). Their centre is the median and their deviation 1.4826 times the median absolute
deviation (F. R. Hampel, "The influence curve and its role in robust estimation", 1974): one paper over which the
teacher fell asleep changes neither much. Both are drawn to what would be thought without having measured, as
PRIOR_PAPERS papers more would draw them: the credibility n / (n + k) of H. Bühlmann, "Experience rating and
credibility", 1967, where k is the variance between papers of one teacher over that between teachers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import exp, expm1, log, log1p, sqrt
from statistics import median
from uuid import UUID

#: Of a teacher's last papers so many are measured.
PAPERS = 50
#: Bühlmann's k: papers of one teacher vary by 0.4, teachers by about 0.2 around each other.
PRIOR_PAPERS = 4
#: The mean over all types moves with every paper: the last one weighs a fifth.
LAST_PAPER_WEIGHT = Decimal("0.2")
#: Coefficient of variation of the time of a paper where none is measured.
USUAL_SPREAD = 0.4
#: Seconds per mark that are believed.
FASTEST, SLOWEST = 5, 600
#: And the largest coefficient of variation that is: one who is quick with half of the papers only.
WIDEST = 1.5
#: What the median absolute deviation of normal values is multiplied by to give their standard deviation.
TO_DEVIATION = 1.4826


@dataclass(frozen=True)
class Sign:
    """A mark that was saved. `marks`: those the question carries, 0 where it was taken back. `active`: the paper's
    counter then, None where it was not kept. `is_own`: by the teacher who is measured."""

    question: UUID
    type: str
    marks: float
    active: int | None
    is_own: bool = True


@dataclass(frozen=True)
class Spent:
    """Seconds spent on questions that carry so many marks."""

    seconds: float
    marks: float

    @property
    def rate(self) -> float:
        return self.seconds / self.marks


@dataclass(frozen=True)
class Speed:
    """Mean seconds per mark, the coefficient of variation from paper to paper, and from how many papers."""

    seconds_per_mark: float
    spread: float
    papers: int


@dataclass(frozen=True)
class Pace:
    """A teacher's seconds per mark: by type where measured, else `usual`. `spread`: of the time of whole papers."""

    usual: float
    by_type: Mapping[str, float] = field(default_factory=dict)
    spread: float = USUAL_SPREAD

    def seconds(self, marks: Mapping[str, float]) -> float:
        """Expected seconds of marking for written marks by type."""
        return sum(each * self.by_type.get(kind, self.usual) for kind, each in marks.items())


def time_spent(signs: Iterable[Sign]) -> dict[str, Spent]:
    """The teacher's time on one paper by type, from all its signs in the order of saving.

    Nothing of a paper whose counter was not kept from the first; types on which no time passed are left out.
    """
    seconds: dict[str, float] = {}
    questions: dict[str, dict[UUID, float]] = {}
    before = 0
    for sign in signs:
        if sign.active is None:
            return {}
        if sign.is_own:
            seconds[sign.type] = seconds.get(sign.type, 0) + max(0, sign.active - before)
            questions.setdefault(sign.type, {})[sign.question] = sign.marks
        before = max(before, sign.active)
    spent = {kind: Spent(each, sum(questions[kind].values())) for kind, each in seconds.items()}
    return {kind: one for kind, one in spent.items() if one.seconds > 0 and one.marks > 0}


def whole(spent: Iterable[Spent]) -> Spent:
    """All types of a paper together."""
    each = list(spent)
    return Spent(sum(one.seconds for one in each), sum(one.marks for one in each))


def measured_speed(rates: Sequence[float], *, prior: float) -> Speed:
    """The speed behind the seconds per mark of so many papers; `prior` is the mean without any of them."""
    usual = log1p(USUAL_SPREAD**2)
    centre, variance = log(_believed(prior)) - usual / 2, usual
    if rates:
        logs = [log(_believed(rate)) for rate in rates]
        middle = median(logs)
        deviation = TO_DEVIATION * median([abs(one - middle) for one in logs])
        centre = _drawn(middle, centre, len(logs))
        variance = _drawn(min(deviation**2, log1p(WIDEST**2)), variance, len(logs))
    # The mean of a lognormal time, and its coefficient of variation.
    return Speed(_believed(exp(centre + variance / 2)), sqrt(expm1(variance)), len(rates))


def new_speed(old: int, *, active_seconds: int, written_marks: Decimal) -> int:
    """The moving average of seconds per mark after one more paper; nothing measured leaves it as it is."""
    if active_seconds <= 0 or written_marks <= 0:
        return old
    measured = min(Decimal(SLOWEST), max(Decimal(FASTEST), Decimal(active_seconds) / written_marks))
    return round(old * (1 - LAST_PAPER_WEIGHT) + measured * LAST_PAPER_WEIGHT)


def _drawn(measured: float, prior: float, papers: int) -> float:
    return (papers * measured + PRIOR_PAPERS * prior) / (papers + PRIOR_PAPERS)


def _believed(rate: float) -> float:
    return min(float(SLOWEST), max(float(FASTEST), rate))

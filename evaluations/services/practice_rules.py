"""When a round of practice is passed, which scripts a teacher gets, and when a seeded script is due. Pure: no
database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from evaluations.services.double_marking import Difference, Tolerance

ZERO = Decimal(0)


@dataclass(frozen=True)
class Verdict:
    """`questions` that both marked, `within` of them within the tolerance; `bias`: all marks given less all reference
    marks, in per cent of what the questions carry: below 0 is strict."""

    questions: int
    within: int
    bias: float

    @property
    def share(self) -> float:
        """In per cent."""
        return 100 * self.within / self.questions if self.questions else 0.0

    def is_passed(self, *, least_share: int, most_bias: int) -> bool:
        return self.questions > 0 and self.share >= least_share and abs(self.bias) <= most_bias


def judge(differences: Collection[Difference], tolerance: Tolerance) -> Verdict:
    """Of each question `first` is the reference, `second` what the teacher gave."""
    most = sum((one.maximum for one in differences), ZERO)
    apart = sum((one.second - one.first for one in differences), ZERO)
    return Verdict(
        questions=len(differences),
        within=len(differences) - len(tolerance.broken(differences)),
        bias=float(100 * apart / most) if most else 0.0,
    )


def in_drawn_order(scripts: Collection[UUID], *, key: str) -> list[UUID]:
    """In an order that the key alone decides: the same draw again gives the same order, and whether one script is there
    does not change the order of the others."""
    return sorted(scripts, key=lambda script: (_drawn(f"{key}:{script}"), script))


def scripts_for_round(
    scripts: Collection[UUID], *, seen: Sequence[UUID], wanted: int, exam: UUID, teacher: UUID
) -> list[UUID]:
    """Those of the next round: such as the teacher has not seen, in drawn order, and where these do not suffice those
    seen longest ago. `seen`: the last ones last."""
    order = in_drawn_order(scripts, key=f"{exam}:{teacher}")
    fresh = [script for script in order if script not in seen]
    last = {script: place for place, script in enumerate(seen)}
    known = sorted((script for script in order if script in last), key=lambda script: last[script])
    return [*fresh, *known][:wanted]


def seeds_due(finished: int, *, every: int, exam: UUID, teacher: UUID) -> int:
    """How many seeded scripts a teacher should have had by now who has finished so many papers of the exam.

    In each run of `every` papers, from the second one on, one comes after a number of papers that is drawn from exam
    and teacher: never more than `finished / every`, and at most one fewer.
    """
    if every < 1:
        return 0
    whole, rest = divmod(finished, every)
    if whole == 0:
        return 0
    return whole - 1 + (rest >= _drawn(f"seed:{exam}:{teacher}:{whole}") % every)


def _drawn(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:8])

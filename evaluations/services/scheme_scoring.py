"""What marks become when their scheme changes. Pure: no database.

A step is earned or not; what it is worth is the scheme's. So of a step that is worth something else now the award keeps
its share, up to the next half; of a step that is gone nothing counts; a step that is new has nothing until somebody
looks. All of it is worked out from the marker's own marks and the scheme they were given by, never from what an earlier
change made of them: the order and the number of changes make no difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from common.models import HALF
from evaluations.services.totals import SchemeStep, question_total


def carried_awards(
    given: Mapping[str, Decimal], then: Iterable[SchemeStep], now: Iterable[SchemeStep]
) -> dict[str, Decimal]:
    """The awards of the steps of `now`, without zeros: given / worth then x worth now, up to the next half."""
    worth = {step.id: step.marks for step in then}
    made = {}
    for step in now:
        award, most = given.get(step.id, Decimal(0)), worth.get(step.id)
        if award > 0 and most:
            whole, rest = divmod(award * step.marks, most * HALF)
            made[step.id] = min((whole + (1 if rest else 0)) * HALF, step.marks)
    return {key: award for key, award in made.items() if award}


def scored(
    given: Mapping[str, Decimal],
    marks: Decimal,
    *,
    then: Iterable[SchemeStep],
    now: Iterable[SchemeStep],
    is_given: bool,
    maximum: Decimal,
) -> tuple[dict[str, Decimal], Decimal]:
    """Awards and marks under `now` of what a marker gave under `then`. Marks without steps (`given` empty) stay."""
    rows = list(now)
    awards = carried_awards(given, then, rows)
    if is_given:
        return awards, maximum
    if not given and marks:
        return {}, min(marks, maximum)
    return awards, question_total(rows, awards, maximum)

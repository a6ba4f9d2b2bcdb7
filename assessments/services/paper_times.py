"""How long a paper is likely to take, from the time that students had its questions in view.

Mean times of questions add up to the mean time of the paper, whatever their distribution; medians do not, as times of
answering are skewed, near log-normal: van der Linden, W. J. (2006). A lognormal model for response times on test items.
Journal of Educational and Behavioral Statistics 31(2), 181–204.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from assessments.models import ItemStatistics, PaperQuestion
from assessments.services.blueprints import Plan, slots_of
from assessments.services.drawing import times_for

# So many students must have been timed on a question before its mean says something.
LEAST_TIMED = 5


@dataclass(frozen=True)
class PaperTime:
    """The likely `seconds` of a paper of so many `questions`, of which `timed` have been timed."""

    seconds: int
    timed: int
    questions: int


def plan_time(plan: Plan) -> PaperTime | None:
    """Of the papers drawn from `plan`: every fitting question is drawn equally often. One query; see `paper_time`."""
    slots = slots_of(plan, {})
    shelves = times_for(slots, least=LEAST_TIMED)
    rows = []
    for slot in slots:
        fitting = [found for shelf, found in shelves.items() if slot.takes(shelf)]
        count = sum(count for count, _mean in fitting)
        mean = sum(count * mean for count, mean in fitting) / count if count else None
        rows.append((slot.marks, mean))
    return likely_time(rows)


def paper_time(questions: Iterable[PaperQuestion]) -> PaperTime | None:
    """Of a paper with these questions; of two alternatives either. One query. None where too few have been timed."""
    rows = list(questions)
    timed = ItemStatistics.objects.filter(pk__in=[row.version_id for row in rows], timed__gte=LEAST_TIMED)
    means = {pk: seconds / count for pk, seconds, count in timed.values_list("pk", "seconds", "timed")}
    by_number: dict[int, list[float]] = defaultdict(list)
    for row in rows:
        by_number[row.number] += [means[row.version_id]] if row.version_id in means else []
    marks = {row.number: row.marks for row in rows}
    return likely_time([(marks[key], sum(found) / len(found) if found else None) for key, found in by_number.items()])


def likely_time(rows: Iterable[tuple[Decimal, float | None]]) -> PaperTime | None:
    """From marks and mean seconds of each question: those without a time take as long by the mark as the others.

    None where the timed ones make less than half of the marks. Pure.
    """
    rows = list(rows)
    timed = [(marks, mean) for marks, mean in rows if mean is not None]
    possible, known = sum(marks for marks, _mean in rows), sum(marks for marks, _mean in timed)
    if not known or 2 * known < possible:
        return None
    seconds = sum(mean for _marks, mean in timed) * float(possible) / float(known)
    return PaperTime(round(seconds), len(timed), len(rows))

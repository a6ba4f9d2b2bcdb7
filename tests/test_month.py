"""Five days of the institute with the real services: nothing is lost, marked by two, flagged or released twice.

`python -m tests.bench.month` plays a month; here are its rules on a small world, in whichever database the suite has.
"""

from __future__ import annotations

import pytest

from evaluations.models import Evaluation, SlaBreach
from tests.bench.month.checks import BrokenError, check
from tests.bench.month.draw import Options, draw_world
from tests.bench.month.figures import outcome
from tests.bench.month.play import STRATEGIES, Month

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def test_five_days_of_a_hundred_and_fifty_papers() -> None:
    world = draw_world(Options(papers=150, teachers=3, seed=4, days=5, step=20, forecast=120))
    month = Month(world, STRATEGIES["ours"])
    record = month.play()
    found = outcome(world, STRATEGIES["ours"], record, 0.0)
    assert (found["papers"], found["released"]) == (150, 150)
    # The rules were asked every hour of five days and more, and held.
    assert record.checks > 5 * 24 * 10
    assert found["flagged"] == SlaBreach.objects.count() == round(150 * (1 - found["kept"]["all"]["kept"]))
    assert min(record.lapsed, record.left_alone, found["moves"], found["flagged"]) > 0, "the world is too quiet"
    assert found["forecast"]["papers"] > 10
    # And they see what is wrong.
    paper = Evaluation.objects.order_by("id")[0]
    Evaluation.objects.filter(pk=paper.pk).update(state="assigned")
    with pytest.raises(BrokenError, match="transitions do not replay"):
        check(since=None, now=world.end, opened=150, holders={})

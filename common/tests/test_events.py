"""Facts are announced after the commit; a receiver's failure reaches nobody else."""

import pytest
from django.db import transaction
from django.dispatch import Signal

from common.events import announce

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def fact():
    return Signal()


@pytest.fixture
def heard(fact):
    ids = []

    def hear(thing_id, **kwargs):
        ids.append(thing_id)

    fact.connect(hear, weak=False)
    return ids


def test_fact_waits_for_the_commit(fact, heard):
    with transaction.atomic():
        announce(fact, thing_id=7)
        assert heard == []
    assert heard == [7]


def test_rolled_back_fact_is_never_heard(fact, heard):
    with transaction.atomic():
        announce(fact, thing_id=7)
        transaction.set_rollback(True)
    assert heard == []


def test_failing_receiver_stops_nobody(fact, heard):
    def fail(**kwargs):
        raise RuntimeError("broken receiver")

    late = []

    def hear_late(thing_id, **kwargs):
        late.append(thing_id)

    fact.connect(fail, weak=False)
    fact.connect(hear_late, weak=False)
    announce(fact, thing_id=1)
    assert (heard, late) == ([1], [1])

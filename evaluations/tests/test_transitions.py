import itertools
import re
from pathlib import Path

import pytest
from django.db import connection, transaction

from common.errors import ConflictError
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, Transition
from evaluations.services.transitions import RULES, TransitionError, lock_evaluation, move
from evaluations.signals import evaluation_assigned, evaluation_finalised, evaluation_released
from evaluations.tests.builders import evaluation_of, hand_in
from tests.factories import NOW

pytestmark = pytest.mark.django_db

Q, A, P, S, TWO, MOD, R, F, OUT, C, PRAC, DONE = (str(state) for state in EvaluationState)
# Written out a second time on purpose: the table of the service is what is being tested.
ALLOWED = {
    (Q, "assign"): A,
    (Q, "claim"): P, (A, "claim"): P,
    (P, "lapse"): A,
    (Q, "divide"): S, (S, "gather"): F, (S, "return"): R,
    (P, "hold"): TWO, (S, "hold"): TWO, (F, "hold"): TWO,
    (PRAC, "practised"): DONE, (PRAC, "close"): C,
    (TWO, "moderate"): MOD, (TWO, "settle"): F, (MOD, "settle"): F,
    (TWO, "return"): R, (MOD, "return"): R, (MOD, "close"): C,
    (Q, "close"): C, (A, "close"): C, (P, "close"): C,
    (Q, "return"): R, (A, "return"): R, (P, "return"): R,
    (Q, "reassign"): A, (A, "reassign"): A, (P, "reassign"): A,
    (A, "requeue"): Q, (P, "requeue"): Q, (R, "requeue"): Q,
    (P, "finalise"): F,
    (F, "release"): OUT,
    (OUT, "correct"): OUT,
    (F, "reopen"): A, (OUT, "reopen"): A,
}  # fmt: skip


def ready(cast, state):
    teacher = None if state == EvaluationState.QUEUED else cast.teacher
    return evaluation_of(hand_in(cast.exam, cast.student), teacher=teacher, state=state)


def try_move(cast, evaluation, name):
    changes = {"teacher": None} if name == "requeue" else {"teacher": cast.teacher}
    with transaction.atomic():
        return move(lock_evaluation(evaluation.pk), name, actor=cast.staff, now=NOW, reason="why", changes=changes)


def test_the_transitions_of_the_table_are_those_expected():
    assert {name for _, name in ALLOWED} | {"open"} == set(RULES)


@pytest.mark.parametrize(("state", "name"), list(itertools.product(map(str, EvaluationState), RULES)))
def test_every_state_with_every_transition(cast, state, name):
    evaluation = ready(cast, state)
    target = ALLOWED.get((state, name))
    if target is None:
        with pytest.raises(TransitionError) as error:
            try_move(cast, evaluation, name)
        assert error.value.code == f"cannot_{name}"
        assert not Transition.objects.filter(evaluation=evaluation).exists()
    else:
        made = try_move(cast, evaluation, name)
        assert (made.from_state, made.to_state, made.name, made.actor, made.reason) == (
            state,
            target,
            name,
            cast.staff,
            "why",
        )
    evaluation.refresh_from_db()
    assert evaluation.state == (target or state)


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.needs_reason])
def test_a_reason_is_asked_for(cast, name):
    source = next(state for state, known in ALLOWED if known == name)
    evaluation = ready(cast, source)
    with pytest.raises(TransitionError) as error, transaction.atomic():
        move(lock_evaluation(evaluation.pk), name, actor=cast.staff, now=NOW, reason=" ")
    assert error.value.code == "reason_missing"


def test_an_actor_is_asked_for(cast):
    evaluation = ready(cast, EvaluationState.IN_PROGRESS)
    with pytest.raises(TransitionError) as error, transaction.atomic():
        move(lock_evaluation(evaluation.pk), "finalise", actor=None, now=NOW)
    assert error.value.code == "actor_missing"


def test_a_stale_row_in_hand_is_refused(cast):
    stale = ready(cast, EvaluationState.ASSIGNED)
    try_move(cast, stale, "claim")
    with pytest.raises(ConflictError), transaction.atomic():
        move(stale, "claim", actor=cast.teacher, now=NOW)


def test_facts_are_announced_after_commit_only(cast, django_capture_on_commit_callbacks):
    heard = []

    def hear(sender, signal, **ids):
        heard.append((signal, ids))

    for fact in (evaluation_assigned, evaluation_finalised, evaluation_released):
        fact.connect(hear)
    try:
        evaluation = ready(cast, EvaluationState.QUEUED)
        with django_capture_on_commit_callbacks(execute=True):
            for name in ("assign", "claim", "finalise", "release"):
                try_move(cast, evaluation, name)
            assert heard == []
    finally:
        for fact in (evaluation_assigned, evaluation_finalised, evaluation_released):
            fact.disconnect(hear)
    assert heard == [
        (evaluation_assigned, {"evaluation_id": evaluation.pk, "teacher_id": cast.teacher.pk}),
        (evaluation_finalised, {"evaluation_id": evaluation.pk}),
        (evaluation_released, {"evaluation_id": evaluation.pk}),
    ]


@pytest.mark.usefixtures("transactional_db")
def test_move_refuses_to_work_outside_a_transaction(cast):
    evaluation = ready(cast, EvaluationState.QUEUED)
    assert not connection.in_atomic_block
    with pytest.raises(transaction.TransactionManagementError):
        move(evaluation, "assign", actor=None, now=NOW, changes={"teacher": cast.teacher})


def test_nothing_else_writes_the_state():
    """Searches the app's own code for writers of `state` outside the table's module."""
    app = Path(__file__).resolve().parent.parent
    # Files and pictures have states of their own, which are written by their own names.
    ours = r"\bstate=(?!FileState\.|PictureState\.)"
    writers = re.compile(rf"\.state\s*=[^=]|(?:\.update|create)\([^)]*{ours}|bulk_update\([^)]*state")
    guilty = [
        str(path.relative_to(app))
        for path in app.rglob("*.py")
        if not {"tests", "migrations"} & set(path.relative_to(app).parts)
        and path.name != "transitions.py"
        and writers.search(path.read_text())
    ]
    assert guilty == []
    assert Evaluation._meta.get_field("state").default == EvaluationState.QUEUED

"""The one table of an evaluation's states. Nothing else writes `state`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.dispatch import Signal

from accounts.models import User
from common.errors import ConflictError, DomainError
from common.events import announce
from evaluations.enums import EvaluationRole
from evaluations.enums import EvaluationState as S
from evaluations.models import Evaluation, Transition
from evaluations.signals import evaluation_assigned, evaluation_finalised, evaluation_released


class TransitionError(DomainError):
    """The evaluation is not in a state from which this is possible."""


@dataclass(frozen=True)
class Rule:
    """One row of the table. `refusal` says what to tell the person when the state is another one."""

    sources: frozenset[str]
    target: str
    refusal: str
    needs_actor: bool = False
    needs_reason: bool = False


NEW = ""
BATCH = 500
RULES: dict[str, Rule] = {
    "open": Rule(frozenset({NEW}), S.QUEUED, "This paper is already in the queue."),
    "assign": Rule(frozenset({S.QUEUED}), S.ASSIGNED, "This paper is no longer waiting for a teacher."),
    "divide": Rule(frozenset({S.QUEUED}), S.SHARED, "Only a waiting paper is divided by questions."),
    "gather": Rule(frozenset({S.SHARED}), S.FINALISED, "Somebody is still marking a question of this paper."),
    "hold": Rule(
        frozenset({S.IN_PROGRESS, S.SHARED, S.FINALISED}),
        S.SECOND,
        "Only a marked paper that is not back waits for a second marking.",
        needs_actor=True,
        needs_reason=True,
    ),
    "moderate": Rule(
        frozenset({S.SECOND}),
        S.MODERATION,
        "Only a paper that was marked twice goes to a moderator.",
        needs_reason=True,
    ),
    "settle": Rule(frozenset({S.SECOND, S.MODERATION}), S.FINALISED, "This paper does not wait for a decision."),
    "practised": Rule(frozenset({S.PRACTICE}), S.PRACTISED, "This is finished already.", needs_actor=True),
    "close": Rule(
        frozenset({S.QUEUED, S.ASSIGNED, S.IN_PROGRESS, S.MODERATION, S.PRACTICE}),
        S.CLOSED,
        "This is finished already.",
        needs_reason=True,
    ),
    "claim": Rule(
        frozenset({S.QUEUED, S.ASSIGNED}), S.IN_PROGRESS, "This paper cannot be taken up now.", needs_actor=True
    ),
    "lapse": Rule(frozenset({S.IN_PROGRESS}), S.ASSIGNED, "Nobody is marking this paper now."),
    "return": Rule(
        frozenset({S.QUEUED, S.ASSIGNED, S.IN_PROGRESS, S.SHARED, S.SECOND, S.MODERATION}),
        S.RETURNED,
        "Only a paper that is not yet marked can be returned.",
        needs_actor=True,
        needs_reason=True,
    ),
    "reassign": Rule(
        frozenset({S.QUEUED, S.ASSIGNED, S.IN_PROGRESS}),
        S.ASSIGNED,
        "Only a paper that is not yet marked can go to another teacher.",
        needs_reason=True,
    ),
    "requeue": Rule(
        frozenset({S.ASSIGNED, S.IN_PROGRESS, S.RETURNED}),
        S.QUEUED,
        "This paper cannot be put back into the queue.",
        needs_actor=True,
        needs_reason=True,
    ),
    "finalise": Rule(frozenset({S.IN_PROGRESS}), S.FINALISED, "Claim the paper first.", needs_actor=True),
    "release": Rule(frozenset({S.FINALISED}), S.RELEASED, "Only a marked paper can go back to the student."),
    "correct": Rule(
        frozenset({S.RELEASED}), S.RELEASED, "The paper is not with its student.", needs_actor=True, needs_reason=True
    ),
    "reopen": Rule(
        frozenset({S.FINALISED, S.RELEASED}),
        S.ASSIGNED,
        "Only a marked paper can be opened again.",
        needs_actor=True,
        needs_reason=True,
    ),
}


def lock_evaluation(evaluation_id: UUID) -> Evaluation:
    """The row, locked until the transaction ends, with attempt, exam, paper and teacher at hand.

    SQLite has no row locks; there the IMMEDIATE transaction is the lock. Raises Evaluation.DoesNotExist.
    """
    return Evaluation.objects.with_paper().select_for_update(of=("self",)).get(pk=evaluation_id)


def lock_with_record(evaluation: Evaluation) -> Evaluation:
    """The row locked, of a share its record first: whoever needs both takes them in this order."""
    if evaluation.record_id is not None:
        lock_evaluation(evaluation.record_id)
    return lock_evaluation(evaluation.pk)


def lock_evaluations(ids: Iterable[UUID]) -> list[Evaluation]:
    """Several rows, locked in the order of their ids so that two bulk actions cannot wait for each other."""
    rows = Evaluation.objects.with_paper()
    return list(rows.select_for_update(of=("self",)).filter(pk__in=list(ids)).order_by("pk"))


def can_move(state: str, name: str) -> bool:
    return state in RULES[name].sources


def move(
    evaluation: Evaluation,
    name: str,
    *,
    actor: User | None,
    now: datetime,
    reason: str = "",
    changes: dict[str, Any] | None = None,
) -> Transition:
    """Makes the transition `name` of a locked evaluation: writes the state with `changes`, records it, announces it.

    Call it inside the transaction that locked the row. Raises TransitionError when the table does not allow it and
    ConflictError when the row's state in the database is another than the one in hand.
    """
    rule, source = RULES[name], evaluation.state
    _check(rule, name, source, actor, reason)
    _write(evaluation, source, {**(changes or {}), "state": rule.target})
    return _record(evaluation, name, source, actor, now, reason)


def move_many(
    evaluations: Sequence[Evaluation],
    name: str,
    *,
    actor: User | None,
    now: datetime,
    reason: str = "",
    changes: Mapping[UUID, Mapping[str, Any]],
) -> None:
    """`move` for many locked evaluations, in one statement per BATCH. All or none: raises what `move` does.

    `changes`: by evaluation, the same fields for each.
    """
    rule = RULES[name]
    for evaluation in evaluations:
        _check(rule, name, evaluation.state, actor, reason)
    if not evaluations:
        return
    rows = [_made(one, name, one.state, rule.target, actor, now, reason) for one in evaluations]
    for evaluation in evaluations:
        for field, value in {**changes[evaluation.pk], "state": rule.target}.items():
            setattr(evaluation, field, value)
    fields = ["state", *changes[evaluations[0].pk]]
    Evaluation.objects.bulk_update(evaluations, fields, batch_size=BATCH)
    for made in Transition.objects.bulk_create(rows, batch_size=BATCH):
        _announce(made)


def lock_waiting(ids: Iterable[UUID]) -> list[Evaluation]:
    """Those of the papers that wait for a teacher and that nobody else has locked, the nearest deadline first."""
    rows = Evaluation.objects.with_paper().select_related("policy__calendar")
    rows = rows.select_for_update(of=("self",), skip_locked=True).filter(pk__in=list(ids), state=S.QUEUED)
    return sorted(rows.order_by("pk"), key=lambda paper: (paper.due_at, paper.pk))


def record_opening(evaluation: Evaluation, *, now: datetime) -> Transition:
    """Records that `evaluation` has just been inserted; the insert itself gave it the first state."""
    return _record(evaluation, "open", NEW, None, now, "")


def _write(evaluation: Evaluation, source: str, values: dict[str, Any]) -> None:
    # The state is compared once more: should a caller forget the lock, the second writer is refused, not lost.
    if not Evaluation.objects.filter(pk=evaluation.pk, state=source).update(**values):
        raise ConflictError("This paper has changed meanwhile.", "changed")
    for field, value in values.items():
        setattr(evaluation, field, value)


def _record(
    evaluation: Evaluation, name: str, source: str, actor: User | None, now: datetime, reason: str
) -> Transition:
    made = _made(evaluation, name, source, evaluation.state, actor, now, reason)
    made.save(force_insert=True)
    _announce(made)
    return made


def _check(rule: Rule, name: str, source: str, actor: User | None, reason: str) -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A move needs the transaction that locked the evaluation.")
    if source not in rule.sources:
        raise TransitionError(rule.refusal, f"cannot_{name}", state=source)
    if rule.needs_actor and actor is None:
        raise TransitionError("It must be known who does this.", "actor_missing")
    if rule.needs_reason and not reason.strip():
        raise TransitionError("Give a reason.", "reason_missing")


def _made(
    evaluation: Evaluation, name: str, source: str, target: str, actor: User | None, now: datetime, reason: str
) -> Transition:
    return Transition(
        evaluation=evaluation, at=now, actor=actor, name=name, from_state=source, to_state=target, reason=reason[:300]
    )


def _announce(made: Transition) -> None:
    evaluation = made.evaluation
    if made.name in {"assign", "reassign"}:
        announce(evaluation_assigned, evaluation_id=evaluation.pk, teacher_id=evaluation.teacher_id)
    fact: Signal | None = {
        "finalise": evaluation_finalised,
        "gather": evaluation_finalised,
        "settle": evaluation_finalised,
        "release": evaluation_released,
        "correct": evaluation_released,
    }.get(made.name)
    # Of a share nobody above knows: its record is told of.
    if fact is not None and evaluation.role == EvaluationRole.RECORD:
        announce(fact, evaluation_id=evaluation.pk)

"""The desk's log: what a marker did, operation by operation, each known by the id its device gave it.

A device keeps every operation until it reads a receipt for it, and sends them in order, as often as it takes. One
operation that cannot be made holds up no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from common.errors import ConflictError, DomainError
from evaluations.enums import EvaluationState, OperationKind
from evaluations.models import DeskOperation, Evaluation, QuestionMark
from evaluations.selectors.ink import annotation_values
from evaluations.services.annotations import AnnotationInput, InkBatch
from evaluations.services.claims import claim_evaluation, renew_lease
from evaluations.services.marking import MarkChange, MarkConflict, current_values, give_mark, take_back_mark
from evaluations.services.scheme_marks import last_version
from evaluations.services.transitions import lock_evaluation

BATCH = 100
APPLIED, CONFLICT, REFUSED = "applied", "conflict", "refused"
NEVER = -1  # no version is this


class OtherPersonError(ConflictError):
    """The operations are of somebody else than who is signed in now."""


@dataclass(frozen=True)
class Operation:
    """One change: of a question's mark or of an annotation, or, as an error, of what could not be read.

    `after`: the operation of the same target that it goes on from. Then the version that one made is what it starts
    from, whatever the change says: a number alone could be somebody else's version.
    """

    id: UUID
    change: MarkChange | AnnotationInput | DomainError
    after: UUID | None = None


@dataclass(frozen=True)
class Receipt:
    """What became of an operation.

    `version`: applied, the version it made (0: there was nothing to delete). `current`: the values of now, where they
    are newer than what it made, and with a conflict the ones it would have overwritten. `shown`: its words with the
    formulas set, HTML of a mark's comment, a plain line for ink; "" where there are none. `code` and `detail`: why not.
    """

    id: UUID
    outcome: str
    version: int = 0
    current: dict[str, Any] | None = None
    shown: str = ""
    code: str = ""
    detail: str = ""


def apply_operations(
    *, evaluation: Evaluation, operations: Sequence[Operation], person_id: UUID, actor: User, now: datetime
) -> list[Receipt]:
    """Makes the changes in order and renews the claim; a receipt for each. What was made before is not made again.

    `person_id`: who worked, as their device knows it; a device may be signed in as somebody else by the time it sends.
    A claim that lapsed is taken up again while the paper is still with the teacher. Raises OtherPersonError,
    ClaimError, and DomainError for too many at once.
    """
    if person_id != actor.pk:
        raise OtherPersonError("Somebody else has signed in here meanwhile.", "other_person")
    if len(operations) > BATCH:
        raise DomainError(f"At most {BATCH} operations at a time.", "too_many")
    with transaction.atomic():
        locked = resume_claim(evaluation=evaluation, teacher=actor, now=now)
        work = _Work(locked, operations, actor, now)
        receipts = [work.receipt(operation) for operation in operations]
        work.finish()
    return receipts


def resume_claim(*, evaluation: Evaluation, teacher: User, now: datetime) -> Evaluation:
    """The claim of whoever works, renewed, and taken up again where it lapsed and the paper is still theirs.

    Raises ClaimError when the paper is with somebody else, or there is nothing to mark any more.
    """
    with transaction.atomic():
        locked = lock_evaluation(evaluation.pk)
        if locked.state == EvaluationState.ASSIGNED and locked.teacher_id == teacher.pk:
            return claim_evaluation(evaluation=locked, teacher=teacher, now=now)
        return renew_lease(evaluation=locked, teacher=teacher, now=now)


class _Work:
    """One batch in its transaction."""

    def __init__(self, locked: Evaluation, operations: Sequence[Operation], actor: User, now: datetime) -> None:
        self.locked, self.actor, self.now = locked, actor, now
        ink = [one.change for one in operations if isinstance(one.change, AnnotationInput)]
        self.ink = InkBatch.load(locked, ink) if ink else None
        ids = {key for one in operations for key in (one.id, one.after) if key is not None}
        rows = DeskOperation.objects.filter(pk__in=ids)
        self.known = {row.pk: row for row in rows}
        self.made: list[DeskOperation] = []

    def receipt(self, operation: Operation) -> Receipt:
        known = self.known.get(operation.id)
        try:
            if known is not None:
                return self._again(known)
            change = operation.change
            if isinstance(change, DomainError):
                raise change
            if operation.after is not None:
                change = replace(change, version=self._version_after(operation.after, change))
            if isinstance(change, MarkChange):
                return self._mark(operation.id, change)
            return self._draw(operation.id, change)
        except MarkConflict as conflict:
            return Receipt(operation.id, CONFLICT, current=conflict.details["current"], detail=conflict.message)  # type: ignore[arg-type]
        except DomainError as error:
            return Receipt(operation.id, REFUSED, code=error.code, detail=error.message)

    def finish(self) -> None:
        if self.ink is not None:
            self.ink.write(self.actor)
        DeskOperation.objects.bulk_create(self.made)

    def _version_after(self, before: UUID, change: MarkChange | AnnotationInput) -> int:
        """The version that the operation before made; one that nothing has, when that was not made itself."""
        row = self.known.get(before)
        target = change.question if isinstance(change, MarkChange) else change.id
        is_made = row is not None and (row.evaluation_id, row.target) == (self.locked.pk, target)
        return row.version if row is not None and is_made else NEVER

    def _mark(self, key: UUID, change: MarkChange) -> Receipt:
        if change.withdrawn:
            active = self.locked.active_seconds
            version = take_back_mark(self.locked, change, active=active, actor=self.actor, now=self.now)
            self._note(key, OperationKind.MARK, change.question, version)
            return Receipt(key, APPLIED, version)
        mark = give_mark(self.locked, change, active=self.locked.active_seconds, actor=self.actor, now=self.now)
        self._note(key, OperationKind.MARK, change.question, mark.version)
        # What was given by an older scheme is another mark now; the desk shows that one.
        number = mark.revision.number if mark.revision else 0
        is_other = change.scheme is not None and change.scheme != number
        current = current_values(mark) if is_other else None
        return Receipt(key, APPLIED, mark.version, current=current, shown=mark.comment_html)

    def _draw(self, key: UUID, item: AnnotationInput) -> Receipt:
        assert self.ink is not None
        row = self.ink.existing.get(item.id)
        stale = row is not None and row.version != item.version
        if not (stale and self.ink.is_there(item)) and not self.ink.take(item, actor=self.actor, now=self.now):
            assert row is not None
            detail = "This was changed in another place."
            return Receipt(key, CONFLICT, current=annotation_values(row), detail=detail)
        row = self.ink.existing.get(item.id)
        version = row.version if row is not None else 0
        self._note(key, OperationKind.INK, item.id, version)
        return Receipt(key, APPLIED, version, shown=row.shown if row is not None else "")

    def _again(self, known: DeskOperation) -> Receipt:
        if (known.evaluation_id, known.actor_id) != (self.locked.pk, self.actor.pk):
            raise DomainError("This id is already used for something else.", "id_taken")
        newest, shown = self._newest(known)
        is_newer = newest is not None and newest["version"] > known.version
        return Receipt(known.pk, APPLIED, known.version, current=newest if is_newer else None, shown=shown)

    def _newest(self, known: DeskOperation) -> tuple[dict[str, Any] | None, str]:
        if known.kind == OperationKind.MARK:
            mark = QuestionMark.objects.filter(evaluation=self.locked, question=known.target).first()
            last = last_version(self.locked, known.target, mark)
            return current_values(mark, last), mark.comment_html if mark else ""
        row = self.ink.existing.get(known.target) if self.ink is not None else None
        return (annotation_values(row), row.shown) if row is not None else (None, "")

    def _note(self, key: UUID, kind: OperationKind, target: UUID, version: int) -> None:
        row = DeskOperation(
            id=key, evaluation=self.locked, actor=self.actor, at=self.now, kind=kind, target=target, version=version
        )
        self.known[key] = row
        self.made.append(row)

"""The one statement that saves an answer, with its line of the flight record. Raw SQL because Django's upsert has no
WHERE.

One statement, so no transaction to hold open, and the check that writing is still allowed happens where the row is
written: on PostgreSQL FOR SHARE makes a save wait for a submit that holds the attempt, and then find it submitted. The
line of the record is written by the same statement, so it costs no round trip and neither is there without the other;
SQLite, which cannot do that, writes it next in the same transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Field, Model

from assessments.enums import AttemptState, FlightEvent
from assessments.models import Attempt, AttemptEvent, Response


def upsert_response(
    *,
    attempt_id: UUID,
    question_id: UUID,
    seq: int,
    answer: dict[str, Any] | None,
    marked_for_review: bool | None,
    certainty: int | None = None,
    seconds: int | None = None,
    device: UUID | None = None,
    now: datetime,
    ends_after: datetime,
) -> bool:
    """Writes the response unless a newer or equal `seq` is stored, its answer is closed, or the attempt is over;
    returns whether it wrote.

    `None` leaves the stored answer, mark or certainty as it is; the mark of a closed response may change. Of the stored
    and these `seconds` the larger number stays. Writing needs the attempt in progress with `ends_at` later than
    `ends_after`. What was written is also a line of the attempt's flight record.
    """
    values = {
        "question": question_id,
        "seq": seq,
        "answer": answer or {},
        "marked_for_review": bool(marked_for_review),
        "certainty": certainty,
        "seconds": seconds,
    }
    given = {"answer": answer, "marked_for_review": marked_for_review, "certainty": certainty, "seconds": seconds}
    kept = {name for name, value in given.items() if value is None}
    columns, parameters = _row(Response, {**values, "saved_at": now})
    replaced = [column for column in columns if column not in {"question_id", *kept}]
    parameters += [
        _field(Attempt, "id").get_db_prep_save(attempt_id, connection),
        AttemptState.IN_PROGRESS.value,
        _field(Attempt, "ends_at").get_db_prep_save(ends_after, connection),
    ]
    said = {"answer": answer, "marked": marked_for_review, "certainty": certainty}
    event = {
        "kind": FlightEvent.ANSWER.value,
        "at": now,
        "device": device,
        "question": question_id,
        "seq": seq,
        "data": {name: value for name, value in said.items() if value is not None},
    }
    return _execute(_statement(columns, replaced, open_only=answer is not None), parameters, event, attempt_id)


def _execute(save: str, parameters: list[Any], event: dict[str, Any], attempt_id: UUID) -> bool:
    columns, values = _row(AttemptEvent, event)
    insert = (
        f'INSERT INTO "{AttemptEvent._meta.db_table}" ("attempt_id", {", ".join(columns)}) '
        f"SELECT %s, {', '.join(['%s'] * len(columns))}"
    )
    values = [_field(Attempt, "id").get_db_prep_save(attempt_id, connection), *values]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # The id of the line is drawn after the lock on the response is held, so lines of a question are in order.
            cursor.execute(f"WITH written AS ({save} RETURNING 1) {insert} FROM written", [*parameters, *values])
            return bool(cursor.rowcount > 0)
        with transaction.atomic(savepoint=False):
            cursor.execute(save, parameters)
            if written := bool(cursor.rowcount > 0):
                cursor.execute(insert, values)
        return written


def _row(model: type[Model], values: dict[str, Any]) -> tuple[list[str], list[Any]]:
    """Column names and prepared values."""
    fields = [_field(model, name) for name in values]
    prepared = [field.get_db_prep_save(value, connection) for field, value in zip(fields, values.values(), strict=True)]
    return [field.get_attname() for field in fields], prepared


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    field = model._meta.get_field(name)
    assert isinstance(field, Field)
    return field


def _statement(columns: list[str], replaced: list[str], *, open_only: bool) -> str:
    """Only names of our own columns are put into the text; every value is a parameter."""
    responses, attempts = Response._meta.db_table, Attempt._meta.db_table
    larger = (
        f'"seconds" = CASE WHEN "{responses}"."seconds" > excluded."seconds" '
        f'THEN "{responses}"."seconds" ELSE excluded."seconds" END'
    )
    changes = [larger if column == "seconds" else f"{column} = excluded.{column}" for column in replaced]
    lock = "FOR SHARE" if connection.features.has_select_for_update else ""
    return (
        f'INSERT INTO "{responses}" ("attempt_id", {", ".join(columns)}) '  # noqa: S608
        f'SELECT "id", {", ".join(["%s"] * len(columns))} FROM "{attempts}" '
        f'WHERE "id" = %s AND "state" = %s AND "ends_at" > %s {lock} '
        f'ON CONFLICT ("attempt_id", "question_id") DO UPDATE '
        f"SET {', '.join(changes)} "
        f'WHERE "{responses}"."seq" < excluded."seq"' + (f' AND NOT "{responses}"."is_closed"' if open_only else "")
    )

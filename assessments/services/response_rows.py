"""The one statement that saves an answer. Raw SQL because Django's upsert has no WHERE.

One statement, so no transaction to hold open, and the check that writing is still allowed happens where the row is
written: on PostgreSQL FOR SHARE makes a save wait for a submit that holds the attempt, and then find it submitted.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Field, Model

from assessments.enums import AttemptState
from assessments.models import Attempt, Response


def upsert_response(
    *,
    attempt_id: UUID,
    question_id: UUID,
    seq: int,
    answer: dict[str, Any] | None,
    marked_for_review: bool | None,
    certainty: int | None = None,
    now: datetime,
    ends_after: datetime,
) -> bool:
    """Writes the response unless a newer or equal `seq` is stored, its answer is closed, or the attempt is over;
    returns whether it wrote.

    `None` leaves the stored answer, mark or certainty as it is; the mark of a closed response may change. Writing needs
    the attempt in progress with `ends_at` later than `ends_after`.
    """
    values = {
        "question": question_id,
        "seq": seq,
        "answer": answer or {},
        "marked_for_review": bool(marked_for_review),
        "certainty": certainty,
    }
    given = {"answer": answer, "marked_for_review": marked_for_review, "certainty": certainty}
    kept = {name for name, value in given.items() if value is None}
    columns: list[str] = ["attempt_id"]
    parameters: list[Any] = []
    for name, value in {**values, "saved_at": now}.items():
        columns.append(_field(Response, name).get_attname())
        parameters.append(_field(Response, name).get_db_prep_save(value, connection))
    replaced = [column for column in columns if column not in {"attempt_id", "question_id", *kept}]
    parameters += [
        _field(Attempt, "id").get_db_prep_save(attempt_id, connection),
        AttemptState.IN_PROGRESS.value,
        _field(Attempt, "ends_at").get_db_prep_save(ends_after, connection),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_statement(columns, replaced, open_only=answer is not None), parameters)
        return bool(cursor.rowcount > 0)


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    field = model._meta.get_field(name)
    assert isinstance(field, Field)
    return field


def _statement(columns: list[str], replaced: list[str], *, open_only: bool) -> str:
    """Only names of our own columns are put into the text; every value is a parameter."""
    responses, attempts = Response._meta.db_table, Attempt._meta.db_table
    lock = "FOR SHARE" if connection.features.has_select_for_update else ""
    return (
        f'INSERT INTO "{responses}" ({", ".join(columns)}) '  # noqa: S608
        f'SELECT "id", {", ".join(["%s"] * (len(columns) - 1))} FROM "{attempts}" '
        f'WHERE "id" = %s AND "state" = %s AND "ends_at" > %s {lock} '
        f'ON CONFLICT ("attempt_id", "question_id") DO UPDATE '
        f"SET {', '.join(f'{column} = excluded.{column}' for column in replaced)} "
        f'WHERE "{responses}"."seq" < excluded."seq"' + (f' AND NOT "{responses}"."is_closed"' if open_only else "")
    )

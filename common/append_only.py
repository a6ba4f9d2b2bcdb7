"""Rows that nobody can edit or delete: the database itself refuses, whatever the code above it does.

One way leads past it, for what the law wants forgotten (ADR 0032): tables of `Erasable` let through what a transaction
does while it holds the `gate` of that table open. The gate is a row that only its own transaction can see, and that the
database does not let anybody commit.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

VERBS = ("UPDATE", "DELETE")
# The table of gates; accounts/migrations/0008 makes it.
GATE = "accounts_erasuregate"
# The column that says how old a row is, and from what age on it may be deleted (whole days).
Keep = tuple[str, timedelta]


def install(
    editor: BaseDatabaseSchemaEditor, table: str, verbs: tuple[str, ...] = VERBS, *, keep: Keep | None = None
) -> None:
    """Creates triggers on `table` that refuse `verbs`; with `keep`, DELETE only while a row is younger than that."""
    if editor.connection.vendor == "postgresql":
        editor.execute(
            "CREATE OR REPLACE FUNCTION abhyas_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME "
            "USING ERRCODE = 'integrity_constraint_violation'; "
            "END $$",
            # Without parameters the % of RAISE stays as it is.
            params=None,
        )
    for verb in verbs:
        name = f"{table}_no_{verb.lower()}"
        young = _young(editor.connection.vendor, keep) if keep and verb == "DELETE" else ""
        if editor.connection.vendor == "postgresql":
            editor.execute(
                f'CREATE TRIGGER "{name}" BEFORE {verb} ON "{table}" FOR EACH ROW {young} '
                f"EXECUTE FUNCTION abhyas_refuse_change()"
            )
        else:
            editor.execute(
                f'CREATE TRIGGER "{name}" BEFORE {verb} ON "{table}" {young} '
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are append-only'); END"
            )


def _young(vendor: str, keep: Keep) -> str:
    column, age = keep
    days = age // timedelta(days=1)
    if vendor == "postgresql":
        return f"WHEN (OLD.\"{column}\" > now() - interval '{days} days')"
    return f"WHEN OLD.\"{column}\" > datetime('now', '-{days} days')"


def remove(editor: BaseDatabaseSchemaEditor, table: str, verbs: tuple[str, ...] = VERBS) -> None:
    """Drops the triggers of `install`."""
    for verb in verbs:
        on_table = f' ON "{table}"' if editor.connection.vendor == "postgresql" else ""
        editor.execute(f'DROP TRIGGER IF EXISTS "{table}_no_{verb.lower()}"{on_table}')


class AppendOnly(Operation):
    """Migration operation: makes the table of `model_name` append-only on PostgreSQL and SQLite."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str, verbs: tuple[str, ...] = VERBS, keep: Keep | None = None) -> None:
        self.model_name = model_name
        self.verbs = tuple(verbs)
        self.keep = keep

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The model's state does not change."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        install(schema_editor, table, self.verbs, keep=self.keep)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        remove(schema_editor, from_state.apps.get_model(app_label, self.model_name)._meta.db_table, self.verbs)

    def describe(self) -> str:
        return f"Refuse {' and '.join(self.verbs)} on {self.model_name}"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__name__, [self.model_name, self.verbs], {"keep": self.keep} if self.keep else {})


@contextmanager
def gate(*tables: str) -> Iterator[None]:
    """Until it ends, rows of `tables` may be changed and deleted by this transaction, where they are `Erasable`.

    Whoever opens it audits what was done in the same transaction. Two transactions that want the same table wait for
    each other. Raises TransactionManagementError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("The gate needs a transaction.")
    with connection.cursor() as cursor:
        for number, table in enumerate(tables, start=1):
            # `never` refers to a row that cannot exist, so that no commit succeeds while the gate stands open.
            cursor.execute(
                f"INSERT INTO {GATE} (opens, never_id) VALUES (%s, %s)",  # noqa: S608
                [table, -number],
            )
    yield
    # After an exception the row stays: that transaction, or its savepoint, is to be rolled back.
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {GATE} WHERE opens = %s", [table])  # noqa: S608


def let_through(editor: BaseDatabaseSchemaEditor, table: str, *, keep: Keep | None = None) -> None:
    """Replaces the triggers of `install` on `table` by those that look at the gate."""
    remove(editor, table)
    open_now = f"EXISTS (SELECT 1 FROM {GATE} WHERE opens = '{table}')"  # noqa: S608
    if editor.connection.vendor == "postgresql":
        editor.execute(
            "CREATE OR REPLACE FUNCTION abhyas_refuse_unless_open() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "  # noqa: S608
            f"IF EXISTS (SELECT 1 FROM {GATE} WHERE opens = TG_TABLE_NAME) THEN "
            "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF; "
            "RAISE EXCEPTION 'rows of % are append-only', TG_TABLE_NAME "
            "USING ERRCODE = 'integrity_constraint_violation'; "
            "END $$",
            params=None,
        )
    for verb in VERBS:
        name = f"{table}_no_{verb.lower()}"
        young = _young(editor.connection.vendor, keep) if keep and verb == "DELETE" else ""
        if editor.connection.vendor == "postgresql":
            editor.execute(
                f'CREATE TRIGGER "{name}" BEFORE {verb} ON "{table}" FOR EACH ROW {young} '
                f"EXECUTE FUNCTION abhyas_refuse_unless_open()"
            )
        else:
            when = f"{young} AND NOT {open_now}" if young else f"WHEN NOT {open_now}"
            editor.execute(
                f'CREATE TRIGGER "{name}" BEFORE {verb} ON "{table}" {when} '
                f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are append-only'); END"
            )


class Erasable(AppendOnly):
    """Migration operation: lets rows of an append-only table be changed and deleted through the gate, not otherwise."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        let_through(schema_editor, table, keep=self.keep)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        remove(schema_editor, table)
        install(schema_editor, table, keep=self.keep)

    def describe(self) -> str:
        return f"Let {self.model_name} be erased through the gate"

"""Rows that nobody can edit or delete: the database itself refuses, whatever the code above it does."""

from datetime import timedelta
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

VERBS = ("UPDATE", "DELETE")
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

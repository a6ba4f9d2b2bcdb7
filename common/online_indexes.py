"""Indexes and constraints for tables that are in use: PostgreSQL builds them while others write."""

from typing import Any

from django.db import NotSupportedError
from django.db.migrations.operations.models import AddConstraint, AddIndex
from django.db.models import CheckConstraint


class AddIndexOnline(AddIndex):
    """AddIndex without a lock that writers would wait for. Its migration says `atomic = False`.

    An index with columns that it only carries (`include`) is left out where the database has no such indexes: it would
    be one on the key alone.
    """

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        features = schema_editor.connection.features
        if self.index.include and not features.supports_covering_indexes:
            return
        if schema_editor.connection.vendor != "postgresql":
            schema_editor.add_index(model, self.index)
            return
        if schema_editor.connection.in_atomic_block:
            raise NotSupportedError("AddIndexOnline cannot be in a transaction: set atomic = False on the migration.")
        # What an interrupted build left behind is invalid and in the way.
        schema_editor.remove_index(model, self.index, concurrently=True)
        schema_editor.add_index(model, self.index, concurrently=True)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.remove_index(model, self.index, concurrently=True)
        elif not self.index.include:
            schema_editor.remove_index(model, self.index)


class AddConstraintOnline(AddConstraint):
    """AddConstraint of a check, or of a unique one with a condition (which is an index), on a table in use: a check
    holds for new rows at once and is then proved for the old ones without a lock that writers would wait for."""

    atomic = False

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        if schema_editor.connection.in_atomic_block:
            raise NotSupportedError("AddConstraintOnline cannot be in a transaction: set atomic = False.")
        model = to_state.apps.get_model(app_label, self.model_name)
        table, name = (schema_editor.quote_name(text) for text in (model._meta.db_table, self.constraint.name))
        made = str(self.constraint.create_sql(model, schema_editor))
        if made.startswith("CREATE UNIQUE INDEX "):
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            schema_editor.execute(made.replace("CREATE UNIQUE INDEX ", "CREATE UNIQUE INDEX CONCURRENTLY ", 1))
            return
        if not isinstance(self.constraint, CheckConstraint):
            raise NotSupportedError("AddConstraintOnline adds checks, and unique constraints with a condition.")
        schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
        schema_editor.execute(f"{made} NOT VALID")
        schema_editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")

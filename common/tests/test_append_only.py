"""The database itself refuses to change append-only rows."""

from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connection, transaction

from common import append_only
from common.append_only import AppendOnly

pytestmark = pytest.mark.usefixtures("transactional_db")
TABLE = "common_test_ledger"


@pytest.fixture
def editor():
    """A table of our own with both triggers, and what SQL is run with."""

    def execute(sql, params=None):
        with connection.cursor() as cursor:
            cursor.execute(sql, params)

    made = SimpleNamespace(connection=connection, execute=execute)
    execute(f"CREATE TABLE {TABLE} (id integer PRIMARY KEY, word varchar(20))")
    append_only.install(made, TABLE)
    execute(f"INSERT INTO {TABLE} VALUES (1, 'first')")
    yield made
    execute(f"DROP TABLE {TABLE}")


@pytest.mark.parametrize("sql", [f"UPDATE {TABLE} SET word = 'other'", f"DELETE FROM {TABLE}"])
def test_change_is_refused(editor, sql):
    with pytest.raises(IntegrityError, match=f"rows of {TABLE} are append-only"), transaction.atomic():
        editor.execute(sql)


def test_adding_is_allowed(editor):
    editor.execute(f"INSERT INTO {TABLE} VALUES (2, 'second')")


def test_removing_one_verb_keeps_the_other(editor):
    append_only.remove(editor, TABLE, ("DELETE",))
    with pytest.raises(IntegrityError), transaction.atomic():
        editor.execute(f"UPDATE {TABLE} SET word = 'other'")
    editor.execute(f"DELETE FROM {TABLE}")


def test_removing_twice_is_fine(editor):
    for _ in range(2):
        append_only.remove(editor, TABLE)
    editor.execute(f"UPDATE {TABLE} SET word = 'other'")


def test_operation_is_written_back_into_migrations():
    name, args, kwargs = AppendOnly("AuditEvent").deconstruct()
    again = AppendOnly(*args, **kwargs)
    assert (name, again.model_name, again.verbs) == ("AppendOnly", "AuditEvent", ("UPDATE", "DELETE"))
    assert again.describe() == "Refuse UPDATE and DELETE on AuditEvent"

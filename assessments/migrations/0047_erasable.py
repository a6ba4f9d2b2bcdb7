"""What append-only tables and received sheets hold of a person can be erased through their gate."""

from datetime import timedelta
from typing import Any

from django.db import migrations

from common.append_only import GATE, Erasable

TABLE = "assessments_sheetupload"
RECEIVED = "OLD.state IN ('verified', 'retaken')"
EXCHANGED = (
    "NEW.sha256 <> OLD.sha256 OR NEW.size <> OLD.size OR NEW.storage_key <> OLD.storage_key "
    "OR NEW.attempt_id <> OLD.attempt_id"
)
MOVED = (
    "(NEW.state <> OLD.state OR NEW.page_number <> OLD.page_number) AND EXISTS "
    "(SELECT 1 FROM assessments_attempt WHERE id = OLD.attempt_id AND state = 'handed_in')"
)
OPEN = f"EXISTS (SELECT 1 FROM {GATE} WHERE opens = '{TABLE}')"  # noqa: S608


def _function(open_too: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION abhyas_frozen_sheet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  {open_too}
  IF TG_OP = 'UPDATE' AND NOT ({EXCHANGED} OR {MOVED}) THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'received sheets are frozen' USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


THROUGH = f"IF {OPEN} THEN IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END IF;"
REFUSE = "BEGIN SELECT RAISE(ABORT, 'received sheets are frozen'); END"


def _sqlite(unless: str) -> list[str]:
    return [
        "DROP TRIGGER IF EXISTS sheet_upload_frozen_update",
        "DROP TRIGGER IF EXISTS sheet_upload_frozen_delete",
        f"CREATE TRIGGER sheet_upload_frozen_update BEFORE UPDATE ON {TABLE} "
        f"WHEN {unless}{RECEIVED} AND ({EXCHANGED} OR {MOVED}) {REFUSE}",
        f"CREATE TRIGGER sheet_upload_frozen_delete BEFORE DELETE ON {TABLE} WHEN {unless}{RECEIVED} {REFUSE}",
    ]


def thaw_through_gate(apps: Any, editor: Any) -> None:
    postgresql = editor.connection.vendor == "postgresql"
    for statement in [_function(THROUGH)] if postgresql else _sqlite(f"NOT {OPEN} AND "):
        # Without parameters the statement is taken as it is.
        editor.execute(statement, params=None)


def freeze(apps: Any, editor: Any) -> None:
    for statement in [_function("")] if editor.connection.vendor == "postgresql" else _sqlite(""):
        editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("assessments", "0046_steps_of_an_exam"), ("accounts", "0008_personal_data")]

    operations = [
        Erasable("Try"),
        # Only for papers that were drawn for rehearsals.
        Erasable("Paper"),
        Erasable("PaperQuestion"),
        Erasable("attemptevent", keep=("at", timedelta(days=180))),
        Erasable("ExternalResult"),
        migrations.RunPython(thaw_through_gate, freeze, elidable=False),
    ]

"""What was received is never exchanged, and what is handed in keeps its place: the database itself refuses."""

from typing import Any

from django.db import migrations

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
POSTGRESQL = f"""
CREATE OR REPLACE FUNCTION abhyas_frozen_sheet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'UPDATE' AND NOT ({EXCHANGED} OR {MOVED}) THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'received sheets are frozen' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER sheet_upload_frozen BEFORE UPDATE OR DELETE ON {TABLE}
  FOR EACH ROW WHEN ({RECEIVED}) EXECUTE FUNCTION abhyas_frozen_sheet();
"""
REFUSE = "BEGIN SELECT RAISE(ABORT, 'received sheets are frozen'); END"
SQLITE = (
    f"CREATE TRIGGER sheet_upload_frozen_update BEFORE UPDATE ON {TABLE} "
    f"WHEN {RECEIVED} AND ({EXCHANGED} OR {MOVED}) {REFUSE}",
    f"CREATE TRIGGER sheet_upload_frozen_delete BEFORE DELETE ON {TABLE} WHEN {RECEIVED} {REFUSE}",
)


def freeze(apps: Any, editor: Any) -> None:
    # Without parameters the statement is taken as it is.
    for statement in (POSTGRESQL,) if editor.connection.vendor == "postgresql" else SQLITE:
        editor.execute(statement, params=None)


def thaw(apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(f"DROP TRIGGER IF EXISTS sheet_upload_frozen ON {TABLE}")
        editor.execute("DROP FUNCTION IF EXISTS abhyas_frozen_sheet()")
        return
    for verb in ("update", "delete"):
        editor.execute(f"DROP TRIGGER IF EXISTS sheet_upload_frozen_{verb}")


class Migration(migrations.Migration):
    dependencies = [("assessments", "0040_retakes")]

    operations = [migrations.RunPython(freeze, thaw, elidable=False)]

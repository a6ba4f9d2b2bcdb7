"""What append-only tables hold of a person can be erased through their gate; nothing else has changed about them."""

from django.db import migrations

from common.append_only import Erasable

TABLES = (
    "Transition", "AssignmentDecision", "MarkEvent", "MarkCorrection", "ClarificationMessage", "ImportedResult",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("evaluations", "0035_schemes"), ("accounts", "0008_personal_data")]

    operations = [Erasable(name) for name in TABLES]

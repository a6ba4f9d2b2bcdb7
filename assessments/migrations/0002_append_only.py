"""Question versions, marking steps and frozen papers are only ever inserted."""

from django.db import migrations

from common.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("assessments", "0001_initial")]

    operations = [
        AppendOnly("QuestionVersion"),
        AppendOnly("MarkingStep"),
        AppendOnly("Paper"),
        AppendOnly("PaperQuestion"),
    ]

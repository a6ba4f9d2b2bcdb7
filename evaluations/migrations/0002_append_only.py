"""Marks given, transitions, decisions and breaches are events: only ever inserted."""

from django.db import migrations

from common.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("evaluations", "0001_initial")]

    operations = [
        AppendOnly("MarkEvent"),
        AppendOnly("Transition"),
        AppendOnly("AssignmentDecision"),
        AppendOnly("SlaBreach"),
    ]

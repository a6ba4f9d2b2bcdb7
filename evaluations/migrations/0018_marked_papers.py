"""Marked papers as files, made in the background."""

import django.db.models.deletion
from django.db import migrations, models

import common.models


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0044_rehearsal_papers"),
        ("evaluations", "0016_desk_operations"),
    ]

    operations = [
        migrations.CreateModel(
            name="MarkedPaper",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("variant", models.CharField(max_length=100)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Being prepared"), ("ready", "Ready"), ("failed", "Could not be made")],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("storage_key", models.CharField(blank=True, max_length=200)),
                ("size", models.PositiveIntegerField(default=0, help_text="Bytes")),
                ("pages", models.PositiveSmallIntegerField(default=0)),
                ("asked_at", models.DateTimeField()),
                ("made_at", models.DateTimeField(blank=True, null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                (
                    "attempt",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="marked_papers",
                        to="assessments.attempt",
                    ),
                ),
            ],
            options={
                "verbose_name": "marked paper as a file",
                "verbose_name_plural": "marked papers as files",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["asked_at"], name="marked_paper_waiting_idx"
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("attempt", "variant"), name="marked_paper_once")],
            },
        ),
    ]

"""Reminders. The new columns of evaluations stay empty until the scan fills those of open papers, some at a time."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.models
from common.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0044_rehearsal_papers"),
        ("evaluations", "0005_coming_breaches"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Reminder",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "rung",
                    models.CharField(
                        choices=[
                            ("half", "Half of the time is used"),
                            ("most", "Four fifths of the time are used"),
                            ("help", "Not begun: help was sought"),
                        ],
                        max_length=4,
                        verbose_name="rung",
                    ),
                ),
                ("promised_from", models.DateTimeField()),
                ("at", models.DateTimeField()),
                ("is_told", models.BooleanField(verbose_name="told")),
            ],
            options={
                "verbose_name": "reminder",
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="evaluation",
            name="half_at",
            field=models.DateTimeField(blank=True, help_text="When half of the time is used.", null=True),
        ),
        migrations.AddField(
            model_name="evaluation",
            name="most_at",
            field=models.DateTimeField(blank=True, help_text="When four fifths of the time are used.", null=True),
        ),
        migrations.AddField(
            model_name="evaluation",
            name="remind_at",
            field=models.DateTimeField(
                blank=True, help_text="When reminders look at it next; empty once everything was told.", null=True
            ),
        ),
        migrations.AddField(
            model_name="reminder",
            name="evaluation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="reminders", to="evaluations.evaluation"
            ),
        ),
        migrations.AddField(
            model_name="reminder",
            name="teacher",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(
                fields=("evaluation", "promised_from", "rung", "teacher"), name="reminder_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(
                condition=models.Q(("teacher", None)),
                fields=("evaluation", "promised_from", "rung"),
                name="reminder_nobody_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(
                condition=models.Q(("rung", "help")), fields=("evaluation", "promised_from"), name="reminder_help_once"
            ),
        ),
        AppendOnly("Reminder"),
    ]

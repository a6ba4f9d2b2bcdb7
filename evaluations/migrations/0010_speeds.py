"""Measured speeds. What there is to mark stays empty on papers from before, until the forecast fills open ones."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_extra_time_moved"),
        ("evaluations", "0009_report_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="evaluation",
            name="is_remark",
            field=models.BooleanField(
                db_default=False, default=False, help_text="Nobody who has given marks for it may mark it again."
            ),
        ),
        migrations.AddField(
            model_name="evaluation",
            name="work",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="markevent",
            name="active_seconds",
            field=models.IntegerField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="MarkingSpeed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("question_type", models.CharField(blank=True, max_length=20, verbose_name="type")),
                ("seconds_per_mark", models.FloatField(verbose_name="seconds per mark")),
                ("spread", models.FloatField(verbose_name="spread")),
                ("papers", models.PositiveIntegerField(verbose_name="papers")),
                ("updated_at", models.DateTimeField(verbose_name="measured")),
                (
                    "teacher",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="marking_speeds",
                        to="accounts.teacherprofile",
                    ),
                ),
            ],
            options={
                "verbose_name": "marking speed",
                "ordering": ["teacher", "question_type"],
                "constraints": [
                    models.UniqueConstraint(fields=("teacher", "question_type"), name="marking_speed_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("seconds_per_mark__gt", 0), ("spread__gte", 0)),
                        name="marking_speed_positive",
                    ),
                ],
            },
        ),
    ]

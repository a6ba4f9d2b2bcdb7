"""Records: what of a paper its student gets, and shares of one that is marked by question."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.models


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0045_marking_mode"),
        ("evaluations", "0011_decisions_whole"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MarkingGroup",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("numbers", models.JSONField(default=list, verbose_name="questions")),
                ("first_number", models.PositiveSmallIntegerField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "questions marked together",
                "verbose_name_plural": "questions marked together",
                "ordering": ["exam", "first_number"],
            },
        ),
        migrations.AddField(
            model_name="evaluation",
            name="is_shared",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name="evaluation",
            name="numbers",
            field=models.JSONField(blank=True, editable=False, help_text="Empty: all of the paper.", null=True),
        ),
        migrations.AddField(
            model_name="evaluation",
            name="record",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="shares",
                to="evaluations.evaluation",
            ),
        ),
        migrations.AddField(
            model_name="evaluation",
            name="role",
            field=models.CharField(
                choices=[("record", "The paper"), ("share", "Some questions of a paper")],
                db_default="record",
                default="record",
                editable=False,
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="evaluation",
            name="state",
            field=models.CharField(
                choices=[
                    ("queued", "Waiting for a teacher"),
                    ("assigned", "With a teacher"),
                    ("in_progress", "Being marked"),
                    ("shared", "With several teachers"),
                    ("returned", "Returned: cannot be read"),
                    ("finalised", "Marked"),
                    ("released", "Back with the student"),
                    ("closed", "No longer needed"),
                ],
                default="queued",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="markinggroup",
            name="exam",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="marking_groups", to="assessments.exam"
            ),
        ),
        migrations.AddField(
            model_name="markinggroup",
            name="last_teacher",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="markinggroup",
            name="teachers",
            field=models.ManyToManyField(
                blank=True, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="teachers"
            ),
        ),
        migrations.AddField(
            model_name="evaluation",
            name="group",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="evaluations.markinggroup",
            ),
        ),
        migrations.AddConstraint(
            model_name="markinggroup",
            constraint=models.UniqueConstraint(fields=("exam", "first_number"), name="marking_group_unique"),
        ),
    ]

"""Learning paths that people follow, steps that are extra, and courses that open only within a path."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.models


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0007_enrolment_order"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="course",
            name="only_by_path",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Students come in themselves only when a path that they have begun has led them here.",
                verbose_name="opens only within a learning path",
            ),
        ),
        migrations.AddField(
            model_name="learningpath",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="learningpath",
            name="version",
            field=models.PositiveIntegerField(db_default=1, default=1, editable=False),
        ),
        migrations.AddField(
            model_name="pathcourse",
            name="is_required",
            field=models.BooleanField(db_default=True, default=True, verbose_name="required"),
        ),
        migrations.AlterField(
            model_name="pathcourse",
            name="course",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="path_steps", to="courses.course"
            ),
        ),
        migrations.CreateModel(
            name="PathEnrolment",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("begun_at", models.DateTimeField()),
                ("left_at", models.DateTimeField(blank=True, null=True)),
                ("done", models.PositiveSmallIntegerField(default=0)),
                ("total", models.PositiveSmallIntegerField(default=0)),
                ("percent", models.PositiveSmallIntegerField(default=0)),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "path",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="followers", to="courses.learningpath"
                    ),
                ),
                (
                    "student",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="paths", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "person on a path",
                "verbose_name_plural": "people on paths",
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("path", "student"), name="path_enrolment_unique"),
                    models.CheckConstraint(condition=models.Q(("percent__lte", 100)), name="path_enrolment_percent"),
                    models.CheckConstraint(
                        condition=models.Q(("done__lte", models.F("total"))), name="path_enrolment_done"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("percent__lt", 100), ("completed_at__isnull", False), _connector="OR"),
                        name="path_enrolment_completed",
                    ),
                ],
            },
        ),
    ]

"""Pathfinders, and what they told whom."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.models


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0009_enrol_by_api"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Pathfinder",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("title", models.CharField(max_length=140, verbose_name="title")),
                ("intro", models.CharField(blank=True, max_length=600, verbose_name="introduction")),
                (
                    "kind",
                    models.CharField(
                        choices=[("quiz", "Quiz"), ("external", "External assessment")],
                        default="quiz",
                        max_length=10,
                        verbose_name="leads to",
                    ),
                ),
                ("target", models.UUIDField(blank=True, null=True)),
                ("is_published", models.BooleanField(default=False, verbose_name="published")),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "pathfinder",
                "ordering": ["title", "id"],
            },
        ),
        migrations.CreateModel(
            name="PathfinderPath",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "from_percent",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="from per cent",
                    ),
                ),
                (
                    "path",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="courses.learningpath"
                    ),
                ),
                (
                    "pathfinder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="choices", to="courses.pathfinder"
                    ),
                ),
            ],
            options={
                "verbose_name": "path of a pathfinder",
                "verbose_name_plural": "paths of a pathfinder",
                "ordering": ["from_percent", "pk"],
            },
        ),
        migrations.CreateModel(
            name="PathfinderRun",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("interests", models.JSONField(default=list, verbose_name="interests")),
                ("begun_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("source", models.UUIDField(blank=True, null=True)),
                ("score", models.DecimalField(blank=True, decimal_places=2, max_digits=8, null=True)),
                ("out_of", models.DecimalField(blank=True, decimal_places=2, max_digits=8, null=True)),
                ("fits", models.JSONField(default=list)),
                (
                    "pathfinder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="courses.pathfinder"
                    ),
                ),
                (
                    "student",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pathfinder_runs",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "answer of a pathfinder",
                "verbose_name_plural": "answers of pathfinders",
                "ordering": ["-id"],
            },
        ),
        migrations.AddIndex(
            model_name="pathfinder",
            index=models.Index(fields=["kind", "target"], name="pathfinder_target_idx"),
        ),
        migrations.AddConstraint(
            model_name="pathfinder",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_published", False), ("target__isnull", False), _connector="OR"),
                name="pathfinder_leads_somewhere",
            ),
        ),
        migrations.AddConstraint(
            model_name="pathfinderpath",
            constraint=models.UniqueConstraint(fields=("pathfinder", "path"), name="pathfinder_path_unique"),
        ),
        migrations.AddConstraint(
            model_name="pathfinderpath",
            constraint=models.CheckConstraint(
                condition=models.Q(("from_percent__isnull", True), ("from_percent__lte", 100), _connector="OR"),
                name="pathfinder_path_percent",
            ),
        ),
        migrations.AddConstraint(
            model_name="pathfinderrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("answered_at__isnull", True)),
                fields=("pathfinder", "student"),
                name="pathfinder_run_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="pathfinderrun",
            constraint=models.UniqueConstraint(fields=("pathfinder", "source"), name="pathfinder_run_source_once"),
        ),
        migrations.AddConstraint(
            model_name="pathfinderrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("answered_at__isnull", True),
                    models.Q(("out_of__gt", 0), ("score__gte", 0), ("source__isnull", False)),
                    _connector="OR",
                ),
                name="pathfinder_run_answered",
            ),
        ),
    ]

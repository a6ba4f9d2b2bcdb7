"""Projects and what is handed in for them."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0048_pass_percent_help"),
        ("courses", "0006_certificates"),
    ]

    operations = [
        migrations.CreateModel(
            name="Project",
            fields=[
                (
                    "exam",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="project",
                        serialize=False,
                        to="assessments.exam",
                    ),
                ),
                ("due_at", models.DateTimeField(verbose_name="due")),
                ("takes_files", models.BooleanField(default=True, verbose_name="files: photos and PDF")),
                ("takes_link", models.BooleanField(default=False, verbose_name="a link")),
                (
                    "late_percent",
                    models.PositiveSmallIntegerField(
                        default=10,
                        help_text="0: nothing is taken off.",
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="per cent off for each day late",
                    ),
                ),
                (
                    "late_cap",
                    models.PositiveSmallIntegerField(
                        default=100,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="per cent off at most",
                    ),
                ),
                (
                    "revisions",
                    models.PositiveSmallIntegerField(
                        default=1,
                        help_text="How often a teacher may give the work back for revision. 0: never.",
                        validators=[django.core.validators.MaxValueValidator(10)],
                        verbose_name="revisions",
                    ),
                ),
                (
                    "files",
                    models.ManyToManyField(
                        blank=True, related_name="projects", to="courses.coursefile", verbose_name="files"
                    ),
                ),
                (
                    "lesson",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="project", to="courses.lesson"
                    ),
                ),
            ],
            options={
                "verbose_name": "project",
                "ordering": ["-exam"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("takes_files", True), ("takes_link", True), _connector="OR"),
                        name="project_takes_something",
                        violation_error_message="Say what may be handed in: files, a link, or both.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("late_cap__lte", 100), ("late_percent__lte", 100)),
                        name="project_late_range",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                (
                    "attempt",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="submission",
                        serialize=False,
                        to="assessments.attempt",
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("link", models.CharField(blank=True, max_length=500, verbose_name="link")),
                ("is_returned", models.BooleanField(default=False, verbose_name="came back for revision")),
                ("late_days", models.PositiveIntegerField(blank=True, null=True)),
                ("late_percent", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "revises",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="revision",
                        to="assessments.submission",
                    ),
                ),
            ],
            options={
                "verbose_name": "submission of a project",
                "verbose_name_plural": "submissions of projects",
                "ordering": ["-attempt"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("late_percent", None), ("late_percent__lte", 100), _connector="OR"),
                        name="submission_late",
                    )
                ],
            },
        ),
    ]

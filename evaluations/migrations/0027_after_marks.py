"""Questions about marks, and the rules of what may be asked after the marks are out."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.models
from common.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0045_marking_mode"),
        ("evaluations", "0020_comment_formulas"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Clarification",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "waits_for",
                    models.CharField(
                        blank=True,
                        choices=[("student", "Student"), ("marker", "Your marker"), ("staff", "Your institute")],
                        max_length=8,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "evaluation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clarifications",
                        to="evaluations.evaluation",
                    ),
                ),
                (
                    "marker",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clarifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assessments.paperquestion",
                    ),
                ),
            ],
            options={
                "verbose_name": "question about marks",
                "verbose_name_plural": "questions about marks",
                "ordering": ["-last_at"],
            },
        ),
        migrations.CreateModel(
            name="ClarificationMessage",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "side",
                    models.CharField(
                        choices=[("student", "Student"), ("marker", "Your marker"), ("staff", "Your institute")],
                        max_length=8,
                    ),
                ),
                ("text", models.CharField(max_length=1000)),
                ("region", models.JSONField(blank=True, null=True)),
                ("at", models.DateTimeField()),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "clarification",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="evaluations.clarification",
                    ),
                ),
                (
                    "page",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assessments.sheetpage",
                    ),
                ),
            ],
            options={
                "verbose_name": "message about marks",
                "ordering": ["at", "id"],
            },
        ),
        migrations.CreateModel(
            name="AfterMarksPolicy",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "question_hours",
                    models.PositiveSmallIntegerField(
                        default=0,
                        validators=[django.core.validators.MaxValueValidator(336)],
                        verbose_name="hours until questions open",
                    ),
                ),
                (
                    "question_days",
                    models.PositiveSmallIntegerField(
                        default=7,
                        help_text="0: no questions.",
                        validators=[django.core.validators.MaxValueValidator(90)],
                        verbose_name="days for questions",
                    ),
                ),
                (
                    "remark_hours",
                    models.PositiveSmallIntegerField(
                        default=2,
                        validators=[django.core.validators.MaxValueValidator(336)],
                        verbose_name="hours until re-marks open",
                    ),
                ),
                (
                    "remark_days",
                    models.PositiveSmallIntegerField(
                        default=7,
                        help_text="0: no re-marks.",
                        validators=[django.core.validators.MaxValueValidator(90)],
                        verbose_name="days for re-marks",
                    ),
                ),
                (
                    "remark_tokens",
                    models.PositiveSmallIntegerField(
                        default=2,
                        help_text="So many a student has. One that was upheld is given back.",
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="re-marks of an exam",
                    ),
                ),
                (
                    "exam",
                    models.OneToOneField(
                        blank=True,
                        help_text="Empty: all exams without a row of their own.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="after_marks",
                        to="assessments.exam",
                        verbose_name="exam",
                    ),
                ),
                (
                    "remark_policy",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: the promise of the paper.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="evaluations.slapolicy",
                        verbose_name="promise of re-marks",
                    ),
                ),
            ],
            options={
                "verbose_name": "rules after the marks",
                "verbose_name_plural": "rules after the marks",
                "constraints": [
                    models.UniqueConstraint(
                        models.Case(models.When(exam__isnull=True, then=1)), name="after_marks_one_for_all"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="clarification",
            index=models.Index(fields=["marker", "-last_at"], name="clarification_marker_idx"),
        ),
        migrations.AddIndex(
            model_name="clarification",
            index=models.Index(fields=["-last_at"], name="clarification_last_idx"),
        ),
        migrations.AddConstraint(
            model_name="clarification",
            constraint=models.UniqueConstraint(
                condition=models.Q(("question__isnull", False)),
                fields=("evaluation", "question"),
                name="clarification_one_a_question",
            ),
        ),
        migrations.AddConstraint(
            model_name="clarification",
            constraint=models.UniqueConstraint(
                condition=models.Q(("question__isnull", True)), fields=("evaluation",), name="clarification_one_a_paper"
            ),
        ),
        AppendOnly("ClarificationMessage"),
    ]

"""Checks of an exam, and what two markings of the same answers said."""

from decimal import Decimal

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.models
from common.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0045_marking_mode"),
        ("evaluations", "0022_desk_keys"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ExamChecks",
            fields=[
                (
                    "exam",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="checks",
                        serialize=False,
                        to="assessments.exam",
                        verbose_name="exam",
                    ),
                ),
                (
                    "double",
                    models.CharField(
                        choices=[("off", "None"), ("sample", "A sample"), ("risk", "Those at risk"), ("all", "All")],
                        default="off",
                        max_length=8,
                        verbose_name="marked twice",
                    ),
                ),
                (
                    "sample_percent",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="sample, per cent",
                    ),
                ),
                (
                    "tolerance_marks",
                    common.models.MarksField(
                        decimal_places=2,
                        default=Decimal("1"),
                        max_digits=6,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            common.models.validate_half_marks,
                        ],
                        verbose_name="tolerance, marks",
                    ),
                ),
                (
                    "tolerance_percent",
                    models.PositiveSmallIntegerField(
                        default=20,
                        help_text="The larger of both holds.",
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="tolerance, per cent of a question",
                    ),
                ),
                (
                    "result",
                    models.CharField(
                        choices=[("first", "The first marking"), ("mean", "The mean, in halves")],
                        default="first",
                        max_length=8,
                        verbose_name="counts within the tolerance",
                    ),
                ),
                (
                    "least_hours",
                    models.PositiveSmallIntegerField(
                        default=2,
                        help_text="With less of the promise left nobody marks a second time.",
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(240),
                        ],
                        verbose_name="least hours left",
                    ),
                ),
                (
                    "pass_percent",
                    models.PositiveSmallIntegerField(
                        default=33,
                        help_text="Borderline is measured from here.",
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="pass mark, per cent",
                    ),
                ),
                (
                    "margin_percent",
                    models.PositiveSmallIntegerField(
                        default=3,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="borderline, ± per cent",
                    ),
                ),
                (
                    "new_papers",
                    models.PositiveSmallIntegerField(
                        default=5,
                        help_text="Fewer finished papers than this: at risk.",
                        verbose_name="new marker, papers",
                    ),
                ),
                (
                    "disagreement_percent",
                    models.PositiveSmallIntegerField(
                        default=15,
                        help_text="Of a question, on average of 30 days.",
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="disagreement, per cent",
                    ),
                ),
            ],
            options={
                "verbose_name": "checks of an exam",
                "verbose_name_plural": "checks of exams",
                "ordering": ["-exam_id"],
            },
        ),
        migrations.CreateModel(
            name="MarkPair",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "first_marks",
                    common.models.MarksField(
                        decimal_places=2,
                        max_digits=6,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            common.models.validate_half_marks,
                        ],
                    ),
                ),
                (
                    "second_marks",
                    common.models.MarksField(
                        decimal_places=2,
                        max_digits=6,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            common.models.validate_half_marks,
                        ],
                    ),
                ),
                (
                    "max_marks",
                    common.models.MarksField(
                        decimal_places=2,
                        max_digits=6,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            common.models.validate_half_marks,
                        ],
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "pair of marks",
                "verbose_name_plural": "pairs of marks",
                "ordering": ["-at"],
            },
        ),
        migrations.AlterField(
            model_name="evaluation",
            name="role",
            field=models.CharField(
                choices=[
                    ("record", "The paper"),
                    ("share", "Some questions of a paper"),
                    ("remark", "A question that is marked again"),
                    ("first", "As first marked"),
                    ("second", "Second marking"),
                    ("moderation", "Moderation"),
                ],
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
                    ("second", "Second marking"),
                    ("moderation", "With a moderator"),
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
            model_name="examchecks",
            name="moderators",
            field=models.ManyToManyField(
                blank=True,
                help_text="Teachers who decide between two markings. Staff always may.",
                related_name="moderated_exams",
                to=settings.AUTH_USER_MODEL,
                verbose_name="moderators",
            ),
        ),
        migrations.AddField(
            model_name="markpair",
            name="evaluation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="pairs", to="evaluations.evaluation"
            ),
        ),
        migrations.AddField(
            model_name="markpair",
            name="first",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="markpair",
            name="question",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="assessments.paperquestion"
            ),
        ),
        migrations.AddField(
            model_name="markpair",
            name="second",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="markpair",
            index=models.Index(fields=["first", "at"], name="mark_pair_first_idx"),
        ),
        migrations.AddIndex(
            model_name="markpair",
            index=models.Index(fields=["second", "at"], name="mark_pair_second_idx"),
        ),
        migrations.AddIndex(
            model_name="markpair",
            index=models.Index(fields=["at"], name="mark_pair_at_idx"),
        ),
        migrations.AddConstraint(
            model_name="markpair",
            constraint=models.UniqueConstraint(fields=("evaluation", "question"), name="mark_pair_unique"),
        ),
        migrations.AddConstraint(
            model_name="markpair",
            constraint=models.CheckConstraint(
                condition=models.Q(("first", models.F("second")), _negated=True), name="mark_pair_two_people"
            ),
        ),
        AppendOnly("MarkPair"),
    ]

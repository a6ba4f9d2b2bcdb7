"""Re-marks, their tokens, and corrected marks."""

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
        ("evaluations", "0027_after_marks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="evaluation",
            name="role",
            field=models.CharField(
                choices=[
                    ("record", "The paper"),
                    ("share", "Some questions of a paper"),
                    ("remark", "A question that is marked again"),
                ],
                db_default="record",
                default="record",
                editable=False,
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="MarkCorrection",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "before",
                    common.models.MarksField(
                        blank=True,
                        decimal_places=2,
                        max_digits=6,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            common.models.validate_half_marks,
                        ],
                    ),
                ),
                (
                    "after",
                    common.models.MarksField(
                        blank=True,
                        decimal_places=2,
                        max_digits=6,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            common.models.validate_half_marks,
                        ],
                    ),
                ),
                (
                    "total_before",
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
                    "total_after",
                    common.models.MarksField(
                        decimal_places=2,
                        max_digits=6,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            common.models.validate_half_marks,
                        ],
                    ),
                ),
                ("reason", models.CharField(max_length=1000)),
                ("at", models.DateTimeField()),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "evaluation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="evaluations.evaluation",
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
                "verbose_name": "corrected mark",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="RemarkRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("region", models.JSONField(blank=True, null=True)),
                ("reason", models.CharField(max_length=1000)),
                ("is_recheck", models.BooleanField(default=False, verbose_name="re-check")),
                ("asked_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "With another teacher"), ("upheld", "Upheld"), ("refused", "Not upheld")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                (
                    "marks_before",
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
                    "marks_after",
                    common.models.MarksField(
                        blank=True,
                        decimal_places=2,
                        max_digits=6,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            common.models.validate_half_marks,
                        ],
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "evaluation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="remark_requests",
                        to="evaluations.evaluation",
                    ),
                ),
                (
                    "first_marker",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="assessments.paperquestion"
                    ),
                ),
                (
                    "remark",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="remark_request",
                        to="evaluations.evaluation",
                    ),
                ),
            ],
            options={
                "verbose_name": "re-mark",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="RemarkStep",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "before",
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
                    "after",
                    common.models.MarksField(
                        blank=True,
                        decimal_places=2,
                        max_digits=6,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            common.models.validate_half_marks,
                        ],
                    ),
                ),
                ("is_upheld", models.BooleanField(blank=True, null=True)),
                ("words", models.CharField(blank=True, max_length=500)),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="evaluations.remarkrequest",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assessments.markingstep",
                    ),
                ),
            ],
            options={
                "verbose_name": "step of a re-mark",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="RemarkToken",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("kind", models.CharField(choices=[("spent", "Spent"), ("refunded", "Given back")], max_length=8)),
                ("at", models.DateTimeField()),
                (
                    "exam",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="assessments.exam"
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tokens",
                        to="evaluations.remarkrequest",
                    ),
                ),
                (
                    "student",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="remark_tokens",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "re-mark token",
                "ordering": ["id"],
            },
        ),
        migrations.AddConstraint(
            model_name="remarkrequest",
            constraint=models.UniqueConstraint(fields=("evaluation", "question"), name="remark_once_a_question"),
        ),
        migrations.AddConstraint(
            model_name="remarkrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("state", "waiting")),
                    models.Q(("state", "waiting"), _negated=True),
                    _connector="OR",
                ),
                name="remark_decided",
            ),
        ),
        migrations.AddConstraint(
            model_name="remarkstep",
            constraint=models.UniqueConstraint(fields=("request", "step"), name="remark_step_unique"),
        ),
        migrations.AddConstraint(
            model_name="remarktoken",
            constraint=models.UniqueConstraint(fields=("request", "kind"), name="remark_token_once"),
        ),
        AppendOnly("RemarkToken"),
        AppendOnly("MarkCorrection"),
    ]

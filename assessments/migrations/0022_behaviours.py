from decimal import Decimal

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import common.models
from common.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0021_question_drafts"),
        ("courses", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Try",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("seq", models.PositiveBigIntegerField(blank=True, null=True)),
                ("answer", models.JSONField()),
                ("is_correct", models.BooleanField(null=True)),
                (
                    "marks",
                    common.models.MarksField(
                        decimal_places=2,
                        max_digits=6,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            common.models.validate_half_marks,
                        ],
                    ),
                ),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "try",
                "verbose_name_plural": "tries",
                "ordering": ["attempt", "question", "number"],
            },
        ),
        migrations.AddField(
            model_name="exam",
            name="behaviour",
            field=models.CharField(
                choices=[
                    ("deferred", "Marked at the end"),
                    ("immediate", "Check each answer, with hints and further tries"),
                    ("adaptive", "Check as often as wanted; the best counts"),
                    ("certainty", "Say how certain you are"),
                ],
                db_default="deferred",
                default="deferred",
                max_length=12,
                verbose_name="while it is sat",
            ),
        ),
        migrations.AddField(
            model_name="exam",
            name="tries",
            field=models.PositiveSmallIntegerField(
                db_default=3,
                default=3,
                help_text="1 to 5, where each answer is checked with hints.",
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)],
                verbose_name="tries for each question",
            ),
        ),
        migrations.AddField(
            model_name="exam",
            name="try_penalty",
            field=models.DecimalField(
                db_default=Decimal("0.33"),
                decimal_places=2,
                default=Decimal("0.33"),
                help_text="Share of the question’s marks, 0 to 1: 0.33 takes a third away.",
                max_digits=3,
                validators=[
                    django.core.validators.MinValueValidator(Decimal("0")),
                    django.core.validators.MaxValueValidator(Decimal("1")),
                ],
                verbose_name="cost of a wrong try",
            ),
        ),
        migrations.AddField(
            model_name="response",
            name="bare_marks",
            field=common.models.MarksField(
                blank=True,
                decimal_places=2,
                max_digits=6,
                null=True,
                validators=[django.core.validators.MinValueValidator(Decimal("0")), common.models.validate_half_marks],
            ),
        ),
        migrations.AddField(
            model_name="response",
            name="certainty",
            field=models.SmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="response",
            name="is_closed",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddConstraint(
            model_name="exam",
            constraint=models.CheckConstraint(
                condition=models.Q(("tries__gte", 1), ("tries__lte", 5)), name="exam_tries_range"
            ),
        ),
        migrations.AddConstraint(
            model_name="exam",
            constraint=models.CheckConstraint(
                condition=models.Q(("try_penalty__gte", 0), ("try_penalty__lte", 1)), name="exam_try_penalty_range"
            ),
        ),
        migrations.AddField(
            model_name="try",
            name="attempt",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="tries", to="assessments.attempt"
            ),
        ),
        migrations.AddField(
            model_name="try",
            name="question",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="assessments.paperquestion"
            ),
        ),
        migrations.AddConstraint(
            model_name="try",
            constraint=models.UniqueConstraint(fields=("attempt", "question", "number"), name="try_unique"),
        ),
        AppendOnly("Try"),
    ]

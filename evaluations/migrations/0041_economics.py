"""What marking is paid: rates, the books, statements of a month, and the price of a paper."""

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
        ("evaluations", "0030_calibration"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="slapolicy",
            name="price",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="What is taken for one paper of this promise. Empty: not known; no margin is shown.",
                max_digits=10,
                null=True,
                validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                verbose_name="price of a paper",
            ),
        ),
        migrations.AddField(
            model_name="slapolicy",
            name="price_currency",
            field=models.CharField(
                db_default="INR",
                default="INR",
                max_length=3,
                validators=[
                    django.core.validators.RegexValidator(
                        "^[A-Z]{3}\\Z", "Three letters as in ISO 4217, for example INR."
                    )
                ],
                verbose_name="currency of the price",
            ),
        ),
        migrations.CreateModel(
            name="PayMonth",
            fields=[
                ("first", models.DateField(primary_key=True, serialize=False, verbose_name="month")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
                (
                    "closed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "month of pay",
                "ordering": ["-first"],
            },
        ),
        migrations.CreateModel(
            name="Earning",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("first", "First marking"),
                            ("second", "Second marking"),
                            ("moderation", "Moderation"),
                            ("remark", "Re-mark"),
                            ("recheck", "Re-check"),
                        ],
                        max_length=10,
                        verbose_name="kind of work",
                    ),
                ),
                ("version", models.PositiveSmallIntegerField(default=1)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=12, verbose_name="amount")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("basis", models.JSONField(default=list)),
                ("finished_at", models.DateTimeField(verbose_name="finished")),
                ("at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="reason")),
                (
                    "actor",
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
                        related_name="earnings",
                        to="evaluations.evaluation",
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversal",
                        to="evaluations.earning",
                    ),
                ),
                (
                    "teacher",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="earnings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "month",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="earnings", to="evaluations.paymonth"
                    ),
                ),
            ],
            options={
                "verbose_name": "earning",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="RateCard",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=10,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                        verbose_name="amount",
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        default="INR",
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Z]{3}\\Z", "Three letters as in ISO 4217, for example INR."
                            )
                        ],
                        verbose_name="currency",
                    ),
                ),
                (
                    "unit",
                    models.CharField(
                        choices=[
                            ("paper", "A paper"),
                            ("question", "A question"),
                            ("mark", "A mark that can be given"),
                            ("minute", "A measured minute"),
                        ],
                        max_length=8,
                        verbose_name="for",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("first", "First marking"),
                            ("second", "Second marking"),
                            ("moderation", "Moderation"),
                            ("remark", "Re-mark"),
                            ("recheck", "Re-check"),
                        ],
                        max_length=10,
                        verbose_name="kind of work",
                    ),
                ),
                (
                    "question_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("single_choice", "Single choice"),
                            ("multiple_choice", "Multiple choice"),
                            ("assertion_reason", "Assertion–reason"),
                            ("true_false", "True or false"),
                            ("numeric", "Numeric"),
                            ("short_text", "Short text"),
                            ("expression", "Mathematical expression"),
                            ("fill_in", "Fill in the blanks"),
                            ("matching", "Matching"),
                            ("ordering", "Ordering"),
                            ("very_short_answer", "Very short answer"),
                            ("short_answer", "Short answer"),
                            ("long_answer", "Long answer"),
                            ("case_study", "Case study"),
                            ("file_upload", "File or project"),
                        ],
                        help_text="Only for rates of a question or a mark.",
                        max_length=20,
                        verbose_name="question type",
                    ),
                ),
                ("valid_from", models.DateField(verbose_name="from")),
                (
                    "valid_until",
                    models.DateField(
                        blank=True, help_text="The last day. Empty: no end.", null=True, verbose_name="until"
                    ),
                ),
                (
                    "exam",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="assessments.exam",
                        verbose_name="exam",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="evaluations.slapolicy",
                        verbose_name="promise",
                    ),
                ),
            ],
            options={
                "verbose_name": "rate",
                "ordering": ["-valid_from", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Statement",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveIntegerField(verbose_name="number")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("papers", models.IntegerField(verbose_name="papers")),
                ("total", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="total")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "With the teacher"),
                            ("confirmed", "Confirmed"),
                            ("objected", "Objected to"),
                            ("approved", "Approved"),
                            ("paid", "Paid"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("objection", models.CharField(blank=True, max_length=500, verbose_name="objection")),
                ("answer", models.CharField(blank=True, max_length=500, verbose_name="answer")),
                ("reference", models.CharField(blank=True, max_length=100, verbose_name="reference of the payment")),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("approved_at", models.DateTimeField(blank=True, null=True)),
                ("paid_at", models.DateTimeField(blank=True, null=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "month",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to="evaluations.paymonth",
                    ),
                ),
                (
                    "teacher",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="statements",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "statement",
                "ordering": ["-month", "number"],
            },
        ),
        migrations.AddConstraint(
            model_name="paymonth",
            constraint=models.CheckConstraint(condition=models.Q(("first__day", 1)), name="pay_month_first"),
        ),
        migrations.AddIndex(
            model_name="earning",
            index=models.Index(fields=["month", "teacher", "currency", "id"], name="earning_statement_idx"),
        ),
        migrations.AddConstraint(
            model_name="earning",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reverses", None)), fields=("evaluation", "version"), name="earning_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="earning",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__gte", 0), ("reverses", None)),
                    models.Q(("amount__lte", 0), ("reverses__isnull", False)),
                    _connector="OR",
                ),
                name="earning_sign",
            ),
        ),
        migrations.AddConstraint(
            model_name="ratecard",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="rate_not_negative"),
        ),
        migrations.AddConstraint(
            model_name="ratecard",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_until", None), ("valid_until__gte", models.F("valid_from")), _connector="OR"
                ),
                name="rate_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="ratecard",
            constraint=models.CheckConstraint(
                condition=models.Q(("question_type", ""), ("unit__in", ["question", "mark"]), _connector="OR"),
                name="rate_of_type",
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.UniqueConstraint(fields=("month", "number"), name="statement_number"),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.UniqueConstraint(fields=("month", "teacher", "currency"), name="statement_once"),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "paid"), _negated=True),
                    models.Q(("reference", ""), _negated=True),
                    _connector="OR",
                ),
                name="statement_paid_with_reference",
            ),
        ),
        AppendOnly("Earning"),
    ]

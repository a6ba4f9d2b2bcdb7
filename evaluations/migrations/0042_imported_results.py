"""Results that were made elsewhere, as they were signed."""

from decimal import Decimal

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.models
from common.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("evaluations", "0041_economics"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportedResult",
            fields=[
                (
                    "id",
                    models.UUIDField(default=common.models.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("bundle", models.CharField(max_length=64, unique=True)),
                ("key", models.CharField(max_length=60, verbose_name="signed by")),
                ("origin", models.UUIDField(verbose_name="evaluation there")),
                ("exam_title", models.CharField(max_length=300, verbose_name="exam")),
                (
                    "total",
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
                    "most",
                    common.models.MarksField(
                        decimal_places=2,
                        max_digits=6,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            common.models.validate_half_marks,
                        ],
                    ),
                ),
                ("result", models.JSONField()),
                ("files", models.JSONField(default=list)),
                ("made_at", models.DateTimeField(verbose_name="exported")),
                ("imported_at", models.DateTimeField(verbose_name="imported")),
                (
                    "imported_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "student",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="imported_results",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "imported result",
                "ordering": ["-imported_at", "-id"],
            },
        ),
        AppendOnly("ImportedResult"),
    ]

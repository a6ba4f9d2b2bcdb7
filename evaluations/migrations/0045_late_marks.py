"""What being late takes off a project."""

from decimal import Decimal

import django.core.validators
from django.db import migrations

import common.models


class Migration(migrations.Migration):
    dependencies = [
        ("evaluations", "0044_withdrawn_marks"),
    ]

    operations = [
        migrations.AddField(
            model_name="evaluation",
            name="late_marks",
            field=common.models.MarksField(
                blank=True,
                decimal_places=2,
                editable=False,
                max_digits=6,
                null=True,
                validators=[django.core.validators.MinValueValidator(Decimal("0")), common.models.validate_half_marks],
                verbose_name="marks off for being late",
            ),
        ),
    ]

"""What reached us of the work at the desk, by the ids of the devices."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from common.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("evaluations", "0013_records_online"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DeskOperation",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("kind", models.CharField(choices=[("mark", "Mark"), ("ink", "Red ink")], max_length=4)),
                ("target", models.UUIDField()),
                ("version", models.PositiveIntegerField()),
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
                        related_name="operations",
                        to="evaluations.evaluation",
                    ),
                ),
            ],
            options={
                "verbose_name": "desk operation",
            },
        ),
        AppendOnly("DeskOperation"),
    ]

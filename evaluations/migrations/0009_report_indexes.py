"""For the board and the report of promises kept; built while others write."""

from django.db import migrations, models

from common.online_indexes import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("evaluations", "0008_queue_forecast")]

    operations = [
        AddIndexOnline(
            model_name="evaluation",
            index=models.Index(
                condition=models.Q(("finalised_at__isnull", False)),
                fields=["finalised_at"],
                name="evaluation_finished_idx",
            ),
        ),
        AddIndexOnline(
            model_name="slabreach",
            index=models.Index(fields=["-flagged_at"], name="sla_breach_flagged_idx"),
        ),
    ]

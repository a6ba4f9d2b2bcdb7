"""Built while others write: the table of evaluations is in use."""

from django.db import migrations, models

from common.online_indexes import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("evaluations", "0006_ladder")]

    operations = [
        AddIndexOnline(
            model_name="evaluation",
            index=models.Index(
                condition=models.Q(
                    ("finalised_at", None),
                    ("paused_at", None),
                    ("remind_at__isnull", False),
                    ("state__in", ("queued", "assigned", "in_progress")),
                ),
                fields=["remind_at", "id"],
                name="evaluation_remind_idx",
            ),
        ),
        AddIndexOnline(
            model_name="evaluation",
            index=models.Index(
                condition=models.Q(
                    ("finalised_at", None), ("half_at", None), ("state__in", ("queued", "assigned", "in_progress"))
                ),
                fields=["id"],
                name="evaluation_no_rungs_idx",
            ),
        ),
    ]

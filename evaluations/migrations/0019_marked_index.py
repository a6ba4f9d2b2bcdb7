"""Papers that are marked and not released are counted on the board; built while others write."""

from django.db import migrations, models

from common.online_indexes import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("evaluations", "0018_marked_papers")]

    operations = [
        AddIndexOnline(
            model_name="evaluation",
            index=models.Index(condition=models.Q(("state", "finalised")), fields=["id"], name="evaluation_marked_idx"),
        ),
    ]

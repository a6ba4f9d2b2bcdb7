from django.db import migrations, models

from common.online_indexes import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("assessments", "0043_rehearsals")]

    operations = [
        AddIndexOnline(
            "paper",
            models.Index(condition=models.Q(("is_rehearsal", True)), fields=["id"], name="paper_rehearsal_idx"),
        ),
    ]

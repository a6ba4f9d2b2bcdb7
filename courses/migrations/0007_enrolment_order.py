from django.db import migrations, models

from common.online_indexes import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("courses", "0006_certificates")]

    operations = [
        AddIndexOnline(
            model_name="enrolment",
            index=models.Index(fields=["course", "id"], name="enrolment_order_idx"),
        ),
    ]

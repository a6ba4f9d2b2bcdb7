"""A mark that was given can be taken back: an event of its own."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("evaluations", "0043_erasable")]

    operations = [
        migrations.AddField(
            model_name="markevent",
            name="withdraws",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="evaluations.markevent",
            ),
        ),
    ]

"""Steps that one exam has beside those of the bank."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0045_marking_mode"),
    ]

    operations = [
        migrations.AddField(
            model_name="markingstep",
            name="exam",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="assessments.exam",
            ),
        ),
    ]

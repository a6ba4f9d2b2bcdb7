"""Decisions keep all that they were made from; those from before have no count of the unqualified."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("evaluations", "0010_speeds"),
    ]

    operations = [
        migrations.AddField(
            model_name="assignmentdecision",
            name="unqualified",
            field=models.IntegerField(blank=True, null=True),
        ),
    ]

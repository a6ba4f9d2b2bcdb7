"""Extra time is an accommodation now (assessments); the migration named below has copied it.

The column stays for one release with a default, so that processes of the release before can go on reading and writing
profiles until they are replaced.
"""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_append_only"), ("assessments", "0018_fill_accommodations")]

    operations = [
        migrations.AlterField(
            model_name="studentprofile",
            name="extra_time_percent",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="An accommodation for every exam.",
                validators=[django.core.validators.MaxValueValidator(300)],
                verbose_name="extra time, %",
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name="studentprofile", name="extra_time_percent")]
        ),
    ]

"""Minutes with a teacher can be granted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_extra_time_moved"),
    ]

    operations = [
        migrations.AlterField(
            model_name="entitlement",
            name="feature",
            field=models.CharField(
                choices=[
                    ("exam.attempt", "Exams to sit"),
                    ("evaluation.sla", "Marking promise"),
                    ("teacher.minutes", "Minutes with a teacher"),
                ],
                max_length=40,
                verbose_name="feature",
            ),
        ),
    ]

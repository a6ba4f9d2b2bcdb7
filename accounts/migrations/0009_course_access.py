"""Paid courses can be granted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_personal_data"),
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
                    ("course.access", "A paid course"),
                ],
                max_length=40,
                verbose_name="feature",
            ),
        ),
    ]

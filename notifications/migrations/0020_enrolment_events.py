from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0019_path_news")]

    operations = [
        migrations.AlterField(
            model_name="webhookevent",
            name="type",
            field=models.CharField(
                choices=[
                    ("attempt.submitted", "An attempt was submitted"),
                    ("evaluation.released", "A marked paper went back"),
                    ("sla.breached", "A promise was missed"),
                    ("enrolment.created", "Somebody came into a course"),
                    ("enrolment.completed", "Somebody completed a course"),
                    ("ping", "A test"),
                ],
                max_length=40,
                verbose_name="event",
            ),
        ),
    ]

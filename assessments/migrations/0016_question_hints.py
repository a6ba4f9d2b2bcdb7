from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0015_question_imports"),
    ]

    operations = [
        migrations.AddField(
            model_name="questionversion",
            name="hints",
            field=models.JSONField(blank=True, null=True),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assessments", "0041_frozen_sheets")]

    operations = [
        migrations.AddField(
            model_name="sheetpage",
            name="treatment",
            field=models.JSONField(
                blank=True,
                help_text="What was done to the photograph so that it reads better.",
                null=True,
            ),
        ),
    ]

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assessments", "0047_erasable")]

    operations = [
        migrations.AlterField(
            model_name="exam",
            name="pass_percent",
            field=models.PositiveSmallIntegerField(
                db_default=70,
                default=70,
                help_text="Of a quiz, and of an exam to which a lesson leads that is done when it is passed.",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(100),
                ],
                verbose_name="per cent to pass",
            ),
        ),
    ]

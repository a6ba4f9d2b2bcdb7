from django.db import migrations, models


class Migration(migrations.Migration):
    """Both columns may be null and have no default: no row of these large, insert-only tables is written anew."""

    dependencies = [
        ("assessments", "0030_question_list_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="markingstep",
            name="method",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="questionversion",
            name="method_titles",
            field=models.JSONField(blank=True, null=True),
        ),
    ]

from django.db import migrations, models

import common.models


class Migration(migrations.Migration):
    dependencies = [
        ("assessments", "0027_quizzes"),
    ]

    operations = [
        migrations.AddField(
            model_name="question",
            name="marks",
            field=common.models.MarksField(editable=False, null=True, verbose_name="marks"),
        ),
        migrations.AddField(
            model_name="question",
            name="difficulty",
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="question",
            name="cognitive_level",
            field=models.CharField(
                choices=[
                    ("remember", "Remember"),
                    ("understand", "Understand"),
                    ("apply", "Apply"),
                    ("analyse", "Analyse"),
                    ("evaluate", "Evaluate"),
                    ("create", "Create"),
                ],
                editable=False,
                max_length=12,
                null=True,
            ),
        ),
    ]

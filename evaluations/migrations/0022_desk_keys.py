"""Keys of a marker's own, and questions to come back to."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_extra_time_moved"),
        ("assessments", "0045_marking_mode"),
        ("evaluations", "0021_comment_bank"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeskKeys",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="desk_keys",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("is_on", models.BooleanField(default=True)),
                ("keys", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name": "keys of the desk",
                "verbose_name_plural": "keys of the desk",
            },
        ),
        migrations.CreateModel(
            name="LaterFlag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("flagged_at", models.DateTimeField()),
                (
                    "evaluation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="later_flags",
                        to="evaluations.evaluation",
                    ),
                ),
                (
                    "question",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="assessments.paperquestion"
                    ),
                ),
            ],
            options={
                "verbose_name": "question for later",
                "verbose_name_plural": "questions for later",
                "constraints": [models.UniqueConstraint(fields=("evaluation", "question"), name="later_flag_unique")],
            },
        ),
    ]

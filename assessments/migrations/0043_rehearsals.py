import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("assessments", "0042_sheet_treatment"),
    ]

    operations = [
        migrations.AddField(
            model_name="paper",
            name="is_rehearsal",
            field=models.BooleanField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="exam",
            name="rehearses",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rehearsals",
                to="assessments.exam",
            ),
        ),
        migrations.AddField(
            model_name="exam",
            name="rehearsed_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rehearsals",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="exam",
            name="purpose",
            field=models.CharField(
                choices=[("exam", "Exam"), ("quiz", "Quiz")],
                db_default="exam",
                default="exam",
                max_length=12,
                verbose_name="what it is",
            ),
        ),
        migrations.AddConstraint(
            model_name="exam",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("purpose", "rehearsal"), _negated=True),
                        ("rehearsed_by__isnull", True),
                        ("rehearses__isnull", True),
                    ),
                    models.Q(("is_published", False), ("purpose", "rehearsal"), ("rehearsed_by__isnull", False)),
                    _connector="OR",
                ),
                name="exam_rehearsal_is_somebodys",
            ),
        ),
        migrations.AddConstraint(
            model_name="exam",
            constraint=models.UniqueConstraint(
                condition=models.Q(("rehearses__isnull", False)),
                fields=("rehearses", "rehearsed_by"),
                name="exam_one_rehearsal_of_exam",
            ),
        ),
        migrations.AddConstraint(
            model_name="exam",
            constraint=models.UniqueConstraint(
                condition=models.Q(("purpose", "rehearsal"), ("rehearses__isnull", True)),
                fields=("paper", "rehearsed_by"),
                name="exam_one_rehearsal_of_paper",
            ),
        ),
    ]

"""Comments of the institute beside those of a teacher, and which comment of the bank stands on a page."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from common.online_indexes import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("assessments", "0045_marking_mode"),
        ("courses", "0001_initial"),
        ("evaluations", "0028_remarks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="annotation",
            name="bank",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="evaluations.bankcomment",
            ),
        ),
        migrations.AddField(
            model_name="bankcomment",
            name="exam",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="assessments.exam",
                verbose_name="exam",
            ),
        ),
        migrations.AddField(
            model_name="bankcomment",
            name="programme",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="courses.programme",
                verbose_name="programme",
            ),
        ),
        migrations.AddField(
            model_name="bankcomment",
            name="question",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="assessments.question",
                verbose_name="question",
            ),
        ),
        migrations.AlterField(
            model_name="bankcomment",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="bank_comments",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="bankcomment",
            name="text",
            field=models.CharField(max_length=200, verbose_name="comment"),
        ),
        migrations.AlterField(
            model_name="bankcomment",
            name="uses",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        AddIndexOnline(
            model_name="annotation",
            index=models.Index(
                condition=models.Q(("bank__isnull", False)), fields=["bank", "question"], name="annotation_bank_idx"
            ),
        ),
        migrations.AddConstraint(
            model_name="bankcomment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("owner__isnull", True)),
                fields=("text",),
                name="bank_comment_shared_unique",
                violation_error_message="There is a shared comment with these words already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankcomment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("owner__isnull", True),
                    models.Q(("exam__isnull", True), ("programme__isnull", True), ("question__isnull", True)),
                    _connector="OR",
                ),
                name="bank_comment_own_unscoped",
            ),
        ),
        migrations.AddConstraint(
            model_name="bankcomment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("exam__isnull", True), ("programme__isnull", True)),
                    models.Q(("programme__isnull", True), ("question__isnull", True)),
                    models.Q(("exam__isnull", True), ("question__isnull", True)),
                    _connector="OR",
                ),
                name="bank_comment_one_scope",
                violation_error_message="Choose a programme, an exam or a question, not more than one.",
            ),
        ),
    ]

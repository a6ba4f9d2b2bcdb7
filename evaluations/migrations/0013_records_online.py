"""Indexes and constraints of records, built while others write; an attempt has one record, no longer one evaluation."""

import django.db.models.deletion
from django.db import migrations, models

from common.online_indexes import AddConstraintOnline, AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("evaluations", "0012_records"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="evaluation",
            name="evaluation_teacher_known",
        ),
        AddIndexOnline(
            model_name="evaluation",
            index=models.Index(fields=["attempt"], name="evaluation_attempt_idx"),
        ),
        AddIndexOnline(
            model_name="evaluation",
            index=models.Index(
                condition=models.Q(("record__isnull", False)), fields=["record"], name="evaluation_shares_idx"
            ),
        ),
        AddIndexOnline(
            model_name="evaluation",
            index=models.Index(
                condition=models.Q(("state", "shared")), fields=["due_at", "id"], name="evaluation_shared_idx"
            ),
        ),
        AddConstraintOnline(
            model_name="evaluation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("teacher__isnull", False),
                    ("is_shared", True),
                    ("state__in", ["queued", "returned", "closed"]),
                    _connector="OR",
                ),
                name="evaluation_teacher_known",
            ),
        ),
        AddConstraintOnline(
            model_name="evaluation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("role", "record")), fields=("attempt",), name="evaluation_record_unique"
            ),
        ),
        AddConstraintOnline(
            model_name="evaluation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("record", None), ("role", "record")),
                    models.Q(models.Q(("role", "record"), _negated=True), ("record__isnull", False)),
                    _connector="OR",
                ),
                name="evaluation_record_known",
            ),
        ),
        migrations.AlterField(
            model_name="evaluation",
            name="attempt",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="evaluations",
                to="assessments.attempt",
            ),
        ),
    ]

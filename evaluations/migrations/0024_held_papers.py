"""Papers that wait for others, by promise; a moderator's decision is with nobody until somebody takes it."""

from django.db import migrations, models

from common.online_indexes import AddConstraintOnline, AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("evaluations", "0023_second_marking")]

    operations = [
        migrations.RemoveConstraint(
            model_name="evaluation",
            name="evaluation_teacher_known",
        ),
        AddIndexOnline(
            model_name="evaluation",
            index=models.Index(
                condition=models.Q(("state__in", ("shared", "second", "moderation"))),
                fields=["due_at", "id"],
                name="evaluation_held_idx",
            ),
        ),
        migrations.RemoveIndex(
            model_name="evaluation",
            name="evaluation_shared_idx",
        ),
        AddConstraintOnline(
            model_name="evaluation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("teacher__isnull", False),
                    ("is_shared", True),
                    ("state__in", ["queued", "returned", "closed", "moderation"]),
                    _connector="OR",
                ),
                name="evaluation_teacher_known",
            ),
        ),
    ]

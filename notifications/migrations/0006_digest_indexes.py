from django.db import migrations, models

from common.online_indexes import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("notifications", "0005_preferences"),
    ]

    operations = [
        AddIndexOnline(
            "notification",
            models.Index(
                condition=models.Q(("digest__isnull", True), ("mail_state__in", ["held", "digest"])),
                fields=["mail_after"],
                name="notification_later_idx",
            ),
        ),
        AddIndexOnline(
            "notification",
            models.Index(
                condition=models.Q(("digest__isnull", False)), fields=["digest"], name="notification_digest_idx"
            ),
        ),
    ]

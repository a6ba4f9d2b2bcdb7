"""What was sent to webhooks about a person can be erased before its time, through the gate of the log."""

from datetime import timedelta

from django.db import migrations

from common.append_only import Erasable


class Migration(migrations.Migration):
    dependencies = [("notifications", "0014_rooms"), ("accounts", "0008_personal_data")]

    operations = [Erasable("WebhookTry", keep=("at", timedelta(days=7)))]

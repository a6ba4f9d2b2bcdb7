"""Words in the append-only tables of rooms can be erased through their gate."""

from django.db import migrations

from common.append_only import Erasable


class Migration(migrations.Migration):
    dependencies = [("courses", "0004_rooms"), ("accounts", "0008_personal_data")]

    operations = [Erasable("MessageEdit"), Erasable("Report")]

"""A calendar and three promises to start with; the institute changes them in the admin."""

import datetime as dt
from decimal import Decimal

from django.db import migrations

NINE, SIX, NOON = dt.time(9), dt.time(18), dt.time(12)


def create_defaults(apps, schema_editor):
    calendar, _ = apps.get_model("evaluations", "WorkingCalendar").objects.get_or_create(
        slug="institute", defaults={"name": "Institute hours", "time_zone": "Asia/Kolkata"}
    )
    hours = apps.get_model("evaluations", "OpeningHours")
    for weekday in range(6):
        hours.objects.get_or_create(calendar=calendar, weekday=weekday, opens=NINE, defaults={"closes": SIX})
    policies = [
        ("working-9h", {"name": "Within 9 working hours", "kind": "working_hours", "hours": Decimal(9)}),
        ("elapsed-48h", {"name": "Within 48 hours", "kind": "elapsed_hours", "hours": Decimal(48), "is_default": True}),
        ("same-day", {"name": "Same working day", "kind": "same_day", "cutoff": NOON, "due_time": SIX}),
    ]
    for slug, fields in policies:
        apps.get_model("evaluations", "SlaPolicy").objects.get_or_create(
            slug=slug, defaults={"calendar": calendar, **fields}
        )


class Migration(migrations.Migration):
    dependencies = [("evaluations", "0002_append_only")]

    operations = [migrations.RunPython(create_defaults, migrations.RunPython.noop)]

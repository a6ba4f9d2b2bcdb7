"""What comes before anything starts, in one process because each start of Django costs seconds."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Brings the database up to date and, with ABHYAS_DEMO, adds the demonstration data that is missing."
    # Migrations come first; what they would complain about is not wrong yet.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        if settings.SHOW_DEMO_ACCOUNTS:
            call_command("seed_demo", stdout=self.stdout)

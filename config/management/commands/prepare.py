"""What `make run` does before it starts anything, in one process because each start of Django costs seconds."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Brings the database up to date and, with --demo, adds the demonstration data that is missing."
    # Migrations come first; what they would complain about is not wrong yet.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="also make the demonstration data that is missing")

    def handle(self, *args: Any, demo: bool = False, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        if demo:
            call_command("seed_demo", stdout=self.stdout)

"""Counts the item statistics of the bank again. Needed once for what was sat before there were any."""

from typing import Any

from django.core.management.base import BaseCommand

from evaluations.services.written_marks import rebuild_statistics


class Command(BaseCommand):
    help = "Counts the item statistics again, from all answers and released marks. May run beside the live system."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{rebuild_statistics()} attempts counted.")

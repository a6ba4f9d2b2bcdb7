"""Lets go of what was kept long enough, as the daily task does; or says what would go."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from accounts.services.retention import due_counts, rule_of, run_retention


class Command(BaseCommand):
    help = "Deletes what its retention rule no longer keeps. With --dry-run it only counts."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, and delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        dry = options["dry_run"]
        counts = due_counts(now=now) if dry else run_retention(now=now)
        for kind, count in counts.items():
            rule = rule_of(kind)
            kept = f"kept {rule.days} days" if rule.is_on else "off"
            self.stdout.write(f"{kind}: {count} {'would go' if dry else 'gone'} ({kept})")

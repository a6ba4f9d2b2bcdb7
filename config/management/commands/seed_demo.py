"""Fills an empty installation with people, exams and papers in every state: `manage.py seed_demo`."""

from argparse import ArgumentParser
from typing import Any

from celery import current_app
from django.core.management.base import BaseCommand
from django.utils import timezone

from config.demo.accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from config.demo.seed import seed_demo


class Command(BaseCommand):
    help = "Makes the demonstration data that is missing; run again it changes nothing. Dates count from today."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--print-accounts", action="store_true", help="also print the accounts")
        parser.add_argument("--workers", type=int, default=2, help="processes that draw (0: only this one)")

    def handle(self, *args: Any, print_accounts: bool = False, workers: int = 2, **options: Any) -> None:
        # What is asked of the worker here is done by this process itself: no broker is needed, no queue filled.
        current_app.conf.update(broker_url="memory://localhost/")
        seed_demo(now=timezone.now(), say=lambda line: self.stdout.write(line, ending="\n"), workers=max(0, workers))
        if print_accounts:
            for email, role in DEMO_ACCOUNTS:
                self.stdout.write(f"{role:9} {email}")
            self.stdout.write(f"password: {DEMO_PASSWORD}")

"""Loads a folder of the question bank: `load_bank assessments/data/cbse_x_mathematics --author … --verifier …`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from assessments.services.bank_files import load_bank
from common.errors import DomainError


class Command(BaseCommand):
    help = "Loads curriculum, questions and blueprints from a folder of TOML files. Loading again writes only changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--author", required=True, help="e-mail of the person who wrote the questions")
        parser.add_argument(
            "--verifier", required=True, help="e-mail of the verified teacher or staff who checked them"
        )

    def handle(self, *args: Any, folder: Path, author: str, verifier: str, **options: Any) -> None:
        if not folder.is_dir():
            raise CommandError(f"There is no folder {folder}.")
        people = {user.email: user for user in User.objects.filter(email__in=[author.lower(), verifier.lower()])}
        try:
            report = load_bank(
                folder=folder, author=people[author.lower()], verifier=people[verifier.lower()], now=timezone.now()
            )
        except KeyError as error:
            raise CommandError(f"Nobody here has the e-mail {error}.") from error
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"{report.programme}: {report.created} new, {report.revised} changed, {report.unchanged} unchanged "
            f"questions; {len(report.blueprints)} blueprints."
        )

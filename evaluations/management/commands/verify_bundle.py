"""manage.py verify_bundle FILE: whether a bundle of a result is what was signed."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.errors import DomainError
from evaluations.services.bundles import check_bundle, public_key


class Command(BaseCommand):
    help = "Checks the signature and every file of a bundle of a result."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="Without a file the public key of this installation.")
        parser.add_argument("--key", default="", help="The public key in base64 that must have signed it.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["file"] is None:
            self.stdout.write(public_key())
            return
        try:
            found = check_bundle(options["file"].read_bytes(), key=options["key"])
        except DomainError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        whose = "this installation" if found.is_ours else f"the key {found.key}"
        totals = found.result["totals"]
        self.stdout.write(f"Signed by {whose}; {len(found.files)} files are as they were.")
        self.stdout.write(f"{found.result['exam']['title']}: {totals['total']} of {totals['most']} marks.")

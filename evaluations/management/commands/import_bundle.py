"""manage.py import_bundle FILE --key KEY --student E-MAIL: brings a signed result of another installation here."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from common.errors import DomainError
from evaluations.services.importing import import_bundle, look_into


class Command(BaseCommand):
    help = "Imports a bundle of a result; with --dry-run only says what it holds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--key", required=True, help="The public key in base64 that must have signed it.")
        parser.add_argument("--student", default="", help="E-mail address of the student it is of.")
        parser.add_argument("--make-student", default="", metavar="NAME", help="Make the student, if there is none.")
        parser.add_argument("--dry-run", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            data, key = options["file"].read_bytes(), options["key"]
            seen = look_into(data, key=key)
            self.stdout.write(f"{seen.exam}: {seen.total} of {seen.most} marks, {seen.pages} pages.")
            if options["dry_run"]:
                self.stdout.write("Imported before." if seen.known else "Nothing was imported.")
                return
            made = import_bundle(
                data=data, key=key, email=options["student"], name=options["make_student"],
                makes_student=bool(options["make_student"]), actor=None, now=timezone.now(),
            )  # fmt: skip
        except DomainError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        self.stdout.write(f"Imported as {made.pk}.")

"""Exports questions: `export_questions --programme cbse-x-mathematics --format qti --actor … --output quiz.zip`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from assessments.models import Question
from assessments.services.exporting import FORMATS, empty_table, export_questions, kept_picture
from common.errors import DomainError


class Command(BaseCommand):
    help = "Writes questions of the bank to a file, or the empty table to fill in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--programme", help="slug of the programme")
        parser.add_argument("--chapter", help="only this chapter")
        parser.add_argument("--state", help="only questions in this state")
        parser.add_argument("--format", choices=sorted(FORMATS), default="csv")
        parser.add_argument("--actor", help="e-mail of the person; only what they may see is exported")
        parser.add_argument("--template", action="store_true", help="the empty table with examples (csv or xlsx)")
        parser.add_argument("--output", type=Path, required=True)
        parser.add_argument("--dry-run", action="store_true", help="only tell what would be lost")

    def handle(self, *args: Any, output: Path, **options: Any) -> None:
        try:
            if options["template"]:
                exported = empty_table(options["format"])
            else:
                exported = export_questions(
                    questions=self._questions(options),
                    actor=self._actor(options),
                    format=options["format"],
                    find_picture=kept_picture,
                )
        except DomainError as error:
            raise CommandError(error.message) from error
        for note in exported.notes:
            self.stdout.write(note)
        if not options["dry_run"]:
            output.write_bytes(exported.data)
        self.stdout.write(f"{exported.count} questions, {len(exported.notes)} with losses.")

    def _actor(self, options: dict[str, Any]) -> User:
        actor: User | None = User.objects.filter(email=(options["actor"] or "").lower()).first()
        if actor is None:
            raise CommandError("Name with --actor who exports.")
        return actor

    def _questions(self, options: dict[str, Any]) -> Any:
        wanted = {
            "chapter__unit__programme__slug": options["programme"],
            "chapter__name": options["chapter"],
            "state": options["state"],
        }
        return Question.objects.filter(**{name: value for name, value in wanted.items() if value}).order_by("pk")

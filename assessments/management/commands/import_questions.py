"""Imports a file of questions: `import_questions quiz.xml --programme cbse-x-mathematics --author … --dry-run`."""

from argparse import ArgumentParser
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from assessments.services.formats.items import MAX_FILE
from assessments.services.import_plan import ImportPlan, plan_import
from assessments.services.importing import import_items, kept_by, read_file, summary
from common.errors import DomainError
from courses.models import Chapter, Programme


class Command(BaseCommand):
    help = "Imports questions as drafts from Moodle XML, QTI, GIFT, Aiken, CSV or XLSX. All or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--programme", required=True, help="slug of the programme")
        parser.add_argument("--chapter", help="name of the chapter for questions that name none")
        parser.add_argument("--author", required=True, help="e-mail of the teacher or staff who imports")
        parser.add_argument("--dry-run", action="store_true", help="only tell what would happen")
        parser.add_argument("--without-refused", action="store_true", help="leave out what cannot be imported")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            programme = Programme.objects.get(slug=options["programme"])
            author = User.objects.get(email=options["author"].lower())
        except (Programme.DoesNotExist, User.DoesNotExist) as error:
            raise CommandError(str(error)) from error
        chapter = None
        if options["chapter"]:
            chapter = Chapter.objects.filter(unit__programme=programme, name=options["chapter"]).first()
            if chapter is None:
                raise CommandError(f"There is no chapter {options['chapter']}.")
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE + 1)
        place = {"programme": programme, "chapter": chapter, "author": author, "now": timezone.now()}
        place["keep_picture"] = kept_by(author)
        try:
            parsed = read_file(data, file.name)
            if options["dry_run"]:
                self._print(plan_import(parsed, **place))
            else:
                self._print(
                    import_items(
                        parsed,
                        **place,
                        file_sha256=sha256(data).hexdigest(),
                        without_refused=options["without_refused"],
                    )
                )
        except DomainError as error:
            raise CommandError(error.message) from error

    def _print(self, plan: ImportPlan) -> None:
        for row in plan.rows:
            self.stdout.write(" ".join(filter(None, [f"{row.where}: {row.action}", row.name and f"“{row.name}”"])))
            for sentence in (row.reason, *row.notes):
                if sentence:
                    self.stdout.write(f"    {sentence}")
        self.stdout.write(summary(plan))

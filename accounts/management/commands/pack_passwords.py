"""Makes the list of breached passwords from a text with one on a line."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.services.passwords import BREACHED, DIGEST, pack


class Command(BaseCommand):
    help = "Packs a list of passwords, one on a line, into the list of those that nobody may have."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("list", type=Path)
        parser.add_argument("--out", type=Path, default=BREACHED)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            text = options["list"].read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise CommandError(str(error)) from error
        packed = pack(text.splitlines())
        options["out"].write_bytes(packed)
        self.stdout.write(f"{len(packed) // DIGEST} passwords in {options['out']}.")

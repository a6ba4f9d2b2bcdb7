"""What every question format reads into and writes from, and the bounds that hold for all of them."""

from __future__ import annotations

from dataclasses import dataclass

from assessments.services.content_schema import QuestionContent
from common.errors import DomainError

MEGABYTE = 1024 * 1024
MAX_FILE = 20 * MEGABYTE
MAX_UNZIPPED = 100 * MEGABYTE
MAX_PICTURE = 5 * MEGABYTE
MAX_ITEMS = 5000
#: Elements of an XML file inside each other.
MAX_DEPTH = 100


class FormatError(DomainError):
    """The file cannot be read at all. `message` says why, as a sentence for the person who brought it."""

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message, "format_invalid", **details)


@dataclass(frozen=True)
class Picture:
    """A picture that came inside the file; texts show it as `![alt](name)`."""

    name: str
    data: bytes
    media_type: str


@dataclass(frozen=True)
class ImportedItem:
    """One question of a file. `where` is its place there ("line 12"); `notes` names every loss or change."""

    where: str
    name: str
    type: str
    content: QuestionContent
    key: str | None = None
    chapter: str = ""
    topic: str = ""
    tags: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Skipped:
    """Something in the file that is no question of ours, and why."""

    where: str
    name: str
    reason: str


@dataclass(frozen=True)
class ParsedFile:
    """All that a file holds, in its order."""

    format: str
    items: tuple[ImportedItem, ...]
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True)
class ExportedItem:
    """One question on its way into a file."""

    name: str
    type: str
    content: QuestionContent
    key: str | None = None
    chapter: str = ""
    topic: str = ""
    tags: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()


def check_size(data: bytes) -> None:
    """Refuse what is empty or too large before anything looks inside."""
    if not data:
        raise FormatError("The file is empty.")
    if len(data) > MAX_FILE:
        raise FormatError(f"The file is larger than {MAX_FILE // MEGABYTE} MB; split it.")

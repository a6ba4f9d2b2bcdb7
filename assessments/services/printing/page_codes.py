"""The code on every printed page: which paper, which copy or attempt, which page; on the sheets of a class which exam,
which student, which page of how many. Signed, so that photographed and scanned sheets can be put in order and to the
right student, and nobody can make one up."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from uuid import UUID

from django.core import signing
from django.utils.translation import gettext as _

from common.errors import DomainError

SALT = "assessments.printing.page"
VERSION = "AP1"
CLASS_VERSION = "AP2"
MAX_CHARACTERS = 200
DOCUMENTS = {"p": "paper", "k": "key", "s": "sheet"}
LETTERS = {name: letter for letter, name in DOCUMENTS.items()}


class PageCodeError(DomainError):
    """The text is no code of ours, or was changed."""

    def __init__(self) -> None:
        super().__init__(_("This is not the code of a printed page."), "page_code_invalid")


@dataclass(frozen=True, slots=True)
class PageCode:
    """`document` is paper, key or sheet; `copy` 0 where copies are not numbered; pages count from 1."""

    paper: UUID
    document: str
    page: int
    copy: int = 0
    attempt: UUID | None = None


@dataclass(frozen=True, slots=True)
class ClassCode:
    """A page of the sheets printed for one student of a class, before there is an attempt; pages count from 1."""

    exam: UUID
    student: UUID
    page: int
    pages: int


def write_class_code(code: ClassCode) -> str:
    """The text of the QR code. Short: a copier has to see its squares."""
    fields = (CLASS_VERSION, _short(code.exam), _short(code.student), str(code.page), str(code.pages))
    return signing.Signer(salt=SALT).sign(".".join(fields))


def write_page_code(code: PageCode) -> str:
    """The text of the QR code."""
    attempt = _short(code.attempt) if code.attempt else ""
    fields = (VERSION, LETTERS[code.document], _short(code.paper), str(code.page), str(code.copy), attempt)
    return signing.Signer(salt=SALT).sign(".".join(fields))


def read_page_code(text: str) -> PageCode:
    """The page that `text`, as a camera read it, stands for. Raises PageCodeError."""
    try:
        version, letter, paper, page, copy, attempt = _fields(text)
        if version != VERSION:
            raise ValueError
        return PageCode(_long(paper), DOCUMENTS[letter], int(page), int(copy), _long(attempt) if attempt else None)
    except (signing.BadSignature, ValueError, KeyError) as error:
        raise PageCodeError from error


def read_any_code(text: str) -> PageCode | ClassCode:
    """The page of either kind. Raises PageCodeError."""
    if not text.startswith(CLASS_VERSION):
        return read_page_code(text)
    try:
        _version, exam, student, page, pages = _fields(text)
        return ClassCode(_long(exam), _long(student), int(page), int(pages))
    except (signing.BadSignature, ValueError) as error:
        raise PageCodeError from error


def _fields(text: str) -> list[str]:
    if len(text) > MAX_CHARACTERS:
        raise ValueError
    return signing.Signer(salt=SALT).unsign(text.strip()).split(".")


def _short(value: UUID) -> str:
    return urlsafe_b64encode(value.bytes).rstrip(b"=").decode()


def _long(text: str) -> UUID:
    return UUID(bytes=urlsafe_b64decode(text + "=="))

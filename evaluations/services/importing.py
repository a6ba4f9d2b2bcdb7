"""A signed bundle of another installation, brought in: checked as a whole, then kept as it was signed.

What comes is a record of its own that nothing changes: no exam, paper or question of this installation is touched, and
its marks count in no list or number here. Who signed it must be known: the key comes by another way than the bundle.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from PIL import Image

from accounts.models import User
from accounts.services.audit import record_event
from accounts.services.people import create_person
from common.content import clean_html
from common.storage import sheet_storage
from evaluations.models import ImportedResult
from evaluations.services.bundles import BundleError, CheckedBundle, check_bundle, public_key

MOST_PIXELS = 60_000_000
TYPES = {"JPEG": "image/jpeg", "WEBP": "image/webp", "PNG": "image/png"}
MOST_MARKS = Decimal("9999.5")


@dataclass(frozen=True)
class Seen:
    """What a bundle holds, before anything is written. `known`: it was imported before."""

    checked: CheckedBundle
    exam: str
    student: str
    total: Decimal
    most: Decimal
    questions: int
    pages: int
    known: ImportedResult | None


def look_into(data: bytes, *, key: str) -> Seen:
    """Checks signature, hashes and shape; writes nothing. `key`: the public key (base64) of who must have signed it.
    Raises BundleError saying what is wrong."""
    key = key.strip()
    try:
        is_key = len(base64.b64decode(key, validate=True)) == 32
    except (binascii.Error, ValueError):
        is_key = False
    if not is_key:
        raise BundleError(_("Give the public key of the installation that signed it."), "key_missing")
    checked = check_bundle(data, key=key)
    result = checked.result
    try:
        totals, questions = result["totals"], result["questions"]
        seen = Seen(
            checked=checked,
            exam=str(result["exam"]["title"])[:300],
            student=str(UUID(result["student"])),
            total=_marks(totals["total"]),
            most=_marks(totals["most"]),
            questions=len(questions),
            pages=len(result["pages"]),
            known=ImportedResult.objects.filter(bundle=checked.bundle).first(),
        )
        _require_shape(result, checked)
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
        raise BundleError(
            _("The bundle is signed, but it is not a result that can be read."), "not_a_result"
        ) from error
    return seen


def import_bundle(
    *, data: bytes, key: str, email: str, name: str = "", makes_student: bool = False, actor: User | None, now: datetime
) -> ImportedResult:
    """Keeps a bundle for the student with this e-mail, who is made where `makes_student`: without a password, and not
    told; nobody is signed in. The same bundle again changes nothing and returns what stands. Audited.

    Raises BundleError (changed, signed by another, no such student, imported for somebody else).
    """
    seen = look_into(data, key=key)
    if seen.known is not None:
        return _same(seen.known, email)
    try:
        with transaction.atomic():
            student = _student(email, name, makes_student, actor, now)
            files = _keep_pages(seen.checked)
            made = ImportedResult.objects.create(
                bundle=seen.checked.bundle, key=seen.checked.key, origin=UUID(seen.checked.result["evaluation"]),
                student=student, exam_title=seen.exam, total=seen.total, most=seen.most,
                result=_cleaned(seen.checked.result), files=files, made_at=seen.checked.made_at, imported_at=now,
                imported_by=actor,
            )  # fmt: skip
            after = {"bundle": made.bundle, "key": made.key, "origin": made.origin, "student": student.pk}
            record_event(actor=actor, action="result.imported", obj=made, after=after, now=now)
    except IntegrityError:
        # Brought twice at once; the other one stands.
        return _same(ImportedResult.objects.get(bundle=seen.checked.bundle), email)
    return made


def is_own_key(key: str) -> bool:
    return key.strip() == public_key()


def _same(known: ImportedResult, email: str) -> ImportedResult:
    if known.student.email != email.strip().lower():
        raise BundleError(_("This bundle was imported for somebody else."), "other_student")
    return known


def _student(email: str, name: str, makes: bool, actor: User | None, now: datetime) -> User:
    email = email.strip().lower()
    found: User | None = User.objects.filter(email=email).first()
    if found is not None:
        if not found.is_student:
            raise BundleError(_("This person is not a student."), "not_a_student")
        return found
    if not makes:
        raise BundleError(_("Nobody here has this e-mail address. Choose to make the student."), "no_student")
    if not name.strip():
        raise BundleError(_("Give the student's name: the bundle has none."), "name_missing")
    return create_person(email=email, name=name, password=None, roles={"student"}, actor=actor, now=now)


def _keep_pages(checked: CheckedBundle) -> list[dict[str, str]]:
    """Stores each page under its own hash, so that a second try writes the same files."""
    kept = []
    for name in checked.result["pages"]:
        data = checked.contents[name]
        digest = hashlib.sha256(data).hexdigest()
        kind = _picture_type(data, name)
        stored = f"imported/{digest}.{kind.split('/')[1]}"
        if not sheet_storage().exists(stored):
            sheet_storage().put_bytes(stored, data, kind)
        kept.append({"name": name, "key": stored, "sha256": digest})
    return kept


def _picture_type(data: bytes, name: str) -> str:
    """Raises BundleError for what is no picture, or one whose pixels would not fit."""
    try:
        with Image.open(io.BytesIO(data), formats=list(TYPES)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise BundleError(_("%(name)s has too many pixels.") % {"name": name}, "too_large")
            kind = TYPES[str(image.format)]
            image.verify()
    except BundleError:
        raise
    except Exception as error:  # Pillow raises many kinds for broken files
        raise BundleError(_("%(name)s is not a picture.") % {"name": name}, "not_a_picture") from error
    return kind


def _require_shape(result: dict[str, Any], checked: CheckedBundle) -> None:
    UUID(result["evaluation"])
    if not set(result["pages"]) <= set(checked.contents) or len(set(result["pages"])) != len(result["pages"]):
        raise ValueError("a page that is not there")
    for one in result["questions"]:
        int(one["number"])
        str(one["html"])
        _marks(one["most"])
        if one["marks"] is not None:
            _marks(one["marks"])
    for name in ("scheme", "events", "corrections", "transitions", "audit"):
        if not all(isinstance(row, dict) for row in result[name]):
            raise ValueError(name)


def _marks(value: Any) -> Decimal:
    found = Decimal(str(value))
    if not found.is_finite() or not 0 <= found <= MOST_MARKS:
        raise ValueError("marks")
    return found


def _cleaned(result: dict[str, Any]) -> dict[str, Any]:
    """The texts of questions are HTML of another installation: what ours would not write is taken out."""
    return {**result, "questions": [{**one, "html": clean_html(str(one["html"]))} for one in result["questions"]]}


def moment(text: Any) -> datetime | None:
    """A moment as bundles write it."""
    found = parse_datetime(str(text)) if text else None
    return found if found is None or timezone.is_aware(found) else None

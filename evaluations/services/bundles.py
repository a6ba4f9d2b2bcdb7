"""One result as a signed bundle: a zip that anybody can check without this system, and that says all of the result.

`manifest.json` has the SHA-256 of every other file; `signature.json` the Ed25519 signature (RFC 8032) of the manifest's
bytes with the public key of this installation. A changed, added or missing file breaks it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.utils.translation import gettext as _

from accounts.models import AuditEvent, User
from accounts.services.audit import record_event
from accounts.services.personal import ERASED
from assessments.enums import PageState, UploadState
from assessments.models import PaperQuestion, Response, SheetPage
from common.errors import DomainError
from common.sealing import signing_key
from common.storage import sheet_storage
from evaluations.enums import DONE_STATES
from evaluations.models import Evaluation, MarkCorrection, MarkEvent, QuestionMark, Transition
from evaluations.selectors.schemes import scheme_histories

FORMAT = "abhyas-result-1"
PURPOSE = "result-bundle"
MANIFEST, SIGNATURE, RESULT = "manifest.json", "signature.json", "result.json"
#: What is larger unpacked is not looked at.
MOST_BYTES = 300 * 1024 * 1024
MOST_FILES = 500
#: The names in a bundle; nothing is ever unpacked to a path.
NAME = re.compile(r"(?:manifest|signature|result)\.json|pages/[\w-]{1,40}\.(?:jpg|webp|png)", re.ASCII)


class BundleError(DomainError):
    """The bundle cannot be made, or is not what was signed."""


@dataclass(frozen=True)
class CheckedBundle:
    """`key`: the public key in base64 that signed it. `is_ours`: that of this installation. `bundle`: SHA-256 of the
    manifest. `contents`: every file but manifest and signature."""

    result: dict[str, Any]
    files: list[str]
    key: str
    is_ours: bool
    bundle: str
    made_at: datetime
    contents: dict[str, bytes]


def public_key() -> str:
    """Of this installation, in base64."""
    return base64.b64encode(signing_key(purpose=PURPOSE).public_key().public_bytes_raw()).decode()


def make_bundle(*, evaluation: Evaluation, actor: User | None, now: datetime) -> bytes:
    """The bundle of a marked record, without the student's name; audited. Raises BundleError while it is not marked."""
    if evaluation.state not in DONE_STATES:
        raise BundleError("Only a marked paper has a result.", "not_marked")
    files = dict(_pages(evaluation))
    files[RESULT] = _json(_result(evaluation, list(files)))
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    manifest = _json({"format": FORMAT, "made_at": now.isoformat(), "sha256": digests})
    signed = base64.b64encode(signing_key(purpose=PURPOSE).sign(manifest)).decode()
    files[MANIFEST] = manifest
    files[SIGNATURE] = _json({"algorithm": "Ed25519", "key": public_key(), "signature": signed})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    record_event(actor=actor, action="result.bundled", obj=evaluation, before={}, after={"files": len(files)}, now=now)
    return out.getvalue()


def check_bundle(data: bytes, *, key: str = "") -> CheckedBundle:
    """Checks the signature, with `key` (base64) that it is this one's, and every file. Raises BundleError saying what
    is wrong."""
    files = _unpacked(data)
    if missing := {MANIFEST, SIGNATURE, RESULT} - files.keys():
        raise BundleError(f"Not a bundle of a result: {', '.join(sorted(missing))} is missing.", "not_a_bundle")
    try:
        said = json.loads(files[SIGNATURE])
        signer = str(said["key"])
        verifier = Ed25519PublicKey.from_public_bytes(base64.b64decode(signer, validate=True))
        verifier.verify(base64.b64decode(said["signature"], validate=True), files[MANIFEST])
        manifest = json.loads(files[MANIFEST])
        digests = dict(manifest["sha256"])
        made_at = datetime.fromisoformat(manifest["made_at"])
        result = json.loads(files[RESULT])
    except InvalidSignature as error:
        raise BundleError("The signature is not of this manifest: the bundle was changed.", "bad_signature") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError("The bundle cannot be read.", "not_a_bundle") from error
    if manifest.get("format") != FORMAT:
        raise BundleError(f"This is not of the form {FORMAT}.", "unknown_format")
    if key and key != signer:
        raise BundleError("Signed with another key than the one given.", "other_key")
    have = files.keys() - {MANIFEST, SIGNATURE}
    if strange := have ^ digests.keys():
        raise BundleError(f"Missing or added: {', '.join(sorted(strange))}.", "other_files")
    for name in sorted(have):
        if hashlib.sha256(files[name]).hexdigest() != digests[name]:
            raise BundleError(f"{name} was changed.", "changed_file", file=name)
    contents = {name: files[name] for name in have}
    bundle = hashlib.sha256(files[MANIFEST]).hexdigest()
    return CheckedBundle(result, sorted(have), signer, signer == public_key(), bundle, made_at, contents)


def _unpacked(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_FILES or len(data) > MOST_BYTES:
                raise BundleError("The bundle is too large.", "too_large")
            if strange := [entry.filename for entry in entries if not NAME.fullmatch(entry.filename)]:
                raise BundleError(f"A file that no bundle has: {strange[0][:80]!r}.", "other_files")
            if len({entry.filename for entry in entries}) != len(entries):
                raise BundleError("A file is there twice.", "not_a_bundle")
            if sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise BundleError("The bundle is too large.", "too_large")
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise BundleError("This is not a zip file.", "not_a_bundle") from error


def _pages(evaluation: Evaluation) -> list[tuple[str, bytes]]:
    rows = SheetPage.objects.filter(
        upload__attempt=evaluation.attempt_id, upload__state=UploadState.VERIFIED, state=PageState.READY
    )
    made = []
    for number, page in enumerate(rows.order_by("upload__page_number", "upload_id", "index"), start=1):
        if page.screen_key.startswith(f"{ERASED}/"):
            told = _("The pictures of this paper are not kept any more, so no bundle can be made of it.")
            raise BundleError(told, "pages_erased")
        with sheet_storage().open_bytes(page.screen_key) as stored:
            made.append((f"pages/{number:02}{Path(page.screen_key).suffix}", stored.read()))
    return made


def _result(evaluation: Evaluation, pages: list[str]) -> dict[str, Any]:
    """Everything of a result but who the student is: paper, scheme, answers, marks and their history, the trail."""
    attempt = evaluation.attempt
    questions = list(PaperQuestion.objects.filter(paper=attempt.paper_id).order_by("number", "alternative"))
    schemes = scheme_histories(attempt.exam_id, {one.version_id for one in questions})
    marks = {mark.question_id: mark for mark in QuestionMark.objects.filter(evaluation=evaluation)}
    answers = {row.question_id: row for row in Response.objects.filter(attempt=attempt)}
    return {
        "format": FORMAT,
        "evaluation": str(evaluation.pk),
        "exam": {"id": str(attempt.exam_id), "title": attempt.exam.title},
        "paper": {"id": str(attempt.paper_id), "title": attempt.paper.title},
        "student": str(attempt.student_id),
        "times": {
            "handed_in": attempt.handed_in_at,
            "due": evaluation.due_at,
            "marked": evaluation.finalised_at,
            "back": evaluation.released_at,
        },
        "totals": {
            "objective": attempt.objective_marks,
            "written": evaluation.written_marks,
            "late": evaluation.late_marks,
            "total": evaluation.total_marks,
            "most": evaluation.max_marks,
        },
        "pages": pages,
        "questions": [_question(one, marks.get(one.pk), answers.get(one.pk)) for one in questions],
        "scheme": [
            {"id": line.id, "version": version, "method": line.method, "part": line.part,
             "alternative": line.alternative, "text": line.text, "marks": line.marks}
            for version, history in sorted(schemes.items())
            for line in history.now.lines
        ],
        "scheme_changes": [
            {"id": scheme.revision_id, "version": version, "number": scheme.number, "at": scheme.revision.at,
             "actor": scheme.revision.actor_id, "reason": scheme.revision.reason, "given": scheme.is_given,
             "steps": scheme.revision.steps}
            for version, history in sorted(schemes.items())
            for scheme in history.schemes
            if scheme.revision
        ],
        "events": _rows(MarkEvent.objects.filter(evaluation=evaluation).order_by("id"),
                        "id", "question_id", "version", "steps", "marks", "comment", "actor_id", "at", "revision_id",
                        "worked_from_id", "withdraws_id"),
        "corrections": _rows(MarkCorrection.objects.filter(evaluation=evaluation).order_by("id"),
                             "question_id", "before", "after", "total_before", "total_after", "reason", "actor_id",
                             "at"),
        "transitions": _rows(Transition.objects.filter(evaluation=evaluation).order_by("id"),
                             "name", "from_state", "to_state", "actor_id", "at", "reason"),
        "audit": _rows(AuditEvent.objects.filter(object_id=str(evaluation.pk)).order_by("id"),
                       "action", "actor_id", "at", "before", "after", "reason"),
    }  # fmt: skip


def _question(question: PaperQuestion, mark: QuestionMark | None, answer: Response | None) -> dict[str, Any]:
    return {
        "id": question.pk,
        "version": question.version_id,
        "number": question.number,
        "alternative": question.alternative,
        "type": question.type,
        "html": question.shown.text_html,
        "most": question.marks,
        "is_written": question.is_written,
        "answer": answer.answer if answer else None,
        "marks": mark.marks if mark else answer.marks if answer else None,
        "steps": mark.steps if mark else {},
        "comment": mark.comment if mark else "",
    }


def _rows(rows: Any, *fields: str) -> list[dict[str, Any]]:
    return list(rows.values(*fields))


def _json(value: Any) -> bytes:
    return json.dumps(value, default=str, ensure_ascii=False, sort_keys=True, indent=1).encode()

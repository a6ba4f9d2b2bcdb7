"""A bundle from one installation in another: the same result, once, and nothing that was changed."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.urls import reverse
from PIL import Image

from accounts.models import AuditEvent, User
from assessments.models import SheetPage
from common.content import clean_html
from common.storage import sheet_storage
from common.testing.migrated import migrated_file
from evaluations.models import ImportedResult, QuestionMark
from evaluations.selectors.imported import imported_page
from evaluations.services import bundles
from evaluations.services.bundles import BundleError, make_bundle, public_key
from evaluations.services.importing import import_bundle, look_into
from evaluations.tests.visits import MOST_QUERIES, as_, cost
from tests.law_urls_world import World
from tests.shared_world import world

__all__ = ["as_", "world"]
FACTS = """
import json
from evaluations.models import ImportedResult
from evaluations.selectors.imported import imported_page
from common.storage import sheet_storage
row = ImportedResult.objects.select_related("student").get()
import hashlib
pages = [hashlib.sha256(sheet_storage().open_bytes(one["key"]).read()).hexdigest() for one in row.files]
asked = [[q.label, str(q.marks), str(q.most), q.comment, q.html] for q in imported_page(row)["questions"]]
person = row.student
print(json.dumps([str(row.total), str(row.most), row.exam_title, asked, pages, person.email,
    person.has_usable_password(), person.emailaddress_set.filter(verified=True).count()]))
"""


@pytest.fixture
def bundle(world: World) -> bytes:
    for page in SheetPage.objects.filter(upload__attempt=world.released.attempt):
        out = io.BytesIO()
        Image.new("RGB", (60, 80), "white").save(out, "JPEG")
        sheet_storage().put_bytes(page.screen_key, out.getvalue(), "image/jpeg")
    return make_bundle(evaluation=world.released, actor=world.cast.staff, now=world.now)


def bring(data: bytes, world: World, **fields: Any) -> ImportedResult:
    given = {"key": public_key(), "email": world.cast.classmate.email, "actor": world.cast.staff, "now": world.now}
    return import_bundle(data=data, **{**given, **fields})


def signed(files: dict[str, bytes]) -> bytes:
    """A bundle of these files, signed as ours."""
    digests = {name: bundles.hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    manifest = bundles._json({"format": bundles.FORMAT, "made_at": "2026-11-01T10:00:00+00:00", "sha256": digests})
    made = bundles.base64.b64encode(bundles.signing_key(purpose=bundles.PURPOSE).sign(manifest)).decode()
    files = {**files, "manifest.json": manifest}
    files["signature.json"] = bundles._json({"algorithm": "Ed25519", "key": public_key(), "signature": made})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {
            name: archive.read(name) for name in archive.namelist() if name not in ("manifest.json", "signature.json")
        }


def test_a_fresh_installation_shows_the_same_result(world: World, bundle: bytes, tmp_path: Path) -> None:
    """Exported here, imported by the product's own command into a database that has nothing, and read there."""
    shutil.copy(migrated_file(), tmp_path / "fresh.sqlite3")
    (tmp_path / "result.zip").write_bytes(bundle)
    there = os.environ | {
        "DATABASE_URL": f"sqlite:///{tmp_path}/fresh.sqlite3", "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "VAR_DIR": str(tmp_path / "var"),
    }  # fmt: skip

    def manage(*words: str) -> str:
        run = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), *words]
        done = subprocess.run(run, env=there, capture_output=True, text=True, check=False, cwd=settings.BASE_DIR)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    given = ("import_bundle", str(tmp_path / "result.zip"), "--key", public_key(), "--student", "new@example.com",
             "--make-student", "Nobody Known")  # fmt: skip
    manage("migrate", "--noinput", "-v0")
    assert "Imported as" in manage(*given)
    assert "Imported as" in manage(*given)
    facts = json.loads(manage("shell", "-v0", "-c", FACTS).strip().splitlines()[-1])
    record, paper = world.released, world.released.attempt.paper
    marks = {mark.question_id: mark for mark in QuestionMark.objects.filter(evaluation=record)}
    asked = [
        [f"{q.number}{q.alternative}", marks[q.pk].marks, q.marks, marks[q.pk].comment, clean_html(q.shown.text_html)]
        for q in paper.questions.order_by("number", "alternative")
        if q.pk in marks
    ]
    told = {row[0]: row for row in facts[3]}
    assert len(told) == paper.questions.count()
    for label, given_marks, most, comment, html in asked:
        assert told[label] == [label, str(given_marks), str(most), comment, html]
    assert facts[:3] == [str(record.total_marks), str(record.max_marks), record.attempt.exam.title]
    assert len(facts[4]) == SheetPage.objects.filter(upload__attempt=record.attempt).count()
    # The student is made, and cannot be signed in.
    assert facts[5:] == ["new@example.com", False, 0]


def test_a_bundle_comes_once_and_touches_nothing_else(world: World, bundle: bytes) -> None:
    made = bring(bundle, world)
    assert bring(bundle, world) == made
    assert made.student == world.cast.classmate
    assert AuditEvent.objects.filter(action="result.imported").count() == 1
    with pytest.raises(BundleError, match="somebody else"):
        bring(bundle, world, email=world.cast.outsider.email)
    for change in (lambda rows: rows.update(total=0), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(ImportedResult.objects.filter(pk=made.pk))
    assert [one.label for one in imported_page(made)["questions"]]


def test_the_student_is_chosen_and_never_signed_in(world: World, bundle: bytes) -> None:
    for fields, words in (
        ({"email": "new@example.com"}, "Nobody here"),
        ({"email": "new@example.com", "makes_student": True}, "name"),
        ({"email": world.cast.teacher.email}, "not a student"),
    ):
        with pytest.raises(BundleError, match=words):
            bring(bundle, world, **fields)
    bring(bundle, world, email="New@Example.com", name="Asha", makes_student=True)
    assert not User.objects.get(email="new@example.com").has_usable_password()


@pytest.mark.parametrize("key", ["", "AAAA", "not base64 at all", "é"])
def test_the_key_must_be_known(world: World, bundle: bytes, key: str) -> None:
    with pytest.raises(BundleError, match="public key"):
        look_into(bundle, key=key)


def test_what_was_changed_is_refused_with_a_sentence(world: World, bundle: bytes) -> None:
    files = unpacked(bundle)
    result = json.loads(files["result.json"])
    broken: list[Any] = [
        {**result, "totals": {"total": "NaN", "most": "5"}}, {**result, "questions": [{}]}, {**result, "events": [1]},
        {**result, "pages": ["pages/99.jpg"]}, {"format": "abhyas-result-1"}, [], {**result, "student": "x"},
        {**result, "totals": {"total": "1e99", "most": "5"}},
    ]  # fmt: skip
    for one in broken:
        with pytest.raises(BundleError):
            look_into(signed({**files, "result.json": json.dumps(one).encode()}), key=public_key())
    page = next(name for name in files if name.startswith("pages/"))
    with pytest.raises(BundleError, match="not a picture"):
        bring(signed({**files, page: b"<svg onload=alert(1)>"}), world)
    for name in ("../../etc/passwd", "/etc/passwd", "pages/../../x.jpg", "pages/01.exe", "notes.txt"):
        with pytest.raises(BundleError, match="no bundle has"):
            look_into(signed({**files, name: b"x"}), key=public_key())
    assert not ImportedResult.objects.exclude(key="elsewhere").exists()


def test_bombs_are_not_unpacked(world: World, bundle: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    files = unpacked(bundle)
    many = {f"pages/{number:04}.jpg": b"x" for number in range(bundles.MOST_FILES)}
    with pytest.raises(BundleError, match="too large"):
        look_into(signed({**files, **many}), key=public_key())
    bomb = signed({**files, "pages/bomb.jpg": bytes(5_000_000)})
    assert len(bomb) < 1_000_000
    monkeypatch.setattr(bundles, "MOST_BYTES", 4_000_000)
    with pytest.raises(BundleError, match="too large"):
        look_into(bomb, key=public_key())


def test_scripts_in_questions_do_not_come_along(world: World, bundle: bytes) -> None:
    files = unpacked(bundle)
    result = json.loads(files["result.json"])
    result["questions"][0]["html"] = (
        '<p onclick="x()">Hi<script>alert(1)</script><img src="https://example.com/x.png"></p>'
    )
    made = bring(signed({**files, "result.json": json.dumps(result).encode()}), world)
    assert imported_page(made)["questions"][0].html == "<p>Hi<img></p>"


def test_the_office_looks_before_it_imports(world: World, bundle: bytes, as_: Any) -> None:
    staff, url = as_("staff"), reverse("admin:evaluations_import_bundle")

    def send(**more: str) -> Any:
        file = SimpleUploadedFile("result.zip", bundle)
        return staff.post(url, {"bundle": file, "key": public_key(), "email": world.cast.classmate.email, **more})

    assert staff.get(url).status_code == 200
    looked = send(look="1")
    assert "Nothing is imported yet" in looked.content.decode()
    assert not ImportedResult.objects.filter(student=world.cast.classmate).exists()
    assert send(key="AAAA").status_code == 422
    made = ImportedResult.objects.get(pk=send().url.split("/")[-2])
    assert "imported before" in send(look="1").content.decode()
    classmate = as_("classmate")
    assert classmate.get(reverse("imported-page", args=[made.pk, 1])).status_code == 302
    assert cost(classmate, reverse("imported-result", args=[made.pk])) <= MOST_QUERIES


def test_the_command_says_what_is_wrong(world: World, bundle: bytes, tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "result.zip"
    path.write_bytes(bundle)
    call_command("import_bundle", path, "--key", public_key(), "--dry-run")
    assert "Nothing was imported" in capsys.readouterr().out
    with pytest.raises(CommandError, match="Nobody here"):
        call_command("import_bundle", path, "--key", public_key(), "--student", "x@example.com")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_bundle", tmp_path / "none.zip", "--key", public_key())

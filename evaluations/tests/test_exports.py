"""What leaves the system: tables without formulas and names, files of those who agreed, and bundles that are what was
signed."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from openpyxl import load_workbook

from accounts.enums import ConsentKind
from accounts.models import AuditEvent
from accounts.services.consents import give_consent
from assessments.models import Exam, SheetPage
from common.errors import NotPermittedError
from common.storage import sheet_storage
from evaluations.models import Evaluation
from evaluations.services.bundles import BundleError, check_bundle, make_bundle, public_key
from evaluations.services.exports import as_csv, as_xlsx, consented_pages, marks_table, note_export, safe, zipped
from tests.law_urls_world import World

pytestmark = pytest.mark.django_db


def table(exam: Exam, **options: Any) -> list[dict[str, str]]:
    text = b"".join(as_csv(marks_table(exam=exam, named=options.get("named", False)))).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def store_pages(record: Evaluation) -> None:
    for page in SheetPage.objects.filter(upload__attempt=record.attempt_id):
        sheet_storage().put_bytes(page.screen_key, b"\xff\xd8 picture", "image/jpeg")


def test_a_table_has_the_marks_and_no_names(world: World) -> None:
    exam, student = world.released.attempt.exam, world.cast.student
    (row,) = table(exam)
    assert (row["Paper"], row["Total"], row["Q4"], row["Q5b"], row["Q5a"]) == (
        world.released.short_id, "9.50", "2.50", "4.00", ""
    )  # fmt: skip
    assert student.name not in str(row)
    assert table(exam, named=True)[0]["E-mail"] == student.email


@pytest.mark.parametrize("text", ["=1+1", "+A1", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(world: World, text: str) -> None:
    assert safe(text) == f"'{text}"
    type(world.cast.student).objects.filter(pk=world.cast.student.pk).update(name=text.strip() or text)
    exam = world.released.attempt.exam
    sheet = load_workbook(as_xlsx(marks_table(exam=exam, named=True))).active
    assert sheet is not None
    cell = sheet.cell(row=2, column=2)
    assert cell.data_type == "s"
    assert str(cell.value).startswith("'")
    assert isinstance(sheet.cell(row=2, column=7).value, int | float)


def test_a_workbook_of_20_000_rows_takes_no_more_memory_than_one_of_200() -> None:
    def peak(rows: int) -> int:
        table = ([f"paper {row}", "released", Decimal("2.5"), None] for row in range(rows))
        tracemalloc.start()
        as_xlsx(table).close()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(10)  # what is loaded once
    assert peak(20_000) < 1.5 * peak(200)


def test_hidden_names_are_not_taken_out_and_every_export_is_audited(world: World) -> None:
    exam, staff = world.released.attempt.exam, world.cast.staff
    type(staff).objects.filter(pk=staff.pk).update(is_superuser=False)
    staff.refresh_from_db()
    with pytest.raises(NotPermittedError):
        note_export(exam=exam, what="csv", named=True, actor=staff, now=world.now)
    note_export(exam=exam, what="csv", named=False, actor=staff, now=world.now)
    assert AuditEvent.objects.filter(action="marks.exported").count() == 1


def test_pictures_go_out_only_of_those_who_agreed(world: World) -> None:
    exam, cast = world.released.attempt.exam, world.cast
    store_pages(world.released)
    assert [name for name, _data in consented_pages(exam=exam)] == ["papers.jsonl"]
    give_consent(person=cast.student, kind=ConsentKind.SCAN_USE, text_version="1", actor=cast.guardian, now=world.now)
    packed = zipfile.ZipFile(io.BytesIO(b"".join(zipped(consented_pages(exam=exam)))))
    names = packed.namelist()
    assert len(names) == 3
    (line,) = packed.read("papers.jsonl").decode().splitlines()
    assert {page["file"] for page in json.loads(line)["pages"]} == set(names) - {"papers.jsonl"}
    assert cast.student.name not in line
    assert cast.student.email not in line


def test_the_office_exports(as_: Any, world: World) -> None:
    staff, url = as_("staff"), reverse("admin:evaluations_exports")
    assert staff.get(url).status_code == 200
    for kind, start in (("csv", b"\xef\xbb\xbfPaper"), ("xlsx", b"PK"), ("papers", b"PK"), ("consented", b"PK")):
        answer = staff.post(url, {"exam": world.released.attempt.exam_id, "kind": kind})
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert body.startswith(start), kind
    assert staff.post(url, {"exam": "", "kind": "csv"}).status_code == 422


# --- Bundles ---------------------------------------------------------------------------------------------------------
def changed(data: bytes, name: str, new: bytes | None) -> bytes:
    """The bundle with one file replaced, added or (None) taken out."""
    source, out = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    files = {one: source.read(one) for one in source.namelist()} | ({} if new is None else {name: new})
    with zipfile.ZipFile(out, "w") as archive:
        for one, content in files.items():
            if new is not None or one != name:
                archive.writestr(one, content)
    return out.getvalue()


def test_a_bundle_is_checked_and_every_change_is_found(world: World, tmp_path: Any, capsys: Any) -> None:
    store_pages(world.released)
    data = make_bundle(evaluation=world.released, actor=world.cast.staff, now=world.now)
    found = check_bundle(data, key=public_key())
    assert found.is_ours
    assert found.result["totals"]["total"] == "9.50"
    assert world.cast.student.name not in json.dumps(found.result)
    manifest = json.loads(zipfile.ZipFile(io.BytesIO(data)).read("manifest.json"))
    wrong = {
        "changed_file": changed(data, "result.json", b'{"format": "x"}'),
        "other_files": changed(data, "pages/09.jpg", b"more"),
        "bad_signature": changed(data, "manifest.json", json.dumps(manifest | {"made_at": "now"}).encode()),
        "not_a_bundle": changed(data, "signature.json", None),
    }
    for code, broken in wrong.items():
        with pytest.raises(BundleError) as refused:
            check_bundle(broken)
        assert refused.value.code == code
    for rubbish in (b"", b"PK", b"not a zip", data[: len(data) // 2]):
        with pytest.raises(BundleError, match="zip"):
            check_bundle(rubbish)
    with pytest.raises(BundleError, match="another key"):
        check_bundle(data, key="AAAA")
    path = tmp_path / "bundle.zip"
    path.write_bytes(data)
    call_command("verify_bundle", path)
    path.write_bytes(wrong["changed_file"])
    with pytest.raises(CommandError, match=r"result\.json was changed"):
        call_command("verify_bundle", path)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("verify_bundle", tmp_path / "none.zip")


def test_only_a_marked_paper_has_a_bundle(world: World) -> None:
    with pytest.raises(BundleError, match="marked"):
        make_bundle(evaluation=world.marking, actor=None, now=world.now)

"""What an upload must be to count, over the whole collection of bad and odd files."""

import time

import pytest

from assessments.services import sheet_files
from assessments.services.sheet_files import (
    MAX_BYTES,
    SheetRefused,
    inspect_upload,
    real_type,
    refusal,
    start_decoding,
    verify_digest,
)
from assessments.services.sheet_sandbox import MEMORY_BYTES, DecoderDied, Decoding
from assessments.tests.bad_uploads import HEIC, Upload, bad_uploads, one_page_pdf, png_claiming, saved, sheet

UPLOADS = bad_uploads()


def _named(name: str) -> Upload:
    return next(upload for upload in UPLOADS if upload.name == name)


@pytest.mark.slow
@pytest.mark.parametrize("upload", UPLOADS, ids=lambda upload: upload.name)
def test_every_upload_gets_its_verdict_in_time(upload):
    started = time.monotonic()
    if upload.inspect is None:
        found = inspect_upload(upload.data, declared_type=upload.declared)
        assert (found.content_type, found.page_count) == (upload.real, upload.pages)
        assert upload.size in (None, (found.width, found.height))
    else:
        with pytest.raises(SheetRefused) as caught:
            inspect_upload(upload.data, declared_type=upload.declared)
        assert caught.value.code == upload.inspect
        assert caught.value.message.endswith(".")
        assert "%(" not in caught.value.message
    assert time.monotonic() - started < 3 * sheet_files.INSPECT_CPU_SECONDS + 2


def test_collection_is_large_and_covers_every_refusal():
    assert len([upload for upload in UPLOADS if not upload.accepted]) >= 20
    codes = {upload.inspect or upload.render for upload in UPLOADS if not upload.accepted}
    assert codes == {
        *("sheet_empty", "sheet_too_large", "sheet_program", "sheet_type", "sheet_damaged", "sheet_pixels"),
        *("sheet_pages", "sheet_page_size", "sheet_locked", "sheet_too_complex"),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", ["PDF with a bomb on page 2", "PDF with a 60,000 x 60,000 image"])
def test_memory_of_the_decoder_is_bounded(name):
    upload = _named(name)
    decoding = start_decoding("render", upload.declared, cpu_seconds=8)
    try:
        list(decoding.frames(upload.data))
    except DecoderDied:
        assert decoding.exit_code != 0
    assert 0 < decoding.peak_bytes < MEMORY_BYTES


@pytest.mark.slow
def test_decoder_that_needs_more_memory_than_it_may_have_is_refused():
    """The same good photo passes with the usual limit and not with a tiny one, so the limit is really set."""
    photo = saved(sheet(3000, 4000), "PNG")
    usual = Decoding("inspect", "image/png", cpu_seconds=8, max_bytes=MAX_BYTES, max_pages=1)
    small = Decoding("inspect", "image/png", cpu_seconds=8, max_bytes=MAX_BYTES, max_pages=1, memory_bytes=60 * 1024**2)
    assert [frame.facts.get("pages") for frame in usual.frames(photo)] == [1]
    try:
        answers = [frame.facts.get("refused") for frame in small.frames(photo)]
    except DecoderDied:
        answers = ["died"]
    assert answers in (["sheet_too_complex"], ["sheet_damaged"], ["died"])


@pytest.mark.slow
def test_decoder_that_burns_processor_time_is_stopped():
    decoding = start_decoding("inspect", "application/pdf", cpu_seconds=1)
    with pytest.raises(DecoderDied):
        list(decoding.frames(_named("PDF content bomb").data))
    assert decoding.exit_code != 0


def test_decoder_sees_no_environment_and_writes_no_file(monkeypatch, tmp_path):
    """Run the real launcher with another script: what a decoder under an attacker's control would find."""
    probe = tmp_path / "probe.py"
    probe.write_text(
        "import sys, os, json, struct\n"
        f"sys.path.insert(0, {str(sheet_files.Path(sheet_files.__file__).parent)!r})\n"
        "import sheet_decoder\n"
        "sheet_decoder.limit_self(json.loads(sys.argv[1]))\n"
        "try:\n"
        f"    open({str(tmp_path / 'written')!r}, 'wb', buffering=0).write(b'x'); wrote = True\n"
        "except OSError:\n"
        "    wrote = False\n"
        "sheet_decoder.emit({'names': sorted(os.environ), 'wrote': wrote})\n"
        "sheet_decoder.emit({'end': True})\n"
    )
    monkeypatch.setenv("SECRET_KEY", "leaked")
    monkeypatch.setattr("assessments.services.sheet_sandbox.DECODER", probe)
    (frame,) = start_decoding("inspect", "image/jpeg", cpu_seconds=5).frames(b"x")
    assert "SECRET_KEY" not in frame.facts["names"]
    assert set(frame.facts["names"]) <= {"LC_ALL", "LC_CTYPE", "MALLOC_ARENA_MAX", "OPENBLAS_NUM_THREADS"}
    assert frame.facts["wrote"] is False


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\xff\xff\xff\xff",
        b"\0\0\0\x02[]",
        b"\0\0\0\x05hello",
        b'\0\0\0\x0d{"blobs":[9]}abc',
        b'\0\0\0\x1a{"blobs":[99999999999999]}',
        b'\0\0\0\x0e{"blobs":[-1]}',
    ],
)
def test_answer_of_a_taken_over_decoder_is_not_believed(monkeypatch, tmp_path, answer):
    probe = tmp_path / "probe.py"
    probe.write_text(f"import sys; sys.stdout.buffer.write({answer!r})")
    monkeypatch.setattr("assessments.services.sheet_sandbox.DECODER", probe)
    with pytest.raises(SheetRefused) as caught:
        inspect_upload(HEIC, declared_type="image/heic")
    assert caught.value.code == "sheet_too_complex"


def test_path_and_bytes_give_the_same_answer(tmp_path):
    path = tmp_path / "page.bin"
    path.write_bytes(HEIC)
    assert inspect_upload(path, declared_type="") == inspect_upload(HEIC, declared_type="")


def test_size_limit_is_exact():
    jpeg = saved(sheet(), "JPEG")
    assert inspect_upload(jpeg + b"\0" * (MAX_BYTES - len(jpeg)), declared_type="image/jpeg").width == 600
    with pytest.raises(SheetRefused, match="larger than 15 MB"):
        inspect_upload(jpeg + b"\0" * (MAX_BYTES - len(jpeg) + 1), declared_type="image/jpeg")


def test_pixel_limit_is_checked_before_decoding():
    """60 million pixels pass the header check (and then the body is found broken); one row more does not."""
    for height, code in ((6000, "sheet_damaged"), (6001, "sheet_pixels")):
        with pytest.raises(SheetRefused) as caught:
            inspect_upload(png_claiming(10_000, height), declared_type="image/png")
        assert caught.value.code == code


def test_refusal_names_the_page_and_the_disguise():
    with pytest.raises(SheetRefused, match="Page 1 of this PDF"):
        inspect_upload(one_page_pdf(media_box=b"0 0 20000 100"), declared_type="application/pdf")
    with pytest.raises(SheetRefused, match="named like a photo"):
        real_type(b"just some words", declared_type="image/jpeg")
    with pytest.raises(SheetRefused, match="not a photo or a PDF"):
        real_type(b"just some words", declared_type="text/plain")


def test_pdf_after_a_byte_order_mark_is_still_a_pdf():
    assert real_type(b"\xef\xbb\xbf\n%PDF-1.4", declared_type="") == "application/pdf"


def test_digest_that_matches_passes():
    verify_digest(expected_sha256="AB" * 32, expected_size=5, actual_sha256="ab" * 32, actual_size=5)


@pytest.mark.parametrize(
    ("sha256", "size", "code"),
    [("ab" * 32, 4, "sheet_incomplete"), ("ab" * 32, 6, "sheet_changed"), ("cd" * 32, 5, "sheet_changed")],
)
def test_digest_that_differs_is_refused(sha256, size, code):
    with pytest.raises(SheetRefused) as caught:
        verify_digest(expected_sha256="ab" * 32, expected_size=5, actual_sha256=sha256, actual_size=size)
    assert caught.value.code == code


def test_unknown_code_from_a_decoder_reads_as_damaged():
    assert "damaged" in refusal("sheet_made_up").message

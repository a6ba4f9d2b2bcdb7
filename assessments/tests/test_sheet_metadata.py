"""Photos lose their place and device, keep their pixels and their orientation."""

import io

import pytest
from PIL import Image

from assessments.services.sheet_metadata import ORIENTATION, without_metadata

GPS, MAKE, LATITUDE = 0x8825, 0x010F, 2
TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


def photo(kind: str, orientation: int = 6) -> bytes:
    picture = Image.effect_noise((64, 48), 60).convert("RGB")
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = orientation, "SecretPhone"
    exif.get_ifd(GPS)[LATITUDE] = (26.0, 54.0, 30.0)
    out = io.BytesIO()
    picture.save(out, kind, exif=exif, **({"comment": b"SecretPhone"} if kind == "JPEG" else {}))
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("kind", TYPES)
def test_place_and_device_are_gone_and_pixels_stay(kind):
    before = photo(kind)
    after = without_metadata(before, TYPES[kind])
    assert b"SecretPhone" in before
    assert b"SecretPhone" not in after
    assert not opened(after).getexif().get_ifd(GPS)
    assert opened(after).tobytes() == opened(before).tobytes()


def test_orientation_of_a_jpeg_stays():
    assert opened(without_metadata(photo("JPEG"), "image/jpeg")).getexif() == {ORIENTATION: 6}


def test_upright_jpeg_has_no_exif_left():
    assert dict(opened(without_metadata(photo("JPEG", 1), "image/jpeg")).getexif()) == {}


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff\xe1", b"\xff\xd8\xff\xe1\xff\xff", b"RIFF", b"\x89PNG\r\n\x1a\n\0"]
)
@pytest.mark.parametrize("content_type", TYPES.values())
def test_broken_files_raise_nothing(data, content_type):
    assert isinstance(without_metadata(data, content_type), bytes)


def test_pdf_comes_back_as_it_is():
    assert without_metadata(b"%PDF-1.7", "application/pdf") == b"%PDF-1.7"

"""Zip packages: nothing leaves its place, nothing grows without bound, everything else is refused with a sentence."""

import io
import stat
import tracemalloc
import warnings
import zipfile

import pytest

from assessments.services.formats import packages
from assessments.services.formats.items import MAX_UNZIPPED, FormatError
from assessments.services.formats.packages import Package, is_zip, resolve, write_package


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as package, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name used twice is meant
        for name, content in entries:
            package.writestr(name, content)
    return buffer.getvalue()


def refusal(data: bytes) -> str:
    with pytest.raises(FormatError) as caught:
        Package(data)
    return caught.value.message


def test_what_is_written_is_read_back():
    data = write_package({"a.xml": b"<a/>", "img/ü.png": b"x" * 1000})
    package = Package(data)
    assert is_zip(data)
    assert package.names() == ["a.xml", "img/ü.png"]
    assert package.read("img/ü.png") == b"x" * 1000
    assert "b.xml" not in package
    assert data == write_package({"a.xml": b"<a/>", "img/ü.png": b"x" * 1000})


@pytest.mark.parametrize(
    "name", ["../a.xml", "a/../../b", "/etc/passwd", "C:/a.xml", "a\\b.xml", "a//b", "./a", "a\nb", "x" * 600]
)
def test_names_that_lead_elsewhere_are_refused(name):
    assert refusal(zipped((name, b"x")))


def test_links_are_refused():
    link = zipfile.ZipInfo("a.xml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "link" in refusal(zipped((link, b"/etc/passwd")))


def test_a_name_used_twice_is_refused():
    assert "two files" in refusal(zipped(("a.xml", b"1"), ("a.xml", b"2")))


def test_unusual_packing_is_refused():
    assert "unusual method" in refusal(zipped(("a.xml", b"x" * 5000), method=zipfile.ZIP_LZMA))


def test_passwords_are_refused():
    data = bytearray(zipped(("a.xml", b"x")))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "password" in refusal(bytes(data))


def test_a_bomb_is_refused_before_it_is_unpacked():
    data = zipped(("a.xml", b"\0" * 90_000_000))
    tracemalloc.start()
    assert "suspiciously" in refusal(data)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_more_than_the_total_is_refused():
    data = bytearray(zipped(("a.xml", b"x")))
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = (MAX_UNZIPPED + 1).to_bytes(4, "little")
    assert "holds more than" in refusal(bytes(data))


def test_a_size_that_lies_is_noticed(monkeypatch):
    package = Package(zipped(("a.xml", b"x" * 3000), ("b.xml", b"y" * 3000), method=zipfile.ZIP_STORED))
    monkeypatch.setattr(package, "_budget", 4000)
    assert package.read("a.xml")
    with pytest.raises(FormatError):
        package.read("b.xml")


def test_too_many_files_are_refused(monkeypatch):
    monkeypatch.setattr(packages, "MAX_ENTRIES", 3)
    assert "more than 3 files" in refusal(zipped(*((f"{n}.xml", b"") for n in range(4))))
    monkeypatch.setattr(packages, "MAX_DIRECTORY", 100)
    assert "files in it" in refusal(zipped(*((f"{n}.xml", b"") for n in range(3))))


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 10, b"nothing", zipped(("a", b"x"))[:-30]],
    ids=["empty", "head", "end", "text", "cut"],
)
def test_what_is_no_zip_is_refused(data):
    assert refusal(data)


def test_damaged_contents_are_refused_when_read():
    data = bytearray(zipped(("a.xml", b"hello there, this is text"), method=zipfile.ZIP_STORED))
    data[45] ^= 255
    package = Package(bytes(data))
    with pytest.raises(FormatError, match="damaged"):
        package.read("a.xml")


@pytest.mark.parametrize(
    ("base", "href", "name"),
    [
        ("items/a.xml", "img/x.png", "items/img/x.png"),
        ("items/a.xml", "../img/x.png?v=1#top", "img/x.png"),
        ("a.xml", "../x.png", None),
        ("a.xml", "/etc/passwd", None),
        ("a.xml", "http://example.org/x.png", None),
        ("items\\a.xml", "", None),
    ],
)
def test_addresses_stay_inside(base, href, name):
    assert resolve(base, href) == name

"""Zip packages of other systems, read in memory only: every name, number and size is checked before it is believed."""

from __future__ import annotations

import posixpath
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO

from assessments.services.formats.items import MAX_UNZIPPED, MEGABYTE, FormatError, check_size

MAX_ENTRIES = 20_000
MAX_NAME = 500
#: A directory of file names larger than this is no question package (each name costs memory before it can be checked).
MAX_DIRECTORY = 4 * MEGABYTE
#: Packed XML rarely shrinks to less than a fiftieth; small files may.
MAX_RATIO = 200
RATIO_FREE = MEGABYTE
END_RECORD = struct.Struct("<4s4H2LH")
BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError, struct.error,
    OverflowError,
)  # fmt: skip


class Package:
    """The files of a zip. Names are checked at once, contents unpacked when asked for, within one budget."""

    def __init__(self, data: bytes) -> None:
        """Raises FormatError for what is no zip, or not a harmless one."""
        check_size(data)
        _check_directory(data)
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
        except BROKEN as error:
            raise FormatError("The zip file is damaged or incomplete.") from error
        self._infos: dict[str, zipfile.ZipInfo] = {}
        self._contents: dict[str, bytes] = {}
        self._budget = MAX_UNZIPPED
        entries = self._zip.infolist()
        if len(entries) > MAX_ENTRIES:
            raise FormatError(f"The zip file has more than {MAX_ENTRIES} files in it.")
        if sum(info.file_size for info in entries) > MAX_UNZIPPED:
            raise FormatError(f"The zip file holds more than {MAX_UNZIPPED // MEGABYTE} MB.")
        for info in entries:
            self._take(info)

    def _take(self, info: zipfile.ZipInfo) -> None:
        name = _safe_name(info)
        if info.is_dir():
            return
        if name in self._infos:
            raise FormatError(f"The zip file has two files named “{name}”.")
        if info.file_size > RATIO_FREE and info.file_size > MAX_RATIO * max(info.compress_size, 1):
            raise FormatError(f"“{name}” in the zip file is packed suspiciously small.")
        self._infos[name] = info

    def names(self) -> list[str]:
        """Every file, in the order of the package."""
        return list(self._infos)

    def __contains__(self, name: str) -> bool:
        return unicodedata.normalize("NFC", name) in self._infos

    def read(self, name: str) -> bytes:
        """One file. Raises KeyError when there is none of that name, FormatError when it cannot be unpacked."""
        name = unicodedata.normalize("NFC", name)
        info = self._infos[name]
        if name in self._contents:
            return self._contents[name]
        try:
            with self._zip.open(info) as stream:
                content = stream.read(self._budget + 1)
        except BROKEN as error:
            raise FormatError(f"“{name}” in the zip file is damaged.") from error
        self._budget -= len(content)
        if self._budget < 0:
            raise FormatError(f"The zip file holds more than {MAX_UNZIPPED // MEGABYTE} MB.")
        self._contents[name] = content
        return content


def is_zip(data: bytes) -> bool:
    """Whether `data` begins as a zip file does."""
    return data[:4] in {b"PK\x03\x04", b"PK\x05\x06"}


def write_package(files: Mapping[str, bytes]) -> bytes:
    """A zip of `files`, the same bytes for the same files."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(info, content)
    return buffer.getvalue()


def resolve(base: str, href: str) -> str | None:
    """The package's name for `href` as written in the file `base`; None when it leads out of the package."""
    path = href.split("#")[0].split("?")[0].replace("\\", "/")
    if not path or path.startswith("/") or ":" in path or "\0" in path:
        return None
    name = posixpath.normpath(posixpath.join(posixpath.dirname(base), path))
    return None if name == ".." or name.startswith("../") else name


def _check_directory(data: bytes) -> None:
    """zipfile reads the whole directory of names before anybody can count it, so its stated size is looked at first."""
    start = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_600))
    if start < 0 or len(data) - start < END_RECORD.size:
        raise FormatError("The zip file is damaged or incomplete.")
    if data[max(0, start - 20) : start].startswith(b"PK\x06\x07"):
        raise FormatError("The zip file is in the form for very large archives (zip64); pack it as a plain zip.")
    if END_RECORD.unpack_from(data, start)[5] > MAX_DIRECTORY:
        raise FormatError(f"The zip file has more than {MAX_ENTRIES} files in it.")


def _safe_name(info: zipfile.ZipInfo) -> str:
    name = unicodedata.normalize("NFC", info.filename)
    shown = name[:80]
    if not name.strip("/") or len(name) > MAX_NAME or any(ord(char) < 32 for char in name):
        raise FormatError("A file in the zip file has a name that cannot be used.")
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or "\\" in name or ":" in parts[0] or any(part in {"", ".", ".."} for part in parts):
        raise FormatError(f"The zip file has a file with an unsafe path: “{shown}”.")
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise FormatError(f"“{shown}” in the zip file is a link, not a file.")
    if info.flag_bits & 0x1:
        raise FormatError("The zip file is protected by a password.")
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise FormatError("The zip file is packed by an unusual method; pack it as a plain zip.")
    return name

"""Bad and odd uploads, made in memory, each with the verdict it must get. No file here is a danger outside a decoder.

`inspect` and `render` are a refusal code, or None when the file is taken at that stage. `declared` is the type the
browser would send; `real` the type an accepted file must be recognised as.
"""

import base64
import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from PIL import Image, ImageDraw

# A 96 x 64 photo with a blue box, HEVC-coded, shot sideways (upright it is 64 x 96), maker "PhoneMaker" in its EXIF.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAaFtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
    "ADRpbG9jAAAAAERAAAIAAQAAAAABxQABAAAAAAAAAFUAAgAAAAACGgABAAAAAAAAAFoAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAA"
    "AAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA4GlwcnAAAADAaXBjbwAAAHhodmNDAQNwAAAA"
    "kAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoDCBBZbq"
    "SSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABgAAAAQAAAABBw"
    "aXhpAAAAAAMICAgAAAAJaXJvdAMAAAAYaXBtYQAAAAAAAAABAAEFgQIDBIUAAAAaaXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAALdt"
    "ZGF0AAAAUSgBrxmA/W/OUGgAW+/3GtiLtcgShF3gN+Q3dlGJbCdJzX4DtXN4s/VOQ5UiP6p5cfznBRK36GW2U1RSD6Z0Nedq8VRa"
    "/AmPzg+/Z9eGfQCPYAAAAAZFeGlmAABNTQAqAAAACAADAQ8AAgAAAAsAAAAyARIAAwAAAAEABgAAiCUABAAAAAEAAAA+AAAAAFBo"
    "b25lTWFrZXIAAAABAAEAAgAAAAJOAAAAAAAAAA=="
)
GPS_MAKER = "SecretPhone-77"


@dataclass(frozen=True)
class Upload:
    """One file of the collection."""

    name: str
    make: bytes | Callable[[], bytes]
    declared: str
    inspect: str | None
    render: str | None = None
    real: str = ""
    pages: int = 1
    size: tuple[int, int] | None = None

    @cached_property
    def data(self) -> bytes:
        """Return the file itself; the bombs take a second to pack, so only when asked."""
        return self.make if isinstance(self.make, bytes) else self.make()

    @property
    def accepted(self) -> bool:
        """Return whether the file ends as pages somebody can mark."""
        return self.inspect is None and self.render is None


def sheet(width: int = 600, height: int = 800, *, mode: str = "RGB") -> Image.Image:
    """Return a page with a few strokes and a blue box in its top left corner."""
    image = Image.new("RGB", (width, height), (226, 222, 214))
    draw = ImageDraw.Draw(image)
    for row in range(120, height - 60, 60):
        draw.line((60, row, width - 60, row + 8), fill=(40, 44, 60), width=4)
    draw.rectangle((10, 10, 90, 70), fill=(20, 40, 200))
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """Return `image` as a file of that Pillow format."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def phone_jpeg(*, orientation: int = 6) -> bytes:
    """Return a JPEG as phones write it: turned by EXIF, with position, maker and a comment."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = GPS_MAKER
    exif[0x8825] = {1: "N", 2: (28.0, 36.0, 50.0), 3: "E", 4: (77.0, 12.0, 32.0)}
    return saved(sheet(), "JPEG", exif=exif, comment=b"GPS 28.61,77.20 " + GPS_MAKER.encode(), quality=90)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """Return one well-formed PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_claiming(width: int, height: int) -> bytes:
    """Return a tiny PNG whose header claims that many pixels."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + png_chunk(b"IEND", b"")


def png_16_bit() -> bytes:
    """Return a 16-bit grey PNG: light paper (52,000 of 65,535) with a dark box."""
    width, height = 400, 500
    line = struct.pack(">H", 52_000) * width
    dark = struct.pack(">H", 8_000) * 100 + struct.pack(">H", 52_000) * (width - 100)
    rows = b"".join(b"\0" + (dark if 50 <= y < 150 else line) for y in range(height))
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")


def pdf(objects: dict[int, bytes], *, root: int = 1, trailer: bytes = b"") -> bytes:
    """Return a PDF of these objects with a correct cross-reference table."""
    out, offsets = b"%PDF-1.7\n", {}
    for number, body in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start, count = len(out), max(objects) + 1
    rows = (
        b"%010d 00000 n \n" % offsets[number] if number in offsets else b"0000000000 65535 f \n"
        for number in range(count)
    )
    table = b"xref\n0 %d\n%s" % (count, b"".join(rows))
    return (
        out + table + b"trailer\n<</Size %d/Root %d 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (count, root, trailer, start)
    )


def stream(body: bytes, extra: bytes = b"") -> bytes:
    """Return a PDF stream object."""
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(body), extra, body)


def one_page_pdf(
    *,
    media_box: bytes = b"0 0 595 842",
    content: bytes | None = None,
    catalog: bytes = b"",
    page: bytes = b"",
    **more: bytes,
) -> bytes:
    """Return a PDF of one page; `more` are further objects named obj5, obj6 ..."""
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents 4 0 R%s>>" % (media_box, page),
        4: stream(b"0 0 1 rg 50 700 200 100 re f") if content is None else content,
    }
    return pdf({**objects, **{int(name[3:]): body for name, body in more.items()}})


def pdf_with_pages(count: int) -> bytes:
    """Return a PDF of that many pages (one object each)."""
    kids = b" ".join(b"%d 0 R" % (3 + number) for number in range(count))
    pages = {3 + number: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>" for number in range(count)}
    return pdf({1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count), **pages})


def nested_pdf(depth: int) -> bytes:
    """Return a PDF whose only page lies under `depth` levels of page tree."""
    levels = {
        2 + level: b"<</Type/Pages/Kids[%d 0 R]/Count 1%s>>"
        % (3 + level, b"/Parent %d 0 R" % (1 + level) if level else b"")
        for level in range(depth)
    }
    page = {2 + depth: b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 595 842]>>" % (1 + depth)}
    return pdf({1: b"<</Type/Catalog/Pages 2 0 R>>", **levels, **page})


def looping_pdf() -> bytes:
    """Return a PDF whose page tree contains itself."""
    return pdf({1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[2 0 R]/Count 1/Parent 2 0 R>>"})


def repeated_deflate(chunk: bytes, times: int) -> bytes:
    """Return the zlib stream of `chunk * times`, packing the chunk only once."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(chunk) + packer.flush(zlib.Z_FULL_FLUSH)
    check = 1
    for _ in range(times):
        check = zlib.adler32(chunk, check)
    return b"\x78\xda" + block * times + b"\x03\x00" + struct.pack(">I", check)


def twice_packed(chunk: bytes, times: int) -> tuple[bytes, bytes]:
    """Return (data, PDF filter entry) of `chunk * times` deflated twice, which makes it tiny."""
    return zlib.compress(repeated_deflate(chunk, times), 9), b"/Filter[/FlateDecode/FlateDecode]"


DRAWING_MEGABYTE = b"0 0 m 9 9 l S\n" * 75_000


def content_bomb_pdf() -> bytes:
    """Return a small PDF whose page content inflates, twice packed, to 1.5 GB of drawing operators."""
    return one_page_pdf(content=stream(*twice_packed(DRAWING_MEGABYTE, 1500)))


def image_bomb(side: int) -> bytes:
    """Return an image object of side x side grey pixels that is a few kilobytes packed twice."""
    body, filters = twice_packed(b"\0" * side, side)
    facts = b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8" % (side, side)
    return stream(body, facts + filters)


def image_bomb_pdf() -> bytes:
    """Return a PDF whose page shows a 60,000 x 60,000 image."""
    resources = b"/Resources<</XObject<</I 5 0 R>>>>"
    return one_page_pdf(page=resources, content=stream(b"500 0 0 500 0 0 cm /I Do"), obj5=image_bomb(60_000))


def second_page_bomb_pdf() -> bytes:
    """Return a PDF whose first page is harmless and whose second is the content bomb."""
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R>>"
    return pdf(
        {
            1: b"<</Type/Catalog/Pages 2 0 R>>",
            2: b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>",
            3: page % 5,
            4: page % 6,
            5: stream(b"0 0 1 rg 50 700 200 100 re f"),
            6: stream(*twice_packed(DRAWING_MEGABYTE, 1500)),
        }
    )


def encrypted_pdf() -> bytes:
    """Return a PDF that asks for a user password (40-bit standard handler with keys that fit no empty password)."""
    keys = b"/O<%s>/U<%s>" % (b"5A" * 32, b"C3" * 32)
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
        5: b"<</Filter/Standard/V 1/R 2/P -44%s>>" % keys,
    }
    return pdf(objects, trailer=b"/Encrypt 5 0 R/ID[<00><00>]")


def busy_pdf() -> bytes:
    """Return a PDF with a script that runs when opened, a form and an attachment; as a picture it is harmless."""
    catalog = b"/OpenAction 5 0 R/Names<</EmbeddedFiles<</Names[(x.exe)6 0 R]>>>>/AcroForm<</Fields[]/XFA(<x/>)>>"
    return one_page_pdf(
        catalog=catalog,
        obj5=b"<</S/JavaScript/JS(app.alert\\(1\\); while \\(true\\) {})>>",
        obj6=b"<</Type/Filespec/F(x.exe)/EF<</F 7 0 R>>>>",
        obj7=stream(b"MZ" + b"\0" * 100),
    )


def polyglot() -> bytes:
    """Return a JPEG that is also a PDF to readers that search for the header."""
    jpeg = saved(sheet(), "JPEG")
    comment = b"\n" + one_page_pdf()
    return jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + jpeg[2:]


def animated_webp() -> bytes:
    """Return a WebP of three frames, the first of which is the page."""
    others = [Image.new("RGB", (600, 800), colour) for colour in ("red", "green")]
    return saved(sheet(), "WEBP", save_all=True, append_images=others, duration=100)


def png_with_rubbish() -> bytes:
    """Return a PNG whose image data is rubbish under a correct header."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 600, 800, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", random.Random(7).randbytes(5000)) + png_chunk(b"IEND", b"")
    )


def png_with_wrong_crc() -> bytes:
    """Return a PNG with one flipped bit in its header checksum."""
    good = bytearray(saved(sheet(), "PNG"))
    good[29] ^= 1
    return bytes(good)


def text_bomb_png() -> bytes:
    """Return a PNG with a compressed text that inflates to 200 MB before the picture comes."""
    good = saved(sheet(), "PNG")
    text = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"A" * 200_000_000, 9))
    return good[:33] + text + good[33:]


def _refused() -> Iterator[Upload]:
    """Yield what must be refused when it is inspected."""
    jpeg = saved(sheet(1500, 2000), "JPEG", quality=90)
    rows: list[tuple[str, bytes | Callable[[], bytes], str, str]] = [
        ("nothing at all", b"", "image/jpeg", "sheet_empty"),
        ("16 MB photo", jpeg + b"\0" * (16 * 1024**2 - len(jpeg)), "image/jpeg", "sheet_too_large"),
        ("Linux program as JPEG", b"\x7fELF\x02\x01\x01" + b"\0" * 500, "image/jpeg", "sheet_program"),
        ("Windows program as PDF", b"MZ\x90\0" + b"\0" * 500, "application/pdf", "sheet_program"),
        ("shell script as PNG", b"#!/bin/sh\nrm -rf /\n", "image/png", "sheet_program"),
        (
            "SVG with script",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>x()</script></svg>",
            "image/png",
            "sheet_type",
        ),
        ("HTML as JPEG", b"\n <!DOCTYPE html><script>alert(1)</script>", "image/jpeg", "sheet_type"),
        ("GIF", saved(sheet(mode="P"), "GIF"), "image/gif", "sheet_type"),
        ("TIFF", saved(sheet(), "TIFF"), "image/tiff", "sheet_type"),
        (
            "Word document",
            b"PK\x03\x04\x14\0\x06\0" + b"\0" * 200 + b"word/document.xml",
            "application/pdf",
            "sheet_type",
        ),
        ("AVIF", saved(sheet(64, 64), "AVIF"), "image/heic", "sheet_type"),
        ("random bytes", random.Random(1).randbytes(40_000), "image/jpeg", "sheet_type"),
        ("truncated JPEG", jpeg[: len(jpeg) // 2], "image/jpeg", "sheet_damaged"),
        ("JPEG without its last bytes", jpeg[:-2000], "image/jpeg", "sheet_damaged"),
        ("JPEG of three bytes", b"\xff\xd8\xff", "image/jpeg", "sheet_damaged"),
        ("PNG with rubbish after the header", png_with_rubbish, "image/png", "sheet_damaged"),
        ("PNG with a wrong checksum", png_with_wrong_crc, "image/png", "sheet_damaged"),
        ("PNG with a text bomb", text_bomb_png, "image/png", "sheet_damaged"),
        ("truncated HEIC", HEIC[:-60], "image/heic", "sheet_damaged"),
        ("truncated WebP", saved(sheet(), "WEBP")[:-500], "image/webp", "sheet_damaged"),
        ("60,000 x 60,000 PNG", png_claiming(60_000, 60_000), "image/png", "sheet_pixels"),
        ("30,000 x 10 PNG", png_claiming(30_000, 10), "image/png", "sheet_pixels"),
        ("PDF header and nothing", b"%PDF-1.7\n", "application/pdf", "sheet_damaged"),
        ("PDF that loops", looping_pdf, "application/pdf", "sheet_damaged"),
        ("PDF nested 3,000 deep", lambda: nested_pdf(3000), "application/pdf", "sheet_damaged"),
        ("PDF of 5,000 pages", lambda: pdf_with_pages(5000), "application/pdf", "sheet_pages"),
        ("PDF of 61 pages", lambda: pdf_with_pages(61), "application/pdf", "sheet_pages"),
        ("PDF with a password", encrypted_pdf, "application/pdf", "sheet_locked"),
        (
            "PDF page of 200,000 points",
            lambda: one_page_pdf(media_box=b"0 0 200000 200000"),
            "application/pdf",
            "sheet_page_size",
        ),
        ("PDF content bomb", content_bomb_pdf, "application/pdf", "sheet_too_complex"),
    ]
    for name, data, declared, code in rows:
        yield Upload(name, data, declared, code)


def _odd_but_fine() -> Iterator[Upload]:
    """Yield what looks odd and must be taken, as what it is."""
    yield Upload("good JPEG", saved(sheet(), "JPEG"), "image/jpeg", None, real="image/jpeg", size=(600, 800))
    yield Upload("phone JPEG on its side", phone_jpeg(), "image/jpeg", None, real="image/jpeg", size=(800, 600))
    yield Upload("good HEIC", HEIC, "image/heic", None, real="image/heic", size=(64, 96))
    yield Upload("HEIC without declared type", HEIC, "", None, real="image/heic", size=(64, 96))
    yield Upload("PNG called JPEG", saved(sheet(), "PNG"), "image/jpeg", None, real="image/png", size=(600, 800))
    yield Upload("16-bit PNG", png_16_bit(), "image/png", None, real="image/png", size=(400, 500))
    transparent = sheet(mode="RGBA")
    transparent.putalpha(Image.linear_gradient("L").resize(transparent.size))
    yield Upload("PNG with alpha", saved(transparent, "PNG"), "image/png", None, real="image/png", size=(600, 800))
    yield Upload("palette PNG", saved(sheet(mode="P"), "PNG"), "image/png", None, real="image/png", size=(600, 800))
    yield Upload("1-bit PNG", saved(sheet(mode="1"), "PNG"), "image/png", None, real="image/png", size=(600, 800))
    yield Upload("CMYK JPEG", saved(sheet(mode="CMYK"), "JPEG"), "image/jpeg", None, real="image/jpeg", size=(600, 800))
    yield Upload("grey JPEG", saved(sheet(mode="L"), "JPEG"), "image/jpeg", None, real="image/jpeg", size=(600, 800))
    yield Upload("animated WebP", animated_webp(), "image/webp", None, real="image/webp", size=(600, 800))
    yield Upload("PDF and JPEG at once", polyglot(), "application/pdf", None, real="image/jpeg", size=(600, 800))
    yield Upload("PDF with script and attachment", busy_pdf(), "application/pdf", None, real="application/pdf")
    yield Upload(
        "PDF of 60 pages", lambda: pdf_with_pages(60), "application/pdf", None, real="application/pdf", pages=60
    )
    # The renderer leaves the impossible image out within its limits: an empty page, no harm done.
    yield Upload("PDF with a 60,000 x 60,000 image", image_bomb_pdf, "application/pdf", None, real="application/pdf")
    tiny = one_page_pdf(media_box=b"0 0 20 30")
    yield Upload("PDF page of a stamp's size", tiny, "application/pdf", None, real="application/pdf")


def bad_uploads() -> list[Upload]:
    """Return the whole collection."""
    kind = "application/pdf"
    late = Upload("PDF with a bomb on page 2", second_page_bomb_pdf, kind, None, "sheet_too_complex", kind, pages=2)
    return [*_refused(), *_odd_but_fine(), late]

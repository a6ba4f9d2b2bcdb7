"""The process that opens a stranger's file. Run as a script by sheet_sandbox; imports nothing of the project.

    python -I sheet_decoder.py '{"command": "inspect"|"render"|"split", "kind": "image/jpeg", ...limits}' <file >frames

`split` takes the pages of a scanned class apart, `count` of them from `first`, and reads their codes. `render`
straightens a photograph and evens its light (limits["is_photo"]; sheet_finder.py and sheet_light.py beside this file).

It limits itself (memory, CPU, files) before it imports a decoder or reads a byte, has no environment to leak, writes
nothing but frames to stdout, and is thrown away afterwards. A frame is a 4-byte big-endian length, that much JSON,
then the blobs whose byte sizes the JSON lists under "blobs". Refusals are frames {"refused": code, **facts}; dying
without an {"end": true} frame means that a limit was hit. Every line here runs on hostile input: keep it dull.
"""

import importlib.util
import io
import json
import struct
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

PDF_DPI = 200
POINTS_PER_INCH = 72
PDF_LONG_SIDE = (1600, 2400)  # pixels a PDF page is drawn at, whatever size it claims
PDF_MAX_POINTS = 14_400  # the format's own limit, 200 inches
MAX_SIDE = 20_000  # pixels
SCREEN_SIDE = 2000
SOURCE_SIDE = 4032  # of a photograph of which the sheet is a part: what most phones take, so nothing is resized
THUMB_WIDTH = 240
SCREEN_BYTES = 250 * 1024
# As true to the page as JPEG at 82, 74 and 66, with two thirds of the bytes.
SCREEN_QUALITIES = (84, 78, 68)
PILLOW_FORMATS = {"image/jpeg": ["JPEG"], "image/png": ["PNG"], "image/webp": ["WEBP"], "image/heic": ["HEIF"]}


class Refused(Exception):
    """This file is not taken. `facts` go into the sentence shown to the student."""

    def __init__(self, code: str, **facts: int) -> None:
        super().__init__(code)
        self.frame = {"refused": code, **facts}


def limit_self(limits: dict[str, Any]) -> None:
    """Bound memory (bytes of address space), CPU seconds, files written and core dumps of this process for good."""
    import resource

    for name, value in (
        ("RLIMIT_CORE", 0),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_NOFILE", 64),
        ("RLIMIT_CPU", limits["cpu_seconds"]),
        ("RLIMIT_AS", limits["memory_bytes"]),
    ):
        try:
            resource.setrlimit(getattr(resource, name), (value, value))
        except (ValueError, OSError):
            # macOS has no limit on address space; everywhere we deploy a limit that cannot be set is fatal.
            if sys.platform != "darwin":
                raise


def emit(frame: dict[str, Any], *blobs: bytes) -> None:
    """Write one frame to stdout."""
    header = json.dumps({**frame, "blobs": [len(blob) for blob in blobs]}).encode()
    sys.stdout.buffer.write(struct.pack(">I", len(header)) + header + b"".join(blobs))
    sys.stdout.buffer.flush()


def open_image(data: bytes, limits: dict[str, Any]) -> Any:
    """Return a Pillow image of which only the header has been read, once its size is known to be sane."""
    from PIL import Image

    kind = limits["kind"]
    Image.MAX_IMAGE_PIXELS = None  # the check below is stricter and says what is wrong
    if kind == "image/heic":
        import pi_heif

        pi_heif.register_heif_opener(thumbnails=False)
    image = Image.open(io.BytesIO(data), formats=PILLOW_FORMATS[kind])
    width, height = image.size
    if width * height > limits["max_pixels"] or max(width, height) > MAX_SIDE:
        raise Refused("sheet_pixels", width=width, height=height)
    return image


def load_shrunk(image: Any, side: int) -> Any:
    """Decode all of `image` (so that a missing end is noticed) at no more than needed for `side` pixels; upright."""
    from PIL import Image

    long_side = max(image.size)
    ratio = min(1.0, side / long_side)
    target = (max(1, round(image.width * ratio)), max(1, round(image.height * ratio)))
    image.draft("RGB" if image.mode != "L" else "L", target)
    image.load()
    turn = orientation(image)
    image = plain_mode(image)
    if image.size != target and ratio < 1:
        image = image.resize(target, Image.Resampling.LANCZOS, reducing_gap=2.0)
    image = on_white(image)
    turns = Image.Transpose
    undo = (  # by EXIF orientation, from 1
        *(None, turns.FLIP_LEFT_RIGHT, turns.ROTATE_180, turns.FLIP_TOP_BOTTOM),
        *(turns.TRANSPOSE, turns.ROTATE_270, turns.TRANSVERSE, turns.ROTATE_90),
    )
    how = undo[turn - 1]
    if how is not None:
        image = image.transpose(how)
    image.info = {}  # comments would otherwise be saved again
    return image


def orientation(image: Any) -> int:
    """Return the EXIF orientation, 1 to 8; 1 (upright) when absent or nonsense."""
    value = image.getexif().get(0x0112, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def plain_mode(image: Any) -> Any:
    """Return `image` in a mode that resizes well: L, RGB, CMYK or with alpha."""
    if image.mode.startswith("I") or image.mode == "F":
        # 16-bit grey: keep the high byte (plain conversion would clip everything above 255 to white).
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode == "1":
        return image.convert("L")
    if image.mode == "P" or "transparency" in image.info:
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    return image


def on_white(image: Any) -> Any:
    """Return an L or RGB image; what was transparent becomes white paper."""
    from PIL import Image

    if image.mode in ("RGBA", "LA", "RGBa", "La", "PA"):
        image = image.convert("RGBA")
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A"))
        return paper
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def open_pdf(data: bytes, limits: dict[str, Any]) -> Any:
    """Return an opened document whose page count and page sizes are sane."""
    import pypdfium2
    from pypdfium2 import raw

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise Refused("sheet_locked") from None
        raise
    if len(document) > limits["max_pages"]:
        raise Refused("sheet_pages", pages=len(document))
    if len(document) < 1:
        raise Refused("sheet_damaged")
    for index in range(len(document)):
        width, height = document.get_page_size(index)
        if not (1 <= width <= PDF_MAX_POINTS and 1 <= height <= PDF_MAX_POINTS):
            raise Refused("sheet_page_size", page=index + 1)
    return document


def pdf_scale(width: float, height: float) -> float:
    """Return pixels per point for a page of that many points: 200 dpi, kept within PDF_LONG_SIDE."""
    least, most = PDF_LONG_SIDE
    long_side = max(width, height)
    return min(max(PDF_DPI / POINTS_PER_INCH, least / long_side), most / long_side)


def draw_pdf_page(document: Any, index: int, scale: float | None = None) -> Any:
    """Draw one page as RGB on white; scripts, forms and attachments are never looked at."""
    page = document[index]
    width, height = page.get_size()
    bitmap = page.render(scale=scale or pdf_scale(width, height), may_draw_forms=False, rev_byteorder=True)
    image = bitmap.to_pil().convert("RGB")
    bitmap.close()
    page.close()
    return image


def inspect(data: bytes, limits: dict[str, Any]) -> None:
    """Emit what the file is, after decoding it as far as needed to know that it is whole."""
    if limits["kind"] == "application/pdf":
        document = open_pdf(data, limits)
        width, height = document.get_page_size(0)
        scale = pdf_scale(width, height)
        draw_pdf_page(document, 0, THUMB_WIDTH / max(width, height))
        size, pages = (round(width * scale), round(height * scale)), len(document)
    else:
        image = open_image(data, limits)
        size, pages = image.size, 1
        if orientation(image) >= 5:  # lies on its side
            size = (size[1], size[0])
        image.draft("RGB", (THUMB_WIDTH, THUMB_WIDTH))
        image.load()
    emit({"width": size[0], "height": size[1], "pages": pages})


def page_images(data: bytes, limits: dict[str, Any]) -> Iterator[Any]:
    """Yield every page as an upright L or RGB image of at most SCREEN_SIDE pixels, without metadata."""
    if limits["kind"] != "application/pdf":
        yield load_shrunk(open_image(data, limits), SCREEN_SIDE)
        return
    document = open_pdf(data, limits)
    for index in range(len(document)):
        yield load_shrunk(draw_pdf_page(document, index), SCREEN_SIDE)


def render(data: bytes, limits: dict[str, Any]) -> None:
    """Emit one frame per page with two blobs, the screen image (WebP) and the thumbnail (JPEG); a page that was
    treated has a third one, how it came (JPEG)."""
    for came in page_images(data, limits):
        notes: dict[str, Any] = {"treatment": [], "trouble": ""}
        may_treat = limits["is_photo"] and limits["kind"] != "application/pdf"
        image = came
        if may_treat:
            image = tried("dewarped", partial(from_above, image, data, limits), image, notes)
        facts = measure(image.convert("L"))
        if may_treat:
            image = tried("evened", partial(in_even_light, image), image, notes)
        image = level(image, image.convert("L"))
        thumb = image.resize((THUMB_WIDTH, max(1, round(image.height * THUMB_WIDTH / image.width))), reducing_gap=2.0)
        facts |= {"width": image.width, "height": image.height, **notes}
        emit(facts, encode_screen(image), encode(thumb, 78), *([encode(came, 74)] if notes["treatment"] else []))


def tried(name: str, step: Callable[[], Any], image: Any, notes: dict[str, Any]) -> Any:
    """Return what `step` makes of `image`, noted as done; `image` itself when it makes nothing of it or fails."""
    try:
        made = step()
    except Exception as error:  # noqa: BLE001
        # A page as it came is better than none. MemoryError is one of these.
        notes["trouble"] = f"{name}: {type(error).__name__}: {error}"[:200]
        return image
    if made is None:
        return image
    notes["treatment"].append(name)
    return made


def from_above(image: Any, data: bytes, limits: dict[str, Any]) -> Any | None:
    """Return the sheet in a photograph, straightened, or None when it is to be left as it lies: also when it fills the
    picture, as it does when the phone has cut it out."""
    if beside("sheet_light").looks_even(image):
        return None
    finder = beside("sheet_finder")
    corners = finder.page_corners(image)
    if corners is None:
        return None
    return finder.flat(load_shrunk(open_image(data, limits), SOURCE_SIDE), corners, SCREEN_SIDE)


def in_even_light(image: Any) -> Any | None:
    light = beside("sheet_light")
    return None if light.looks_even(image) else light.evened(image)


def beside(name: str) -> Any:
    """Return the script of that name in this folder as a module: in isolated mode there is no path to find it by."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def split(data: bytes, limits: dict[str, Any]) -> None:
    """Emit one frame per page with two JPEG blobs: the page upright by its code, at the resolution it is drawn in, and
    a thumbnail. A page that cannot be drawn is told as failed, and the next one is tried."""
    document = open_pdf(data, limits) if limits["kind"] == "application/pdf" else None
    pages = range(limits["first"], min(limits["first"] + limits["count"], len(document) if document else 1))
    for index in pages:
        try:
            whole = draw_pdf_page(document, index) if document else open_image(data, limits)
            image = load_shrunk(whole, PDF_LONG_SIDE[1])
        except Exception:
            # What decoders raise about one page says nothing about the others.
            if not document:
                raise
            emit({"index": index, "failed": 1})
            continue
        emit_split(index, image)


def emit_split(index: int, image: Any) -> None:
    from PIL import Image

    grey = image.convert("L")
    codes, seen = codes_on(grey)
    turn = codes[0][1] if codes else 0
    if turn:
        turns = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
        image = image.transpose(turns[turn])  # Pillow turns counter-clockwise
    thumb = image.resize((THUMB_WIDTH, max(1, round(image.height * THUMB_WIDTH / image.width))), reducing_gap=2.0)
    facts = {"index": index, "width": image.width, "height": image.height, "turn": turn, "ink": ink_share(grey)}
    emit({**facts, "codes": [text[:200] for text, _turn in codes], "seen": seen}, encode(image, 85), encode(thumb, 78))


def codes_on(grey: Any) -> tuple[list[tuple[str, int]], bool]:
    """The QR codes of an L image, each with the degrees clockwise (0, 90, 180, 270) that make it upright; and whether
    any was seen, also one that cannot be read."""
    import zxingcpp

    pixels = memoryview(grey.tobytes()).cast("B", (grey.height, grey.width))
    formats = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    seen = zxingcpp.read_barcodes(pixels, formats=formats, return_errors=True)
    codes = {code.text: round(-code.orientation / 90) * 90 % 360 for code in seen if code.valid}
    return list(codes.items()), bool(seen)


def ink_share(grey: Any) -> float:
    """How much of the inner page is clearly darker than its paper, 0 to 1."""
    width, height = grey.size
    middle = grey.crop((width // 20, height // 20, width - width // 20, height - height // 20))
    histogram = middle.histogram()
    paper = percentile(histogram, 0.9)
    share: float = sum(histogram[: max(0, paper - 60)]) / max(1, sum(histogram))
    return share


def encode(image: Any, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()


def encode_screen(image: Any) -> bytes:
    """Return the best WebP within SCREEN_BYTES; a grainy photo is smoothed last and may stay a little above."""
    from PIL import ImageFilter

    for quality in SCREEN_QUALITIES:
        blob = encode_webp(image, quality)
        if len(blob) <= SCREEN_BYTES:
            return blob
    # What is left is sensor noise: strokes are several pixels wide and survive this.
    return encode_webp(image.filter(ImageFilter.GaussianBlur(0.7)), SCREEN_QUALITIES[-1])


def encode_webp(image: Any, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=quality, method=2)
    return out.getvalue()


def percentile(histogram: list[int], share: float) -> int:
    """Return the grey level (0-255) below which `share` of the pixels lie."""
    wanted, seen = share * sum(histogram), 0
    for value, count in enumerate(histogram):
        seen += count
        if seen >= wanted:
            return value
    return 255


def level(image: Any, grey: Any) -> Any:
    """Stretch a greyish photo gently: one straight line for all channels, so colours and pencil greys stay in order.

    The white point is the brightest half per cent, not "paper": in an unevenly lit photo the faint pencil in the
    bright corner lies above the average paper, and clipping there would rub it out.
    """
    histogram = grey.histogram()
    black, white = min(percentile(histogram, 0.005), 40), percentile(histogram, 0.995)
    if white < 60 or (black <= 8 and white >= 246):
        return image
    gain = min(1.8, 250 / (white - black))
    table = [max(0, min(255, round((value - black) * gain))) for value in range(256)]
    return image.point(table * len(image.getbands()))


def measure(grey: Any) -> dict[str, float | None]:
    """Return brightness facts (0-255), sharpness and the share of ink of an L image.

    sharpness = variance of the Laplacian / variance of the strokes, each less its noise floor, in the tiles with the
    most ink; about 0.2 in focus, under 0.035 when strokes run together, None on a page with no ink to judge by.
    Dividing by the ink makes pencil and pen comparable; subtracting the floor keeps sensor noise from counting.
    """
    from PIL import ImageChops, ImageFilter, ImageStat

    histogram = grey.histogram()
    facts: dict[str, float | None] = {
        "brightness": round(ImageStat.Stat(grey).mean[0], 1),
        "paper": float(percentile(histogram, 0.9)),
        "sharpness": None,
        "ink": ink_share(grey),
    }
    smooth = grey.filter(ImageFilter.GaussianBlur(1.2))
    edges = smooth.filter(ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128))
    strokes = ImageChops.subtract(smooth, smooth.filter(ImageFilter.BoxBlur(8)), 1, 128)
    tiles = [(ImageStat.Stat(strokes.crop(box)).var[0], ImageStat.Stat(edges.crop(box)).var[0]) for box in inner(grey)]
    if tiles:
        tenth = len(tiles) // 10
        ink_floor = sorted(ink for ink, _ in tiles)[tenth]
        edge_floor = sorted(edge for _, edge in tiles)[tenth]
        faintest = 2 * (max(facts["paper"] or 0.0, 40.0) / 190) ** 2  # ink is paler, as light, in a dark photo
        inked = [(ink, edge) for ink, edge in sorted(tiles, reverse=True)[:3] if ink - ink_floor > faintest]
        if inked:
            # A few per cent over the floor is still noise, and the ink of a dark blurred page is as weak as that.
            total = sum(max(0.0, edge - 1.05 * edge_floor) for _, edge in inked)
            facts["sharpness"] = round(total / sum(ink - ink_floor for ink, _ in inked), 4)
    return facts


def inner(image: Any, rows: int = 12, columns: int = 9) -> list[tuple[int, int, int, int]]:
    """Return the boxes of a grid over `image`, without the outermost ring (the desk around the page)."""
    width, height = image.width // columns, image.height // rows
    if width < 8 or height < 8:
        return []
    return [
        (column * width, row * height, (column + 1) * width, (row + 1) * height)
        for row in range(1, rows - 1)
        for column in range(1, columns - 1)
    ]


def main() -> None:
    """Run one command on stdin."""
    limits = json.loads(sys.argv[1])
    sys.dont_write_bytecode = True
    limit_self(limits)
    data = sys.stdin.buffer.read(limits["max_bytes"] + 1)
    try:
        {"inspect": inspect, "render": render, "split": split}[limits["command"]](data, limits)
    except Refused as refusal:
        emit(refusal.frame)
    except MemoryError:
        emit({"refused": "sheet_too_complex"})
    except Exception as error:  # noqa: BLE001
        # Whatever a decoder says about hostile bytes, the meaning for the student is the same.
        emit({"refused": "sheet_damaged", "reason": f"{type(error).__name__}: {error}"[:200]})
    emit({"end": True})


if __name__ == "__main__":
    main()

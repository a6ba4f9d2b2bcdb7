"""Pages as people see them: upright, without metadata, small enough, with honest advice."""

import io
import random
from itertools import islice

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

from assessments.services.sheet_files import MAX_BYTES, SheetRefused, start_decoding
from assessments.services.sheet_images import RenderedPage, render_pages
from assessments.services.sheet_sandbox import MEMORY_BYTES, Decoding
from assessments.tests.bad_uploads import (
    GPS_MAKER,
    HEIC,
    Upload,
    bad_uploads,
    pdf_with_pages,
    phone_jpeg,
    png_16_bit,
    saved,
    second_page_bomb_pdf,
    sheet,
)

RENDERABLE = [upload for upload in bad_uploads() if upload.accepted]
BLUE_BOX = (20, 40, 200)


def _only(source: bytes, content_type: str) -> RenderedPage:
    (page,) = render_pages(source, content_type, page_count=1)
    return page


def _opened(blob: bytes) -> Image.Image:
    return Image.open(io.BytesIO(blob))


def _near(pixel: tuple[int, ...], wanted: tuple[int, ...], tolerance: int = 40) -> bool:
    return all(abs(one - other) <= tolerance for one, other in zip(pixel, wanted, strict=True))


def photo(*, width: int = 1500, ink=(40, 55, 120), lines: int = 22, blur: float = 0, light: float = 1.0) -> bytes:
    """Return a photo of a written page: uneven light, sensor noise, lines of strokes; `blur` for 1500 px of width."""
    k = width / 1500
    image = Image.new("RGB", (width, width * 4 // 3), (205, 200, 190))
    draw, chance = ImageDraw.Draw(image), random.Random(5)
    for row in range(lines):
        x, y = 150 * k, (165 + row * 75) * k
        while x < 1300 * k:
            ends = (x + chance.randint(-10, 25) * k, y + chance.randint(-20, 25) * k)
            draw.line((x, y + chance.randint(-20, 20) * k, *ends), fill=ink, width=round(4.5 * k))
            x += chance.randint(15, 30) * k
    lamp = Image.linear_gradient("L").resize(image.size).point(lambda value: 160 + value * 95 // 255)
    image = ImageChops.multiply(image, Image.merge("RGB", (lamp,) * 3))
    if blur:
        image = image.filter(ImageFilter.GaussianBlur(blur * k))
    noise = Image.effect_noise(image.size, 8)
    image = ImageChops.add(image, Image.merge("RGB", (noise,) * 3), 1, -128)
    return saved(image.point(lambda value: int(value * light)), "JPEG", quality=90)


@pytest.mark.slow
@pytest.mark.parametrize("upload", RENDERABLE, ids=lambda upload: upload.name)
def test_every_accepted_upload_becomes_clean_pages(upload: Upload):
    pages = render_pages(upload.data, upload.real, page_count=upload.pages)
    first = list(islice(pages, 3))
    assert [page.index for page in first] == list(range(min(3, upload.pages)))
    for page in first:
        screen, thumb = _opened(page.screen), _opened(page.thumb)
        screen.load()
        assert (screen.format, screen.mode in ("RGB", "L"), screen.size) == ("WEBP", True, (page.width, page.height))
        assert max(screen.size) <= 2000
        assert thumb.width == 240
        assert set(screen.info) <= {"loop", "background", "timestamp", "duration"}
        assert set(thumb.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}
        assert not screen.getexif()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photo_is_upright_whatever_the_phone_says_and_its_position_is_gone(orientation):
    """The stored pixels have the box top left; the EXIF tells where that corner belongs."""
    source = phone_jpeg(orientation=orientation)
    assert GPS_MAKER.encode() in source
    page = _only(source, "image/jpeg")
    right, bottom = orientation in (2, 3, 6, 7), orientation in (3, 4, 7, 8)
    assert (page.width, page.height) == ((600, 800) if orientation < 5 else (800, 600))
    x = page.width - 40 if right else 40
    y = page.height - 40 if bottom else 40
    assert _near(_opened(page.screen).getpixel((x, y)), BLUE_BOX, 60)
    for blob in (page.screen, page.thumb):
        assert GPS_MAKER.encode() not in blob
        assert b"Exif" not in blob
        assert b"GPS" not in blob


def test_heic_is_decoded_upright_without_its_metadata():
    assert b"PhoneMaker" in HEIC
    page = _only(HEIC, "image/heic")
    assert (page.width, page.height) == (64, 96)
    screen = _opened(page.screen)
    assert screen.getpixel((45, 25))[2] > screen.getpixel((45, 25))[0] + 60
    assert min(screen.getpixel((10, 80))) > 180
    assert b"PhoneMaker" not in page.screen


def test_16_bit_grey_keeps_its_greys():
    screen = _opened(_only(png_16_bit(), "image/png").screen).convert("L")
    assert screen.getpixel((300, 300)) > 180
    assert screen.getpixel((50, 100)) < 60


def test_cmyk_is_not_inverted():
    screen = _opened(_only(saved(sheet(mode="CMYK"), "JPEG"), "image/jpeg").screen)
    assert min(screen.getpixel((300, 50))) > 180
    assert screen.getpixel((40, 40))[2] > screen.getpixel((40, 40))[0]


def test_transparent_parts_become_white_paper():
    image = sheet(mode="RGBA")
    image.paste((0, 0, 0, 0), (200, 200, 400, 400))
    assert min(_opened(_only(saved(image, "PNG"), "image/png").screen).getpixel((300, 300))) > 240


def test_first_frame_of_an_animation_is_the_page():
    upload = next(upload for upload in RENDERABLE if upload.name == "animated WebP")
    assert _near(_opened(_only(upload.data, "image/webp").screen).getpixel((40, 40)), BLUE_BOX, 60)


def test_pdf_is_drawn_at_about_200_dpi_then_fitted():
    page = next(render_pages(pdf_with_pages(3), "application/pdf", page_count=3))
    assert (page.width, page.height) == (1413, 2000)


def test_iterator_closed_early_stops_the_decoder():
    decoding = start_decoding("render", "application/pdf", cpu_seconds=60)
    frames = decoding.frames(pdf_with_pages(60))
    next(frames)
    frames.close()
    assert decoding.exit_code == -9


@pytest.mark.slow
def test_bomb_on_a_later_page_is_refused_after_the_good_page():
    pages = render_pages(second_page_bomb_pdf(), "application/pdf", page_count=2)
    assert next(pages).index == 0
    with pytest.raises(SheetRefused) as caught:
        next(pages)
    assert caught.value.code == "sheet_too_complex"


def test_truncated_photo_is_refused_here_too():
    with pytest.raises(SheetRefused) as caught:
        list(render_pages(phone_jpeg()[:9000], "image/jpeg"))
    assert caught.value.code == "sheet_damaged"


@pytest.mark.slow
def test_12_megapixel_photo_is_small_sharp_and_cheap():
    source = photo(width=3000)
    decoding = Decoding(
        "render", "image/jpeg", cpu_seconds=3, max_bytes=MAX_BYTES, max_pages=1, memory_bytes=MEMORY_BYTES // 3
    )
    assert len(list(decoding.frames(source))) == 1
    page = _only(source, "image/jpeg")
    assert (page.width, page.height) == (1500, 2000)
    assert len(page.screen) <= 400 * 1024
    assert len(page.thumb) <= 25 * 1024
    assert page.quality.advice == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"blur": 1}, ()),
        ({"blur": 4.5}, ("blurred",)),
        ({"light": 0.3}, ("dark",)),
        ({"blur": 4.5, "light": 0.3}, ("blurred", "dark")),
        ({"ink": (150, 150, 150)}, ()),
        ({"lines": 2}, ()),
        ({"lines": 0}, ("blank",)),
    ],
    ids=["slightly soft", "blurred", "dark", "blurred and dark", "faint pencil", "two lines", "blank"],
)
def test_advice(changes, advice):
    assert _only(photo(**changes), "image/jpeg").quality.advice == advice


def test_pencil_has_more_contrast_afterwards_even_in_the_brightest_corner():
    """A stroke 18 grey levels under the paper, where the paper is brightest, must stay and gain."""
    image = Image.linear_gradient("L").resize((1500, 2000)).point(lambda value: 110 + value * 80 // 255)
    draw = ImageDraw.Draw(image)
    for y in (300, 1000, 1950):
        draw.line((200, y, 1300, y), fill=image.getpixel((5, y)) - 18, width=8)
    screen = _opened(_only(saved(image.convert("RGB"), "PNG"), "image/png").screen).convert("L")
    for y in (300, 1000, 1950):
        stroke = ImageStat.Stat(screen.crop((400, y - 2, 1000, y + 2))).mean[0]
        paper = ImageStat.Stat(screen.crop((400, y - 20, 1000, y - 12))).mean[0]
        assert paper - stroke > 18


def test_clean_black_and_white_is_left_as_it_is():
    image = Image.new("L", (800, 1000), 255)
    ImageDraw.Draw(image).rectangle((100, 100, 700, 500), fill=0)
    screen = _opened(_only(saved(image, "PNG"), "image/png").screen).convert("L")
    assert (screen.getpixel((400, 300)), screen.getpixel((400, 900))) == (0, 255)

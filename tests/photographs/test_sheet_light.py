"""Photographed pages in even light, as the worker's sandbox makes them (`assessments/services/sheet_light.py`)."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageStat

from assessments.services.sheet_files import MAX_BYTES
from assessments.services.sheet_images import RenderedPage, render_pages
from assessments.services.sheet_sandbox import Decoding
from assessments.tests.bad_uploads import pdf_with_pages

PAPER, PENCIL, RED, BLUE = (226, 222, 214), (204, 200, 194), (196, 44, 40), (44, 62, 150)
SIZE = (1200, 1600)
BETWEEN = range(130, 1500, 100)  # rows of bare paper; ink runs along the rows 50 below them


def written(paper: tuple[int, int, int] = PAPER) -> Image.Image:
    """Lines of faint pencil, red and blue ink in turn, across the whole page."""
    page = Image.new("RGB", SIZE, paper)
    draw = ImageDraw.Draw(page)
    for place, y in enumerate(BETWEEN):
        ink = tuple(one * other // 226 for one, other in zip((PENCIL, RED, BLUE)[place % 3], paper, strict=True))
        draw.line((60, y + 50, 1140, y + 50), fill=ink, width=6)
    return page


def under_a_hand(page: Image.Image) -> Image.Image:
    """A soft shadow of 55 % over the lower left."""
    shade = Image.new("L", SIZE, 255)
    ImageDraw.Draw(shade).polygon([(0, 500), (800, 900), (700, 1600), (0, 1600)], fill=140)
    soft = shade.filter(ImageFilter.GaussianBlur(30))
    return ImageChops.multiply(page, Image.merge("RGB", (soft,) * 3))


def jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=92)
    return out.getvalue()


def rendered(image: Image.Image, *, is_photo: bool = True) -> RenderedPage:
    (page,) = render_pages(jpeg(image), "image/jpeg", page_count=1, is_photo=is_photo)
    return page


def opened(blob: bytes) -> Image.Image:
    return Image.open(io.BytesIO(blob)).convert("RGB")


def mean(image: Image.Image, x: int, y: int) -> list[float]:
    """The colour of a spot two pixels high, five times as broad as a stroke."""
    return ImageStat.Stat(image.crop((x - 15, y - 1, x + 15, y + 1))).mean


def spread(image: Image.Image) -> float:
    """Between the brightest and the darkest paper."""
    light = [sum(mean(image, x, y)) / 3 for y in BETWEEN for x in range(60, 1200, 120)]
    return max(light) - min(light)


def test_a_shadow_goes_and_what_is_written_in_it_stays() -> None:
    page = rendered(under_a_hand(written()))
    assert page.treatment == ("evened",)
    assert page.plain is not None
    screen, plain = opened(page.screen), opened(page.plain)
    assert screen.size == plain.size == SIZE == (page.width, page.height)
    assert spread(plain) > 80
    assert spread(screen) < spread(plain) / 2
    for x in (150, 1050):  # in the shadow and in the light
        for y in BETWEEN[0::3]:
            pencil, paper = sum(mean(screen, x, y + 50)) / 3, sum(mean(screen, x, y)) / 3
            assert paper - pencil > 14, (x, y)
            assert pencil < 240
        for y in BETWEEN[1::3]:
            red, green, blue = mean(screen, x, y + 50)
            assert red - max(green, blue) > 80, (x, y)
        for y in BETWEEN[2::3]:
            red, green, blue = mean(screen, x, y + 50)
            assert blue - max(red, green) > 45, (x, y)


def test_a_yellow_lamp_loses_most_of_its_colour() -> None:
    page = rendered(written((235, 205, 160)))
    assert page.treatment == ("evened",)
    red, _green, blue = mean(opened(page.screen), 600, BETWEEN[3])
    assert red - blue < (235 - 160) / 2
    red, green, blue = mean(opened(page.screen), 600, BETWEEN[1] + 50)
    assert red - max(green, blue) > 80


@pytest.mark.parametrize("paper", [(255, 255, 255), (240, 238, 232)])
def test_even_light_is_left_as_it_is(paper: tuple[int, int, int]) -> None:
    page = rendered(written(paper))
    assert (page.treatment, page.plain, page.trouble) == ((), None, "")


def test_a_large_drawing_is_no_shadow() -> None:
    """What is shaded or black keeps its grey, and nothing around it is brightened."""
    page = written()
    ImageDraw.Draw(page).rectangle((300, 300, 900, 700), fill=(40, 40, 44))
    ImageDraw.Draw(page).rectangle((300, 900, 380, 1300), fill=(150, 148, 143))
    screen = opened(rendered(page).screen)
    assert max(mean(screen, 600, 500)) < 60
    assert max(mean(screen, 340, 1100)) < 185


@pytest.mark.parametrize("kind", ["a class scan", "a PDF"])
def test_only_photographs_are_treated(kind: str) -> None:
    shaded = under_a_hand(written())
    if kind == "a PDF":
        out = io.BytesIO()
        shaded.save(out, "PDF", resolution=150)
        (page,) = render_pages(out.getvalue(), "application/pdf", page_count=1)
    else:
        page = rendered(shaded, is_photo=False)
    assert (page.treatment, page.plain) == ((), None)
    assert spread(opened(page.screen).resize(SIZE)) > 80


def test_the_same_photograph_gives_the_same_page() -> None:
    assert rendered(under_a_hand(written())) == rendered(under_a_hand(written()))


def test_without_the_memory_for_it_the_page_is_shown_as_it_came() -> None:
    data = jpeg(under_a_hand(written()))
    limits = {"cpu_seconds": 10, "max_bytes": MAX_BYTES, "max_pages": 1, "memory_bytes": 150 * 1024**2}
    (frame,) = Decoding("render", "image/jpeg", is_photo=True, **limits).frames(data)
    assert frame.facts["treatment"] == []
    assert frame.facts["trouble"]
    assert spread(opened(frame.blobs[0])) > 80


def test_a_pdf_of_many_pages_comes_as_before() -> None:
    pages = list(render_pages(pdf_with_pages(3), "application/pdf", page_count=3))
    assert [(page.index, page.treatment, page.plain) for page in pages] == [(n, (), None) for n in range(3)]

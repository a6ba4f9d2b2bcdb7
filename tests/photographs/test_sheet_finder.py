"""Photographed sheets straightened by the server (`assessments/services/sheet_finder.py`), or left as they came."""

from __future__ import annotations

import io
import math

import pytest
from PIL import Image, ImageDraw, ImageStat

from assessments.services.sheet_finder import is_cut_out, page_corners
from assessments.services.sheet_images import RenderedPage, render_pages
from config.demo.sheets import SheetItem, answer_pages, load_answers
from tests.photographs.draw import KINDS, Photograph, photograph
from tests.photographs.engine import engine_of
from tests.photographs.sheets import written_sheets

SIZE = (900, 1200)
MARKS = {(0.2, 0.15): (200, 30, 30), (0.8, 0.15): (20, 140, 40), (0.8, 0.85): (30, 50, 190), (0.2, 0.85): (20, 20, 20)}


@pytest.fixture(scope="module")
def sheets() -> list[Image.Image]:
    return written_sheets(3)


def marked() -> Image.Image:
    """An A4 sheet with lines and four spots whose places are known."""
    sheet = Image.new("RGB", (1050, 1485), (250, 249, 244))
    draw = ImageDraw.Draw(sheet)
    for y in range(150, 1400, 60):
        draw.line((120, y, 930, y), fill=(60, 70, 140), width=4)
    for (x, y), colour in MARKS.items():
        draw.ellipse((x * 1050 - 30, y * 1485 - 30, x * 1050 + 30, y * 1485 + 30), fill=colour)
    return sheet


def jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def rendered(image: Image.Image, *, is_photo: bool = True) -> RenderedPage:
    (page,) = render_pages(jpeg(image), "image/jpeg", page_count=1, is_photo=is_photo)
    return page


def farthest(found: list[tuple[float, float]], shot: Photograph) -> float:
    """The greatest distance of a corner from where it is, in widths of the photograph."""
    width, height = shot.image.size
    places = [(x * width, y * height) for x, y in found]
    return max(math.dist(place, corner) / width for place, corner in zip(places, shot.corners, strict=True))


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_sheet_is_found_rightly_or_not_at_all(kind: str, seed: int, sheets: list[Image.Image]) -> None:
    shot = photograph(kind, sheets[seed], seed=seed, size=SIZE)
    found = page_corners(shot.image)
    if kind in ("wood", "dark", "angles", "shadows"):
        assert found is not None
    assert found is None or farthest(found, shot) < 0.02


def test_a_sheet_on_wood_is_straightened() -> None:
    page = rendered(photograph("wood", marked(), seed=4, size=(1500, 2000)).image)
    assert "dewarped" in page.treatment
    assert page.height == round(page.width * math.sqrt(2))
    assert page.plain is not None
    assert Image.open(io.BytesIO(page.plain)).size == (1500, 2000)
    screen = Image.open(io.BytesIO(page.screen)).convert("RGB")
    for (x, y), colour in MARKS.items():
        at = (x * page.width, y * page.height)
        # Within 1.2 % of the width of its place there is nothing but the spot, which is 2.9 % of it in radius.
        near = 0.012 * page.width
        spot = ImageStat.Stat(
            screen.crop((round(at[0] - near), round(at[1] - near), round(at[0] + near), round(at[1] + near)))
        )
        assert max(spot.stddev) < 40, (x, y)
        strongest = max(range(3), key=lambda band: colour[band])
        assert max(spot.mean) < 90 if max(colour) < 40 else spot.mean[strongest] == max(spot.mean)


def test_the_same_photograph_gives_the_same_page() -> None:
    """A page that its student turns is drawn anew, and must have the same shape."""
    shot = photograph("dark", marked(), seed=1, size=SIZE).image
    first, again = rendered(shot), rendered(shot)
    assert first.treatment
    assert first == again


def test_what_the_phone_cut_out_is_left_exactly_so(sheets: list[Image.Image]) -> None:
    ask = engine_of("page-finder.js")
    shot = photograph("wood", sheets[0], seed=0, size=(600, 800))
    across, down = shot.image.size
    corners = [(x / across, y / down) for x, y in shot.corners]
    size = ask("sizeOf", {"width": across, "height": down}, corners)
    flat = ask("straighten", shot.image, corners, *size)["data"]
    page = Image.frombytes("RGBA", tuple(size), bytes(flat[str(at)] for at in range(4 * size[0] * size[1]))).convert(
        "RGB"
    )
    assert is_cut_out(*page.size)
    made = rendered(page)
    assert "dewarped" not in made.treatment
    assert (made.width, made.height) == page.size


@pytest.mark.parametrize("trim", [0, 0.02])
def test_what_somebody_else_cut_out_is_left_too(trim: float, sheets: list[Image.Image]) -> None:
    """By an app for scanning, in another shape, with or without a rim of desk."""
    page = Image.new("RGB", (1000, 1300), (120, 84, 54))
    rim = (round(1000 * trim), round(1300 * trim))
    page.paste(sheets[0].convert("RGB").resize((1000 - 2 * rim[0], 1300 - 2 * rim[1])), rim)
    assert not is_cut_out(*page.size)
    made = rendered(page)
    assert "dewarped" not in made.treatment
    assert (made.width, made.height) == page.size


def test_a_sheet_that_fills_the_picture_is_left() -> None:
    """With a finger's breadth of desk around it. The red ink of the demonstration lies on such photographs."""
    items = [SheetItem(21, next(iter(load_answers().values()))[0].lines)]
    for seed in range(3):
        (page,) = render_pages(answer_pages(items, seed=seed)[0].jpeg, "image/jpeg", page_count=1)
        assert ("dewarped" not in page.treatment, page.width, page.height) == (True, 1350, 1800)


def test_ink_beside_the_sheet_is_not_cut_off() -> None:
    """A bright box on a grey form, with writing around it, is no sheet on a desk."""
    bare = Image.new("RGB", (1200, 1600), (196, 194, 190))
    ImageDraw.Draw(bare).rectangle((220, 300, 980, 1350), fill=(252, 252, 250))
    assert page_corners(bare) is not None
    form = bare.copy()
    for y in range(60, 260, 50):
        ImageDraw.Draw(form).line((100, y, 1000, y), fill=(70, 80, 150), width=4)
    assert page_corners(form) is None


@pytest.mark.parametrize("kind", ["wood", "dark", "white desk"])
def test_an_empty_desk_has_no_sheet(kind: str) -> None:
    shot = photograph(kind, Image.new("RGB", (10, 14), "white"), seed=3, size=SIZE)
    left, top = (int(min(values)) for values in zip(*shot.corners, strict=True))
    empty = shot.image.crop((0, 0, max(left - 20, 60), max(top - 20, 60))).resize((600, 800))
    assert page_corners(empty) is None


@pytest.mark.parametrize("size", [(1, 1), (900, 3), (40, 50)])
def test_a_picture_too_small_or_thin_to_hold_a_sheet_is_left(size: tuple[int, int]) -> None:
    page = rendered(Image.new("RGB", size, (90, 90, 90)))
    assert (page.width, page.height, page.treatment, page.trouble) == (*size, (), "")


def test_a_class_scan_and_a_pdf_keep_their_shape() -> None:
    shot = photograph("wood", marked(), seed=4, size=SIZE).image
    assert rendered(shot, is_photo=False).treatment == ()
    out = io.BytesIO()
    shot.save(out, "PDF", resolution=100)
    (page,) = render_pages(out.getvalue(), "application/pdf", page_count=1)
    assert page.treatment == ()
    assert page.width / page.height == pytest.approx(0.75, abs=0.01)

"""`static/js/page-finder.js` on photographs with known corners, in the V8 that sets formulas too."""

from __future__ import annotations

import math

import pytest
from PIL import Image

from tests.photographs.draw import KINDS, Point, photograph
from tests.photographs.engine import Ask, engine_of
from tests.photographs.sheets import written_sheets

SIZE = (900, 1200)


@pytest.fixture(scope="module")
def ask() -> Ask:
    return engine_of("page-finder.js")


@pytest.fixture(scope="module")
def sheets() -> list[Image.Image]:
    return written_sheets(3)


def _scaled(image: Image.Image, long: int) -> Image.Image:
    factor = long / max(image.size)
    return image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BOX)


def _farthest(found: list[Point], corners: tuple[Point, ...], image: Image.Image) -> float:
    """The greatest distance of a corner from where it is, in widths of the photograph."""
    width, height = image.size
    return max(
        math.dist((x * width, y * height), corner) / width for (x, y), corner in zip(found, corners, strict=True)
    )


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", KINDS)
def test_finds_the_corners_of_a_sheet(kind: str, seed: int, ask: Ask, sheets: list[Image.Image]) -> None:
    shot = photograph(kind, sheets[seed], seed=seed, size=SIZE)
    found = ask("findPage", _scaled(shot.image, 400))
    assert found is not None
    corners = ask("refine", _scaled(shot.image, 1200), found["corners"])
    assert _farthest(corners, shot.corners, shot.image) < 0.02


@pytest.mark.parametrize("kind", ["wood", "dark", "white desk"])
def test_says_nothing_where_no_sheet_lies(kind: str, ask: Ask) -> None:
    """An empty desk: the sheet is no larger than a coin."""
    shot = photograph(kind, Image.new("RGB", (10, 14), "white"), seed=3, size=SIZE)
    left, top = (int(min(values)) for values in zip(*shot.corners, strict=True))
    empty = shot.image.crop((0, 0, max(left - 20, 60), max(top - 20, 60))).resize((300, 400))
    assert ask("findPage", empty) is None


def test_a_straightened_sheet_has_its_corners_in_the_corners(ask: Ask) -> None:
    sheet = Image.new("RGB", (210, 297), "white")
    for x, y, colour in ((0, 0, "red"), (190, 0, "green"), (190, 277, "blue"), (0, 277, "black")):
        sheet.paste(colour, (x, y, x + 20, y + 20))
    shot = photograph("angles", sheet, seed=5, size=(450, 600))
    corners = [(x / 449, y / 599) for x, y in shot.corners]
    flat = ask("straighten", shot.image, corners, 105, 148)
    pixels = [
        flat["data"][str(4 * (y * 105 + x) + c)] for x, y in ((5, 5), (99, 5), (99, 142), (5, 142)) for c in range(3)
    ]
    red, green, blue, black = (pixels[i : i + 3] for i in (0, 3, 6, 9))
    assert red[0] > 120 > max(red[1:])
    assert green[1] > 60 > max(green[0], green[2])
    assert blue[2] > 120 > max(blue[:2])
    assert max(black) < 60


@pytest.mark.parametrize(
    ("photo", "size"),
    [((3000, 4000), [1654, 2339]), ((4000, 3000), [2339, 1654]), ((600, 800), [509, 720])],
)
def test_a_page_is_a4_at_200_dpi_and_never_enlarged(photo: tuple[int, int], size: list[int], ask: Ask) -> None:
    corners = [[0.05, 0.05], [0.95, 0.05], [0.95, 0.95], [0.05, 0.95]]
    assert ask("sizeOf", {"width": photo[0], "height": photo[1]}, corners) == size

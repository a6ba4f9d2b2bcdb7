"""`static/js/page-quality.js`: what the phone says of a page is what the server says of it."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageFilter

from assessments.services.sheet_decoder import measure
from assessments.services.sheet_images import BLURRED_BELOW
from tests.photographs.engine import Ask, engine_of
from tests.photographs.sheets import written_sheets

SIZE = (707, 1000)
EVEN = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]


@pytest.fixture(scope="module")
def ask() -> Ask:
    return engine_of("page-quality.js")


@pytest.fixture(scope="module")
def sheets() -> list[Image.Image]:
    return [sheet.convert("RGB").resize(SIZE) for sheet in written_sheets(3)]


def _sharpness(ask: Ask, image: Image.Image) -> float | None:
    made: float | None = ask("((image) => sharpness(greyOf(image), image.width, image.height))", image)
    return made


@pytest.mark.parametrize("radius", [0, 1, 2, 4])
def test_sharpness_is_the_servers(radius: int, ask: Ask, sheets: list[Image.Image]) -> None:
    page = sheets[0].filter(ImageFilter.GaussianBlur(radius))
    ours, theirs = _sharpness(ask, page), measure(page.convert("L"))["sharpness"]
    assert ours is not None
    assert theirs is not None
    assert ours == pytest.approx(theirs, rel=0.25, abs=0.012)  # it counts in whole grey levels
    assert (ours < BLURRED_BELOW) == (theirs < BLURRED_BELOW)


def test_an_empty_page_has_no_sharpness(ask: Ask) -> None:
    assert _sharpness(ask, Image.new("RGB", SIZE, "white")) is None


def test_advice(ask: Ask, sheets: list[Image.Image]) -> None:
    page = sheets[0].point(lambda value: int(value * 0.85))
    lamp = page.copy()
    ImageDraw.Draw(lamp).ellipse((200, 300, 480, 580), fill="white")
    assert ask("adviceOn", page, EVEN) == []
    assert ask("adviceOn", page, None) == []
    assert ask("adviceOn", page, [[0.0, 0.1], *EVEN[1:]]) == ["cut"]
    assert ask("adviceOn", page.filter(ImageFilter.GaussianBlur(5)), EVEN) == ["blurred"]
    assert ask("adviceOn", page.point(lambda value: value // 3), EVEN) == ["dark"]
    assert ask("adviceOn", lamp, EVEN) == ["glare"]


def test_a_page_is_like_itself_and_unlike_the_others(ask: Ask, sheets: list[Image.Image]) -> None:
    again = sheets[0].resize((1000, 1414)).filter(ImageFilter.GaussianBlur(1)).point(lambda value: int(value * 0.8))
    one, same, other, third = (ask("likeness", image) for image in (sheets[0], again, sheets[1], sheets[2]))
    assert len(one) == 64
    assert ask("difference", one, one) == 0
    assert ask("difference", one, same) < 30
    assert min(ask("difference", one, other), ask("difference", one, third), ask("difference", other, third)) > 45

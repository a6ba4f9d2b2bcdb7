"""The codes on scanned pages: turned, askew, speckled, damaged, two on a page, none."""

from __future__ import annotations

import random
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter
from qrcode.main import QRCode

from assessments.services.sheet_decoder import codes_on

TEXT = "AP2.AZPq9vxydG-oVJAbGkXgBQ.AZPq9vxydG-oVJAbGkXgBQ.1.4:Wj3ORn0pW1P8u0gyYlUeJtVbEr5yQm2X6KxkJ9hFz8o"


def page_with(text: str) -> Image.Image:
    """An A4 page at 200 dpi with strokes of a pen and a code of 23 mm in its upper right corner."""
    written: Any = QRCode(border=0)
    written.add_data(text)
    code = written.make_image().get_image().convert("L").resize((180, 180), Image.Resampling.BOX)
    page, rng = Image.new("L", (1654, 2339), 248), random.Random(text)
    pen = ImageDraw.Draw(page)
    for _ in range(300):
        x, y = rng.randint(150, 1400), rng.randint(320, 2200)
        pen.line((x, y, x + rng.randint(-40, 40), y + rng.randint(-30, 30)), fill=rng.randint(10, 90), width=3)
    page.paste(code, (1350, 90))
    return page


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("skew", [-4, 0.7])
def test_a_turned_page_is_read_and_its_turn_told(turn: int, skew: float) -> None:
    page = page_with(TEXT).rotate(skew, resample=Image.Resampling.BICUBIC, fillcolor=248)
    page = page.rotate(-turn, expand=True)
    page = ImageChops.add(page, Image.effect_noise(page.size, 30), 1, -128).filter(ImageFilter.GaussianBlur(0.8))
    [(text, needed)], seen = codes_on(page)
    assert (text, (needed + turn) % 360, seen) == (TEXT, 0, True)


def test_damage_is_mended_or_the_code_is_not_read() -> None:
    outcomes = set()
    for seed in range(40):
        page, rng = page_with(TEXT), random.Random(seed)
        for _ in range(seed):
            x, y = rng.randint(1350, 1520), rng.randint(90, 260)
            page.paste(rng.choice([0, 255]), (x, y, x + 6, y + 6))
        codes, _seen = codes_on(page)
        assert [text for text, _turn in codes] in ([TEXT], [])
        outcomes.add(bool(codes))
    assert outcomes == {True, False}


def test_two_codes_on_a_page_are_both_read() -> None:
    page = page_with(TEXT)
    page.paste(page_with(TEXT[::-1]).crop((1340, 80, 1540, 280)), (100, 2000))
    assert {text for text, _turn in codes_on(page)[0]} == {TEXT, TEXT[::-1]}


def test_a_page_without_a_code_and_one_with_half_a_code() -> None:
    assert codes_on(Image.new("L", (1654, 2339), 250)) == ([], False)
    page = page_with(TEXT)
    page.paste(248, (1400, 130, 1490, 280))
    assert codes_on(page)[0] == []

"""The drawn answer sheets: complete answers, every sign drawable, stable bytes, phone-like files."""

from __future__ import annotations

import io
import random
import tomllib
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageFont, ImageOps

from config.demo.figures import FIGURES
from config.demo.glyphs import HALVES, LOWERED, RAISED, SIGNS
from config.demo.handwriting import (
    FONT,
    PITCH,
    ROWS,
    TOP,
    Bracket,
    Frac,
    Line,
    Strike,
    _with_brackets,
    draw_page,
    fit_lines,
    read_line,
)
from config.demo.sheets import SheetItem, answer_pages, choose_answer, flow_pages, load_answers

BANK = Path(__file__).resolve().parents[2] / "assessments" / "data" / "cbse_x_mathematics"
WRITTEN = {"very_short_answer", "short_answer", "long_answer", "case_study"}
NEEDED = "²³√∴πθ∠△°×÷≠≤≥−½±⇒∥⊥Σ₹αβ"


@cache
def written_keys() -> set[str]:
    items = chain.from_iterable(
        tomllib.loads(path.read_text(encoding="utf-8")).get("item", ()) for path in BANK.glob("*.toml")
    )
    return {item["key"] for item in items if item["type"] in WRITTEN}


def words(line: Line) -> str:
    """Everything written on a line, as one string."""
    found = []
    for part in line.parts:
        match part:
            case Frac(over, under):
                found += [over, under]
            case Strike(text):
                found.append(text)
            case Bracket(char):
                found.append(char)
            case str():
                found.append(part)
    return "".join(found)


@cache
def phone_page() -> bytes:
    return draw_page([read_line("∴ x = 2 or 3")], seed=3, page_number=1)


def test_every_written_item_has_a_good_and_a_weak_answer() -> None:
    answers = load_answers()
    assert set(answers) == written_keys()
    for variants in answers.values():
        assert {each.quality for each in variants} - {"partly"} == {"good", "weak"}
        texts = ["\n".join(map(words, each.lines)) for each in variants]
        assert len(set(texts)) == len(texts)


def test_every_character_can_be_drawn() -> None:
    font = ImageFont.truetype(str(FONT), 40)
    missing = bytes(font.getmask("\uffff"))
    drawn = {*SIGNS, *RAISED, *LOWERED, *HALVES, "√", "−", " "}
    lines = chain.from_iterable(each.lines for each in chain.from_iterable(load_answers().values()))
    used = set(NEEDED).union(*map(words, lines))
    absent = [char for char in used - drawn if bytes(font.getmask(char)) == missing]
    assert not absent


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes() -> None:
    lines = [read_line("x² − 5x + 6 = 0"), read_line({"parts": ["x = ", {"frac": ["5 ± 1", "2"]}], "box": True})]
    first = draw_page(lines, seed=11, page_number=2)
    assert first == draw_page(lines, seed=11, page_number=2)
    assert first != draw_page(lines, seed=12, page_number=2)
    assert first != draw_page(lines, seed=11, page_number=3)


@pytest.mark.slow
def test_a_photo_is_of_phone_size_and_carries_a_place() -> None:
    picture = Image.open(io.BytesIO(phone_page()))
    assert picture.format == "JPEG"
    assert 1600 <= max(picture.size) <= 2400
    assert 150_000 <= len(phone_page()) <= 450_000
    place = picture.getexif().get_ifd(0x8825)
    assert place[1] == "N"
    assert place[3] == "E"


@pytest.mark.slow
def test_photos_come_both_upright_and_turned_and_are_upright_after_exif() -> None:
    pages = [Image.open(io.BytesIO(draw_page([], seed=seed, page_number=1))) for seed in range(6)]
    assert {page.getexif()[0x0112] for page in pages} == {1, 6}
    for page in pages:
        upright = ImageOps.exif_transpose(page)
        assert upright.height > upright.width
        assert page.getexif()[0x0112] == 1 or page.width > page.height


def test_a_scan_has_no_exif() -> None:
    scan = Image.open(io.BytesIO(draw_page([], seed=1, page_number=1, photo=False)))
    assert not scan.getexif()


def test_writing_lands_in_its_own_row() -> None:
    rows = [read_line(""), read_line("abc"), read_line("")]
    blank = Image.open(io.BytesIO(draw_page([], seed=4, page_number=1, photo=False))).convert("L")
    written = Image.open(io.BytesIO(draw_page(rows, seed=4, page_number=1, photo=False))).convert("L")
    _, top, _, bottom = ImageChops.difference(blank, written).point(lambda v: 255 if v > 90 else 0).getbbox()
    assert TOP + PITCH - 10 < top < bottom < TOP + 2 * PITCH + 10


def test_a_page_refuses_more_than_its_rows() -> None:
    with pytest.raises(ValueError, match="rows"):
        draw_page([Line(("x",))] * (ROWS + 1), seed=1, page_number=1)


def test_brackets_grow_only_around_fractions() -> None:
    parts = _with_brackets(("f(x) = (", Frac("1", "x"), " + 1)(x)"))
    assert parts == ["f(x) = ", Bracket("("), "", Frac("1", "x"), " + 1", Bracket(")"), "(x)"]


def test_a_wide_line_is_broken_without_losing_anything() -> None:
    line = Line(("the quick brown fox jumps over the lazy dog " * 4, Frac("1", "2"), " end"), margin="Q1.")
    found = fit_lines([line], seed=2)
    assert len(found) > 1
    assert found[0].margin == "Q1."
    assert "".join(map(words, found)).split() == words(line).split()


def test_read_line_refuses_an_unknown_part_and_an_unknown_figure() -> None:
    with pytest.raises(ValueError, match="no part"):
        read_line({"parts": [{"root": "2"}]})
    with pytest.raises(ValueError, match="no figure"):
        read_line({"figure": "elephant"})


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_a_figure_stays_inside_its_rows(name: str) -> None:
    blank = Image.open(io.BytesIO(draw_page([], seed=4, page_number=1, photo=False))).convert("L")
    rows = [read_line(""), read_line({"figure": name})]
    drawn = Image.open(io.BytesIO(draw_page(rows, seed=4, page_number=1, photo=False))).convert("L")
    _, top, _, bottom = ImageChops.difference(blank, drawn).point(lambda v: 255 if v > 90 else 0).getbbox()
    assert TOP + PITCH - 12 < top < bottom < TOP + (1 + FIGURES[name].rows) * PITCH + 12


def test_answers_flow_over_pages_in_order_and_whole() -> None:
    answers = load_answers()
    items = [SheetItem(21 + i, answers[key][0].lines) for i, key in enumerate(sorted(answers))]
    pages = flow_pages(items, seed=9)
    assert len(pages) > 10
    assert all(sum(line.rows for line in lines) <= ROWS for lines, _ in pages)
    written = "".join("".join(map(words, lines)) for lines, _ in pages)
    wanted = "".join("".join(map(words, item.lines)) for item in items)
    assert "".join(written.split()) == "".join(wanted.split())
    notes = [line.margin for lines, _ in pages for line in lines if line.margin]
    assert notes == [f"Q{item.number}." for item in items]
    for lines, numbers in pages:
        assert {f"Q{number}." for number in numbers} >= {line.margin for line in lines if line.margin}
        assert numbers == sorted(numbers)


@pytest.mark.slow
def test_answer_pages_are_drawn_with_their_questions() -> None:
    answers = load_answers()
    items = [SheetItem(21, answers["x-alg-b-02"][0].lines), SheetItem(26, answers["x-ns-c-01"][-1].lines)]
    pages = answer_pages(items, seed=5, photo=False)
    assert [page.question_numbers for page in pages] == [[21, 26]]
    assert Image.open(io.BytesIO(pages[0].jpeg)).size[1] >= 1600


def test_strength_chooses_the_quality() -> None:
    rng = random.Random(0)
    assert choose_answer("x-ns-c-01", strength=1, rng=rng).quality == "good"
    assert choose_answer("x-alg-b-02", strength=0, rng=rng).quality == "weak"
    assert {choose_answer("x-ns-c-01", strength=0, rng=rng).quality for _ in range(20)} == {"partly", "weak"}

"""Flows a student's written answers over answer sheets and draws the pages."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from config.demo.handwriting import ROWS, Line, draw_page, fit_lines, read_line, with_margin

ANSWERS = Path(__file__).with_name("answers.toml")
# With fewer free rows than this an answer starts on the next page.
KEEP = 3


@dataclass(frozen=True)
class Answer:
    """One way of answering an item: how good it is ('good', 'partly' or 'weak'), what is written, and by which of the
    methods of the marking scheme."""

    quality: str
    lines: tuple[Line, ...]
    method: int = 1


@dataclass(frozen=True)
class SheetItem:
    """An answer in its place: the question's number on the paper and the written lines."""

    number: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class SheetPage:
    """A drawn page and the numbers of the questions whose writing is on it."""

    jpeg: bytes
    question_numbers: list[int]


@cache
def load_answers() -> dict[str, tuple[Answer, ...]]:
    """The shipped handwritten answers by item key."""
    data = tomllib.loads(ANSWERS.read_text(encoding="utf-8"))["answers"]
    return {
        key: tuple(
            Answer(each["quality"], tuple(map(read_line, each["lines"])), each.get("method", 1)) for each in variants
        )
        for key, variants in data.items()
    }


def choose_answer(key: str, *, strength: float, rng: random.Random) -> Answer:
    """A variant for an item; strength 0..1 is the chance of a good one. Raises KeyError without answers."""
    variants = load_answers()[key]
    good = [each for each in variants if each.quality == "good"]
    other = [each for each in variants if each.quality != "good"]
    return rng.choice(good if rng.random() < strength or not other else other)


def _head_rows(lines: Sequence[Line]) -> int:
    """Rows that belong together at the start of an answer: a few lines, and an early figure with them."""
    early = [place for place, line in enumerate(lines[:5]) if line.figure]
    through = sum(line.rows for line in lines[: early[0] + 1]) if early else KEEP
    return max(through, min(KEEP, sum(line.rows for line in lines)))


def flow_pages(items: Sequence[SheetItem], *, seed: int) -> list[tuple[list[Line], list[int]]]:
    """The lines of each page and the questions on it. A long answer runs on to the next page."""
    pages: list[tuple[list[Line], list[int]]] = [([], [])]
    used = 0
    for item in items:
        lines = fit_lines(item.lines, seed=seed)
        if used and used + 1 + _head_rows(lines) > ROWS:
            pages.append(([], []))
            used = 0
        elif used:
            pages[-1][0].append(Line(("",)))
            used += 1
        for place, line in enumerate(lines):
            if used + line.rows > ROWS:
                pages.append(([], []))
                used = 0
            written, numbers = pages[-1]
            written.append(with_margin(line, f"Q{item.number}.") if place == 0 else line)
            if item.number not in numbers:
                numbers.append(item.number)
            used += line.rows
    return [page for page in pages if page[0]]


def answer_pages(items: Sequence[SheetItem], *, seed: int, photo: bool = True) -> list[SheetPage]:
    """Draws the answer sheet of one student: the same seed gives the same hand and the same bytes."""
    return [
        SheetPage(draw_page(lines, seed=seed, page_number=number, photo=photo), numbers)
        for number, (lines, numbers) in enumerate(flow_pages(items, seed=seed), start=1)
    ]

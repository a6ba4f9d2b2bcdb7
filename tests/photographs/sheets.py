"""Sheets to photograph: answers of the demo, written in one hand."""

from __future__ import annotations

import io

from PIL import Image

from config.demo.sheets import SheetItem, answer_pages, load_answers


def written_sheets(count: int) -> list[Image.Image]:
    """At most `count` A4 pages of handwriting at 150 dpi, seen from straight above."""
    answers = list(load_answers().values())[: 3 * count]
    items = [SheetItem(number, variants[0].lines) for number, variants in enumerate(answers, start=21)]
    return [Image.open(io.BytesIO(page.jpeg)) for page in answer_pages(items, seed=4, photo=False)[:count]]

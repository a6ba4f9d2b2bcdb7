"""`python -m tests.bench.marked_pdf`: twenty sets of red ink, on the result page in Chromium and in the marked paper's
PDF, compared as pictures; then how heavy the pictures of twelve photographed pages are.

A row a page: the set, how the page lies, how much of the ink of the screen is in the file within the tolerance of
tests/marked_pictures/compare.py, how much of the file's is on the screen (percent), pixels of ink, KB and milliseconds
of the file. With `--keep FOLDER` the pictures are kept, with their difference.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time

import pytest

from tests.marked_pictures.compare import LEAST, TOLERANCE, WIDTH

PAGES = 12


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--keep", default="")
    options = parser.parse_args()
    os.environ |= {"ABHYAS_INK_SETS": str(options.sets), "ABHYAS_INK_PICTURES": options.keep}
    print(f"tolerance {TOLERANCE} of {WIDTH} pixels; at least {100 * LEAST:.1f} % both ways")
    print("set\tpage\tscreen in file\tfile on screen\tpixels\tKB\tms", end="", flush=True)
    where = "evaluations/tests/test_marked_pdf_in_browser.py::test_file_shows_the_ink_of_the_screen"
    failed = pytest.main(["-q", "-n0", where])
    weigh_pages()
    return int(failed)


def weigh_pages() -> None:
    """The pages of a paper as they are stored, and as they are in the file."""
    import django

    django.setup()
    from assessments.services.sheet_images import render_pages
    from config.demo.sheets import SheetItem, answer_pages, choose_answer, load_answers
    from evaluations.services.marked_pdf.drawing import light

    rng = random.Random(12)
    keys = rng.sample(sorted(load_answers()), 60)
    items = [SheetItem(n, choose_answer(key, strength=0.7, rng=rng).lines) for n, key in enumerate(keys, start=1)]
    stored = [next(render_pages(page.jpeg, "image/jpeg")).screen for page in answer_pages(items, seed=12)[:PAGES]]
    begun = time.perf_counter()
    lighter = [light(jpeg) for jpeg in stored]
    took = time.perf_counter() - begun
    sizes = [sum(map(len, jpegs)) / 1024 for jpegs in (stored, lighter)]
    print(
        f"{len(stored)} photographed pages: {sizes[0]:.0f} KB as stored, {sizes[1]:.0f} KB in the file, "
        f"{1000 * took:.0f} ms to make them lighter"
    )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    sys.exit(main())

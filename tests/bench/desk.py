"""`python -m tests.bench.desk`: papers of ten pages and twelve written questions, marked in Chromium as a teacher marks
them, by pointing and pressing, against the product as it is shipped.

Counted are keys, movements of the pointer and clicks; measured, from the press until it is seen, the mark of a step,
the next question and the next paper with its first page. The time of a person is worked out from the counts by the
keystroke-level model (S. K. Card, T. P. Moran, A. Newell: The keystroke-level model for user performance time with
interactive systems, Communications of the ACM 23(7), 1980): 0.28 s a key, 1.1 s a movement of the pointer, 0.1 s each
press or release of its button, 1.35 s a decision. Reading is the same in every system and is left out.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

from config.demo.handwriting import draw_page
from config.demo.sheets import SheetItem, flow_pages, load_answers
from tests.chromium import ARGUMENTS, CHROMIUM
from tests.journeys.client import Person, Sheet, upload
from tests.journeys.stack import Stack, wait_for

QUESTIONS, PAGES = 12, 10
KEY, POINT, BUTTON, THINK = 0.28, 1.1, 0.1, 1.35  # seconds
# Two questions end on the page of the one before.
PAGE_OF = {number: min(PAGES, max(1, number - (number > 4) - (number > 9))) for number in range(1, QUESTIONS + 1)}
COMMENT = "Put x back in"
SHOWN = "() => { const scan = document.getElementById('scan'); return scan.complete && scan.naturalWidth > 0; }"


@dataclass
class Work:
    """What one paper took. Times in milliseconds."""

    keys: int = 0
    points: int = 0
    clicks: int = 0
    thoughts: int = 0
    marks: list[float] = field(default_factory=list)
    questions: list[float] = field(default_factory=list)
    paper: float = 0.0

    @property
    def seconds(self) -> float:
        return self.keys * KEY + self.points * POINT + self.clicks * 2 * BUTTON + self.thoughts * THINK


class Marker:
    """A teacher at the desk, who looks before going on: `pace` seconds after every act."""

    def __init__(self, page: Page, pace: float, seed: int) -> None:
        self.page, self.pace, self.chance = page, pace, random.Random(seed)
        self.work = Work()

    def paper(self) -> Work:
        """Marks the open paper until the question whether to finish it, and finishes it; returns what that took."""
        self.work = Work()
        for number in range(1, QUESTIONS + 1):
            self._question(number)
            if number < QUESTIONS:
                go_on = partial(self._press, "Enter", pause=False)
                self.work.questions.append(self._until(go_on, f"Q{number + 1}"))
        return self.work

    def finish_and_go_on(self, ready: Callable[[], None]) -> None:
        """From the last mark of one paper to the first page of the next."""
        self._press("Enter")
        expect(self.page.locator("#finish-dialog")).to_be_visible()
        self.page.wait_for_timeout(1000 * self.pace)
        began = time.perf_counter()
        self._press("Enter", pause=False)
        ready()
        self.work.paper = 1000 * (time.perf_counter() - began)

    def _question(self, number: int) -> None:
        steps, total = self.page.locator("#scheme [data-step]").count(), self.page.locator("#total")
        self.work.thoughts += 1
        kind = self.chance.choice(("all", "some", "some", "none"))
        if kind == "all":
            self._press("f")
        elif kind == "none":
            self._press("0")
        else:
            for step in range(1, steps):
                self._point(0.3 + 0.4 * self.chance.random(), 0.1 + 0.7 * step / steps)
                began = time.perf_counter()
                self._press(str(step), pause=False)
                expect(total).to_have_text(str(step))
                self.work.marks.append(1000 * (time.perf_counter() - began))
                self.page.wait_for_timeout(1000 * self.pace)
        if number % 4 == 0:
            self._comment()

    def _comment(self) -> None:
        """The first letters of a comment of the bank, or all of it where it is new."""
        self.work.thoughts += 1
        self._point(0.5, 0.85)
        self._press("c")
        for letter in COMMENT:
            self._press(letter, pause=False)
        self._press("Enter")

    def _until(self, act: Callable[[], None], label: str) -> float:
        """Milliseconds from the act until that question and its page are there."""
        began = time.perf_counter()
        act()
        expect(self.page.locator("#q-label")).to_have_text(label)
        self.page.wait_for_function(SHOWN)
        return 1000 * (time.perf_counter() - began)

    def _point(self, x: float, y: float) -> None:
        box = self.page.locator("#ink").bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + box["width"] * x, box["y"] + min(box["height"] * y, 700), steps=4)
        self.work.points += 1
        self.page.wait_for_timeout(1000 * self.pace)

    def _press(self, key: str, *, pause: bool = True) -> None:
        self.page.keyboard.press(key)
        self.work.keys += 1
        if pause:
            self.page.wait_for_timeout(1000 * self.pace)


# --- The papers -------------------------------------------------------------------------------------------------------
def hand_in(stack: Stack, world: dict[str, Any], number: int) -> None:
    """One student writes, photographs ten pages and hands in, over the API."""
    student = Person.sign_in(stack.url, world["students"][number], world["password"])
    attempt = student.ok("POST", f"exams/{world['exam']}/attempts/")["id"]
    student.ok("POST", f"attempts/{attempt}/submit/")
    answers = sorted(load_answers().items())
    chance, sheets = random.Random(number), []
    for page in range(1, PAGES + 1):
        _key, kinds = chance.choice(answers)
        lines, _numbers = flow_pages([SheetItem(page, chance.choice(kinds).lines)], seed=number)[0]
        sheets.append(Sheet(draw_page(lines, seed=number, page_number=page), "image/jpeg", page))
    for sheet in sheets:
        upload(student, attempt, sheet)
    tags = {sheet.client_id: [n for n, page in PAGE_OF.items() if page == sheet.page_number] for sheet in sheets}
    student.ok("POST", f"attempts/{attempt}/sheets/confirm/", {"pages": tags, "not_attempted": []})


def prepare(stack: Stack, papers: int) -> dict[str, Any]:
    """The papers, with their pictures made, at one teacher."""
    world = stack.make_world(written=QUESTIONS, students=papers, cap=100)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda number: hand_in(stack, world, number), range(papers)))
    teacher = Person.sign_in(stack.url, world["teachers"][0], world["password"])

    def ready() -> bool:
        mine = teacher.ok("GET", "evaluations/?state=assigned")["results"]
        desks = [teacher.ok("GET", f"evaluations/{row['id']}/") for row in mine]
        return len(desks) == papers and all(page["state"] == "ready" for desk in desks for page in desk["pages"])

    wait_for("the pictures of all pages", ready, seconds=600, every=2)
    return world


def mark_all(page: Page, world: dict[str, Any], papers: int, pace: float) -> list[Work]:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(world["teachers"][0])
    page.get_by_label("Password", exact=True).fill(world["password"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile("/teach/"))
    page.goto("/marking/")
    page.get_by_role("button", name="Next paper").click()
    done = []
    for number in range(papers):
        page.wait_for_url(re.compile(r"/marking/[0-9a-f-]{36}/"))
        page.wait_for_function(SHOWN)
        marker, here = Marker(page, pace, number), page.url
        done.append(marker.paper())
        if number + 1 == papers:
            break

        def next_paper(here: str = here) -> None:
            page.wait_for_url(lambda url: url != here and "/marking/" in url, wait_until="commit")
            expect(page.locator("#q-label")).to_have_text("Q1")
            page.wait_for_function(SHOWN)

        marker.finish_and_go_on(next_paper)
    return done


# --- What is said -----------------------------------------------------------------------------------------------------
def spread(name: str, times: list[float]) -> str:
    slow = quantiles(times, n=20, method="inclusive")[18] if len(times) > 1 else times[0]
    return f"{name:44} {len(times):5} {median(times):7.0f} {slow:7.0f} {max(times):7.0f}"


def report(done: list[Work]) -> None:
    each = QUESTIONS * len(done)
    total = {name: sum(getattr(work, name) for work in done) for name in ("keys", "points", "clicks", "thoughts")}
    for name, number in total.items():
        print(f"{name} a question: {number / each:.2f}")
    print(f"of a person, without reading: {sum(work.seconds for work in done) / each:.1f} s a question")
    print(f"\n{'from the press until it is seen, ms':44} {'n':>5} {'p50':>7} {'p95':>7} {'worst':>7}")
    print(spread("the mark of a step", [ms for work in done for ms in work.marks]))
    print(spread("the next question with its page", [ms for work in done for ms in work.questions]))
    print(spread("the next paper with its first page", [work.paper for work in done if work.paper]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, default=8)
    parser.add_argument("--kind", choices=["embedded", "servers"], default="embedded")
    parser.add_argument("--pace", type=float, default=0.3, help="seconds between two acts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        stack = Stack(options.kind, Path(folder))
        try:
            stack.start()
            world = prepare(stack, options.papers)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            context = browser.new_context(base_url=stack.url, viewport={"width": 1440, "height": 900}, locale="en-IN")
            report(mark_all(context.new_page(), world, options.papers, options.pace))
            browser.close()
        finally:
            stack.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())

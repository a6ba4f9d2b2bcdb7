"""A teacher builds a class X board paper by keyboard alone: copy the template, check, draw, swap one, freeze, set it.

Run with `-rP` to see how many keys that takes, and how long a person would need at `SECONDS_PER_KEY` and with
`SECONDS_PER_PAGE` to look at each page; the promise of the issue is three minutes.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from assessments.models import Blueprint, Exam, Paper
from assessments.services.bank_files import load_bank
from tests.browser import Site
from tests.factories import TeacherFactory
from tests.hands import SECONDS_PER_KEY, SECONDS_PER_PAGE, Hands

pytestmark = [pytest.mark.slow, pytest.mark.browser]

BANK = Path(__file__).resolve().parents[1] / "assessments" / "data" / "cbse_x_mathematics"
PROMISE = 180


def test_a_board_paper_is_built_by_keyboard_alone(site: Site) -> None:
    world = site.world

    def load() -> None:
        people = {"author": TeacherFactory(), "verifier": TeacherFactory()}
        load_bank(folder=BANK, now=world.now, **people)

    site.ask(load)
    begun = time.monotonic()
    with site.visit("teacher") as visit:
        page, hands = visit.page, Hands(visit.page)
        page.goto("/blueprints/", wait_until="load")
        hands.look()
        hands.tab_to(page.get_by_role("button", name="Copy CBSE Class X Mathematics: board paper"))
        hands.press("Enter")
        page.wait_for_url("**/edit/")
        hands.look()
        expect(page.locator("#check")).to_contain_text("the bank fills it")
        hands.press("Tab")
        hands.tab_to(page.locator("#name"))
        hands.press("Control+Enter")
        page.wait_for_url(lambda url: not url.endswith("/edit/"))
        hands.look()
        hands.tab_to(page.get_by_role("button", name="Draw a paper"))
        hands.press("Enter")
        page.wait_for_url("**/draft/")
        hands.look()
        expect(page.locator("[data-question]")).to_have_count(44)
        hands.press("j", "j", "j")
        third = page.locator("#q3").inner_text()
        hands.press("s")
        expect(page.locator("#swap-dialog")).to_be_visible()
        hands.look()
        hands.press("ArrowDown", "Enter")
        page.wait_for_url("**/draft/#q3")
        hands.look()
        assert page.locator("#q3").inner_text() != third
        expect(page.locator("#q3")).to_be_focused()
        hands.press("f")
        page.wait_for_url("**/papers/*/")
        hands.look()
        hands.tab_to(page.get_by_role("checkbox", name="X A"))
        if not page.get_by_role("checkbox", name="X A").is_checked():
            hands.press("Space")
        hands.tab_to(page.get_by_role("button", name="Set this paper"))
        hands.press("Enter")
        page.wait_for_load_state("load")
        expect(page.get_by_role("heading", name="Set as", exact=True)).to_be_visible()
        assert visit.problems == []
        print(
            f"{hands.keys} keys on {hands.pages} pages: {hands.seconds:.0f} s at {SECONDS_PER_KEY} s a key and "
            f"{SECONDS_PER_PAGE} s a page; the script itself took {time.monotonic() - begun:.0f} s"
        )
        assert hands.seconds < PROMISE
    paper = site.ask(lambda: Paper.objects.filter(blueprint__author=world.cast.teacher).latest("frozen_at"))
    assert site.ask(lambda: (paper.total_marks, paper.questions.values("number").distinct().count())) == (80, 38)
    exam = site.ask(lambda: Exam.objects.get(paper=paper))
    assert site.ask(lambda: [cohort.name for cohort in exam.cohorts.all()]) == ["X A"]


def test_runs_are_moved_doubled_and_removed_by_keys(site: Site) -> None:
    blueprint = site.ask(lambda: Blueprint.objects.get(author=site.world.cast.teacher))
    with site.visit("teacher") as visit:
        page, keys = visit.page, visit.page.keyboard
        page.goto(f"/blueprints/{blueprint.pk}/edit/", wait_until="load")
        runs = page.locator("[data-run]")
        page.locator("#r-0-0-count").focus()
        # Enter asks for the check and leaves the editor as it is.
        keys.press("Enter")
        expect(page.locator("#check")).to_contain_text("Different papers")
        expect(runs).to_have_count(2)
        keys.press("Alt+c")
        expect(runs).to_have_count(3)
        expect(page.locator("#r-0-1-count")).to_be_focused()
        keys.type("3")
        # The live check hears of it: 3 + 1 + 3 marks of 4.
        expect(page.locator("#check")).to_contain_text("The questions add up to 7 marks, but the blueprint says 4.")
        keys.press("Alt+ArrowDown")
        expect(page.locator("#r-0-2-count")).to_be_focused()
        expect(page.locator("#r-0-2-count")).to_have_value("3")
        keys.press("Control+Enter")
        expect(page.locator("#problems")).to_be_focused()
        page.locator("#r-0-2-count").focus()
        keys.press("Alt+Backspace")
        expect(runs).to_have_count(2)
        expect(page.locator("#r-0-1-count")).to_be_focused()
        keys.press("Alt+n")
        expect(page.locator("#r-0-2-count")).to_be_focused()
        keys.press("Alt+Backspace")
        expect(runs).to_have_count(2)
        keys.press("Control+Enter")
        page.wait_for_url(f"**/blueprints/{blueprint.pk}/")
        assert [problem for problem in visit.problems if "422" not in problem] == []

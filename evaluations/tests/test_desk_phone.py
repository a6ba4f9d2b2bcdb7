"""The desk on a telephone: everything is under the thumb, nothing has to be scrolled to."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from evaluations.models import QuestionMark
from evaluations.tests.test_desk_log import open_desk, saved
from tests.browser import Site
from tests.test_axe import hold_still, violations

pytestmark = [pytest.mark.slow, pytest.mark.browser]

SMALL = """() => [...document.querySelectorAll(".athand button, #scheme button")]
  .map((one) => [one.getAttribute("aria-label") ?? one.textContent, one.getBoundingClientRect()])
  .filter(([, box]) => Math.min(box.width, box.height) < 44 || box.left < 0 || box.right > innerWidth
    || box.bottom > innerHeight)
  .map(([name]) => name)"""


def phone_desk(page: Page) -> Page:
    assert page.evaluate(SMALL) == [], "large enough and in view"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = page.locator("#page").bounding_box()
    assert box
    assert box["width"] == pytest.approx(page.viewport_size["width"], abs=1), "the page fills the screen"  # type: ignore[index]
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_paper_is_marked_with_the_thumb(site: Site, theme: str) -> None:
    marks = QuestionMark.objects.filter(evaluation=site.ids["marking"])
    with site.visit("teacher", width=390, theme=theme, axe=True) as visit:
        page = phone_desk(open_desk(visit, site.world.marking))
        hold_still(page)
        hand = page.locator(".athand")
        page.locator("#scheme button").nth(1).click()
        expect(hand.locator(".qnow .num")).not_to_contain_text("–")
        hand.locator("[data-act=undo]").click()
        expect(page.locator("#scheme button").nth(1)).to_have_attribute("aria-pressed", "false")
        hand.locator("[data-act=tools]").click()
        assert violations(page) == []
        page.locator("#tools [data-tool=cross]").click()
        expect(page.locator("#tools")).to_be_hidden()
        hand.locator("[data-act=later]").click()
        expect(hand.locator(".page-at")).to_contain_text("2/")
        hand.locator(".qnow").click()
        expect(page.locator("#q-text")).to_be_visible()
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(page.locator("#q-text")).to_be_hidden()
        saved(page)
        assert not visit.problems
    assert not site.ask(marks.exists)


def test_a_tablet_has_page_and_scheme_side_by_side(site: Site) -> None:
    with site.visit("teacher", width=1024) as visit:
        page = open_desk(visit, site.world.marking)
        desk, panel = page.locator(".desk").bounding_box(), page.locator(".panel").bounding_box()
        assert desk
        assert panel
        assert desk["x"] + desk["width"] <= panel["x"] + 1
        page.locator(".zoom [data-act=later]").click()
        expect(page.locator(".zoom .page-at")).to_contain_text("2/")

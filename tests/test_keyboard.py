"""The exam and the marking desk by keyboard alone: everything is reached, seen and left again; typing fires nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from evaluations.models import QuestionMark
from tests.browser import Site

pytestmark = [pytest.mark.slow, pytest.mark.browser]

# What Tab must reach: everything that can be pressed or typed into and is shown. Of radio buttons with one name Tab
# reaches one, of tabs the selected one; both are left by arrow keys.
REACHABLE = """() => {
  const shown = (el) => el.checkVisibility({ visibilityProperty: true }) && !el.closest("[inert]");
  const all = [...document.querySelectorAll("a[href], button, input, textarea, select, summary, [tabindex='0']")];
  return all
    .filter((el) => shown(el) && !el.disabled && el.tabIndex >= 0 && el.type !== "hidden" && el.type !== "radio")
    .map((el) => { el.dataset.probe ??= String(Math.random()); return el.dataset.probe; });
}"""
FOCUSED = """() => {
  const el = document.activeElement, style = getComputedStyle(el);
  const near = el.closest("label") ? getComputedStyle(el.closest("label")) : style;
  const ring = (s) => (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none";
  const what = el.outerHTML.slice(0, 90), visible = ring(style) || ring(near);
  return { probe: el.dataset.probe ?? "", what, visible, body: el === document.body };
}"""


def walk(page: Page, most: int = 250) -> tuple[set[str], list[str]]:
    """Presses Tab until the walk comes round (past the end it starts again): what was reached, and what of it had no
    visible focus."""
    reached: set[str] = set()
    unseen = []
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused["body"]:
            continue
        if focused["probe"] and focused["probe"] in reached:
            break
        reached.add(focused["probe"])
        if not focused["visible"]:
            unseen.append(focused["what"])
    return reached, unseen


def assert_all_reached(page: Page) -> None:
    wanted = page.evaluate(REACHABLE)
    assert len(wanted) > 5
    reached, unseen = walk(page)
    missed = [
        page.evaluate("probe => document.querySelector(`[data-probe='${probe}']`)?.outerHTML.slice(0, 120)", probe)
        for probe in wanted
        if probe not in reached
    ]
    assert not missed, "Tab does not reach:\n" + "\n".join(map(str, missed))
    assert not unseen, "focus cannot be seen on:\n" + "\n".join(unseen)


@pytest.mark.parametrize("width", [390, 1440])
def test_tab_reaches_everything_on_the_exam_page_and_focus_is_seen(site: Site, width: int) -> None:
    with site.visit("student", width=width) as visit:
        visit.page.goto(f"/attempts/{site.world.live.pk}/", wait_until="load")
        assert_all_reached(visit.page)


@pytest.mark.parametrize("width", [390, 1440])
def test_tab_reaches_everything_on_the_desk_and_focus_is_seen(site: Site, width: int) -> None:
    with site.visit("teacher", width=width) as visit:
        visit.page.goto(f"/marking/{site.world.marking.pk}/", wait_until="load")
        assert_all_reached(visit.page)


def test_an_exam_is_sat_by_keyboard_alone(site: Site) -> None:
    attempt = site.world.live
    choice, several, number = site.ask(lambda: list(attempt.paper.questions.filter(number__lte=3).order_by("number")))
    with site.visit("student") as visit:
        page, keys = visit.page, visit.page.keyboard
        page.goto(f"/attempts/{attempt.pk}/", wait_until="load")
        keys.press("2")
        expect(page.locator(f'[name="q-{choice.pk}"][value="B"]')).to_be_checked()
        keys.press("n")
        keys.press("1")
        keys.press("3")
        for label, is_chosen in (("A", True), ("B", False), ("C", True)):
            expect(page.locator(f'[name="q-{several.pk}"][value="{label}"]')).to_be_checked(checked=is_chosen)
        keys.press("n")
        box = page.locator(f'[name="q-{number.pk}"]')
        for _ in range(60):
            if box.evaluate("el => el === document.activeElement"):
                break
            keys.press("Tab")
        # While typing the letters and digits are letters and digits.
        keys.type("3.5n")
        expect(box).to_have_value("3.5n")
        expect(page.locator("#q3")).to_be_visible()
        keys.press("Backspace")
        page.locator("#finish").focus()
        keys.press("Enter")
        expect(page.locator("#confirm")).to_be_visible()
        keys.press("Escape")
        expect(page.locator("#confirm")).to_be_hidden()
        expect(page.locator("#finish")).to_be_focused()
        keys.press("Enter")
        expect(page.locator("#confirm")).to_be_visible()
        page.locator("#submit-now").focus()
        keys.press("Enter")
        page.wait_for_url("**/sheets/")
        assert visit.problems == []
    saved = site.ask(lambda: dict(attempt.responses.values_list("question__number", "answer")))
    assert saved[1] == {"choices": ["B"]}
    assert saved[2] == {"choices": ["A", "C"]}
    assert saved[3] == {"value": "3.5"}
    site.ask(attempt.refresh_from_db)
    assert attempt.state == "submitted"


def test_a_paper_is_marked_by_keyboard_alone(site: Site) -> None:
    evaluation = site.world.marking
    with site.visit("teacher") as visit:
        page, keys = visit.page, visit.page.keyboard
        page.goto(f"/marking/{evaluation.pk}/", wait_until="load")
        button = page.locator("[data-dialog=help]")
        button.focus()
        keys.press("?")
        expect(page.locator("#help")).to_be_visible()
        keys.press("3")
        keys.press("Escape")
        expect(page.locator("#help")).to_be_hidden()
        expect(button).to_be_focused()
        # Nothing fires while typing.
        page.locator("#comment").focus()
        keys.type("123 zfxj? 0")
        expect(page.locator("#help")).to_be_hidden()
        expect(page.locator("#comment")).to_have_value("123 zfxj? 0")
        expect(page.locator("#q-label")).to_contain_text("4")
        expect(page.locator("#total")).not_to_have_text("3")
        page.locator(".stage").focus()
        keys.press("1")
        keys.press("2")
        expect(page.locator("#total")).to_have_text("2")
        keys.press("j")
        expect(page.locator("#q-label")).to_contain_text("5")
        keys.press("1")
        expect(page.locator("#saved")).to_contain_text("Saved")
        keys.press("Shift+Enter")
        expect(page.locator("#finish-dialog")).to_be_visible()
        keys.press("Escape")
        expect(page.locator("#finish-dialog")).to_be_hidden()
        keys.press("Shift+Enter")
        expect(page.locator("#finish-dialog")).to_be_visible()
        page.locator("#finish-dialog form .btn:not([data-close], [name])").focus()
        keys.press("Enter")
        page.wait_for_url("**/marking/")
        assert visit.problems == []
    given = QuestionMark.objects.filter(evaluation=evaluation).values_list("question__number", "marks")
    assert site.ask(lambda: dict(given)) == {4: 2, 5: 1}
    site.ask(evaluation.refresh_from_db)
    assert evaluation.state == "released"

"""A teacher who has never seen the editor writes a question of five marks with a figure and a scheme by keyboard alone,
and another one reviews it by keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from assessments.models import Question
from tests.browser import Site, collected, sheet_image, site  # noqa: F401 - fixtures
from tests.test_keyboard import assert_all_reached

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def tab_to(page: Page, selector: str, most: int = 60) -> None:
    """Presses Tab until what `selector` names has the focus."""
    for _ in range(most):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {selector}")


@pytest.mark.parametrize("width", [390, 1440])
def test_tab_reaches_everything_in_the_editor(site: Site, width: int) -> None:  # noqa: F811
    with site.visit("teacher", width=width) as visit:
        visit.page.goto("/bank/new/", wait_until="networkidle")
        assert_all_reached(visit.page)


def test_a_question_with_a_figure_and_a_scheme_is_written_by_keyboard_alone(
    site: Site,  # noqa: F811
    tmp_path: Path,
) -> None:
    figure = tmp_path / "triangle.jpg"
    figure.write_bytes(sheet_image((300, 200)))
    with site.visit("teacher") as visit:
        page, keys = visit.page, visit.page.keyboard
        page.goto("/bank/", wait_until="load")
        tab_to(page, "a[href='/bank/new/']")
        keys.press("Enter")
        page.wait_for_url("**/bank/new/")
        page.wait_for_load_state("networkidle")
        tab_to(page, "[name=type]")
        keys.type("Case")
        expect(page.locator("#editor [name=steps-part]")).to_have_count(1)
        expect(page.locator("[name=type]")).to_be_focused()
        keys.press("ArrowUp")
        expect(page.locator("#editor [name=steps-part]")).to_have_count(0)
        expect(page.locator("[name=type]")).to_have_value("long_answer")
        tab_to(page, "[name=chapter]")
        keys.type("Quad")
        page.wait_for_load_state("networkidle")
        tab_to(page, "[name=marks]")
        keys.press("Control+a")
        keys.type("5")
        tab_to(page, "[name=text]")
        keys.type("Prove that $\\frac{AD}{DB} = \\frac{AE}{EC}$ in the figure.")
        with page.expect_file_chooser() as chooser:
            keys.press("Alt+p")
        chooser.value.set_files(figure)
        expect(page.locator("#picture-said")).to_contain_text("The picture is in the text")
        # What the picture shows is selected, ready to be said.
        expect(page.locator("[name=text]")).to_be_focused()
        keys.type("A triangle with a line parallel to its base")
        tab_to(page, "[name=steps-text]")
        keys.type("States the theorem")
        keys.press("Tab")
        keys.type("1")
        keys.press("Enter")
        keys.type("Compares the areas")
        keys.press("Tab")
        keys.type("2½")
        keys.press("Enter")
        keys.type("Wrong place")
        keys.press("Alt+ArrowUp")
        keys.press("Alt+Backspace")
        expect(page.locator("#editor [name=steps-text]")).to_have_count(2)
        expect(page.locator("[data-sum]")).to_have_text("3½ of 5 marks")
        page.locator("#editor [name=steps-text]").nth(1).focus()
        keys.press("Enter")
        keys.type("Concludes with $\\frac{1}{2$")
        keys.press("Tab")
        keys.type("1.5")
        # The wrong formula is named beside its step while one writes.
        expect(page.locator("[data-row]").nth(2).locator("[data-error]")).to_contain_text("cannot be read")
        keys.press("Shift+Tab")
        keys.press("Control+a")
        keys.type("Concludes")
        expect(page.locator("[data-row]").nth(2).locator("[data-error]")).to_be_hidden()
        expect(page.locator("[data-sum]")).to_have_attribute("data-state", "ok")
        tab_to(page, "[name=model_answer]")
        keys.type("By the basic proportionality theorem.")
        expect(page.locator("#preview")).to_contain_text("Complete")
        expect(page.locator("#preview img")).to_have_js_property("naturalWidth", 300)
        keys.press("Control+s")
        page.wait_for_url(lambda url: "/new" not in url)
        expect(page.locator("h1")).to_have_text("Question")
        assert [text for text in visit.problems if "422" not in text] == []
    question = site.ask(
        lambda: Question.objects.select_related("current").get(author=site.world.cast.teacher, state="draft")
    )
    assert "![A triangle with a line parallel to its base](/media/questions/" in question.current.text_source
    steps = site.ask(lambda: list(question.current.steps.values_list("text_source", "marks")))
    assert [(text, float(marks)) for text, marks in steps] == [
        ("States the theorem", 1),
        ("Compares the areas", 2.5),
        ("Concludes", 1.5),
    ]


def test_leaving_with_unsaved_changes_asks_first(site: Site) -> None:  # noqa: F811
    with site.visit("teacher") as visit:
        page, asked = visit.page, []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
        page.goto("/bank/new/", wait_until="networkidle")
        page.locator("[name=text]").focus()
        page.keyboard.type("Half a question")
        page.evaluate("location.href = '/bank/'")
        page.wait_for_timeout(500)
        assert asked == ["beforeunload"]
        expect(page.locator("[name=text]")).to_have_value("Half a question")


def test_search_keeps_the_focus_and_the_address(site: Site) -> None:  # noqa: F811
    with site.visit("teacher") as visit:
        page = visit.page
        page.goto("/bank/", wait_until="networkidle")
        page.locator("[name=q]").focus()
        page.keyboard.type("nothing like this")
        expect(page.locator("#bank")).to_contain_text("No question is like that")
        expect(page.locator("[name=q]")).to_be_focused()
        expect(page.locator("[name=q]")).to_have_value("nothing like this")
        assert page.url.endswith("/bank/?q=nothing+like+this")
        assert visit.problems == []


def test_the_queue_is_reviewed_by_keyboard(site: Site) -> None:  # noqa: F811
    with site.visit("teacher") as visit:
        page, keys = visit.page, visit.page.keyboard
        page.goto("/bank/review/", wait_until="load")
        keys.press("s")
        expect(page.locator("#reason")).to_be_focused()
        keys.type("a and s are letters here")
        keys.press("Control+Enter")
        page.wait_for_url("**/bank/?view=review")
        assert visit.problems == []
    states = site.ask(
        lambda: list(Question.objects.filter(author=site.world.cast.newcomer).values_list("state", flat=True))
    )
    assert states == ["draft"]

"""The editor in Chromium without a network, after a reload, signed out and in two tabs: nothing typed is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from assessments.models import QuestionDraft
from tests.browser import Site, Visit
from tests.test_axe import violations

pytestmark = [pytest.mark.slow, pytest.mark.browser]
COPIES = "Object.keys(localStorage).filter((key) => key.startsWith('abhyas-question-')).length"


def open_editor(page: Page, address: str = "/bank/new/?type=long_answer") -> Page:
    page.goto(address, wait_until="networkidle")
    return page


def write(page: Page, text: str, state: str = "kept") -> None:
    page.locator("[name=text]").focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)
    expect(page.locator("#kept")).to_have_attribute("data-state", state)


def kept(site: Site) -> list[str]:
    return site.ask(lambda: [draft.text for draft in QuestionDraft.objects.order_by("pk")])


def sign_out(context: BrowserContext) -> None:
    context.clear_cookies(name="sessionid")


def sign_in_again(site: Site, visit: Visit) -> None:
    visit.context.add_cookies([{"name": "sessionid", "value": site.sessions["teacher"], "url": site.url}])


def test_what_is_typed_is_kept_by_itself_and_found_again(site: Site) -> None:
    with site.visit("teacher", axe=True) as visit:
        page = open_editor(visit.page)
        write(page, "Half a question")
        assert kept(site) == ["Half a question"]
        assert page.evaluate(COPIES) == 0
        # The address is the draft's: a reload goes on with it.
        page.reload(wait_until="networkidle")
        expect(page.locator("[name=text]")).to_have_value("Half a question")
        page.goto("/bank/", wait_until="load")
        page.get_by_role("link", name="Unfinished 1").click()
        expect(page.locator("h1")).to_have_text("Unfinished questions")
        assert violations(page) == []
        page.get_by_role("link", name="Half a question").click()
        expect(page.locator("[name=text]")).to_have_value("Half a question")
        assert visit.problems == []


def test_without_a_network_the_computer_keeps_it_over_a_reload(site: Site) -> None:
    with site.visit("teacher") as visit:
        page = open_editor(visit.page)
        page.on("dialog", lambda dialog: dialog.accept())
        page.route("**/bank/unfinished/**", lambda route: route.abort())
        write(page, "Written in a train", "local")
        page.locator("[name=steps-text]").first.focus()
        page.keyboard.type("A step")
        page.keyboard.press("Enter")
        page.keyboard.type("Another")
        # Saving does not leave the page for one that cannot come.
        page.keyboard.press("Control+s")
        expect(page.locator("#kept")).to_have_attribute("data-state", "local")
        assert page.evaluate(COPIES) == 1
        page.unroute("**/bank/unfinished/**")
        page.reload(wait_until="networkidle")
        expect(page.locator("[name=text]")).to_have_value("Written in a train")
        expect(page.locator("#editor [name=steps-text]").nth(1)).to_have_value("Another")
        expect(page.locator("#kept")).to_have_attribute("data-state", "kept")
        assert kept(site) == ["Written in a train"]
        assert page.evaluate(COPIES) == 0


def test_a_copy_that_was_never_sent_is_offered_by_the_next_empty_editor(site: Site) -> None:
    with site.visit("teacher") as visit:
        page = open_editor(visit.page)
        page.on("dialog", lambda dialog: dialog.accept())
        page.route("**/bank/unfinished/**", lambda route: route.abort())
        write(page, "Left behind", "local")
        open_editor(page)
        page.unroute("**/bank/unfinished/**")
        page.get_by_role("link", name="Go on with it").click()
        expect(page.locator("[name=text]")).to_have_value("Left behind")


def test_a_session_that_ended_is_said_and_what_was_typed_goes_on(site: Site) -> None:
    with site.visit("teacher") as visit:
        page = open_editor(visit.page)
        sign_out(visit.context)
        write(page, "While signed out", "local")
        expect(page.locator("#signed-out")).to_be_visible()
        page.keyboard.press("Control+s")
        expect(page.locator("[name=text]")).to_have_value("While signed out")
        assert kept(site) == []
        sign_in_again(site, visit)
        write(page, " and in again")
        expect(page.locator("#signed-out")).to_be_hidden()
        assert kept(site) == ["While signed out and in again"]


def test_two_tabs_are_said_and_one_decides(site: Site) -> None:
    with site.visit("teacher", axe=True) as visit:
        first = open_editor(visit.page)
        write(first, "One")
        second = open_editor(visit.context.new_page(), first.url)
        write(second, " and two")
        write(first, " and three", "local")
        expect(first.locator("#draft-conflict")).to_contain_text("changed in another place")
        assert kept(site) == ["One and two"]
        assert violations(first) == []
        first.get_by_role("button", name="Keep what is here").click()
        expect(first.locator("#kept")).to_have_attribute("data-state", "kept")
        assert kept(site) == ["One and three"]
        write(second, ", four", "local")
        second.get_by_role("link", name="Open the other one").click()
        expect(second.locator("[name=text]")).to_have_value("One and three")

"""Comments, keys and flags of the desk in a real browser, by keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from evaluations.models import Annotation, BankComment, LaterFlag
from evaluations.tests.test_desk_log import open_desk, press, saved
from tests.browser import Site
from tests.test_axe import violations

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def test_a_comment_of_the_bank_is_found_and_written_by_keyboard(site: Site) -> None:
    owner = site.world.cast.teacher
    texts = ("Give the reason for this step", "Give the unit", "Neat")
    site.ask(lambda: [BankComment.objects.create(owner=owner, text=text, uses=3) for text in texts])
    with site.visit("teacher", axe=True) as visit:
        page = open_desk(visit, site.world.marking)
        press(page, "c")
        page.keyboard.type("give un")
        offers = page.locator(".offers [role=option]")
        expect(offers).to_have_count(1)
        page.keyboard.press("ArrowDown")
        expect(offers.first).to_have_attribute("aria-selected", "true")
        assert violations(page) == []
        page.keyboard.press("Enter")
        expect(page.locator("#ink [data-id]")).to_have_count(1)
        expect(page.locator("#bank button").first).to_contain_text("Give the unit")
        press(page, "c")
        page.keyboard.type("Give")
        page.keyboard.press("Enter")
        expect(page.locator("#ink [data-id]")).to_have_count(2)
        saved(page)
    written = Annotation.objects.filter(evaluation=site.ids["marking"], kind="comment").order_by("text")
    assert site.ask(lambda: list(written.values_list("text", "bank__uses"))) == [("Give", 1), ("Give the unit", 4)]


def test_keys_are_changed_under_the_list_and_work(site: Site) -> None:
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        press(page, "?")
        page.locator("[data-rebind=tool_cross]").press("Enter")
        page.keyboard.press("t")
        expect(page.locator("#keys-problem")).to_contain_text("cannot both have the key T")
        page.locator("[data-rebind=tool_cross]").press("Enter")
        page.keyboard.press("q")
        expect(page.locator("button[data-tool=cross] .k")).to_have_text("Q")
        page.keyboard.press("Escape")
        press(page, "q")
        expect(page.locator("button[data-tool=cross]")).to_have_attribute("aria-pressed", "true")
        page.reload()
        expect(page.locator("button[data-tool=cross] .k")).to_have_text("Q")
        page.locator("[data-dialog=help]").click()
        page.locator("#keys-on").uncheck()
        expect(page.locator("button[data-tool=cross] .k")).to_be_hidden()
        page.keyboard.press("Escape")
        press(page, "p", "1", "?")
        expect(page.locator("button[data-tool=tick]")).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#help")).to_be_hidden()


def test_a_flagged_question_is_asked_about_before_finishing(site: Site) -> None:
    flags = LaterFlag.objects.filter(evaluation=site.ids["marking"])
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        press(page, "l")
        expect(page.locator(".bar [data-later]")).to_have_count(1)
        press(page, "f", "j", "f")
        saved(page)
        press(page, "Shift+Enter")
        page.locator("#finish-later button").click()
        expect(page.locator("#finish-dialog")).to_be_hidden()
        expect(page.locator("#q-label")).to_contain_text("4")
        assert site.ask(flags.count) == 1

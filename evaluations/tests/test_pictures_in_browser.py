"""A clearer picture in Chromium: the marker boxes what cannot be read, the student photographs it, both are seen."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from assessments.models import SheetPage, SheetUpload
from assessments.tests.test_capture_in_browser import photo  # noqa: F401 - a fixture
from common.storage import sheet_storage
from evaluations.models import Evaluation, PictureRequest
from tests.browser import Site
from tests.test_axe import sideways, violations

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def request_of(site: Site) -> Any:
    def look() -> dict[str, Any]:
        return PictureRequest.objects.filter(evaluation=site.ids["marking"]).values().get()

    return site.ask(look)


def box_the_middle(page: Page) -> None:
    place = page.locator("#ink").bounding_box()
    assert place
    page.mouse.move(place["x"] + 0.2 * place["width"], place["y"] + 0.1 * place["height"])
    page.mouse.down()
    page.mouse.move(place["x"] + 0.7 * place["width"], place["y"] + 0.3 * place["height"], steps=4)
    page.mouse.up()


def ask(page: Page, site: Site) -> None:
    page.goto(f"/marking/{site.ids['marking']}/", wait_until="networkidle")
    page.keyboard.press("a")
    box_the_middle(page)
    dialog = page.get_by_role("dialog", name="Ask for a clearer picture")
    expect(dialog).to_contain_text("The marked part of page 1")
    dialog.get_by_text("Too dark").click()
    dialog.get_by_label("In words, for the student").fill("Line 3")
    dialog.get_by_role("button", name="Ask the student").click()
    expect(page.locator("#asked")).to_contain_text("Clearer picture asked for: Too dark, Line 3.")
    expect(page.locator("#due")).to_have_text("Paused")


def test_asked_answered_and_seen_side_by_side(site: Site, photo: bytes) -> None:  # noqa: F811
    with site.visit("teacher", axe=True) as desk, site.visit("student", width=390, axe=True) as phone:
        ask(desk.page, site)
        asked = request_of(site)
        assert {side: round(value, 1) for side, value in asked["region"].items()} == {
            "x": 0.2,
            "y": 0.1,
            "w": 0.5,
            "h": 0.2,
        }
        # The marker goes on with another question meanwhile, but does not finish.
        desk.page.keyboard.press("f")
        expect(desk.page.locator("#saved")).to_have_attribute("data-state", "saved")

        page = phone.page
        page.goto(f"/pictures/{asked['id']}/", wait_until="networkidle")
        expect(page.get_by_role("img", name="The part that cannot be read")).to_be_visible()
        expect(page.locator(".again__why")).to_contain_text("Line 3")
        page.locator("input[type=file][multiple]").set_input_files(
            [{"name": "again.jpg", "mimeType": "image/jpeg", "buffer": photo}]
        )
        send = page.get_by_role("button", name="Send this picture")
        expect(send).to_be_visible()
        assert violations(page) == []
        assert sideways(page) <= 0
        send.click()
        expect(page.locator(".again__why")).to_contain_text("Your new picture is with your teacher")

        seen = desk.page
        seen.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        newer = seen.locator("#newer img")
        expect(newer).to_be_visible()
        assert seen.evaluate("document.querySelector('#newer img').decode().then(() => true)")
        old, new = seen.locator("#page").bounding_box(), seen.locator("#newer").bounding_box()
        assert old
        assert new
        assert new["x"] >= old["x"] + old["width"]
        assert abs(new["y"] - old["y"]) < 2
        expect(seen.locator("#due")).not_to_have_text("Paused")
        assert violations(seen) == []
        assert desk.problems == []
        assert phone.problems == []


def test_over_a_network_that_goes_away_the_picture_waits_and_goes_by_itself(site: Site, photo: bytes) -> None:  # noqa: F811
    with site.visit("teacher") as desk:
        ask(desk.page, site)
    asked = request_of(site)
    with site.visit("student", width=390) as phone:
        page = phone.page
        page.goto(f"/pictures/{asked['id']}/", wait_until="networkidle")

        def refuse(route: Route) -> None:
            route.abort()

        page.route("**/api/v1/pictures/**", refuse)
        page.locator("input[type=file][multiple]").set_input_files(
            [{"name": "again.jpg", "mimeType": "image/jpeg", "buffer": photo}]
        )
        page.get_by_role("button", name="Send this picture").click()
        expect(page.locator("#status")).to_contain_text("goes by itself when you are online")
        page.once("dialog", lambda dialog: dialog.accept())
        page.unroute("**/api/v1/pictures/**", refuse)
        # What was said to be sent is sent after a reload too, unasked.
        page.reload()
        expect(page.locator(".again__why")).to_contain_text("Your new picture is with your teacher")
    assert site.ask(lambda: SheetUpload.objects.filter(state="retaken").count()) >= 1


def test_withdrawn_before_it_was_taken(site: Site) -> None:
    with site.visit("teacher") as desk, site.visit("student", width=390) as phone:
        ask(desk.page, site)
        asked = request_of(site)
        phone.page.goto(f"/pictures/{asked['id']}/", wait_until="networkidle")
        desk.page.locator("#asked").get_by_role("button", name="Withdraw").click()
        expect(desk.page.locator("#asked")).to_be_hidden()
        phone.page.evaluate("dispatchEvent(new Event('visibilitychange'))")
        expect(phone.page.locator(".again__why")).to_contain_text("not needed any more")
        assert site.ask(lambda: Evaluation.objects.get(pk=site.ids["marking"]).paused_at) is None
        assert desk.problems == []


def test_the_whole_page_by_keys_alone(site: Site) -> None:
    with site.visit("teacher", axe=True) as desk:
        page = desk.page
        page.goto(f"/marking/{site.ids['marking']}/", wait_until="networkidle")
        page.keyboard.press("a")
        page.keyboard.press("a")
        dialog = page.get_by_role("dialog", name="Ask for a clearer picture")
        expect(dialog).to_contain_text("All of page 1")
        assert violations(page) == []
        page.keyboard.press("Enter")
        expect(page.locator("#asked")).to_contain_text("Blurred")
        assert request_of(site)["region"] is None
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Mark without the mouse")).to_contain_text("Ask for a clearer picture")


def test_the_original_picture_opens_beside_the_desk(site: Site, photo: bytes) -> None:  # noqa: F811
    def keep() -> None:
        page = SheetPage.objects.get(pk=site.ids["marking_page"])
        sheet_storage().put_bytes(page.plain_key, photo, "image/jpeg")

    site.ask(keep)
    with site.visit("teacher") as desk:
        desk.page.goto(f"/marking/{site.ids['marking']}/", wait_until="networkidle")
        original = desk.page.get_by_role("button", name="Original picture")
        with desk.context.expect_page() as opened:
            original.click()
        assert "-plain.jpg?" in opened.value.url
        desk.page.keyboard.press("]")
        expect(original).to_be_hidden()

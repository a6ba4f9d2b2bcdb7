"""Photographing pages in Chromium: found, straightened, corrected by hand, taken with the camera of the page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from assessments.models import SheetUpload
from assessments.tests.test_outbox_in_browser import STRANGERS
from tests.browser import Site
from tests.chromium import ARGUMENTS, CHROMIUM
from tests.photographs.draw import photograph
from tests.photographs.sheets import written_sheets
from tests.test_axe import sideways, violations

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def jpeg(image: Image.Image) -> bytes:
    made = io.BytesIO()
    image.save(made, "JPEG", quality=88)
    return made.getvalue()


@pytest.fixture(scope="module")
def photo() -> bytes:
    return jpeg(photograph("wood", written_sheets(1)[0], seed=1, size=(1500, 2000)).image)


def opened(page: Page, site: Site) -> Page:
    page.goto(f"/attempts/{site.ids['sheets']}/sheets/", wait_until="networkidle")
    return page


def stored(site: Site) -> list[tuple[int, int, int]]:
    """Of what the server has: page number and size in pixels of what arrived."""

    def look() -> list[tuple[int, int, int]]:
        rows = SheetUpload.objects.filter(attempt_id=site.ids["sheets"], state="verified").order_by("page_number")
        found = []
        for upload in rows:
            page = upload.pages.get()
            found.append((upload.page_number, page.width, page.height))
        return found

    return site.ask(look)


def test_a_photograph_becomes_a_page(site: Site, photo: bytes) -> None:
    with site.visit("student", width=390, axe=True) as visit:
        page = opened(visit.page, site)
        before = page.locator(".sheet").count()
        page.locator("input[type=file][multiple]").set_input_files(
            [{"name": "one.jpg", "mimeType": "image/jpeg", "buffer": photo}]
        )
        expect(page.locator(".sheet")).to_have_count(before + 1)
        expect(page.locator(".sheet").last.locator(".sheet__state")).to_contain_text("Safe with us", timeout=60_000)
        page.locator(".sheet").last.get_by_role("button", name="Move the corners").click()
        corners = page.get_by_role("dialog", name="Where is the page?")
        top_left = corners.get_by_role("button", name="Top left corner")
        said = top_left.get_attribute("aria-label")
        top_left.press("ArrowDown")
        assert top_left.get_attribute("aria-label") != said
        assert violations(page) == []
        assert sideways(page) <= 0
        corners.get_by_role("button", name="The whole photo").click()
        corners.get_by_role("button", name="Use this").click()
        expect(page.locator(".sheet")).to_have_count(before + 1)
        expect(page.locator(".sheet").last.locator(".sheet__state")).to_contain_text("Safe with us", timeout=60_000)
        assert visit.problems == []


def test_the_same_page_twice_and_a_page_cut_off_are_told(site: Site, photo: bytes) -> None:
    with Image.open(io.BytesIO(photo)) as whole:
        cut = jpeg(whole.crop((300, 0, 1500, 2000)))
    with site.visit("student", width=1440) as visit:
        page = opened(visit.page, site)
        files = [
            {"name": name, "mimeType": "image/jpeg", "buffer": body}
            for name, body in (("1.jpg", photo), ("2.jpg", photo))
        ]
        page.locator("input[type=file][multiple]").set_input_files(files)
        expect(page.locator(".sheet").last).to_contain_text("Looks the same as page", timeout=60_000)
        page.locator("input[type=file][multiple]").set_input_files(
            [{"name": "3.jpg", "mimeType": "image/jpeg", "buffer": cut}]
        )
        expect(page.locator(".sheet").last.locator(".sheet__state")).to_contain_text("Safe with us", timeout=60_000)
        assert visit.problems == []


@pytest.fixture
def filming(site: Site, photo: bytes, tmp_path: Path) -> Iterator[Browser]:
    """Chromium whose camera sees the sheet on the desk."""
    film = tmp_path / "desk.mjpeg"
    film.write_bytes(photo * 3)
    seen = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    browser = site.browser.browser_type.launch(
        executable_path=CHROMIUM, args=[*ARGUMENTS, *seen, f"--use-file-for-fake-video-capture={film}"]
    )
    yield browser
    browser.close()


def test_the_camera_of_the_page(site: Site, filming: Browser) -> None:
    context = filming.new_context(base_url=site.url, viewport={"width": 390, "height": 844}, permissions=["camera"])
    context.add_cookies([{"name": "sessionid", "value": site.sessions["student"], "url": site.url}])
    page = opened(context.new_page(), site)
    before = page.locator(".sheet").count()
    page.get_by_role("button", name="Open the camera").click()
    shutter = page.get_by_role("button", name="Take this page")
    expect(shutter).to_be_focused()
    expect(page.locator("#camera polygon")).to_have_attribute("points", re.compile(r"\d"))
    shutter.press("Enter")
    expect(page.locator("[data-camera-said]")).to_have_text("Pages taken: 1")
    page.get_by_role("button", name="Done").click()
    expect(page.locator(".sheet")).to_have_count(before + 1)
    expect(page.locator(".sheet").last.locator(".sheet__state")).to_contain_text("Safe with us", timeout=60_000)
    assert page.evaluate("document.querySelector('#camera video').srcObject") is None
    context.close()


def test_a_network_that_says_nothing_holds_up_no_page(site: Site, photo: bytes) -> None:
    with site.visit("student", width=390) as visit:
        page = visit.page
        page.clock.install()
        opened(page, site)
        before = page.locator(".sheet").count()
        silent = []
        page.route(
            "**/api/v1/attempts/*/sheets/", lambda route: silent.append(route) if not silent else route.continue_()
        )
        page.locator("input[type=file][multiple]").set_input_files(
            [{"name": "one.jpg", "mimeType": "image/jpeg", "buffer": photo}]
        )
        expect(page.locator(".sheet")).to_have_count(before + 1)
        state = page.locator(".sheet").last.locator(".sheet__state")
        expect(state).to_contain_text("Sending, 0 %", timeout=60_000)
        page.clock.fast_forward(46_000)
        expect(state).to_contain_text("waiting to be sent")
        page.clock.fast_forward(2_000)
        expect(state).to_contain_text("Safe with us", timeout=60_000)
        assert len(silent) == 1
        assert visit.problems == []


def test_an_answer_that_is_lost_is_asked_for_again(site: Site, photo: bytes) -> None:
    """The last page is at the server, and the question for its state goes wrong: the page must not wait for ever."""
    with site.visit("student", width=390) as visit:
        page = opened(visit.page, site)
        before = page.locator(".sheet").count()
        lost = []

        def lose(route: Route) -> None:
            lost.append(route.request.url)
            route.fulfill(status=200, content_type="application/json", body='{"state": "subm')

        page.route("**/sheets/status/", lose, times=2)
        page.locator("input[type=file][multiple]").set_input_files(
            [{"name": "one.jpg", "mimeType": "image/jpeg", "buffer": photo}]
        )
        expect(page.locator(".sheet")).to_have_count(before + 1)
        expect(page.locator(".sheet").last.locator(".sheet__state")).to_contain_text("Safe with us", timeout=60_000)
        assert len(lost) == 2
        assert visit.problems == []


@pytest.mark.parametrize("stranger", ["a portal's page", "a proxy's refusal", "JSON of somebody"])
def test_only_our_own_reply_settles_a_page(site: Site, photo: bytes, stranger: str) -> None:
    """Whoever answers in our place, to the announcement or when we are asked for the receipt: the page stays here."""
    with site.visit("student", width=390) as visit:
        page = opened(visit.page, site)
        before, known = page.locator(".sheet").count(), len(stored(site))
        answered = []

        def answer(route: Route) -> None:
            answered.append(route.request.url)
            route.fulfill(**STRANGERS[stranger])

        page.route(re.compile(r"/api/v1/attempts/[^/]+/sheets/$"), answer, times=1)
        page.route("**/done/", answer, times=1)
        page.locator("input[type=file][multiple]").set_input_files(
            [{"name": "one.jpg", "mimeType": "image/jpeg", "buffer": photo}]
        )
        expect(page.locator(".sheet")).to_have_count(before + 1)
        expect(page.locator(".sheet").last.locator(".sheet__state")).to_contain_text("Safe with us", timeout=60_000)
        assert len(answered) == 2
        assert len(stored(site)) == known + 1


def test_handing_in_without_a_network_says_so(site: Site) -> None:
    with site.visit("student", width=390) as visit:
        page = opened(visit.page, site)
        for chip in page.locator("#missing-chips .qchip").all():
            chip.click()
        button = page.get_by_role("button", name="Hand in my paper")
        expect(button).to_have_attribute("aria-disabled", "false")
        page.route("**/sheets/confirm/", lambda route: route.abort(), times=1)
        button.click()
        expect(page.get_by_text("That did not work. Try again in a moment.")).to_be_visible()
        expect(button).not_to_have_attribute("aria-busy", "true")
        page.locator(".toast [data-dismiss]").click()
        button.click()
        page.wait_for_url("**/results/**")
        assert [said for said in visit.problems if "ERR_FAILED" not in said] == []


def test_a_phone_photographs_for_the_computer(site: Site, photo: bytes) -> None:
    """The code is shown, the phone follows it, its page appears on the computer by itself, and the link ends."""
    with site.visit("student", width=1440, axe=True) as desk, site.visit("anonymous", width=390, axe=True) as phone:
        computer = opened(desk.page, site)
        before = computer.locator(".sheet").count()
        with computer.expect_response("**/phone/sheets/") as made:
            computer.get_by_role("button", name="Use your phone").click()
        code = computer.get_by_role("img", name="Code to scan with a phone")
        expect(code).to_be_visible()
        expect(computer.locator("#phone-said")).to_contain_text("Waiting for the phone")
        assert violations(computer) == []
        phone.page.goto(made.value.json()["url"])
        expect(phone.page).to_have_url(f"{site.url}/phone/")
        expect(computer.locator("#phone-said")).to_have_text("The phone is connected. Its pages appear here.")
        expect(code).to_be_hidden()
        phone.page.route("**/phone/sheets/*/done/", lambda route: route.fulfill(status=503))
        phone.page.locator("input[type=file][multiple]").set_input_files(
            [{"name": "one.jpg", "mimeType": "image/jpeg", "buffer": photo}]
        )
        sent = phone.page.locator(".sheet")
        expect(sent).to_have_count(1)
        why = computer.locator("#why")
        expect(why).to_have_text("Pages still coming from the phone: 1. Wait for them, or end the link.")
        phone.page.unroute("**/phone/sheets/*/done/")
        expect(why).not_to_contain_text("phone")
        expect(sent.locator(".sheet__state")).to_contain_text("Safe with us", timeout=60_000)
        expect(computer.locator(".sheet")).to_have_count(before + 1)
        assert violations(phone.page) == []
        assert sideways(phone.page) <= 0
        sent.get_by_role("button", name="Take out").click()
        expect(sent).to_have_count(0)
        expect(computer.locator(".sheet")).to_have_count(before)
        computer.get_by_role("button", name="End the link").click()
        expect(computer.get_by_role("dialog")).to_have_count(0)
        assert [said for said in phone.problems if "503" not in said] == []
        phone.page.reload()
        expect(phone.page.get_by_role("heading", name="The link has ended")).to_be_visible()
        assert violations(phone.page) == []
        assert desk.problems == []

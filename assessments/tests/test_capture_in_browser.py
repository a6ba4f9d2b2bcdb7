"""Photographing pages in Chromium: found, straightened, corrected by hand, taken with the camera of the page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from assessments.models import SheetUpload
from tests.browser import Site, collected, site  # noqa: F401 - fixtures
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


def opened(page: Page, site: Site) -> Page:  # noqa: F811
    page.goto(f"/attempts/{site.ids['sheets']}/sheets/", wait_until="networkidle")
    return page


def stored(site: Site) -> list[tuple[int, int, int]]:  # noqa: F811
    """Of what the server has: page number and size in pixels of what arrived."""

    def look() -> list[tuple[int, int, int]]:
        rows = SheetUpload.objects.filter(attempt_id=site.ids["sheets"], state="verified").order_by("page_number")
        found = []
        for upload in rows:
            page = upload.pages.get()
            found.append((upload.page_number, page.width, page.height))
        return found

    return site.ask(look)


def test_a_photograph_becomes_a_page(site: Site, photo: bytes) -> None:  # noqa: F811
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


def test_the_same_page_twice_and_a_page_cut_off_are_told(site: Site, photo: bytes) -> None:  # noqa: F811
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
def filming(site: Site, photo: bytes, tmp_path: Path) -> Iterator[Browser]:  # noqa: F811
    """Chromium whose camera sees the sheet on the desk."""
    film = tmp_path / "desk.mjpeg"
    film.write_bytes(photo * 3)
    seen = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    browser = site.browser.browser_type.launch(
        executable_path=CHROMIUM, args=[*ARGUMENTS, *seen, f"--use-file-for-fake-video-capture={film}"]
    )
    yield browser
    browser.close()


def test_the_camera_of_the_page(site: Site, filming: Browser) -> None:  # noqa: F811
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

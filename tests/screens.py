"""Pictures of the main pages for `docs/screens/`, taken from a running demonstration (`make run`).

    python -m tests.screens [--url http://localhost:8000] [--only desk]

Each is a JPEG of at most 200 KB; a phone's have 1.5 pixels per point.
"""

from __future__ import annotations

import argparse
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from config.demo.accounts import DEMO_PASSWORD
from tests.chromium import ARGUMENTS, CHROMIUM

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "screens"
MOST_BYTES = 200_000
PHONE, DESK = (390, 844), (1440, 900)


@dataclass(frozen=True)
class Screen:
    """`steps`: an address, then what to press, one after the other. `at`: what to scroll to the top."""

    name: str
    account: str
    steps: tuple[str, ...]
    theme: str = "light"
    at: str = ""

    @property
    def size(self) -> tuple[int, int]:
        return PHONE if "390" in self.name else DESK


READ = "a:has-text('Read the marking')"
# Starts the short exam, or goes on with it.
SIT = ("/exams/", "a:has-text('Quick practice')", "button:has-text('Start now'), a:has-text('Carry on')")
QUADRATICS = "a.cover:has-text('Quadratic')"
READING = "a[href^='/lessons/']:has-text('formula')"
BOARD = "a.cover:has-text('board paper')"
SCREENS = [
    Screen("landing-1440", "", ("/",)),
    Screen("student-home-390", "student", ("/today/",)),
    Screen("student-home-1440", "student", ("/today/",)),
    Screen("student-home-1440-dark", "student", ("/today/",), "dark"),
    Screen("result-390", "student", ("/today/", READ), at=".sheetview figure"),
    Screen("result-1440", "student", ("/today/", READ), at="#q23"),
    Screen("exam-390", "student", SIT),
    Screen("exam-1440", "student", SIT),
    Screen("guardian-390", "guardian", ("/family/",)),
    Screen("queue-1440", "teacher", ("/marking/",)),
    Screen("desk-1440", "teacher", ("/marking/", "a[href^='/marking/']:text('Carry on')")),
    Screen("desk-1440-dark", "teacher", ("/marking/", "a[href^='/marking/']:text('Carry on')"), "dark"),
    Screen("desk-390", "teacher", ("/marking/", "a[href^='/marking/']:text('Carry on')")),
    Screen("bank-1440", "teacher", ("/bank/",)),
    Screen("bank-390", "teacher", ("/bank/",), "dark"),
    Screen("editor-1440", "teacher", ("/bank/?type=long_answer", "a.cover", "a:has-text('Edit')")),
    Screen("blueprint-1440", "teacher", ("/blueprints/", BOARD)),
    Screen("paper-1440", "teacher", ("/blueprints/", BOARD, "a:has-text('Maths mock 4')")),
    Screen("courses-1440", "student", ("/courses/",)),
    Screen("course-390", "student", ("/courses/", QUADRATICS)),
    Screen("lesson-1440", "student", ("/courses/", QUADRATICS, READING)),
    Screen("lesson-390-dark", "student", ("/courses/", QUADRATICS, READING), "dark"),
    Screen("room-390", "student", ("/courses/", QUADRATICS, "a[href$='/room/']")),
    Screen("build-1440", "teacher", ("/teaching/courses/", QUADRATICS)),
    Screen("people-1440", "teacher", ("/teaching/courses/", QUADRATICS, "a[href$='/people/']")),
    Screen("admin-1440", "staff", ("/admin/",)),
    Screen("teacher-home-390", "teacher", ("/teach/",), at="#day-plan"),
]


def take(browser: Browser, url: str, screen: Screen) -> bytes:
    """The picture as PNG."""
    width, height = screen.size
    phone = screen.size == PHONE
    context = browser.new_context(
        base_url=url, viewport={"width": width, "height": height}, device_scale_factor=1.5 if phone else 1,
        color_scheme=screen.theme, locale="en-IN", has_touch=phone,
    )  # fmt: skip
    page = context.new_page()
    open_page(page, screen)
    if screen.at:
        page.locator(screen.at).first.evaluate("place => place.scrollIntoView()")
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    png = page.screenshot()
    context.close()
    return png


def open_page(page: Page, screen: Screen) -> None:
    """As its account, by its steps."""
    if screen.account:
        sign_in(page, f"{screen.account}@demo.abhyas")
    address, *presses = screen.steps
    page.goto(address)
    for press in presses:
        page.locator(press).first.click()


def sign_in(page: Page, email: str) -> None:
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(DEMO_PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(lambda address: "/login/" not in address)


def fitted(png: bytes) -> bytes:
    """The picture as JPEG, as fine as MOST_BYTES allows."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for quality in (88, 80, 72, 64):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, subsampling=0, optimize=True)
        if out.tell() <= MOST_BYTES:
            break
    return out.getvalue()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--url", default="http://localhost:8000")
    options.add_argument("--only", default="")
    chosen = options.parse_args()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for screen in SCREENS:
            if chosen.only in screen.name:
                picture = fitted(take(browser, chosen.url, screen))
                (FOLDER / f"{screen.name}.jpg").write_bytes(picture)
                print(f"{screen.name}: {len(picture) // 1000} KB")


if __name__ == "__main__":
    main()

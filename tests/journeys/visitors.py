"""People with browsers of their own in the journeys, and what no page may do to them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, sync_playwright

from tests.chromium import ARGUMENTS, CHROMIUM
from tests.journeys.stack import ROOT, Stack, missing

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
SHOTS = ROOT / "test-results" / "journeys"
REPORT_CSP = (
    "document.addEventListener('securitypolicyviolation', e => console.error('CSP', e.violatedDirective, e.blockedURI))"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        missing(f"no Chromium at {CHROMIUM}")
    # Its event loop must not make Django refuse queries of later tests in this process.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")
    if before is not None:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


class Visitor:
    """Somebody with a browser of their own; `problems` collects what must not happen."""

    def __init__(self, browser: Browser, stack: Stack, who: str, **context: Any) -> None:
        self.stack, self.who = stack, who
        self.context: BrowserContext = browser.new_context(base_url=stack.url, locale="en-IN", **context)
        self.context.set_default_timeout(30_000)
        self.context.add_init_script(REPORT_CSP)
        self.page: Page = self.context.new_page()
        self.problems: list[str] = []
        self.shot = 0
        self.is_offline = False
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.problems.append(f"exception: {error}"))
        self.page.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        # Without a network the browser itself reports every request.
        if message.type == "error" and "ERR_INTERNET_DISCONNECTED" not in message.text:
            self.problems.append(f"console: {message.text} ({self.page.url})")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self.problems.append(f"{response.status} {response.url}")

    def sign_in(self, email: str, password: str) -> None:
        self.page.goto("/accounts/login/")
        self.shoot("sign-in")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url(re.compile(r"/(today|teach)/"))
        self.shoot("home")

    def shoot(self, name: str, *, both: bool = True) -> None:
        """The page as a picture, whole, in both widths (or only here: the palette closes where it is not needed)."""
        folder = SHOTS / self.stack.kind
        folder.mkdir(parents=True, exist_ok=True)
        self.shot += 1
        here = self.page.viewport_size
        assert here is not None
        other = DESK if here["width"] == PHONE["width"] else PHONE
        for size in (here, other) if both else (here,):
            self.page.set_viewport_size(size)
            self.page.screenshot(path=folder / f"{self.who}-{self.shot:02}-{name}-{size['width']}.png", full_page=True)
        self.page.set_viewport_size(here)

    def no_problems(self) -> None:
        assert self.problems == []

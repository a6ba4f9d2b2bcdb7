"""Somebody at the product in Chromium, while everything around them fails: the shell of journeys that wreck things."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from tests.journeys.stack import Stack, wait_for

PATIENCE = 90_000  # ms


def lost_replies(part: str) -> str:
    """Script: replies from addresses with `part` are lost on their way back, as many as `lose` said. Kept over
    crashes."""
    return """{
  const send = window.fetch;
  window.fetch = async (...request) => {
    const reply = await send(...request), left = Number(localStorage.getItem("test-lose"));
    if (!left || !String(request[0]).includes("PART")) return reply;
    localStorage.setItem("test-lose", left - 1);
    throw new TypeError("the reply was lost");
  };
}""".replace("PART", part)


def on_device(database: str, store: str, waits: str = "true") -> str:
    """Script that resolves behind every write that the page has begun, with how many of `store` wait: those of which
    `waits` is true of `one`."""
    script = """async () => {
  const open = indexedDB.open("DATABASE", 1);
  await new Promise((done) => { open.onsuccess = done; });
  const all = open.result.transaction("STORE").objectStore("STORE").getAll();
  await new Promise((done) => { all.onsuccess = done; });
  open.result.close();
  return all.result.filter((one) => WAITS).length;
}"""
    return script.replace("DATABASE", database).replace("STORE", store).replace("WAITS", waits)


class Wrecked:
    """One person, one seed. A subclass says what its page runs at its start (`wreck`) and what waits on the device
    (`device_script`), how a page is made and opened, and what it does."""

    wreck: str
    device_script: str

    def __init__(self, browser: Browser, stack: Stack, world: dict[str, Any], seed: int) -> None:
        self.browser, self.stack, self.world = browser, stack, world
        self.dice = random.Random(seed)
        self.is_offline = self.is_down = False
        self.context = self.new_context()
        self.page = self.new_page()

    def new_context(self, **options: Any) -> BrowserContext:
        context = self.browser.new_context(base_url=self.stack.url, locale="en-IN", **options)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(self.wreck)
        return context

    def new_page(self, context: BrowserContext | None = None) -> Page:
        return (context or self.context).new_page()

    def open(self, page: Page) -> None:
        raise NotImplementedError

    def sign_in(self, page: Page, email: str, leads_to: str) -> None:
        page.goto("/accounts/login/")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password", exact=True).fill(self.world["password"])
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(re.compile(leads_to))

    # --- What happens to them -----------------------------------------------------------------------------------------
    def drop(self) -> None:
        self.context.set_offline(True)
        self.is_offline = True

    def lose(self) -> None:
        self.page.evaluate("localStorage.setItem('test-lose', 1)")

    def restart(self) -> None:
        """Kills the web process; `mend` starts it again."""
        if self.is_down:
            self.mend()
        self.stack.kill("web")
        self.is_down = True

    def crash(self) -> None:
        """At once after a change was kept; the page is opened again as things are."""
        self.page.evaluate(self.device_script)
        with suppress(Error):
            self.page.goto("chrome://crash", timeout=5_000)
        self.page.close()
        self.page = self.new_page()
        self.before_opening_again()
        self.open(self.page)

    def before_opening_again(self) -> None:
        """Nothing, where a page opens without a network or a server too."""

    def mend(self) -> None:
        if self.is_down:
            self.stack.restart("web")
            self.is_down = False
        if self.is_offline:
            self.context.set_offline(False)
            self.is_offline = False

    def settle(self, page: Page) -> None:
        """Waits until all is saved and nothing waits on the device."""
        expect(page.locator("#saved")).to_have_attribute("data-state", "saved", timeout=PATIENCE)
        wait_for("an empty device", lambda: page.evaluate(self.device_script) == 0, seconds=PATIENCE / 1000)

    def settle_at_last(self) -> None:
        self.mend()
        self.page.evaluate("localStorage.removeItem('test-lose')")
        self.settle(self.page)

    # --- All of it ----------------------------------------------------------------------------------------------------
    def timetable(self, events: Mapping[str, int], steps: int) -> dict[int, list[str]]:
        """What happens after which step."""
        when: dict[int, list[str]] = {}
        for name in (name for name, count in events.items() for _ in range(count)):
            when.setdefault(self.dice.randrange(1, steps), []).append(name)
        return when

    def mend_by_chance(self, chance: float) -> None:
        if (self.is_offline or self.is_down) and self.dice.random() < chance:
            self.mend()

    def close(self) -> None:
        """Leaves the product whole for the next one."""
        self.context.close()
        self.is_offline = False
        self.mend()


def broke_off(error: BaseException) -> str:
    said = [line.strip() for line in str(error).splitlines()[:20]]
    return "broke off: " + "; ".join(filter(None, said))

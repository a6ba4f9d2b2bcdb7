"""Somebody without a pointer, for browser tests: what Tab reaches and keys press, and how long that takes."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

SECONDS_PER_KEY, SECONDS_PER_PAGE = 0.5, 8


class Hands:
    """Presses keys and counts them; nothing is ever clicked or filled in by script."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keys = self.pages = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1

    def tab_to(self, target: Locator, key: str = "Tab", most: int = 80) -> None:
        for _turn in range(most):
            if target.evaluate("el => el === document.activeElement"):
                return
            self.press(key)
        raise AssertionError(f"{most} presses of {key} do not reach {target}")

    def look(self) -> None:
        """A page that a person reads before going on."""
        self.page.wait_for_load_state("load")
        self.pages += 1

    @property
    def seconds(self) -> float:
        return self.keys * SECONDS_PER_KEY + self.pages * SECONDS_PER_PAGE

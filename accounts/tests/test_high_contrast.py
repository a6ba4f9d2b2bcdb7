"""Whoever asks for more contrast, on the page or for the whole device, gets it, and still sees what is a control."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser import Site
from tests.pages import page_urls
from tests.test_axe import COLOURS, hold_still, violations

pytestmark = [pytest.mark.slow, pytest.mark.browser]
PAGES = {
    "anonymous": {"landing", "account_login", "account_signup"},
    "student": {"student-home", "person-settings", "notification-list"},
}
CONTROLS = "main :is(.btn, input:not([type=hidden], [type=checkbox]), select)"
BORDERLESS = """(controls) => [...document.querySelectorAll(controls)]
    .filter((control) => control.checkVisibility() && parseFloat(getComputedStyle(control).borderTopWidth) < 1)
    .map((control) => control.outerHTML.slice(0, 80))"""


def urls(site: Site, person: str) -> dict[str, str]:
    return {name: url for name, url in page_urls(site.ids, person).items() if name in PAGES[person]}


@pytest.mark.parametrize("person", PAGES)
def test_more_contrast_has_no_violation(site: Site, person: str) -> None:
    wrong = []
    for width in (390, 1440):
        with site.visit(person, width=width, axe=True) as visit:
            for name, url in urls(site, person).items():
                visit.page.emulate_media(contrast="more", color_scheme="light")
                visit.page.goto(url, wait_until="load")
                assert visit.page.locator("html").get_attribute("data-contrast") == "more"
                hold_still(visit.page)
                wrong += [f"{name} {width}: {text}" for text in violations(visit.page)]
                visit.page.emulate_media(contrast="more", color_scheme="dark")
                wrong += [f"{name} {width} dark: {text}" for text in violations(visit.page, **COLOURS)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("person", PAGES)
def test_controls_keep_an_edge_in_the_system_s_own_colours(site: Site, person: str) -> None:
    """Forced colours take backgrounds and shadows away, with which our buttons and boxes are drawn."""
    wrong: dict[str, Any] = {}
    with site.visit(person, width=390) as visit:
        visit.page.emulate_media(forced_colors="active")
        for name, url in urls(site, person).items():
            visit.page.goto(url, wait_until="load")
            if bare := visit.page.evaluate(BORDERLESS, CONTROLS):
                wrong[name] = bare
    assert not wrong


def test_less_contrast_than_the_device_asks_for_is_remembered(site: Site) -> None:
    with site.visit("student") as visit:
        visit.page.emulate_media(contrast="more")
        url = urls(site, "student")["person-settings"]
        for wanted in ("less", "more"):
            visit.page.goto(url, wait_until="load")
            visit.page.locator(".rail [data-set=contrast]").click()
            visit.page.goto(url, wait_until="load")
            assert visit.page.locator("html").get_attribute("data-contrast") == wanted
            pressed = visit.page.locator(".rail [data-set=contrast]").get_attribute("aria-pressed")
            assert pressed == ("true" if wanted == "more" else "false")

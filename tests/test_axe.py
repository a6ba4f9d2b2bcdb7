"""No accessibility violation that axe-core finds, on any page, phone and desktop, light and dark.

On the way every page is held to more: it never scrolls sideways (320 and 390 px), no error appears on the console, and
the content security policy is never violated.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser import Site
from tests.pages import PEOPLE, page_urls

pytestmark = [pytest.mark.slow, pytest.mark.browser]
# Animations are cut short: a colour measured half way through a transition is nobody's colour.
STILL = "*, *::before, *::after { transition: none !important; animation: none !important; }"


# What the dark theme can break: its elements, names and roles are those of the light one.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


def violations(page: Page, **options: Any) -> list[str]:
    found: dict[str, Any] = page.evaluate(
        "options => axe.run(document, options)", {"resultTypes": ["violations"]} | options
    )
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def hold_still(page: Page) -> None:
    page.evaluate(
        "css => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets.push(s) }", STILL
    )


def sideways(page: Page) -> int:
    """How many pixels the page is wider than its window."""
    wide: int = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("person", PEOPLE)
def test_pages_have_no_violation(site: Site, person: str, width: int) -> None:
    wrong = []
    with site.visit(person, width=width, axe=True) as visit:
        for name, url in page_urls(site.ids, person).items():
            visit.page.goto(url, wait_until="load")
            hold_still(visit.page)
            wrong += [f"{name} light: {text}" for text in violations(visit.page)]
            visit.page.emulate_media(color_scheme="dark")
            wrong += [f"{name} dark: {text}" for text in violations(visit.page, **COLOURS)]
            visit.page.emulate_media(color_scheme="light")
            for narrow in (390, 320) if width == 390 else ():
                visit.page.set_viewport_size({"width": narrow, "height": 900})
                wrong += [
                    f"{name}: {pixels} px too wide at {narrow}" for pixels in [sideways(visit.page)] if pixels > 0
                ]
            visit.page.set_viewport_size({"width": width, "height": 900})
        wrong += visit.problems
    assert not wrong, "\n".join(wrong)

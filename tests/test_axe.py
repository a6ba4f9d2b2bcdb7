"""No accessibility violation that axe-core finds, on any page, phone and desktop, light and dark.

On the way every page is held to more: it never scrolls sideways (320 and 390 px), no error appears on the console, and
the content security policy is never violated.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser import Site, collected, site  # noqa: F401 - fixtures
from tests.pages import PEOPLE, page_urls

pytestmark = [pytest.mark.slow, pytest.mark.browser]
# Animations are cut short: a colour measured half way through a transition is nobody's colour.
STILL = "*, *::before, *::after { transition: none !important; animation: none !important; }"


def violations(page: Page) -> list[str]:
    found: dict[str, Any] = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def sideways(page: Page) -> int:
    """How many pixels the page is wider than its window."""
    wide: int = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("person", PEOPLE)
def test_pages_have_no_violation(site: Site, person: str, theme: str) -> None:  # noqa: F811
    wrong = []
    for width in (390, 1440):
        with site.visit(person, width=width, theme=theme, axe=True) as visit:
            for name, url in page_urls(site.ids, person).items():
                visit.page.goto(url, wait_until="load")
                visit.page.evaluate(
                    "css => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets.push(s) }",
                    STILL,
                )
                wrong += [f"{name} {width}: {text}" for text in violations(visit.page)]
                if width == 390:
                    wrong += [f"{name}: {pixels} px too wide at 390" for pixels in [sideways(visit.page)] if pixels > 0]
            wrong += [f"{width}: {problem}" for problem in visit.problems]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("person", PEOPLE)
def test_pages_fit_320_pixels(site: Site, person: str) -> None:  # noqa: F811
    wrong = []
    with site.visit(person, width=320) as visit:
        for name, url in page_urls(site.ids, person).items():
            visit.page.goto(url, wait_until="load")
            wrong += [f"{name}: {pixels} px too wide" for pixels in [sideways(visit.page)] if pixels > 0]
    assert not wrong, "\n".join(wrong)

"""Large print and the dyslexia-friendly font in a browser: the exam and the capture page never scroll sideways."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser import Site
from tests.pages import page_urls
from tests.test_axe import sideways, violations

pytestmark = [pytest.mark.slow, pytest.mark.browser]
PAGES = {"attempt-page", "sheets-page"}
# A phone, the narrowest phone, and a phone at 200 %.
WIDTHS = (390, 320, 195)


def font_files(page: Page) -> set[str]:
    names = "() => performance.getEntriesByType('resource').map(e => e.name).filter(n => n.includes('dyslexic'))"
    return set(page.evaluate(names))


@pytest.mark.parametrize("prefs", ["print=large", "print=large|font=dyslexic"])
def test_larger_letters_stay_on_the_page(site: Site, prefs: str) -> None:
    wrong = []
    for width in WIDTHS:
        with site.visit("student", width=width, axe=True) as visit:
            visit.context.add_cookies([{"name": "abhyas_prefs", "value": prefs, "url": site.url}])
            for name, url in page_urls(site.ids, "student").items():
                if name.split()[0] not in PAGES:
                    continue
                visit.page.goto(url, wait_until="load")
                visit.page.evaluate("document.fonts.ready")
                wrong += [f"{name} {width}: {pixels} px too wide" for pixels in [sideways(visit.page)] if pixels > 0]
                wrong += [f"{name} {width}: {text}" for text in violations(visit.page) if width == 390]
                assert bool(font_files(visit.page)) == ("dyslexic" in prefs)
            wrong += visit.problems
    assert not wrong, "\n".join(wrong)


def test_what_is_switched_in_the_settings_is_there_on_the_next_page(site: Site) -> None:
    with site.visit("student", width=390) as visit:
        urls = page_urls(site.ids, "student")
        visit.page.goto(urls["person-settings"], wait_until="load")
        assert not font_files(visit.page)
        buttons = visit.page.locator(".looks button")
        buttons.filter(has_text="Large print").click()
        buttons.filter(has_text="Dyslexia").click()
        assert buttons.filter(has_text="Legible").get_attribute("aria-pressed") == "false"
        visit.page.goto(urls["exam-list"], wait_until="load")
        html = visit.page.locator("html")
        assert (html.get_attribute("data-print"), html.get_attribute("data-font")) == ("large", "dyslexic")
        assert visit.page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") > 20
        visit.page.goto(urls["person-settings"], wait_until="load")
        visit.page.locator(".looks button").filter(has_text="Large print").click()
        visit.page.goto(urls["exam-list"], wait_until="load")
        assert visit.page.locator("html").get_attribute("data-print") == "normal"

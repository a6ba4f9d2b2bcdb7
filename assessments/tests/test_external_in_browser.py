"""Going on to an external tool in a browser: by itself, and by the button where there is no JavaScript."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext

from tests.browser import Site

pytestmark = [pytest.mark.slow, pytest.mark.browser]
TOOL = "https://lab.example.org/launch"


def answer_for_the_tool(context: BrowserContext) -> list[str]:
    """What reaches the tool, which answers with a page of its own."""
    posted: list[str] = []

    def answer(route):
        posted.append(route.request.post_data)
        route.fulfill(status=200, body="there", content_type="text/html")

    context.route("https://lab.example.org/**", answer)
    return posted


def test_open_goes_on_by_itself_and_back_leads_to_the_exams(site: Site) -> None:
    with site.visit("student", width=390) as visit:
        posted = answer_for_the_tool(visit.context)
        visit.page.goto(reverse("exam-list"))
        visit.page.get_by_role("button", name="Open Graphs").click()
        visit.page.wait_for_url(TOOL)
        assert posted[0].startswith("token=ey")
        visit.page.go_back()
        assert visit.page.url.endswith(reverse("exam-list"))
        assert not visit.problems


def test_without_javascript_a_button_goes_on(site: Site) -> None:
    context = site.browser.new_context(base_url=site.url, java_script_enabled=False)
    context.add_cookies([{"name": "sessionid", "value": site.sessions["student"], "url": site.url}])
    posted, page = answer_for_the_tool(context), context.new_page()
    page.goto(reverse("exam-list"))
    page.get_by_role("button", name="Open Graphs").click()
    assert not posted
    page.get_by_role("button", name="Go on to Virtual lab").click()
    page.wait_for_url(TOOL)
    assert len(posted) == 1
    context.close()

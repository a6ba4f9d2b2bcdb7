"""The curriculum is arranged by keys and by mouse in Chromium; what was done is in the database."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from courses.models import Chapter, Unit
from tests.browser import Site

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def node(page: Page, name: str) -> Any:
    return page.get_by_role("treeitem", name=name).first


def chapters(site: Site, unit: str) -> list[str]:
    rows = Chapter.objects.filter(unit__name=unit).order_by("position").values_list("name", flat=True)
    return site.ask(lambda: list(rows))


def test_the_tree_by_keyboard_and_by_mouse(site: Site) -> None:
    with site.visit("staff") as visit:
        page = visit.page
        page.goto(reverse("curriculum-page", args=[site.ids["programme"]]), wait_until="networkidle")
        page.fill("#add-unit", "Sets")
        page.keyboard.press("Enter")
        expect(page.locator("#add-unit")).to_be_focused()
        node(page, "Sets").click()
        expect(node(page, "Sets")).to_be_focused()
        page.keyboard.press("Control+Enter")
        for name in ("Union", "Cuts", "Maps"):
            expect(page.locator("#add-child")).to_be_focused()
            page.keyboard.type(name)
            page.keyboard.press("Enter")
            expect(node(page, name)).to_be_visible()
        page.keyboard.press("Escape")
        expect(node(page, "Sets")).to_be_focused()
        page.keyboard.press("ArrowRight")
        expect(node(page, "Union")).to_be_focused()
        page.keyboard.press("Alt+ArrowDown")
        expect(page.get_by_role("status").filter(has_text="Moved: Union")).to_be_attached()
        assert chapters(site, "Sets") == ["Cuts", "Union", "Maps"]
        expect(node(page, "Union")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#name")).to_be_focused()
        page.keyboard.type("Unions")
        page.keyboard.press("Enter")
        expect(node(page, "Unions")).to_be_focused()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        expect(node(page, "Unions")).to_be_hidden()
        page.keyboard.press("ArrowRight")
        start, end = node(page, "Maps").bounding_box(), node(page, "Cuts").bounding_box()
        assert start
        assert end
        page.mouse.move(start["x"] + 60, start["y"] + 10)
        page.mouse.down()
        page.mouse.move(end["x"] + 60, end["y"] + 4, steps=5)
        page.mouse.up()
        expect(page.get_by_role("status").filter(has_text="Moved: Maps")).to_be_attached()
        assert chapters(site, "Sets") == ["Maps", "Cuts", "Unions"]
        assert not visit.problems
        site.ask(
            lambda: (Chapter.objects.filter(unit__name="Sets").delete(), Unit.objects.filter(name="Sets").delete())
        )

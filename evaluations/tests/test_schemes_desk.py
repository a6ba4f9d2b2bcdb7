"""A scheme is changed while its desk is open, in a real browser."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal as D
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from evaluations.models import MarkEvent, QuestionMark, SchemeLook
from evaluations.tests.builders import step_ids, written
from evaluations.tests.test_desk_log import open_desk, press, saved
from evaluations.tests.test_schemes import change, new_step, steps_now
from tests.browser import Site
from tests.test_axe import COLOURS, hold_still, sideways, violations

pytestmark = [pytest.mark.slow, pytest.mark.browser]
BEAT = 61_000  # ms


def change_it(site: Site) -> Any:
    """The first step is worth a mark more, the last does not count, and one is new."""
    exam, question = site.world.marking.attempt.exam, written(site.world.marking.attempt.exam, 4)
    first, *between, _last = steps_now(exam, question)
    steps = [replace(first, marks=first.marks + 1), *between, new_step()]
    return change(exam, question, site.world.cast.staff, steps, asks_again=True)


def mark_of(site: Site) -> dict[str, Any]:
    rows = QuestionMark.objects.filter(evaluation=site.ids["marking"], question=site.ids["marking_question"])
    return site.ask(lambda: rows.values("marks", "steps", "revision").get())


def wrong_with(page: Page) -> list[str]:
    hold_still(page)
    wrong = [f"light: {text}" for text in violations(page)]
    page.emulate_media(color_scheme="dark")
    wrong += [f"dark: {text}" for text in violations(page, **COLOURS)]
    page.emulate_media(color_scheme="light")
    return wrong + [f"{pixels} px too wide" for pixels in [sideways(page)] if pixels]


def open_sheet(page: Page) -> None:
    """On a phone the scheme is a sheet."""
    if page.locator(".athand").is_visible():
        page.locator(".athand .qnow").click()


@pytest.mark.parametrize("width", [390, 1440])
def test_an_open_desk_hears_of_a_change_and_loses_nothing(site: Site, width: int) -> None:
    first, second = site.ask(step_ids, question=written_of(site))[:2]
    with site.visit("teacher", width=width, axe=True) as visit:
        visit.page.clock.install()
        page = open_desk(visit, site.world.marking)
        press(page, "1")
        saved(page)
        revision = site.ask(change_it, site=site)
        expect(page.locator("#new-scheme")).to_be_hidden()
        # Sent by the scheme that it still shows.
        press(page, "2")
        saved(page)
        given = mark_of(site)
        assert (given["steps"], given["revision"]) == ({first: "2", second: "1"}, revision.pk)
        assert given["marks"] == D(3)
        press(page, "Shift")
        page.clock.fast_forward(BEAT)
        expect(page.locator("#new-scheme")).not_to_have_attribute("hidden", "")
        open_sheet(page)
        expect(page.locator("#new-scheme")).to_be_visible()
        assert wrong_with(page) == []
        page.locator("#new-scheme a").click()
        expect(page.locator("#changed p").first).to_contain_text("Step 4 is new")
        open_sheet(page)
        expect(page.locator("#scheme .tag")).to_have_text(["changed", "new"])
        expect(page.locator("#total")).to_have_text("3")
        assert wrong_with(page) == []
        page.get_by_role("button", name="It stays").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
        expect(page.locator("#q-label")).to_have_text("Q5a")
        page.goto(f"/marking/{site.world.marking.pk}/#q4")
        expect(page.locator("#changed p").first).to_contain_text("Step 4 is new")
        expect(page.locator("#changed form")).to_have_attribute("hidden", "")
        assert visit.problems == []
    looks = SchemeLook.objects.filter(evaluation=site.ids["marking"])
    assert site.ask(lambda: [look.closed_by_id for look in looks]) == [site.world.cast.teacher.pk]
    events = MarkEvent.objects.filter(evaluation=site.ids["marking"], worked_from=None)
    assert site.ask(lambda: [event.steps for event in events.order_by("id")][-1]) == {first: "1", second: "1"}


def written_of(site: Site) -> Any:
    return site.ask(lambda: written(site.world.marking.attempt.exam, 4))

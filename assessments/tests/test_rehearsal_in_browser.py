"""In Chromium: a teacher rehearses an exam on a phone, puts the clock to ten seconds, and lets it run out."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from assessments.models import Attempt, Response
from assessments.tests.sheets import PHOTO
from assessments.tests.test_outbox_in_browser import choose, state
from tests.browser import Site
from tests.test_axe import sideways, violations

pytestmark = [pytest.mark.slow, pytest.mark.browser]
ENOUGH = 60_000  # ms


def test_a_teacher_rehearses_until_the_clock_submits(site: Site) -> None:
    exam = site.world.open_exam
    with site.visit("teacher", width=390, axe=True) as visit:
        page = visit.page
        page.goto(f"/exams/{exam.pk}/", wait_until="load")
        page.get_by_role("button", name="Rehearse").click()
        page.wait_for_url("**/attempts/*/*")
        expect(page.locator("#exam")).to_have_attribute("data-live", "1")
        banner = page.locator(".rehearsal")
        assert (banner.bounding_box() or {})["height"] <= 48
        choose(page, 1, 1)
        state(page, "saved")
        banner.get_by_text("Move the clock").click()
        assert (violations(page), sideways(page)) == ([], 0)
        # What was chosen in this moment is kept by the outbox over the reload.
        choose(page, 2, 0)
        banner.get_by_role("button", name="10 seconds left").click()
        page.wait_for_url("**/attempts/*/*")
        expect(page.locator("#clock")).to_have_text(re.compile(r"^0:0\d$"))
        expect(page.locator("#q1 input").nth(1)).to_be_checked()
        expect(page.locator("#q2 input").first).to_be_checked()
        page.wait_for_url("**/sheets/", timeout=ENOUGH)

        expect(page.locator(".rehearsal")).to_contain_text("nothing here counts")
        files = page.locator("input[type=file][multiple]")
        files.set_input_files([{"name": "page.jpg", "mimeType": "image/jpeg", "buffer": PHOTO}])
        expect(page.locator(".sheet__state")).to_contain_text("Safe with us", timeout=ENOUGH)
        for chip, pressed in zip(page.locator(".sheet__tags button").all(), ("true", "false"), strict=True):
            if chip.get_attribute("aria-pressed") != pressed:
                chip.click()
        page.locator("#missing-chips button").click()
        expect(page.locator("#hand-in")).to_have_attribute("aria-disabled", "false")
        page.locator("#hand-in").click()
        page.wait_for_url("**/rehearsals/*/")

        expect(page.locator(".rhead")).to_contain_text("Submitted by the clock")
        page.locator("#q4 summary").click()
        expect(page.locator("#q4")).to_contain_text("Your page 1")
        page.locator("#q5a summary").click()
        expect(page.locator("#q5a")).to_contain_text("Ticked as not attempted.")
        assert (violations(page), sideways(page)) == ([], 0)
        page.get_by_role("button", name="Rehearse again").click()
        page.wait_for_url("**/attempts/*/*")
        page.wait_for_load_state("networkidle")
        expect(page.locator("#q1 input").nth(1)).not_to_be_checked()
        assert visit.problems == []
    rows = Attempt.objects.filter(exam__rehearses=exam, student=site.world.cast.teacher).order_by("id")
    states = site.ask(lambda: list(rows.values_list("state", flat=True)))
    assert states == ["handed_in", "handed_in", "in_progress"]
    answers = Response.objects.filter(attempt__in=rows, answer__choices=["B"]).count
    assert site.ask(answers) == 2  # the one of before, and this

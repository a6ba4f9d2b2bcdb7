"""Checking answers in Chromium on a phone: by hand and by key, with what is said, offline, and closed for good."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from assessments.enums import Behaviour
from assessments.models import Attempt, Response, Try
from assessments.services.attempts import start_attempt
from tests import factories
from tests.browser import Site, Visit
from tests.test_axe import sideways, violations

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def sitting(site: Site, behaviour: str, rows: Any = factories.ALL_TYPES_PAPER) -> Attempt:
    def make() -> Attempt:
        cast = site.world.cast
        paper = factories.small_paper(rows, "Checked")
        exam = factories.ExamFactory(paper=paper, for_cohorts=[cast.cohort], behaviour=behaviour)
        return start_attempt(exam=exam, student=cast.student, now=timezone.now())

    return site.ask(make)


def opened(visit: Visit, attempt: Attempt) -> Page:
    visit.page.goto(f"/attempts/{attempt.pk}/", wait_until="networkidle")
    return visit.page


def test_an_immediate_exam_on_a_phone(site: Site) -> None:
    attempt = sitting(site, Behaviour.IMMEDIATE)
    with site.visit("student", width=390, axe=True) as visit:
        page = opened(visit, attempt)
        first, said = page.locator("#q1"), page.locator("#q1 [data-said]")
        check = first.get_by_role("button", name="Check")
        expect(said).to_have_text("3 tries left.")
        check.click()
        expect(said).to_have_text("Answer the question first; nothing was checked.")
        first.locator("input[value=false]").check(force=True)
        check.click()
        expect(said).to_have_text("Not right. 2 tries left.")
        # Nothing is lost without a connection, and asking again costs no try.
        visit.context.set_offline(True)
        check.click()
        expect(said).to_contain_text("No connection: nothing was checked.")
        visit.context.set_offline(False)
        check.click()
        expect(said).to_have_text("Not right. 2 tries left.")
        assert violations(page) == []
        assert sideways(page) <= 0
        first.locator("input[value=true]").check(force=True)
        check.click()
        expect(said).to_contain_text("Right. ½ of 1 counts.")
        expect(check).to_be_hidden()
        expect(first.locator("input[value=false]")).to_be_disabled()
        expect(said).to_be_focused()
        assert violations(page) == []
        page.locator("#clear").click()
        expect(first.locator("input[value=true]")).to_be_checked()
        # By keyboard: Enter in a field checks that question, and does not submit the exam.
        page.keyboard.press("n")
        page.keyboard.press("n")
        page.locator("#q3 input:visible").fill("9")
        page.keyboard.press("Enter")
        expect(page.locator("#q3 [data-said]")).to_have_text("Not right. 2 tries left.")
        page.reload(wait_until="networkidle")
        expect(page.locator("#q3 [data-said]")).to_have_text("Not right. 2 tries left.")
        expect(page.locator("#q1 [data-fields]")).to_have_attribute("disabled", "")
        visit.problems[:] = [one for one in visit.problems if "ERR_INTERNET_DISCONNECTED" not in one]
        assert visit.problems == []
    tries = site.ask(lambda: list(Try.objects.filter(attempt=attempt).values_list("question__number", "is_correct")))
    assert sorted(tries) == [(1, False), (1, True), (3, False)]


def test_a_question_closed_in_another_tab_settles_here(site: Site) -> None:
    attempt = sitting(site, Behaviour.IMMEDIATE)
    with site.visit("student") as visit:
        page = opened(visit, attempt)
        other = visit.context.new_page()
        other.goto(page.url, wait_until="load")
        other.get_by_role("button", name="Write here instead").click()
        other.locator("#q1 input[value=true]").check(force=True)
        other.locator("#q1 [data-check]").click()
        expect(other.locator("#q1 [data-fields]")).to_have_attribute("disabled", "")
        page.bring_to_front()
        page.get_by_role("button", name="Write here instead").click()
        page.locator("#q1 input[value=false]").check(force=True)
        expect(page.locator("#q1 [data-fields]")).to_have_attribute("disabled", "")
        expect(page.locator("#q1 input[value=true]")).to_be_checked()
        expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
        expect(page.locator(".toast")).to_contain_text("can no longer change")
    stored = site.ask(lambda: Response.objects.get(attempt=attempt, question__number=1))
    assert stored.answer == {"choices": ["true"]}


def test_certainty_is_saved_with_the_answer(site: Site) -> None:
    attempt = sitting(site, Behaviour.CERTAINTY, [("A", 1, "", "numeric", "1", ())])
    with site.visit("student", width=390, axe=True) as visit:
        page = opened(visit, attempt)
        page.locator("#q1 input:visible").first.fill("3.5")
        page.get_by_label("Certain", exact=False).last.check(force=True)
        expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
        assert violations(page) == []
        assert sideways(page) <= 0
        page.reload(wait_until="networkidle")
        expect(page.locator("[data-certainty][value='3']")).to_be_checked()
        expect(page.locator("#q1 input").nth(1)).to_have_value("3.5")
        assert visit.problems == []
    stored = site.ask(lambda: Response.objects.get(attempt=attempt))
    assert (stored.answer, stored.certainty) == ({"value": "3.5"}, 3)

"""In Chromium: one tab and one device writes at a time, and the exam page is there without a network."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from assessments.enums import AttemptState, SubmitReason
from assessments.models import Attempt
from assessments.tests.test_outbox_in_browser import HOUR, choose, state
from assessments.tests.test_scripts_in_browser import answer, open_exam
from tests.browser import Site, Visit

pytestmark = [pytest.mark.slow, pytest.mark.browser]

COPY = "'kept' in document.getElementById('exam').dataset"
# What the device holds of the answers, behind every write that the page has begun.
DEVICE = """async () => {
  const open = indexedDB.open("abhyas-answers", 1);
  await new Promise((done) => { open.onsuccess = done; });
  const all = open.result.transaction("answers").objectStore("answers").getAll();
  await new Promise((done) => { all.onsuccess = done; });
  open.result.close();
  return all.result;
}"""
KEPT = "async (path) => !!(await caches.match(path, { ignoreVary: true }))"


def reads_only(page: Page, where: str) -> None:
    note = page.locator("#elsewhere")
    expect(note).to_contain_text(f"You write this exam {where}. Here you can only read it.")
    expect(page.locator("#q1 input").first).to_be_disabled()
    expect(page.locator("#finish")).to_be_disabled()


def writes(page: Page) -> None:
    expect(page.locator("#elsewhere")).to_be_hidden()
    expect(page.locator("#q1 input").first).to_be_enabled()
    expect(page.locator("#finish")).to_be_enabled()


def write_here(page: Page) -> None:
    page.get_by_role("button", name="Write here instead").click()
    writes(page)


def test_one_tab_writes_and_another_may_take_over_with_what_was_written(site: Site) -> None:
    with site.visit("student") as visit:
        first, second = open_exam(site, visit), visit.context.new_page()
        second.goto(f"/attempts/{site.world.live.pk}/", wait_until="load")
        reads_only(second, "in another tab")
        writes(first)
        # What is chosen in the one is seen in the other, also when the server has not got it.
        first.route("**/responses/**", lambda route: route.abort())
        choose(first, 1, 1)
        expect(second.locator("#q1 input").nth(1)).to_be_checked()
        write_here(second)
        reads_only(first, "in another tab")
        # What the first could not send, the second does.
        for _ in range(100):
            if answer(site, 1):
                break
            second.wait_for_timeout(100)
        assert answer(site, 1).answer == {"choices": ["B"]}
        choose(second, 1, 3)
        state(second, "saved")
        assert answer(site, 1).answer == {"choices": ["D"]}
        # Whoever is left writes.
        second.close()
        writes(first)
        expect(first.locator("#q1 input").nth(3)).to_be_checked()


def test_one_device_writes_and_another_may_take_over(site: Site) -> None:
    def device(visit: Visit) -> Page:
        page = open_exam(site, visit)
        expect(page.locator("#exam")).to_have_attribute("data-live", "1")
        return page

    def writer() -> Any:
        return site.ask(lambda: Attempt.objects.get(pk=site.world.live.pk).writer)

    with site.visit("student") as at_home, site.visit("student") as on_the_way:
        with at_home.page.expect_response("**/events/"):
            first = device(at_home)
        told = writer()
        assert told is not None
        second = device(on_the_way)
        reads_only(second, "on another device")
        writes(first)
        choose(first, 1, 1)
        state(first, "saved")
        with on_the_way.page.expect_response("**/events/"):
            write_here(second)
        assert writer() not in (None, told)
        # It shows what was written on the other, which hears of it with its next answer: that one is not lost.
        expect(second.locator("#q1 input").nth(1)).to_be_checked()
        choose(first, 2, 0)
        reads_only(first, "on another device")
        assert answer(site, 2).answer != {}
        choose(second, 1, 2)
        state(second, "saved")
        assert answer(site, 1).answer == {"choices": ["C"]}


def kept(page: Page, path: str) -> None:
    for _ in range(300):
        if page.evaluate(KEPT, path) and page.evaluate("!!navigator.serviceWorker.controller"):
            return
        page.wait_for_timeout(100)
    raise AssertionError("the page was not kept")


def test_a_kept_page_says_what_came_too_late_when_the_network_is_back(site: Site) -> None:
    path = f"/attempts/{site.world.live.pk}/"
    ended = {"state": AttemptState.SUBMITTED, "submit_reason": SubmitReason.TIME_UP, "submitted_at": timezone.now()}
    with site.visit("student", keeps=True) as visit:
        page = open_exam(site, visit)
        kept(page, path)
        visit.context.set_offline(True)
        page.reload(wait_until="load")
        expect(page.locator("#exam")).to_have_attribute("data-live", "1")
        writes(page)
        choose(page, 1, 2)
        state(page, "kept")
        site.ask(lambda: Attempt.objects.filter(pk=site.world.live.pk).update(**ended))
        visit.context.set_offline(False)
        expect(page.locator("#late")).to_contain_text("Time is up. What was saved before counts.")
        expect(page.locator("#late")).to_contain_text("questions 1.")


def test_exam_opens_without_a_network_and_what_is_answered_arrives(site: Site) -> None:
    path = f"/attempts/{site.world.live.pk}/"
    with site.visit("student", keeps=True) as visit:
        page = open_exam(site, visit)
        choose(page, 2, 0)
        state(page, "saved")
        kept(page, path)
        # The device's clock jumps an hour while the page is not open.
        visit.context.add_init_script(f"{{ const now = Date.now; Date.now = () => now() + {HOUR}; }}")
        visit.context.set_offline(True)
        page.reload(wait_until="load")
        expect(page.locator("#exam")).to_have_attribute("data-live", "1")
        assert page.evaluate(COPY) is True
        writes(page)
        assert page.evaluate("getComputedStyle(document.querySelector('.exam')).display") == "grid"
        choose(page, 1, 2)
        state(page, "kept")
        # A script that is not ours is as forbidden on the kept page as on the sent one.
        page.evaluate("document.head.append(Object.assign(document.createElement('script'), {text: 'window.bad = 1'}))")
        assert page.evaluate("window.bad") is None
        visit.context.set_offline(False)
        state(page, "saved")
        assert answer(site, 1).answer == {"choices": ["C"]}
        assert abs(answer(site, 1).seq - time.time() * 1000) < 60_000
        assert page.evaluate(DEVICE) == []
        # Answered while the copy lay there: the page catches up.
        expect(page.locator("#q2 input").first).to_be_checked()
        # With a network the server's page is shown, and submitting lets the copy go.
        page.reload(wait_until="load")
        assert page.evaluate(COPY) is False
        expect(page.locator("#q1 input").nth(2)).to_have_attribute("checked", "")
        kept(page, path)
        page.locator("#finish").click()
        page.locator("#submit-now").click()
        page.wait_for_url("**/sheets/")
        assert page.evaluate(KEPT, path) is False


def test_a_later_choice_takes_the_place_of_one_numbered_by_a_clock_ahead(site: Site) -> None:
    path = f"/attempts/{site.world.live.pk}/"
    with site.visit("student", keeps=True) as visit:
        page = open_exam(site, visit)
        kept(page, path)
        visit.context.add_init_script(f"{{ const now = Date.now; Date.now = () => now() + {HOUR}; }}")
        visit.context.set_offline(True)
        page.reload(wait_until="load")
        writes(page)
        choose(page, 1, 2)
        state(page, "kept")
        assert page.evaluate(DEVICE)[0]["seq"] > time.time() * 1000 + HOUR / 2
        # The server says what time it is, but the answer does not get through; then the student thinks again.
        page.route("**/responses/**", lambda route: route.abort())
        with page.expect_response("**/clock/"):
            visit.context.set_offline(False)
        choose(page, 1, 0)
        state(page, "kept")
        (held,) = page.evaluate(DEVICE)
        assert held["answer"] == {"choices": ["A"]}
        assert abs(held["seq"] - time.time() * 1000) < 60_000
        page.close()
        again = visit.context.new_page()
        again.goto(path, wait_until="load")
        for _ in range(100):
            if not again.evaluate(DEVICE):
                break
            again.wait_for_timeout(100)
        assert again.evaluate(DEVICE) == []
        assert answer(site, 1).answer == {"choices": ["A"]}


def test_kept_page_goes_with_signing_out(site: Site) -> None:
    path = f"/attempts/{site.world.live.pk}/"
    with site.visit("student", keeps=True) as visit:
        page = open_exam(site, visit)
        kept(page, path)
        page.goto("/exams/")
        page.locator("form[action$='/logout/'] button").last.evaluate("button => button.click()")
        page.wait_for_url(lambda url: "/exams/" not in url)
        assert page.evaluate(KEPT, path) is False

"""The exam page's answers in Chromium, when what stands between the page and the server fails: nothing is lost, the
later choice stands, and what came too late is said."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Error, Page, expect

from assessments.enums import AttemptState
from assessments.models import Attempt
from assessments.tests.test_scripts_in_browser import (
    ANSWERS,
    answer,
    left_after_a_while,
    open_exam,
    stored,
)
from tests.browser import Site

pytestmark = [pytest.mark.slow, pytest.mark.browser]

HOUR = 3_600_000
PORTAL = {"content_type": "text/html", "body": "<h1>Sign in to the Wi-Fi</h1>"}
STRANGERS: dict[str, dict[str, Any]] = {
    "a portal's page": {"status": 200, **PORTAL},
    "a proxy's refusal": {"status": 422, **PORTAL},
    "a portal's redirect": {"status": 401, **PORTAL},
    "JSON of somebody": {"status": 200, "content_type": "application/json", "body": '{"status": "ok"}'},
    "a refusal of somebody": {"status": 422, "content_type": "application/json", "body": '{"detail": "No."}'},
    "half a receipt": {"status": 200, "content_type": "application/json", "body": '{"seq": 1, "applied'},
    "a receipt of another": {
        "status": 200,
        "content_type": "application/json",
        "body": '{"question": "00000000-0000-0000-0000-000000000000", "seq": 9, "applied": true}',
    },
}


def choose(page: Page, number: int, option: int) -> None:
    page.evaluate("number => document.querySelector(`[data-go='${number}']`).click()", number)
    page.locator(f"#q{number} input").nth(option).check(force=True)


def state(page: Page, value: str) -> None:
    expect(page.locator("#saved")).to_have_attribute("data-state", value)


@pytest.mark.parametrize("stranger", STRANGERS)
def test_only_our_own_reply_is_a_receipt_or_a_refusal(site: Site, stranger: str) -> None:
    with site.visit("student") as visit:
        page = open_exam(site, visit)
        page.route("**/responses/**", lambda route: route.fulfill(**STRANGERS[stranger]))
        choose(page, 1, 1)
        state(page, "kept")
        assert stored(page, ANSWERS) == 1
        expect(page.locator(".toast")).to_have_count(0)
        expect(page.locator("#signed-out")).to_be_hidden()
        page.unroute("**/responses/**")
        state(page, "saved")
        assert answer(site, 1).answer == {"choices": ["B"]}
        assert left_after_a_while(page, ANSWERS) == 0


def test_our_refusal_of_one_answer_is_said_and_does_not_hold_up_the_others(site: Site) -> None:
    with site.visit("student") as visit:
        page = open_exam(site, visit)
        # What a numeric field cannot say, by a hand that is not the page's.
        page.evaluate("document.querySelector('#q3 input').removeAttribute('maxlength')")
        page.locator("#q3 input").evaluate("(el) => { el.value = 'x'.repeat(5000); }")
        page.locator("#q3 input").evaluate("(el) => el.dispatchEvent(new Event('input', { bubbles: true }))")
        choose(page, 1, 1)
        expect(page.locator(".toast--error")).to_be_visible()
        state(page, "saved")
        assert answer(site, 1).answer == {"choices": ["B"]}
        assert left_after_a_while(page, ANSWERS) == 0


def test_what_is_typed_is_on_the_device_before_it_is_sent(site: Site) -> None:
    with site.visit("student") as visit:
        page = open_exam(site, visit)
        sent: list[str] = []
        page.on("request", lambda request: "/responses/" in request.url and sent.append(request.url))
        page.evaluate("document.querySelector(\"[data-go='3']\").click()")
        page.locator("#q3 input").focus()
        page.keyboard.type("3.5")
        assert (stored(page, ANSWERS), sent) == (1, [])
        page.route("**/responses/**", lambda route: route.abort())
        with pytest.raises(Error):
            page.goto("chrome://crash")
        after = visit.context.new_page()
        after.goto(f"/attempts/{site.world.live.pk}/", wait_until="load")
        expect(after.locator("#q3 input")).to_have_value("3.5")
        state(after, "saved")
        assert answer(site, 3).answer == {"value": "3.5"}


def test_the_later_choice_stands_whichever_device_sends_first(site: Site) -> None:
    with site.visit("student") as first, site.visit("student") as second:
        # The first device's own clock is an hour ahead.
        first.page.add_init_script(f"{{ const now = Date.now; Date.now = () => now() + {HOUR}; }}")
        # Neither has heard of the other, as without a network.
        first.page.route("**/events/", lambda route: route.abort())
        second.page.route("**/events/", lambda route: route.abort())
        early, late = open_exam(site, first), open_exam(site, second)
        early.route("**/responses/**", lambda route: route.abort())
        choose(early, 1, 0)
        state(early, "kept")
        choose(late, 1, 2)
        state(late, "saved")
        early.unroute("**/responses/**")
        state(early, "saved")
        assert answer(site, 1).answer == {"choices": ["C"]}
        assert abs(answer(site, 1).seq - time.time() * 1000) < 60_000
        # The first device says so, shows what stands, and can still change it.
        expect(early.locator(".toast")).to_contain_text("Question 1: the later answer")
        expect(early.locator("#q1 input:checked")).to_have_value("C")
        choose(early, 1, 3)
        state(early, "saved")
        assert answer(site, 1).answer == {"choices": ["D"]}


def test_answer_that_came_too_late_is_kept_and_said_and_counts_when_time_is_given_back(site: Site) -> None:
    attempt = site.world.live

    def change(**values: Any) -> None:
        site.ask(lambda: Attempt.objects.filter(pk=attempt.pk).update(**values))

    with site.visit("student") as visit:
        page = open_exam(site, visit)
        change(ends_at=timezone.now() - timedelta(minutes=1))
        choose(page, 1, 1)
        late = page.locator("#late")
        expect(late).to_be_visible()
        expect(late).to_contain_text("Time is up. What was saved before counts.")
        expect(late).to_contain_text("questions 1.")
        assert stored(page, ANSWERS) == 1
        late.get_by_role("button").click()
        page.wait_for_url("**/sheets/")
        # The next page still says so, and still has it.
        expect(page.locator("#late")).to_contain_text("Time is up. What was saved before counts.")
        expect(page.locator("#late")).to_contain_text("questions 1.")
        assert stored(page, ANSWERS) == 1
        change(ends_at=timezone.now() + timedelta(minutes=9), state=AttemptState.IN_PROGRESS, submit_reason="")
        open_exam(site, visit)
        state(page, "saved")
        expect(page.locator("#q1 input").nth(1)).to_be_checked()
        assert answer(site, 1).answer == {"choices": ["B"]}
        assert left_after_a_while(page, ANSWERS) == 0


def test_answer_whose_receipt_was_lost_is_not_called_late(site: Site) -> None:
    with site.visit("student") as visit:
        page = open_exam(site, visit)

        def swallow(route: Any) -> None:
            route.fetch()
            route.abort()

        page.route("**/responses/**", swallow)
        choose(page, 1, 1)
        state(page, "kept")
        site.ask(
            lambda: Attempt.objects.filter(pk=site.world.live.pk).update(ends_at=timezone.now() - timedelta(minutes=1))
        )
        page.unroute("**/responses/**")
        # The receipt comes, and the page goes on to what follows the end, in either order.
        page.wait_for_url("**/sheets/")
        expect(page.locator("#late")).to_be_hidden()
        assert left_after_a_while(page, ANSWERS) == 0

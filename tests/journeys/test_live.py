"""A teacher's page is open, and what happens elsewhere appears on it: handed in over the API, assigned by the worker,
told by the web process; also over a restart of the web process, which an open stream does not hold up."""

from __future__ import annotations

import json
import signal
import time
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.client import Person, Sheet, photo, upload
from tests.journeys.stack import Stack
from tests.journeys.test_browser_journey import Visitor, browser

__all__ = ["browser"]
pytestmark = [pytest.mark.slow, pytest.mark.browser]
PATIENCE = 60_000  # ms
#: Notes when the page's list had a row, in milliseconds of this machine's clock.
WATCH = """() => { new MutationObserver(() => {
  if (!window.rowAt && document.querySelector('#queue tbody tr')) window.rowAt = Date.now();
}).observe(document.body, { childList: true, subtree: true }); }"""
TELL = """
import sys, django; django.setup()
from django.utils import timezone
from accounts.models import User
from notifications.services.inbox import News, notify_many
person = User.objects.get(email=sys.argv[1])
news = News(user_id=person.pk, kind="paper_reminder", cause="live", title="Said meanwhile", url="/marking/")
notify_many([news], now=timezone.now())
"""


def test_open_page_shows_what_happens_elsewhere(stack: Stack, browser: Browser) -> None:
    world = stack.make_world()
    email = world["teachers"][0]
    teacher = Visitor(browser, stack, "teacher")
    page = teacher.page
    teacher.sign_in(email, world["password"])
    with page.expect_response("**/live/**") as opened:
        page.goto("/marking/")
    assert opened.value.headers["content-type"] == "text/event-stream; charset=utf-8"
    expect(page.locator("#queue tbody tr")).to_have_count(0)
    page.evaluate(WATCH)
    news = teacher.context.new_page()
    news.goto("/notifications/")
    expect(news.locator("#inbox")).to_contain_text("Nothing new")
    page.bring_to_front()

    attempt = hand_in(stack, world)
    expect(page.locator("#queue tbody tr")).to_have_count(1, timeout=PATIENCE)
    toast = page.locator(".toast").get_by_role("link")
    expect(toast).to_be_visible()
    expect(page.locator(".rail [data-unread]")).to_contain_text("1")
    expect(news.locator("#inbox li")).to_have_count(1)
    told = next(
        n for n in stack.facts(world)["attempts"][world["students"][0]]["notifications"] if n["user__email"] == email
    )
    delay = page.evaluate("window.rowAt") / 1000 - datetime.fromisoformat(told["created_at"]).timestamp()
    print(f"{stack.kind:9} paper {attempt[:8]} assigned, in the open page after {delay:.2f} s")
    assert delay < 20

    began = time.monotonic()
    stack.kill("web", signal.SIGTERM)
    assert time.monotonic() - began < 8, "an open stream held up the stop"
    stack.run("-c", TELL, email)
    stack.restart("web")
    expect(page.locator(".toast").filter(has_text="Said meanwhile")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".rail [data-unread]")).to_contain_text("2")
    problems = [problem for problem in teacher.problems if "/live/" not in problem and "ERR_" not in problem]
    assert not problems, json.dumps(problems, indent=1)


def hand_in(stack: Stack, world: dict[str, Any]) -> str:
    """A paper of one photographed page."""
    student = Person.sign_in(stack.url, world["students"][0], world["password"])
    attempt: str = student.ok("POST", f"exams/{world['exam']}/attempts/")["id"]
    student.ok("POST", f"attempts/{attempt}/submit/")
    sheet = Sheet(photo(1), "image/jpeg", 1)
    upload(student, attempt, sheet)
    pages = {sheet.client_id: [4, 5]}
    student.ok("POST", f"attempts/{attempt}/sheets/confirm/", {"pages": pages, "not_attempted": []})
    return attempt

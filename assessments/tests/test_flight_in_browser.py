"""The flight record in Chromium: outages, the page in front and pasting reach the server with their times; more time
given meanwhile stands on the open page and is said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from assessments.models import Accommodation, Attempt, AttemptEvent
from assessments.services.accommodations import save_accommodation
from assessments.services.attempt_care import extend_attempt
from tests.browser import Site, Visit

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def opened(site: Site, visit: Visit) -> Page:
    visit.page.goto(f"/attempts/{site.world.live.pk}/", wait_until="load")
    expect(visit.page.locator("#exam")).to_have_attribute("data-live", "1")
    return visit.page


def lines(site: Site, kind: str) -> list[Any]:
    return site.ask(lambda: list(AttemptEvent.objects.filter(attempt=site.world.live, kind=kind).order_by("id")))


def heard(site: Site, page: Page, kind: str, count: int = 1) -> list[Any]:
    """The lines of `kind` once the page has told `count` of them."""
    for _ in range(150):
        if len(found := lines(site, kind)) >= count:
            return found
        page.wait_for_timeout(100)
    raise AssertionError(f"{kind}: {len(found)} of {count}")


def answer(page: Page, number: int, option: int) -> None:
    page.locator(f"#q{number} input").nth(option).check(force=True)


def test_outage_is_measured_kept_and_told_when_it_is_over(site: Site) -> None:
    with site.visit("student") as visit:
        page = opened(site, visit)
        (first,) = heard(site, page, "opened")
        assert first.data["form"] == "computer"
        assert abs(first.data["skew_ms"]) < 5000
        visit.context.set_offline(True)
        answer(page, 1, 1)
        expect(page.locator("#saved")).to_have_attribute("data-state", "kept")
        page.wait_for_timeout(1500)
        visit.context.set_offline(False)
        expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
        (spell,) = heard(site, page, "offline")
        assert 1000 <= spell.ms <= 15_000
        assert spell.device == first.device
        (saved,) = heard(site, page, "answer")
        assert saved.device == first.device
        assert saved.at >= spell.began_at + timedelta(milliseconds=1000)


def test_what_was_not_told_waits_on_the_device(site: Site) -> None:
    with site.visit("student") as visit:
        page = opened(site, visit)
        heard(site, page, "opened")
        page.route("**/events/", lambda route: route.abort())
        page.evaluate("""() => {
            const field = document.querySelector("#q3 input"), data = new DataTransfer();
            data.setData("text/plain", "3.5");
            field.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, clipboardData: data }));
        }""")
        page.wait_for_timeout(5000)
        assert not lines(site, "paste")
        page.unroute("**/events/")
        opened(site, visit)
        (paste,) = heard(site, page, "paste")
        assert paste.data == {"characters": 3}
        assert paste.question is not None


def test_second_tab_is_a_fact(site: Site) -> None:
    with site.visit("student") as visit:
        page = opened(site, visit)
        other = visit.context.new_page()
        other.goto(f"/attempts/{site.world.live.pk}/", wait_until="load")
        heard(site, page, "second_tab")
        both = heard(site, page, "opened", 2)
        assert len({line.device for line in both}) == 1


def more_time(site: Site, page: Page, give: Any, minutes: int) -> None:
    """`give` extra time; the next save brings it to the page, which says it."""
    before = site.ask(lambda: Attempt.objects.get(pk=site.world.live.pk).ends_at)
    left = "() => document.getElementById('clock').textContent"
    shown = page.evaluate(left)
    site.ask(give)
    ends_at = site.ask(lambda: Attempt.objects.get(pk=site.world.live.pk).ends_at)
    assert ends_at == before + timedelta(minutes=minutes)
    answer(page, 1, 1)
    toast = page.locator("#toasts .toast")
    expect(toast).to_contain_text(f"You have been given {minutes} more minutes.")
    assert page.evaluate(left) != shown
    seconds = page.evaluate(
        "() => document.getElementById('clock').textContent.split(':').reduce((s, n) => s * 60 + +n, 0)"
    )
    assert abs(seconds - (ends_at - timezone.now()).total_seconds()) < 5


def test_extension_stands_on_the_open_page_with_the_next_save(site: Site) -> None:
    live, staff = site.world.live, site.world.cast.staff
    with site.visit("student") as visit:
        page = opened(site, visit)
        more_time(site, page, lambda: extend_attempt(attempt=live, minutes=15, actor=staff, now=timezone.now()), 15)
        assert visit.problems == []


def test_accommodation_granted_while_writing_stands_on_the_open_page(site: Site) -> None:
    cast = site.world.cast

    def grant() -> None:
        minutes = site.world.live.exam.duration_minutes
        assert minutes % 4 == 0
        row = Accommodation(
            student=cast.student, extra_time_percent=25, starts_on=timezone.localdate(), reason="Broken wrist"
        )
        save_accommodation(accommodation=row, actor=cast.staff, now=timezone.now())

    with site.visit("student") as visit:
        page = opened(site, visit)
        more_time(site, page, grant, site.world.live.exam.duration_minutes // 4)


def test_page_without_saves_learns_of_more_time_by_asking(site: Site) -> None:
    live, staff = site.world.live, site.world.cast.staff
    with site.visit("student") as visit:
        visit.page.clock.install()
        page = opened(site, visit)
        site.ask(lambda: extend_attempt(attempt=live, minutes=20, actor=staff, now=timezone.now()))
        page.clock.fast_forward(70_000)
        expect(page.locator("#toasts .toast")).to_contain_text("20 more minutes")

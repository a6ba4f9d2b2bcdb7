"""Sessions that end, quick keys and second tabs on the forms of blueprints, papers and files: nothing typed is lost."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from playwright.sync_api import Page, expect

from assessments.models import Blueprint, Exam, Paper
from assessments.services.paper_drafts import draw_draft, freeze_draft
from tests.browser import Site
from tests.test_unfinished_question import sign_in_again, sign_out

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def sign_in_by_hand(page: Page, email: str) -> None:
    page.locator("[name=login]").fill(email)
    page.locator("[name=password]").fill("a long enough pass phrase")
    page.keyboard.press("Enter")


def own_blueprint(site: Site) -> Blueprint:
    return site.ask(lambda: Blueprint.objects.get(author=site.world.cast.teacher))


def frozen_paper(site: Site) -> Paper:
    teacher, now = site.world.cast.teacher, site.world.now
    teacher.set_password("a long enough pass phrase")
    teacher.save()
    EmailAddress.objects.update_or_create(
        user=teacher, email=teacher.email, defaults={"verified": True, "primary": True}
    )
    blueprint = Blueprint.objects.get(author=teacher)
    draft = draw_draft(blueprint=blueprint, seed=1, actor=teacher, now=now)
    return freeze_draft(draft=draft, title="Mock 7", actor=teacher, now=now)


def test_a_form_sent_after_the_session_ended_is_there_again(site: Site) -> None:
    paper = site.ask(frozen_paper, site=site)
    email = site.world.cast.teacher.email
    with site.visit("teacher") as visit:
        page = visit.page
        # Another password ended the session that the visit came with.
        page.goto(f"/papers/{paper.pk}/", wait_until="load")
        sign_in_by_hand(page, email)
        form = page.locator("#set-form")
        form.locator("[name=title]").fill("Typed with care")
        form.locator("[name=duration_minutes]").fill("55")
        form.locator("[name=cohorts]").first.check()
        sign_out(visit.context)
        form.locator("button").last.click()
        sign_in_by_hand(page, email)
        expect(form.locator("[name=title]")).to_have_value("Typed with care")
        expect(form.locator("[name=duration_minutes]")).to_have_value("55")
        expect(form.locator("[name=cohorts]").first).to_be_checked()
        expect(page.locator("#toasts")).to_contain_text("What you typed is here again.")
        form.locator("button").last.click()
        expect(page.locator("#toasts")).to_contain_text("Typed with care is set.")
        # Sent is sent: the next visit begins anew.
        expect(form.locator("[name=title]")).not_to_have_value("Typed with care")
    assert site.ask(lambda: Exam.objects.filter(title="Typed with care", duration_minutes=55).count()) == 1


def test_a_part_asked_for_after_the_session_ended_leaves_the_page(site: Site) -> None:
    blueprint = own_blueprint(site)
    with site.visit("teacher") as visit:
        page = visit.page
        page.goto(f"/blueprints/{blueprint.pk}/edit/", wait_until="networkidle")
        page.locator("#name").fill("Typed while signed out")
        sign_out(visit.context)
        page.locator("[data-add]").first.click()
        expect(page.locator("#toasts")).to_contain_text("You are signed out.")
        expect(page.locator("#name")).to_have_value("Typed while signed out")
        sign_in_again(site, visit)
        page.locator("[data-add]").first.click()
        expect(page.locator("[data-run]")).to_have_count(3)
        expect(page.locator("#name")).to_have_value("Typed while signed out")


def test_keys_pressed_quickly_act_one_after_the_other(site: Site) -> None:
    blueprint = own_blueprint(site)
    with site.visit("teacher") as visit:
        page, keys = visit.page, visit.page.keyboard
        page.goto(f"/blueprints/{blueprint.pk}/edit/", wait_until="networkidle")
        runs = page.locator("[data-run]")
        page.locator("#r-0-0-count").focus()
        for _turn in range(5):
            keys.press("Alt+c")
        expect(runs).to_have_count(7)
        for _turn in range(3):
            keys.press("Alt+Backspace")
        expect(runs).to_have_count(4)
        # The same row moves on, whichever name it has by then.
        page.locator("#r-0-0-count").fill("9")
        keys.press("Alt+ArrowDown")
        keys.press("Alt+ArrowDown")
        keys.press("Control+Enter")
        expect(page.locator("#problems")).to_be_visible()
        expect(page.locator("#r-0-2-count")).to_have_value("9")


def test_two_tabs_on_a_blueprint_are_said_and_both_kept(site: Site) -> None:
    blueprint = own_blueprint(site)
    with site.visit("teacher") as visit:
        first, second = visit.page, visit.context.new_page()
        for tab, name in ((first, "First"), (second, "Second")):
            tab.goto(f"/blueprints/{blueprint.pk}/edit/", wait_until="networkidle")
            tab.locator("#name").fill(name)
        first.keyboard.press("Control+Enter")
        expect(first.locator("h1")).to_have_text("First")
        second.keyboard.press("Control+Enter")
        expect(second.locator("#problems")).to_contain_text("changed elsewhere")
        expect(second.locator("#problems")).to_be_focused()
        second.get_by_role("button", name="Keep mine as a copy").click()
        expect(second.locator("h1")).to_have_text("Second")
    assert site.ask(lambda: Blueprint.objects.filter(name__in=["First", "Second"]).count()) == 2

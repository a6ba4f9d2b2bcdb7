"""No accessibility violation that axe-core finds on the pages of the back office that are our own, phone and desktop,
light and dark, and they never scroll sideways.

The frame around them is unfold's: it has no main landmark, and its lists have two scrolling regions of one name. Those
three rules are left out; everything else is asked of the whole page.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from evaluations.models import WorkingCalendar
from tests.browser import Site
from tests.test_axe import COLOURS, hold_still, sideways, violations

pytestmark = [pytest.mark.slow, pytest.mark.browser]
FRAME = {"rules": {name: {"enabled": False} for name in ("landmark-one-main", "landmark-unique", "region")}}
ADDRESSES = [
    ("admin:index", ()),
    ("admin:evaluations_compliance", ()),
    ("admin:evaluations_agreement", ()),
    ("admin:evaluations_leave", ()),
    ("admin:evaluations_costs", ()),
    ("admin:evaluations_import_bundle", ()),
    ("admin:evaluations_leave_change", ("{leave}",)),
    ("admin:evaluations_calendar_year", ("{calendar}", "2026")),
    ("admin:evaluations_evaluation_changelist", ()),
    ("admin:evaluations_evaluation_change", ("{marking}",)),
    ("admin:evaluations_slabreach_changelist", ()),
    ("admin:evaluations_bankcomment_add", ()),
    ("admin:correct_key", ("{version}",)),
    ("admin:attempt_flight", ("{live}",)),
    ("admin:notifications_webhookendpoint_changelist", ()),
    ("admin:accounts_erasurerequest_changelist", ()),
    ("admin:accounts_retentionrule_changelist", ()),
]


def shown(page: Page, ids: dict[str, Any]) -> Iterator[str]:
    """Opens one after the other and says which."""
    for name, arguments in ADDRESSES:
        answer = page.goto(reverse(name, args=[argument.format(**ids) for argument in arguments]), wait_until="load")
        assert answer is not None
        assert answer.status == 200, name
        yield name
    page.goto(reverse("admin:evaluations_calendar_year", args=[ids["calendar"], 2026]))
    page.locator("textarea").first.fill("2026-12-25 Christmas\nno day")
    page.get_by_role("button", name="Look").click()
    yield "holidays looked at"
    page.goto(reverse("admin:index"))
    page.get_by_role("button", name="Give the papers of Suresh Rao to others").click()
    page.locator("#id_reason").fill("Ill")
    yield "papers to give"
    page.get_by_role("button", name="Look").click()
    yield "papers looked at"


def more_ids(site: Site) -> dict[str, Any]:
    question = site.world.marking.attempt.paper.questions.get(number=1)
    return {"calendar": WorkingCalendar.objects.values_list("pk", flat=True)[0], "version": question.version_id}


@pytest.mark.parametrize("width", [390, 1440])
def test_pages_of_the_office_have_no_violation(site: Site, width: int) -> None:
    ids, wrong = site.ids | site.ask(more_ids, site=site), []
    with site.visit("staff", width=width, axe=True) as visit:
        for name in shown(visit.page, ids):
            hold_still(visit.page)
            wrong += [f"{name} light: {text}" for text in violations(visit.page, **FRAME)]
            visit.page.emulate_media(color_scheme="dark")
            wrong += [f"{name} dark: {text}" for text in violations(visit.page, **COLOURS)]
            visit.page.emulate_media(color_scheme="light")
            if pixels := sideways(visit.page):
                wrong.append(f"{name}: {pixels} px too wide")
        wrong += visit.problems
    assert not wrong, "\n".join(wrong)

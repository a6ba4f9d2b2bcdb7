"""An exam with every type of question by keyboard alone, from the first key to the result; axe on both pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from assessments.enums import AttemptState
from assessments.models import Attempt
from tests import factories
from tests.browser import Site, collected, site  # noqa: F401 - fixtures
from tests.test_axe import violations

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def begin(site: Site) -> Attempt:  # noqa: F811
    now = timezone.now()
    exam = factories.ExamFactory(
        title="All question types",
        paper=factories.small_paper(factories.ALL_TYPES_PAPER),
        opens_at=now - timedelta(days=1),
        for_cohorts=[site.world.cast.cohort],
    )
    # A student who is in no other exam now.
    return Attempt.objects.create(
        exam=exam,
        paper=exam.paper,
        student=site.world.cast.classmate,
        state=AttemptState.IN_PROGRESS,
        started_at=now,
        ends_at=now + timedelta(minutes=40),
        sheets_due_at=now + timedelta(minutes=45),
    )


def tab_to(page: Page, target: Locator) -> None:
    for _ in range(60):
        if target.evaluate("el => el === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {target}")


def next_question(page: Page, number: int) -> None:
    page.locator(f"#q{number}").focus()
    page.keyboard.press("n")
    expect(page.locator(f"#q{number + 1}")).to_be_visible()


def test_every_type_is_sat_by_keyboard_and_the_result_is_read(site: Site) -> None:  # noqa: F811
    attempt = site.ask(lambda: begin(site))
    with site.visit("classmate", axe=True) as visit:
        page, keys = visit.page, visit.page.keyboard
        page.goto(f"/attempts/{attempt.pk}/", wait_until="load")
        keys.press("2")
        keys.press("1")
        next_question(page, 1)
        keys.press("1")
        next_question(page, 2)
        for number, text in ((3, "3.5"), (4, "Bicuspid valve"), (5, "3+2x")):
            tab_to(page, page.locator(f"#q{number} input"))
            keys.type(text)
            if number == 5:
                expect(page.locator("#q5 .exam__read math")).to_be_visible()
                keys.type("+")
                expect(page.locator("#q5 .exam__read")).to_have_text("The end is unexpected.")
                keys.press("Backspace")
            next_question(page, number)
        tab_to(page, page.locator("#q6 select"))
        keys.type("has")
        expect(page.locator('[data-go="6"]')).to_have_attribute("data-state", "part")
        keys.press("Tab")
        keys.type("5")
        keys.press("Tab")
        keys.type("tale")
        expect(page.locator('[data-go="6"]')).to_have_attribute("data-state", "done")
        assert violations(page) == []
        next_question(page, 6)
        for part, label in (("1", "B"), ("2", "C")):
            box = page.locator(f'#q7 [data-part="{part}"]')
            tab_to(page, box)
            keys.type(box.locator(f'[value="{label}"]').inner_text()[0])
            expect(box).to_have_value(label)
        expect(page.locator('[data-go="7"]')).to_have_attribute("data-state", "part")
        next_question(page, 7)
        for place, label in enumerate("CADB"):
            item = page.locator(f'#q8 li[data-value="{label}"]')
            up = item.locator('[data-move="-1"]')
            tab_to(page, up)
            while page.locator("#q8 .exam__order li").nth(place).get_attribute("data-value") != label:
                keys.press("ArrowUp")
                expect(up).to_be_focused()
        shown = page.locator("#q8 .exam__order").inner_text()
        expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
        page.reload(wait_until="load")
        assert page.locator("#q8 .exam__order").inner_text() == shown
        expect(page.locator("#q8 [type=checkbox]")).to_be_checked()
        next_question(page, 8)
        tab_to(page, page.locator("#q9 [type=checkbox]"))
        keys.press("Space")
        expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
        page.locator("#finish").focus()
        keys.press("Enter")
        expect(page.locator("#confirm-body")).to_contain_text("Partly answered: 7")
        page.locator("#submit-now").focus()
        keys.press("Enter")
        page.wait_for_url("**/sheets/")
        assert visit.problems == []
        site.ask(lambda: Attempt.objects.filter(pk=attempt.pk).update(state="handed_in", handed_in_at=timezone.now()))
        page.goto(f"/results/{attempt.pk}/", wait_until="load")
        page.evaluate("document.querySelectorAll('details').forEach((el) => { el.open = true; })")
        for number, words in (
            (1, "your answer"),
            (4, "Bicuspid valve"),
            (6, "Right: 4"),
            (7, "1 / 1"),
            (8, "In the right order"),
        ):
            expect(page.locator(f"#q{number}")).to_contain_text(words)
        assert violations(page) == []
    answers = dict(site.ask(lambda: list(attempt.responses.values_list("question__number", "answer"))))
    assert answers == {
        1: {"choices": ["true"]},
        2: {"choices": ["A"]},
        3: {"value": "3.5"},
        4: {"text": "Bicuspid valve"},
        5: {"value": "3+2x"},
        6: {"blanks": {"1": "has", "2": "5", "3": "tale"}},
        7: {"pairs": {"1": "B", "2": "C"}},
        8: {"order": ["C", "A", "D", "B"]},
        9: {"on_paper": True},
    }
    marks = dict(site.ask(lambda: list(attempt.responses.values_list("question__number", "marks"))))
    assert [float(marks[number]) for number in range(1, 9)] == [1, 0, 1, 1, 2, 1.5, 1, 3]

"""An exam with every type of question by keyboard alone, from the first key to the result; axe on both pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from assessments.enums import AttemptState
from assessments.models import Attempt
from tests import factories
from tests.browser import Site
from tests.test_axe import violations

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def begin(site: Site) -> Attempt:
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


ANSWERS = {
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
RESULT = {1: "your answer", 4: "Bicuspid valve", 6: "Right: 4", 7: "1 / 1", 8: "In the right order"}


def test_every_type_is_sat_by_keyboard_and_the_result_is_read(site: Site) -> None:
    attempt = site.ask(lambda: begin(site))
    with site.visit("classmate", axe=True) as visit:
        page = visit.page
        page.goto(f"/attempts/{attempt.pk}/", wait_until="load")
        choose(page)
        write_lines(page)
        fill_blanks(page)
        assert violations(page) == []
        match(page)
        put_in_order(page)
        stay_over_a_reload(page)
        hand_in(page)
        assert visit.problems == []
        site.ask(lambda: Attempt.objects.filter(pk=attempt.pk).update(state="handed_in", handed_in_at=timezone.now()))
        page.goto(f"/results/{attempt.pk}/", wait_until="load")
        page.evaluate("document.querySelectorAll('details').forEach((el) => { el.open = true; })")
        for number, words in RESULT.items():
            expect(page.locator(f"#q{number}")).to_contain_text(words)
        assert violations(page) == []
    stored = site.ask(lambda: list(attempt.responses.values_list("question__number", "answer", "marks")))
    assert {number: answer for number, answer, _marks in stored} == ANSWERS
    marks = {number: marks for number, _answer, marks in stored}
    assert [float(marks[number]) for number in range(1, 9)] == [1, 0, 1, 1, 2, 1.5, 1, 3]


# --- Parts of the sitting ---
def choose(page: Page) -> None:
    """True or false, where the last key counts, and several choices."""
    page.keyboard.press("2")
    page.keyboard.press("1")
    next_question(page, 1)
    page.keyboard.press("1")
    next_question(page, 2)


def write_lines(page: Page) -> None:
    """A number, a text, and an expression that is read back while it is typed."""
    for number, text in ((3, "3.5"), (4, "Bicuspid valve"), (5, "3+2x")):
        tab_to(page, page.locator(f"#q{number} input"))
        page.keyboard.type(text)
        if number == 5:
            expect(page.locator("#q5 .exam__read math")).to_be_visible()
            page.keyboard.type("+")
            expect(page.locator("#q5 .exam__read")).to_have_text("The end is unexpected.")
            page.keyboard.press("Backspace")
        next_question(page, number)


def fill_blanks(page: Page) -> None:
    tab_to(page, page.locator("#q6 select"))
    page.keyboard.type("has")
    expect(page.locator('[data-go="6"]')).to_have_attribute("data-state", "part")
    page.keyboard.press("Tab")
    page.keyboard.type("5")
    page.keyboard.press("Tab")
    page.keyboard.type("tale")
    expect(page.locator('[data-go="6"]')).to_have_attribute("data-state", "done")


def match(page: Page) -> None:
    """Two of three pairs."""
    next_question(page, 6)
    for part, label in (("1", "B"), ("2", "C")):
        box = page.locator(f'#q7 [data-part="{part}"]')
        tab_to(page, box)
        page.keyboard.type(box.locator(f'[value="{label}"]').inner_text()[0])
        expect(box).to_have_value(label)
    expect(page.locator('[data-go="7"]')).to_have_attribute("data-state", "part")


def put_in_order(page: Page) -> None:
    next_question(page, 7)
    for place, label in enumerate("CADB"):
        up = page.locator(f'#q8 li[data-value="{label}"] [data-move="-1"]')
        tab_to(page, up)
        while page.locator("#q8 .exam__order li").nth(place).get_attribute("data-value") != label:
            page.keyboard.press("ArrowUp")
            expect(up).to_be_focused()


def stay_over_a_reload(page: Page) -> None:
    shown = page.locator("#q8 .exam__order").inner_text()
    expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
    page.reload(wait_until="load")
    assert page.locator("#q8 .exam__order").inner_text() == shown
    expect(page.locator("#q8 [type=checkbox]")).to_be_checked()


def hand_in(page: Page) -> None:
    """The last is answered on paper; what is left open is named before submitting."""
    next_question(page, 8)
    tab_to(page, page.locator("#q9 [type=checkbox]"))
    page.keyboard.press("Space")
    expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
    page.locator("#finish").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#confirm-body")).to_contain_text("Partly answered: 7")
    page.locator("#submit-now").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/sheets/")

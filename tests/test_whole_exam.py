"""A whole exam by keyboard alone, from the list to the handed-in page: on a screen, at 200 % zoom, on a phone in Hindi.

No page on the way scrolls sideways, shows an error on the console, or has anything that axe-core finds.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from assessments.models import Attempt
from assessments.tests.test_capture_in_browser import jpeg
from tests.browser import Site
from tests.hands import Hands
from tests.photographs.draw import photograph
from tests.photographs.sheets import written_sheets
from tests.test_axe import hold_still, sideways, violations

pytestmark = [pytest.mark.slow, pytest.mark.browser]
# Who, and how many CSS pixels the window has: 1440 px at 200 % are 720.
GUISES = [("student", 1440), ("student", 720), ("student:hi", 390)]


def look(page: Page, hands: Hands) -> None:
    hands.look()
    hold_still(page)
    assert (violations(page), sideways(page)) == ([], 0), page.url


def answer(page: Page, hands: Hands) -> None:
    """One choice, several choices and a number; the written questions are on paper."""
    hands.press("2", "n", "1", "3", "n")
    hands.tab_to(page.locator("#q3 input[name^=q-]"))
    hands.press("3", ".", "5")
    if page.locator(".exam__palette-open").is_visible():
        hands.tab_to(page.locator(".exam__palette-open"))
        hands.press("Enter")
    hands.tab_to(page.locator("#finish"))
    hands.press("Enter")
    expect(page.locator("#confirm")).to_be_visible()
    assert (violations(page), sideways(page)) == ([], 0)
    hands.tab_to(page.locator("#submit-now"))
    hands.press("Enter")
    page.wait_for_url("**/sheets/")


def photograph_and_hand_in(page: Page, hands: Hands, photo: bytes) -> None:
    files = page.locator("input[type=file][multiple]")
    hands.tab_to(files)
    # What Enter opens here is the system's dialog.
    files.set_input_files([{"name": "page.jpg", "mimeType": "image/jpeg", "buffer": photo}])
    expect(page.locator(".sheet .note--ok")).to_be_visible()
    for question in page.locator(".sheet__tags button").all():
        hands.tab_to(question)
        if question.get_attribute("aria-pressed") == "false":
            hands.press("Enter")
        expect(question).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#hand-in")).to_have_attribute("aria-disabled", "false")
    hands.tab_to(page.locator("#hand-in"))
    hands.press("Enter")


@pytest.mark.parametrize(("person", "width"), GUISES)
def test_a_whole_exam_by_keyboard(site: Site, person: str, width: int) -> None:
    exam = site.world.open_exam
    photo = jpeg(photograph("wood", written_sheets(1)[0], seed=1, size=(1500, 2000)).image)
    with site.visit(person, width=width, axe=True) as visit:
        page, hands = visit.page, Hands(visit.page)
        page.goto("/exams/")
        look(page, hands)
        hands.tab_to(page.locator(f"main a[href='/exams/{exam.pk}/']").first)
        hands.press("Enter")
        page.wait_for_url(f"**/exams/{exam.pk}/")
        look(page, hands)
        hands.tab_to(page.locator("main form .btn"))
        hands.press("Enter")
        page.wait_for_url("**/attempts/*/")
        look(page, hands)
        answer(page, hands)
        look(page, hands)
        photograph_and_hand_in(page, hands, photo)
        page.wait_for_url("**/results/*/")
        look(page, hands)
        assert visit.problems == []
        print(f"{person} at {width} px: {hands.keys} keys on {hands.pages} pages")
    attempt = site.ask(lambda: Attempt.objects.get(exam=exam, student=site.world.cast.student))
    assert attempt.state == "handed_in"
    assert site.ask(lambda: dict(attempt.responses.values_list("question__number", "answer"))) == {
        1: {"choices": ["B"]},
        2: {"choices": ["A", "C"]},
        3: {"value": "3.5"},
    }

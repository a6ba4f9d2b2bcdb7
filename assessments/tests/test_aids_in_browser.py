"""In Chromium: rough work beside the questions stays on the device, and the calculator calculates."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from assessments.enums import Calculator
from assessments.models import Exam
from assessments.tests.test_scripts_in_browser import open_exam
from tests.browser import Site
from tests.test_axe import COLOURS, sideways, violations

pytestmark = [pytest.mark.slow, pytest.mark.browser]

# Line, what is shown, or why nothing is.
CALCULATIONS = [
    ("0.1+0.2", "0.3"), ("2+3×4", "14"), ("-2^2", "−4"), ("(-2)^2", "4"), ("2^3^2", "512"), ("2^-1", "0.5"),
    ("√9", "3"), ("√(2)×√2", "2"), ("-√4", "−2"), ("−3+5", "2"), ("4^0.5", "2"), ("1÷3", "0.333333333333"),
    ("sin 30", "0.5"), ("sin(180)", "0"), ("cos 90", "0"), ("tan 45", "1"), ("tan 90", "zero"), ("asin 1", "90"),
    ("sin 30 + cos 60", "1"), ("2sin30", "1"), ("sin90^2", "1"), ("ln e", "1"), ("log 1000", "3"), ("5!", "120"),
    ("3!!", "720"), ("200!", "range"), ("2.5!", "range"), ("50%", "0.5"), ("200×10%", "20"), ("2π", "6.28318530718"),
    ("1÷2π", "1.57079632679"), ("3(4+1)", "15"), ("(1+2)(3+4)", "21"), ("(2+3", "5"), ("1E3", "1000"),
    ("10^20", "1E20"), ("1E-9", "1E−9"), ("1E−9×1E9", "1"), ("1÷0", "zero"), ("√(-1)", "range"), ("2+", "unfinished"),
    ("", "unfinished"), (")", "unfinished"), ("2 3", "unfinished"), ("1.5.2", "unfinished"), ("foo(2)", "unknown"),
    ("2$", "unknown"), ("constructor", "unknown"), ("__proto__", "unknown"), ("9" * 400, "range"),
    ("(" * 500 + "1", "range"), ("-" * 200 + "1", "1"),
]  # fmt: skip
CALCULATE = """async ([module, lines]) => {
  const { calculate, shown } = await import(module);
  const shownOrWhy = (line) => {
    try { return shown(calculate(line)); } catch (error) { return error.reason ?? String(error); }
  };
  return lines.map(shownOrWhy);
}"""


def with_calculator(site: Site, kind: Calculator) -> None:
    site.ask(lambda: Exam.objects.filter(pk=site.world.live.exam_id).update(calculator=kind))


def scribble(page: Page) -> None:
    sheet = page.locator("#pad canvas")
    expect(sheet).to_be_visible()  # its script comes when it is first asked for
    box: Any = sheet.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 60, steps=6)
    page.mouse.up()


def inked(page: Page) -> int:
    """How many pixels of the sheet are written on."""
    count: int = page.evaluate(
        """() => { const sheet = document.querySelector("#pad canvas");
        const { data } = sheet.getContext("2d").getImageData(0, 0, sheet.width, sheet.height);
        let written = 0; for (let i = 3; i < data.length; i += 4) written += data[i] > 0; return written; }"""
    )
    return count


def open_palette(page: Page, width: int) -> None:
    if width < 961:
        page.get_by_role("button", name="All questions").click()


def test_calculations(site: Site) -> None:
    with site.visit("student") as visit:
        page = open_exam(site, visit)
        module = page.locator("script[src*=exam-aids]").evaluate("script => script.src")
        source = page.evaluate(
            "async (url) => (await (await fetch(url)).text()).match(/calculator[a-z0-9.]*js/)[0]", module
        )
        lines = [line for line, _shown in CALCULATIONS]
        assert page.evaluate(CALCULATE, [module.rsplit("/", 1)[0] + "/" + source, lines]) == [
            shown for _line, shown in CALCULATIONS
        ]


def test_shortcuts_of_one_key_can_be_switched_off(site: Site) -> None:
    with site.visit("student") as visit:
        page = visit.page
        page.goto(reverse("person-settings"), wait_until="load")
        page.get_by_role("button", name="No single-key shortcuts").click()
        page = open_exam(site, visit)
        page.keyboard.press("n")
        page.keyboard.press("r")
        page.get_by_role("button", name="Save and next").focus()
        page.keyboard.press("Space")
        expect(page.locator("#q2")).to_be_visible()
        expect(page.locator("#pad")).to_be_hidden()
        page.goto(reverse("person-settings"), wait_until="load")
        page.get_by_role("button", name="No single-key shortcuts", pressed=True).click()
        page = open_exam(site, visit)
        page.keyboard.press("r")
        expect(page.locator("#pad")).to_be_visible()
        assert visit.problems == []


@pytest.mark.parametrize("width", [390, 1440])
def test_rough_work_stays_until_the_exam_is_submitted(site: Site, width: int) -> None:
    with site.visit("student", width=width, axe=True) as visit:
        page = open_exam(site, visit)
        open_palette(page, width)
        page.get_by_role("button", name="Rough work").click()
        scribble(page)
        page.get_by_label("Rough work, typed").fill("n p m 1 = keys that move nothing here")
        expect(page.locator("#q1")).to_be_visible()
        before = inked(page)
        assert before > 100
        assert [*violations(page), *violations(page, **COLOURS)] == []
        assert sideways(page) == 0
        page.reload()
        page.keyboard.press("r")
        expect(page.get_by_label("Rough work, typed")).to_have_value("n p m 1 = keys that move nothing here")
        assert abs(inked(page) - before) < before / 4
        page.get_by_role("button", name="Empty the sheet").click()
        assert inked(page) == 0
        scribble(page)
        page.get_by_role("button", name="Undo").click()
        assert inked(page) == 0
        page.get_by_role("button", name="Undo").click()
        assert inked(page) > 100
        page.keyboard.press("Escape")
        expect(page.locator("#pad")).to_be_hidden()
        open_palette(page, width)
        page.locator("#finish").click()
        page.locator("#submit-now").click()
        page.wait_for_url("**/sheets/")
        assert page.evaluate("localStorage.getItem('abhyas-rough')") is None
        assert visit.problems == []


def press(page: Page, *faces: str) -> None:
    for face in faces:
        page.locator(f'.aid__key:text-is("{face}")').click()


def test_the_calculator_is_worked_by_finger_and_by_keys(site: Site) -> None:
    with_calculator(site, Calculator.SCIENTIFIC)
    with site.visit("student", width=390, axe=True) as visit:
        page = open_exam(site, visit)
        open_palette(page, 390)
        page.get_by_role("button", name="Calculator").click()
        shown = page.locator("#calculator output")
        press(page, "7", "×", "8", "=")
        expect(shown).to_have_text("= 56")
        press(page, "+", "4", "=")
        expect(shown).to_have_text("= 60")
        press(page, "C", "sin", "3", "0", "=")
        expect(shown).to_have_text("= 0.5")
        press(page, "deg", "C", "sin", "π", "=")
        expect(shown).to_have_text("= 0")
        page.get_by_label("Calculation").fill("")
        page.keyboard.type("3/0")
        page.keyboard.press("Enter")
        expect(shown).to_have_text("Nothing can be divided by zero.")
        assert violations(page) == []
        page.set_viewport_size({"width": 320, "height": 700})
        assert sideways(page) == 0
        page.keyboard.press("Escape")
        # Its key opens it again, and the options of the question keep theirs.
        page.keyboard.press("1")
        expect(page.locator("#q1 input").first).to_be_checked()
        page.locator("#q1").focus()
        page.keyboard.press("c")
        expect(page.locator("#calculator")).to_be_visible()
        assert visit.problems == []


@pytest.mark.parametrize("kind", [Calculator.NONE, Calculator.BASIC])
def test_an_exam_has_the_calculator_it_allows(site: Site, kind: Calculator) -> None:
    with_calculator(site, kind)
    with site.visit("student") as visit:
        page = open_exam(site, visit)
        page.keyboard.press("c")
        expect(page.locator("#calculator")).to_have_count(int(kind != Calculator.NONE))
        expect(page.locator(".aid__key").filter(has_text="sin")).to_have_count(0)
        assert visit.problems == []

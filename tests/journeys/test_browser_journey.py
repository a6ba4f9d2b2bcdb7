"""The main job by hand in Chromium: a student with a phone, a teacher at a desk, and the marked paper coming back.

Every page is photographed in both widths into test-results/journeys. An error on the console, a violation of the
content security policy, an exception in a script or a failing response fails the journey.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.client import Person, photo, scanned_pdf
from tests.journeys.stack import Stack, wait_for
from tests.journeys.visitors import DESK, PHONE, Visitor, browser

__all__ = ["browser"]

pytestmark = [pytest.mark.slow, pytest.mark.browser]
COMMENT = "Why may p and q have no common factor?"


def test_student_teacher_student(browser: Browser, stack: Stack, tmp_path: Path) -> None:
    world = stack.make_world(extra=True)
    phone = {"viewport": PHONE, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
    student = Visitor(browser, stack, "student", **phone)
    student.sign_in(world["students"][0], world["password"])
    attempt = start(student, world)
    answer(student, world, attempt)
    submit(student)
    photograph(student, tmp_path)
    teacher = Visitor(browser, stack, "teacher", viewport=DESK)
    teacher.sign_in(world["teachers"][0], world["password"])
    mark(teacher)
    read(student, attempt)
    student.no_problems()
    teacher.no_problems()


# --- The student sits the exam ---------------------------------------------------------------------------------------
def start(student: Visitor, world: dict[str, Any]) -> str:
    page = student.page
    page.goto("/exams/")
    student.shoot("exams")
    page.get_by_role("link", name="See and start").tap()
    student.shoot("exam")
    page.get_by_role("button", name="Start now").tap()
    page.wait_for_url(re.compile(r"/attempts/"))
    found = re.search(r"/attempts/([0-9a-f-]{36})/", page.url)
    assert found
    return found[1]


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_attribute("data-state", "saved")


def answer(student: Visitor, world: dict[str, Any], attempt: str) -> None:
    """Keys and fingers, a review mark, two answers without a network, and a reload in the middle."""
    page = student.page
    expect(page.get_by_role("heading", name="Question 1")).to_be_visible()
    student.shoot("question-1")
    page.keyboard.press("4")
    page.keyboard.press("2")
    saved(page)
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Question 2")).to_be_visible()
    two = page.locator("#q2")
    two.locator("label.choice", has=page.locator("input[value=A]")).tap()
    two.locator("label.choice", has=page.locator("input[value=C]")).tap()
    page.get_by_role("button", name="Review later").tap()
    expect(page.get_by_role("heading", name="Question 3")).to_be_visible()
    saved(page)
    without_network(student)
    page.reload()
    expect(page.locator("#n-" + world["questions"]["3"])).to_have_value("3.5")
    saved_answers = api_answers(student.stack, world, attempt)
    assert saved_answers == {
        "1": {"choices": ["B"]}, "2": {"choices": ["A", "C"]}, "3": {"value": "3.5"}, "4": {"on_paper": True},
    }  # fmt: skip
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Question 5")).to_be_visible()
    page.locator("#q5").get_by_label("I have written Q5 (a) on paper").tap()
    student.shoot("question-5")
    saved(page)


def without_network(student: Visitor) -> None:
    page = student.page
    student.context.set_offline(True)
    page.locator("#q3 input").fill("3.5")
    page.get_by_role("button", name="Save and next").tap()
    page.get_by_label("I have written Q4 on paper").tap()
    expect(page.locator("#saved")).to_have_attribute("data-state", "kept")
    student.shoot("offline")
    student.context.set_offline(False)
    saved(page)


def api_answers(stack: Stack, world: dict[str, Any], attempt: str) -> dict[str, Any]:
    person = Person.sign_in(stack.url, world["students"][0], world["password"])
    stored = person.ok("GET", f"attempts/{attempt}/")["responses"]
    names = {pk: name for name, pk in world["questions"].items()}
    return {names[pk]: response["answer"] for pk, response in stored.items()}


def submit(student: Visitor) -> None:
    page = student.page
    page.get_by_role("button", name="All questions").tap()
    student.shoot("palette", both=False)
    page.get_by_role("button", name="Finish and submit").tap()
    confirm = page.locator("#confirm")
    expect(confirm.locator("dd").first).to_have_text("5")
    expect(confirm).to_contain_text("6")
    student.shoot("finish")
    confirm.get_by_role("button", name="Submit").tap()
    page.wait_for_url(re.compile(r"/sheets/"))


# --- and photographs the pages ---------------------------------------------------------------------------------------
def photograph(student: Visitor, folder: Path) -> None:
    page = student.page
    student.shoot("capture-empty")
    files = []
    for number in (1, 2, 3):
        files.append(folder / f"page{number}.jpg")
        files[-1].write_bytes(photo(number))
    files.append(folder / "scan.pdf")
    files[-1].write_bytes(scanned_pdf())
    page.locator("input[type=file][capture]").set_input_files(files[0])
    expect(page.locator(".sheet")).to_have_count(1)
    page.locator("input[type=file][multiple]").set_input_files(files[1:])
    expect(page.locator(".sheet")).to_have_count(5, timeout=60_000)
    pictures = page.locator(".sheet .note--ok")
    expect(pictures).to_have_count(5, timeout=60_000)
    shown = "[...document.querySelectorAll('.sheet img')].filter(i => i.naturalWidth && !i.src.startsWith('blob:'))"
    wait_for("thumbnails from the server", lambda: page.evaluate(f"{shown}.length === 5"), seconds=60)
    for row, number in ((0, 4), (1, 5), (2, 5)):
        page.locator(".sheet").nth(row).locator(f"[data-tag='{number}']").tap()
    expect(page.locator("#why")).to_contain_text("6")
    student.shoot("capture-tagged")
    page.locator("[data-absent='6']").tap()
    student.shoot("capture-ready")
    page.locator("#hand-in").tap()
    page.wait_for_url(re.compile(r"/results/"))
    expect(page.get_by_role("heading", name="On its way back to you")).to_be_visible()
    student.shoot("on-its-way")


# --- The teacher marks -----------------------------------------------------------------------------------------------
def press_at(page: Page, x: float, y: float, keys: str) -> None:
    """Point at a place of the page (0 to 1) and press."""
    box = page.locator("#ink").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * x - 3, box["y"] + box["height"] * y)
    page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
    for key in keys:
        page.keyboard.press(key)


def mark(teacher: Visitor) -> None:
    """Question 4: 1, then half of 1, then ½, so 2. Question 5a: 1 and 2. Question 6 was not attempted."""
    page = teacher.page
    wait_for("the paper in the queue", lambda: queue_has_paper(page), seconds=90, every=0.5)
    teacher.shoot("queue")
    page.get_by_role("button", name="Next paper").click()
    page.wait_for_url(re.compile(r"/marking/[0-9a-f-]{36}/"))
    shown = "document.getElementById('scan').naturalWidth > 0"
    wait_for("the first page on the desk", lambda: page.evaluate(shown), seconds=60)
    expect(page.locator("#q-label")).to_have_text("Q4")
    press_at(page, 0.6, 0.16, "1")
    press_at(page, 0.6, 0.22, "22")
    press_at(page, 0.6, 0.28, "3")
    expect(page.locator("#total")).to_have_text("2")
    press_at(page, 0.3, 0.4, "c")
    page.locator("#cbox-text").fill(COMMENT)
    page.keyboard.press("Enter")
    expect(page.locator("#ink")).to_contain_text("Why may p")
    page.locator("#comment").fill("Say what you assume.")
    page.locator("#comment").blur()
    saved(page)
    teacher.shoot("desk-question-4")
    page.keyboard.press("Enter")
    expect(page.locator("#q-label")).to_have_text("Q5a")
    press_at(page, 0.5, 0.2, "1")
    press_at(page, 0.5, 0.3, "2")
    expect(page.locator("#total")).to_have_text("3")
    expect(page.locator("#paper-total")).to_have_text("5")
    saved(page)
    page.keyboard.press("?")
    teacher.shoot("desk-keys")
    page.keyboard.press("Escape")
    # Until the next frame the focus is still on the button of the closed help, which would take the Enter.
    away = "!document.activeElement.closest('dialog')"
    wait_for("the focus to leave the help", lambda: page.evaluate(away), seconds=10)
    page.keyboard.press("Enter")
    expect(page.locator("#finish-total")).to_have_text("5")
    teacher.shoot("desk-finish")
    page.locator("#finish-dialog").get_by_role("button", name="Finish paper").click()
    page.wait_for_url(re.compile(r"/marking/$"))
    teacher.shoot("queue-done")


def queue_has_paper(page: Page) -> bool:
    page.goto("/marking/")
    return page.locator("tbody tr").count() == 1


# --- The student reads -----------------------------------------------------------------------------------------------
def read(student: Visitor, attempt: str) -> None:
    page = student.page
    page.goto("/papers/")
    student.shoot("papers")
    page.goto(f"/results/{attempt}/")
    score = page.locator(".rhead")
    expect(score).to_contain_text("9")
    expect(score).to_contain_text("14")
    first = page.locator(".sheetpage svg").first
    expect(first.locator("g[data-id]")).to_have_count(4)
    fills = first.evaluate("svg => [...svg.querySelectorAll('path[fill]')].map(p => p.getAttribute('fill'))")
    assert "#C4183C" in fills
    expect(first.get_by_role("img", name=re.compile(re.escape(COMMENT)))).to_be_visible()
    expect(page.get_by_text("Say what you assume.")).to_be_visible()
    shown = "document.querySelector('.sheetpage img').naturalWidth > 0"
    wait_for("the marked page", lambda: page.evaluate(shown), seconds=30)
    awarded = page.locator("details.q > summary .got").all_text_contents()
    assert [text.split("/")[0].strip() for text in awarded] == ["1", "2", "1", "2", "3", "–", "–"], json.dumps(awarded)
    student.shoot("result")
    page.goto("/notifications/")
    expect(page.get_by_text("your paper is back")).to_be_visible()
    student.shoot("notifications")

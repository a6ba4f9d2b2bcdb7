"""A course from its first title to a certificate that is taken back, by hand in Chromium.

A teacher builds it with every kind of lesson; a student finds it, learns, passes its quiz and gets the certificate; the
QR code of the file leads a stranger to its page; the guardian sees it; staff revoke it, and the page says so.
ABHYAS_EVERY_GUISE=1 goes this way on both grounds, in both languages and widths, and photographs every page.
"""

from __future__ import annotations

import base64
import json
import os
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import cv2
import numpy
import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from assessments.services.signatures import HEADER, header_for
from config.demo.course_files import CAPTIONS, FILM, worksheet
from tests.journeys.client import send
from tests.journeys.conftest import KINDS
from tests.journeys.stack import Stack, wait_for
from tests.journeys.visitors import DESK, PHONE, Visitor, browser
from tests.journeys.world import TOOL_URL

__all__ = ["browser"]

pytestmark = [pytest.mark.slow, pytest.mark.browser]
EVERY = os.environ.get("ABHYAS_EVERY_GUISE") == "1"
GUISES = [(language, width) for language in ("en", "hi") for width in (390, 1440)]
# Each ground, language and width once.
FEW = {"embedded": [("hi", 390)], "servers": [("en", 1440)]}
CASES = [
    pytest.param(kind.values[0], *guise, marks=kind.marks)
    for kind in KINDS
    for guise in (GUISES if EVERY else FEW[str(kind.values[0])])
]
TITLE, WORD = "Quadratics by hand", "parabolic"
BODY = "If $D = b^2 - 4ac$ is negative there is no real root:\n\n$$x = \\frac{-b \\pm \\sqrt{D}}{2a}$$"
#: Modules with the kinds of their lessons; each waits for the one before it.
MODULES = (("Factors", ("text", "video")), ("The formula", ("file", "external")), ("Practice", ("live", "quiz")))


class Person(Visitor):
    """Somebody who is signed in already, in their language and on their screen."""

    def __init__(self, browser: Browser, stack: Stack, who: str, *, session: str = "", width: int, language: str):
        # The back office is for a desk.
        viewport = PHONE if width == PHONE["width"] and who != "staff" else DESK
        super().__init__(browser, stack, f"course-{language}-{width}-{who}", viewport=viewport)
        self.lesson = ""
        if session:
            self.context.add_cookies([{"name": "sessionid", "value": session, "url": stack.url}])

    def shoot(self, name: str, *, both: bool = False) -> None:
        if EVERY:
            super().shoot(name, both=both)


@pytest.mark.parametrize(("running", "language", "width"), CASES, indirect=["running"])
def test_a_course_and_its_certificate(browser: Browser, stack: Stack, language: str, width: int) -> None:
    began = time.monotonic()
    world = stack.make_world(course=True, online=2, language=language, title="Quiz: Quadratic Equations")

    def person(who: str, email: str = "") -> Person:
        session = world["sessions"][email] if email else ""
        return Person(browser, stack, who, session=session, width=width, language=language)

    teacher = person("teacher", world["teachers"][0])
    course = build(teacher, world)
    student = person("student", world["students"][0])
    find_and_enrol(student, course)
    learn(student, course, world)
    address = certificate(student, stack)
    stranger = person("stranger")
    check(stranger, address, stands=True)
    guardian = person("guardian", world["guardian"])
    follow(guardian)
    staff = person("staff", world["staff"])
    revoke(staff, address)
    check(stranger, address, stands=False)
    guardian.page.goto("/certificates/")
    expect(guardian.page.locator("article.item-card")).to_have_count(0)
    for one in (teacher, student, stranger, guardian, staff):
        one.no_problems()
        one.context.close()
    print(f"{stack.kind}, {language}, {width} px: {time.monotonic() - began:.0f} s")


# --- The teacher builds it -------------------------------------------------------------------------------------------
def build(teacher: Person, world: dict[str, Any]) -> str:
    """Returns the id of the course, which is out."""
    page = teacher.page
    page.goto("/teaching/courses/")
    page.locator("#title").fill(TITLE)
    page.locator("#title").press("Enter")
    page.wait_for_url(re.compile(r"/teaching/courses/[0-9a-f-]{36}/$"))
    course = page.url.rstrip("/").rsplit("/", 1)[1]
    for place, (title, kinds) in enumerate(MODULES):
        page.locator("#new-module").fill(title)
        page.locator("button[value=add-module]").click()
        module = page.locator(".b-module").nth(place)
        for kind in kinds:
            count = module.locator(".b-lesson").count()
            adding = module.locator("form.b-add").first
            adding.locator("select[name=kind]").select_option(kind)
            adding.locator("input[name=title]").fill(f"A lesson: {kind}")
            adding.locator("button").click()
            expect(module.locator(".b-lesson")).to_have_count(count + 1)
        if place:
            requires(page, place)
    by_keys(page)
    teacher.shoot("build")
    for place, (_title, kinds) in enumerate(MODULES):
        for row, kind in enumerate(kinds):
            page.locator(".b-module").nth(place).locator(".b-lesson a").nth(row).click()
            write(teacher, kind, world)
            page.goto(f"/teaching/courses/{course}/")
    page.goto(f"/teaching/courses/{course}/settings/")
    page.locator("#id_summary").fill(f"From factors to {WORD} things.")
    page.locator("#id_description_source").fill(BODY)
    teacher.shoot("settings")
    page.locator("form:has(#id_summary) > button, form:has(#id_summary) button.btn:not([name])").last.click()
    page.wait_for_load_state("load")
    page.locator("button[name=do][value=publish]").click()
    expect(page.locator("button[name=do][value=publish]")).to_have_count(0)
    teacher.shoot("published")
    return course


def requires(page: Page, place: int) -> None:
    """Module `place` opens when the one before it is done."""
    module = page.locator(".b-module").nth(place)
    module.locator("summary").click()
    module.locator("input[name=requires]").nth(place - 1).check()
    module.locator("button[value^='requires module']").click()
    page.wait_for_load_state("load")
    module.locator("summary").click()
    expect(module.locator("input[name=requires]").nth(place - 1)).to_be_checked()


def by_keys(page: Page) -> None:
    """The second lesson goes up and down again without a pointer."""
    lessons = page.locator(".b-module").first.locator(".b-lesson a")
    before = lessons.all_text_contents()
    lessons.nth(1).focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(lessons.first).to_have_text(before[1])
    page.keyboard.press("Alt+ArrowDown")
    expect(lessons.first).to_have_text(before[0])


def write(teacher: Person, kind: str, world: dict[str, Any]) -> None:
    """What stands in a lesson of this kind; then it is published."""
    page = teacher.page
    expect(page.locator("#lesson-form")).to_be_visible()
    page.locator("#body").fill(BODY)
    if kind == "video":
        page.locator("#new_file").set_input_files(FILM)
        page.locator("#new_captions").set_input_files(CAPTIONS)
    elif kind == "file":
        sheet = {"name": "twelve.pdf", "mimeType": "application/pdf", "buffer": worksheet()}
        page.locator("#new_file").set_input_files([sheet])
    elif kind == "live":
        page.locator("#address").fill("https://meet.example.com/quadratics")
        page.locator("#starts_at").fill(f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT17:00}")
    elif kind == "quiz":
        page.locator("#target").fill(f"{teacher.stack.url}/exams/{world['exam']}/")
    elif kind == "external":
        page.locator("#target").fill(world["external"])
    expect(page.locator("#shown math").first).to_be_visible()
    teacher.shoot(f"lesson-{kind}")
    page.locator("#lesson-form button[value=publish]").click()
    expect(page.locator("ol.stack > li")).to_have_count(1)


# --- The student learns ----------------------------------------------------------------------------------------------
def find_and_enrol(student: Person, course: str) -> None:
    page = student.page
    page.goto("/courses/")
    page.locator("#q").fill(WORD)
    page.locator("#q").press("Enter")
    expect(page.locator(".course-card")).to_have_count(1)
    student.shoot("catalogue")
    page.locator(".course-card a.cover").click()
    page.wait_for_url(f"**/courses/{course}/")
    student.shoot("course")
    page.locator("form[action$='/enrol/'] button").click()
    expect(page.locator("form[action$='/leave/']")).to_be_visible()


def learn(student: Person, course: str, world: dict[str, Any]) -> None:
    """Every lesson in its order; the next module opens when the one before it is done."""
    page = student.page
    # Locked lessons have no link.
    expect(page.locator(".outline__module").nth(1).locator("a")).to_have_count(0)
    page.locator("a.btn--gold[href^='/lessons/']").click()
    for _title, kinds in MODULES:
        for kind in kinds:
            expect(page.locator("h1")).to_contain_text(kind)
            expect(page.locator("article.prose math").first).to_be_visible()
            student.shoot(f"lesson-{kind}")
            DOES[kind](student, world)
            if kind in ("external", "quiz"):
                expect(page.locator("main .tag--leaf").first).to_be_visible()
                if kind == "external":
                    page.locator("a[rel=next]").first.click()
    page.goto(f"/courses/{course}/")
    expect(page.locator(".course-bar .num").first).to_have_text("100 %")
    student.shoot("completed")


def join(student: Person, world: dict[str, Any]) -> None:
    """It begins when the teacher's clock (Asia/Kolkata) says 17:00."""
    expect(student.page.locator("main time[datetime]").first).to_have_attribute("datetime", re.compile("T11:30:00"))
    done(student, world)


def done(student: Person, world: dict[str, Any]) -> None:
    before = student.page.url
    student.page.locator("[data-done] button").click()
    student.page.wait_for_url(lambda url: url != before)


def watch(student: Person, world: dict[str, Any]) -> None:
    page = student.page
    wait_for("the film", lambda: page.evaluate("document.querySelector('video').readyState > 0"), seconds=60)
    cues = "document.querySelector('video').textTracks[0]?.cues?.length > 3"
    wait_for("its captions", lambda: page.evaluate(cues), seconds=60)
    done(student, world)


def open_file(student: Person, world: dict[str, Any]) -> None:
    address = student.page.locator("main a.btn[href*='/files/']").get_attribute("href")
    answer = student.context.request.get(f"{student.stack.url}{address}")
    assert answer.body().startswith(b"%PDF-")
    done(student, world)


def go_elsewhere(student: Person, world: dict[str, Any]) -> None:
    """The tool is played here: it reads the token, reports nine of ten points, signed, and sends the student back."""
    lesson = student.page.url

    def tool(route: Route) -> None:
        token = parse_qs(route.request.post_data or "")["token"][0].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(token + "=="))
        event = {
            "event_id": claims["jti"], "launch_id": claims["jti"], "score": "9", "max_score": claims["max_score"],
            "occurred_at": datetime.now(UTC).isoformat(),
        }  # fmt: skip
        body = json.dumps(event).encode()
        signature = header_for(secret=world["secret"], timestamp=int(time.time()), body=body)
        headers = {"Content-Type": "application/json", HEADER: signature}
        assert send(claims["results_url"], method="POST", data=body, headers=headers).status < 300
        route.fulfill(status=200, content_type="text/html", body=f"<!doctype html><title>-</title><a href='{lesson}'>-")

    student.context.route(f"{TOOL_URL}**", tool)
    student.page.locator("form[action*='/exams/elsewhere/'] button").click()
    student.page.wait_for_url(f"{TOOL_URL}**")
    student.page.locator("a").click()
    student.page.wait_for_url(lesson)


def take_quiz(student: Person, world: dict[str, Any]) -> None:
    page, lesson = student.page, student.page.url
    page.locator("main a.btn--gold").click()
    page.wait_for_url(f"**/exams/{world['exam']}/")
    student.shoot("quiz")
    page.locator("form[action$='/start/'] button").click()
    page.wait_for_url("**/attempts/*/")
    for number in (1, 2):
        choice = page.locator(f"#q{number} input[value=C]")
        expect(page.locator(f"#q{number}")).to_be_visible()
        page.keyboard.press("3")
        expect(choice).to_be_checked()
        page.keyboard.press("n")
    if page.locator(".exam__palette-open").is_visible():
        page.locator(".exam__palette-open").click()
    page.locator("#finish").click()
    page.locator("#submit-now").click()
    page.wait_for_url("**/results/*/")
    student.shoot("quiz-result")
    page.locator(f"main a[href='/exams/{world['exam']}/']").first.click()
    page.locator(f"main a[href='{urlsplit(lesson).path}']").first.click()
    page.wait_for_url(lesson)


DOES = {"text": done, "video": watch, "file": open_file, "live": join, "external": go_elsewhere, "quiz": take_quiz}


# --- The certificate -------------------------------------------------------------------------------------------------
def certificate(student: Person, stack: Stack) -> str:
    """Downloads the file; returns the address that its QR code holds."""
    page = student.page
    page.goto("/certificates/")
    expect(page.locator("article.item-card h2")).to_have_text(TITLE)
    student.shoot("certificates")
    address = page.locator("a[href^='/certificates/'][href$='/file/']").get_attribute("href")
    answer = student.context.request.get(f"{stack.url}{address}")
    assert answer.ok
    picture = pypdfium2.PdfDocument(answer.body())[0].render(scale=3).to_pil().convert("L")
    found, *_rest = cv2.QRCodeDetector().detectAndDecode(numpy.asarray(picture))
    assert found.startswith(f"{stack.url}/certificates/check/"), found
    return str(found)


def check(stranger: Person, address: str, *, stands: bool) -> None:
    page = stranger.page
    page.goto(address)
    expect(page.locator(".note--ok" if stands else ".note--problem")).to_be_visible()
    expect(page.locator(".note--problem" if stands else ".note--ok")).to_have_count(0)
    expect(page.locator("dl.facts")).to_contain_text("Meera Nair")
    expect(page.locator("dl.facts")).to_contain_text(TITLE)
    stranger.shoot("stands" if stands else "revoked")


def follow(guardian: Person) -> None:
    page = guardian.page
    page.goto("/certificates/")
    expect(page.locator("article.item-card h2")).to_have_text(TITLE)
    guardian.shoot("certificates")


def revoke(staff: Person, address: str) -> None:
    """From the list of the back office, with a reason."""
    page, code = staff.page, address.rstrip("/").rsplit("/", 1)[1]
    page.goto(f"/admin/courses/certificate/?q={code}")
    page.locator("#result_list a[href*='/change/']").first.click()
    page.locator("a[href$='/revoke/']").first.click()
    reason = page.locator("#dialog [name=reason]")
    reason.fill("Completed by somebody else")
    staff.shoot("revoking")
    page.locator("#dialog form button, #dialog form [type=submit]").last.click()
    expect(reason).to_have_count(0)
    page.wait_for_url("**/change/")
    expect(page.get_by_text("Completed by somebody else").first).to_be_visible()

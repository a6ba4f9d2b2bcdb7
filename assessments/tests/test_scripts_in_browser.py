"""The scripts of the exam and of the capture page in Chromium: what a person gave is not lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone
from playwright.sync_api import Page, expect

from assessments.models import Attempt, Response, SheetPage, SheetUpload
from assessments.services.attempts import save_response
from assessments.tests.sheets import PHOTO
from tests.browser import Site, Visit
from tests.factories import PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.browser]

# Everything in a store of this origin; put, when an entry is given.
STORE = """async ([name, shelf, entry]) => {
  const open = indexedDB.open(name, 1);
  await new Promise((done) => { open.onsuccess = done; });
  const box = open.result.transaction(shelf, "readwrite").objectStore(shelf);
  if (entry) box.put(entry);
  const all = box.getAll();
  await new Promise((done) => { all.onsuccess = done; });
  open.result.close();
  return all.result.length;
}"""
ANSWERS, SHEETS = ["abhyas-answers", "answers"], ["abhyas-sheets", "sheets"]


def stored(page: Page, shelf: list[str], entry: Any = None) -> int:
    return int(page.evaluate(STORE, [*shelf, entry]))


def left_after_a_while(page: Page, shelf: list[str]) -> int:
    """What a store holds once the page has had up to ten seconds to empty it."""
    wait = """async (shelf) => {
      let left;
      for (let i = 0; i < 200 && (left = await STORE(shelf)); i++) await new Promise((go) => setTimeout(go, 50));
      return left;
    }"""
    return int(page.evaluate(wait.replace("STORE", f"({STORE})"), shelf))


def open_exam(site: Site, visit: Visit) -> Page:
    visit.page.goto(f"/attempts/{site.world.live.pk}/", wait_until="load")
    return visit.page


def question(site: Site, number: int) -> Any:
    return site.ask(lambda: site.world.live.paper.questions.filter(number=number).first())


def answer(site: Site, number: int) -> Any:
    asked = question(site, number).pk
    return site.ask(lambda: Response.objects.filter(attempt=site.world.live, question=asked).first())


def sign_in_again(site: Site, visit: Visit) -> None:
    visit.context.add_cookies([{"name": "sessionid", "value": site.sessions["student"], "url": site.url}])


def sign_in_elsewhere(site: Site, visit: Visit) -> None:
    """In another tab, by the form: with it the token of forms changes."""
    person = site.world.cast.student
    site.ask(lambda: EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True))
    tab = visit.context.new_page()
    tab.goto("/accounts/login/")
    tab.get_by_label("E-mail").fill(person.email)
    tab.get_by_label("Password", exact=True).fill(PASSWORD)
    tab.locator("#login-form [type=submit]").click()
    expect(tab.locator(".hero")).to_be_visible()
    tab.close()


def test_submitting_sends_nothing_twice(site: Site) -> None:
    with site.visit("student") as visit:
        page = open_exam(site, visit)
        page.locator("#q1 input").first.check(force=True)
        page.locator(".exam__nav [data-step='1']").click()
        page.locator("#q2 input").first.check(force=True)
        expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
        sent = []
        page.on("request", lambda request: "/responses/" in request.url and sent.append(request.url))
        page.locator("#finish").click()
        page.locator("#submit-now").click()
        page.wait_for_url("**/sheets/")
        assert sent == []
        assert visit.problems == []


def test_what_was_just_typed_survives_leaving_the_page(site: Site) -> None:
    with site.visit("student") as visit:
        page = open_exam(site, visit)
        page.evaluate("location.hash = '#q3'; location.reload()")
        page.locator("#q3 input").focus()
        page.keyboard.type("3.5")
        page.goto("/exams/")
        open_exam(site, visit)
        expect(page.locator("#q3 input")).to_have_value("3.5")


def test_answer_waits_on_the_device_until_somebody_signs_in_again(site: Site) -> None:
    with site.visit("student") as visit:
        page = open_exam(site, visit)
        visit.context.clear_cookies()
        page.locator("#q1 input").nth(1).check(force=True)
        expect(page.locator("#saved")).to_have_attribute("data-state", "kept")
        assert stored(page, ANSWERS) == 1
        sign_in_again(site, visit)
        open_exam(site, visit)
        expect(page.locator("#q1 input").nth(1)).to_be_checked()
        expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
        assert answer(site, 1).answer == {"choices": ["B"]}


def test_page_shows_what_is_stored_and_not_what_an_old_tab_left_behind(site: Site) -> None:
    asked, attempt = question(site, 1), site.world.live
    with site.visit("student") as visit:
        page = open_exam(site, visit)
        left = {"attempt": str(attempt.pk), "question": str(asked.pk), "seq": 1, "answer": {"choices": ["A"]}}
        stored(page, ANSWERS, left)
        site.ask(
            lambda: save_response(
                attempt=attempt, question_id=asked.pk, seq=1, answer={"choices": ["C"]}, marked_for_review=False,
                actor=attempt.student, now=timezone.now(),
            )
        )  # fmt: skip
        open_exam(site, visit)
        assert left_after_a_while(page, ANSWERS) == 0
        expect(page.locator("#q1 input:checked")).to_have_value("C")


def test_at_the_limit_an_answer_on_its_way_is_waited_for(site: Site) -> None:
    attempt = site.world.live
    site.ask(lambda: Attempt.objects.filter(pk=attempt.pk).update(ends_at=timezone.now() + timedelta(seconds=8)))
    with site.visit("student") as visit:
        page = open_exam(site, visit)
        page.route("**/responses/**", lambda route: route.abort())
        page.locator("#q1 input").first.check(force=True)
        expect(page.locator("#clock")).to_have_text("0:00", timeout=20_000)
        expect(page.locator("#saved")).to_have_attribute("data-state", "kept")
        page.unroute("**/responses/**")
        page.wait_for_url("**/sheets/")
        assert answer(site, 1).answer == {"choices": ["A"]}


def test_page_waits_on_the_device_until_somebody_signs_in_again(site: Site) -> None:
    attempt = site.world.sheets
    with site.visit("student") as visit:
        page = visit.page
        page.goto(f"/attempts/{attempt.pk}/sheets/", wait_until="load")
        expect(page.locator(".sheet__tags").first.locator("[data-tag='5']")).to_have_text("5 (a or b)")
        expect(page.locator("#status")).to_have_text("Your page is safe with us.")
        before = page.locator(".sheet").count()
        visit.context.clear_cookies()
        photo = {"name": "page.jpg", "mimeType": "image/jpeg", "buffer": PHOTO}
        page.locator("input[type=file]").last.set_input_files(photo)
        expect(page.locator(".sheet")).to_have_count(before + 1)
        expect(page.locator(".sheet").last).to_contain_text("Saved on this device")
        assert stored(page, SHEETS) == 1
        sign_in_again(site, visit)
        page.reload()
        expect(page.locator(".sheet").last).to_contain_text("Safe with us")
        assert left_after_a_while(page, SHEETS) == 0
        uploads = site.ask(lambda: list(SheetUpload.objects.filter(attempt=attempt).values_list("state", flat=True)))
        assert uploads.count("verified") == before + 1


def test_exam_says_that_somebody_is_signed_out_and_goes_on_by_itself_afterwards(site: Site) -> None:
    with site.visit("student") as visit:
        page = open_exam(site, visit)
        visit.context.clear_cookies()
        page.locator("#q1 input").nth(2).check(force=True)
        note = page.locator("#signed-out")
        expect(note).to_have_text("You are signed out. Sign in again; what you wrote is kept.")
        assert note.locator("a").get_attribute("href") == f"/accounts/login/?next=/attempts/{site.world.live.pk}/"
        expect(page.locator("#saved")).to_have_text("1 kept on this device")
        expect(page.locator(".toast")).to_have_count(0)
        sign_in_elsewhere(site, visit)
        expect(page.locator("#saved")).to_have_attribute("data-state", "saved", timeout=20_000)
        expect(note).to_be_hidden()
        assert answer(site, 1).answer == {"choices": ["C"]}
        page.locator("#finish").click()
        page.locator("#submit-now").click()
        page.wait_for_url("**/sheets/")


def test_capture_says_that_somebody_is_signed_out_and_goes_on_by_itself_afterwards(site: Site) -> None:
    with site.visit("student") as visit:
        page = visit.page
        page.goto(f"/attempts/{site.world.sheets.pk}/sheets/", wait_until="load")
        before = page.locator(".sheet").count()
        visit.context.clear_cookies(name="sessionid")
        # A page of the site, not of the API, answers with the sign-in page: nothing is taken out.
        page.locator("[data-do=remove]").first.click()
        note = page.locator("#signed-out")
        expect(note).to_be_visible()
        expect(page.locator(".sheet")).to_have_count(before)
        photo = {"name": "page.jpg", "mimeType": "image/jpeg", "buffer": PHOTO}
        page.locator("input[type=file]").last.set_input_files(photo)
        expect(page.locator(".sheet").last).to_contain_text("Saved on this device")
        expect(page.locator(".toast")).to_have_count(0)
        sign_in_elsewhere(site, visit)
        expect(page.locator(".sheet").last).to_contain_text("Safe with us", timeout=20_000)
        expect(note).to_be_hidden()


def test_back_after_submitting_does_not_show_the_exam(site: Site) -> None:
    with site.visit("student") as visit:
        page = open_exam(site, visit)
        page.locator("#finish").click()
        page.locator("#submit-now").click()
        page.wait_for_url("**/sheets/")
        page.go_back()
        expect(page.locator("#capture")).to_be_visible()
        expect(page.locator("#exam")).to_have_count(0)


def test_a_page_with_two_notes_keeps_its_tools_beside_its_picture(site: Site) -> None:
    attempt = site.world.sheets
    site.ask(lambda: SheetPage.objects.filter(upload__attempt=attempt).update(advice=["dark", "blurred"]))
    with site.visit("student", width=390) as visit:
        visit.page.goto(f"/attempts/{attempt.pk}/sheets/", wait_until="load")
        sheet = visit.page.locator(".sheet").first
        expect(sheet.locator(".sheet__notes .note")).to_have_count(3)
        picture, notes, tools, tags = (
            sheet.locator(f".sheet__{part}").bounding_box() for part in ("pic", "notes", "tools", "tags")
        )
        assert abs(notes["x"] - tools["x"]) < 12
        assert notes["y"] + notes["height"] <= tools["y"]
        assert tools["y"] + tools["height"] <= tags["y"]
        assert tags["x"] == picture["x"]


def test_a_file_that_is_no_picture_shows_none(site: Site) -> None:
    with site.visit("student") as visit:
        page = visit.page
        page.goto(f"/attempts/{site.world.sheets.pk}/sheets/", wait_until="load")
        before = page.locator(".sheet").count()
        empty = {"name": "empty.jpg", "mimeType": "image/jpeg", "buffer": b""}
        page.locator("input[type=file]").last.set_input_files(empty)
        expect(page.locator(".sheet")).to_have_count(before + 1)
        sheet = page.locator(".sheet").last
        expect(sheet.locator(".note--problem")).to_be_visible()
        expect(sheet.locator("img")).to_have_count(0)


def test_time_on_a_question_is_measured_while_somebody_is_there(site: Site) -> None:
    """By a clock of the test's own: nothing here waits, and the device's time of day does not matter."""
    attempt = site.world.live
    site.ask(lambda: Attempt.objects.filter(pk=attempt.pk).update(started_at=timezone.now() - timedelta(hours=1)))

    def told(number: int) -> int | None:
        row = answer(site, number)
        return row.seconds if row else None

    with site.visit("student") as visit:
        page = visit.page
        page.clock.install()
        open_exam(site, visit)
        page.clock.run_for(42_000)
        # With the answer.
        with page.expect_response("**/responses/**"):
            page.locator("#q1 input").first.check(force=True)
            page.clock.run_for(10)
        assert told(1) == 42
        page.locator(".exam__nav [data-step='1']").click()
        page.clock.run_for(7_000)
        # A lid that was shut for ten minutes: timers fire once when it opens.
        page.clock.fast_forward(600_000)
        # Somebody looks at something else, for five minutes.
        page.evaluate("document.hasFocus = () => false; dispatchEvent(new Event('blur'))")
        page.clock.run_for(300_000)
        page.evaluate("delete document.hasFocus; dispatchEvent(new Event('focus'))")
        page.clock.run_for(5_000)
        # The question is left without an answer.
        with page.expect_response("**/times/"):
            page.locator(".exam__nav [data-step='1']").click()
            page.clock.run_for(15_000)
        assert 12 <= told(2) <= 15
        assert answer(site, 2).answer == {}
        before = told(2)
        # The page goes on from what is stored.
        open_exam(site, visit)
        page.evaluate("document.querySelector('[data-go=\"2\"]').click()")
        page.clock.run_for(20_000)
        page.locator("#finish").click()
        page.locator("#submit-now").click()
        page.wait_for_url("**/sheets/")
        assert before + 20 <= told(2) <= before + 21
        assert visit.problems == []

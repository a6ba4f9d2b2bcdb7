"""The desk in a real browser when things go wrong: nothing is lost, nothing is overwritten silently."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.templatetags.static import static
from playwright.sync_api import Error, Page, Route, expect

from assessments.models import SheetPage
from evaluations.models import Annotation, DeskOperation, Evaluation, MarkEvent, QuestionMark
from evaluations.tests.builders import step_ids
from tests.browser import Site, Visit
from tests.test_axe import violations

pytestmark = [pytest.mark.slow, pytest.mark.browser]

LONG_STROKE = """async ([script, url]) => {
  const { OperationLog } = await import(script);
  const points = Array.from({ length: 6000 }, (_, i) => [i / 1e4, 0.12345, 0.54321]);
  const states = [];
  const log = new OperationLog({ paper: "p", person: "me", label: "", url, onState: (state) => states.push(state) });
  log.add([{ key: "ink:s", what: "", body: { ink: { id: "s", geometry: { points } } } }]);
  await log.keeping;
  await log.flush();
  return [states.at(-1), log.clean];
}"""
KEPT = """async () => {
  const open = indexedDB.open("abhyas-desk", 1);
  await new Promise((done) => { open.onsuccess = done; });
  const all = open.result.transaction("operations").objectStore("operations").getAll();
  await new Promise((done) => { all.onsuccess = done; });
  open.result.close();
  return all.result.filter((one) => one.version == null).length;
}"""


def open_desk(visit: Visit, evaluation: Evaluation, page: Page | None = None) -> Page:
    page = page or visit.page
    page.goto(f"/marking/{evaluation.pk}/", wait_until="load")
    expect(page.locator("#scheme button").first).to_be_visible()
    expect(page.locator("#saved")).to_have_attribute("data-state", "saved")
    return page


def saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_attribute("data-state", "saved")


def not_saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_attribute("data-state", "kept")


def stored(site: Site) -> Callable[[], Any]:
    def look() -> Any:
        row = QuestionMark.objects.filter(evaluation=site.ids["marking"], question=site.ids["marking_question"]).first()
        return (row.version, str(row.marks.normalize()), row.comment) if row else None

    return lambda: site.ask(look)


def press(page: Page, *keys: str) -> None:
    page.locator(".stage").focus()
    for key in keys:
        page.keyboard.press(key)


def stamp(page: Page, x: float = 0.5, y: float = 0.3) -> None:
    place = page.locator("#ink").bounding_box()
    assert place
    page.mouse.click(place["x"] + x * place["width"], place["y"] + y * place["height"])


def no_network(route: Route) -> None:
    route.abort()


def no_reply(route: Route) -> None:
    """The server has it; the answer is lost."""
    with suppress(Error):  # of a page that is gone
        route.fetch()
        route.abort()


def test_a_stroke_longer_than_a_browser_keeps_alive_is_sent(site: Site) -> None:
    def receipt(route: Route) -> None:
        (sent,) = route.request.post_data_json["operations"]
        route.fulfill(
            json={"receipts": [{"id": sent["id"], "outcome": "applied", "version": 1, "current": None}]}
        )  # fmt: skip

    with site.visit("anonymous") as visit:
        visit.page.goto("/")
        visit.page.route("**/operations", receipt)
        assert visit.page.evaluate(LONG_STROKE, [static("js/marking-log.js"), "/operations"]) == ["saved", True]


@pytest.mark.parametrize("failure", [no_network, no_reply], ids=["no network", "no reply"])
def test_what_was_done_survives_a_reload_and_is_made_once(site: Site, failure: Any) -> None:
    mark = stored(site)
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        page.route("**/operations/", failure)
        page.mouse.move(0, 0)
        press(page, "1", "2", "2")
        stamp(page)
        not_saved(page)
        assert page.evaluate(KEPT) == 4
        page.reload()
        expect(page.locator("#paper-total")).to_have_text("1½")
        expect(page.locator("#ink [data-id]")).to_have_count(1)
        page.unroute("**/operations/")
        saved(page)
        page.wait_for_function(f"({KEPT})().then((count) => count === 0)")
    assert mark() == (3, "1.5", "")
    assert site.ask(
        lambda: (MarkEvent.objects.filter(evaluation=site.ids["marking"]).count(), DeskOperation.objects.count())
    ) == (3, 4)


def test_undo_and_redo_take_back_marks_and_ink_together(site: Site) -> None:
    mark = stored(site)
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        place = page.locator("#ink").bounding_box()
        assert place
        page.mouse.move(place["x"] + 200, place["y"] + 100)
        page.keyboard.press("1")
        expect(page.locator("#ink [data-id]")).to_have_count(1)
        page.keyboard.press("z")
        expect(page.locator("#ink [data-id]")).to_have_count(0)
        # As if it had never been given: not marked, which is not 0.
        expect(page.locator("#total")).to_have_text("–")
        page.keyboard.press("Shift+Z")
        expect(page.locator("#ink [data-id]")).to_have_count(1)
        expect(page.locator("#total")).to_have_text("1")
        saved(page)
    assert mark() == (3, "1", "")
    ink = site.ask(lambda: Annotation.objects.filter(evaluation=site.ids["marking"]).values("kind", "deleted_at").get())
    assert ink == {"kind": "tick", "deleted_at": None}


def test_one_undo_takes_back_nothing_for_all_blank_questions(site: Site) -> None:
    """And what another device has made of one of them is shown beside it."""
    marks = QuestionMark.objects.filter(evaluation=site.ids["marking"])
    site.ask(lambda: SheetPage.objects.filter(upload__attempt=site.world.marking.attempt).update(advice=["blank"]))
    with site.visit("teacher") as visit, site.visit("teacher") as other:
        page = open_desk(visit, site.world.marking)
        count = page.locator("#blank").inner_text().split()[0]
        page.get_by_role("button", name="Look", exact=True).click()
        page.get_by_role("button", name="Give 0 to all").click()
        expect(page.locator("#blank")).to_contain_text("have 0 marks now")
        saved(page)
        assert site.ask(marks.count) == int(count)
        there = open_desk(other, site.world.marking)
        page.locator("#blank [data-act=undo]").click()
        expect(page.locator("#blank")).to_contain_text(f"{count} questions look blank")
        saved(page)
        assert site.ask(marks.count) == 0
        press(there, "f")
        expect(there.locator("#conflict-theirs")).to_have_text(re.compile("not marked$"))
        there.get_by_role("button", name="Take theirs").click()
        expect(there.locator("#total")).to_have_text("–")
    assert site.ask(marks.count) == 0


def test_two_tabs_of_a_browser_are_one_desk(site: Site) -> None:
    """Also without a network: each shows what the other did, and nothing has to be chosen."""
    mark = stored(site)
    with site.visit("teacher") as visit:
        first = open_desk(visit, site.world.marking)
        second = open_desk(visit, site.world.marking, visit.context.new_page())
        visit.context.set_offline(True)
        press(first, "1")
        stamp(first)
        expect(second.locator("#total")).to_have_text("1")
        expect(second.locator("#ink [data-id]")).to_have_count(1)
        press(second, "2", "e")
        stamp(second, 0.505, 0.3)
        expect(first.locator("#total")).to_have_text("2")
        expect(first.locator("#ink [data-id]")).to_have_count(0)
        second.close()
        visit.context.set_offline(False)
        saved(first)
        expect(first.locator("#conflict")).to_be_hidden()
    assert mark() == (2, "2", "")


@pytest.mark.parametrize(("choice", "marks"), [("Keep mine", "1"), ("Take theirs", "3")])
def test_two_devices_are_shown_both_values_and_the_marker_picks(site: Site, choice: str, marks: str) -> None:
    mark = stored(site)
    with site.visit("teacher", axe=True) as one, site.visit("teacher") as other:
        here, there = open_desk(one, site.world.marking), open_desk(other, site.world.marking)
        one.context.set_offline(True)
        press(here, "1", "2", "2", "2")
        press(there, "f")
        saved(there)
        one.context.set_offline(False)
        dialog = here.locator("#conflict")
        expect(dialog).to_be_visible()
        expect(dialog.locator("#conflict-mine")).to_contain_text("1 mark")
        expect(dialog.locator("#conflict-theirs")).to_contain_text("3 marks")
        assert violations(here) == []
        assert mark()[1] == "3"
        here.get_by_role("button", name=choice).click()
        saved(here)
        expect(here.locator("#total")).to_have_text(marks)
        assert mark()[1] == marks
        # The other device learns of it when it goes on.
        if choice == "Keep mine":
            press(there, "0")
            expect(there.locator("#conflict-theirs")).to_contain_text("1 mark")


def test_ink_changed_on_two_devices_may_be_kept_twice(site: Site) -> None:
    with site.visit("teacher") as one, site.visit("teacher") as other:
        here = open_desk(one, site.world.marking)
        stamp(here)
        saved(here)
        there = open_desk(other, site.world.marking)
        one.context.set_offline(True)
        for page, key in ((here, "ArrowRight"), (there, "ArrowDown")):
            page.locator("#ink [data-id]").focus()
            page.keyboard.press(key)
        saved(there)
        one.context.set_offline(False)
        here.get_by_role("button", name="Keep both").click()
        saved(here)
        expect(here.locator("#ink [data-id]")).to_have_count(2)
    kept = site.ask(lambda: Annotation.objects.filter(evaluation=site.ids["marking"], deleted_at=None).count())
    assert kept == 2


def test_a_lapsed_claim_goes_on_by_going_on(site: Site) -> None:
    mark, papers = stored(site), Evaluation.objects.filter(pk=site.ids["marking"])
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        site.ask(lambda: papers.update(state="assigned", lease_until=None, claimed_at=None))
        press(page, "1")
        saved(page)
    assert mark()[1] == "1"
    assert site.ask(lambda: papers.get().state) == "in_progress"


def test_work_on_a_paper_that_somebody_else_got_stays_and_is_shown(site: Site) -> None:
    papers = Evaluation.objects.filter(pk=site.ids["marking"])
    with site.visit("teacher", axe=True) as visit:
        page = open_desk(visit, site.world.marking)
        visit.context.set_offline(True)
        press(page, "1")
        page.locator("#comment").fill("Well begun")
        page.locator("#comment").blur()
        stamp(page)
        not_saved(page)
        colleague = site.world.cast.colleague.pk
        site.ask(lambda: papers.update(teacher=colleague, state="in_progress"))
        visit.context.set_offline(False)
        lost = page.locator("#lost")
        expect(lost).to_be_visible()
        expect(lost).to_contain_text("3 changes that did not reach us")
        lost.locator("summary").click()
        expect(lost).to_contain_text("“Well begun”")
        assert violations(page) == []
        with page.expect_download() as download:
            lost.get_by_role("button", name="Save as a file").click()
        assert "Well begun" in download.value.path().read_text()
        press(page, "2")
        expect(page.locator("#total")).to_have_text("1")
        # On the list of papers too, where the desk can no longer be opened.
        page.goto("/marking/")
        left = page.locator("#kept")
        expect(left).to_contain_text("3 changes that did not reach us")
        assert violations(page) == []
        # The paper comes back: what was kept arrives.
        teacher = site.world.cast.teacher.pk
        site.ask(lambda: papers.update(teacher=teacher))
        open_desk(visit, site.world.marking)
        expect(page.locator("#comment")).to_have_value("Well begun")
    assert stored(site)() == (2, "1", "Well begun")


def test_a_desk_to_read_sends_nothing_and_shows_what_it_keeps(site: Site) -> None:
    evaluation = site.world.marking
    with site.visit("teacher") as visit:
        page = open_desk(visit, evaluation)
        page.route("**/operations/", no_network)
        press(page, "1")
        not_saved(page)
        site.ask(lambda: Evaluation.objects.filter(pk=evaluation.pk).update(state="finalised"))
        page.unroute("**/operations/")
        sent: list[str] = []
        page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
        sent.clear()
        open_desk(visit, evaluation)
        sent.clear()
        expect(page.locator(".dock")).to_have_count(0)
        expect(page.locator("#lost")).to_contain_text("1 changes that did not reach us")
        press(page, "2", "c")
        page.locator("#kept summary").click()
        discard = page.locator("#kept button").nth(1)
        discard.click()
        expect(discard).to_have_text("Discard for good")
        assert page.evaluate(KEPT) == 1
        discard.click()
        expect(page.locator("#kept")).to_be_hidden()
        assert page.evaluate(KEPT) == 0
        assert sent == []


def test_the_work_of_one_teacher_is_not_sent_as_anothers(site: Site) -> None:
    """They share a computer, and both have had the paper."""
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        page.route("**/operations/", no_network)
        press(page, "1")
        not_saved(page)
        page.unroute("**/operations/")
        site.ask(lambda: Evaluation.objects.filter(pk=site.ids["marking"]).update(teacher=site.world.cast.colleague))
        page.goto("about:blank")
        visit.context.add_cookies([{"name": "sessionid", "value": site.sessions["colleague"], "url": site.url}])
        open_desk(visit, site.world.marking)
        expect(page.locator("#total")).to_have_text("–")
        page.wait_for_timeout(600)
        assert page.evaluate(KEPT) == 1
    assert stored(site)() is None


def test_a_refused_change_is_said_and_holds_up_no_other(site: Site) -> None:
    question = site.ask(lambda: site.world.marking.attempt.paper.questions.get(pk=site.ids["marking_question"]))
    step = site.ask(lambda: step_ids(question))[0]
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)

        def spoil(route: Route) -> None:
            body = route.request.post_data_json
            for one in body["operations"]:
                if "mark" in one:
                    one["mark"]["steps"] = {step: "99"}
            route.continue_(post_data=body)

        page.route("**/operations/", spoil)
        press(page, "1")
        stamp(page)
        expect(page.locator(".toast").first).to_contain_text("Not saved: Q4")
        saved(page)
        expect(page.locator("#total")).to_have_text("–")
        expect(page.locator("#lost")).to_contain_text("1 changes that did not reach us")
    assert site.ask(lambda: Annotation.objects.filter(evaluation=site.ids["marking"]).count()) == 1

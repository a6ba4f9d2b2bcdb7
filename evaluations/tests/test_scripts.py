"""The scripts of the desk and the printed result, in a real browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.templatetags.static import static
from playwright.sync_api import Page, expect

from assessments.models import PaperQuestion, Response
from evaluations.models import Evaluation, QuestionMark
from evaluations.tests.builders import add_method
from tests.browser import Site, Visit

pytestmark = [pytest.mark.slow, pytest.mark.browser]

LABELS = """async ([script, marks]) => {
  const { drawOne } = await import(script);
  return marks.map((m) => drawOne({ id: "1", kind: "tick", geometry: { x: 0, y: 0 }, text: "", marks: m }, 1414)
    .getAttribute("aria-label"));
}"""
HALVES = """async ([script, given]) => {
  const { questionHalves } = await import(script);
  const step = (id, part, alternative) => ({ id, part, alternative, marks: "2" });
  const steps = [step("common", "", ""), step("a", "", "a"), step("b", "", "b"), step("ii", "ii", "")];
  return questionHalves({ marks: "9", steps }, { free: null, steps: given });
}"""
METHODS = """async ([script, given, free]) => {
  const { countedMethod, isCarried, questionHalves } = await import(script);
  const step = (id, method, follows = []) => ({ id, method, follows, part: "", alternative: "", marks: "2" });
  const steps = [step("a", 1), step("b", 1, [1]), step("c", 2), step("d", 2, [1])];
  const question = { marks: "4", steps }, mark = { free, steps: given };
  return [questionHalves(question, mark), countedMethod(question, mark) ?? null, isCarried(question, mark, steps[3])];
}"""
CARRIED = """async ([script, mark]) => {
  const { isCarried } = await import(script);
  const step = (id, follows) => ({ id, follows, marks: "1" });
  const steps = [step("m", []), step("a", [1]), step("b", [1, 2])];
  return steps.map((one) => isCarried({ steps }, mark, one));
}"""


def test_ink_is_read_out_in_good_english(site: Site) -> None:
    with site.visit("student") as visit:
        visit.page.goto(f"/results/{site.ids['released_attempt']}/")  # a page that has the words
        assert visit.page.evaluate(LABELS, [static("js/marking-ink.js"), ["0.5", "1", "1.5", "0", ""]]) == [
            "Tick, ½ mark", "Tick, 1 mark", "Tick, 1½ marks", "Tick, 0 marks", "Tick",
        ]  # fmt: skip


def test_the_desk_adds_up_as_the_server_does(site: Site) -> None:
    """Steps outside any alternative count beside the better alternative; see totals.question_total."""
    with site.visit("anonymous") as visit:
        visit.page.goto("/")
        for given, halves in (
            ({"common": "1", "a": "0.5", "b": "2", "ii": "1.5"}, 9),
            ({"common": "1"}, 2),
            ({"a": "1"}, 2),
            ({}, 0),
        ):
            assert visit.page.evaluate(HALVES, [static("js/marking-scheme.js"), given]) == halves


def test_the_desk_counts_the_better_method_as_the_server_does(site: Site) -> None:
    """See totals.method_totals and totals.counted_method."""
    with site.visit("anonymous") as visit:
        visit.page.goto("/")
        for given, free, said in (
            ({"a": "2", "c": "1"}, None, [4, 1, False]),
            ({"a": "2", "d": "2", "c": "0.5"}, None, [5, 2, False]),
            ({"a": "2", "d": "2"}, None, [4, 1, True]),
            ({}, None, [0, None, True]),
            ({}, "3", [6, None, False]),
        ):
            assert visit.page.evaluate(METHODS, [static("js/marking-scheme.js"), given, free]) == said


def test_a_question_is_marked_by_the_second_method_and_its_student_sees_which_counted(site: Site) -> None:
    evaluation = site.world.marking
    question = site.ask(lambda: PaperQuestion.objects.select_related("version").get(pk=site.ids["marking_question"]))
    second = site.ask(lambda: add_method(question, "1", "2"))
    marks = QuestionMark.objects.filter(evaluation=evaluation, question=question)
    with site.visit("teacher") as visit:
        page = open_desk(visit, evaluation)
        methods, before = page.locator("#methods button"), page.locator("#paper-total").inner_text()
        expect(methods).to_have_count(2)
        expect(page.locator("#scheme button")).to_have_count(4)
        page.keyboard.press("1")
        expect(page.locator("#total")).to_have_text("1")
        # The student left the first way: digits are the steps of the second one now.
        page.keyboard.press("m")
        expect(methods.nth(1)).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#scheme button")).to_have_count(2)
        expect(page.locator("#scheme")).to_contain_text("Way 2, step 1")
        page.keyboard.press("2")
        expect(page.locator("#total")).to_have_text("2")
        page.keyboard.press("1")
        expect(page.locator("#total")).to_have_text("3")
        expect(methods.locator(".mk")).to_have_text(["1", "3"])
        expect(methods.nth(1)).to_contain_text("counts")
        assert page.locator("#paper-total").inner_text() != before
        expect(page.locator("#saved")).to_have_text("Saved")
        kept = site.ask(lambda: marks.get())
        assert (kept.marks, {step: kept.steps[step] for step in second}) == (3, dict(zip(second, "12", strict=True)))
        # Opened again, the method that counts is in view; full marks by it leave the other one alone.
        open_desk(visit, evaluation)
        page.locator(".bar [data-number='4']").click()
        expect(methods.nth(1)).to_have_attribute("aria-pressed", "true")
        page.locator(".stage").focus()
        page.keyboard.press("0")
        expect(methods.locator(".mk")).to_have_text(["0", "0"])
        page.keyboard.press("f")
        expect(methods.locator(".mk")).to_have_text(["0", "3"])
        expect(page.locator("#saved")).to_have_text("Saved")
    site.ask(lambda: Evaluation.objects.filter(pk=evaluation.pk).update(state="released", released_at=site.world.now))
    with site.visit("student", width=390) as visit:
        visit.page.goto(f"/results/{evaluation.attempt_id}/")
        row = visit.page.locator("details.q", has=visit.page.get_by_text("Way 2, step 1"))
        row.evaluate("one => { one.open = true; }")
        expect(row.locator(".method-name")).to_contain_text("Method 2")
        expect(row.locator(".method-name")).to_contain_text("counted")
        expect(row.locator("summary").first).to_contain_text("3 / 3")
        expect(row.locator(".scheme").first).to_contain_text("Way 2, step 2")
        expect(row.locator("details summary").first).to_contain_text("Method 1")


def test_a_step_is_carried_forward_while_one_it_follows_is_not_awarded(site: Site) -> None:
    with site.visit("anonymous") as visit:
        visit.page.goto("/")
        for mark, carried in (
            ({"free": None, "steps": {}}, [False, True, True]),
            ({"free": None, "steps": {"m": "0.5"}}, [False, False, True]),
            ({"free": None, "steps": {"m": "1", "a": "1"}}, [False, False, False]),
            ({"free": "2", "steps": {}}, [False, False, False]),
        ):
            assert visit.page.evaluate(CARRIED, [static("js/marking-scheme.js"), mark]) == carried


def test_escape_does_not_decide_between_two_versions(site: Site) -> None:
    evaluation = site.world.marking
    question = site.ids["marking_question"]

    def marks() -> Any:
        return QuestionMark.objects.filter(evaluation=evaluation, question=question)

    with site.visit("teacher") as visit:
        page: Page = visit.page
        page.goto(f"/marking/{evaluation.pk}/")
        expect(page.locator("#scheme button")).to_have_count(4)
        site.ask(
            lambda: marks().update_or_create(
                evaluation=evaluation,
                question_id=question,
                defaults={"version": 7, "steps": {}, "marks": 3, "comment": "Theirs", "updated_at": site.world.now},
            )
        )
        page.keyboard.press("1")
        dialog = page.locator("#conflict")
        expect(dialog).to_be_visible()
        for _ in range(3):
            page.keyboard.press("Escape")
            expect(dialog).to_be_visible()
        assert site.ask(lambda: marks().get().version) == 7
        page.get_by_role("button", name="Take theirs").click()
        expect(dialog).to_be_hidden()
        expect(page.locator("#comment")).to_have_value("Theirs")
        assert site.ask(lambda: (marks().get().version, marks().get().comment)) == (7, "Theirs")


def test_a_printed_result_is_the_marks_and_one_sheet_for_each_page(site: Site) -> None:
    with site.visit("student", width=1280) as visit:
        visit.page.goto(f"/results/{site.world.released.attempt_id}/", wait_until="networkidle")
        printed = visit.page.pdf(prefer_css_page_size=True)
        visit.page.emulate_media(media="print")
        shown = visit.page.locator("nav:visible, .sheets figure:visible, .q .opts li:not(.right, .wrong):visible")
        expect(shown).to_have_count(2)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1 + 2


def open_desk(visit: Visit, evaluation: Evaluation) -> Page:
    visit.page.goto(f"/marking/{evaluation.pk}/", wait_until="load")
    expect(visit.page.locator("#scheme button").first).to_be_visible()
    return visit.page


def test_the_desk_says_that_somebody_is_signed_out_and_goes_on_by_itself(site: Site) -> None:
    marks = QuestionMark.objects.filter(evaluation=site.world.marking, question=site.ids["marking_question"])
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        visit.context.clear_cookies(name="sessionid")
        page.keyboard.press("1")
        expect(page.locator("#signed-out")).to_be_visible()
        expect(page.locator("#saved")).to_contain_text("On this computer")
        expect(page.locator("#lost")).to_be_hidden()
        visit.context.add_cookies([{"name": "sessionid", "value": site.sessions["teacher"], "url": site.url}])
        expect(page.locator("#saved")).to_have_text("Saved", timeout=20_000)
        expect(page.locator("#signed-out")).to_be_hidden()
        assert site.ask(lambda: marks.get().marks) == 1


def test_marks_for_what_was_said_not_to_be_attempted_are_shown(site: Site) -> None:
    attempt = site.world.marking.attempt
    question = site.ids["marking_question"]

    def say() -> None:
        Response.objects.update_or_create(
            attempt=attempt,
            question_id=question,
            defaults={"answer": {"not_attempted": True}, "seq": 9, "saved_at": site.world.now},
        )

    site.ask(say)
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        button = page.locator(".bar [data-number='4']")
        expect(button.locator("small")).to_have_text("n/a")
        button.click()
        page.locator(".stage").focus()
        page.keyboard.press("1")
        expect(button.locator("small")).to_have_text("1")


def test_a_comment_is_written_without_a_pointer(site: Site) -> None:
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        page.keyboard.press("c")
        page.keyboard.type("Well done.")
        box, stage = page.locator(".cbox").bounding_box(), page.locator(".stage").bounding_box()
        assert stage["y"] < box["y"] < stage["y"] + stage["height"]
        page.keyboard.press("Enter")
        expect(page.locator("#ink [aria-label='Comment, Well done.']")).to_have_count(1)
        expect(page.locator("#saved")).to_have_text("Saved")


def test_wrong_free_marks_are_said_once_at_the_field_and_taken_back_by_escape(site: Site) -> None:
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        free, problem = page.locator("#free"), page.locator("#free-problem")
        for wrong in ("abc", "99", "0.3"):
            free.fill(wrong)
            free.blur()
            expect(page.locator(".toast")).to_have_count(1)
            expect(free).to_have_attribute("aria-invalid", "true")
            expect(free).to_have_css("box-shadow", re.compile("2px inset"))
            expect(problem).to_contain_text("Free marks go from 0 to")
        free.focus()
        page.keyboard.press("Escape")
        expect(free).to_have_value("")
        expect(free).not_to_have_attribute("aria-invalid", "true")
        expect(problem).to_be_empty()
        # Marks without a reason wait for it.
        free.fill("1")
        free.blur()
        expect(problem).to_contain_text("Say in the comment why")
        expect(page.locator("#comment")).to_be_focused()
        page.keyboard.type("Another way")
        page.locator("#comment").blur()
        expect(page.locator("#total")).to_have_text("1")
        expect(problem).to_be_empty()

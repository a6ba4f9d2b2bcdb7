"""The scripts of the desk and the printed result, in a real browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.templatetags.static import static
from playwright.sync_api import Page, expect

from evaluations.models import QuestionMark
from tests.browser import Site, collected, site  # noqa: F401 - fixtures

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
LONG_STROKE = """async ([script, url]) => {
  const { MarkStore } = await import(script);
  const points = Array.from({ length: 6000 }, (_, i) => [i / 1e4, 0.12345, 0.54321]);
  const ink = new Map([["s", { id: "s", geometry: { points } }]]);
  const states = [];
  const store = new MarkStore({
    key: "k", inkUrl: url, csrf: () => "", marks: new Map(), ink, onState: (s) => states.push(s),
    onLost() {},
  });
  store.dirtyInk.add("s");
  await store.flush();
  return states;
}"""


def test_ink_is_read_out_in_good_english(site: Site) -> None:  # noqa: F811
    with site.visit("anonymous") as visit:
        visit.page.goto("/")
        assert visit.page.evaluate(LABELS, [static("js/marking-ink.js"), ["0.5", "1", "1.5", "0", ""]]) == [
            "Tick, ½ mark", "Tick, 1 mark", "Tick, 1½ marks", "Tick, 0 marks", "Tick",
        ]  # fmt: skip


def test_the_desk_adds_up_as_the_server_does(site: Site) -> None:  # noqa: F811
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


def test_a_stroke_longer_than_a_browser_keeps_alive_is_saved(site: Site) -> None:  # noqa: F811
    with site.visit("anonymous") as visit:
        visit.page.goto("/")
        visit.page.route("**/ink", lambda route: route.fulfill(json={"annotations": [{"id": "s", "version": 1}]}))
        assert visit.page.evaluate(LONG_STROKE, [static("js/marking-store.js"), "/ink"]) == ["saved"]


def test_escape_does_not_decide_between_two_versions(site: Site) -> None:  # noqa: F811
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


def test_a_printed_result_is_the_marks_and_one_sheet_for_each_page(site: Site) -> None:  # noqa: F811
    with site.visit("student", width=1280) as visit:
        visit.page.goto(f"/results/{site.world.released.attempt_id}/", wait_until="networkidle")
        printed = visit.page.pdf(prefer_css_page_size=True)
        visit.page.emulate_media(media="print")
        shown = visit.page.locator("nav:visible, .sheets figure:visible, .q .opts li:not(.right, .wrong):visible")
        expect(shown).to_have_count(2)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1 + 2

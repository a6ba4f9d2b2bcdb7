"""What only a browser can tell of forms: boxes to tick in each theme, text that stays clear of a select's arrow."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser import Site

pytestmark = [pytest.mark.slow, pytest.mark.browser]

# Colours as the browser computes them, painted to read their red, green and blue.
BOXES = """() => {
  const rgb = (colour) => {
    const pen = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
    pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const boxes = [...document.querySelectorAll('[type=checkbox], [type=radio]')].filter((box) => box.offsetParent);
  return boxes.map((box) => {
    const place = () => {
      const { x, y, width, height } = box.getBoundingClientRect();
      return [x, y, width, height];
    };
    box.checked = false;
    const edge = getComputedStyle(box).borderTopColor, off = place();
    box.checked = true;
    const on = place();
    box.checked = false;
    let behind = box;
    while (behind && rgb(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
    return { edge: rgb(edge), behind: rgb(getComputedStyle(behind ?? document.body).backgroundColor), off, on };
  });
}"""


def luminance(colour: list[int]) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [value / 255 for value in colour[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: list[int], other: list[int]) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_boxes_to_tick_are_seen_and_stay_where_they_are(site: Site, theme: str) -> None:
    pages = (("teacher", "question-export", ()), ("teacher", "paper-page", (site.ids["quiz_paper"],)))
    for person, name, arguments in pages:
        with site.visit(person, theme=theme) as visit:
            visit.page.goto(reverse(name, args=arguments), wait_until="load")
            boxes: list[dict[str, Any]] = visit.page.evaluate(BOXES)
            assert len(boxes) > 2
            for box in boxes:
                assert contrast(box["edge"], box["behind"]) >= 3, (name, box)
                assert box["on"] == pytest.approx(box["off"], abs=0.5), f"{name}: it moves when it is ticked"


def test_a_long_choice_ends_before_the_arrow(site: Site) -> None:
    with site.visit("teacher", width=390) as visit:
        visit.page.goto(reverse("question-new"), wait_until="load")
        room = "boxes => boxes.map(box => parseFloat(getComputedStyle(box).paddingInlineEnd))"
        rooms: list[float] = visit.page.locator(".f select:not([multiple])").evaluate_all(room)
        assert rooms
        assert min(rooms) > 30
        fields = visit.page.locator(".f:has(#id_tries), .f:has(#id_try_penalty)")
        visit.page.goto(reverse("paper-page", args=[site.ids["quiz_paper"]]), wait_until="load")
        assert [field.is_visible() for field in fields.all()] == [False, False]
        visit.page.locator("#id_behaviour").select_option("immediate")
        assert [field.is_visible() for field in fields.all()] == [True, True]
        visit.page.locator("#id_behaviour").select_option("adaptive")
        assert [field.is_visible() for field in fields.all()] == [False, True]


def test_tabs_of_a_narrow_page_do_not_run_into_each_other(site: Site) -> None:
    with site.visit("teacher", width=320) as visit:
        visit.page.goto(reverse("bank-list"), wait_until="load")
        cut = "tabs => tabs.map((tab) => tab.scrollWidth > tab.clientWidth)"
        wide: list[bool] = visit.page.locator(".tabs a").evaluate_all(cut)
        assert wide
        assert not any(wide)


def test_the_editor_says_saving_while_a_draft_is_on_its_way(site: Site) -> None:
    with site.visit("teacher") as visit:
        visit.page.goto(reverse("question-new"), wait_until="networkidle")
        visit.page.route("**/bank/unfinished/**", lambda route: None)
        visit.page.locator("[name=text]").press_sequentially("Why?")
        expect(visit.page.locator("#kept")).to_have_text("Saving")

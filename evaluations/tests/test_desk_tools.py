"""The desk's tools in a real browser, by mouse, pen, fingers and keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from evaluations.models import Annotation, QuestionMark
from evaluations.tests.test_desk_log import open_desk, press, saved
from tests.browser import Site

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def ink(site: Site) -> list[dict[str, Any]]:
    rows = Annotation.objects.filter(evaluation=site.ids["marking"], deleted_at=None).order_by("updated_at", "id")
    return site.ask(lambda: list(rows.values("kind", "geometry", "text", "shown", "question", "step", "marks")))


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    box = page.locator("#page").bounding_box()
    assert box
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def drag(page: Page, *places: tuple[float, float]) -> None:
    first, *rest = [at(page, *place) for place in places]
    page.mouse.move(*first)
    page.mouse.down()
    for place in rest:
        page.mouse.move(*place, steps=5)
    page.mouse.up()


def drawn(page: Page) -> Any:
    return page.locator("#ink [data-id]")


def finger(session: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def pen(session: CDPSession, kind: str, place: tuple[float, float], force: float = 0.7) -> None:
    session.send(
        "Input.dispatchMouseEvent",
        {
            "type": kind, "x": place[0], "y": place[1], "button": "left", "buttons": 1, "clickCount": 1,
            "pointerType": "pen", "force": force,
        },
    )  # fmt: skip


def test_every_stamp_and_line_lands_where_it_is_put(site: Site) -> None:
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        for key, y in (("t", 0.1), ("y", 0.2), ("x", 0.3)):
            press(page, key)
            page.mouse.click(*at(page, 0.3, y))
        press(page, "o")
        drag(page, (0.5, 0.1), (0.7, 0.2))
        press(page, "u")
        drag(page, (0.5, 0.3), (0.7, 0.305))
        press(page, "h")
        drag(page, (0.5, 0.35), (0.6, 0.36), (0.7, 0.35))
        expect(drawn(page)).to_have_count(6)
        saved(page)
    kinds = {row["kind"]: row["geometry"] for row in ink(site)}
    stamped = {kind: (round(kinds[kind]["x"], 1), round(kinds[kind]["y"], 1)) for kind in ("tick", "half", "cross")}
    assert stamped == {"tick": (0.3, 0.1), "half": (0.3, 0.2), "cross": (0.3, 0.3)}
    assert {side: round(value, 1) for side, value in kinds["circle"].items()} == {
        "x": 0.5,
        "y": 0.1,
        "w": 0.2,
        "h": 0.1,
    }
    (_, left, _), (_, right, _) = kinds["underline"]["points"]
    assert left == right, "almost level is level"
    assert len(kinds["highlight"]["points"]) > 5


def test_the_eraser_takes_what_it_passes_over_and_one_undo_brings_it_back(site: Site) -> None:
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        press(page, "t")
        for x in (0.3, 0.4, 0.5, 0.8):
            page.mouse.click(*at(page, x, 0.2))
        press(page, "e")
        drag(page, (0.25, 0.198), (0.56, 0.198))
        expect(drawn(page)).to_have_count(1)
        press(page, "z")
        expect(drawn(page)).to_have_count(4)
        saved(page)
    assert len(ink(site)) == 4


def test_strokes_are_moved_by_the_pointer_and_by_arrows_and_go_by_delete(site: Site) -> None:
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        press(page, "u")
        drag(page, (0.3, 0.2), (0.5, 0.2))
        press(page, "v")
        drag(page, (0.4, 0.2), (0.4, 0.3))
        saved(page)
        assert [round(y, 2) for _, y, _ in ink(site)[0]["geometry"]["points"]] == [0.3, 0.3]
        drawn(page).focus()
        page.keyboard.press("Shift+ArrowRight")
        saved(page)
        assert round(ink(site)[0]["geometry"]["points"][0][0], 2) == 0.33
        drawn(page).focus()
        page.keyboard.press("Delete")
        saved(page)
    assert ink(site) == []


def test_a_hand_on_the_glass_draws_nothing_while_the_pen_is_in_use(site: Site) -> None:
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        session = visit.context.new_cdp_session(page)
        press(page, "p")
        pen(session, "mousePressed", at(page, 0.3, 0.2), 0.3)
        for step in range(6):
            pen(session, "mouseMoved", at(page, 0.3 + step / 50, 0.2), 0.3 + step / 10)
        pen(session, "mouseReleased", at(page, 0.42, 0.2))
        expect(drawn(page)).to_have_count(1)
        before = page.locator(".stage").evaluate("one => one.scrollTop")
        finger(session, "touchStart", at(page, 0.6, 0.4))
        finger(session, "touchMove", at(page, 0.6, 0.3))
        finger(session, "touchEnd")
        expect(drawn(page)).to_have_count(1)
        assert page.locator(".stage").evaluate("one => one.scrollTop") > before, "it moves the page"
        saved(page)
        assert ink(site)[0]["geometry"]["points"][0][2] is not None, "with the pressure of the pen"
        # Later a finger draws again.
        page.evaluate("() => { const now = performance.now.bind(performance); performance.now = () => now() + 5000; }")
        finger(session, "touchStart", at(page, 0.6, 0.4))
        finger(session, "touchMove", at(page, 0.7, 0.4))
        finger(session, "touchEnd")
        expect(drawn(page)).to_have_count(2)


def test_two_fingers_zoom_and_draw_nothing(site: Site) -> None:
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        session = visit.context.new_cdp_session(page)
        press(page, "p")
        wide = page.locator("#page").bounding_box()["width"]
        finger(session, "touchStart", at(page, 0.4, 0.3), at(page, 0.6, 0.3))
        apart = [at(page, 0.3, 0.3), at(page, 0.7, 0.3)]
        finger(session, "touchMove", *apart)
        finger(session, "touchEnd")
        assert page.locator("#page").bounding_box()["width"] == pytest.approx(2 * wide, rel=0.05)
        expect(drawn(page)).to_have_count(0)


def test_the_wheel_zooms_to_the_pointer(site: Site) -> None:
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        x, y = at(page, 0.7, 0.3)
        page.mouse.move(x, y)
        page.keyboard.down("Control")
        page.mouse.wheel(0, -200)
        page.keyboard.up("Control")
        expect(page.locator("#zoom")).not_to_have_text("Fit width")
        box = page.locator("#page").bounding_box()
        assert (x - box["x"]) / box["width"] == pytest.approx(0.7, abs=0.01)
        assert (y - box["y"]) / box["height"] == pytest.approx(0.3, abs=0.01)


def test_each_page_stays_as_it_was_turned(site: Site) -> None:
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        press(page, "r")
        expect(page.locator("#page")).to_have_attribute("data-turn", "90")
        page.locator("#page").evaluate("one => Promise.all(one.getAnimations().map((a) => a.finished))")
        box, stage = page.locator("#page").bounding_box(), page.locator(".stage").bounding_box()
        assert box["width"] > box["height"]
        assert box["x"] >= stage["x"] - 1 or page.locator(".stage").evaluate("one => one.scrollWidth > one.clientWidth")
        press(page, "]")
        expect(page.locator("#page")).to_have_attribute("data-turn", "0")
        press(page, "[")
        expect(page.locator("#page")).to_have_attribute("data-turn", "90")
        page.reload()
        expect(page.locator("#page")).to_have_attribute("data-turn", "90")


def test_the_keyboard_has_a_pointer_of_its_own(site: Site) -> None:
    marks = QuestionMark.objects.filter(evaluation=site.ids["marking"])
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        press(page, "x", "i", "ArrowRight", "Shift+ArrowDown", "Enter")
        expect(drawn(page)).to_have_count(1)
        press(page, "ArrowLeft", "2")
        expect(drawn(page)).to_have_count(2)
        press(page, "c")
        page.keyboard.type("Here")
        page.keyboard.press("Enter")
        expect(drawn(page)).to_have_count(3)
        press(page, "Escape")
        expect(page.locator(".crosshair")).to_be_hidden()
        press(page, "3")
        expect(drawn(page)).to_have_count(3)
        saved(page)
    cross, tick, comment = sorted(ink(site), key=lambda row: ["cross", "tick", "comment"].index(row["kind"]))
    assert round(cross["geometry"]["x"] - tick["geometry"]["x"], 3) == 0.01
    assert comment["geometry"]["y"] == cross["geometry"]["y"]
    assert site.ask(lambda: str(marks.get().marks.normalize())) == "1.5"


def test_a_comment_frames_its_place_and_sets_its_formulas(site: Site) -> None:
    with site.visit("teacher") as visit:
        page = open_desk(visit, site.world.marking)
        press(page, "c")
        page.keyboard.press("Escape")
        page.locator("[data-tool=c]").click()
        drag(page, (0.3, 0.2), (0.6, 0.3))
        page.keyboard.type("Why $x^2 \\ge 0$?")
        page.keyboard.press("Enter")
        expect(page.locator("#ink [aria-label='Comment, Why x² ≥ 0?']")).to_have_count(1)
        press(page, "Shift+C")
        page.keyboard.type("A clear page")
        page.keyboard.press("Enter")
        expect(drawn(page)).to_have_count(2)
        page.locator("#comment").fill("So $\\frac{1}{2}$, not 2")
        page.locator("#comment").blur()
        expect(page.locator("#comment-shown math mfrac")).to_have_count(1)
        saved(page)
        page.reload()
        page.locator(".bar [data-number='4']").click()
        expect(page.locator("#comment-shown math mfrac")).to_have_count(1)
    framed, whole = sorted(ink(site), key=lambda row: row["text"], reverse=True)
    assert {side: round(value, 1) for side, value in framed["geometry"].items()} == {
        "x": 0.3,
        "y": 0.2,
        "w": 0.3,
        "h": 0.1,
    }
    assert framed["text"] == "Why $x^2 \\ge 0$?"
    assert (whole["text"], whole["question"]) == ("A clear page", None)

"""A teacher who has never seen the editor writes a question of five marks with a figure and a scheme by keyboard alone,
and another one reviews it by keyboard."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import FileChooser, Page, TimeoutError, expect

from assessments.models import Question
from tests.browser import Site, sheet_image
from tests.test_keyboard import assert_all_reached

pytestmark = [pytest.mark.slow, pytest.mark.browser]


# The keystroke-level model of Card, Moran and Newell: a key of an average typist, and a thought before what is written.
KEY, THOUGHT = 0.28, 1.35
MODEL_ANSWER = (
    "As $DE \\parallel BC$, $\\frac{AD}{DB} = \\frac{AE}{EC}$. So $EC = \\frac{4 \\times 4.5}{3} = 6$ cm "
    "and $AC = 4.5 + 6 = 10.5$ cm."
)
# text, marks, and as far as the usual is changed: kind, the steps it follows
FIVE_STEPS = [
    ("Names the basic proportionality theorem", "1"),
    ("Writes $\\frac{AD}{DB} = \\frac{AE}{EC}$", "1"),
    ("Gets $EC = 6$ cm", "1", "Acc", "1, 2"),
    ("Adds $AE$ and $EC$", "1", "Meth", "3"),
    ("Gets $AC = 10.5$ cm", "1", "Acc", "4"),
]
COPY_A_PICTURE = """async () => {
  const canvas = new OffscreenCanvas(300, 200);
  canvas.getContext("2d").fillRect(20, 20, 200, 100);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
}"""


@dataclass
class Hand:
    """Somebody at the keyboard: counts the keys and the thoughts."""

    page: Page
    keys: int = 0
    thoughts: int = 0

    @property
    def seconds(self) -> float:
        return self.keys * KEY + self.thoughts * THOUGHT

    def press(self, key: str) -> None:
        self.keys += len(key.split("+"))
        self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        self.keys += len(text)
        self.thoughts += 1
        self.page.keyboard.type(text)

    def tab_to(self, selector: str, most: int = 60) -> None:
        """Presses Tab until what `selector` names has the focus."""
        for _ in range(most):
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
            self.press("Tab")
        raise AssertionError(f"Tab does not reach {selector}")


@pytest.mark.parametrize("width", [390, 1440])
def test_tab_reaches_everything_in_the_editor(site: Site, width: int) -> None:
    with site.visit("teacher", width=width) as visit:
        visit.page.goto("/bank/new/", wait_until="networkidle")
        assert_all_reached(visit.page)


def test_a_question_with_a_figure_and_a_scheme_is_written_by_keyboard_alone(
    site: Site,
    tmp_path: Path,
) -> None:
    figure = tmp_path / "triangle.jpg"
    figure.write_bytes(sheet_image((300, 200)))
    with site.visit("teacher") as visit:
        hand = open_editor(visit.page)
        choose_a_type_twice(hand)
        place_and_marks(hand)
        write_with_a_chosen_figure(hand, figure)
        write_a_scheme_with_slips(hand)
        save_what_is_complete(hand)
        assert [text for text in visit.problems if "422" not in text] == []
    question = written_by_teacher(site)
    assert "![A triangle with a line parallel to its base](/media/questions/" in question.current.text_source
    steps = site.ask(lambda: list(question.current.steps.values_list("text_source", "marks")))
    assert [(text, float(marks)) for text, marks in steps] == [
        ("States the theorem", 1),
        ("Compares the areas", 2.5),
        ("Concludes", 1.5),
    ]


def test_five_marks_with_a_pasted_figure_and_five_steps_take_less_than_five_minutes(site: Site) -> None:
    with site.visit("teacher") as visit:
        hand = open_editor(visit.page)
        hand.tab_to("[name=type]")
        hand.write("Long")
        place_and_marks(hand)
        write_with_a_pasted_figure(hand)
        for step in FIVE_STEPS:
            write_step(hand, *step)
        expect(visit.page.locator("[data-sum]")).to_have_attribute("data-state", "ok")
        hand.tab_to("[name=model_answer]")
        hand.write(MODEL_ANSWER)
        save_what_is_complete(hand)
        assert visit.problems == []
    print(f"\n{hand.keys} keys, {hand.seconds:.0f} s at the pace of the keystroke-level model")
    assert hand.seconds < 300
    question = written_by_teacher(site)
    steps = site.ask(lambda: list(question.current.steps.values_list("kind", "marks", "follows")))
    assert [(kind, float(marks), follows) for kind, marks, follows in steps] == [
        ("method", 1, None),
        ("method", 1, None),
        ("accuracy", 1, [1, 2]),
        ("method", 1, [3]),
        ("accuracy", 1, [4]),
    ]


# --- Parts of writing a question ---
def open_editor(page: Page) -> Hand:
    hand = Hand(page)
    page.goto("/bank/", wait_until="load")
    hand.tab_to("a[href='/bank/new/']")
    hand.press("Enter")
    page.wait_for_url("**/bank/new/")
    page.wait_for_load_state("networkidle")
    return hand


def choose_a_type_twice(hand: Hand) -> None:
    """Another type brings its own fields and leaves the focus where it is."""
    page = hand.page
    hand.tab_to("[name=type]")
    hand.write("Case")
    expect(page.locator("#editor [name=steps-part]")).to_have_count(1)
    expect(page.locator("[name=type]")).to_be_focused()
    hand.press("ArrowUp")
    expect(page.locator("#editor [name=steps-part]")).to_have_count(0)
    expect(page.locator("[name=type]")).to_have_value("long_answer")


def place_and_marks(hand: Hand) -> None:
    hand.tab_to("[name=chapter]")
    hand.write("Quad")
    hand.page.wait_for_load_state("networkidle")
    hand.tab_to("[name=marks]")
    hand.press("Control+a")
    hand.write("5")


def write_with_a_chosen_figure(hand: Hand, figure: Path) -> None:
    hand.tab_to("[name=text]")
    hand.write("Prove that $\\frac{AD}{DB} = \\frac{AE}{EC}$ in the figure.")
    ask_for_a_file(hand).set_files(figure)
    say_what_the_figure_shows(hand)


def ask_for_a_file(hand: Hand) -> FileChooser:
    """Pressed again where nothing opens, as anybody would: a busy browser now and then opens none."""
    for _try in range(3):
        with suppress(TimeoutError):
            with hand.page.expect_file_chooser(timeout=10_000) as chooser:
                hand.press("Alt+p")
            return chooser.value
    raise AssertionError("no press of Alt P opens the choice of a file")


def write_with_a_pasted_figure(hand: Hand) -> None:
    """The figure was copied elsewhere; here it is pasted into the text."""
    page = hand.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(COPY_A_PICTURE)
    hand.tab_to("[name=text]")
    hand.write("In the figure $DE \\parallel BC$, $AD = 3$ cm, $DB = 4$ cm and $AE = 4.5$ cm. Find $EC$ and $AC$.")
    hand.press("Control+v")
    say_what_the_figure_shows(hand)


def say_what_the_figure_shows(hand: Hand) -> None:
    """It is selected, ready to be typed over."""
    expect(hand.page.locator("#picture-said")).to_contain_text("The picture is in the text")
    expect(hand.page.locator("[name=text]")).to_be_focused()
    hand.write("A triangle with a line parallel to its base")


def write_step(hand: Hand, text: str, marks: str, kind: str = "", follows: str = "") -> None:
    """From the box of the row before, or of the text, to a finished row."""
    if hand.page.evaluate("document.activeElement.closest('[data-rows=steps]')"):
        hand.press("Enter")
    else:
        hand.tab_to("[name=steps-text]")
    hand.write(text)
    hand.press("Tab")
    hand.write(marks)
    if kind or follows:
        hand.press("Tab")
        hand.write(kind)
    if follows:
        hand.press("Tab")
        hand.write(follows)


def write_a_scheme_with_slips(hand: Hand) -> None:
    """A row in the wrong place goes, and a formula that cannot be read is named beside its step and mended."""
    page = hand.page
    write_step(hand, "States the theorem", "1")
    write_step(hand, "Compares the areas", "2½")
    hand.press("Enter")
    hand.write("Wrong place")
    hand.press("Alt+ArrowUp")
    hand.press("Alt+Backspace")
    expect(page.locator("#editor [name=steps-text]")).to_have_count(2)
    expect(page.locator("[data-sum]")).to_have_text("3½ of 5 marks")
    page.locator("#editor [name=steps-text]").nth(1).focus()
    write_step(hand, "Concludes with $\\frac{1}{2$", "1.5")
    error = page.locator("[data-row]").nth(2).locator("[data-error]")
    expect(error).to_contain_text("cannot be read")
    hand.press("Shift+Tab")
    hand.press("Control+a")
    hand.write("Concludes")
    expect(error).to_be_hidden()
    expect(page.locator("[data-sum]")).to_have_attribute("data-state", "ok")
    hand.tab_to("[name=model_answer]")
    hand.write("By the basic proportionality theorem.")


def save_what_is_complete(hand: Hand) -> None:
    page = hand.page
    expect(page.locator("#preview")).to_contain_text("Complete")
    expect(page.locator("#preview img")).to_have_js_property("naturalWidth", 300)
    hand.press("Control+s")
    page.wait_for_url(lambda url: "/new" not in url)
    expect(page.locator("h1")).to_have_text("Question")


def written_by_teacher(site: Site) -> Question:
    """The latest question."""
    mine = Question.objects.select_related("current").filter(author=site.world.cast.teacher, state="draft")
    return site.ask(lambda: mine.latest("pk"))


def test_leaving_with_unsaved_changes_asks_first(site: Site) -> None:
    with site.visit("teacher") as visit:
        page, asked = visit.page, []
        page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
        page.goto("/bank/new/", wait_until="networkidle")
        page.locator("[name=text]").focus()
        page.keyboard.type("Half a question")
        page.evaluate("location.href = '/bank/'")
        page.wait_for_timeout(500)
        assert asked == ["beforeunload"]
        expect(page.locator("[name=text]")).to_have_value("Half a question")


def test_search_keeps_the_focus_and_the_address(site: Site) -> None:
    with site.visit("teacher") as visit:
        page = visit.page
        page.goto("/bank/", wait_until="networkidle")
        page.locator("[name=q]").focus()
        page.keyboard.type("nothing like this")
        expect(page.locator("#bank")).to_contain_text("No question is like that")
        expect(page.locator("[name=q]")).to_be_focused()
        expect(page.locator("[name=q]")).to_have_value("nothing like this")
        assert page.url.endswith("/bank/?q=nothing+like+this")
        assert visit.problems == []


def test_the_queue_is_reviewed_by_keyboard(site: Site) -> None:
    with site.visit("teacher") as visit:
        page, keys = visit.page, visit.page.keyboard
        page.goto("/bank/review/", wait_until="load")
        keys.press("s")
        expect(page.locator("#reason")).to_be_focused()
        keys.type("a and s are letters here")
        keys.press("Control+Enter")
        page.wait_for_url("**/bank/?view=review")
        assert visit.problems == []
    states = site.ask(
        lambda: list(Question.objects.filter(author=site.world.cast.newcomer).values_list("state", flat=True))
    )
    assert states == ["draft"]

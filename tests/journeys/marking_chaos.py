"""A paper marked in Chromium while everything around it fails, and what became of the marks and the red ink.

`python -m tests.journeys.marking_chaos --runs 50` marks so many papers, each by its own seed, on one running product
and prints a table. In each: 60 things are done (steps, comments, free marks, stamps, erasing, undo); the network drops
6 times, 6 replies are lost after the server has saved, the page is reloaded 4 times, the tab crashes twice, the web
process is killed twice while work is on its way, two tabs work at once 3 times, the claim lapses twice, and a second
device changes the same marks twice, so that the marker has to choose. Then what the server has is compared with what
was meant last.
"""

from __future__ import annotations

import re
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from tests.journeys.seeded import play_seeds
from tests.journeys.stack import Stack
from tests.journeys.wrecked import PATIENCE, Wrecked, broke_off, lost_replies, on_device

ACTIONS = 60
EVENTS = {"drop": 6, "lose": 6, "reload": 4, "crash": 2, "restart": 2, "tabs": 3, "lapse": 2, "device": 2}
# Number and alternative, with the half marks of the steps; see tests.journeys.world.
STEPS = {"4": [2, 2, 1, 1], "5a": [2, 4, 4], "5b": [4, 4, 2]}
FULL = {"4": 6, "5a": 10, "5b": 10}
COMMENTS = ("Show the working.", "Units?", "Well argued", "The sign is lost here", "Read the question again")
DEVICE = on_device("abhyas-desk", "operations", "one.version == null")


@dataclass
class Outcome:
    """Counts of one paper: `changes` made by the marker, of which the server has not `lost` or has differently `wrong`;
    `doubled`: events of the same version, or stamps that were meant once."""

    seed: int
    changes: int = 0
    asked: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: int = 0
    seconds: float = 0.0
    details: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return (self.lost, self.doubled, self.wrong) == (0, 0, 0)


@dataclass
class Mark:
    """What is meant for a question, in half marks."""

    steps: list[int]
    free: int | None = None
    comment: str = ""

    def copy(self) -> Mark:
        return Mark(list(self.steps), self.free, self.comment)


class Marking(Wrecked):
    """One marker, one paper, one seed."""

    wreck, device_script = lost_replies("/operations/"), DEVICE

    def __init__(self, browser: Browser, stack: Stack, world: dict[str, Any], evaluation: str, seed: int) -> None:
        self.evaluation = evaluation
        self.outcome = Outcome(seed)
        self.meant = {label: Mark([0] * len(steps)) for label, steps in STEPS.items()}
        self.given: set[str] = set()
        # What is on the first page by its place; each stamp has a place of its own.
        self.stamps: dict[int, str] = {}
        self.url = f"/marking/{evaluation}/"
        self.other: BrowserContext | None = None
        super().__init__(browser, stack, world, seed)
        self.places = iter(self.dice.sample(range(400), 400))

    def new_context(self, **options: Any) -> BrowserContext:
        return super().new_context(viewport={"width": 1440, "height": 900}, **options)

    def new_page(self, context: BrowserContext | None = None) -> Page:
        page = super().new_page(context)
        page.on("dialog", lambda dialog: dialog.accept())  # "leave the page?": yes
        return page

    def come_in(self, page: Page) -> None:
        self.sign_in(page, self.world["teachers"][0], r"/(teach|today|marking)/")

    def open(self, page: Page) -> None:
        page.goto(self.url)
        expect(page.locator("#scheme button").first).to_be_visible(timeout=PATIENCE)
        expect(page.locator("#saved")).to_have_attribute("data-state", re.compile("."), timeout=PATIENCE)
        page.locator(".pages button").first.click()

    # --- What the marker does -----------------------------------------------------------------------------------------
    def show(self, label: str, page: Page) -> None:
        page.locator(f".bar [data-number='{label[0]}']").click()
        if len(label) > 1:
            page.locator("#alternatives button").nth("ab".index(label[1])).click()
        page.locator(".pages button").first.click()
        page.locator(".stage").focus()

    def act(self, page: Page) -> None:
        kinds = ["step"] * 5 + ["comment", "free", "stamp", "stamp", "stamp", "erase", "point", "full", "none", "undo"]
        label = self.dice.choice(list(STEPS))
        self.show(label, page)
        getattr(self, f"do_{self.dice.choice(kinds)}")(page, label)
        self.outcome.changes += 1

    def do_step(self, page: Page, label: str) -> None:
        at = self.dice.randrange(len(STEPS[label]))
        page.mouse.move(5, 5)
        page.keyboard.press(str(at + 1))
        self._step(label, at)

    def _step(self, label: str, at: int) -> None:
        mark, full = self.meant[label], STEPS[label][at]
        now = mark.steps[at] if mark.free is None else 0
        if mark.free is not None:
            mark.free = None
            mark.steps = [0] * len(mark.steps)
        mark.steps[at] = full if now == 0 else full // 2 if now == full and full > 1 else 0
        self.given.add(label)

    def do_point(self, page: Page, label: str) -> None:
        """Point and press, and take it back: the stamp comes and goes with the step."""
        at = self.dice.randrange(len(STEPS[label]))
        if self.meant[label].steps[at] or self.meant[label].free is not None:
            return
        place = self.spot(page, next(self.places))
        page.mouse.move(*place)
        for _ in range(2 if STEPS[label][at] == 1 else 3):
            page.keyboard.press(str(at + 1))
            self._step(label, at)

    def do_full(self, page: Page, label: str) -> None:
        page.keyboard.press("f")
        self.meant[label] = Mark(list(STEPS[label]), None, self.meant[label].comment)
        self.given.add(label)

    def do_none(self, page: Page, label: str) -> None:
        page.keyboard.press("0")
        self.meant[label] = Mark([0] * len(STEPS[label]), None, self.meant[label].comment)
        self.given.add(label)

    def do_comment(self, page: Page, label: str, but: str = "") -> None:
        text = self.dice.choice([text for text in COMMENTS if text not in (but, self.meant[label].comment)])
        page.locator("#comment").fill(text)
        page.locator("#comment").blur()
        self.meant[label].comment = text
        self.given.add(label)

    def do_free(self, page: Page, label: str) -> None:
        mark = self.meant[label]
        half = self.dice.choice([half for half in range(1, FULL[label] + 1) if half != mark.free])
        if not mark.comment:
            self.do_comment(page, label)
        page.locator("#free").fill(str(half / 2))
        page.locator("#free").blur()
        mark.free, mark.steps = half, [0] * len(mark.steps)

    def spot(self, page: Page, place: int) -> tuple[float, float]:
        """In a net of 20 × 20 over the part of the page that can be seen."""
        page.locator(".stage").evaluate("one => { one.scrollTop = 0; }")
        box = page.locator("#page").bounding_box()
        assert box
        return box["x"] + box["width"] * (0.04 + 0.046 * (place % 20)), box["y"] + 20 + 29 * (place // 20)

    def do_stamp(self, page: Page, label: str) -> None:
        key, kind = self.dice.choice([("t", "tick"), ("y", "half"), ("x", "cross")])
        page.keyboard.press(key)
        place = next(self.places)
        page.mouse.click(*self.spot(page, place))
        self.stamps[place] = kind
        page.mouse.move(5, 5)

    def do_erase(self, page: Page, label: str) -> None:
        alone = [one for one in self.stamps if all(other == one or self.are_apart(one, other) for other in self.stamps)]
        if not alone:
            return
        place = self.dice.choice(alone)
        page.keyboard.press("e")
        x, y = self.spot(page, place)
        page.mouse.click(x + 5, y - 3)
        del self.stamps[place]
        page.mouse.move(5, 5)

    @staticmethod
    def are_apart(one: int, other: int) -> bool:
        return abs(one % 20 - other % 20) > 2 or abs(one // 20 - other // 20) > 3

    def do_undo(self, page: Page, label: str) -> None:
        """Something, taken back: of a question without a mark so that it has none again."""
        before, had_mark = self.meant[label].copy(), label in self.given
        self.do_step(page, label)
        page.keyboard.press("z")
        self.meant[label] = before
        if not had_mark:
            self.given.discard(label)

    # --- What happens to them -----------------------------------------------------------------------------------------
    def reload(self) -> None:
        self.page.evaluate(DEVICE)
        self.mend()
        self.open(self.page)

    def before_opening_again(self) -> None:
        """The desk needs the server."""
        self.mend()

    def tabs(self) -> None:
        """A second tab, then no network: both work, in turns, and one is closed before the network is back."""
        self.mend()
        other = self.new_page()
        self.open(other)
        self.drop()
        both = [self.page, other]
        for _ in range(4):
            self.act(self.dice.choice(both))
            self.page.wait_for_timeout(60)  # the tabs tell each other; a person is slower than that
        self.page.evaluate(DEVICE)
        other.evaluate(DEVICE)
        self.dice.shuffle(both)
        both[0].close()
        self.page = both[1]

    def lapse(self) -> None:
        """Half an hour without a sign of work; now and then with changes that still wait."""
        self.stack.run("-m", "tests.journeys.deeds", "lapse", self.evaluation)

    def device(self) -> None:
        """Another computer changes what is changed here without a network: both are shown, the marker picks."""
        self.mend()
        self.settle(self.page)
        if self.other is None:
            self.other = self.new_context()
            there = self.new_page(self.other)
            self.come_in(there)
        else:
            there = self.other.pages[0]
        self.open(there)
        label = self.dice.choice(list(STEPS))
        self.show(label, self.page)
        self.show(label, there)
        self.drop()
        before = self.meant[label].copy()
        self.do_comment(self.page, label)
        self.do_step(self.page, label)
        here, self.meant[label] = self.meant[label], before.copy()
        self.do_comment(there, label, but=here.comment)  # the same words would be no conflict
        theirs = self.meant[label]
        self.settle(there)
        self.page.evaluate(DEVICE)
        self.mend()
        expect(self.page.locator("#conflict")).to_be_visible(timeout=PATIENCE)
        mine = self.dice.random() < 0.5
        self.page.get_by_role("button", name="Keep mine" if mine else "Take theirs").click()
        expect(self.page.locator("#conflict")).to_be_hidden()
        self.meant[label] = here if mine else theirs
        self.outcome.asked += 1
        self.outcome.changes += 3
        there.goto("about:blank")

    # --- All of it ----------------------------------------------------------------------------------------------------
    def mark(self) -> Outcome:
        began = time.monotonic()
        self.come_in(self.page)
        self.open(self.page)
        when = self.timetable(EVENTS, ACTIONS)
        for step in range(ACTIONS):
            self.mend_by_chance(0.4)
            self.act(self.page)
            for name in when.get(step, []):
                getattr(self, name)()
        self.settle_at_last()
        self.close()
        self.outcome.seconds = time.monotonic() - began
        return self.outcome

    def close(self) -> None:
        if self.other is not None:
            self.other.close()
        super().close()


def compare(marking: Marking, stored: dict[str, Any]) -> Outcome:
    """Fills in what the server has of it: `stored` is of tests.journeys.facts."""
    outcome = marking.outcome
    rows = {row["question"]: row for row in stored["desk_marks"]}
    for label, meant in marking.meant.items():
        row = rows.get(marking.world["questions"][label])
        if label not in marking.given:
            outcome.wrong += row is not None
            continue
        if row is None:
            outcome.lost += 1
            outcome.details.append(f"{label}: nothing of {meant}")
            continue
        order = marking.world["steps"][label]
        steps = [round(2 * float(row["steps"].get(step, 0))) for step in order]
        free = round(2 * float(row["marks"])) if not row["steps"] and float(row["marks"]) else None
        if (steps, free, row["comment"]) != (meant.steps, meant.free, meant.comment):
            outcome.wrong += 1
            outcome.details.append(f"{label}: {(steps, free, row['comment'])} instead of {meant}")
    kept = sorted(row["kind"] for row in stored["annotations"] if row["deleted_at"] is None)
    wanted = sorted(marking.stamps.values())
    if kept != wanted:
        outcome.lost += sum(max(0, wanted.count(kind) - kept.count(kind)) for kind in set(wanted))
        outcome.doubled += sum(max(0, kept.count(kind) - wanted.count(kind)) for kind in set(kept))
        outcome.details.append(f"ink: {kept} instead of {wanted}")
    versions = [(row["question"], row["version"]) for row in stored["mark_events"]]
    outcome.doubled += len(versions) - len(set(versions))
    return outcome


def run(stack: Stack, browser: Browser, seeds: list[int], show: Any = None) -> list[Outcome]:
    """Marks a paper for each seed. In the main thread: the kernel ends the product's processes with the thread they
    came from."""
    world = stack.make_world(students=len(seeds), cap=1000, handed_in=True)
    outcomes = []
    for seed, email in zip(seeds, world["students"], strict=True):
        marking = Marking(browser, stack, world, world["evaluations"][email], seed)
        try:
            marking.mark()
        except (Error, AssertionError) as error:
            marking.outcome.details.append(broke_off(error))
            marking.close()
        outcomes.append(compare(marking, stack.facts(world)["attempts"][email]))
        if show:
            show(outcomes[-1])
    return outcomes


HEAD = f"{'seed':>6} {'changes':>8} {'asked':>6} {'lost':>5} {'doubled':>8} {'wrong':>6} {'seconds':>8}"


def line(outcome: Outcome) -> str:
    text = (
        f"{outcome.seed:>6} {outcome.changes:>8} {outcome.asked:>6} {outcome.lost:>5} {outcome.doubled:>8} "
        f"{outcome.wrong:>6} {outcome.seconds:>8.0f}"
    )
    return "\n".join([text, *(f"       {detail}" for detail in outcome.details)])


if __name__ == "__main__":
    sums = ("changes", "asked", "lost", "doubled", "wrong")
    sys.exit(play_seeds(__doc__, run, head=HEAD, line=line, sums=sums))

"""An exam sat in Chromium while everything around it fails, and what became of its answers.

`python -m tests.journeys.chaos --runs 50` sits so many, each by its own seed, on one running product and prints a
table. In each: 38 questions are answered, one in four twice; the network drops 10 times, 8 replies are lost after the
server has saved, the web process is killed twice while answers are on their way, the tab crashes twice, the device's
clock jumps an hour, and two tabs answer the same question three times. The exam is opened again as things are, also
without a network or a server. Then it is submitted by its button.
"""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from tests.journeys.seeded import play_seeds
from tests.journeys.stack import Stack, wait_for
from tests.journeys.wrecked import PATIENCE, Wrecked, broke_off, lost_replies, on_device

QUESTIONS = 38
EVENTS = {"drop": 10, "lose": 8, "restart": 2, "crash": 2, "jump": 1, "compete": 3}
HOUR = 3_600_000
# The device's clock. Kept over crashes, as a device's clock is.
CLOCK = """{
  const now = Date.now;
  Date.now = () => now() + Number(localStorage.getItem("test-jump"));
}"""
DEVICE = on_device("abhyas-answers", "answers")
KEPT = """async () =>
  !!navigator.serviceWorker.controller && !!(await caches.match(location.pathname, { ignoreVary: true }))
"""
ANSWER = """([number, value]) => {
  document.querySelector(`[data-go="${number}"]`).click();
  const fields = [...document.querySelectorAll(`#q${number} [data-question] input`)];
  const field = fields.find((one) => one.type !== "radio" || one.value === value);
  if (field.disabled) return false;
  field.focus();
  if (field.type === "radio") field.click();
  else { field.value = value; field.dispatchEvent(new Event("input", { bubbles: true })); }
  return true;
}"""


@dataclass
class Outcome:
    """Counts of one sitting: `choices` made, receipts the browser was given, and questions whose last choice the server
    has not (`lost`) or has differently (`wrong`); `doubled`: lines of the record with the same question and number."""

    seed: int
    choices: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: int = 0
    seconds: float = 0.0
    details: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return (self.lost, self.doubled, self.wrong) == (0, 0, 0)


class Sitting(Wrecked):
    """One student, one attempt, one seed."""

    wreck, device_script = CLOCK + lost_replies("/responses/"), DEVICE

    def __init__(self, browser: Browser, stack: Stack, world: dict[str, Any], email: str, seed: int) -> None:
        self.email = email
        self.outcome = Outcome(seed)
        self.wanted: dict[int, str] = {}
        self.receipts: set[tuple[str, int]] = set()
        self.names = {pk: int(name) for name, pk in world["questions"].items()}
        super().__init__(browser, stack, world, seed)

    def new_page(self, context: BrowserContext | None = None) -> Page:
        page = super().new_page(context)
        page.on("requestfinished", self.note_receipt)
        return page

    def note_receipt(self, request: Any) -> None:
        if request.method != "PUT" or "/responses/" not in request.url:
            return
        with suppress(Error, ValueError):  # of a tab that is gone
            body = request.response().json()
            if body.get("applied"):
                self.receipts.add((body["question"], body["seq"]))

    # --- What the student does ----------------------------------------------------------------------------------------
    def start(self) -> None:
        page = self.page
        self.sign_in(page, self.email, r"/today/")
        page.goto(f"/exams/{self.world['exam']}/")
        page.get_by_role("button", name="Start now").click()
        page.wait_for_url(re.compile(r"/attempts/"))
        self.url = page.url.split("#")[0]
        self.ready(page)
        wait_for("the kept page", lambda: page.evaluate(KEPT), seconds=PATIENCE / 1000)

    def ready(self, page: Page) -> None:
        expect(page.locator("#exam")).to_have_attribute("data-live", "1", timeout=PATIENCE)

    def answer(self, number: int, page: Page | None = None) -> None:
        """Chooses something else than before, and is sure that the page took it."""
        page = page or self.page
        choices = [str(number + more) for more in range(50)] if number % 3 == 0 else list("ABCD")
        value = self.dice.choice([choice for choice in choices if choice != self.wanted.get(number)])

        def took() -> bool:
            if page.evaluate(ANSWER, [number, value]):
                return True
            with suppress(Error):  # it only reads and says so, or has just got the lock of a tab that is gone
                page.locator("#write-here").click(timeout=1000)
            return False

        wait_for(f"question {number} to take {value}", took, seconds=PATIENCE / 1000)
        self.wanted[number] = value
        self.outcome.choices += 1

    # --- What happens to them -----------------------------------------------------------------------------------------
    def open(self, page: Page) -> None:
        page.goto(self.url)
        self.ready(page)

    def jump(self) -> None:
        self.page.evaluate("by => localStorage.setItem('test-jump', by)", self.dice.choice([HOUR, -HOUR]))

    def compete(self) -> None:
        """A second tab, then no network: both answer the same question, and both send when the network is back."""
        self.mend()
        other = self.new_page()
        self.open(other)
        number = self.dice.choice(sorted(self.wanted) or [1])
        self.drop()
        first, last = self.dice.sample([self.page, other], 2)
        self.answer(number, first)
        self.answer(number, last)
        self.mend()
        for page in (first, last):
            expect(page.locator("#saved")).to_have_attribute("data-state", "saved", timeout=PATIENCE)
        self.page = last
        first.close()

    # --- All of it ----------------------------------------------------------------------------------------------------
    def sit(self) -> Outcome:
        began = time.monotonic()
        self.start()
        numbers = list(range(1, QUESTIONS + 1))
        steps = numbers + self.dice.sample(numbers, QUESTIONS // 4)
        when = self.timetable(EVENTS, len(steps))
        for step, number in enumerate(steps):
            self.mend_by_chance(0.5)
            self.answer(number)
            for name in when.get(step, []):
                getattr(self, name)()
        self.settle_at_last()
        self.page.locator("#finish").click()
        self.page.locator("#submit-now").click()
        self.page.wait_for_url(re.compile(r"/results/"))
        self.context.close()
        self.outcome.seconds = time.monotonic() - began
        return self.outcome


def compare(sitting: Sitting, stored: dict[str, Any]) -> Outcome:
    """Fills in what the server has of it: `stored` is of tests.journeys.facts."""
    outcome = sitting.outcome
    outcome.acknowledged = len(sitting.receipts)
    rows = {sitting.names[row["question"]]: row for row in stored["responses"]}
    for number, value in sitting.wanted.items():
        row = rows.get(number)
        wanted = {"value": value} if number % 3 == 0 else {"choices": [value]}
        if row is None:
            outcome.lost += 1
            outcome.details.append(f"question {number}: nothing of {wanted}")
        elif row["answer"] != wanted:
            outcome.wrong += 1
            outcome.details.append(f"question {number}: {row['answer']} instead of {wanted}")
    newest = {row["question"]: row["seq"] for row in stored["responses"]}
    for question, seq in sitting.receipts:
        if newest.get(question, 0) < seq:
            outcome.lost += 1
            outcome.details.append(f"question {sitting.names[question]}: confirmed {seq} is not stored")
    lines = Counter((line["question"], line["seq"]) for line in stored["answer_lines"])
    outcome.doubled = sum(count - 1 for count in lines.values())
    return outcome


def run(stack: Stack, browser: Browser, seeds: list[int], show: Any = None) -> list[Outcome]:
    """Sits once for each seed. In the main thread: the kernel ends the product's processes with the thread they came
    from."""
    world = stack.make_world(students=len(seeds), online=QUESTIONS)
    outcomes = []
    for seed, email in zip(seeds, world["students"], strict=True):
        sitting = Sitting(browser, stack, world, email, seed)
        try:
            sitting.sit()
        except (Error, AssertionError) as error:
            sitting.outcome.details.append(broke_off(error))
            sitting.close()
        outcomes.append(compare(sitting, stack.facts(world)["attempts"].get(email, NOTHING)))
        if show:
            show(outcomes[-1])
    return outcomes


NOTHING: dict[str, Any] = {"responses": [], "answer_lines": []}
HEAD = f"{'seed':>6} {'choices':>8} {'acknowledged':>13} {'lost':>5} {'doubled':>8} {'wrong':>6} {'seconds':>8}"


def line(outcome: Outcome) -> str:
    text = (
        f"{outcome.seed:>6} {outcome.choices:>8} {outcome.acknowledged:>13} {outcome.lost:>5} {outcome.doubled:>8} "
        f"{outcome.wrong:>6} {outcome.seconds:>8.0f}"
    )
    return "\n".join([text, *(f"       {detail}" for detail in outcome.details)])


if __name__ == "__main__":
    sums = ("choices", "acknowledged", "lost", "doubled", "wrong")
    sys.exit(play_seeds(__doc__, run, head=HEAD, line=line, sums=sums))

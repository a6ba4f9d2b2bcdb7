"""A student photographs twelve pages on a weak network, in Chromium against a running product.

Every page is hashed here from what the device keeps, before anything is sent; what the server has in the end must be
that, page for page. Some runs also lose the tab in the middle, or have the page open twice.
"""

from __future__ import annotations

import io
import json
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.client import Person
from tests.journeys.stack import Stack, wait_for
from tests.journeys.weak_network import FATES, WeakNetwork
from tests.photographs.draw import KINDS, photograph
from tests.photographs.sheets import written_sheets

PAGES = 12
SHARE = 0.2
# What the capture page asks for while pages go; the page itself and its scripts come whole.
MATCHING = r"^/api/|^/files/upload/|/sheets/(status|order)/|/sheets/[0-9a-f-]+/remove/"
MISHAPS = ("none", "tab lost", "two tabs")
PATIENCE = 240.0  # seconds; the waits between tries grow to 15 s
# What the device holds: ids and numbers, and hashes made here, not those that the page says.
KEPT = """async () => {
  const asked = (request) => new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });
  const db = await asked(indexedDB.open("abhyas-sheets"));
  const all = await asked(db.transaction("sheets").objectStore("sheets").getAll());
  db.close();
  const hex = (bytes) => [...new Uint8Array(bytes)].map((b) => b.toString(16).padStart(2, "0")).join("");
  const sha = async (blob) => hex(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return Promise.all(all.map(async (s) => [s.id, s.pageNumber, s.blob ? await sha(s.blob) : null]));
}"""


@dataclass
class Outcome:
    """One run. `kept`, `stored`: SHA-256 by client id, on the device before and at the server after."""

    seed: int
    mishap: str
    kept: dict[str, str] = field(default_factory=dict)
    stored: dict[str, str] = field(default_factory=dict)
    receipts: dict[str, set[str]] = field(default_factory=dict)
    left: int = 0
    requests: int = 0
    failed: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    @property
    def lost(self) -> int:
        return len(set(self.kept) - set(self.stored))

    @property
    def doubled(self) -> int:
        return len(self.stored) - len(set(self.stored.values()) & set(self.kept.values()))

    @property
    def hashes_equal(self) -> bool:
        return self.kept == self.stored and self.receipts == {client: {sha} for client, sha in self.kept.items()}

    @property
    def good(self) -> bool:
        return len(self.kept) == PAGES and self.hashes_equal and not self.left and not self.problems


@cache
def photographs() -> list[dict[str, Any]]:
    """Twelve different photographs of 3 megapixels, as files for an input."""
    sheets, files = written_sheets(PAGES), []
    for number in range(PAGES):
        shot = photograph(list(KINDS)[number % 2], sheets[number % len(sheets)], seed=number, size=(1500, 2000))
        made = io.BytesIO()
        shot.image.save(made, "JPEG", quality=85)
        files.append({"name": f"{number + 1}.jpg", "mimeType": "image/jpeg", "buffer": made.getvalue()})
    return files


def sit(stack: Stack, world: dict[str, Any], email: str) -> str:
    """The id of an attempt of theirs that is written and waits for its sheets."""
    student = Person.sign_in(stack.url, email, world["password"])
    attempt = str(student.ok("POST", f"exams/{world['exam']}/attempts/")["id"])
    student.ok("POST", f"attempts/{attempt}/submit/")
    return attempt


def run_capture(
    browser: Browser, stack: Stack, network: WeakNetwork, world: dict[str, Any], email: str, seed: int
) -> Outcome:
    """Twelve pages on a network that fails SHARE of the requests, then handing in."""
    outcome = Outcome(seed, MISHAPS[seed % len(MISHAPS)])
    attempt = sit(stack, world, email)
    network.arm(0, 0)
    network.receipts.clear()
    context = browser.new_context(base_url=network.url, viewport={"width": 390, "height": 844}, locale="en-IN")
    context.set_default_timeout(60_000)
    try:
        page = _opened(context, attempt, outcome, sign_in=(email, world["password"]))
        context.set_offline(True)
        page.locator("input[type=file][multiple]").set_input_files(photographs())
        outcome.kept = _kept(page)
        network.arm(SHARE, seed)
        began = time.monotonic()
        context.set_offline(False)
        page = _mishap(context, page, attempt, outcome)
        expect(page.locator("#status")).to_contain_text(f"All {PAGES} pages are safe with us", timeout=PATIENCE * 1000)
        outcome.seconds = time.monotonic() - began
        outcome.left = len(page.evaluate(KEPT))
        _hand_in(page, attempt)
        outcome.requests, outcome.failed = network.seen.total(), sum(network.seen[fate] for fate in FATES)
    finally:
        network.arm(0, 0)
        context.close()
    outcome.receipts = dict(network.receipts)
    _check(stack, world, email, outcome)
    return outcome


def _opened(context: BrowserContext, attempt: str, outcome: Outcome, sign_in: tuple[str, str] | None = None) -> Page:
    page = context.new_page()
    page.on("pageerror", lambda error: outcome.problems.append(f"exception: {error}"))
    address = f"/attempts/{attempt}/sheets/"
    if sign_in:
        page.goto(f"/accounts/login/?next={address}")
        page.get_by_label("E-mail").fill(sign_in[0])
        page.get_by_label("Password", exact=True).fill(sign_in[1])
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(f"**{address}")
    else:
        page.goto(address)
    expect(page.locator("#status")).to_have_text("No page yet.") if sign_in else page.wait_for_load_state()
    return page


def _kept(page: Page) -> dict[str, str]:
    """SHA-256 by client id, once every page is made and on the device. The numbers must be those of taking."""

    def ready() -> list[Any] | None:
        rows = page.evaluate(KEPT)
        return rows if len(rows) == PAGES and all(sha for _, _, sha in rows) else None

    rows = wait_for("twelve pages on the device", ready, seconds=PATIENCE, every=0.3)
    assert sorted(number for _, number, _ in rows) == list(range(1, PAGES + 1))
    return {client: sha for client, _, sha in rows}


def _mishap(context: BrowserContext, page: Page, attempt: str, outcome: Outcome) -> Page:
    """A phone that ends the tab once some pages are safe, or a second tab of the same page from the start."""
    if outcome.mishap == "two tabs":
        _opened(context, attempt, outcome)
    if outcome.mishap == "tab lost":
        wait_for("some pages to be safe", lambda: len(page.evaluate(KEPT)) <= PAGES - 3, seconds=PATIENCE)
        page.close()
        page = _opened(context, attempt, outcome)
    return page


def _hand_in(page: Page, attempt: str) -> None:
    """Tags every question on the first page and presses until the next page is there, as people do."""
    tags = page.locator(".sheet").first.locator(".qchip")
    for place in range(tags.count()):
        if tags.nth(place).get_attribute("aria-pressed") == "false":
            tags.nth(place).click()
    button = page.get_by_role("button", name="Hand in my paper")
    expect(button).to_have_attribute("aria-disabled", "false")

    def pressed() -> bool:
        if f"/attempts/{attempt}/sheets/" not in page.url:
            return True
        for said in page.locator(".toast [data-dismiss]").all():
            said.click()
        if button.is_visible() and not button.get_attribute("aria-busy"):
            button.click()
        page.wait_for_timeout(500)
        return f"/attempts/{attempt}/sheets/" not in page.url

    wait_for("the paper to be handed in", pressed, seconds=PATIENCE)


def _check(stack: Stack, world: dict[str, Any], email: str, outcome: Outcome) -> None:
    stored = stack.facts(world)["attempts"][email]
    outcome.stored = {row["client_id"]: row["sha256"] for row in stored["uploads"] if row["state"] == "verified"}
    if others := [row for row in stored["uploads"] if row["state"] != "verified"]:
        outcome.problems.append(f"uploads that are not verified: {json.dumps(others)}")
    if len(stored["pages"]) != PAGES:
        outcome.problems.append(f"{len(stored['pages'])} pages")
    if stored["attempt"]["state"] != "handed_in":
        outcome.problems.append(f"the attempt is {stored['attempt']['state']}")

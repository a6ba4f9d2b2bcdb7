"""`python -m tests.bench.capture --runs 50`: twelve photographed pages on a network that fails a fifth of the requests.

Real Chromium, the whole embedded product. A row a run: the seed, what else went wrong, requests and how many of them
failed, pages lost and doubled, whether receipts, server and device have the same SHA-256, seconds until all were safe.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

from tests.bench.report import table
from tests.chromium import ARGUMENTS, CHROMIUM
from tests.journeys.capture import MATCHING, PAGES, Outcome, run_capture
from tests.journeys.stack import Stack
from tests.journeys.weak_network import WeakNetwork


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        stack = Stack("embedded", Path(folder) / "stack")
        try:
            stack.start()
            network = WeakNetwork(stack.url, matching=MATCHING)
            world = stack.make_world(students=options.runs)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            for seed, email in enumerate(world["students"], start=options.first):
                try:
                    outcome = run_capture(browser, stack, network, world, email, seed)
                except (AssertionError, OSError, PlaywrightError) as error:
                    outcome = Outcome(seed, "", problems=[f"{type(error).__name__}: {str(error)[:300]}"])
                outcomes.append(outcome)
                print("\t".join(row(outcome)), *outcome.problems, file=sys.stderr, flush=True)
            browser.close()
            network.close()
        finally:
            stack.stop()
    print(render(outcomes))
    return 0 if all(outcome.good for outcome in outcomes) else 1


def row(outcome: Outcome) -> list[str]:
    numbers = (len(outcome.kept), outcome.requests, outcome.failed, outcome.lost, outcome.doubled)
    same = "yes" if outcome.hashes_equal else "NO"
    verdict = "good" if outcome.good else "BAD"
    return [str(outcome.seed), outcome.mishap, *map(str, numbers), same, f"{outcome.seconds:.0f}", verdict]


def render(outcomes: list[Outcome]) -> str:
    """The runs as a table for people, and their sum."""
    header = ["seed", "besides", "pages", "requests", "failed", "lost", "doubled", "hashes equal", "s", ""]
    good = [outcome for outcome in outcomes if outcome.good]
    requests, failed = (sum(getattr(outcome, name) for outcome in outcomes) for name in ("requests", "failed"))
    said = (
        f"{len(good)} of {len(outcomes)} runs good; {PAGES * len(good)} pages safe; {failed} of {requests} requests "
        f"failed ({100 * failed / max(1, requests):.0f} %)"
    )
    return table(header, [row(outcome) for outcome in outcomes]) + "\n" + said


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    raise SystemExit(main())

"""The command line of the journeys that are played by seed: so many runs on one ground, a line for each, their sums."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.chromium import ARGUMENTS, CHROMIUM
from tests.journeys.stack import Stack


def play_seeds(
    about: str | None,
    run: Callable[[Stack, Browser, list[int], Callable[[Any], None]], list[Any]],
    *,
    head: str,
    line: Callable[[Any], str],
    sums: Sequence[str],
) -> int:
    """Reads the options, plays the seeds, prints what `line` says of each outcome and the `sums` of its attributes.
    Returns 0 where every outcome `is_clean` and has no `details`, otherwise 1."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; the others follow")
    parser.add_argument("--kind", choices=["embedded", "servers"], default="embedded")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        stack = Stack(options.kind, Path(folder))
        try:
            stack.start()
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            print(head, flush=True)
            seeds = list(range(options.seed, options.seed + options.runs))
            outcomes = run(stack, browser, seeds, lambda outcome: print(line(outcome), flush=True))
            browser.close()
        finally:
            stack.stop()
    print("all:", ", ".join(f"{sum(getattr(one, name) for one in outcomes)} {name}" for name in sums))
    return 0 if all(one.is_clean and not one.details for one in outcomes) else 1

"""Twelve pages on a network that fails a fifth of the requests: none is lost, none comes twice, receipts are hashes.

`python -m tests.bench.capture --runs 50` does the same for many seeds.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.journeys.capture import MATCHING, PAGES, run_capture
from tests.journeys.stack import Stack
from tests.journeys.test_browser_journey import browser  # noqa: F401 - fixture
from tests.journeys.weak_network import WeakNetwork

pytestmark = [pytest.mark.slow, pytest.mark.browser]


# On the servers files go to an address of their own, past this network.
@pytest.mark.parametrize("running", ["embedded"], indirect=True)
def test_twelve_pages_on_a_weak_network(browser: Browser, stack: Stack) -> None:  # noqa: F811
    world = stack.make_world()
    network = WeakNetwork(stack.url, matching=MATCHING)
    try:
        outcome = run_capture(browser, stack, network, world, world["students"][0], seed=1)
    finally:
        network.close()
    assert outcome.failed >= 5, f"hardly anything failed: {outcome}"
    assert outcome.mishap == "tab lost"
    assert len(outcome.kept) == PAGES
    assert (outcome.lost, outcome.doubled, outcome.left, outcome.problems) == (0, 0, 0, [])
    assert outcome.stored == outcome.kept
    assert outcome.receipts == {client: {sha} for client, sha in outcome.kept.items()}

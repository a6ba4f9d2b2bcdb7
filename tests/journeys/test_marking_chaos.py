"""One seed of tests.journeys.marking_chaos: whatever fails around a desk, the server has what the marker meant last."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.journeys.marking_chaos import ACTIONS, HEAD, line, run
from tests.journeys.stack import Stack
from tests.journeys.test_browser_journey import browser  # noqa: F401 - a fixture

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(900)]


def test_nothing_marked_is_lost_whatever_fails(stack: Stack, browser: Browser) -> None:  # noqa: F811
    (outcome,) = run(stack, browser, [1])
    print(f"{HEAD}\n{line(outcome)}")
    assert outcome.details == []
    assert outcome.is_clean
    assert outcome.changes >= ACTIONS
    assert outcome.asked == 2

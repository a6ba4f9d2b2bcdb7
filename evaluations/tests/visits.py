"""Visiting pages in tests: the world behind them, somebody signed in, and what a page costs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.law_urls_world import World
from tests.shared_world import world

__all__ = ["as_", "cost", "world"]
# The rule of docs/performance.md, session and person included.
MOST_QUERIES = 12


@pytest.fixture
def as_(client: Client, world: World) -> Callable[[str], Client]:
    def sign_in(who: str) -> Client:
        client.force_login(world.cast.people[who])
        return client

    return sign_in


def cost(client: Client, url: str) -> int:
    """Queries of the second visit: what the first one puts into the cache is not counted."""
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)

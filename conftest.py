"""Fixtures of the whole suite. The fixed cast lives in tests/cast.py."""

import os
from itertools import islice
from pathlib import Path

import hypothesis
import pytest
from django.core.cache import cache

# How long an example takes is the business of benchmarks, not of tests on a busy machine.
hypothesis.settings.register_profile("abhyas", deadline=None)
hypothesis.settings.load_profile("abhyas")

# PostgreSQL need not write to its disk before it answers: what a test commits may go with the machine.
os.environ.setdefault("PGOPTIONS", "-c synchronous_commit=off")

pytest_plugins = ["tests.shared_rows", "tests.cast", "common.testing.s3", "common.testing.database", "tests.browser"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Journeys wait more than they work and pages take long: begun last, they would be all that is left. xdist gives
    each process an equal run of the list, so each run begins with some of them, the journeys of one ground together."""
    slow: dict[str, list[pytest.Item]] = {"embedded": [], "servers": [], "pages": []}
    rest = []
    for item in items:
        ground = item.callspec.params.get("running") if hasattr(item, "callspec") else None
        kind = ground or ("pages" if item.get_closest_marker("browser") else "")
        slow.get(kind, rest).append(item)
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    runs = [[item for group in list(slow.values())[start::workers] for item in group] for start in range(workers)]
    left, quick = len(items), iter(rest)
    items.clear()
    for turn, run in enumerate(runs):
        size = left // (workers - turn)
        items += [*run, *islice(quick, max(0, size - len(run)))]
        left -= size
    items += quick


@pytest.fixture(autouse=True)
def _clean_cache() -> None:
    """Rate limits and lockouts of one test must not reach the next."""
    cache.clear()


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path: Path) -> None:
    """Files of a test go to its own folder."""
    if settings.SHEETS["BACKEND"].endswith("SignedLocalStorage"):
        sheets = {**settings.SHEETS, "OPTIONS": {**settings.SHEETS["OPTIONS"], "location": str(tmp_path / "sheets")}}
        settings.STORAGES = {**settings.STORAGES, "sheets": sheets}

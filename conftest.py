"""Fixtures of the whole suite. The fixed cast lives in tests/cast.py."""

import os
import re
from functools import cache
from itertools import islice
from pathlib import Path

import hypothesis
import pytest
from django.core.cache import cache as django_cache
from django.db import connection

from common.testing.migrated import prepare_apart

# How long an example takes is the business of benchmarks, not of tests on a busy machine.
hypothesis.settings.register_profile("abhyas", deadline=None)
hypothesis.settings.load_profile("abhyas")

# Seconds, of the files that take longest.
LONGEST = {
    "test_kill.py": 190, "test_deadline.py": 175, "test_faults.py": 150, "test_seed_demo.py": 77, "test_axe.py": 65,
    "test_month.py": 60, "test_bad_uploads_http.py": 55,
}  # fmt: skip
# A test that asks for none of these and whose file names none of those cannot tell one database or cache from another.
GROUND = {"db", "transactional_db", "django_db_setup", "database_copies", "client"}
SERVICES = re.compile(r"core\.cache|CACHE_|[Rr]edis|[Pp]ostgres|TestCase")

# PostgreSQL need not write to its disk before it answers: what a test commits may go with the machine.
os.environ.setdefault("PGOPTIONS", "-c synchronous_commit=off")

pytest_plugins = [
    "tests.shared_rows", "tests.cast", "tests.shared_world", "common.testing.s3", "common.testing.database",
    "tests.browser",
]  # fmt: skip


def pytest_sessionstart(session: pytest.Session) -> None:
    """Where several processes will test, the one that hands out the tests has time for their database."""
    if not session.config.option.collectonly and session.config.option.dist != "no":
        prepare_apart()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--on-this-ground", action="store_true",
        help="only what the database, cache or services can change, and what `make test` leaves out",
    )  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Journeys wait more than they work and pages take long: begun last, they would be all that is left. xdist gives
    each process an equal run of the list, so each run begins with some of them, the longest first, the journeys of one
    ground together."""
    elsewhere = {item for item in items if not _is_of_this_database(item)}
    config.hook.pytest_deselected(items=list(elsewhere))
    items[:] = [item for item in items if item not in elsewhere]
    if config.getoption("on_this_ground"):
        same = {item for item in items if not _may_differ(item)}
        config.hook.pytest_deselected(items=list(same))
        items[:] = [item for item in items if item not in same]
    slow: dict[str, list[pytest.Item]] = {"embedded": [], "servers": [], "pages": [], "slow": []}
    rest = []
    for item in items:
        ground = item.callspec.params.get("running") if hasattr(item, "callspec") else None
        page, long = item.get_closest_marker("browser"), item.get_closest_marker("slow")
        slow.get(ground or (page and "pages") or (long and "slow"), rest).append(item)
    for group in slow.values():
        group.sort(key=lambda item: -LONGEST.get(item.path.name, 0))
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    runs = [[item for group in list(slow.values())[start::workers] for item in group] for start in range(workers)]
    left, quick = len(items), iter(rest)
    items.clear()
    for turn, run in enumerate(runs):
        size = left // (workers - turn)
        items += [*run, *islice(quick, max(0, size - len(run)))]
        left -= size
    items += quick


def _is_of_this_database(item: pytest.Item) -> bool:
    return all(mark.args[0] == connection.vendor for mark in item.iter_markers("only_on"))


def _may_differ(item: pytest.Item) -> bool:
    """Whether the test may have another result than in `make test` on the embedded default. Without the fixture `db` a
    test cannot reach the database."""
    if any(item.get_closest_marker(name) for name in ("slow", "browser", "services", "django_db")):
        return True
    return not GROUND.isdisjoint(item.fixturenames) or _names_a_service(item.path)


@cache
def _names_a_service(path: Path) -> bool:
    return bool(SERVICES.search(path.read_text()))


@pytest.fixture(autouse=True)
def _clean_cache() -> None:
    """Rate limits and lockouts of one test must not reach the next."""
    django_cache.clear()


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path: Path) -> None:
    """Files of a test go to its own folder."""
    if settings.SHEETS["BACKEND"].endswith("SignedLocalStorage"):
        sheets = {**settings.SHEETS, "OPTIONS": {**settings.SHEETS["OPTIONS"], "location": str(tmp_path / "sheets")}}
        settings.STORAGES = {**settings.STORAGES, "sheets": sheets}

"""Rows that all tests of a module start from, written once: each test runs in a savepoint of the transaction that holds
them and gets copies of the objects, so that nothing a test does reaches the next.

As Django's setUpTestData, for fixtures. Tests that commit have rows of their own.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import transaction

# By fixture; each is called with what the one before it built.
BUILDERS: dict[str, Callable[..., Any]] = {}
NEEDS: dict[str, str] = {}
COPIES = pytest.StashKey[dict[str, Any]]()


class Keeper:
    """The transaction of the module whose tests are running, and what was built in it."""

    def __init__(self) -> None:
        self.module: Any = None
        self.rows: dict[str, Any] = {}
        self.stack = ExitStack()
        self.blocker: Any = None

    def build(self, item: Any, blocker: Any) -> None:
        """Builds what `item` asks for and its module does not have yet."""
        missing = [name for name in _wanted(item) if name not in self.rows]
        if not missing:
            return
        self.blocker = blocker
        with blocker.unblock():
            if self.module is None:
                self.module = item.module
                self.stack.enter_context(transaction.atomic())
                self.stack.callback(transaction.set_rollback, True)
            for name in missing:
                self.rows[name] = BUILDERS[name](self.rows)

    def close(self) -> None:
        if self.module is not None:
            with self.blocker.unblock():
                self.stack.close()
        self.module, self.rows = None, {}


keeper = Keeper()


def shared_rows(name: str, build: Callable[..., Any], needs: str = "") -> Any:
    """The fixture `name`: for each test a copy of what `build` made for its module; for a test that commits, its own.

    `build` is called with what the fixture `needs` gave, if it names one.
    """
    BUILDERS[name] = (lambda rows: build(rows[needs])) if needs else (lambda rows: build())
    NEEDS[name] = needs

    @pytest.fixture(name=name)
    def rows(request: pytest.FixtureRequest, db: None) -> Any:
        given = [request.getfixturevalue(needs)] if needs else []
        if keeper.module is None:
            return build(*given)
        # One copy of everything for one test: what belongs together stays the same object.
        return request.node.stash.setdefault(COPIES, copy.deepcopy(keeper.rows))[name]

    return rows


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: Any) -> None:
    if keeper.module is None:
        return
    # A test that did not ask for the rows must not meet them.
    sees_rows = "db" in item.fixturenames or item.get_closest_marker("django_db")
    if keeper.module is not item.module or _commits(item) or (sees_rows and set(_wanted(item)) != set(keeper.rows)):
        keeper.close()


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> None:
    """Just before the transaction of the test itself begins."""
    if fixturedef.argname == "_django_db_helper" and not _commits(request.node):
        keeper.build(request.node, request.getfixturevalue("django_db_blocker"))


def pytest_sessionfinish() -> None:
    keeper.close()


def _wanted(item: Any) -> list[str]:
    """The rows that a test asks for, each after what it is built upon."""
    wanted = {name for name in BUILDERS if name in item.fixturenames}
    while more := {NEEDS[name] for name in wanted} - wanted - {""}:
        wanted |= more
    return [name for name in BUILDERS if name in wanted]


def _commits(item: Any) -> bool:
    return "database_copies" in item.fixturenames

"""Copies of the test database: a test that commits, or that several threads work in, has a database of its own, on
SQLite as on PostgreSQL, thrown away after it. Nothing has to be emptied, so nothing of the schema is in the way.
"""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar

import pytest
from django.db import connection
from django.test import TransactionTestCase

from common.testing.migrated import start_migrated

T = TypeVar("T")
PRISTINE = "pristine"


class Copies:
    """Templates of this process's test database, by name, and copies of them to work in. `PRISTINE` is as migrated."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base = str(connection.settings_dict["NAME"])
        self.templates: set[str] = set()
        self.numbers = itertools.count(1)

    def keep(self, template: str) -> None:
        """Keeps the database as it stands now, replacing what was kept under that name."""
        if connection.vendor == "sqlite":
            connection.ensure_connection()
            (self.folder / template).unlink(missing_ok=True)
            with closing(sqlite3.connect(self.folder / template)) as file:
                connection.connection.backup(file)
        else:
            source = connection.settings_dict["NAME"]
            connection.close()
            _administer(f'DROP DATABASE IF EXISTS "{self.base}_{template}"')
            _administer(f'CREATE DATABASE "{self.base}_{template}" TEMPLATE "{source}"')
        self.templates.add(template)

    @contextmanager
    def use(self, template: str = PRISTINE) -> Iterator[None]:
        """The default database is a new copy of `template`, in every thread."""
        if template not in self.templates:
            assert template == PRISTINE, f"nothing was kept as {template}"
            self.keep(PRISTINE)
        before, memory = connection.settings_dict["NAME"], None
        if connection.vendor == "sqlite":
            # A database in memory lives as long as its connection.
            memory, connection.connection = connection.connection, None
            name = str(self.folder / f"copy-{next(self.numbers)}.sqlite3")
            shutil.copyfile(self.folder / template, name)
        else:
            connection.close()
            name = f"{self.base}_copy{next(self.numbers)}"
            _administer(f'CREATE DATABASE "{name}" TEMPLATE "{self.base}_{template}"')
        connection.settings_dict["NAME"] = name
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict["NAME"] = before
            connection.connection = memory
            if connection.vendor == "sqlite":
                for part in self.folder.glob(f"{Path(name).name}*"):
                    part.unlink()
            else:
                _administer(f'DROP DATABASE "{name}" WITH (FORCE)')

    def drop(self) -> None:
        """Throws all templates away."""
        if connection.vendor == "postgresql":
            for template in self.templates:
                _administer(f'DROP DATABASE "{self.base}_{template}"')


def _administer(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest, django_db_modify_db_settings_parallel_suffix: None
) -> Iterator[None]:
    """Just before the test database is made."""
    if request.config.getoption("nomigrations") or request.config.getoption("reuse_db"):
        yield
        return
    with start_migrated():
        yield


@pytest.fixture(scope="session")
def database_copies(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Copies]:
    with django_db_blocker.unblock():
        copies = Copies(tmp_path_factory.mktemp("databases"))
    yield copies
    with django_db_blocker.unblock():
        copies.drop()


@pytest.fixture
def transactional_db(database_copies: Copies, django_db_blocker: Any) -> Iterator[None]:
    """The test commits and its threads see it; it works in a copy."""
    with django_db_blocker.unblock(), database_copies.use():
        yield


@pytest.fixture(scope="session", autouse=True)
def _nothing_to_empty() -> Iterator[None]:
    """After a test that commits, Django would empty every table."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: None)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker and marker.kwargs:
            raise pytest.UsageError(f"{item.nodeid}: ask for the fixture transactional_db instead of {marker.kwargs}")


def run_at_once(jobs: Sequence[Callable[[], T]], timeout: float = 60) -> list[T]:
    """Runs every job in a thread of its own, all released at the same moment; returns their results in order.

    A job's exception is raised here. Each thread closes its database connection.
    """
    start = Barrier(len(jobs))

    def run(job: Callable[[], T]) -> T:
        try:
            start.wait(timeout)
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result(timeout) for future in [pool.submit(run, job) for job in jobs]]

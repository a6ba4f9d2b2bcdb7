"""Running products for the journeys: one per kind and test process, whole again for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journeys.stack import Stack

KINDS = [pytest.param("embedded"), pytest.param("servers", marks=pytest.mark.services)]


@pytest.fixture(autouse=True)
def _clean_cache() -> None:
    """Journeys use nothing of the test process's own Django."""


@pytest.fixture(autouse=True)
def _own_files() -> None:
    """Nor its files."""


@pytest.fixture(scope="package", params=KINDS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(request.param, tmp_path_factory.mktemp(request.param))
    try:
        yield stack.start()
    except BaseException:
        print(stack.logs())
        raise
    finally:
        stack.stop()


@pytest.fixture
def stack(running: Stack, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The running product of this kind, with everything up."""
    running.ensure_up()
    failed = request.session.testsfailed
    yield running
    if request.session.testsfailed > failed:
        print(running.logs())

"""The world of the law tables for tests inside one transaction: its rows are written once for a module
(tests/shared_rows.py), its files are copied to each test's own folder."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.conf import settings
from django.test import override_settings

from config.settings import base
from tests.cast import Cast
from tests.law_urls_world import World, build_world
from tests.shared_rows import shared_rows


def storages(sheets: Path) -> dict[str, dict[str, object]]:
    """The suite's storages with sheets in the folder `sheets`."""
    entry = base.STORAGES["sheets"]
    return {**settings.STORAGES, "sheets": {**entry, "OPTIONS": {**entry["OPTIONS"], "location": str(sheets)}}}


@cache
def _files() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="abhyas-world-")


def _build(cast: Cast) -> World:
    with override_settings(STORAGES=storages(Path(_files().name))):
        return build_world(cast)


law_world = shared_rows("law_world", _build, needs="cast")


@pytest.fixture
def world(law_world: World, tmp_path: Path) -> World:
    """Import it where it is wanted."""
    shutil.copytree(_files().name, tmp_path / "sheets", dirs_exist_ok=True)
    return law_world

"""Fixtures of the whole suite. The fixed cast lives in tests/cast.py."""

from pathlib import Path

import hypothesis
import pytest
from django.core.cache import cache
from django.db import connection

from common import append_only

# How long an example takes is the business of benchmarks, not of tests on a busy machine.
hypothesis.settings.register_profile("abhyas", deadline=None)
hypothesis.settings.load_profile("abhyas")

pytest_plugins = ["tests.shared_rows", "tests.cast", "common.testing.s3", "common.testing.database"]

APPEND_ONLY = [
    "accounts_auditevent",
    "accounts_auditseal",
    "assessments_questionversion",
    "assessments_markingstep",
    "assessments_paper",
    "assessments_paperquestion",
    "assessments_keycorrection",
    "assessments_rescoredattempt",
    "assessments_externalresult",
    "assessments_attemptevent",
    "evaluations_markevent",
    "evaluations_transition",
    "evaluations_assignmentdecision",
    "evaluations_slabreach",
]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker) -> None:
    """On SQLite the test runner empties tables with DELETE, which the append-only triggers would refuse."""
    if connection.vendor != "sqlite":
        return
    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        for table in APPEND_ONLY:
            append_only.remove(editor, table, ("DELETE",))


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

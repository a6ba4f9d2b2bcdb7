"""Fixtures of sitting an exam, shared by the tests of sheets."""

import pytest

from assessments.services.attempts import start_attempt, submit_attempt
from assessments.tests.sheets import MINUTE, NOW


@pytest.fixture
def attempt(cast):
    return start_attempt(exam=cast.exam, student=cast.student, now=NOW)


@pytest.fixture
def submitted(attempt):
    return submit_attempt(attempt=attempt, actor=attempt.student, now=NOW + MINUTE)

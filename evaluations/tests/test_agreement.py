"""Agreement of markers: against scikit-learn's figures and the definition, and the page that shows it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from evaluations.enums import EvaluationRole, EvaluationState
from evaluations.models import Evaluation, MarkPair
from evaluations.selectors.agreement import Given, agreement_of, agreements, mean_difference_of, weeks_of
from evaluations.tests.builders import evaluation_of, hand_in, written
from tests.factories import NOW

# cohen_kappa_score(a, b, weights="quadratic") of scikit-learn 1.9.1, with half marks as its labels.
KNOWN = [
    ([2, 3, 4, 1, 0, 5, 3, 2, 4, 4], [2, 2, 4, 1, 1, 5, 3, 3, 4, 3], 0.8924731182795699),
    ([0.5, 1, 1.5, 2, 2.5, 3, 0, 1.5, 2], [1, 1, 1, 2.5, 2.5, 2, 0.5, 1.5, 3], 0.7749999999999999),
    ([1, 2, 3, 4, 5, 2, 3], [0, 1, 2, 3, 4, 1, 2], 0.7562189054726368),
    ([0, 1, 2, 3, 4], [4, 3, 2, 1, 0], -1.0),
]
halves = st.integers(0, 10).map(lambda n: n / 2)
pairs = st.lists(st.tuples(halves, halves), min_size=1, max_size=40)


@pytest.mark.parametrize(("own", "other", "kappa"), KNOWN)
def test_kappa_is_that_of_a_known_library(own: list[float], other: list[float], kappa: float) -> None:
    found = agreement_of(list(zip(own, other, strict=True)))
    assert found is not None
    assert found.kappa == pytest.approx(kappa, abs=1e-12)


@given(pairs)
def test_kappa_is_what_cohen_defined(given_pairs: list[tuple[float, float]]) -> None:
    """1 − Σ w·o / Σ w·e over the whole table, w = (i − j)² / (k − 1)²."""
    n, labels = len(given_pairs), [half / 2 for half in range(11)]
    weights = {(i, j): (i - j) ** 2 / 25 for i in labels for j in labels}
    rows = {i: sum(a == i for a, _b in given_pairs) / n for i in labels}
    columns = {j: sum(b == j for _a, b in given_pairs) / n for j in labels}
    observed = sum(weights[pair] for pair in given_pairs) / n
    expected = sum(weights[i, j] * rows[i] * columns[j] for i in labels for j in labels)
    found = agreement_of(given_pairs)
    assert found is not None
    if expected < 1e-12:
        assert found.kappa is None
    else:
        assert found.kappa == pytest.approx(1 - observed / expected, abs=1e-9)


@given(pairs)
def test_both_markers_agree_on_how_far_they_agree(given_pairs: list[tuple[float, float]]) -> None:
    one, other = agreement_of(given_pairs), agreement_of([(b, a) for a, b in given_pairs])
    assert one is not None
    assert other is not None
    assert (one.distance, one.severity) == pytest.approx((other.distance, -other.severity))
    assert abs(one.severity) <= one.distance + 1e-9
    assert one.kappa is None or one.kappa <= 1 + 1e-9


def test_nothing_says_nothing() -> None:
    assert agreement_of([]) is None
    assert weeks_of([]) == []


def test_a_week_that_drifts_is_out_of_its_limits() -> None:
    """Nine weeks of small differences either way and one in which the marker gave a mark more each time."""
    steady = [
        Given(2.5 if n % 2 else 1.5, 2, 5, NOW + timedelta(weeks=week, minutes=n))
        for week in range(9)
        for n in range(8)
    ]
    drifting = [Given(4, 2, 5, NOW + timedelta(weeks=9, minutes=n)) for n in range(8)]
    weeks = weeks_of([*steady, *drifting])
    assert [week.is_out for week in weeks] == [False] * 9 + [True]
    assert [week.pairs for week in weeks] == [8] * 10


@pytest.fixture
def marked_twice(cast: Any) -> None:
    """Twelve answers; the colleague gave half a mark less each time."""
    for n in range(12):
        student = cast.student if n == 0 else None
        if student is None:
            from tests.factories import StudentFactory

            student = StudentFactory()
        record = evaluation_of(hand_in(cast.exam, student), teacher=cast.teacher, state=EvaluationState.RELEASED)
        second = evaluation_of(
            record.attempt, teacher=cast.colleague, state=EvaluationState.FINALISED, role=EvaluationRole.SECOND,
            record=record, is_remark=True,
        )  # fmt: skip
        MarkPair.objects.create(
            evaluation=second,
            question=written(cast.exam, 4),
            first=cast.teacher,
            second=cast.colleague,
            first_marks=D(n % 5) / 2 + D("0.5"),
            second_marks=D(n % 5) / 2,
            max_marks=D(3),
            at=NOW + timedelta(hours=n),
        )


@pytest.mark.django_db
def test_each_pair_counts_for_both(cast: Any, marked_twice: None) -> None:
    found = {one.name: one.agreement for one in agreements(since=NOW, until=NOW + timedelta(days=1))}
    assert {name: (one.pairs, one.distance, one.severity) for name, one in found.items()} == {
        "Suresh Rao": (12, pytest.approx(0.5), pytest.approx(0.5)),
        "Anita Desai": (12, pytest.approx(0.5), pytest.approx(-0.5)),
    }
    assert mean_difference_of(cast.teacher.pk, since=NOW) == pytest.approx(1 / 6)
    assert mean_difference_of(cast.teacher.pk, since=NOW + timedelta(hours=6)) is None
    assert Evaluation.objects.filter(role=EvaluationRole.SECOND).count() == 12


@pytest.mark.django_db
def test_staff_read_it(cast: Any, marked_twice: None, client: Any) -> None:
    url = reverse("admin:evaluations_agreement")
    client.force_login(cast.staff)
    shown = client.get(url, {"days": "365"}).content.decode()
    assert "Agreement of markers" in shown
    assert client.get(url, {"days": "x"}).status_code == 200
    client.force_login(cast.teacher)
    assert client.get(url).status_code in (302, 403)

"""The scoring of pathfinders, by examples worked by hand and by what must hold for any paths."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.services.path_fit import Candidate, fits

GROUND = Candidate("a", "Ground", 0, ("numbers",))
BOARD = Candidate("b", "Board", 40, ("exams", "geometry"))
TOP = Candidate("c", "Top", 80, ("contests", "geometry", "numbers", "exams"))
CODE = Candidate("d", "Code", None, ("computers",))
WORDS = ("numbers", "exams", "geometry", "contests", "computers", "art")


def shares(percent: str, *interests: str) -> list[tuple[str, int]]:
    found = fits(percent=Decimal(percent), interests=interests, candidates=[TOP, CODE, BOARD, GROUND])
    return [(fit.title, fit.share) for fit in found]


@pytest.mark.parametrize(
    ("percent", "interests", "expected"),
    [
        ("60", (), [("Board", 100), ("Code", 70), ("Ground", 70), ("Top", 70)]),
        ("50", ("geometry",), [("Board", 85), ("Top", 80), ("Code", 70), ("Ground", 70)]),
        ("40", ("art",), [("Board", 70), ("Code", 70), ("Ground", 70), ("Top", 70)]),
        ("39.99", ("computers",), [("Ground", 70), ("Code", 80), ("Board", 70), ("Top", 70)]),
        (
            "0",
            ("geometry", "exams", "numbers", "contests"),
            [("Ground", 70), ("Top", 100), ("Board", 90), ("Code", 70)],
        ),
        ("90", (), [("Top", 100), ("Board", 70), ("Code", 70), ("Ground", 70)]),
        ("100", (), [("Top", 70), ("Board", 70), ("Code", 70), ("Ground", 70)]),
    ],
)
def test_worked_examples(percent: str, interests: tuple[str, ...], expected: list[tuple[str, int]]) -> None:
    assert shares(percent, *interests) == expected


def test_of_two_that_begin_alike_the_one_that_meets_more_interests() -> None:
    other = Candidate("e", "A board of shapes", 40, ("geometry", "art"))
    rows = [GROUND, BOARD, other]
    assert fits(percent=Decimal(50), interests=("exams", "geometry"), candidates=rows)[0].title == "Board"
    assert fits(percent=Decimal(50), interests=("art", "geometry"), candidates=rows)[0].title == "A board of shapes"
    assert fits(percent=Decimal(50), interests=(), candidates=rows)[0].title == "A board of shapes"
    assert fits(percent=Decimal(50), interests=(), candidates=[CODE])[0].is_recommended is False
    assert fits(percent=Decimal(50), interests=(), candidates=[]) == []


NUMBERS = st.one_of(st.none(), st.integers(0, 100))
SETS = st.lists(st.sampled_from(WORDS), unique=True).map(tuple)
PATHS = st.lists(st.tuples(NUMBERS, SETS), max_size=7).map(
    lambda rows: [Candidate(str(at), f"Path {at}", begins, words) for at, (begins, words) in enumerate(rows)]
)
PERCENT = st.decimals(0, 100, places=2)


@given(PATHS, PERCENT, SETS, st.randoms())
def test_what_holds_for_any_paths(paths: list[Candidate], percent: Decimal, wanted: tuple[str, ...], luck) -> None:
    found = fits(percent=percent, interests=wanted, candidates=paths)
    numbered = [path for path in paths if path.begins is not None]
    assert sorted(fit.key for fit in found) == sorted(path.key for path in paths)
    assert all(70 <= fit.share <= 100 for fit in found)
    assert [fit.is_recommended for fit in found].count(True) == bool(numbered)
    assert not numbered or found[0].is_recommended
    for fit in found:
        path = paths[int(fit.key)]
        assert set(fit.met) == set(wanted) & set(path.interests)
        assert fit.is_recommended or fit.share == min(100, 70 + 10 * len(fit.met))
        if fit.is_recommended:
            low, high = fit.reach
            least = min(one.begins for one in numbered)
            assert low <= percent <= high or (percent < least and low == least)
    # The order in which paths are listed is nobody's luck.
    mixed = list(paths)
    luck.shuffle(mixed)
    assert fits(percent=percent, interests=wanted, candidates=mixed) == found


@given(PATHS, PERCENT, SETS, st.sampled_from(WORDS))
def test_one_interest_more_takes_nothing_from_any_other_path(
    paths: list[Candidate], percent: Decimal, wanted: tuple[str, ...], more: str
) -> None:
    before = {fit.key: fit for fit in fits(percent=percent, interests=wanted, candidates=paths)}
    after = fits(percent=percent, interests=(*wanted, more), candidates=paths)
    for fit in after:
        if not fit.is_recommended and not before[fit.key].is_recommended:
            assert fit.share >= before[fit.key].share

"""The ten questions of the shipped pathfinder: each answer is worked out anew, and only the right option says it."""

from fractions import Fraction
from math import gcd, hypot
from pathlib import Path
from tomllib import loads

import pytest

from assessments.models import Question
from assessments.services.bank_files import load_bank
from tests import factories

FOLDER = Path(__file__).parents[1] / "data" / "pathfinder_x"
ITEMS = {item["key"]: item for file in FOLDER.glob("*.toml") for item in loads(file.read_text()).get("item", [])}
PAIRS = [(one, two) for one in range(1, 7) for two in range(1, 7)]


def fraction(number: Fraction) -> str:
    return rf"$\dfrac{{{number.numerator}}}{{{number.denominator}}}$"


def zeros(b: int, c: int) -> str:
    found = sorted((x for x in range(-50, 51) if x * x + b * x + c == 0), reverse=True)
    return " and ".join(f"${x}$" for x in found)


def equal_roots(c: int) -> str:
    found = sorted((k for k in range(-100, 101) if k * k == 4 * c), reverse=True)
    return " or ".join(f"${k}$" for k in found)


RIGHT = {
    "pf-x-01": f"${gcd(36, 84)}$",
    "pf-x-02": f"₹ {next(pen for pen in range(56) if pen + (pen + 25) == 55)}",
    "pf-x-03": f"${hypot(5 - -1, 10 - 2):.0f}$",
    "pf-x-04": zeros(-1, -12),
    # A right triangle of 3, 4 and 5.
    "pf-x-05": fraction(Fraction(3, 5) + Fraction(4, 5)),
    "pf-x-06": rf"${Fraction(60, 360) * 6**2}\pi$ cm$^2$",
    "pf-x-07": f"${float(Fraction(5 * 6, 4))}$ cm",
    "pf-x-08": fraction(Fraction(sum(one + two == 8 for one, two in PAIRS), len(PAIRS))),
    "pf-x-09": equal_roots(9),
    "pf-x-10": f"${sum(3 + 4 * n for n in range(20))}$",
}


def test_there_are_ten() -> None:
    assert sorted(ITEMS) == sorted(RIGHT) == [f"pf-x-{number:02}" for number in range(1, 11)]
    assert [ITEMS[key]["difficulty"] for key in sorted(ITEMS)] == [1, 1, 2, 2, 2, 2, 3, 3, 3, 4]


@pytest.mark.parametrize("key", sorted(RIGHT))
def test_the_key_is_right_and_nothing_else_is(key: str) -> None:
    item = ITEMS[key]
    texts = [option["text"] for option in item["options"]]
    assert len(set(texts)) == 4
    (label,) = item["answer"]["choices"]
    assert [option["label"] for option in item["options"] if option["text"] == RIGHT[key]] == [label]


def test_they_load_beside_the_bank_and_again(db: None) -> None:
    author, verifier = factories.TeacherFactory(), factories.TeacherFactory()
    loaded = {"author": author, "verifier": verifier, "now": factories.NOW}
    load_bank(folder=FOLDER.parent / "cbse_x_mathematics", **loaded)
    assert load_bank(folder=FOLDER, **loaded).created == 10
    assert load_bank(folder=FOLDER, **loaded).unchanged == 10
    assert Question.objects.filter(key__startswith="pf-x-").count() == 10

"""The reader of numeric claims sees true and false ones, and keeps its hands off what is no claim in numbers."""

import pytest

from tests.content.claims import claims
from tests.content.compare import same


@pytest.mark.parametrize(
    ("tex", "verdicts"),
    [
        (r"\sqrt{4 + 9 + 36} = 7", [True]),
        (r"\dfrac12 \div 2", []),
        (r"x = 2(8 - \dfrac83) = \dfrac{32}{3} = 11", [True, False]),
        (r"0.3 \times 0.03 = 0.009", [True]),
        (r"D = 16 + 20 = 36 > 0", [True]),
        (r"9t = 9 \Rightarrow t = 2", []),
        (r"h(0) = 25 = 2I", []),
        (r"\sqrt3 = 1.73", []),
        (r"\tan 45^\circ = 1 = \dfrac33", [True]),
        (r"\begin{bmatrix}1 + 1\\ 3\end{bmatrix} = \begin{bmatrix}2\\ 4\end{bmatrix}", [False]),
    ],
)
def test_claims(tex: str, verdicts: list[bool]) -> None:
    assert [same(first, second) for _, _, first, second in claims(tex)] == verdicts

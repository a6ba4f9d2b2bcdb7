"""Every formula that is stored can be printed, and looks as it should where that can be counted."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from assessments.services.printing.formulas import draw_formula, draw_text, formula_text, set_formula
from assessments.services.printing.typeset import parse_html
from common.content import render_content

DATA = Path(__file__).resolve().parents[2] / "data"
FORMULA = re.compile(r"<math.*?</math>", re.DOTALL)
# What authors may write beyond what the banks hold today.
WIDE = r"""
\boxed{x+1} | \cancel{x} + \overline{AB} | \widehat{ABC} | \underbrace{a+b}_{n} | A \xrightarrow{f} B
\binom{n}{r} = {}^nC_r | \begin{cases} x & x>0 \\ -x & x\le 0\end{cases}
\begin{aligned} a &= b+c \\ &= d \end{aligned} | \begin{array}{c|c} 1 & 2 \\ \hline 3 & 4 \end{array}
\ce{2H2 + O2 -> 2H2O} | \left(\frac{1}{1+\frac{1}{x}}\right)^2 | \lim_{x\to0}\frac{\sin x}{x}=1
\displaystyle\sum_{i=1}^{n} i^2 | \begin{vmatrix} a&b\\c&d\end{vmatrix} | \sqrt[3]{8} | \mathbb{R}, \mathbf{a}
\vec{AB} + \overrightarrow{AB} | \text{Area of } \triangle ABC \sim \triangle PQR | \angle ABC = 90^\circ
x \in (0, 1] \cup \{2\} | f: A \to B | \bar{x}=a+\frac{\sum f_id_i}{\sum f_i} | P(A\mid B) | 5\% \text{ of } ₹100
\color{red}{x} | \phantom{x} y | \textbf{bold} + \mathcal{L} | \stackrel{?}{=} 2 | \iint_D f | \overset{*}{X}
a \bmod b | \not= | \sqrt{\sqrt{\sqrt{x}}} | \frac{\frac{a}{b}}{\frac{c}{d}} | \left\lfloor x \right\rfloor
\{x : x > 0\} | \dot{x} \ddot{y}
"""


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def formulas(folder: Path) -> set[str]:
    """The MathML of a bank's formulas, as pages get it."""
    found: set[str] = set()
    for path in sorted(folder.glob("*.toml")):
        for text in strings(tomllib.loads(path.read_text())):
            if "$" in text:
                found.update(FORMULA.findall(render_content(text).html))
    return {stored(mathml) for mathml in found}


def stored(mathml: str) -> str:
    """Entities are read where the HTML is."""
    return mathml.replace("&nbsp;", "\u00a0")


def mathml(tex: str) -> str:
    return stored(FORMULA.findall(render_content(f"${tex}$").html)[0])


@pytest.mark.slow
@pytest.mark.parametrize("bank", ["cbse_x_mathematics", "cbse_xii_mathematics", "medicine_heart"])
def test_every_formula_of_the_banks_is_set(bank: str) -> None:
    wrong = []
    for formula in sorted(formulas(DATA / bank)):
        parts = set_formula(formula)
        if not parts or not all(part.width > 0 and part.operators for part in parts):
            wrong.append(formula)
    assert wrong == []


def test_formulas_of_one_unit_are_set() -> None:
    text = (DATA / "cbse_x_mathematics" / "trigonometry.toml").read_text()
    pages = [render_content(tex).html for tex in re.findall(r"\$[^$\n]+\$", text)[:120]]
    found = {stored(formula) for html in pages for formula in FORMULA.findall(html)}
    assert len(found) > 30
    assert all(part.width > 0 and part.operators for formula in found for part in set_formula(formula))


@pytest.mark.parametrize("tex", [tex.strip() for line in WIDE.strip().splitlines() for tex in line.split(" | ")])
def test_what_authors_may_write_is_set(tex: str) -> None:
    parts = set_formula(mathml(tex))
    assert sum(part.width for part in parts) > 0
    assert any(part.operators for part in parts)


def test_fractions_are_small_in_a_line_and_large_on_their_own() -> None:
    small, large, shown = (
        set_formula(mathml(r"\frac{1}{2}"))[0],
        set_formula(mathml(r"\dfrac{1}{2}"))[0],
        set_formula(mathml(r"\frac{1}{2}"), True)[0],
    )
    assert small.ascent < large.ascent
    assert shown.ascent == pytest.approx(large.ascent)


def test_a_long_formula_may_break_after_its_signs_but_not_in_brackets() -> None:
    assert len(set_formula(mathml("a = b + c = d"))) == 4
    assert len(set_formula(mathml("P(a + b, c = d)"))) == 1
    assert len(set_formula(mathml("-x"))) == 1


def test_a_rule_of_a_table_is_drawn() -> None:
    table = r"\begin{array}{COLUMNS} 1 & 2 \\ 3 & 4 \end{array}"
    plain, ruled = (set_formula(mathml(table.replace("COLUMNS", columns)))[0] for columns in ("cc", "c|c"))
    assert ruled.operators.count(" re f") == plain.operators.count(" re f") + 2


def test_an_arrow_does_not_push_its_letter_away() -> None:
    assert set_formula(mathml(r"\vec{b}"))[0].width == pytest.approx(set_formula(mathml("b"))[0].width, abs=0.05)


@pytest.mark.parametrize(
    "broken",
    [
        "<math><mfrac><mi>x</mi></mfrac></math>",
        "<math><mi>x</mi>",
        "<math><msup></msup></math>",
        "<math><mtable></mtable></math>",
        "<math>" + "<mrow>" * 900 + "<mi>x</mi>" + "</mrow>" * 900 + "</math>",
        "<math>" + "<mi>x</mi>" * 5_000 + "</math>",
    ],
)
def test_a_formula_that_cannot_be_set_does_not_disappear(broken: str) -> None:
    assert draw_formula(broken) or formula_text(broken).strip() or "<mi>" not in broken


def test_deep_brackets_take_no_time_that_doubles() -> None:
    tex = r"\left(" * 14 + "x" + r"\right)" * 14
    assert set_formula(mathml(tex))[0].width > 1


@pytest.mark.parametrize("text", ["₹", "∠ABC", "αβ", "→", "😀", "漢字"])
def test_characters_of_no_text_font_are_drawn(text: str) -> None:
    assert draw_text(text).width > 0


def test_html_is_read_as_it_was_stored() -> None:
    root = parse_html('<p>a &lt; b<br>c <strong>d</strong> e</p><p><img src="/media/x.png" alt="x"></p>')
    assert [node.tag for node in root] == ["p", "p"]
    assert "".join(root[0].itertext()) == "a < bc d e"
    assert root[1][0].get("alt") == "x"

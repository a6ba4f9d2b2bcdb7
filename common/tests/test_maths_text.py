"""One-line mathematics in titles keeps what the formula says."""

import pytest

from common.maths_text import line_maths
from common.templatetags.ui import blanks, gist


@pytest.mark.parametrize(
    ("mathml", "line"),
    [
        ("<msup><mi>x</mi><mn>2</mn></msup><mo>+</mo><mn>9</mn>", "x² + 9"),
        ("<mi>π</mi><mo>=</mo><mfrac><mn>22</mn><mn>7</mn></mfrac>", "π = 22/7"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mi>c</mi></mfrac>", "(a + b)/c"),
        ("<msqrt><mn>3</mn></msqrt>", "√3"),
        ("<mi>x</mi><mo>=</mo><mo>−</mo><mn>3</mn>", "x = −3"),
        ("<mo>−</mo><mi>x</mi><mo>+</mo><mo>(</mo><mo>−</mo><mn>3</mn><mo>)</mo>", "−x + (−3)"),
        ("<msup><mi>a</mi><mrow><mi>n</mi><mo>+</mo><mn>1</mn></mrow></msup>", "aⁿ⁺¹"),
        ("<msubsup><mo>∫</mo><mn>0</mn><mn>1</mn></msubsup><mi>x</mi>", "∫₀¹x"),
        ('<mrow><mi>sec</mi><mo>\u2061</mo><mspace width="0.1667em"></mspace></mrow><mi>θ</mi>', "sec θ"),
        ("<msup><mn>60</mn><mo>∘</mo></msup>", "60°"),
        ("<msub><mi>a</mi><mn>1</mn></msub>", "a₁"),
        ("<msup><mn>2</mn><mi>p</mi></msup>", "2^p"),
    ],
)
def test_a_formula_on_one_line(mathml, line):
    assert line_maths(f"<p>If <math>{mathml}</math></p>") == f"<p>If {line}</p>"


def test_a_sign_of_order_survives_the_stripping_of_tags():
    assert gist("<p>If <math><mi>a</mi><mo>&lt;</mo><mi>b</mi></math> then</p>") == "If a < b then"


def test_what_does_not_parse_stays_as_it_is():
    assert line_maths("<math><mi>x</math>") == "<math><mi>x</math>"


def test_a_blank_is_a_line_where_it_is_read():
    assert gist("<p>A dog has [[1]] legs.</p>") == "A dog has ____ legs."
    html = '<p><img alt="[[1]]" src="/x.png"> has [[1]], not [[=a]]</p>'
    assert blanks(html) == html.replace(" [[1]]", ' <b class="nowrap num">(1) ____</b>')

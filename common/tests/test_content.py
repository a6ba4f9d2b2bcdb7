"""Markdown and TeX as authors write them: what comes out, what is refused, and what no one can smuggle in."""

import re
import subprocess
import sys
import threading
import time
from html.parser import HTMLParser

import pytest

from common.content import ContentError, TexRenderer, remark_line, render_content, render_remark

# Formula, what its MathML must contain in this order (tags, or text after “=”), what must be heard.
FORMULAS = {
    "quadratic": (
        r"x=\frac{-b\pm\sqrt{b^2-4ac}}{2a}",
        "mfrac mrow =− =± msqrt msup mrow =2",
        "square root of b squared",
    ),
    "cube root": (r"\sqrt[3]{27}=3", "mroot =27 =3", "cube root of 27 equals 3"),
    "definite integral": (
        r"\int_0^{\pi/2}\sin^2 x\,dx",
        "msubsup =∫ =0 =π =/ =2 msup =sin",
        "integral from 0 to pi over 2 of",
    ),
    "sum": (r"\sum_{n=1}^{\infty}\frac1{n^2}", "=∑ =n =1 =∞ mfrac =1 msup", "sum from n equals 1 to infinity of"),
    "limit": (r"\lim_{x\to 0}\frac{\sin x}{x}", "=lim =x =→ =0 mfrac", "limit as x goes to 0 of"),
    "matrix": (
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}",
        "=( mtable mtr mtd =1 mtd =2 mtr mtd =3 mtd =4 =)",
        "row 2: 3, 4",
    ),
    "determinant": (
        r"\begin{vmatrix}a&b\\c&d\end{vmatrix}=ad-bc",
        "=| mtable =a =b =c =d =| ==",
        "determinant of 2 rows",
    ),
    "unit matrix": (r"\begin{bmatrix}1&0\\0&1\end{bmatrix}", "=[ mtable mtr mtr =]", "matrix of 2 rows: row 1: 1, 0"),
    "vectors": (r"\vec a\cdot\vec b=|\vec a||\vec b|\cos\theta", "mover =a =→ =⋅ mover =b =→", "vector a dot vector b"),
    "unit vectors": (
        r"\hat{\imath}+2\hat{\jmath}-\hat k",
        "mover =ı =ˆ =+ =2 mover =ȷ =ˆ",
        "i hat plus 2 j hat minus k hat",
    ),
    "cases": (r"f(x)=\begin{cases}x^2&x\ge0\\-x&x<0\end{cases}", "={ mtable msup =≥ =−", "cases of 2 rows"),
    "degree": (r"\sin 30^\circ=\tfrac12", "msup =30 =∘ mfrac =1 =2", "sine 30 degrees equals 1 over 2"),
    "temperature": (r"25\,^{\circ}\mathrm{C}", "=25 msup =∘ =C", "25 degrees C"),
    "aligned": (
        r"\begin{aligned}2x+3y&=7\\x-y&=1\end{aligned}",
        "mtable mtr mtd mtd mtr mtd mtd",
        "7; x minus y equals 1",
    ),
    "line segment": (
        r"\overline{AB}\parallel\overline{CD}",
        "menclose =A =B =∥ menclose",
        "A B bar is parallel to C D bar",
    ),
    "angle": (r"\angle ABC=90^\circ", "=∠ =A =B =C msup =90 =∘", "angle A B C equals 90 degrees"),
    "triangles": (r"\triangle ABC\sim\triangle PQR", "=△ =∼ =△", "triangle A B C is similar to triangle P Q R"),
    "binomial": (r"\binom nr=\frac{n!}{r!(n-r)!}", "mfrac =n =r == mfrac", "n choose r"),
    "logarithm": (r"\log_{10}1000=3", "msub =log =10 =1000", "log to base 10 of 1000 equals 3"),
    "set": (r"\{x\in\mathbb R:x>0\}\cup\varnothing", "={ =x =∈ =ℝ =} =∪", "x is in the real numbers such that"),
    "continued fraction": (r"\cfrac1{1+\cfrac12}", "mfrac =1 mrow =1 =+ mfrac =1 =2", "1 plus 1 over 2"),
    "partial derivative": (
        r"\frac{\partial^2u}{\partial x^2}",
        "mfrac msup =∂ =2 =u =∂ msup =x",
        "partial squared u over",
    ),
    "derivative": (r"f'(x)=3x^2", "msup =f =′ == =3 msup", "f prime"),
    "reaction": (r"\ce{2H2 + O2 -> 2H2O}", "=2 =H msub =2 =+ =O msub =2 =→", "2 H 2 plus O 2 goes to 2 H 2 O"),
    "units": (r"g=9.8\ \mathrm{m\,s^{-2}}", "=g =9.8 =m msup =s =− =2", "m s to the power minus 2"),
    "words": (
        r"\text{Area}=\pi r^2\text{ cm}^2",
        "mtext =Area =π msup =r =2 msup mtext",
        "Area equals pi r squared cm squared",
    ),
    "recurring decimal": (r"0.\overline3=\frac13", "=0. menclose =3 == mfrac", "3 bar equals 1 over 3"),
    "rupees": (r"₹1{,}00{,}000\times 5\%", "=₹ =1,00,000 =× =5 =%", "rupees 1,00,000 times 5 percent"),
}


class Outline(HTMLParser):
    """The tags (`mfrac`) and texts (`=x`) of a fragment in document order, and every attribute."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.steps: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.steps.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data):
        if data.strip():
            self.steps.append("=" + data.strip())


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("template", ["Find ${}$ now.", "$$\n{}\n$$"], ids=["in text", "displayed"])
def test_exam_formula_becomes_the_right_mathml_and_words(name, template):
    tex, structure, heard = FORMULAS[name]

    rendered = render_content(template.format(tex) if "{}" not in tex else template.replace("{}", tex))

    steps = iter(Outline(rendered.html).steps)
    missing = [wanted for wanted in structure.split() if wanted not in steps]  # each is looked for after the last
    assert not missing, rendered.html
    assert heard in rendered.speech_text
    assert ('display="block"' in rendered.html) == template.startswith("$$")


def test_markdown_of_a_question():
    rendered = render_content(
        "# Given\n\nA **bold** *word* and `x = $5$`.\n\n- one\n- $x^2$\n\n|a|b|\n|---|--:|\n|1|$\\pi$|"
    )

    outline = Outline(rendered.html).steps
    assert outline[:2] == ["h3", "=Given"], "h1 and h2 belong to the page"
    assert {"strong", "em", "code", "ul", "li", "table", "th", "td", "math"} <= set(outline)
    assert "=x = $5$" in outline, "in code a dollar is a dollar"
    assert rendered.speech_text.splitlines() == [
        "Given", "A bold word and x = $5$.", "one", "x squared", "a, b", "1, pi",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("so $x=8$. In", "$."),
        ("($n=2$) and", "($)"),
        ("the $n$th of $m$", "$th"),
        ("$a$, $b$ and $c$", "$,"),
        ("$1$–$9$ left", "$–$"),
        ("only $x$ here", ""),
        ("[[1]]$x$[[2]]", ""),
        ("$$x^2$$.", ""),
    ],
)
def test_a_line_does_not_begin_with_what_follows_a_formula(source, kept):
    plain = re.sub(r'<span class="math inline"><math.*?</math></span>', "$", render_content(source).html)
    assert re.findall(r'<span class="nowrap">(.*?)</span>', plain) == ([kept] if kept else [])


def test_dollars_that_are_money():
    assert render_content(r"It costs \$5, not \$6.").speech_text == "It costs $5, not $6."
    assert render_content("It costs $5 or $6 then.").speech_text == "It costs $5 or $6 then."


def test_displayed_formula_inside_a_paragraph_does_not_break_it():
    html = render_content("so $$x=1$$ holds").html

    assert Outline(html).steps[:4] == ["p", "=so", "span", "math"]
    assert html.endswith("holds</p>")


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (r"$\frac{1}{2$", r"The formula “\frac{1}{2” cannot be read: unexpected end of input"),
        (r"$\foo{x}$", r"The formula “\foo{x}” cannot be read: unsupported function name: \foo, at character 1."),
        ("$$\n\\begin{pmatrix}1\n$$", "cannot be read"),
        (r"$\def\a{\a\a}\a$", "a macro in it expands without end"),
        (r"then $\frac12 and so on", r"starts at “$\frac” has no second dollar sign"),
        ("$" + "x+" * 2500 + "x$", "is too long"),
        ("x" * 100_001, "too long"),
        (r"$\href{javascript:alert(1)}{x}$", "cannot be read"),
        (r"$\style{position:fixed}{x}$", "not trusted"),
        (r"$\class{button}{x}$", "not trusted"),
        (r"$\includegraphics{https://evil.example/x.png}$", "not trusted"),
        ("![graph](https://evil.example/x.png)", "The image “https://evil.example/x.png” is not kept on this site."),
        ("![graph](//evil.example/media/x.png)", "is not kept on this site"),
        ("![graph](/media/../admin/logout/)", "is not kept on this site"),
        ("![graph](/media/%2e%2e/admin/)", "is not kept on this site"),
        ("![graph](/logout/)", "is not kept on this site"),
        ("![graph](data:image/png;base64,AAAA)", "is not kept on this site"),
        ("[![graph](https://evil.example/x.png)](https://a.example)", "is not kept on this site"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_a_sentence(source, sentence):
    with pytest.raises(ContentError) as caught:
        render_content(source)

    assert sentence in caught.value.message
    assert len(caught.value.message) < 250
    assert caught.value.code == "content_invalid"


def test_images_of_our_own_are_shown(settings):
    settings.MEDIA_URL = "/media/"
    settings.FILES_ORIGINS = ["https://files.abhyas.example"]
    rendered = render_content("![A ray](/media/q/ray.png) ![Two](https://files.abhyas.example/b/two.png?sig=1&e=2)")

    sources = [value for tag, name, value in Outline(rendered.html).attributes if (tag, name) == ("img", "src")]
    assert sources == ["/media/q/ray.png", "https://files.abhyas.example/b/two.png?sig=1&e=2"]
    assert rendered.speech_text == "(picture: A ray) (picture: Two)"


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "<javascript:alert(1)>",
    '[x](https://a.example "onmouseover=alert(1)")',
    '[x](https://a.example"onmouseover="alert(1))',
    "<p style='position:fixed;inset:0'>x</p>",
    "<style>*{display:none}</style>",
    "<iframe src=https://evil.example></iframe>",
    "<form action=https://evil.example><button>x</button></form>",
    "[x]: javascript:alert(1)\n\n[x]",
    "```html onclick=alert(1)\n<script>alert(1)</script>\n```",
    r"$\text{<img src=x onerror=alert(1)>}$",
    r"$\text{</mtext></math><script>alert(1)</script>}$",
    r"$\color{red;position:fixed}{x}$",
    r"$\color{#f00}{x}$",
    r"$\textcolor{expression(alert(1))}{x}$",
    r"$\tag{<b onclick=alert(1)>}x$",
    r"$\unicode{x3c}script\unicode{x3e}$",
    r"$\ce{<script>alert(1)</script>}$",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_hostile_markup_does_nothing(source):
    try:
        html = render_content(source).html
    except ContentError:
        return  # refused, which is as good

    outline = Outline(html)
    tags = {step for step in outline.steps if not step.startswith("=")}
    assert not tags & {"script", "style", "svg", "iframe", "form", "button", "input", "object", "embed", "mglyph"}
    for tag, name, value in outline.attributes:
        assert not name.startswith("on"), html
        assert "url(" not in value, html
        assert "position" not in value, html
        if name in {"href", "src"}:
            assert re.match(r"https?://|mailto:|/", value), html
        assert (tag, name) != ("p", "style"), html


def test_links_leave_no_trace_of_where_they_were_clicked():
    html = render_content("[NCERT](https://ncert.example/book)").html

    assert html == '<p><a href="https://ncert.example/book" rel="noopener noreferrer">NCERT</a></p>'


def test_a_formula_that_runs_away_costs_only_itself(monkeypatch):
    monkeypatch.setattr("common.content.TEX_SECONDS", 0.2)
    monkeypatch.setattr(
        "common.content.RENDER_FUNCTION", "(function (tex) { while (tex === 'loop') {} return '{\"html\": \"ok\"}' })"
    )
    renderer = TexRenderer()

    started = time.monotonic()
    with pytest.raises(ContentError, match="takes too long"):
        renderer.render("loop", display=False)

    assert time.monotonic() - started < 5
    assert renderer.render("x", display=False) == "ok"


def test_a_formula_that_eats_memory_is_stopped(monkeypatch):
    eater = (
        "(function (tex) { const kept = []; while (tex === 'eat') { kept.push(new Array(100000).fill(1.5)) } "
        'return \'{"html": "ok"}\' })'
    )
    monkeypatch.setattr("common.content.RENDER_FUNCTION", eater)
    renderer = TexRenderer()

    with pytest.raises(ContentError):
        renderer.render("eat", display=False)

    assert renderer.render("x", display=False) == "ok"


def test_threads_share_one_renderer():
    results: list[str] = []

    def work(number: int) -> None:
        results.extend(render_content(f"$x_{{{number}}}$").speech_text for _ in range(10))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(results) == sorted(f"x sub {number}" for number in range(4) for _ in range(10))


def test_what_a_formula_defines_ends_with_it():
    render_content(r"$\gdef\secret{42}\secret$")

    with pytest.raises(ContentError, match="secret"):
        render_content(r"$\secret$")


def test_speed_is_printed(capsys):
    sources = ["$" + tex + "$" for tex, _, _ in FORMULAS.values()]
    started = time.perf_counter()
    rendered = [render_content(source) for source in sources]
    each = (time.perf_counter() - started) / len(sources) * 1000

    with capsys.disabled():
        print(f"\n{each:.2f} ms per formula, speech and sanitising included")  # noqa: T201 - a measurement
    assert all("<math" in one.html for one in rendered)


FORKED = """
import os, sys
from common.content import render_content
render_content("$x^2$")
child = os.fork()
if child == 0:
    assert "<math" in render_content("$y^3$").html
    sys.exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_child_renders_and_ends():
    """A worker forked after its parent has rendered: the inherited context must not be closed there, it would hang."""
    run = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.strip() == "7"


def test_a_remark_has_its_formulas_set_and_nothing_else():
    html = render_remark("Use $x^2$ <b>*here*</b> & there")
    assert "<math" in html
    assert "&lt;b&gt;*here*&lt;/b&gt; &amp; there" in html
    assert remark_line(html) == "Use x² <b>*here*</b> & there"


@pytest.mark.parametrize("text", ["no formula", "costs $5 or $ 6", r"$\frac{1$", "", "$ $"])
def test_a_remark_without_a_formula_that_can_be_read_stays_text(text):
    assert render_remark(text) == ""
    assert remark_line("") == ""


def test_a_formula_in_a_remark_reads_its_signs():
    assert remark_line(render_remark("so $a < b$, and $\\sqrt{3} \\ge 1$")) == "so a < b, and √3 ≥ 1"

r"""HTML to Markdown + TeX: what is written means on our page what it meant on theirs."""

import contextlib
import html
import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from assessments.services.formats.html_markdown import from_html, from_moodle, from_plain, portable, to_html, to_plain
from assessments.services.formats.items import FormatError
from common.content import render_content

PAIRS = [
    ("<p>What is H<sub>2</sub>O?</p><p>And x<sup>10</sup>?</p>", "What is H$_2$O?\n\nAnd x$^{10}$?"),
    ("<b>Bold</b>, <i>not</i> <strong> spaced </strong>here", "**Bold**, *not* **spaced** here"),
    ("<b><i>both</i></b> un<b>likely</b>, <b></b>end", "***both*** un**likely**, end"),
    ("<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>", "- a\n- b\n  1. c"),
    ("<ol start='3'><li><p>a</p><p>b</p></li></ol>", "3. a\n\n   b"),
    ("<table><tr><th>x</th><th>a|b</th></tr><tr><td>1</td></tr></table>", "| x | a\\|b |\n| --- | --- |\n| 1 |  |"),
    (r"\(x^2\), \[\frac12\], $$a_1$$, [tex]y[/tex], $z$", "$x^2$, $$\\frac12$$, $$a_1$$, $y$, $z$"),
    (r"\(a &lt; b\)<br>next<br><br>para", "$a < b$\\\nnext\n\npara"),
    ("between $5 and $6, or $7", "between \\$5 and \\$6, or \\$7"),
    ("snake_case 3 * 4 [[1]] 50% a<b", "snake_case 3 * 4 [[1]] 50% a"),
    ("<p>1. no list</p><p># no heading</p><p>- no item</p>", "1\\. no list\n\n\\# no heading\n\n\\- no item"),
    ("<pre>if x:\n  y</pre><code>a`b</code>", "```\nif x:\n  y\n```\n\n``a`b``"),
    ("<h1>Title</h1><h4>Sub</h4><hr><blockquote><p>said</p></blockquote>", "# Title\n\n## Sub\n\n---\n\n> said"),
    ('<a href="https://x.org/a b">here</a> <a href="javascript:x">there</a>', "[here](<https://x.org/a b>) there"),
    ("&nbsp;a&nbsp;&nbsp;b\n\n c &amp;amp; <!-- gone -->&eacute;", "a b\nc \\&amp; é"),
    ("<script>alert(1)</script>kept<style>p{}</style>", "kept"),
    ("<math><mfrac><mi>x</mi><mn>2</mn></mfrac><mo>≤</mo><mi>π</mi></math>", "$\\frac{x}{2} \\le \\pi$"),
    (
        "<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>x^2</annotation></semantics></math>",
        "$x^2$",
    ),
    ("<unknown>kept</unknown> <div><div>deep</div></div>", "kept\n\ndeep"),
]


@pytest.mark.parametrize(("source", "expected"), PAIRS)
def test_html_reads_as_markdown(source: str, expected: str) -> None:
    assert from_html(source).text == expected


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ('<img src="http://x/y.png" alt="heart">', "A picture was left out"),
        ("<iframe src=x></iframe>", "<iframe>"),
        ("<u>under</u>", "Underlining"),
        ("<span style='color: red'>x</span>", "Colours"),
        ("<table><tr><td colspan=2>x</td></tr></table>", "Merged cells"),
        ("<s>x</s>", "struck through"),
        ("<math><mmultiscripts><mi>x</mi></mmultiscripts></math>", "MathML"),
    ],
)
def test_what_is_lost_is_told(source: str, sentence: str) -> None:
    assert any(sentence in note for note in from_html(source).notes)


def test_pictures_are_found_by_the_caller() -> None:
    found = from_html(
        '<p>See <img src="@@PLUGINFILE@@/my%20heart.png" alt="a [heart]"></p>', picture=lambda src: "heart.png"
    )
    assert (found.text, found.notes) == ("See ![a \\[heart\\]](heart.png)", ())


def test_automatic_format_keeps_lines_unless_there_are_blocks() -> None:
    assert from_moodle("one\ntwo\n\nthree").text == "one\\\ntwo\n\nthree"
    assert from_moodle("<p>one\ntwo</p>").text == "one\ntwo"


MARKDOWN = [
    "Is $\\sqrt2$ irrational?", "a\nb", "- a\n- b", "$$x$$", "# T\n\npara **b** *i*", "1. a\n2. b", "x\\\ny",
    "| a | b |\n| --- | --- |\n| 1 | 2 |", "![x](a.png)", "Find $a<b$: `code`", "[[1]] and [[2]]", "a & b", "x < y > z",
]  # fmt: skip


@pytest.mark.parametrize("source", MARKDOWN)
def test_our_own_markdown_comes_back_from_html(source: str) -> None:
    assert from_html(to_html(source), picture=str).text == source
    assert portable(source)[0] in {"plain", "html"}


def test_a_text_that_html_would_change_stays_markdown() -> None:
    assert portable("_x_ and __y__") == ("markdown", "_x_ and __y__")
    assert to_plain("# A **b**\n\n$x$ and\n- c") == "A b \\(x\\) and c"


def visible(markdown: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", render_content(markdown).html)).split())


LETTERS = st.text(st.sampled_from("ab1.) *_`[]()<>#+-=|~!&;:\\'\"\n\t{}^@/é"), max_size=40)


@given(LETTERS)
@example("*a*b* _c_ __d__")
@example("a\n===\n\n| b |\n|---|")
@example("\\\n***\n\\")
@example("<http://a.b> &amp; [x]: y")
def test_plain_text_shows_its_own_characters(text: str) -> None:
    assume("\\(" not in text and "\\[" not in text)
    shown = visible(from_plain(text).text)
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", text)


PIECES = st.lists(
    st.sampled_from(
        [
            *"ab <>/$\\()[]*_\n!.",
            *[
                "<b>",
                "</b>",
                "<p>",
                "<ul><li>",
                "<td>",
                "<br>",
                "\\(",
                "\\)",
                "<math>",
                "<i>",
                "</i>",
                "<table>",
                "<u>",
            ],
        ]
    )
).map("".join)


@given(PIECES)
@example("<b>a!</b>b<i> c </i><b><i>d.</i></b>e")
@example("<u>a<i>a")
@example("<i>x</i><b>y</b><b>z<i>w</i></b>")
def test_any_html_reads_and_keeps_its_letters(source: str) -> None:
    text = from_html(source).text
    from_moodle(source)
    if "$" in source or "\\" in source:
        return
    if not {"\\", "*", "_"} & set(source):
        assert not {"*", "_"} & set(visible(text))
    # A second reading changes nothing any more.
    assert visible(from_html(to_html(text), picture=str).text) == visible(text)


@pytest.mark.parametrize(
    "hostile",
    [
        *(
            piece * (300_000 // len(piece))
            for piece in ("<div>", "<b>", "<!--", "\\(", "$a", "&", "<math>", " ", "|-", "<td>")
        ),
        *(
            piece * (300_000 // len(piece))
            for piece in ("<i>a</i>", "<b> </b>", "<br> ", "\n ", "[tex]", "\\[", "$$", "_ ", "<li>")
        ),
        "\\(" + "x" * 300_000,
        "x" * 500_000,
    ],
)
@pytest.mark.timeout(20)
def test_hostile_text_takes_no_time(hostile: str) -> None:
    for read in (from_html, from_plain):
        with contextlib.suppress(FormatError):
            read(hostile)

"""Styles are served smaller, but they say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.staticfiles import minify

STYLES = sorted((Path(__file__).resolve().parents[2] / "static" / "css").rglob("*.css"))


@pytest.mark.parametrize(
    ("css", "small"),
    [
        ("a { color : red ; }\n\nb{}", "a{color :red}b{}"),
        ("@layer page {\n  .a :is(.b, .c) { margin: 0 }\n}", "@layer page{.a :is(.b,.c){margin:0}}"),
        (".a ::before { content: '; { } /* kept */  ' }", ".a ::before{content:'; { } /* kept */  '}"),
        ("/* don't */ a{width:calc(1px + 2px)} /* end */", "a{width:calc(1px + 2px)}"),
        ("a{--none: ;--b: 1}", "a{--none: ;--b:1}"),
        ('@media (width: 9px){a{content: "b: c"}}', '@media (width:9px){a{content:"b: c"}}'),
        ('a::after{content:"\\" ; "}', 'a::after{content:"\\" ; "}'),
    ],
)
def test_only_what_cannot_matter_is_left_out(css: str, small: str) -> None:
    assert minify(css) == small


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_our_styles_keep_every_descendant(path: Path) -> None:
    """`.landing :is(.lhero)` once became `.landing:is(.lhero)`, and the first page lost its margins."""
    css = path.read_text(encoding="utf-8")
    assert STYLES
    assert len(minify(css)) < len(css)
    found = re.findall(r"[\w\])*] +::?[a-z-]+", css)
    assert re.findall(r"[\w\])*] +::?[a-z-]+", minify(css)) == found

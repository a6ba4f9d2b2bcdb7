r"""Our Markdown + TeX for other systems: as HTML with TeX between `\( \)` or `$$`, or as words on one line."""

from __future__ import annotations

import html as html_entities
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin


def to_html(source: str) -> str:
    r"""Markdown + TeX as HTML with TeX between `\(` and `\)` or `$$`. Pictures keep their names as addresses."""
    return str(_markdown.render(source)).strip()


def to_plain(source: str) -> str:
    r"""The words of a text on one line, TeX between `\(` and `\)`. Emphasis, lists and pictures lose their form."""
    words: list[str] = []
    for token in _markdown.parse(source):
        if token.type == "inline":
            words.append(_plain_inline(token.children or []))
        elif token.type.startswith("math_block"):
            words.append(f"$${token.content.strip()}$$")
        elif token.type in {"fence", "code_block"}:
            words.append(token.content)
    return " ".join(" ".join(words).split())


def _write_formula(tex: str, options: dict[str, Any]) -> str:
    shown = html_entities.escape(tex.strip(), quote=False)
    return f"$${shown}$$" if options["display_mode"] else rf"\({shown}\)"


def _make_markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    dollarmath_plugin(
        markdown, allow_labels=False, allow_space=False, allow_digits=True, double_inline=True, renderer=_write_formula
    )
    markdown.add_render_rule(
        "math_inline", lambda self, tokens, i, o, e: _write_formula(tokens[i].content, {"display_mode": False})
    )
    for rule in ("math_inline_double", "math_block"):
        markdown.add_render_rule(rule, _render_display)
    for rule in ("heading_open", "heading_close"):
        markdown.add_render_rule(rule, _render_heading)
    return markdown


def _render_display(renderer: Any, tokens: list[Token], index: int, options: Any, env: Any) -> str:
    formula = _write_formula(tokens[index].content, {"display_mode": True})
    return f"<p>{formula}</p>\n" if tokens[index].block else formula


def _render_heading(renderer: Any, tokens: list[Token], index: int, options: Any, env: Any) -> str:
    # As on our pages, whose own headings are h1 and h2.
    token = tokens[index]
    level = min(int(token.tag[1]) + 2, 6)
    return f"<h{level}>" if token.nesting > 0 else f"</h{level}>\n"


def _plain_inline(children: list[Token]) -> str:
    words = []
    for token in children:
        if token.type == "math_inline":
            words.append(rf"\({token.content.strip()}\)")
        elif token.type == "math_inline_double":
            words.append(f"$${token.content.strip()}$$")
        elif token.type in {"softbreak", "hardbreak"}:
            words.append(" ")
        else:
            words.append(token.content)
    return "".join(words)


_markdown = _make_markdown()

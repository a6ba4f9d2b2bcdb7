r"""Markdown with TeX, as authors write it, to the HTML that pages show: done once, when content is saved.

`render_content(source)` takes CommonMark with tables, `$…$` and `$$…$$` for formulas (mhchem's `\ce` and `\pu`
included), and returns HTML with MathML, safe to put into a page as it stands, and the same as words for a screen
reader. Raw HTML is not taken: it appears as the text it is. A dollar that starts no formula is written `\$`; a code
span needs no care. Pages that show it link `vendor/temml/temml.css`.

Errors: ContentError with a sentence for the author: a formula that cannot be read, a formula that is not closed, an
image from elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape as html_escape
from html import unescape as html_unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import nh3
from django.conf import settings
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from common.errors import DomainError
from common.maths_speech import speak_html
from common.maths_text import line_maths
from common.scripts import ScriptFailed, ScriptFunction, ScriptTimeout

VENDOR = Path(__file__).parent / "vendor" / "temml"
TEX_SECONDS = 2.0
TEX_MEMORY_BYTES = 96 * 1024 * 1024
MAX_TEX_CHARACTERS = 4_000
MAX_SOURCE_CHARACTERS = 100_000

RENDER_FUNCTION = """
function renderTex(tex, display) {
  try {
    return JSON.stringify({html: temml.renderToString(tex, {
      displayMode: display, throwOnError: true, trust: false, maxSize: [10, 10], maxExpand: 1000})});
  } catch (error) {
    return JSON.stringify({error: String(error && error.message || error)});
  }
}
renderTex
"""


class ContentError(DomainError):
    """What the author wrote cannot be shown; the message says which part and why."""

    def __init__(self, message: str, code: str = "content_invalid", **details: object) -> None:
        super().__init__(message, code, **details)


@dataclass(frozen=True, slots=True)
class RenderedContent:
    """`html` is safe to show as it stands; `speech_text` says the same in words, one line per paragraph."""

    html: str
    speech_text: str


def render_content(source: str) -> RenderedContent:
    """Render Markdown with TeX. Raises ContentError; about a millisecond per formula, 0.1 s more for the first."""
    if len(source) > MAX_SOURCE_CHARACTERS:
        raise ContentError(f"This text is too long: {len(source)} characters, and {MAX_SOURCE_CHARACTERS} is the most.")
    tokens = _markdown.parse(source)
    _check(tokens)
    html = _together(_cleaner.clean(_markdown.renderer.render(tokens, _markdown.options, {})).strip())
    return RenderedContent(html=html, speech_text=speak_html(html))


def clean_html(html: str) -> str:
    """HTML that somebody else rendered, without what ours never holds: scripts, styles, addresses that are not safe."""
    return _cleaner.clean(html).strip()


#: A formula within a remark; a sum of money has a space or no second sign.
REMARK_FORMULA = re.compile(r"\$(?!\s)([^$\n]+?)(?<!\s)\$")


def render_remark(text: str) -> str:
    """A few words of somebody with `$…$` in them, as HTML; nothing else is marked up. "" when no formula is in it.

    What cannot be read stays as it was written: a remark is never refused for it.
    """

    def formula(found: re.Match[str]) -> str:
        try:
            return _cleaner.clean(_tex.render(html_unescape(found[1]), display=False))
        except ContentError:
            return found[0]

    html = REMARK_FORMULA.sub(formula, html_escape(text, quote=False))
    return html if "<math" in html else ""


def remark_line(html: str) -> str:
    """The same as one line of plain characters: x², √3. For where there is no room for a formula."""
    return html_unescape(re.sub(r"<[^>]*>", "", line_maths(html)))


# --- Formulas --------------------------------------------------------------------------------------------------------
class TexRenderer:
    """A formula that takes too long is interrupted; one that takes too much memory costs only itself."""

    def __init__(self) -> None:
        self._script = ScriptFunction(_sources, memory_bytes=TEX_MEMORY_BYTES)

    def render(self, tex: str, *, display: bool) -> str:
        """MathML of one formula; raises ContentError naming it."""
        if len(tex) > MAX_TEX_CHARACTERS:
            raise ContentError(f"{_name(tex)} is too long: {MAX_TEX_CHARACTERS} characters is the most.")
        try:
            answer = self._script.call(tex, display, seconds=TEX_SECONDS)
        except ScriptTimeout as error:
            raise ContentError(f"{_name(tex)} takes too long to typeset. Is something repeated in it?") from error
        except ScriptFailed as error:
            raise ContentError(f"{_name(tex)} takes too much memory to typeset.") from error
        result: dict[str, str] = json.loads(answer)
        if "error" in result:
            raise ContentError(f"{_name(tex)} cannot be read: {_reason(result['error'])}")
        return result["html"]


def _sources() -> list[str]:
    files = [(VENDOR / name).read_text(encoding="utf-8-sig") for name in ("temml.min.js", "mhchem.min.js")]
    return [*files, RENDER_FUNCTION]


def _name(tex: str) -> str:
    shown = tex.strip()
    return f"The formula “{shown if len(shown) <= 60 else shown[:57] + '…'}”"


def _reason(error: str) -> str:
    """Temml's own words, without the excerpt in which it underlines the place, as the end of a sentence."""
    if "Too many expansions" in error:
        return "a macro in it expands without end."
    reason = re.sub(r"^(?:\w*Error:\s*)+", "", error).replace("\u0332", "").strip()
    if place := re.search(r" at (?:position (\d+)|end of input): ", reason):
        reason = reason[: place.start()] + (f", at character {place[1]}" if place[1] else ", at the end")
    return reason[:1].lower() + reason[1:].strip().rstrip(".") + "."


# --- Markdown --------------------------------------------------------------------------------------------------------
#: A dollar, and after it a TeX command: most likely a formula whose second dollar was forgotten.
UNCLOSED_FORMULA = re.compile(r"(?<!\\)\$[^$]*\\[A-Za-z]{2,}")
#: The page's own headings are h1 and h2; an author's `#` is an h3.
HEADING_SHIFT = 2

_tex = TexRenderer()


def _render_formula(tex: str, options: dict[str, Any]) -> str:
    return _tex.render(tex, display=bool(options["display_mode"]))


def _make_markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    dollarmath_plugin(
        markdown, allow_labels=False, allow_space=False, allow_digits=True, double_inline=True, renderer=_render_formula
    )
    # The plugin would put a <div> into the <p>; MathML displays itself.
    markdown.add_render_rule("math_inline_double", _render_display_in_text)
    return markdown


def _render_display_in_text(renderer: Any, tokens: list[Token], index: int, options: Any, env: Any) -> str:
    return f'<span class="math inline">{_tex.render(tokens[index].content.strip(), display=True)}</span>'


_markdown = _make_markdown()


def _check(tokens: list[Token]) -> None:
    """Refuse what an author should hear about; shift headings."""
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + HEADING_SHIFT, 6)}"
        if token.type != "inline":
            continue
        if unclosed := UNCLOSED_FORMULA.search(_outside_code(token)):
            raise ContentError(f"The formula that starts at “{unclosed[0][:60]}” has no second dollar sign.")
        for child in _images(token.children or []):
            _check_image(str(child.attrs["src"]))


def _outside_code(inline: Token) -> str:
    return "".join(child.content for child in inline.children or [] if child.type == "text")


def _images(children: list[Token]) -> Iterator[Token]:
    for child in children:
        if child.type == "image":
            yield child
        yield from _images(child.children or [])


def _check_image(src: str) -> None:
    if not is_own_file(src):
        raise ContentError(
            f"The image “{src[:80]}” is not kept on this site. Upload it first, then use its address here."
        )


def is_own_file(url: str) -> bool:
    """Whether the address is below MEDIA_URL or on one of FILES_ORIGINS (where object storage is reached)."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    if ".." in path or "\\" in path or parts.username:
        return False
    if parts.scheme or parts.netloc:
        return f"{parts.scheme}://{parts.netloc}" in {origin.rstrip("/") for origin in settings.FILES_ORIGINS}
    return path.startswith(settings.MEDIA_URL) and path != settings.MEDIA_URL


# A browser may break the line before and after a formula, and would begin the next one with the full stop that follows.
# Brackets of blanks stay outside: an input put there must be free to go to the next line.
BESIDE = r"[^\s<>\[\]]{0,12}"
INLINE_FORMULA = r'<span class="math inline"><math(?![^>]*display="block").*?</math></span>'
WITH_BESIDE = re.compile(f"{BESIDE}(?:{INLINE_FORMULA}{BESIDE}){{1,3}}", re.DOTALL)


def _together(html: str) -> str:
    """Formulas in the text and the characters that touch them, in spans that stay on one line."""
    return WITH_BESIDE.sub(_unbroken, html)


def _unbroken(found: re.Match[str]) -> str:
    alone = found[0].startswith("<") and found[0].endswith(">") and found[0].count("<math") == 1
    return found[0] if alone else f'<span class="nowrap">{found[0]}</span>'


# --- Sanitising ------------------------------------------------------------------------------------------------------
# Markdown makes no raw HTML and Temml is not asked for any; this is the second wall, should either be wrong.
HTML_TAGS = {
    "p", "br", "hr", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "h3", "h4", "h5", "h6",
    "table", "thead", "tbody", "tr", "th", "td", "a", "img", "span", "div",
}  # fmt: skip
MATHML_TAGS = {
    "math", "menclose", "merror", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom",
    "mprescripts", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable",
    "mtd", "mtext", "mtr", "munder", "munderover",
}  # fmt: skip
MATHML_ATTRIBUTES = {
    "class", "style", "display", "displaystyle", "scriptlevel", "mathvariant", "mathbackground", "mathcolor",
    "stretchy", "fence", "form", "separator", "symmetric", "lspace", "rspace", "minsize", "maxsize",
    "movablelimits", "accent", "accentunder", "linethickness", "width", "height", "depth", "voffset",
    "notation", "columnalign", "columnspan", "rowspan",
}  # fmt: skip
STYLE_PROPERTIES = {
    "border", "border-top", "border-right", "border-bottom", "border-left", "color", "display", "left",
    "math-depth", "math-style", "padding", "padding-top", "padding-right", "padding-bottom", "padding-left",
    "text-align", "width",
}  # fmt: skip
CLASS = re.compile(
    r"(?:tml|wbk|chr|ff)-[a-z0-9-]+|menclose|mathscr|mathcal|(?:up|down)strike|sout|longdiv-\w+|phasor-\w+|circle-pad"
    r"|textcircle|actuarial|math|inline|block"
)


def _filter_attribute(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "class":
        return " ".join(name for name in value.split() if CLASS.fullmatch(name)) or None
    if tag == "img" and attribute == "src":
        return value if is_own_file(value) else None
    return value


_cleaner = nh3.Cleaner(
    tags=HTML_TAGS | MATHML_TAGS,
    clean_content_tags={"script", "style"},
    attributes={
        **dict.fromkeys(MATHML_TAGS, MATHML_ATTRIBUTES),
        "a": {"href", "title"},
        "img": {"src", "alt", "title"},
        "ol": {"start"},
        "td": {"style"},
        "th": {"style"},
        "span": {"class"},
        "div": {"class"},
    },
    attribute_filter=_filter_attribute,
    filter_style_properties=STYLE_PROPERTIES,
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer",
)

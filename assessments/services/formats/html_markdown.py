r"""HTML of other systems to our Markdown + TeX, and back.

`from_html` keeps what Markdown can say (paragraphs, emphasis, lists, tables, links, pictures, code) and TeX between
`\( \)`, `\[ \]`, `$$ $$` and `[tex] [/tex]`; MathML, subscripts and superscripts become TeX. Everything else is left
out with a note. `to_html` is the reverse for systems that show HTML with TeX. `portable` says in which of the two a
text reads back exactly.
"""

from __future__ import annotations

import html as html_entities
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

import nh3

from assessments.services.formats.items import FormatError
from assessments.services.formats.markdown_html import to_html, to_plain
from assessments.services.formats.mathml import MATHML_TAGS, Node, to_tex

__all__ = [
    "Converted",
    "FindPicture",
    "from_html",
    "from_markdown",
    "from_moodle",
    "from_plain",
    "portable",
    "to_html",
    "to_plain",
]

#: One text of one question. Our own texts end at half of it (`common.content`).
MAX_HTML = 400_000
MAX_OPEN = 1000
MAX_NESTING = 60

#: Gives the name under which the text shall show the picture at an address, or None when there is no such picture.
FindPicture = Callable[[str], str | None]


@dataclass(frozen=True)
class Converted:
    """Markdown + TeX, and one sentence for everything that could not be kept."""

    text: str
    notes: tuple[str, ...] = ()


def from_html(source: str, *, picture: FindPicture | None = None) -> Converted:
    """`source` as Markdown + TeX. `picture` finds pictures; without it every picture is left out with a note."""
    if len(source) > MAX_HTML:
        raise FormatError(f"A text in the file has {len(source)} characters; {MAX_HTML} is the most.")
    source = MARKERS.sub("", source.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n"))
    writer = _Writer(picture or (lambda address: None))
    for tag in dict.fromkeys(match.lower() for match in LEFT_OUT.findall(source)):
        writer.note(f"Something that Markdown cannot show was left out: <{tag}>.")
    _check_nesting(source)
    tree = _Tree()
    tree.feed(_cleaner.clean(source))
    tree.close()
    blocks = writer.blocks(tree.root)
    return Converted("\n\n".join(blocks), tuple(writer.notes))


def from_plain(source: str) -> Converted:
    """Text without any markup: every character means itself, but TeX between its delimiters stays TeX."""
    return from_html(_lines_as_html(html_entities.escape(source, quote=False)))


def from_moodle(source: str, *, picture: FindPicture | None = None) -> Converted:
    """Moodle's automatic format: HTML in which a new line is a line break, unless it is laid out with blocks."""
    return from_html(source if BLOCK_TAG.search(source) else _lines_as_html(source), picture=picture)


def from_markdown(source: str) -> Converted:
    r"""Markdown of Moodle: the same as ours, with TeX between `\\(` and `\\)`."""
    text = re.sub(r"(?<!\\)\\\\\((.+?)(?<!\\)\\\\\)", lambda match: _formula(match[1]), source, flags=re.DOTALL)
    text = re.sub(r"(?<!\\)\\\\\[(.+?)(?<!\\)\\\\\]", lambda match: _formula(match[1], "$$"), text, flags=re.DOTALL)
    return Converted(text.strip())


def portable(source: str) -> tuple[str, str]:
    """How to hand a text to a system that reads both: ("plain" | "html" | "markdown", text), read back exactly."""
    if re.fullmatch(r"[\w .,;:?!()'’\"/+=%°–-]*", source) and from_plain(source).text == source:
        return "plain", source
    as_html = to_html(source)
    return ("html", as_html) if from_html(as_html, picture=str).text == source else ("markdown", source)


# --- Reading ---------------------------------------------------------------------------------------------------------
BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main",
    "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
    "caption",
}  # fmt: skip
INLINE = {
    "a", "abbr", "b", "big", "br", "cite", "code", "del", "dfn", "em", "font", "i", "img", "ins", "kbd", "mark", "q",
    "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr", "label",
}  # fmt: skip
VOID = {"br", "hr", "img", "wbr"}
CLOSE_THEMSELVES = {"p", "li", "td", "th", "tr", "dt", "dd", "input", "link", "meta", "option", "source", "col"}
TAG = re.compile(r"<(/?)([A-Za-z][\w:-]*)")
STRONG, EMPHASIS, CODE = {"b", "strong"}, {"em", "i", "cite", "dfn", "var"}, {"code", "tt", "kbd", "samp"}
BLOCK_TAG = re.compile(r"<(?:p|div|ul|ol|li|table|pre|h[1-6]|blockquote|br|section)\b", re.IGNORECASE)
LEFT_OUT = re.compile(
    r"<(iframe|video|audio|object|embed|script|canvas|svg|input|select|textarea|button|applet|map)\b", re.IGNORECASE
)
_cleaner = nh3.Cleaner(
    tags=BLOCKS | INLINE | MATHML_TAGS,
    clean_content_tags={"script", "style", "title"},
    attributes={
        "*": {"style"},
        "a": {"href"},
        "img": {"src", "alt"},
        "ol": {"start"},
        "td": {"colspan", "rowspan"},
        "th": {"colspan", "rowspan"},
        "font": {"color"},
        "math": {"display", "alttext"},
        "annotation": {"encoding"},
        "mfenced": {"open", "close", "separators"},
    },
    url_schemes={"http", "https", "mailto", "data", "file"},
    link_rel=None,
    strip_comments=True,
)


def _check_nesting(source: str) -> None:
    """Refuse thousands of elements inside each other, on which every HTML parser takes quadratic time."""
    depth: Counter[str] = Counter()
    total = 0
    for closing, name in TAG.findall(source):
        tag = name.lower()
        if tag in VOID or tag in CLOSE_THEMSELVES:
            continue
        if not closing:
            depth[tag] += 1
            total += 1
        elif depth[tag]:
            depth[tag] -= 1
            total -= 1
        if total > MAX_OPEN:
            raise FormatError(f"A text in the file has more than {MAX_OPEN} HTML elements inside each other.")


class _Tree(HTMLParser):
    """The tree of HTML that the cleaner has put in order. What is nested too deeply is laid flat."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("body")
        self._open = [self.root]
        self._too_deep = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID and len(self._open) > MAX_NESTING:
            self._too_deep += 1
            return
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self._too_deep:
            self._too_deep -= 1
        elif len(self._open) > 1:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        children = self._open[-1].children
        if children and isinstance(children[-1], str):
            children[-1] += data
        else:
            children.append(data)


# Emphasis is marked with these until the whole paragraph is known: whether `**` opens depends on its neighbours.
OPEN_STRONG, CLOSE_STRONG, OPEN_EM, CLOSE_EM, BREAK = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004"
MARKERS = re.compile("[\ue000-\ue004]")
MARKER = re.compile("([\ue000-\ue003])")
SPACES = " \n" + BREAK


@dataclass
class _Writer:
    """Turns a tree into Markdown blocks, collecting notes on the way."""

    picture: FindPicture
    notes: list[str] = field(default_factory=list)

    def note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)

    def blocks(self, node: Node) -> list[str]:
        """The Markdown blocks inside `node`; runs of inline content between blocks are paragraphs."""
        found: list[str] = []
        run: list[str] = []
        for child in node.children:
            if isinstance(child, str) or child.tag not in BLOCKS:
                if not isinstance(child, str) and _holds_block(child):
                    self._check_style(child)
                    found += [*self._paragraphs(run), *self.blocks(child)]
                    run = []
                else:
                    run.append(self.inline(child))
                continue
            found += self._paragraphs(run)
            run = []
            found += self._block(child)
        return found + self._paragraphs(run)

    def _block(self, node: Node) -> list[str]:
        self._check_style(node)
        if node.tag in {"ul", "ol"}:
            return self._list(node)
        if node.tag == "table":
            return self._table(node)
        if node.tag == "pre":
            return [_fence(node.text())]
        if node.tag == "hr":
            return ["---"]
        inside = self.blocks(node)
        if node.tag == "blockquote":
            text = "\n\n".join(inside)
            return ["\n".join(f"> {line}".rstrip() for line in text.split("\n"))] if text else []
        if re.fullmatch("h[1-6]", node.tag):
            words = " ".join(" ".join(inside).replace("\\\n", " ").split())
            return [f"{'#' * max(int(node.tag[1]) - 2, 1)} {words}"] if words else []
        return inside

    def _list(self, node: Node) -> list[str]:
        number = int(start) if (start := node.attributes.get("start", "")).isdigit() and len(start) < 9 else 1
        lines: list[str] = []
        loose = False
        for child in node.children:
            if isinstance(child, str):
                if not child.strip():
                    continue
                child = Node("li", children=[child])
            inside = self.blocks(child) if child.tag == "li" else self._block(child)
            marker = f"{number}. " if node.tag == "ol" else "- "
            number += 1
            loose = loose or (len(inside) > 1 and any(not re.match(r"- |\d+\. ", block) for block in inside[1:]))
            separator = "\n\n" if loose else "\n"
            text = separator.join(inside).replace("\n", "\n" + " " * len(marker))
            lines.append((marker + text).rstrip())
        text = ("\n\n" if loose else "\n").join(lines)
        return [re.sub(r"\n[ ]+(?=\n)", "\n", text)] if lines else []

    def _table(self, node: Node) -> list[str]:
        rows = [[cell for cell in row.elements() if cell.tag in {"td", "th"}] for row in node.find("tr")]
        rows = [row for row in rows if row]
        if not rows:
            return self.blocks(Node("div", children=node.children))
        if any({"colspan", "rowspan"} & cell.attributes.keys() for row in rows for cell in row):
            self.note("Merged cells of a table were split.")
        if not any(cell.tag == "th" for cell in rows[0]):
            self.note("The first row of a table became its heading.")
        width = max(map(len, rows))
        lines = [
            "| " + " | ".join([self._cell(cell) for cell in row] + [""] * (width - len(row))) + " |" for row in rows
        ]
        captions = [block for caption in node.find("caption") for block in self.blocks(caption)]
        return [*captions, "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])]

    def _cell(self, cell: Node) -> str:
        text = " ".join(" ".join(self.blocks(cell)).replace("\\\n", " ").split())
        return text.replace("\\|", "|").replace("|", "\\|")

    def _paragraphs(self, run: list[str]) -> list[str]:
        """The paragraphs of one run of inline content: two line breaks in a row divide."""
        text = re.sub(f"[ \n]?{BREAK}[ \n]?", BREAK, _one_space("".join(run))).strip(SPACES)
        found = []
        for paragraph in re.split(f"{BREAK}{{2,}}", text):
            written = _one_space(_emphasised(paragraph)).strip(" \n")
            if written.strip():
                found.append("\n".join(_safe_start(line) for line in written.replace(BREAK, "\\\n").split("\n")))
        return found

    def inline(self, node: Node | str) -> str:
        """One paragraph's worth of Markdown, with markers for emphasis and line breaks."""
        if isinstance(node, str):
            return escape(_one_space(node))
        self._check_style(node)
        tag = node.tag
        if tag == "br":
            return BREAK
        if tag == "img":
            return self._image(node)
        if tag == "math":
            return self._mathml(node)
        if tag in CODE and (code := " ".join(node.text().split())):
            return _code(code)
        if tag in {"sub", "sup"}:
            return _script(node.text(), "_" if tag == "sub" else "^")
        inside = "".join(map(self.inline, node.children))
        if tag == "a":
            return _link(inside, node.attributes.get("href", ""))
        if tag in STRONG:
            return OPEN_STRONG + inside + CLOSE_STRONG
        if tag in {"u", "ins"}:
            self.note("Underlining became emphasis.")
            return OPEN_EM + inside + CLOSE_EM
        if tag in {"s", "strike", "del"} and inside.strip():
            self.note("Text that was struck through is not struck through any more.")
        if tag == "q":
            return f"“{inside}”"
        return OPEN_EM + inside + CLOSE_EM if tag in EMPHASIS else inside

    def _image(self, node: Node) -> str:
        address, alt = node.attributes.get("src", ""), " ".join(node.attributes.get("alt", "").split())
        name = self.picture(address) if address else None
        if name is None:
            shown = address if len(address) <= 60 else address[:57] + "…"
            self.note(f"A picture was left out, because the file does not contain it: “{shown}”.")
            return escape(alt)
        alt = re.sub(r"([][\\`*_$<])", r"\\\1", alt)
        return f"![{alt}]({_address(name)})"

    def _mathml(self, node: Node) -> str:
        tex, whole = to_tex(node)
        if not whole:
            self.note("A formula in MathML may have lost details; compare it.")
        return _formula(tex, "$$" if node.attributes.get("display") == "block" else "$") if tex.strip() else ""

    def _check_style(self, node: Node) -> None:
        style = node.attributes.get("style", "").lower()
        if "color" in node.attributes or re.search(r"(?<![-\w])(?:background-)?color\s*:", style):
            self.note("Colours were left out.")


def _holds_block(node: Node) -> bool:
    return any(child.tag in BLOCKS or _holds_block(child) for child in node.elements())


# --- Text and formulas -----------------------------------------------------------------------------------------------
FORMULA = re.compile(
    r"\\\((?P<inline>(?:(?!\\[()]).)+?)\\\)|\\\[(?P<display>(?:(?!\\[\[\]]).)+?)\\\]|\$\$(?P<dollars>[^$]+(?:\\\$[^$]*)*)\$\$"
    r"|\[tex\](?P<tag>(?:(?!\[tex\]).)+?)\[/tex\]"
    r"|(?<![\\$\w])\$(?P<single>[^\s$](?:[^$\n]*[^\s$\\])?)\$(?![\w$])",
    re.DOTALL,
)
#: A formula of nothing, which some programs write to make Moodle load its mathematics.
EMPTY = re.compile(r"\\\(\s*\\\)|\\\[\s*\\\]")
#: What makes `$…$` a formula and not two prices.
TEX_SIGN = re.compile(r"[\\^_{}=<>+*/|]|^[A-Za-z]$|^-?\w?[\d.]*[A-Za-z]?\(?\w?\)?$")
ESCAPED = re.compile(
    r"(?P<blank>(?<!\S)_{2,}(?![^\s.,;:?!]))"
    r"|\\(?=[!-/:-@\[-`{-~]|$)|[`$]|(?<!\s)\*|\*(?!\s)|(?<![^\W_])_|_(?![^\W_])|(?<=\])\("
    r"|<(?=[A-Za-z][A-Za-z0-9+.-]{1,31}:|[^\s<>@]+@)|&(?=#?\w+;)",
    re.MULTILINE,
)
LINE_START = re.compile(
    r"#{1,6}(?=\s|$)|>|[-+*](?=\s|$)|-(?=-)|=+(?=\s*$)|_(?=[\s_]*$)|~~~|\[(?=[^\]]*\]:)|[|:-](?=[|:\s-]*$)"
    r"|\d{1,9}(?=[.)](?:\s|$))"
)


def escape(text: str) -> str:
    """Plain text as Markdown that shows the same characters; TeX between delimiters becomes a formula of ours."""
    text = EMPTY.sub("", text)
    written, end = [], 0
    for match in FORMULA.finditer(text):
        single = match["single"]
        if single is not None and not TEX_SIGN.search(single):
            continue
        written.append(_escape_words(text[end : match.start()]))
        tex = match["inline"] or match["display"] or match["dollars"] or match["tag"] or single
        written.append(_formula(tex, "$$" if match["display"] or match["dollars"] else "$"))
        end = match.end()
    return "".join([*written, _escape_words(text[end:])])


def _escape_words(text: str) -> str:
    return ESCAPED.sub(lambda match: match[0] if match["blank"] else "\\" + match[0], text)


def _safe_start(line: str) -> str:
    """A line of a paragraph that Markdown does not take for a heading, a list or a rule."""
    if match := LINE_START.match(line):
        at = match.end() if match[0].isdigit() else 0
        return line[:at] + "\\" + line[at:]
    return line


def _one_space(text: str) -> str:
    """White space as HTML shows it: one space, or one new line."""
    return re.sub(r"[ \t\n\f\v\x1c-\x1f\x85\xa0\u2028\u2029]+", lambda run: "\n" if "\n" in run[0] else " ", text)


def _formula(tex: str, delimiter: str = "$") -> str:
    tex = re.sub(r"(?<!\\)\$", r"\\$", " ".join(tex.split()))
    return f"{delimiter}{tex}{delimiter}" if tex else ""


def _script(text: str, sign: str) -> str:
    text = " ".join(text.split())
    if not text:
        return ""
    if re.fullmatch(r"[0-9A-Za-z]", text):
        return f"${sign}{text}$"
    if re.fullmatch(r"[0-9+\-−=()., ]+|[0-9]*[a-z]", text):
        return f"${sign}{{{text.replace('−', '-')}}}$"
    words = re.sub(r"([#$%&_{}])", r"\\\1", re.sub(r"[\\^~]", " ", text))
    return f"${sign}{{\\text{{{words}}}}}$"


def _code(code: str) -> str:
    ticks = "`" * (max(map(len, re.findall("`+", code)), default=0) + 1)
    pad = " " if code[:1] == "`" or code[-1:] == "`" else ""
    return f"{ticks}{pad}{code}{pad}{ticks}"


def _fence(code: str) -> str:
    ticks = "`" * max(max(map(len, re.findall("`+", code)), default=0) + 1, 3)
    return f"{ticks}\n{code.strip(chr(10))}\n{ticks}"


def _link(inside: str, address: str) -> str:
    if not inside.strip() or not re.match(r"(?:https?://|mailto:)", address, re.IGNORECASE):
        return inside
    return f"[{inside.replace(']', chr(92) + ']')}]({_address(address)})"


def _address(name: str) -> str:
    return f"<{name}>" if re.search(r"[\s()]", name) else name


def _emphasised(text: str) -> str:
    """Markers as `**` and `*` where Markdown will take them for emphasis; elsewhere they go."""
    pieces = [piece for piece in MARKER.split(text) if piece]
    following = [""] * len(pieces)
    for position in range(len(pieces) - 1, 0, -1):
        piece = pieces[position]
        following[position - 1] = following[position] if MARKER.fullmatch(piece) else piece
    written = [""]
    opened: list[tuple[str, int]] = []
    for position, piece in enumerate(pieces):
        if piece in {OPEN_STRONG, OPEN_EM}:
            opened.append((piece, len(written)))
        elif piece not in {CLOSE_STRONG, CLOSE_EM}:
            written.append(piece)
        elif opened:
            sign, start = opened.pop()
            inside = "".join(written[start:])
            before = written[start - 1]
            after = following[position]
            if any(outer == sign for outer, _start in opened):
                continue
            written[start:] = [_emphasise(inside, "**" if sign == OPEN_STRONG else "*", before, after)]
    return "".join(written)


def _emphasise(inside: str, sign: str, before: str, after: str) -> str:
    core = inside.strip(SPACES)
    if not core or BREAK * 2 in core:
        return inside
    start = inside.index(core)
    lead, trail = inside[:start], inside[start + len(core) :]
    left, right = (before + lead)[-1:] or " ", (trail + after)[:1] or " "
    inner = core.strip("*") or "*"
    if _flanks(left, inner[0]) and _flanks(right, inner[-1]):
        return lead + sign + core + sign + trail
    return inside


def _flanks(outer: str, inner: str) -> bool:
    """Whether a star between these two characters opens or closes: CommonMark's flanking rule."""
    if outer == "*" or inner == "*":
        return False
    return inner.isalnum() or not outer.isalnum()


def _lines_as_html(text: str) -> str:
    paragraphs = re.split(r"\n\s*\n", text.replace("\r\n", "\n").replace("\r", "\n").strip("\n"))
    return "".join(f"<p>{paragraph.replace(chr(10), '<br>')}</p>" for paragraph in paragraphs)

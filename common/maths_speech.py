"""Sanitised HTML with MathML as words, for a screen reader or a plain-text channel.

Short things are said short (“x squared”, “1 over 2”); whatever is longer than one symbol gets its end said too, so
that two different formulas are never spoken alike.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"br", "hr", "img"}
BLOCKS = {"p", "h3", "h4", "h5", "h6", "li", "tr", "pre", "blockquote", "div", "hr", "br", "ul", "ol", "table"}
SKIPPED = {"mspace", "mphantom"}

SYMBOLS = {
    "+": "plus", "-": "minus", "−": "minus", "±": "plus or minus", "∓": "minus or plus", "×": "times", "⋅": "dot",
    "·": "dot", "÷": "divided by", "/": "over", "∗": "star", "*": "star", "=": "equals", "≠": "is not equal to",
    "<": "is less than", ">": "is greater than", "≤": "is at most", "≥": "is at least", "≈": "is about",
    "≡": "is identical to", "∝": "is proportional to", "∼": "is similar to", "≅": "is congruent to",
    "∥": "is parallel to", "⊥": "is perpendicular to", "→": "goes to", "⇒": "implies", "⟹": "implies",
    "⇔": "if and only if", "⟺": "if and only if", "⇌": "is in equilibrium with", "∈": "is in", "∉": "is not in",
    "⊂": "is a subset of", "⊆": "is a subset of", "∪": "union", "∩": "intersection", "∅": "the empty set",
    "⌀": "the empty set", "∴": "therefore", "∵": "because", "∠": "angle", "△": "triangle", "∞": "infinity",
    "∂": "partial", "∇": "del", "∑": "sum", "∏": "product", "∫": "integral", "∬": "double integral",
    "∮": "contour integral", "!": "factorial", "(": "open bracket", ")": "close bracket", "[": "open square bracket",
    "]": "close square bracket", "{": "open brace", "}": "close brace", "|": "bar", "‖": "double bar", "…": "and so on",
    "⋯": "and so on", ":": "such that", "%": "percent", "₹": "rupees", "°": "degrees", "∘": "composed with",
    "′": "prime", "″": "double prime", "ℝ": "the real numbers", "ℕ": "the natural numbers", "ℤ": "the integers",
    "ℚ": "the rational numbers", "ℂ": "the complex numbers", "ı": "i", "ȷ": "j",
    "\u2061": "", "\u2062": "", "\u2063": "", "\u200b": "",
}  # fmt: skip
FUNCTIONS = {
    "sin": "sine", "cos": "cosine", "tan": "tangent", "cot": "cotangent", "sec": "secant", "csc": "cosecant",
    "cosec": "cosecant", "lim": "limit", "ln": "natural log", "det": "determinant", "gcd": "greatest common divisor",
}  # fmt: skip
ACCENTS = {"→": "vector {}", "ˆ": "{} hat", "^": "{} hat", "¯": "{} bar", "‾": "{} bar", "˙": "{} dot", "~": "{} tilde"}
POWERS = {"2": "squared", "3": "cubed", "∘": "degrees", "′": "prime", "″": "double prime"}
LARGE = {"∑", "∏", "∫", "∬", "∮", "⋃", "⋂"}
BRACES = {"⏟", "⏞"}
#: What a table is called between these fences.
FENCED = {"(": "matrix", "[": "matrix", "|": "determinant", "‖": "norm", "{": "cases"}


@dataclass
class Node:
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    @property
    def elements(self) -> list[Node]:
        return [child for child in self.children if isinstance(child, Node)]

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children).strip()


def speak_html(html: str) -> str:
    """The text of the fragment with its formulas in words and images by their description; a line per block."""
    parser = _TreeParser()
    parser.feed(html)
    parser.close()
    lines = (" ".join(line.split()) for line in _speak(parser.root).split("\n"))
    return "\n".join(line for line in lines if line)


class _TreeParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("root")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and len(self._open) > 1:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def _speak(node: Node) -> str:
    if node.tag == "math":
        return f" {_formula(node)} "
    if node.tag == "img":
        return f" (picture: {node.attributes['alt']}) " if node.attributes.get("alt") else " (picture) "
    if node.tag == "tr":
        return "\n" + ", ".join(_speak(cell).strip() for cell in node.elements) + "\n"
    inside = "".join(child if isinstance(child, str) else _speak(child) for child in node.children)
    return f"\n{inside}\n" if node.tag in BLOCKS else inside


def _formula(node: Node) -> str:
    return " ".join(_words(node).split()).replace(" ,", ",")


def _words(node: Node) -> str:
    """The words of one MathML element."""
    if node.tag in SKIPPED:
        return " "
    special = _SPOKEN.get(node.tag)
    if special is not None:
        return f" {special(node)} "
    if node.elements:
        return _sequence(node.elements)
    return f" {_symbol(node.text)} "


def _sequence(nodes: list[Node]) -> str:
    if len(nodes) == 3 and nodes[1].tag == "mtable" and nodes[0].attributes.get("fence"):
        return _table(nodes[1], name=FENCED.get(nodes[0].text, "table"))
    return " ".join(_words(child) for child in nodes)


def _symbol(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    if text in SYMBOLS:
        return SYMBOLS[text]
    if text in FUNCTIONS:
        return FUNCTIONS[text]
    if len(text) != 1:
        return text
    # Bold, script and italic letters are letters; Greek ones are called by their names.
    plain = unicodedata.normalize("NFKC", text)
    name = unicodedata.name(plain, plain) if len(plain) == 1 else plain
    if not name.startswith("GREEK"):
        return plain
    letter = name.split(" LETTER ")[-1].split()[-1].lower() if " LETTER " in name else name.split()[1].lower()
    return f"capital {letter}" if "CAPITAL" in name else letter


def _is_simple(node: Node) -> bool:
    """One symbol, number or word, which needs no “end of …” behind it."""
    inner = node
    while len(inner.elements) == 1 and inner.tag in {"mrow", "mstyle", "math"}:
        inner = inner.elements[0]
    return not inner.elements


def _child(node: Node, index: int) -> Node:
    return node.elements[index] if index < len(node.elements) else Node("mrow")


def _fraction(node: Node) -> str:
    top, bottom = _child(node, 0), _child(node, 1)
    if node.attributes.get("linethickness", "").startswith("0"):
        return f"{_words(top)} choose {_words(bottom)}"
    if _is_simple(top) and _is_simple(bottom):
        return f"{_words(top)} over {_words(bottom)}"
    return f"fraction {_words(top)} over {_words(bottom)} end fraction"


def _square_root(node: Node) -> str:
    simple = len(node.elements) == 1 and _is_simple(_child(node, 0))
    return f"square root of {_sequence(node.elements)}" + ("" if simple else " end root")


def _nth_root(node: Node) -> str:
    inside, index = _child(node, 0), _child(node, 1)
    name = "cube root" if index.text == "3" else f"root of order {_words(index)}"
    return f"{name} of {_words(inside)}" + ("" if _is_simple(inside) else " end root")


def _power(node: Node) -> str:
    base, exponent = _child(node, 0), _child(node, 1)
    if exponent.text == "⌢":
        return f"arc {_words(base)}"
    if exponent.text in POWERS:
        return f"{_words(base)} {POWERS[exponent.text]}"
    return f"{_words(base)} to the power {_words(exponent)}" + ("" if _is_simple(exponent) else " end power")


def _subscript(node: Node) -> str:
    base, index = _child(node, 0), _child(node, 1)
    if base.text == "lim":
        return f"limit as {_words(index)} of"
    if base.text in LARGE:
        return f"{_words(base)} over {_words(index)} of"
    if base.text == "log":
        return f"log to base {_words(index)} of"
    if not base.text:
        return _words(index)
    return f"{_words(base)} sub {_words(index)}" + ("" if _is_simple(index) else " end sub")


def _bounds(node: Node) -> str:
    base, lower, upper = _child(node, 0), _child(node, 1), _child(node, 2)
    if base.text in LARGE:
        return f"{_words(base)} from {_words(lower)} to {_words(upper)} of"
    return _power(Node("msup", {}, [Node("mtext", {}, [_subscript(Node("msub", {}, [base, lower]))]), upper]))


def _under(node: Node) -> str:
    base, below = _child(node, 0), _child(node, 1)
    if base.text in LARGE or base.text == "lim":
        return _subscript(node)
    if below.text in BRACES:
        return _words(base)
    return f"{_words(base)} with {_words(below)} below"


def _over(node: Node) -> str:
    base, above = _child(node, 0), _child(node, 1)
    accent = ACCENTS.get(above.text)
    if accent is not None:
        return accent.format(_words(base))
    if above.text in BRACES or not above.text:
        return _words(base)
    return f"{_words(base)} with {_words(above)} above"


def _enclosed(node: Node) -> str:
    notation = node.attributes.get("notation", "")
    inside = _sequence(node.elements)
    if notation == "top":
        return f"{inside} bar" if len(node.text) < 3 else f"{inside} all under a bar"
    return f"crossed out {inside} end crossed out" if "strike" in notation else inside


def _table(node: Node, name: str = "table") -> str:
    rows = [[_sequence(cell.elements).strip() for cell in row.elements] for row in node.elements]
    if "tml-jot" in node.attributes.get("class", ""):
        return "; ".join(" ".join(row) for row in rows)
    spoken = "; ".join(f"row {number}: {', '.join(row)}" for number, row in enumerate(rows, 1))
    return f"{name} of {len(rows)} rows: {spoken}; end {name}"


_SPOKEN = {
    "mfrac": _fraction,
    "msqrt": _square_root,
    "mroot": _nth_root,
    "msup": _power,
    "msub": _subscript,
    "msubsup": _bounds,
    "munderover": _bounds,
    "munder": _under,
    "mover": _over,
    "menclose": _enclosed,
    "mtable": _table,
}

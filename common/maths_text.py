"""MathML as one line of plain characters: x², 22/7, √3. For titles, where there is no room for a formula."""

from __future__ import annotations

import re
from xml.etree import ElementTree

FORMULA = re.compile(r"<math\b.*?</math>", re.DOTALL)
RAISED = str.maketrans("0123456789+-−=()nix∘", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱˣ°")
LOWERED = str.maketrans("0123456789+-−=()nix", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₙᵢₓ")
#: Signs between two things: spaces around them, as they are typeset. As the sign of one thing they have none.
BETWEEN = frozenset("+-−±∓×÷⋅=≠<>≤≥≈≡≅∼∝→⇒⇔∈∉⊂⊆∪∩∥⊥")
BEFORE_ONE_THING = frozenset("([{|,;:/") | BETWEEN
APPLY = "\u2061"


def line_maths(html: str) -> str:
    """The same HTML with every formula as one line of characters, so that stripping the tags keeps its meaning."""
    return FORMULA.sub(lambda found: _formula(found[0]), html)


def _formula(source: str) -> str:
    try:
        text = _line(ElementTree.fromstring(source))  # noqa: S314  our own, sanitised when it was saved
    except ElementTree.ParseError:
        return source
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")


def _line(node: ElementTree.Element) -> str:
    children = [_line(child) for child in node]
    if node.tag == "mfrac":
        return "/".join(_whole(child.strip()) for child in children)
    if node.tag == "msqrt":
        return f"√{_whole(_row(children).strip())}"
    if node.tag == "msup":
        return children[0] + _script(children[1], RAISED, "^")
    if node.tag == "msub":
        return children[0] + _script(children[1], LOWERED, "_")
    if node.tag == "msubsup":
        return children[0] + _script(children[1], LOWERED, "_") + _script(children[2], RAISED, "^")
    if node.tag == "mtd":
        return _row(children) + " "
    if node.tag == "mspace":
        # Narrow ones stand inside numbers and beside signs; that behind the name of a function is read.
        return " " if node.get("width", "").startswith(("0.1667", "0.2", "1", "2")) else ""
    return (node.text or "").strip().replace(APPLY, "") + _row(children)


def _row(parts: list[str]) -> str:
    """Things beside each other, with room around the signs between them."""
    line = ""
    for place, part in enumerate(parts):
        before = line.rstrip()[-1:]
        is_between = part in BETWEEN and before and before not in BEFORE_ONE_THING and place + 1 < len(parts)
        line += f" {part} " if is_between else part
    return line


def _whole(text: str) -> str:
    """In brackets where what stands beside it could be read into it."""
    return text if len(text) == 1 or text.isalnum() else f"({text})"


def _script(text: str, table: dict[int, int], sign: str) -> str:
    text = "".join(text.split())
    if all(ord(char) in table for char in text):
        return text.translate(table)
    return sign + _whole(text)

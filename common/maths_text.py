"""MathML as one line of plain characters: x², 22/7, √3. For titles, where there is no room for a formula."""

from __future__ import annotations

import re
from xml.etree import ElementTree

FORMULA = re.compile(r"<math\b.*?</math>", re.DOTALL)
RAISED = str.maketrans("0123456789+-−=()nix∘", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱˣ°")
LOWERED = str.maketrans("0123456789+-−=()nix", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₙᵢₓ")


def line_maths(html: str) -> str:
    """The same HTML with every formula as one line of characters, so that stripping the tags keeps its meaning."""
    return FORMULA.sub(lambda found: _formula(found[0]), html)


def _formula(source: str) -> str:
    try:
        text = _line(ElementTree.fromstring(source))  # noqa: S314  our own, sanitised when it was saved
    except ElementTree.ParseError:
        return source
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _line(node: ElementTree.Element) -> str:
    children = [_line(child) for child in node]
    if node.tag == "mfrac":
        return "/".join(map(_whole, children))
    if node.tag == "msqrt":
        return f"√{_whole(''.join(children))}"
    if node.tag == "msup":
        return children[0] + _script(children[1], RAISED, "^")
    if node.tag == "msub":
        return children[0] + _script(children[1], LOWERED, "_")
    if node.tag == "mtd":
        return "".join(children) + " "
    return (node.text or "").strip() + "".join(children)


def _whole(text: str) -> str:
    """In brackets where what stands beside it could be read into it."""
    return text if len(text) == 1 or text.isalnum() else f"({text})"


def _script(text: str, table: dict[int, int], sign: str) -> str:
    if all(ord(char) in table for char in text):
        return text.translate(table)
    return sign + _whole(text)

"""Presentation MathML to TeX: what question files use of it, not all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MATHML_TAGS = {
    "annotation", "math", "menclose", "merror", "mfenced", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover",
    "mpadded", "mphantom", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable",
    "mtd", "mtext", "mtr", "munder", "munderover", "semantics",
}  # fmt: skip


@dataclass
class Node:
    """An element of a small tree; `children` are elements and texts."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    def elements(self) -> Iterator[Node]:
        """The children that are elements."""
        return (child for child in self.children if isinstance(child, Node))

    def find(self, tag: str) -> Iterator[Node]:
        """All elements called `tag` inside, not those inside such an element."""
        for child in self.elements():
            if child.tag == tag:
                yield child
            else:
                yield from child.find(tag)

    def text(self) -> str:
        """All text inside; a line break element is a new line."""
        return "".join(
            child if isinstance(child, str) else "\n" if child.tag == "br" else child.text() for child in self.children
        )


SYMBOLS = {
    "−": "-", "±": r"\pm", "∓": r"\mp", "×": r"\times", "÷": r"\div", "·": r"\cdot", "⋅": r"\cdot", "∗": "*",
    "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "≡": r"\equiv", "∼": r"\sim", "∝": r"\propto",
    "∞": r"\infty", "∂": r"\partial", "∇": r"\nabla", "∫": r"\int", "∬": r"\iint", "∮": r"\oint", "∑": r"\sum",
    "∏": r"\prod", "√": r"\sqrt{}", "∈": r"\in", "∉": r"\notin", "⊂": r"\subset", "⊆": r"\subseteq", "∪": r"\cup",
    "∩": r"\cap", "∅": r"\emptyset", "∀": r"\forall", "∃": r"\exists", "¬": r"\neg", "∧": r"\wedge", "∨": r"\vee",
    "→": r"\to", "←": r"\leftarrow", "↔": r"\leftrightarrow", "⇒": r"\Rightarrow", "⇔": r"\Leftrightarrow",
    "∠": r"\angle", "⊥": r"\perp", "∥": r"\parallel", "△": r"\triangle", "°": r"^{\circ}", "′": "'", "…": r"\ldots",
    "⋯": r"\cdots", "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon",
    "ϵ": r"\epsilon", "ζ": r"\zeta", "η": r"\eta", "θ": r"\theta", "κ": r"\kappa", "λ": r"\lambda", "μ": r"\mu",
    "ν": r"\nu", "ξ": r"\xi", "π": r"\pi", "ρ": r"\rho", "σ": r"\sigma", "τ": r"\tau", "φ": r"\varphi",
    "ϕ": r"\phi", "χ": r"\chi", "ψ": r"\psi", "ω": r"\omega", "Γ": r"\Gamma", "Δ": r"\Delta", "Θ": r"\Theta",
    "Λ": r"\Lambda", "Π": r"\Pi", "Σ": r"\Sigma", "Φ": r"\Phi", "Ψ": r"\Psi", "Ω": r"\Omega", "ℝ": r"\mathbb{R}",
    "ℕ": r"\mathbb{N}", "ℤ": r"\mathbb{Z}", "ℚ": r"\mathbb{Q}", "ℂ": r"\mathbb{C}", "{": r"\{", "}": r"\}",
    "%": r"\%", "#": r"\#", "&": r"\&", "$": r"\$", "_": r"\_", "\\": r"\backslash ", "~": r"\sim", "^": r"\wedge",
    "\u2061": "", "\u2062": "", "\u2063": "", "\u2064": "", "\xa0": " ", "⟨": r"\langle", "⟩": r"\rangle",
}  # fmt: skip
FUNCTIONS = {"sin", "cos", "tan", "cot", "sec", "csc", "log", "ln", "exp", "lim", "max", "min", "det", "gcd", "arg"}
ACCENTS = {
    "¯": r"\bar",
    "‾": r"\overline",
    "→": r"\vec",
    "^": r"\hat",
    "˙": r"\dot",
    "~": r"\tilde",
    "⏞": r"\overbrace",
}
ROWS = {"math", "mrow", "mstyle", "mpadded", "mtd", "merror", "mphantom", "body"}


def to_tex(math: Node) -> tuple[str, bool]:
    """The formula as TeX, and whether every element of it was understood."""
    for annotation in math.find("annotation"):
        if "tex" in annotation.attributes.get("encoding", "").lower():
            return annotation.text().strip(), True
    writer = _Tex()
    return re.sub(r"\s+", " ", writer.row(math)).strip(), writer.whole


class _Tex:
    def __init__(self) -> None:
        self.whole = True

    def row(self, node: Node) -> str:
        """The children of `node` one after the other."""
        return " ".join(filter(None, (self.one(child) for child in node.elements())))

    def one(self, node: Node) -> str:
        tag = node.tag
        if tag in {"mi", "mn", "mo"}:
            return _token(tag, node.text().strip())
        if tag in {"mtext", "ms"}:
            words = re.sub(r"([#$%&_{}])", r"\\\1", re.sub(r"[\\^~]", " ", node.text()))
            return rf"\text{{{words}}}" if words.strip() else r"\ "
        if tag in ROWS:
            return self.row(node)
        if tag == "semantics":
            return next((self.one(child) for child in node.elements()), "")
        if tag == "mspace":
            return r"\ "
        if tag == "annotation":
            return ""
        if tag == "msqrt":
            return rf"\sqrt{{{self.row(node)}}}"
        if tag == "mfenced":
            inside = [self.one(child) for child in node.elements()]
            opening, closing = node.attributes.get("open", "("), node.attributes.get("close", ")")
            return rf"\left{_fence(opening)} {', '.join(inside)} \right{_fence(closing)}"
        if tag == "mtable":
            rows = [" & ".join(self.row(cell) for cell in row.elements()) for row in node.find("mtr")]
            return r"\begin{matrix} " + r" \\ ".join(rows) + r" \end{matrix}"
        return self._structure(tag, [self.one(child) for child in node.elements()], node)

    def _structure(self, tag: str, parts: list[str], node: Node) -> str:
        shapes = {
            "mfrac": r"\frac{{{0}}}{{{1}}}",
            "mroot": r"\sqrt[{1}]{{{0}}}",
            "msub": "{{{0}}}_{{{1}}}",
            "msup": "{{{0}}}^{{{1}}}",
            "msubsup": "{{{0}}}_{{{1}}}^{{{2}}}",
            "munder": "{0}_{{{1}}}",
            "munderover": "{0}_{{{1}}}^{{{2}}}",
            "mover": r"\overset{{{1}}}{{{0}}}",
        }
        if tag not in shapes or len(parts) != (3 if tag in {"msubsup", "munderover"} else 2):
            self.whole = False
            return " ".join(parts)
        if tag == "mover" and (accent := ACCENTS.get(list(node.elements())[1].text().strip())):
            return f"{accent}{{{parts[0]}}}"
        if tag in {"munder", "munderover"} and not parts[0].startswith("\\"):
            return (
                rf"\underset{{{parts[1]}}}{{{parts[0]}}}"
                if tag == "munder"
                else f"{{{parts[0]}}}_{{{parts[1]}}}^{{{parts[2]}}}"
            )
        if tag in {"msub", "msup", "msubsup"} and re.fullmatch(r"\w|\d+|\\[A-Za-z]+", parts[0]):
            return shapes[tag].replace("{{{0}}}", "{0}", 1).format(*parts)
        return shapes[tag].format(*parts)


def _token(tag: str, text: str) -> str:
    if text in FUNCTIONS:
        return f"\\{text}"
    written = "".join(
        f"{SYMBOLS[c]} " if SYMBOLS.get(c, "").startswith("\\") else SYMBOLS.get(c, c) for c in text
    ).strip()
    return rf"\mathrm{{{written}}}" if tag == "mi" and len(text) > 1 and text.isalpha() else written


def _fence(sign: str) -> str:
    return {"": ".", "{": r"\{", "}": r"\}", "⟨": r"\langle", "⟩": r"\rangle"}.get(
        sign, sign if sign in "()[]|" else "."
    )

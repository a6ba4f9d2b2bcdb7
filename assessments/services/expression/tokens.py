"""Text to tokens: plain typing, Unicode signs and the TeX of formula pads come out the same."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from assessments.services.expression.nodes import ExpressionError

MAX_LENGTH = 200

TRIG = ("sin", "cos", "tan", "cot", "sec", "cosec")
ALIASES = {"csc": "cosec", "lg": "log10", "∞": "infinity"}
INVERSE = {name: f"arc{name}" for name in TRIG}
for _name in TRIG:
    ALIASES |= {f"a{_name}": f"arc{_name}"}
ALIASES |= {"acsc": "arccosec", "arccsc": "arccosec"}
FUNCTIONS = {*TRIG, *INVERSE.values(), "sinh", "cosh", "tanh", "ln", "log", "log10", "exp", "sqrt", "cbrt", "abs"}
GREEK = {
    **{"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta"},
    **{"κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi"},
    **{"χ": "chi", "ψ": "psi", "ω": "omega", "Δ": "Delta", "Ω": "Omega"},
}
# Read inside a run of letters; "mu" or "nu" are more often m·u and n·u.
PLAIN_GREEK = {"alpha", "beta", "gamma", "delta", "theta", "lambda", "sigma", "omega", "phi", "infinity", "pi"}
WORDS = FUNCTIONS | set(ALIASES) | PLAIN_GREEK
LONGEST_WORD = max(map(len, WORDS))

SIGNS = str.maketrans(
    {
        **dict.fromkeys("−–—﹣－", "-"),
        **dict.fromkeys("×·⋅∙•∗✕", "*"),
        **dict.fromkeys("÷⁄∕", "/"),
        **dict.fromkeys("\u00a0\u2009\u202f\u200b\u2062\ufeff", " "),
        **dict(zip("०१२३४५६७८९", "0123456789", strict=True)),
        "π": " pi ",
        "√": " sqrt ",
        "∛": " cbrt ",
        "∞": " infinity ",
        "∅": "{}",
        "＝": "=",
        "∣": "|",
        **{letter: f"\\{name} " for letter, name in GREEK.items()},
        "ϕ": "\\phi ",
        "ϵ": "\\epsilon ",
    }
)
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n")
SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+")
TEX_WORD = re.compile(r"\\(?:operatorname|mathrm|text|mathit)\*?\s*\{\s*([A-Za-z]+)\s*\}")
TEX_SIGNS = {"cdot": "*", "times": "*", "ast": "*", "div": "/", "lvert": "|", "rvert": "|", "vert": "|", "mid": "|"}
TEX_NOTHING = {"left", "right", "quad", "displaystyle", ",", ";", ":", "!", " "}
TEX_NAMES = {name: name for name in [*GREEK.values(), "pi"]} | {"varphi": "phi", "varepsilon": "epsilon"}
TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<number>\d+(?:\.\d+)?|\.\d+)"
    r"|\\(?P<command>[A-Za-z]+|.)"
    r"|(?P<letter>[A-Za-z])"
    r"|(?P<sign>\*\*|[-+*/^=,;!°|_()\[\]{}])",
    re.DOTALL | re.ASCII,
)
SUBSCRIPT = re.compile(r"_(?:([A-Za-z0-9])|\{\s*([A-Za-z0-9]{1,8})\s*\})")


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: number, name, function, sign or end; a sign is its own character, "\\{" and "frac" among them."""

    kind: str
    text: str
    is_tex: bool = False


END = Token("end", "")


def tokenize(text: str) -> list[Token]:
    """The tokens of `text`, ending with END. Raises ExpressionError."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"An expression has at most {MAX_LENGTH} characters.")
    text = unicodedata.normalize("NFC", text).strip()
    if len(text) > 2 and text[0] == text[-1] == "$":
        text = text.strip("$")
    text = SUPERSCRIPT_RUN.sub(lambda found: f"^{{{found[0].translate(SUPERSCRIPTS)}}}", text)
    text = TEX_WORD.sub(r" \1 ", text.translate(SIGNS))
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise ExpressionError(f"“{text[at]}” is not understood here.")
        at = found.end()
        if found["number"]:
            tokens.append(Token("number", found["number"]))
        elif found["command"]:
            token = _command(found["command"])
            if token is not None:
                tokens.append(token)
        elif found["letter"]:
            token, at = _word(text, found.start())
            tokens.append(token)
        elif found["sign"]:
            tokens.append(Token("sign", "^" if found["sign"] == "**" else found["sign"]))
    return [*tokens, END]


def _command(name: str) -> Token | None:
    """The token of the TeX command `name`; None for one that only spaces."""
    if name in TEX_NOTHING:
        return None
    if name in TEX_SIGNS:
        return Token("sign", TEX_SIGNS[name])
    if name in {"frac", "dfrac", "tfrac"}:
        return Token("sign", "frac")
    if name in {"{", "}"}:
        return Token("sign", "\\" + name)
    if name in {"infty", "infinity"}:
        return Token("name", "infinity")
    if name in TEX_NAMES:
        return Token("name", TEX_NAMES[name])
    known = ALIASES.get(name, name)
    if known in FUNCTIONS:
        return Token("function", known, is_tex=True)
    raise ExpressionError(f"“\\{name[:20]}” is not understood.")


def _word(text: str, at: int) -> tuple[Token, int]:
    """The longest known word at `at`, otherwise one letter with its subscript; and where it ends."""
    if text[at : at + 5].casefold() == "log10" and not text[at + 5 : at + 6].isdigit():
        return Token("function", "log10"), at + 5
    for length in range(LONGEST_WORD, 1, -1):
        word = text[at : at + length].casefold()
        if len(word) == length and word in WORDS:
            word = ALIASES.get(word, word)
            return Token("function" if word in FUNCTIONS else "name", word), at + length
    name, end = text[at], at + 1
    subscript = SUBSCRIPT.match(text, end)
    if subscript:
        name, end = f"{name}_{subscript[1] or subscript[2]}", subscript.end()
    return Token("name", name), end

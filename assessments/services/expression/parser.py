"""A Pratt parser for what students type: `2x(x+1)`, `sin² x`, `\\frac{1}{2}`, `y = 2x + 3`, `(2, 3]`, `{1, 2}`.

Products without a sign bind as tightly as those with one, so `1/2x` is half of x, as a calculator reads it.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from assessments.services.expression.nodes import (
    Call,
    Collection,
    Equation,
    ExpressionError,
    Name,
    Neg,
    Node,
    Num,
    Power,
    Quotient,
    depth,
    product_of,
    sum_of,
    walk,
)
from assessments.services.expression.tokens import END, INVERSE, Token, tokenize

MAX_DEPTH = 40
MAX_NODES = 120
MAX_NESTING = 25
SUM, PRODUCT, NEGATION, POWER = 10, 20, 25, 30
DEGREE = Quotient(Name("pi"), Num(Fraction(180)))
CLOSING = {"(": ")", "[": "]", "{": "}", "\\{": "\\}"}


@lru_cache(maxsize=512)
def parse(text: str) -> Node:
    """The tree of `text`. Raises ExpressionError with a sentence; the time is bounded by the limits above."""
    parser = _Parser(tokenize(text))
    node = parser.whole()
    if sum(1 for _node in walk(node)) > MAX_NODES or depth(node) > MAX_DEPTH:
        raise ExpressionError("This expression has too many parts.")
    return node


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.nesting = 0
        self.bars = 0

    # --- Tokens -----------------------------------------------------------------------------------------------------
    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def sees(self, *signs: str) -> bool:
        return self.next.kind == "sign" and self.next.text in signs

    def take(self, *signs: str) -> bool:
        if self.sees(*signs):
            self.at += 1
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.take(sign):
            raise self.unexpected(f"“{sign.strip(chr(92))}” is missing")

    def unexpected(self, what: str = "") -> ExpressionError:
        found = "the end" if self.next is END else f"“{self.next.text.strip(chr(92))}”"
        return ExpressionError(f"{what} before {found}." if what else f"{found[:1].upper()}{found[1:]} is unexpected.")

    # --- Statements -------------------------------------------------------------------------------------------------
    def whole(self) -> Node:
        if self.next is END:
            raise ExpressionError("There is no expression.")
        left = self.expression(0)
        if self.take("="):
            right = self.expression(0)
            if isinstance(left, Collection) or (isinstance(right, Collection) and not isinstance(left, Name)):
                raise ExpressionError("Only a name can be equal to a pair, a set or an interval.")
            left = Equation(left, right)
        if self.next is not END:
            raise self.unexpected()
        return left

    def expression(self, least: int) -> Node:
        """An expression whose operators all bind at least as tightly as `least`."""
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise ExpressionError("This expression is nested too deeply.")
        left = self.prefix()
        while (grown := self.grow(left, least)) is not None:
            left = grown
        self.nesting -= 1
        return left

    def grow(self, left: Node, least: int) -> Node | None:
        """`left` with the next operator applied to it; None where the expression ends."""
        if self.sees("+", "-"):
            if least > SUM:
                return None
            minus = self.take("-") or not self.take("+")
            right = _operand(self.expression(SUM + 1))
            return sum_of(_operand(left), Neg(right) if minus else right)
        if self.sees("*", "/"):
            if least > PRODUCT:
                return None
            if self.take("*"):
                return product_of(_operand(left), _operand(self.expression(PRODUCT + 1)))
            self.at += 1
            return _quotient(_operand(left), _operand(self.expression(PRODUCT + 1)))
        if self.take("^"):
            return Power(_operand(left), _operand(self.expression(POWER - 1)))
        if self.take("!"):
            return Call("!", _operand(left))
        if self.take("°"):
            return product_of(_operand(left), DEGREE)
        if self.starts_factor():
            if least > PRODUCT:
                return None
            if self.next.kind == "number":
                raise self.unexpected("A sign is missing")
            return product_of(_operand(left), _operand(self.expression(PRODUCT + 1)))
        return None

    def starts_factor(self) -> bool:
        """Whether a factor follows without a multiplication sign."""
        if self.next.kind == "sign":
            return self.sees("(", "[", "{", "\\{", "frac") or (self.sees("|") and not self.bars)
        return self.next is not END

    # --- Operands ---------------------------------------------------------------------------------------------------
    def prefix(self) -> Node:
        token = self.next
        if token.kind == "number":
            self.at += 1
            return Num(Fraction(token.text))
        if token.kind == "name":
            self.at += 1
            return Name(token.text)
        if token.kind == "function":
            self.at += 1
            return self.function(token)
        if self.take("-"):
            return Neg(_operand(self.expression(NEGATION)))
        if self.take("+"):
            return _operand(self.expression(NEGATION))
        if self.take("|"):
            return self.bar()
        if self.take("frac"):
            return self.fraction()
        if self.sees("(", "[", "{", "\\{"):
            return self.bracket()
        raise self.unexpected()

    def bar(self) -> Node:
        self.bars += 1
        item = _operand(self.expression(0))
        self.bars -= 1
        self.expect("|")
        return Call("abs", item)

    def fraction(self) -> Node:
        """The two arguments of \\frac, which may be two single digits."""
        token = self.next
        if token.kind == "number" and len(token.text) == 2 and token.text.isdigit():
            self.at += 1
            return Quotient(Num(Fraction(token.text[0])), Num(Fraction(token.text[1])))
        top = self.tex_argument()
        return Quotient(top, self.tex_argument())

    def tex_argument(self) -> Node:
        if not self.sees("{"):
            raise self.unexpected("“{” is missing")
        return _operand(self.bracket())

    def bracket(self) -> Node:
        """A group in brackets; with commas a pair, an interval or a set. `{x}` only groups, as in TeX."""
        start, opening = self.at, self.next.text
        self.at += 1
        bars, self.bars = self.bars, 0
        items = []
        if not self.sees(CLOSING[opening]):
            items.append(self.expression(0))
            while self.take(",", ";"):
                items.append(self.expression(0))
        closing = self.next.text if self.sees(")", "]", "}", "\\}") else ""
        mixed = len(items) == 2 and opening in "([" and closing in {")", "]"}
        if closing != CLOSING[opening] and not mixed:
            raise self.unexpected(f"“{CLOSING[opening].strip(chr(92))}” is missing")
        self.at += 1
        self.bars = bars
        if opening == "\\{" or (opening == "{" and (len(items) != 1 or (start == 0 and self.next is END))):
            return Collection("set", tuple(items))
        if len(items) == 1:
            return _operand(items[0])
        if not items:
            raise ExpressionError("There is nothing between the brackets.")
        return Collection(opening + closing, tuple(items))

    # --- Functions --------------------------------------------------------------------------------------------------
    def function(self, token: Token) -> Node:
        """`sin x`, `sin(x)`, `sin^2 x`, `sin^{-1} x`, `log_2 x`, `\\sqrt[3]{x}`."""
        name = token.text
        if name == "sqrt" and token.is_tex and self.take("["):
            index = _operand(self.expression(0))
            self.expect("]")
            return Power(self.tex_argument(), _quotient(Num(Fraction(1)), index))
        base = exponent = None
        if name == "log" and self.take("_"):
            base = _operand(self.atom())
        if name not in {"sqrt", "cbrt", "abs"} and self.take("^"):
            exponent = _operand(self.atom())
        if exponent == Neg(Num(Fraction(1))):
            if name not in INVERSE:
                raise ExpressionError(f"Write 1/{name}(…) instead of {name}⁻¹.")
            name, exponent = INVERSE[name], None
        node = _apply(name, base, self.argument(name))
        return node if exponent is None else Power(node, exponent)

    def atom(self) -> Node:
        """One sign's worth: the exponent of `sin^2 x`, the base of `log_2 x`."""
        if self.take("-"):
            return Neg(self.atom())
        if self.next.kind in {"number", "name"} or self.sees("(", "{"):
            return self.prefix()
        raise self.unexpected()

    def argument(self, name: str) -> Node:
        if self.sees("(", "{"):
            return _operand(self.bracket())
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise ExpressionError("This expression is nested too deeply.")
        if self.take("-"):
            node: Node = Neg(self.argument(name))
        elif name in {"sqrt", "cbrt", "abs"}:
            node = _operand(self.expression(POWER))
        else:
            node = self.bare_product()
        self.nesting -= 1
        return node

    def bare_product(self) -> Node:
        """The argument of `sin 2x cos x` is 2x: it ends before a function, and before a bracket after a letter."""
        factors = [_operand(self.expression(POWER))]
        while self.starts_factor() and self.next.kind != "function":
            if self.next.kind == "number":
                raise self.unexpected("A sign is missing")
            if self.next.kind == "sign" and not all(isinstance(factor, Num) for factor in factors):
                break
            factors.append(_operand(self.expression(POWER)))
        return product_of(*factors)


def _apply(name: str, base: Node | None, item: Node) -> Node:
    if base is not None:
        ten = base == Num(Fraction(10))
        return Call("log10", item) if ten else Quotient(Call("ln", item), Call("ln", base))
    if name == "exp":
        return Power(Name("e"), item)
    return Power(item, Quotient(Num(Fraction(1)), Num(Fraction(3)))) if name == "cbrt" else Call(name, item)


def _quotient(top: Node, bottom: Node) -> Node:
    """a/b/c is a/(bc): a chain of divisions stays flat."""
    if isinstance(top, Quotient):
        return Quotient(top.top, product_of(top.bottom, bottom))
    return Quotient(top, bottom)


def _operand(node: Node) -> Node:
    if isinstance(node, Collection):
        raise ExpressionError("A pair, a set or an interval can only stand alone.")
    return node

"""Mathematical expressions as students type them: read, compared and judged for form, without eval and in bounded time.

`parse(text)` gives a tree or raises ExpressionError; `is_right(...)` marks an answer; `key_problems(...)` says what is
wrong with a key; `calculate(text, values)` works out a value exactly, for question variants.
"""

from assessments.services.expression.judging import calculate, holds, is_right, key_problems
from assessments.services.expression.nodes import ExpressionError, variables
from assessments.services.expression.parser import parse

__all__ = ["ExpressionError", "calculate", "holds", "is_right", "key_problems", "parse", "variables"]

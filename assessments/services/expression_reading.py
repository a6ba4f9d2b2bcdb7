"""How an expression is read, as the formula that a person would write. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from assessments.services.expression import ExpressionError, parse
from assessments.services.expression.writing import to_tex
from common.content import ContentError, render_content


@dataclass(frozen=True)
class Reading:
    """`html` has the formula and `words` the same to listen to; or `problem` says why there is none."""

    html: str = ""
    words: str = ""
    problem: str = ""


@lru_cache(maxsize=1024)
def read_expression(text: str) -> Reading:
    """The reading of `text`; an empty one for an empty text."""
    if not text.strip():
        return Reading()
    try:
        made = render_content(f"${to_tex(parse(text)).strip()}$")
    except (ExpressionError, ContentError) as error:
        return Reading(problem=error.message)
    return Reading(html=made.html.removeprefix("<p>").removesuffix("</p>"), words=made.speech_text)

"""Short texts against accepted texts with wildcards. No regular expressions: a hostile pattern cannot run away."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from fractions import Fraction

WILDCARD = "\x00"  # cannot be stored in a text, so it cannot be typed
MAX_TEXT = 500
MEANT = str.maketrans("‘’ʼ“”‐‑–—", "'''\"\"----")


def best_credit(accepted: Iterable[Mapping[str, object]], match_case: bool, text: str) -> Fraction:
    """The highest credit of all `accepted` texts that `text` matches; 0 when there is none."""
    given = _plain(text, match_case)
    if not given or len(given) > MAX_TEXT:
        return Fraction(0)
    credits = [Fraction(0)]
    for row in accepted:
        pattern = str(row["text"]).replace("\\*", "\x01").replace("*", WILDCARD).replace("\x01", "*")
        if matches(_plain(pattern, match_case), given):
            credits.append(Fraction(str(row.get("credit", "1"))))
    return max(credits)


def matches(pattern: str, text: str) -> bool:
    """Whether `text` is `pattern` with anything in place of every WILDCARD. Linear but for the last wildcard."""
    at_pattern = at_text = 0
    star, resume = -1, 0
    while at_text < len(text):
        if at_pattern < len(pattern) and pattern[at_pattern] == WILDCARD:
            star, resume = at_pattern, at_text
            at_pattern += 1
        elif at_pattern < len(pattern) and pattern[at_pattern] == text[at_text]:
            at_pattern += 1
            at_text += 1
        elif star >= 0:
            resume += 1
            at_pattern, at_text = star + 1, resume
        else:
            return False
    return not pattern[at_pattern:].strip(WILDCARD)


def _plain(text: str, match_case: bool) -> str:
    """What does not matter taken out: kinds of quotation marks and dashes, white space, and case unless it counts."""
    text = " ".join(unicodedata.normalize("NFKC", text).translate(MEANT).split())
    return text if match_case else text.casefold()

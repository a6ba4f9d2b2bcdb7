"""What other systems say about answers and ours has no place for, put where it is still read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: What a list of words at a blank may hold.
MAX_WORDS = 12
MAX_QUOTED = 120
SEVERAL_RIGHT = "Several options were right there, and one was enough; now all the right ones have to be chosen."
ALL_OR_NOTHING = "It was all or nothing there; now every part earns its share."
#: One answer: what it says (empty for “any other”), what was said about it, and whether it is right.
Told = tuple[str, str, bool]


def with_feedback(explanation: str, told: Sequence[Told], notes: list[str]) -> str:
    """The explanation, followed by what was said about each answer; a note where that changed its place or was lost."""
    told = [one for one in told if one[1] and one[1] not in explanation]
    right = dict.fromkeys(text for _answer, text, good in told if good)
    wrong = [(answer, text) for answer, text, good in told if not good]
    blocks = [explanation, *right]
    if len(wrong) > 1 and len({text for _answer, text in wrong}) == 1:
        # “Try again” to everything says nothing about any of them.
        notes.append(f"The feedback on {len(wrong)} of the other answers was left out.")
    elif wrong:
        notes.append(f"The feedback on {len(wrong)} of the other answers became part of the explanation.")
        blocks.append("\n".join(_item(answer, text) for answer, text in wrong))
    return "\n\n".join(filter(None, blocks))


def _item(answer: str, text: str) -> str:
    if not answer:
        name = "Any other answer"
    elif "\n" in answer or "![" in answer or len(answer) > MAX_QUOTED:
        # Its letter would mislead: options are shuffled.
        name = "Another answer"
    else:
        name = f"“{answer}”"
    return f"- {name}: " + text.replace("\n", "\n  ")


def choice_blank(
    place: int, correct: str, words: Sequence[str], others: Sequence[str], notes: list[str]
) -> dict[str, Any]:
    """The key of a blank whose word is chosen from `words`; when that is no choice, from the `others` too, or typed."""
    options = list(dict.fromkeys(words))
    if len(options) < 2:
        options = list(dict.fromkeys([*options, *others]))
        if len(options) < 2:
            notes.append(f"Blank {place} had a single word to choose; now it is typed.")
            return {"kind": "text", "accepted": [{"text": correct, "credit": "1"}], "match_case": False}
        notes.append(f"Blank {place} had a single word to choose; now it is chosen among all words of the question.")
    if len(options) > MAX_WORDS:
        notes.append(f"Of the {len(options)} words for blank {place} only {MAX_WORDS} are offered.")
        kept = {correct, *[word for word in options if word != correct][: MAX_WORDS - 1]}
        options = [word for word in options if word in kept]
    return {"kind": "choice", "options": options, "correct": correct}

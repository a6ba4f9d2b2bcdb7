"""In which order an attempt meets its questions and their options, where the exam shuffles them.

Drawn from the attempt's id, so the exam page, the API and the result agree and nothing is stored. Answers keep the
option's own label; what a student sees are letters in the order shown. A paper in print keeps the paper's order.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from assessments.enums import QuestionType
from assessments.models import Attempt, PaperQuestion

# Types whose options can change places: the items of an ordering are laid out by the paper, true and false and the four
# sentences about assertion and reason have their usual order.
SHUFFLED_TYPES = frozenset({QuestionType.SINGLE_CHOICE, QuestionType.MULTIPLE_CHOICE, QuestionType.MATCHING})
# “None of these”, “All of the above”: the last options that say so stay the last.
CATCH_ALL = re.compile(r"\b(all|none|any|neither|both)\s+(of\s+)?(the\s+)?(above|these|those|them|following)\b", re.I)
# “Both A and B”, “(a) and (c) only”, “option B”: labels in the words, of which the order is then a part.
NAMES_LABELS = re.compile(
    r"\b(?:both|only|neither|either)\s+\(?[A-H]\)?(?!\w)|\(?\b[A-H]\)?\s*(?:and|or|&|,)\s*\(?[A-H]\)?(?!\w)"
    r"|\b(?:options?|choices?)\s+\(?[A-H]\)?(?!\w)|(?<!\w)\([A-H]\)",
    re.I,
)


class Seat(NamedTuple):
    """A question's place on the paper; alternatives of an internal choice share section and number."""

    id: str
    section: str
    number: int
    is_written: bool


@dataclass(frozen=True)
class Layout:
    """`seed` names the attempt; nothing here knows keys."""

    seed: str
    shuffles_questions: bool = False
    shuffles_options: bool = False

    def numbers(self, seats: Iterable[Seat]) -> dict[str, int]:
        """The number under which each question is shown: those of its section, dealt anew.

        A section with written questions keeps its order: their numbers stand in the margin of the sheets.
        """
        sections: dict[str, list[Seat]] = defaultdict(list)
        for seat in seats:
            sections[seat.section].append(seat)
        shown: dict[str, int] = {}
        for section in sections.values():
            numbers = sorted({seat.number for seat in section})
            dealt = numbers
            if self.shuffles_questions and not any(seat.is_written for seat in section):
                dealt = self._dealt(numbers, "questions")
            place = dict(zip(dealt, numbers, strict=True))
            shown |= {seat.id: place[seat.number] for seat in section}
        return shown

    def options(
        self, question: str, kind: str, options: list[dict[str, Any]], *, is_fixed: bool
    ) -> list[dict[str, Any]]:
        """The options in the order shown, each with the "letter" it is shown under."""
        letters = [option["label"] for option in options]
        if self.shuffles_options and not is_fixed and kind in SHUFFLED_TYPES:
            last = len(options)
            while last and CATCH_ALL.search(_text(options[last - 1])):
                last -= 1
            dealt = self._dealt(letters[:last], question) + letters[last:]
            options = sorted(options, key=lambda option: dealt.index(option["label"]))
        return [option | {"letter": letter} for option, letter in zip(options, letters, strict=True)]

    def _dealt(self, items: list[Any], what: str) -> list[Any]:
        return sorted(items, key=lambda item: sha256(f"{self.seed}:{what}:{item}".encode()).digest())


def layout_of(attempt: Attempt) -> Layout:
    """Reads the exam of the attempt."""
    return Layout(str(attempt.pk), attempt.exam.shuffle_questions, attempt.exam.shuffle_options)


def options_are_fixed(question: PaperQuestion) -> bool:
    """Whether the text, an option or the explanation names options by their labels, which shuffling would falsify."""
    shown = question.shown
    texts = [shown.text_html, shown.explanation_html, *(option["html"] for option in shown.options)]
    return question.type not in SHUFFLED_TYPES or any(NAMES_LABELS.search(re.sub("<[^>]*>", " ", t)) for t in texts)


def _text(option: dict[str, Any]) -> str:
    return str(option.get("text") or option.get("source") or option["html"])

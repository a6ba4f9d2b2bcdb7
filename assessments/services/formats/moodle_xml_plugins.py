"""Question types that plugins bring to Moodle and that have a near relative among ours."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from assessments.services.formats.conversions import ALL_OR_NOTHING, choice_blank, with_feedback
from assessments.services.formats.moodle_xml_source import Source
from assessments.services.formats.moodle_xml_types import Read, essay, matching
from assessments.services.formats.xml_items import MAX_MANY, UnusableError, accepted_texts, labelled, number, with_parts
from assessments.services.formats.xml_tools import child, plain


def multiresponse(source: Source) -> Read:
    """“OU multiple response”: every option is right or wrong, and every right one earns the same."""
    answers = source.answers()
    fields = source.common()
    fields["options"] = labelled([source.markdown(answer.element) for answer in answers])
    right = [option.label for option, answer in zip(fields["options"], answers, strict=True) if answer.fraction > 0]
    if not right:
        raise UnusableError("No option is marked as right.")
    if not source.flag("shuffleanswers", default=True):
        source.notes.append("The options had a fixed order there.")
    source.notes.append("A wrong option now takes away its equal share of the marks, never below 0.")
    fields = source.explain(fields, answers, [option.text for option in fields["options"]])
    return "multiple_choice", fields | {"answer": {"choices": right, "grading": "partial"}}


def statements(source: Source) -> Read:
    """Kprime and “multiple true/false”: for each statement one of the columns is right."""
    fields = source.common()
    rows, columns = source.many("row"), source.many("column")
    fields["options"] = labelled([_inner(source, column, "responsetext") for column in columns])
    weights = {
        (one.get("rownumber"), one.get("columnnumber")): number(plain(child(one, "value"))) or Decimal(0)
        for one in source.many("weight")
    }
    pairs: dict[str, str] = {}
    for place, row in enumerate(rows, start=1):
        gains = [weights.get((row.get("number"), column.get("number")), Decimal(0)) for column in columns]
        if sum(gain > 0 for gain in gains) != 1:
            raise UnusableError(f"Statement {place} has no single right answer.")
        pairs[str(place)] = fields["options"][gains.index(max(gains))].label
    if source.value("scoringmethod", "subpoints") != "subpoints":
        source.notes.append(ALL_OR_NOTHING)
    texts = [_inner(source, row, "optiontext") for row in rows]
    told = [(text, _inner(source, row, "feedbacktext"), False) for text, row in zip(texts, rows, strict=True)]
    fields["explanation"] = with_feedback(fields["explanation"], told, source.notes)
    fields["answer"] = {"pairs": pairs}
    return "matching", with_parts(source.notes, fields, texts)


def _inner(source: Source, element: Any, name: str) -> str:
    found = child(element, name)
    return source.markdown(found) if found is not None else ""


def gapfill(source: Source) -> Read:
    """Gap fill: words in brackets inside the text are the gaps."""
    marks = source.value("delimitchars") or "[]"
    start, end = marks[0], marks[-1]
    gap = re.compile(rf"(?<!\\){re.escape(start)}([^{re.escape(start + end)}\n]{{1,200}})(?<!\\){re.escape(end)}")
    words: list[str] = []

    def take_out(raw: str) -> str:
        return gap.sub(lambda match: taken(match[1]), raw)

    def taken(raw: str) -> str:
        words.append(" ".join(html.unescape(re.sub("<[^<>]*>", "", raw)).split()))
        return source.keep(f"[[{len(words)}]]")

    fields = {
        "marks": source.marks(),
        "text": source.text("questiontext", take_out),
        **source.feedback(),
    }
    if not words:
        raise UnusableError("Its text has no gaps.")
    if len(words) > MAX_MANY:
        raise UnusableError(f"It has more than {MAX_MANY} gaps.")
    if source.flag("noduplicates"):
        source.notes.append("An answer given twice counted once there; now each gap is marked alone.")
    others = [" ".join(answer.raw.split()) for answer in source.answers()]
    blanks: dict[str, Any] = {}
    for place, word in enumerate(words, start=1):
        if source.value("answerdisplay", "gapfill") == "gapfill":
            accepted = accepted_texts([(one, Decimal(1)) for one in word.split("|")], source.notes)
            blanks[str(place)] = {"kind": "text", "accepted": accepted, "match_case": source.flag("casesensitive")}
        else:
            # What is shown of several spellings is the first.
            shown = [one.split("|")[0] for one in [*words, *others]]
            blanks[str(place)] = choice_blank(place, word.split("|")[0], shown, (), source.notes)
    return "fill_in", with_parts(source.notes, fields | {"answer": {"blanks": blanks}}, [""] * len(words))


def marked_essay(source: Source) -> Read:
    """An essay that a plugin marks by its length and its words."""
    source.notes.append("Its automatic marking by length and words was left out.")
    return essay(source)


PLUGINS: dict[str, Callable[[Source], Read]] = {
    "oumultiresponse": multiresponse,
    "kprime": statements,
    "mtf": statements,
    "gapfill": gapfill,
    "essayautograde": marked_essay,
    "match": matching,
}

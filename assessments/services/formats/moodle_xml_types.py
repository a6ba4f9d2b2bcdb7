"""The question types of Moodle as ours. Each reader gives our type and the fields of the content."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from decimal import Decimal
from string import ascii_uppercase
from typing import Any

from assessments.services.content_schema import PartContent
from assessments.services.formats.conversions import SEVERAL_RIGHT, choice_blank
from assessments.services.formats.html_markdown import escape
from assessments.services.formats.moodle_xml_source import Answer, Source, text_of
from assessments.services.formats.xml_items import (
    MAX_MANY,
    PART,
    UnusableError,
    accepted_texts,
    block_facts,
    choice_type,
    labelled,
    number,
    plain_number,
    read_scheme,
    with_parts,
    written_type,
)
from assessments.services.formats.xml_tools import child, children, plain

Read = tuple[str, dict[str, Any]]
BLANK = re.compile(r"\[\[(\d{1,3})\]\]")
LABELS = ascii_uppercase


def multichoice(source: Source) -> Read:
    """One or several right options."""
    answers = source.answers()
    fields = source.common()
    fields["options"] = labelled([source.markdown(answer.element) for answer in answers])
    several = not source.flag("single", default=True) or source.element.get("type") == "multichoiceset"
    if not source.flag("shuffleanswers", default=True):
        source.notes.append("The options had a fixed order there.")
    chosen = _several(source, answers) if several else _only(source, answers)
    fields["answer"] = {"choices": [option.label for i, option in enumerate(fields["options"]) if i in chosen]}
    fields = source.explain(fields, answers, [option.text for option in fields["options"]], several)
    if not several and len(chosen) == 1:
        return choice_type(source.facts), fields
    if source.element.get("type") != "multichoiceset" and source.facts.get("grading") != "all":
        fields["answer"]["grading"] = "partial"
    return "multiple_choice", fields


def _only(source: Source, answers: list[Answer]) -> list[int]:
    """The right option of a question where one may be chosen; all of them, with a note, when there are several."""
    best = max((answer.fraction for answer in answers), default=Decimal(0))
    if best <= 0:
        raise UnusableError("No option is marked as right.")
    right = [i for i, answer in enumerate(answers) if answer.fraction == best or answer.right]
    if len(right) > 1:
        source.notes.append(SEVERAL_RIGHT)
    if best < 99:
        source.notes.append(f"The best option gave {plain_number(best)} %; it now gives full marks.")
    if any(0 < answer.fraction < best for answer in answers):
        source.notes.append("Other options earned a part of the marks; now only the right one earns any.")
    if any(answer.fraction < 0 for answer in answers):
        source.notes.append("Wrong options took marks away; now they earn nothing.")
    return right


def _several(source: Source, answers: list[Answer]) -> list[int]:
    """The right options of a question where several may be chosen; notes when the points are not shared as ours."""
    right = [i for i, answer in enumerate(answers) if answer.fraction > 0]
    wrong = [answer.fraction for answer in answers if answer.fraction <= 0]
    if not right:
        raise UnusableError("No option is marked as right.")
    if source.facts.get("grading") == "all" or source.element.get("type") == "multichoiceset":
        return right
    share = Decimal(100) / len(right)
    if any(abs(answers[i].fraction - share) > 1 for i in right):
        source.notes.append("The right options earned different shares; now each earns the same.")
    if wrong and any(abs(fraction + Decimal(100) / len(wrong)) > 1 for fraction in wrong):
        source.notes.append("A wrong option now takes away its equal share of the marks, never below 0.")
    return right


def truefalse(source: Source) -> Read:
    """A statement that is true or false."""
    answers = source.answers()
    right = [answer.raw.strip().lower() for answer in answers if answer.fraction > 0]
    if len(right) != 1 or right[0] not in {"true", "false"}:
        raise UnusableError("It does not say whether the statement is true or false.")
    fields = source.common() | {"answer": {"choices": right}}
    return "true_false", source.explain(fields, answers, [answer.raw.strip() for answer in answers])


def shortanswer(source: Source) -> Read:
    """A word or phrase. Wildcards are the same as ours."""
    answers = source.answers()
    said = [html.unescape(answer.raw) for answer in answers]
    accepted = accepted_texts(
        [(text, answer.fraction / 100) for text, answer in zip(said, answers, strict=True)], source.notes
    )
    fields = source.explain(source.common(), answers, [escape(text.strip("* ")) for text in said])
    if source.facts.get("type") == "expression" and accepted:
        key = {"expression": accepted[0]["text"].replace("\\*", "*"), "form": source.facts.get("form", "")}
        return "expression", fields | {"answer": key}
    return "short_text", fields | {"answer": {"accepted": accepted, "match_case": source.flag("usecase")}}


def numerical(source: Source) -> Read:
    """A number with a tolerance and perhaps a unit."""
    answers = source.answers()
    fields = source.explain(source.common(), answers, [escape(answer.raw.strip("* ")) for answer in answers])
    key = number_key(
        [(answer.raw, plain(child(answer.element, "tolerance")), answer.fraction) for answer in answers],
        source.notes,
    )
    units = [
        (plain(child(unit, "unit_name")), number(plain(child(unit, "multiplier"))))
        for holder in children(source.element, "units")
        for unit in children(holder, "unit")
    ]
    main = [name for name, multiplier in units if name and multiplier == 1]
    if main:
        key["unit"] = main[0]
    if len(units) > len(main[:1]):
        source.notes.append(f"Of {len(units)} units only the first with factor 1 was kept.")
    if main and source.value("unitgradingtype", "0") not in {"", "0"}:
        source.notes.append("A missing or wrong unit took marks away; now the unit may be left out.")
    return "numeric", fields | {"answer": key}


def number_key(answers: list[tuple[str, str, Decimal]], notes: list[str]) -> dict[str, str]:
    """The key of a number: the answer that earns most; notes for the others."""
    usable = [(number(text), tolerance, fraction) for text, tolerance, fraction in answers if fraction > 0]
    found = [(value, tolerance, fraction) for value, tolerance, fraction in usable if value is not None]
    if not found:
        raise UnusableError("No number is marked as the right answer.")
    value, tolerance, fraction = max(found, key=lambda one: one[2])
    if len(usable) > 1:
        notes.append("Further answers earned marks too; only the best was kept.")
    if fraction < 99:
        notes.append(f"The best answer gave {plain_number(fraction)} %; it now gives full marks.")
    key = {"value": plain_number(value)}
    margin = number(tolerance)
    if margin is None and tolerance:
        notes.append(f"The tolerance “{tolerance[:20]}” could not be read and became 0.")
    if margin:
        key["tolerance"] = plain_number(abs(margin))
    return key


def matching(source: Source) -> Read:
    """Prompts on the left, choices on the right; a pair without a prompt is a choice that fits nothing."""
    fields = source.common()
    prompts: list[tuple[str, int]] = []
    choices: list[str] = []
    for pair in source.many("subquestion"):
        answer = child(pair, "answer")
        right = source.markdown(answer, usual="plain_text") if answer is not None else ""
        left = source.markdown(pair)
        if not right:
            continue
        if right not in choices:
            choices.append(right)
        if left:
            prompts.append((left, choices.index(right)))
    if not prompts:
        raise UnusableError("It has no pairs.")
    labels = lettering(source, len(choices))
    fields["options"] = labelled([choices[labels.index(label)] for label in sorted(labels)])
    fields["answer"] = {"pairs": {str(i): labels[choice] for i, (_text, choice) in enumerate(prompts, start=1)}}
    return "matching", with_parts(source.notes, fields, [text for text, _choice in prompts])


def lettering(source: Source, number: int) -> list[str]:
    """The labels of texts in the order of the file: A, B, C … unless a tag of our writer says otherwise."""
    usual, written = list(LABELS[:number]), source.facts.get("order", "").split("-")
    if number > len(LABELS):
        raise UnusableError(f"It has {number} options; {len(LABELS)} is the most.")
    return written if sorted(written) == usual else usual


def ordering(source: Source) -> Read:
    """Things to put in order; the file has them in the right one."""
    fields = source.common()
    texts = [source.markdown(answer.element) for answer in source.answers()]
    order = lettering(source, len(texts))
    fields["options"] = labelled([texts[order.index(label)] for label in sorted(order)])
    fields["answer"] = {"order": order}
    grading = source.value("gradingtype", "0")
    if grading not in {"ALL_OR_NOTHING", "-1"}:
        fields["answer"]["grading"] = "partial"
        if grading not in {"RELATIVE_NEXT_EXCLUDE_LAST", "1"}:
            source.notes.append("Part of the marks is now earned by every pair of neighbours in the right order.")
    if source.value("selecttype", "ALL") not in {"ALL", "0"}:
        source.notes.append("A selection of the items was shown there; now all of them are.")
    return "ordering", fields


def essay(source: Source) -> Read:
    """An answer that a person marks."""
    fields = source.common()
    if fields.pop("hints"):
        source.notes.append("Hints were left out: a written question has none.")
    fields["text"], fields["parts"] = _case_parts(source)
    info = child(source.element, "graderinfo")
    picture = source.finder(info if info is not None else source.element)
    scheme = text_of(info)
    if info is not None and 'class="step' not in scheme and scheme.strip():
        source.notes.append("The notes for its markers became the model answer.")
        scheme = f'<div class="model-answer">{scheme}</div>' if info.get("format", "html") == "html" else scheme
    fields |= read_scheme(scheme, fields["marks"], source.notes, picture)
    kind = written_type(fields["marks"], source.facts)
    if "type" not in source.facts and source.value("responseformat") == "noinline":
        kind = "file_upload"
    elif kind != "file_upload" and source.value("attachments", "0") not in {"", "0"}:
        source.notes.append("Files could be attached to the answer there.")
    if text_of(child(source.element, "responsetemplate")).strip():
        source.notes.append("The text that the answer began with was left out.")
    if any(source.value(name) not in {"", "0"} for name in ("minwordlimit", "maxwordlimit")):
        source.notes.append("The limits on the number of words were left out.")
    return kind, fields


def _case_parts(source: Source) -> tuple[str, tuple[PartContent, ...]]:
    """The text and, for a case study that our writer wrote, its parts."""
    found: list[tuple[dict[str, str], str]] = []

    def take(match: re.Match[str]) -> str:
        found.append((block_facts(match[1]), match[2]))
        return ""

    holder = child(source.element, "questiontext")
    if (
        holder is None
        or source.facts.get("type") != "case_study"
        or not 0 < text_of(holder).count('<div class="part') <= MAX_MANY
    ):
        return source.text("questiontext"), ()
    text = source.markdown(holder, lambda raw: PART.sub(take, raw))
    parts = tuple(
        PartContent(
            facts.get("label", ""),
            source.markdown(holder, lambda raw, body=body: body),  # type: ignore[misc]  # a default binds it
            number(facts.get("marks")) or Decimal(1),
            facts.get("alternative", ""),
        )
        for facts, body in found
    )
    return text, parts


def gaps(source: Source) -> Read:
    """ddwtos and gapselect: `[[n]]` in the text stands for the n-th box, to be chosen among its group."""
    name = "dragbox" if source.element.get("type") == "ddwtos" else "selectoption"
    boxes = [(source.markdown(box), plain(child(box, "group")) or "1") for box in source.many(name)]
    used: list[int] = []

    def renumber(match: re.Match[str]) -> str:
        used.append(int(match[1]))
        return source.keep(f"[[{len(used)}]]")

    fields: dict[str, Any] = {
        "marks": source.marks(),
        "text": source.text("questiontext", lambda raw: BLANK.sub(renumber, raw)),
        **source.feedback(),
    }
    if not used:
        raise UnusableError("Its text has no gaps.")
    blanks = {}
    for place, box in enumerate(used, start=1):
        if not 1 <= box <= len(boxes):
            raise UnusableError(f"Gap {box} has no word that belongs into it.")
        word, group = boxes[box - 1]
        words = [text for text, its in boxes if its == group]
        blanks[str(place)] = choice_blank(place, word, words, [text for text, _group in boxes], source.notes)
    if name == "dragbox":
        source.notes.append("The words are chosen from lists now, not dragged; a word may be chosen more than once.")
    fields["answer"] = {"blanks": blanks}
    return "fill_in", with_parts(source.notes, fields, [""] * len(used))


READERS: dict[str, Callable[[Source], Read]] = {
    "multichoice": multichoice,
    "multichoiceset": multichoice,
    "truefalse": truefalse,
    "shortanswer": shortanswer,
    "numerical": numerical,
    "matching": matching,
    "ddmatch": matching,
    "ordering": ordering,
    "essay": essay,
    "ddwtos": gaps,
    "gapselect": gaps,
}

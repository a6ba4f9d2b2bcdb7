"""The interactions of QTI as our question types."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element

from assessments.services.content_schema import PartContent
from assessments.services.formats.conversions import ALL_OR_NOTHING, SEVERAL_RIGHT, choice_blank
from assessments.services.formats.qti_body import INTERACTION, Body
from assessments.services.formats.qti_scoring import MAPPED, OTHER, Response, Scoring, read_scoring
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
from assessments.services.formats.xml_tools import child, children, descendants, plain

Read = tuple[str, dict[str, Any]]
INLINE = ("textEntryInteraction", "inlineChoiceInteraction")
BLANKS = (*INLINE, "choiceInteraction")
WRITING = ("extendedTextInteraction", "uploadInteraction")
PIECES = ("simpleChoice", "simpleAssociableChoice", "gapText", "gap", "inlineChoice", "hottext", "mapEntry")
MAX_ELEMENTS = 10_000
IGNORED = ("endAttemptInteraction",)
NAMES = {
    "hotspotInteraction": "choosing places on a picture",
    "selectPointInteraction": "choosing points on a picture",
    "graphicOrderInteraction": "ordering places on a picture",
    "graphicAssociateInteraction": "joining places on a picture",
    "graphicGapMatchInteraction": "dragging onto a picture",
    "positionObjectInteraction": "placing things on a picture",
    "drawingInteraction": "drawing",
    "mediaInteraction": "playing a recording",
    "customInteraction": "an interaction of another system",
    "portableCustomInteraction": "an interaction of another system",
}
EXPLANATIONS = ("explanation", "solution", "general_fb", "general_feedback")


@dataclass
class Item:
    """An item being read."""

    root: Element
    body: Body
    facts: Mapping[str, str]
    #: Written by us: then `*` in an accepted text is a wildcard.
    own: bool

    def __post_init__(self) -> None:
        self.notes = self.body.notes
        self._check_size()
        self.scoring: Scoring = read_scoring(self.root, self.notes)
        found = child(self.root, "itemBody")
        if found is None:
            raise UnusableError("It has no body.")
        self.text = found
        self.scheme = [
            rubric
            for rubric in descendants(found, "rubricBlock")
            if {"scorer", "tutor"} & set(rubric.get("view", "").split())
        ]
        self.units = [one for one in found.iter() if self.own and one.get("class") == "unit"]
        self.hidden = dict.fromkeys([*self.scheme, *self.units], "")

    def _check_size(self) -> None:
        if sum(1 for _one in self.root.iter()) > MAX_ELEMENTS:
            raise UnusableError(f"It has more than {MAX_ELEMENTS} elements.")
        for name in ("responseDeclaration", *PIECES):
            if sum(1 for _one in descendants(self.root, name)) > MAX_MANY:
                raise UnusableError(f"It has more than {MAX_MANY} answers or options.")

    def fields(self, instead: Mapping[Element, str] | None = None) -> dict[str, Any]:
        """Marks, text and explanation."""
        return {
            "marks": self.scoring.marks(self.notes),
            "text": self.body.markdown(self.text, self.hidden | dict(instead or {})),
            "explanation": self._explanation(),
        }

    def _explanation(self) -> str:
        texts = []
        for feedback in children(self.root, "modalFeedback"):
            if feedback.get("identifier", "").lower() in EXPLANATIONS:
                texts.append(self.body.markdown(feedback))
            elif plain(feedback):
                self.notes.append("Feedback that depends on the answer was left out.")
        return "\n\n".join(texts)

    def response(self, interaction: Element) -> Response:
        """The declaration that belongs to an interaction."""
        found = self.scoring.responses.get(interaction.get("responseIdentifier", ""))
        if found is None:
            raise UnusableError("The answer it expects is not declared.")
        if found.method == OTHER:
            self.notes.append("It was scored by rules of its own; the declared right answer became the key.")
        if found.graded and not self.own:
            self.notes.append("Some answers that are not quite right earned a part of the marks by rules of their own.")
        return found

    def prompt(self, interaction: Element) -> str:
        """The markup of an interaction's prompt."""
        found = child(interaction, "prompt")
        return f"<div>{self.body.markup(found, {})}</div>" if found is not None else ""


def read_item(item: Item) -> Read:
    """Our type and the fields of the content. Raises UnusableError."""
    found = [one for one in item.text.iter() if INTERACTION.fullmatch(str(one.tag)) and one.tag not in IGNORED]
    kinds = {str(one.tag) for one in found}
    if not found:
        raise UnusableError("It has no interaction: it is a text without a question.")
    if kinds <= set(WRITING):
        return _written(item, found)
    if len(found) == 1 and found[0].tag in READERS:
        return READERS[str(found[0].tag)](item, found[0])
    if kinds <= set(BLANKS):
        return _blanks(item, found)
    unknown = sorted(NAMES[kind] for kind in kinds if kind in NAMES)
    if unknown:
        raise UnusableError(f"It asks for {', '.join(unknown)}, which is not supported.")
    raise UnusableError(f"It mixes interactions that we keep apart: {', '.join(sorted(kinds))}.")


# --- Choices ---------------------------------------------------------------------------------------------------------
def _right(response: Response, known: list[str]) -> list[str]:
    """The right identifiers, in the order of the file."""
    mapping = response.mapping or {}
    if response.method == MAPPED and any(value > 0 for value in mapping.values()):
        best = max(mapping.values())
        single = response.cardinality == "single"
        right = [key for key, value in mapping.items() if (value == best if single else value > 0)]
    else:
        right = response.correct
    found = [one for one in known if one in right]
    if not found:
        raise UnusableError("No right answer is declared.")
    return found


def _choice(item: Item, interaction: Element) -> Read:
    hottext = interaction.tag == "hottextInteraction"
    choices = list(descendants(interaction, "hottext" if hottext else "simpleChoice"))
    response = item.response(interaction)
    known = [choice.get("identifier", "") for choice in choices]
    right = _right(response, known)
    texts = [item.body.markdown(choice) for choice in choices]
    fields = item.fields() if hottext else item.fields({interaction: item.prompt(interaction)})
    if hottext:
        item.notes.append("The words were chosen inside the text; now they are options below it.")
    single = response.cardinality == "single" or interaction.get("maxChoices") == "1"
    if single and len(right) > 1:
        item.notes.append(SEVERAL_RIGHT)
        single = False
    if single and sorted(known if item.own else [text.lower() for text in texts]) == ["false", "true"]:
        return "true_false", fields | {"answer": {"choices": [texts[known.index(right[0])].lower()]}}
    fields["options"] = labelled(texts)
    fields["answer"] = {
        "choices": [option.label for option, name in zip(fields["options"], known, strict=True) if name in right]
    }
    _note_shares(item, response, right, known, single)
    if single:
        return choice_type(item.facts), fields
    if response.method == MAPPED or SEVERAL_RIGHT in item.notes:
        fields["answer"]["grading"] = "partial"
    return "multiple_choice", fields


def _note_shares(item: Item, response: Response, right: list[str], known: list[str], single: bool) -> None:
    """Notes where a mapping gives other shares than ours."""
    if response.method != MAPPED or item.own:
        return
    mapping = response.mapping or {}
    if single:
        if any(mapping.get(name, 0) > 0 for name in known if name not in right):
            item.notes.append("Other options earned a part of the marks; now only the right one earns any.")
        return
    if len({mapping.get(name) for name in right}) > 1:
        item.notes.append("The right options earned different shares; now each earns the same.")
    wrong = [name for name in known if name not in right]
    share = response.best / len(wrong) if wrong else Decimal(0)
    if any(abs(mapping.get(name, Decimal(0)) + share) > Decimal("0.01") for name in wrong):
        item.notes.append("A wrong option now takes away its equal share of the marks, never below 0.")


def _order(item: Item, interaction: Element) -> Read:
    choices = list(descendants(interaction, "simpleChoice"))
    response = item.response(interaction)
    known = [choice.get("identifier", "") for choice in choices]
    if sorted(response.correct) != sorted(known):
        raise UnusableError("The right order of all its items is not declared.")
    fields = item.fields({interaction: item.prompt(interaction)})
    fields["options"] = labelled([item.body.markdown(choice) for choice in choices])
    fields["answer"] = {"order": [fields["options"][known.index(name)].label for name in response.correct]}
    if response.method == MAPPED or item.facts.get("grading") == "partial":
        fields["answer"]["grading"] = "partial"
        if not item.own:
            item.notes.append("Part of the marks is now earned by every pair of neighbours in the right order.")
    return "ordering", fields


# --- Pairs -----------------------------------------------------------------------------------------------------------
def _pairs(response: Response) -> list[tuple[str, str]]:
    """The right pairs of identifiers."""
    mapping = response.mapping or {}
    gains = [key for key, value in mapping.items() if value > 0]
    said = gains if response.method == MAPPED and gains else response.correct
    found = [tuple(pair.split()) for pair in said]
    if not found or any(len(pair) != 2 for pair in found):
        raise UnusableError("No right pairs are declared.")
    return [(pair[0], pair[1]) for pair in found]


def _match(item: Item, interaction: Element) -> Read:
    response = item.response(interaction)
    pairs = _pairs(response)
    if interaction.tag == "matchInteraction":
        sets = [list(children(one, "simpleAssociableChoice")) for one in children(interaction, "simpleMatchSet")]
        if len(sets) != 2:
            raise UnusableError("It does not have two sets to match.")
        left, right = sets
    else:
        both = children(interaction, "simpleAssociableChoice")
        first = {one for one, _other in pairs}
        left = [choice for choice in both if choice.get("identifier") in first]
        right = [choice for choice in both if choice.get("identifier") not in first]
        item.notes.append("Any two could be joined there; now each on the left has one on the right.")
    if _repeats(one for one, _other in pairs):
        if _repeats(other for _one, other in pairs):
            raise UnusableError("One of its items belongs to several others.")
        left, right, pairs = right, left, [(other, one) for one, other in pairs]
    partner = dict(pairs)
    known = [choice.get("identifier", "") for choice in right]
    prompts = [choice for choice in left if partner.get(choice.get("identifier", "")) in known]
    if len(prompts) < len(left):
        item.notes.append("Items on the left without a right partner were left out.")
    fields = item.fields({interaction: item.prompt(interaction)})
    fields["options"] = labelled([item.body.markdown(choice) for choice in right])
    names = [partner[choice.get("identifier", "")] for choice in prompts]
    fields["answer"] = {
        "pairs": {str(i): fields["options"][known.index(name)].label for i, name in enumerate(names, start=1)}
    }
    weights = [
        _pair_gain(response, choice.get("identifier", ""), name) for choice, name in zip(prompts, names, strict=True)
    ]
    texts = [item.body.markdown(choice) for choice in prompts]
    if not texts:
        raise UnusableError("No right pairs are declared.")
    _note_whole(item, response, len(texts))
    return "matching", with_parts(item.notes, fields, texts, weights)


def _note_whole(item: Item, response: Response, number_of_parts: int) -> None:
    """A note where everything had to be right at once."""
    if response.method != MAPPED and number_of_parts > 1 and not item.own:
        item.notes.append(ALL_OR_NOTHING)


def _pair_gain(response: Response, one: str, other: str) -> Decimal:
    mapping = response.mapping or {}
    gain = max(mapping.get(f"{one} {other}", Decimal(0)), mapping.get(f"{other} {one}", Decimal(0)))
    return gain if response.method == MAPPED and gain > 0 else Decimal(1)


def _repeats(names: Any) -> bool:
    found = list(names)
    return len(set(found)) < len(found)


def _gap_match(item: Item, interaction: Element) -> Read:
    if next(descendants(interaction, "gapImg"), None) is not None:
        raise UnusableError("It drags pictures into gaps, which is not supported.")
    response = item.response(interaction)
    words = {one.get("identifier", ""): _word(item, one) for one in descendants(interaction, "gapText")}
    gaps = list(descendants(interaction, "gap"))
    partner = {
        gap: word for one, other in _pairs(response) for word, gap in ((one, other), (other, one)) if word in words
    }
    blanks, weights = {}, []
    for place, gap in enumerate(gaps, start=1):
        word = partner.get(gap.get("identifier", ""))
        if word is None:
            raise UnusableError("One of its gaps has no right word.")
        blanks[str(place)] = choice_blank(place, words[word], [*words.values()], (), item.notes)
        weights.append(_pair_gain(response, word, gap.get("identifier", "")))
    if not blanks:
        raise UnusableError("Its text has no gaps.")
    instead = {gap: item.body.keep(f"[[{place}]]") for place, gap in enumerate(gaps, start=1)}
    instead |= dict.fromkeys(descendants(interaction, "gapText"), "")
    fields = item.fields(instead) | {"answer": {"blanks": blanks}}
    item.notes.append("The words are chosen from lists now, not dragged; a word may be chosen more than once.")
    _note_whole(item, response, len(gaps))
    return "fill_in", with_parts(item.notes, fields, [""] * len(gaps), weights)


# --- Words and numbers -----------------------------------------------------------------------------------------------
def _entry(item: Item, interaction: Element) -> Read:
    """One place to type: at the end of the text a short text or a number, inside it a blank."""
    fields = item.fields({interaction: item.body.keep("[[1]]")})
    if not fields["text"].endswith("[[1]]") or fields["text"] == "[[1]]" or item.facts.get("type") == "blank":
        return _blanks(item, [interaction])
    fields["text"] = fields["text"].removesuffix("[[1]]").rstrip()
    if not item.own:
        fields["text"] = fields["text"].removesuffix("\\").rstrip()
    key = _key(item, interaction, 1)
    kind = key.pop("kind")
    if kind == "text":
        if item.facts.get("type") == "expression":
            form = item.facts.get("form", "")
            return "expression", fields | {"answer": {"expression": key["accepted"][0]["text"], "form": form}}
        return "short_text", fields | {"answer": key}
    return "numeric", fields | {"answer": key | ({"unit": plain(item.units[0])} if item.units else {})}


def _blanks(item: Item, interactions: list[Element]) -> Read:
    instead, blanks, weights = {}, {}, []
    for place, interaction in enumerate(interactions, start=1):
        blanks[str(place)] = _key(item, interaction, place)
        mark = item.body.keep(f"[[{place}]]")
        if interaction.tag == "choiceInteraction":
            mark = f"<div>{item.prompt(interaction)} {mark}</div>"
        instead[interaction] = mark
        weights.append(item.response(interaction).marks or Decimal(1))
    if any(one.tag == "choiceInteraction" for one in interactions):
        item.notes.append("Several choices in one question became blanks with lists to choose from.")
    fields = item.fields(instead) | {"answer": {"blanks": blanks}}
    return "fill_in", with_parts(item.notes, fields, [""] * len(interactions), weights)


def _word(item: Item, element: Element) -> str:
    """What a list can show of one choice: plain text."""
    if next(descendants(element, "math"), None) is None:
        return plain(element)
    item.notes.append("A formula in a list of choices became plain text; compare it.")
    return re.sub(r"\$+([^$]*)\$+", r"\1", " ".join(item.body.markdown(element).split()))


def _key(item: Item, interaction: Element, place: int) -> dict[str, Any]:
    """What is right at one place."""
    response = item.response(interaction)
    if interaction.tag == "textEntryInteraction":
        if response.base_type in {"integer", "float"}:
            return _number(item, response)
        return _accepted(item, response)
    choices = list(descendants(interaction, "inlineChoice", "simpleChoice"))
    known = [choice.get("identifier", "") for choice in choices]
    right = _right(response, known)
    if response.cardinality != "single" or len(right) > 1:
        raise UnusableError("It mixes interactions that we keep apart: several right options at one place.")
    texts = [_word(item, choice) for choice in choices]
    return choice_blank(place, texts[known.index(right[0])], texts, (), item.notes)


def _accepted(item: Item, response: Response) -> dict[str, Any]:
    mapping = response.mapping or {}
    if response.method == MAPPED and response.best:
        top = max(mapping.values())
        answers = [(key, value / top) for key, value in mapping.items()]
        match_case = response.case_sensitive
    else:
        answers, match_case = [(text, Decimal(1)) for text in response.correct], True
    if not item.own:
        answers = [(text.replace("*", "\\*"), credit) for text, credit in answers]
    return {"kind": "text", "accepted": accepted_texts(answers, item.notes), "match_case": match_case}


def _number(item: Item, response: Response) -> dict[str, str]:
    mapping = response.mapping or {}
    said = list(response.correct)
    if (response.method == MAPPED and response.best) or not said:
        said = sorted((key for key, value in mapping.items() if value > 0), key=lambda key: -mapping[key])
    value = number(said[0]) if said else None
    if value is None:
        raise UnusableError("No number is declared as the right answer.")
    if len(said) > 1:
        item.notes.append("Further answers earned marks too; only the best was kept.")
    margin = abs(value) * response.tolerance / 100 if response.relative else response.tolerance
    key = {"kind": "number", "value": plain_number(value)}
    return key | {"tolerance": plain_number(margin)} if margin else key


def _slider(item: Item, interaction: Element) -> Read:
    fields = item.fields({interaction: item.prompt(interaction)})
    key = _number(item, item.response(interaction))
    key.pop("kind")
    item.notes.append("The number was set with a slider; now it is typed.")
    return "numeric", fields | {"answer": key}


# --- Writing ---------------------------------------------------------------------------------------------------------
def _written(item: Item, interactions: list[Element]) -> Read:
    if len(interactions) > 1:
        item.notes.append(f"Its {len(interactions)} places to write became one.")
    markup = item.body.markup(item.text, item.hidden | {one: item.prompt(one) for one in interactions})
    parts: tuple[PartContent, ...] = ()
    if item.facts.get("type") == "case_study" and markup.count("<div") <= 4 * MAX_MANY:
        parts = tuple(_part(item, classes, inside) for classes, inside in PART.findall(markup))
        markup = PART.sub("", markup)
    fields: dict[str, Any] = item.fields({}) | {"text": item.body.from_markup(markup), "parts": parts}
    scheme = "".join(item.body.markup(rubric, {}) for rubric in item.scheme)
    if item.scoring.stated is None and not any(one.marks for one in item.scoring.responses.values()):
        item.notes.append("No marks were given; it carries 1 mark.")
    if scheme and 'class="step' not in scheme:
        item.notes.append("The notes for its markers became the model answer.")
    if not scheme:
        correct = [text for one in interactions for text in _declared(item, one)]
        scheme = "".join(f"<p>{text}</p>" for text in correct)
    fields |= read_scheme(scheme, fields["marks"], item.notes, item.body.finder)
    upload = all(one.tag == "uploadInteraction" for one in interactions)
    return "file_upload" if upload else written_type(fields["marks"], item.facts), fields


def _declared(item: Item, interaction: Element) -> list[str]:
    response = item.scoring.responses.get(interaction.get("responseIdentifier", ""))
    return response.correct if response is not None else []


def _part(item: Item, classes: str, inside: str) -> PartContent:
    facts = block_facts(classes)
    marks = number(facts.get("marks")) or Decimal(1)
    return PartContent(facts.get("label", ""), item.body.from_markup(inside), marks, facts.get("alternative", ""))


READERS: dict[str, Callable[[Item, Element], Read]] = {
    "choiceInteraction": _choice,
    "hottextInteraction": _choice,
    "orderInteraction": _order,
    "matchInteraction": _match,
    "associateInteraction": _match,
    "gapMatchInteraction": _gap_match,
    "textEntryInteraction": _entry,
    "sliderInteraction": _slider,
}

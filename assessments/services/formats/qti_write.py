"""QTI items and packages of our questions, in version 2.1 or 3.0."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from assessments.services.formats.html_markdown import to_html
from assessments.services.formats.items import ExportedItem
from assessments.services.formats.packages import write_package
from assessments.services.formats.qti_vocabulary import VERSIONS, Words
from assessments.services.formats.xml_items import WRITTEN, all_tags, block, plain_number, scheme_html
from assessments.services.formats.xml_tools import clean, escape
from assessments.services.variants import instantiate
from common.content import ContentError, render_content

TOOL = "Abhyas"
MATHML = "http://www.w3.org/1998/Math/MathML"
BLANK = re.compile(r"\[\[(\d{1,3})\]\]")
#: Code is not searched for formulas.
FORMULA = re.compile(r"<code>.*?</code>|\\\((?P<inline>.+?)\\\)|\$\$(?P<display>.+?)\$\$", re.DOTALL)
LATER_LIST = re.compile(r'<ol start="\d+">')
#: QTI has no style attribute; these classes are its own.
ALIGNED = re.compile(r'<(t[dh]) style="text-align:(left|center|right)">')
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def write(items: Sequence[ExportedItem], *, version: str = "3.0") -> bytes:
    """A package (zip) with a manifest, one XML file per question, and its pictures."""
    words = VERSIONS[version]
    files: dict[str, bytes] = {"imsmanifest.xml": b""}
    resources = []
    for number, item in enumerate(items, start=1):
        name = f"items/item{number:04d}.xml"
        folder = f"items/item{number:04d}"
        used = [picture for picture in item.pictures if picture.name in repr(item.content)]
        writer = _Writer(
            item, words, number, {picture.name: f"item{number:04d}/{quote(picture.name)}" for picture in used}
        )
        files[name] = writer.xml().encode()
        files |= {f"{folder}/{picture.name}": picture.data for picture in used}
        resources.append(
            _resource(words, writer, name, [name, *(f"{folder}/{quote(picture.name)}" for picture in used)])
        )
    files["imsmanifest.xml"] = _manifest(words, resources).encode()
    return write_package(files)


def _resource(words: Words, writer: _Writer, name: str, files: list[str]) -> str:
    keywords = "".join(
        f"<imsmd:keyword><imsmd:string>{escape(tag)}</imsmd:string></imsmd:keyword>" for tag in writer.keywords()
    )
    return (
        f'<resource identifier="RES_{writer.identifier}" type="{words.item_type}" href="{name}">'
        f"<metadata><imsmd:lom><imsmd:general>{keywords}</imsmd:general></imsmd:lom></metadata>"
        + "".join(f'<file href="{escape(file)}"/>' for file in files)
        + "</resource>"
    )


def _manifest(words: Words, resources: list[str]) -> str:
    schema_version = "1.0.0" if words.version == "2.1" else "3.0.0"
    return (
        f'{HEAD}<manifest xmlns="{words.manifest_namespace}" xmlns:imsmd="http://ltsc.ieee.org/xsd/LOM"'
        f' identifier="MANIFEST"><metadata><schema>{words.schema}</schema>'
        f"<schemaversion>{schema_version}</schemaversion></metadata><organizations/>"
        f"<resources>{''.join(resources)}</resources></manifest>"
    )


class _Writer:
    def __init__(self, item: ExportedItem, words: Words, number: int, pictures: dict[str, str]) -> None:
        self._item = item
        # A question with parameters goes out as one of its variants.
        self._content = instantiate(item.content, item.key or item.name)[1]
        self._tag = words.tag
        self._words = words
        self._pictures = pictures
        self._facts: dict[str, str] = {}
        self._declared: list[str] = []
        self._rules: list[str] = []
        self.identifier = f"ITEM{number:04d}"

    def keywords(self) -> list[str]:
        """Tags, and what the item itself has no place for. After `xml`."""
        return all_tags(self._item, **self._facts, chapter=self._item.chapter, topic=self._item.topic)

    def xml(self) -> str:
        """The whole item."""
        content = self._content
        body = self._body()
        outcomes = self._outcome("SCORE", "float", "0") + self._outcome("MAXSCORE", "float", str(content.marks))
        feedback = ""
        if content.explanation:
            outcomes += self._outcome("FEEDBACK", "identifier", "explanation")
            inside = self.text(content.explanation)
            facts = {"outcomeIdentifier": "FEEDBACK", "showHide": "show", "identifier": "explanation"}
            wrapped = self._tag("contentBody", inside) if self._words.version == "3.0" else inside
            feedback = self._tag("modalFeedback", wrapped, facts)
        processing = self._tag("responseProcessing", "".join(self._rules)) if self._rules else ""
        inside = "".join([*self._declared, outcomes, self._tag("itemBody", body), processing, feedback])
        facts = {
            "xmlns": self._words.namespace,
            "identifier": self.identifier,
            "title": self._item.name or self.identifier,
            "label": self._item.key or "",
            "adaptive": "false",
            "timeDependent": "false",
            "toolName": TOOL,
            "toolVersion": "1",
        }
        return HEAD + self._tag("assessmentItem", inside, facts)

    def _outcome(self, name: str, base: str, value: str) -> str:
        default = self._tag("defaultValue", self._tag("value", value))
        facts = {"identifier": name, "cardinality": "single", "baseType": base}
        return self._tag("outcomeDeclaration", default, facts)

    # --- Texts
    def text(self, source: str) -> str:
        """Markdown as XHTML with MathML."""
        kept: list[str] = []

        def keep(match: re.Match[str]) -> str:
            kept.append(match[0])
            return f"\ue010{len(kept) - 1}\ue011"

        shown = FORMULA.sub(_formula, to_html(BLANK.sub(keep, clean(source))))
        shown = re.sub(r'(<img [^>]*?src=")([^"]*)(")', self._picture, shown)
        shown = ALIGNED.sub(r'<\1 class="qti-align-\2">', shown)
        if self._words.version == "2.1":
            # Every list begins with 1 there.
            shown = LATER_LIST.sub("<ol>", shown)
        return re.sub("\ue010(\\d+)\ue011", lambda match: escape(kept[int(match[1])]), shown)

    def _picture(self, match: re.Match[str]) -> str:
        return f"{match[1]}{escape(self._pictures.get(html.unescape(match[2]), match[2]))}{match[3]}"

    def plain_text(self, source: str) -> str:
        return escape(" ".join(source.split()))

    # --- Declarations and rules
    def _declare(
        self,
        correct: Sequence[str],
        cardinality: str = "single",
        base: str = "identifier",
        name: str = "RESPONSE",
        mapping: dict[str, Decimal] | None = None,
        case: bool | None = None,
    ) -> None:
        values = "".join(self._tag("value", escape(value)) for value in correct)
        inside = self._tag("correctResponse", values) if values else ""
        if mapping is not None:
            entries = "".join(
                self._tag(
                    "mapEntry",
                    "",
                    {
                        "mapKey": key,
                        "mappedValue": plain_number(round(value, 6)),
                        "caseSensitive": None if case is None else str(case).lower(),
                    },
                )
                for key, value in mapping.items()
            )
            upper = None if cardinality == "single" else self._content.marks
            facts = {"defaultValue": "0", "lowerBound": "0", "upperBound": upper}
            inside += self._tag("mapping", entries, facts)
        facts = {"identifier": name, "cardinality": cardinality, "baseType": base}
        self._declared.append(self._tag("responseDeclaration", inside, facts))

    def _add(self, expression: str) -> str:
        """SCORE grows by `expression`."""
        total = self._tag("sum", self._tag("variable", "", {"identifier": "SCORE"}) + expression)
        return self._tag("setOutcomeValue", total, {"identifier": "SCORE"})

    def _when_right(
        self, marks: Decimal, name: str = "RESPONSE", tolerance: str = "", base: str = "identifier"
    ) -> None:
        """`marks` for the declared answer, for a number within the tolerance."""
        both = self._tag("variable", "", {"identifier": name}) + self._tag("correct", "", {"identifier": name})
        if tolerance:
            facts = {"toleranceMode": "absolute", "tolerance": f"{tolerance} {tolerance}"}
            test = self._tag("equal", both, facts)
        elif base == "float":
            test = self._tag("equal", both, {"toleranceMode": "exact"})
        else:
            test = self._tag("match", both)
        gain = self._add(self._tag("baseValue", str(marks), {"baseType": "float"}))
        self._rules.append(self._tag("responseCondition", self._tag("responseIf", test + gain)))

    def _by_mapping(self, name: str = "RESPONSE") -> None:
        filled = self._tag("not", self._tag("isNull", self._tag("variable", "", {"identifier": name})))
        gain = self._add(self._tag("mapResponse", "", {"identifier": name}))
        self._rules.append(self._tag("responseCondition", self._tag("responseIf", filled + gain)))

    # --- Types
    def _body(self) -> str:
        type = self._item.type
        if type in WRITTEN:
            self._facts["type"] = type
            return self._written()
        writers: dict[str, Callable[[], str]] = {
            "single_choice": self._choice,
            "assertion_reason": self._choice,
            "multiple_choice": self._choice,
            "true_false": self._true_false,
            "numeric": self._numeric,
            "short_text": self._short_text,
            "expression": self._expression,
            "fill_in": self._fill_in,
            "matching": self._matching,
            "ordering": self._ordering,
        }
        return writers[type]()

    def _choices(self, name: str, choices: Sequence[tuple[str, str]], **facts: object) -> str:
        inside = "".join(self._tag("simpleChoice", text, {"identifier": label}) for label, text in choices)
        return self._tag(name, inside, {"responseIdentifier": "RESPONSE", "shuffle": "false"} | facts)

    def _choice(self) -> str:
        content = self._content
        right: Any = content.answer["choices"]
        if self._item.type == "assertion_reason":
            self._facts["type"] = "assertion_reason"
        several = self._item.type == "multiple_choice"
        cardinality = "multiple" if several else "single"
        if content.answer.get("grading") == "partial":
            gain = content.marks / len(right)
            loss = -content.marks / max(len(content.options) - len(right), 1)
            mapping = {one.label: gain if one.label in right else loss for one in content.options}
            self._declare(right, cardinality, mapping=mapping)
            self._by_mapping()
        else:
            self._declare(right, cardinality)
            self._when_right(content.marks)
        choices = [(option.label, self.text(option.text)) for option in content.options]
        return self.text(content.text) + self._choices("choiceInteraction", choices, maxChoices=0 if several else 1)

    def _true_false(self) -> str:
        right: Any = self._content.answer["choices"]
        self._declare(right)
        self._when_right(self._content.marks)
        choices = [("true", "true"), ("false", "false")]
        return self.text(self._content.text) + self._choices("choiceInteraction", choices, maxChoices=1)

    def _entry(self, after: str = "", name: str = "RESPONSE") -> str:
        entry = self._tag("textEntryInteraction", "", {"responseIdentifier": name, "expectedLength": 20})
        return f"<p>{entry}</p>{after}"

    def _numeric(self) -> str:
        key = self._content.answer
        self._declare([str(key["value"])], base="float")
        self._when_right(self._content.marks, tolerance=str(key.get("tolerance", "")), base="float")
        # Read back from its class; for people it says which unit the number is in.
        unit = f'<p class="unit">{escape(str(key["unit"]))}</p>' if key.get("unit") else ""
        return self.text(self._content.text) + unit + self._entry()

    def _accepted(self, key: Any, marks: Decimal, name: str) -> None:
        mapping = {one["text"]: marks * Decimal(one.get("credit", "1")) for one in key["accepted"]}
        best = [text for text, gain in mapping.items() if gain == marks]
        self._declare(best[:1], base="string", name=name, mapping=mapping, case=bool(key.get("match_case")))
        self._by_mapping(name)

    def _short_text(self) -> str:
        self._accepted(self._content.answer, self._content.marks, "RESPONSE")
        return self.text(self._content.text) + self._entry()

    def _expression(self) -> str:
        key = self._content.answer
        self._facts |= {"type": "expression", "form": str(key.get("form", ""))}
        self._declare([str(key["expression"])], base="string")
        self._when_right(self._content.marks)
        return self.text(self._content.text) + self._entry()

    def _fill_in(self) -> str:
        content = self._content
        blanks: Any = content.answer["blanks"]
        self._facts["type"] = "blank"
        places = {part.label: self._blank(part.label, blanks[part.label], part.marks) for part in content.parts}
        return BLANK.sub(lambda match: places.get(match[1], match[0]), self.text(content.text))

    def _blank(self, label: str, key: Any, marks: Decimal) -> str:
        name = f"RESPONSE_{label}"
        if key["kind"] == "choice":
            names = {text: f"C{i}" for i, text in enumerate(key["options"], start=1)}
            self._declare([names[key["correct"]]], name=name)
            self._when_right(marks, name)
            inside = "".join(
                self._tag("inlineChoice", self.plain_text(text), {"identifier": one}) for text, one in names.items()
            )
            return self._tag("inlineChoiceInteraction", inside, {"responseIdentifier": name, "shuffle": "false"})
        if key["kind"] == "number":
            self._declare([key["value"]], base="float", name=name)
            self._when_right(marks, name, tolerance=key.get("tolerance", "0"))
        else:
            self._accepted(key, marks, name)
        return self._tag("textEntryInteraction", "", {"responseIdentifier": name, "expectedLength": 15})

    def _matching(self) -> str:
        content = self._content
        pairs: Any = content.answer["pairs"]
        mapping = {f"P{part.label} {pairs[part.label]}": part.marks for part in content.parts}
        self._declare(list(mapping), "multiple", "directedPair", mapping=mapping)
        self._by_mapping()

        def choices(found: Sequence[tuple[str, str]], most: int) -> str:
            return self._tag(
                "simpleMatchSet",
                "".join(
                    self._tag("simpleAssociableChoice", self.text(text), {"identifier": name, "matchMax": most})
                    for name, text in found
                ),
            )

        left = choices([(f"P{part.label}", part.text) for part in content.parts], 1)
        right = choices([(option.label, option.text) for option in content.options], len(content.parts))
        facts = {"responseIdentifier": "RESPONSE", "shuffle": "false", "maxAssociations": len(content.parts)}
        return self.text(content.text) + self._tag("matchInteraction", left + right, facts)

    def _ordering(self) -> str:
        content = self._content
        order: Any = content.answer["order"]
        self._facts["grading"] = str(content.answer.get("grading", ""))
        self._declare(order, "ordered")
        self._when_right(content.marks)
        choices = [(option.label, self.text(option.text)) for option in content.options]
        return self.text(content.text) + self._choices("orderInteraction", choices)

    def _written(self) -> str:
        content = self._content
        upload = self._item.type == "file_upload"
        self._declare([], base="file" if upload else "string")
        shown = self.text(content.text)
        for part in content.parts:
            facts = {"label": part.label, "marks": str(part.marks), "alternative": part.alternative}
            shown += block("part", self.text(part.text), f"({part.label}) [{part.marks}]", **facts)
        facts = {"responseIdentifier": "RESPONSE"}
        interaction = self._tag("uploadInteraction" if upload else "extendedTextInteraction", "", facts)
        scheme = scheme_html(content, self.text)
        if self._words.version == "3.0":
            scheme = self._tag("contentBody", scheme)
        return shown + interaction + self._tag("rubricBlock", scheme, {"view": "scorer", "use": "scoring"})


def _formula(match: re.Match[str]) -> str:
    """MathML that carries its TeX, by which `html_markdown` brings it back."""
    tex, display = match["inline"] or match["display"], match["display"] is not None
    if tex is None:
        return match[0]
    tex = html.unescape(tex)
    try:
        rendered = render_content(f"$${tex}$$" if display else f"${tex}$").html
    except ContentError:
        return match[0]
    found = re.search(r"<math[^>]*>(.*)</math>", rendered, re.DOTALL)
    if found is None:
        return match[0]
    # HTML names the no-break space; XML does not know the name.
    inside = found[1].replace("&nbsp;", "\u00a0")
    kind = ' display="block"' if display else ""
    return (
        f'<math xmlns="{MATHML}"{kind}><semantics><mrow>{inside}</mrow>'
        f'<annotation encoding="application/x-tex">{escape(tex)}</annotation></semantics></math>'
    )

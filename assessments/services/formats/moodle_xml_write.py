"""Moodle XML of our questions. What Moodle has no place for (difficulty, level, our type) travels as tags."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from urllib.parse import quote

from assessments.services.formats.html_markdown import portable, to_html
from assessments.services.formats.items import ExportedItem
from assessments.services.formats.moodle_xml_cloze import START, write_blank
from assessments.services.formats.moodle_xml_source import PLUGIN_FILE
from assessments.services.formats.xml_items import WRITTEN, all_tags, block, plain_number, scheme_html
from assessments.services.formats.xml_tools import clean, escape
from assessments.services.variants import instantiate

BLANK = re.compile(r"\[\[(\d{1,3})\]\]")
FORMATS = {"plain": "plain_text", "html": "html", "markdown": "markdown"}
#: Moodle refuses a question whose answer earns any other percentage (its own list; wrong answers earn the negatives).
GRADES = (
    "100", "90", "83.33333", "80", "75", "70", "66.66667", "60", "50", "40", "33.33333", "30", "25", "20", "16.66667",
    "14.28571", "12.5", "11.11111", "10", "5", "0",
)  # fmt: skip


def write(items: Sequence[ExportedItem]) -> bytes:
    """A file that Moodle imports and `parse` reads back."""
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<quiz>']
    place = ("", "")
    for item in items:
        if (item.chapter, item.topic) != place:
            place = (item.chapter, item.topic)
            parts.append(_category(place))
        parts.append(_Writer(item).question())
    return "\n".join([*parts, "</quiz>\n"]).encode()


def _category(place: tuple[str, str]) -> str:
    path = "/".join(["$course$", "top", *(clean(name).replace("/", "//") for name in place if name)])
    return f'<question type="category"><category><text>{escape(path)}</text></category></question>'


class _Writer:
    def __init__(self, item: ExportedItem) -> None:
        self._item = item
        # Moodle draws from lists, not by rules: a question with parameters goes out as one of its variants.
        self._content = instantiate(item.content, item.key or item.name)[1]
        self._pictures = {picture.name: picture for picture in item.pictures}
        self._facts: dict[str, str] = {}

    def question(self) -> str:
        kind, body = self._body()
        content = self._content
        lines = [
            f'<question type="{kind}">',
            f"<name><text>{escape(self._item.name)}</text></name>",
            body,
            self.holder("generalfeedback", content.explanation),
            f"<defaultgrade>{content.marks}</defaultgrade>",
            "<penalty>0</penalty>",
            "<hidden>0</hidden>",
            f"<idnumber>{escape(self._item.key or '')}</idnumber>",
            *(self.holder("hint", hint) for hint in content.hints),
            "<tags>",
            *(f"<tag><text>{escape(tag)}</text></tag>" for tag in all_tags(self._item, **self._facts)),
            "</tags>",
            "</question>",
        ]
        return "\n".join(lines)

    def _body(self) -> tuple[str, str]:
        type = self._item.type
        if type in WRITTEN:
            self._facts["type"] = type
            return "essay", self._essay()
        writers: dict[str, tuple[str, Callable[[], str]]] = {
            "single_choice": ("multichoice", self._choice),
            "assertion_reason": ("multichoice", self._choice),
            "multiple_choice": ("multichoice", self._choice),
            "true_false": ("truefalse", self._true_false),
            "numeric": ("numerical", self._numeric),
            "short_text": ("shortanswer", self._short_text),
            "expression": ("shortanswer", self._expression),
            "fill_in": ("cloze", self._cloze),
            "matching": ("matching", self._matching),
            "ordering": ("ordering", self._ordering),
        }
        kind, writer = writers[type]
        body = writer()
        return kind, body if type == "fill_in" else self.holder("questiontext", self._content.text) + "\n" + body

    # --- Texts
    def holder(self, tag: str, text: str, more: str = "", attributes: str = "") -> str:
        """A text with its format and its pictures."""
        form, shown = portable(clean(text))
        return self._raw_holder(tag, shown, FORMATS[form], more, attributes)

    def _raw_holder(self, tag: str, shown: str, form: str, more: str = "", attributes: str = "") -> str:
        shown, files = self._with_pictures(shown, form)
        space = " " if attributes else ""
        return f'<{tag} format="{form}"{space}{attributes}><text>{escape(shown)}</text>{files}{more}</{tag}>'

    def _with_pictures(self, shown: str, form: str) -> tuple[str, str]:
        used: dict[str, None] = {}

        def address(match: re.Match[str]) -> str:
            name = match[2]
            if name not in self._pictures:
                return match[0]
            used[name] = None
            return f"{match[1]}{PLUGIN_FILE}/{quote(name)}{match[3]}"

        pattern = r'(<img [^>]*?src=")([^"]*)(")' if form == "html" else r"(!\[[^\]\n]*\]\(<?)([^)>\n]*)(>?\))"
        shown = re.sub(pattern, address, shown) if form != "plain_text" else shown
        files = [
            f'<file name="{escape(name)}" path="/" encoding="base64">'
            f"{base64.b64encode(self._pictures[name].data).decode()}</file>"
            for name in used
        ]
        return shown, "".join(files)

    def _answer(self, text: str, fraction: Decimal | int | str) -> str:
        """An answer whose text is plain."""
        return f'<answer fraction="{fraction}" format="moodle_auto_format"><text>{escape(text)}</text></answer>'

    # --- Types
    def _choice(self) -> str:
        content = self._content
        right = content.answer["choices"]
        assert isinstance(right, list)
        several = self._item.type == "multiple_choice"
        if self._item.type == "assertion_reason":
            self._facts["type"] = "assertion_reason"
        gain, loss = Decimal(100), Decimal(0)
        if several:
            gain = Decimal(100) / (len(right) or 1)
            # Moodle has no all-or-nothing: there, one wrong option costs everything. A tag brings back what was meant.
            wrong = len(content.options) - len(right)
            partial = content.answer.get("grading") == "partial"
            self._facts["grading"] = "" if partial else "all"
            loss = Decimal(-100) / (wrong or 1) if partial else Decimal(-100)
        answers = [
            self.holder(
                "answer",
                option.text,
                attributes=f'fraction="{_fraction(gain if option.label in right else loss)}"',
            )
            for option in content.options
        ]
        return "\n".join(
            [f"<single>{str(not several).lower()}</single>", "<shuffleanswers>1</shuffleanswers>", *answers]
        )

    def _true_false(self) -> str:
        right = self._content.answer["choices"] == ["true"]
        return self._answer("true", 100 if right else 0) + self._answer("false", 0 if right else 100)

    def _numeric(self) -> str:
        key = self._content.answer
        lines = [
            f'<answer fraction="100" format="moodle_auto_format"><text>{escape(str(key["value"]))}</text>'
            f"<tolerance>{escape(str(key.get('tolerance', '0')))}</tolerance></answer>"
        ]
        if key.get("unit"):
            unit = escape(str(key["unit"]))
            lines.append(f"<units><unit><multiplier>1</multiplier><unit_name>{unit}</unit_name></unit></units>")
        lines.append("<unitgradingtype>0</unitgradingtype>")
        lines.append(f"<showunits>{0 if key.get('unit') else 3}</showunits>")
        return "\n".join(lines)

    def _short_text(self) -> str:
        key = self._content.answer
        accepted = key["accepted"]
        assert isinstance(accepted, list)
        answers = [self._answer(one["text"], _grade(Decimal(one.get("credit", "1")) * 100)) for one in accepted]
        return "\n".join([f"<usecase>{int(bool(key.get('match_case')))}</usecase>", *answers])

    def _expression(self) -> str:
        key = self._content.answer
        self._facts |= {"type": "expression", "form": str(key.get("form", ""))}
        return "<usecase>1</usecase>\n" + self._answer(str(key["expression"]).replace("*", "\\*"), 100)

    def _cloze(self) -> str:
        content = self._content
        blanks = content.answer["blanks"]
        assert isinstance(blanks, dict)
        whole = all(part.marks % 1 == 0 for part in content.parts)
        weights = {part.label: int(part.marks if whole else part.marks * 2) for part in content.parts}

        def blank(match: re.Match[str]) -> str:
            label = match[1]
            return write_blank(blanks[label], weights.get(label, 1)) if label in blanks else match[0]

        kept: list[str] = []

        def keep(match: re.Match[str]) -> str:
            kept.append(blank(match))
            return f"\ue010{len(kept) - 1}\ue011"

        # What only looks like a blank must not become one.
        shown = START.sub(lambda match: "&#123;" + match[0][1:], to_html(BLANK.sub(keep, clean(content.text))))
        shown = re.sub("\ue010(\\d+)\ue011", lambda match: kept[int(match[1])], shown)
        return self._raw_holder("questiontext", shown, "html")

    def _matching(self) -> str:
        content = self._content
        pairs = content.answer["pairs"]
        assert isinstance(pairs, dict)
        texts = {option.label: option.text for option in content.options}
        lines = ["<shuffleanswers>true</shuffleanswers>"]
        # Moodle learns the choices from the pairs, so their lettering travels as a tag.
        for label, text in texts.items():
            if label not in pairs.values():
                lines.append(self._pair("", text))
        lines += [self._pair(part.text, texts[pairs[part.label]]) for part in content.parts]
        self._facts["order"] = _choice_order(list(texts), [str(pairs[part.label]) for part in content.parts])
        return "\n".join(lines)

    def _pair(self, left: str, right: str) -> str:
        form, shown = portable(clean(right))
        answer = (
            f"<answer><text>{escape(shown)}</text></answer>"
            if form == "plain"
            else self._raw_holder("answer", shown, FORMATS[form])
        )
        return self.holder("subquestion", left, answer)

    def _ordering(self) -> str:
        content = self._content
        order = content.answer["order"]
        assert isinstance(order, list)
        texts = {option.label: option.text for option in content.options}
        if order != sorted(order):
            self._facts["order"] = "-".join(order)
        grading = "RELATIVE_NEXT_EXCLUDE_LAST" if content.answer.get("grading") == "partial" else "ALL_OR_NOTHING"
        answers = [
            self.holder("answer", texts[label], attributes=f'fraction="{position}.0000000"')
            for position, label in enumerate(order, start=1)
        ]
        head = [
            "<layouttype>VERTICAL</layouttype>",
            "<selecttype>ALL</selecttype>",
            f"<gradingtype>{grading}</gradingtype>",
        ]
        return "\n".join([*head, *answers])

    def _essay(self) -> str:
        content = self._content
        upload = self._item.type == "file_upload"
        shown = to_html(clean(content.text))
        for part in content.parts:
            facts = {"label": part.label, "marks": str(part.marks), "alternative": part.alternative}
            shown += "\n" + block("part", to_html(clean(part.text)), f"({part.label}) [{part.marks}]", **facts)
        text = (
            self._raw_holder("questiontext", shown, "html")
            if content.parts
            else self.holder("questiontext", content.text)
        )
        return "\n".join(
            [
                text,
                f"<responseformat>{'noinline' if upload else 'editor'}</responseformat>",
                f"<responserequired>{int(not upload)}</responserequired>",
                "<responsefieldlines>15</responsefieldlines>",
                f"<attachments>{int(upload)}</attachments>",
                f"<attachmentsrequired>{int(upload)}</attachmentsrequired>",
                self._raw_holder("graderinfo", scheme_html(content, lambda one: to_html(clean(one))), "html"),
            ]
        )


def _grade(value: Decimal) -> str:
    """The nearest percentage that Moodle takes for an answer."""
    return _fraction(min(map(Decimal, GRADES), key=lambda grade: abs(grade - value)))


def _fraction(value: Decimal) -> str:
    """As Moodle writes percentages: at most five places."""
    return plain_number(round(value, 5))


def _choice_order(labels: list[str], used: list[str]) -> str:
    """How the choices a reader meets (unused ones first) are lettered here; empty when it letters them so itself."""
    met = list(dict.fromkeys([*(label for label in labels if label not in used), *used]))
    return "" if met == labels or len(labels) > 12 else "-".join(met)

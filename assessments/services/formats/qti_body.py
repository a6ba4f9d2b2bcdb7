"""The text of a QTI item as Markdown: the body with its interactions taken out, its formulas and pictures kept."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from assessments.services.formats.html_markdown import FindPicture, from_html
from assessments.services.formats.packages import resolve
from assessments.services.formats.xml_items import Pictures, UnusableError
from assessments.services.formats.xml_tools import VOID, child, plain

INTERACTION = re.compile("[A-Za-z]+Interaction")
KEPT = re.compile("\ue010(\\d+)\ue011")
ATTRIBUTES = frozenset(
    ("src", "alt", "href", "start", "colspan", "rowspan", "class", "style", "encoding", "display", "open", "close",
     "separators")
)  # fmt: skip
TRANSPARENT = frozenset(("itemBody", "contentBody", "hottext", "prompt", "simpleChoice", "simpleAssociableChoice",
                         "gapText", "inlineChoice", "infoControl", "rubricBlock", "modalFeedback"))  # fmt: skip
DROPPED = {
    "feedbackInline": "Feedback inside the text was left out.",
    "feedbackBlock": "Feedback inside the text was left out.",
    "stylesheet": "",
    "companionMaterialsInfo": "",
}
#: Reads a file of the package, or None when there is none of that name.
ReadFile = Callable[[str], bytes | None]


@dataclass
class Body:
    """Converts the texts of one item. `where` is the item's name in its package, from which pictures are addressed."""

    where: str
    read: ReadFile
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pictures = Pictures(self.notes)
        self._kept: list[str] = []

    def keep(self, text: str) -> str:
        """A stand-in for `text` that passes through the HTML and becomes `text` again."""
        self._kept.append(text)
        return f"\ue010{len(self._kept) - 1}\ue011"

    @property
    def finder(self) -> FindPicture:
        """Finds pictures by their address in the item."""

        def find(address: str) -> tuple[str, bytes] | None:
            name = resolve(self.where, unquote(address))
            content = self.read(name) if name else None
            return (name, content) if name and content is not None else None

        return self.pictures.finder(find)

    def markdown(self, element: Element, instead: Mapping[Element, str] | None = None) -> str:
        """What is inside `element`, with the markup `instead` for some elements of it."""
        return self.from_markup(self.markup(element, instead or {}))

    def from_markup(self, markup: str) -> str:
        """Markup with stand-ins as Markdown."""
        converted = from_html(markup, picture=self.finder)
        self.notes.extend(note for note in converted.notes if note not in self.notes)
        return KEPT.sub(lambda match: self._kept[int(match[1])], converted.text).strip()

    def markup(self, element: Element, instead: Mapping[Element, str]) -> str:
        """The inside of `element` as HTML."""
        parts = [_text(element.text)]
        for one in element:
            parts += [self._one(one, instead), _text(one.tail)]
        return "".join(parts)

    def _one(self, element: Element, instead: Mapping[Element, str]) -> str:
        name = str(element.tag)
        if element in instead:
            return instead[element]
        if name in DROPPED:
            if DROPPED[name] and plain(element) and DROPPED[name] not in self.notes:
                self.notes.append(DROPPED[name])
            return ""
        if name == "printedVariable" or name.startswith("template"):
            raise UnusableError("Its values are drawn by a template of QTI.")
        if name == "object" and (element.get("type", "").startswith("image/") or child(element, "img") is None):
            source, alt = html.escape(element.get("data", "")), html.escape(plain(element))
            return f'<img src="{source}" alt="{alt}">' if element.get("type", "").startswith("image/") else "<object>"
        inside = self.markup(element, instead)
        if name == "prompt":
            return f"<div>{inside}</div>"
        if not name or name in TRANSPARENT or INTERACTION.fullmatch(name):
            return inside
        given = "".join(f' {key}="{html.escape(value)}"' for key, value in element.attrib.items() if key in ATTRIBUTES)
        return f"<{name}{given}>" if name in VOID else f"<{name}{given}>{inside}</{name}>"


def _text(text: str | None) -> str:
    return html.escape(KEPT.sub("", text or ""), quote=False)

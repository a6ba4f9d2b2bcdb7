"""One `<question>` of a Moodle XML file: its texts, files, tags and the things every type has."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from assessments.services.content_schema import MAX_HINTS
from assessments.services.formats.conversions import with_feedback
from assessments.services.formats.html_markdown import (
    MAX_HTML,
    FindPicture,
    from_html,
    from_markdown,
    from_moodle,
    from_plain,
)
from assessments.services.formats.xml_items import MAX_MANY, Pictures, UnusableError, half_marks, number, split_tags
from assessments.services.formats.xml_tools import child, children, local, plain

PLUGIN_FILE = "@@PLUGINFILE@@"
FULL = Decimal("99.99")
#: What Moodle itself puts there; losing it loses nothing.
USUAL_FEEDBACK = frozenset(
    ("", "Your answer is correct.", "Your answer is partially correct.", "Your answer is incorrect.")
)
USUAL_PENALTIES = frozenset((Decimal("0.3333333"), Decimal("0.1"), Decimal("0"), Decimal("1"), Decimal("0.33")))
#: Stand in for something that must pass through the HTML untouched.
KEPT = re.compile("\ue010(\\d+)\ue011")


@dataclass
class Answer:
    """One `<answer>`: what is said, and the percentage it earns."""

    element: Element
    fraction: Decimal

    @property
    def raw(self) -> str:
        return text_of(self.element)

    @property
    def right(self) -> bool:
        return self.fraction >= FULL


@dataclass
class Source:
    """A question being read. `notes` collects every loss, `pictures` every picture a text shows."""

    element: Element
    where: str
    notes: list[str] = field(default_factory=list)
    #: Done to every text before it is converted.
    prepare: Callable[[str], str] | None = None
    #: Whether what is said about each answer has found its place.
    feedback_is_kept: bool = False

    def __post_init__(self) -> None:
        self.pictures = Pictures(self.notes)
        self.facts, self.tags = split_tags(
            [plain(tag) for tags in children(self.element, "tags") for tag in children(tags, "tag")]
        )
        self.name = plain(child(self.element, "name"))
        self._kept: list[str] = []
        self._files: dict[Element, dict[str, bytes]] = {}
        self._decoded: dict[Element, bytes] = {}

    # --- Texts
    def value(self, name: str, default: str = "") -> str:
        """The bare text of the child `name`."""
        found = child(self.element, name)
        return plain(found) if found is not None else default

    def flag(self, name: str, default: bool = False) -> bool:
        """A child that says true or false (or 1 or 0). An empty element says true."""
        found = child(self.element, name)
        return default if found is None else plain(found).lower() in {"1", "true", ""}

    def text(self, name: str, prepare: Callable[[str], str] | None = None) -> str:
        """The child `name` as Markdown."""
        found = child(self.element, name)
        text = self.markdown(found, prepare) if found is not None else ""
        return text + self._old_picture() if name == "questiontext" else text

    def _old_picture(self) -> str:
        """The picture below the text, as files of Moodle 1.9 have it."""
        data = child(self.element, "image_base64")
        if data is None:
            return ""
        name = self.pictures.add_base64(self.value("image") or "picture", "".join(data.itertext()))
        return f"\n\n![]({name})" if name else ""

    def markdown(self, holder: Element, prepare: Callable[[str], str] | None = None, usual: str = "html") -> str:
        """The text inside `holder`, in the format it says (or the `usual` one), as Markdown."""
        source = KEPT.sub("", text_of(holder))
        if len(source) > MAX_HTML:
            raise UnusableError(f"One of its texts has {len(source)} characters; {MAX_HTML} is the most.")
        for change in (self.prepare, prepare):
            source = change(source) if change is not None else source
        form = holder.get("format", usual)
        picture = self.finder(holder)
        if form in {"plain_text", "plain"}:
            converted = from_plain(source)
        elif form == "markdown":
            converted = from_markdown(self._markdown_pictures(source, picture))
        elif form == "moodle_auto_format":
            converted = from_moodle(source, picture=picture)
        else:
            converted = from_html(source, picture=picture)
        self.notes.extend(note for note in converted.notes if note not in self.notes)
        return KEPT.sub(lambda match: self._kept[int(match[1])], converted.text)

    def keep(self, text: str) -> str:
        """A stand-in for `text` that passes through `markdown` and becomes `text` again."""
        self._kept.append(text)
        return f"\ue010{len(self._kept) - 1}\ue011"

    def finder(self, holder: Element) -> FindPicture:
        """Finds the pictures of `holder`, which lie beside its text (or with another text of the question)."""

        def find(address: str) -> tuple[str, bytes] | None:
            if not address.startswith(PLUGIN_FILE):
                return None
            wanted = unquote(address[len(PLUGIN_FILE) :].split("?")[0]).lstrip("/")
            for place in (holder, self.element):
                if (data := self._files_in(place).get(wanted)) is not None:
                    return wanted, data
            return None

        return self.pictures.finder(find)

    def _files_in(self, place: Element) -> dict[str, bytes]:
        """The files anywhere inside `place`, decoded once."""
        if place not in self._files:
            self._files[place] = {
                _file_name(one): self._decode(one)
                for one in place.iter()
                if local(one) == "file" and one.get("encoding") == "base64"
            }
        return self._files[place]

    def _decode(self, element: Element) -> bytes:
        if element not in self._decoded:
            self._decoded[element] = _base64(element)
        return self._decoded[element]

    def _markdown_pictures(self, source: str, picture: Callable[[str], str | None]) -> str:
        def shown(match: re.Match[str]) -> str:
            name = picture(match[2])
            if name is None:
                self.notes.append(f"A picture was left out, because the file does not contain it: “{match[2][:60]}”.")
            return f"![{match[1]}]({name})" if name else match[1]

        return re.sub(r"!\[([^]\n]*)\]\(<?([^)>\n]*)>?\)", shown, source)

    # --- What every type has
    def answers(self) -> list[Answer]:
        """The answers in their order; one without a readable fraction earns nothing."""
        return [Answer(one, number(one.get("fraction", "0")) or Decimal(0)) for one in self.many("answer")]

    def many(self, name: str) -> list[Element]:
        """The children `name`. Raises UnusableError when there are too many."""
        found = children(self.element, name)
        if len(found) > MAX_MANY:
            raise UnusableError(f"It has {len(found)} answers or options; {MAX_MANY} is the most that can be read.")
        return found

    def marks(self) -> Decimal:
        """`<defaultgrade>` in halves."""
        grade = child(self.element, "defaultgrade")
        if grade is None:
            return Decimal(1)
        return half_marks(number(plain(grade)), self.notes)

    def explain(
        self, fields: dict[str, Any], answers: list[Answer], shown: list[str], several: bool = False
    ) -> dict[str, Any]:
        """`fields` with what is said about each answer (as `shown`) in the explanation."""
        self.feedback_is_kept = True
        told = [
            (text, self.markdown(feedback), answer.right or (several and answer.fraction > 0))
            for text, answer in zip(shown, answers, strict=True)
            if (feedback := child(answer.element, "feedback")) is not None
        ]
        return fields | {"explanation": with_feedback(fields["explanation"], told, self.notes)}

    def common(self) -> dict[str, Any]:
        """The fields of the content that every type has."""
        return {"marks": self.marks(), "text": self.text("questiontext"), **self.feedback()}

    def feedback(self) -> dict[str, Any]:
        """The explanation and the hints."""
        return {"explanation": self.text("generalfeedback"), "hints": self.hints()}

    def hints(self) -> tuple[str, ...]:
        """The texts of `<hint>`; what else a hint may do there (clear wrong answers, count right ones) is noted."""
        found = []
        for hint in self.many("hint"):
            if text := self.markdown(hint).strip():
                found.append(text)
            if any(child(hint, more) is not None for more in ("shownumcorrect", "clearwrong")):
                self._note("Hints showed how many answers were right or cleared wrong ones; only their text was kept.")
        if len(found) > MAX_HINTS:
            self._note(f"Of {len(found)} hints the first {MAX_HINTS} were kept.")
        return tuple(found[:MAX_HINTS])

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def add_usual_losses(self) -> None:
        """Notes for what any question may carry and ours has no place for."""
        if not self.feedback_is_kept and any(plain(found) for found in _below(self.element, "answer", "feedback")):
            self.notes.append("The feedback to single answers was left out.")
        names = ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback")
        said = {
            re.sub("<[^<>]*>", "", text_of(found)).strip() for name in names for found in children(self.element, name)
        }
        if said - USUAL_FEEDBACK:
            self.notes.append("The feedback for right, partly right and wrong answers was left out.")
        penalty = number(self.value("penalty", "0"))
        if penalty is not None and penalty not in USUAL_PENALTIES:
            self.notes.append(f"The penalty of {penalty.normalize():f} for a further try was left out.")


def text_of(holder: Element | None) -> str:
    """The text of a holder: in its `<text>`, or bare as very old files have it."""
    if holder is None:
        return ""
    inner = child(holder, "text")
    return "".join(inner.itertext()) if inner is not None else (holder.text or "")


def _below(element: Element, outer: str, inner: str) -> Iterator[Element]:
    for one in children(element, outer):
        yield from children(one, inner)


def _file_name(element: Element) -> str:
    return f"{element.get('path', '/').strip('/')}/{element.get('name', '')}".lstrip("/")


def _base64(element: Element) -> bytes:
    try:
        return base64.b64decode("".join((element.text or "").split()))
    except (binascii.Error, ValueError):
        return b""

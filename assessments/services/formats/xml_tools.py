"""XML of other systems: read safely (no entities, bounded depth and size); small tools for its readers."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]
from defusedxml.ElementTree import DefusedXMLParser  # type: ignore[import-untyped]

from assessments.services.formats.items import MAX_DEPTH, FormatError, check_size

MAX_ELEMENTS = 600_000
MAX_ATTRIBUTES = 200
#: Feeding in pieces lets a tag that never ends be noticed before all of it has been kept.
PIECE = 64 * 1024
MAX_TAG = 8 * 1024 * 1024
VOID = frozenset({"br", "hr", "img", "col", "wbr", "source", "input"})
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Builder(TreeBuilder):
    """A tree that refuses to grow beyond the bounds."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._count = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._count += 1
        if self._depth > MAX_DEPTH:
            raise FormatError(f"The XML is nested more than {MAX_DEPTH} levels deep.")
        if self._count > MAX_ELEMENTS:
            raise FormatError(f"The XML has more than {MAX_ELEMENTS} elements; split the file.")
        if len(attrs) > MAX_ATTRIBUTES:
            raise FormatError(f"An element of the XML has more than {MAX_ATTRIBUTES} attributes.")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


class _Parser(DefusedXMLParser):  # type: ignore[misc]
    """Some programs name a document type, as web pages do. That is harmless; one that declares anything is not."""

    def defused_start_doctype_decl(self, name: str, sysid: str, pubid: str, has_internal_subset: bool) -> None:
        if has_internal_subset:
            super().defused_start_doctype_decl(name, sysid, pubid, has_internal_subset)


def parse_xml(data: bytes, what: str = "The file") -> Element:
    """The root of an XML document. Raises FormatError with the line of the fault; `what` begins its sentence."""
    check_size(data)
    data = data.lstrip(b" \t\r\n")
    parser = _Parser(target=_Builder(), forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        for start in range(0, len(data), PIECE):
            parser.feed(data[start : start + PIECE])
            if start - parser.parser.CurrentByteIndex > MAX_TAG:
                raise FormatError(f"{what} has a tag that does not end.")
        root = parser.close()
    except ParseError as error:
        line, column = error.position
        raise FormatError(
            f"{what} is not well-formed XML (line {line}, column {column + 1}){_shown(data, line, column)}."
        ) from error
    except DefusedXmlException as error:
        raise FormatError(f"{what} declares a document type or entities, which are not accepted.") from error
    except (ValueError, LookupError, TypeError, OverflowError) as error:
        raise FormatError(f"{what} is XML in an encoding that cannot be read; save it as UTF-8.") from error
    if not isinstance(root, Element):
        raise FormatError(f"{what} is empty.")
    return root


def _shown(data: bytes, line: int, column: int) -> str:
    """What stands at the fault, for people who look for it."""
    lines = data.split(b"\n", line)
    text = lines[line - 1].decode("utf-8", "replace") if line <= len(lines) else ""
    start = max(0, column - 30)
    piece = " ".join(clean(text[start : start + 60]).split())
    return f": “{piece}”" if piece else ""


def local(element: Element) -> str:
    """The tag without its namespace; empty for a comment or processing instruction."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def child(element: Element, *names: str) -> Element | None:
    """The first element down the path of local `names`, or None."""
    found: Element | None = element
    for name in names:
        found = next((one for one in found if local(one) == name), None) if found is not None else None
    return found


def children(element: Element, name: str) -> list[Element]:
    """All child elements of that local name."""
    return [one for one in element if local(one) == name]


def descendants(element: Element, *names: str) -> Iterator[Element]:
    """All elements below of one of the local `names`, in document order."""
    return (one for one in element.iter() if one is not element and local(one) in names)


def plain(element: Element | None) -> str:
    """All text inside, spaces made single."""
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def clean(text: str) -> str:
    """`text` without the characters XML cannot hold."""
    return NOT_XML.sub("", text)


def escape(text: str) -> str:
    """`text` as character data or attribute value."""
    return html.escape(clean(text))

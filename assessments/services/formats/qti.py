"""QTI 2.1, 2.2 and 3.0: packages (zip) and single items are read, packages written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from assessments.services.formats.items import MAX_ITEMS, FormatError, ImportedItem, ParsedFile, Skipped, check_size
from assessments.services.formats.packages import Package, is_zip, resolve
from assessments.services.formats.qti_body import Body, ReadFile
from assessments.services.formats.qti_items import Item, read_item
from assessments.services.formats.qti_vocabulary import normalise
from assessments.services.formats.qti_write import TOOL, write
from assessments.services.formats.xml_items import UnusableError, finish, split_tags
from assessments.services.formats.xml_tools import child, children, descendants, local, parse_xml, plain

__all__ = ["parse", "write"]

FORMAT = "QTI"
MANIFEST = "imsmanifest.xml"
TOO_OLD = ("imsqti_xmlv1p1", "imsqti_xmlv1p2", "imsqti_item_xmlv2p0", "imsqti_asiitem", "assessment_v1p")


@dataclass(frozen=True)
class _Resource:
    """An item of the package: its file and the keywords that the manifest gives it."""

    name: str
    keywords: tuple[str, ...] = ()


def parse(data: bytes, *, file_name: str = "") -> ParsedFile:
    """Every item of a package, or the one item of an XML file. Raises FormatError."""
    check_size(data)
    if not is_zip(data):
        return _single(data, file_name)
    package = Package(data)
    resources = _resources(package)
    if not resources:
        raise FormatError("There are no QTI 2.1, 2.2 or 3.0 items in this package.")
    if len(resources) > MAX_ITEMS:
        raise FormatError(f"The package has {len(resources)} items; {MAX_ITEMS} is the most.")

    def read(name: str) -> bytes | None:
        return package.read(name) if name in package else None

    items: list[ImportedItem] = []
    skipped: list[Skipped] = []
    for resource in resources:
        found = _from_package(resource, read)
        if isinstance(found, ImportedItem):
            items.append(found)
        else:
            skipped.append(found)
    return ParsedFile(FORMAT, tuple(items), tuple(skipped))


def _single(data: bytes, file_name: str) -> ParsedFile:
    root = normalise(parse_xml(data))
    if root.tag == "assessmentTest":
        raise FormatError("This is a QTI test without its items; bring the whole package (zip).")
    if root.tag != "assessmentItem":
        raise FormatError(f"This is not QTI: it begins with <{str(root.tag)[:40]}>, not with <assessmentItem>.")
    found = _read(root, file_name or "the file", (), lambda name: None)
    if isinstance(found, ImportedItem):
        return ParsedFile(FORMAT, (found,))
    return ParsedFile(FORMAT, (), (found,))


# --- The package -----------------------------------------------------------------------------------------------------
def _resources(package: Package) -> list[_Resource]:
    """The items of the manifest in its order; without a manifest, all XML files that are items."""
    manifests = [name for name in package.names() if name.rpartition("/")[2].lower() == MANIFEST]
    if not manifests:
        return [
            _Resource(name) for name in package.names() if name.lower().endswith(".xml") and _is_item(package, name)
        ]
    manifest = min(manifests, key=lambda name: name.count("/"))
    root = parse_xml(package.read(manifest), "The manifest of the package")
    found, kinds = [], set()
    for resource in descendants(root, "resource"):
        kind = resource.get("type", "").lower()
        kinds.add(kind)
        if "item" not in kind or any(old in kind for old in TOO_OLD):
            continue
        name = resolve(manifest, unquote(resource.get("href", "")))
        if name is None:
            raise FormatError(f"The manifest names a file outside the package: “{resource.get('href', '')[:80]}”.")
        found.append(_Resource(name, tuple(_keywords(resource))))
    if found and not any(one.name in package for one in found):
        # The names of the manifest are not those of the files: the files say what they are.
        found = [
            _Resource(name) for name in package.names() if name.lower().endswith(".xml") and _is_item(package, name)
        ]
    if not found and any(old in kind for kind in kinds for old in TOO_OLD):
        raise FormatError("This package is QTI 1.2 (or 2.0); only QTI 2.1, 2.2 and 3.0 can be read.")
    return list(dict.fromkeys(found))


def _is_item(package: Package, name: str) -> bool:
    return (
        re.search(rb"<(?:[\w.-]+:)?(?:assessmentItem|qti-assessment-item)[\s>]", package.read(name)[:4000]) is not None
    )


def _keywords(resource: Element) -> Iterator[str]:
    for keyword in descendants(resource, "keyword"):
        strings = [plain(one) for one in keyword.iter() if local(one) in {"string", "langstring"}]
        yield from (text for text in strings or [plain(keyword)] if text)


def _from_package(resource: _Resource, read: ReadFile) -> ImportedItem | Skipped:
    data = read(resource.name)
    if data is None:
        return Skipped(resource.name, "", "The manifest names this file, but the package does not contain it.")
    try:
        root = normalise(parse_xml(data, "The item"))
    except FormatError as error:
        return Skipped(resource.name, "", error.message)
    if root.tag != "assessmentItem":
        return Skipped(resource.name, "", "It is not an item of QTI.")
    return _read(root, resource.name, resource.keywords, read)


# --- One item --------------------------------------------------------------------------------------------------------
def _read(root: Element, where: str, keywords: tuple[str, ...], read: ReadFile) -> ImportedItem | Skipped:
    name = root.get("title", "").strip() or root.get("identifier", "")
    own = root.get("toolName") == TOOL
    facts, tags = split_tags(keywords)
    body = Body(where, read)
    try:
        if children(root, "templateDeclaration") or child(root, "templateProcessing") is not None:
            raise UnusableError("Its values are drawn by a template of QTI.")
        kind, fields = read_item(Item(root, body, facts, own))
    except UnusableError as error:
        return Skipped(where, name, str(error))
    except FormatError as error:
        return Skipped(where, name, error.message)
    item = {
        "where": where,
        "name": name,
        "key": (root.get("label") if own else root.get("identifier")) or None,
        "chapter": facts.get("chapter", ""),
        "topic": facts.get("topic", ""),
        "tags": tags,
        "pictures": tuple(body.pictures.kept.values()),
    }
    return finish(item, kind, fields, facts, body.notes)

"""The two vocabularies of QTI: 2.x (`choiceInteraction`, `maxChoices`), 3.0 (`qti-choice-interaction`, `max-choices`).

Readers see 2.x only: `normalise` renames a tree of 3.0. Writers say 2.x and `Words` puts it in the version wanted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from assessments.services.formats.items import FormatError
from assessments.services.formats.xml_tools import escape, local

OLD = ("questestinterop", "item", "assessment", "section", "qticomment")


@dataclass(frozen=True)
class Words:
    """How one version names things."""

    version: str
    namespace: str
    item_type: str
    manifest_namespace: str
    schema: str
    template: str

    def tag(self, name: str, inside: str = "", attributes: Mapping[str, object] | None = None) -> str:
        """An element of QTI (not of HTML) whose 2.x name is `name`; `inside` is markup already."""
        words = {key: value for key, value in (attributes or {}).items() if value not in (None, "")}
        if self.version == "3.0":
            name = "qti-" + _hyphens(name)
            words = {_hyphens(key): value for key, value in words.items()}
        given = "".join(f' {key}="{escape(str(value))}"' for key, value in words.items())
        return f"<{name}{given}>{inside}</{name}>" if inside else f"<{name}{given}/>"


VERSIONS = {
    "2.1": Words(
        "2.1",
        "http://www.imsglobal.org/xsd/imsqti_v2p1",
        "imsqti_item_xmlv2p1",
        "http://www.imsglobal.org/xsd/imscp_v1p1",
        "QTIv2.1 Package",
        "http://www.imsglobal.org/question/qti_v2p1/rptemplates/",
    ),
    "3.0": Words(
        "3.0",
        "http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
        "imsqti_item_xmlv3p0",
        "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1",
        "QTI Package",
        "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/",
    ),
}


def normalise(root: Element) -> Element:
    """The same tree in the words of 2.x without namespaces. Raises FormatError for a QTI that is too old."""
    if local(root) in OLD:
        raise FormatError("This is QTI 1.2 (or older); only QTI 2.1, 2.2 and 3.0 can be read.")
    modern = local(root).startswith("qti-")
    for element in root.iter():
        name = local(element)
        if name.startswith("qti-"):
            name = _camel(name[4:])
        element.tag = name
        for key in list(element.attrib):
            plain = key.rpartition("}")[2]
            if modern and "-" in plain and not plain.startswith(("data-", "aria-")):
                plain = _camel(plain)
            if plain != key:
                element.attrib[plain] = element.attrib.pop(key)
    return root


def _camel(name: str) -> str:
    head, *rest = name.split("-")
    return head + "".join(word.capitalize() for word in rest)


def _hyphens(name: str) -> str:
    return re.sub("[A-Z]", lambda match: "-" + match[0].lower(), name)

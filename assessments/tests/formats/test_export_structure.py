"""What the standards ask of a file, checked on every shipped question: order, names, required and allowed attributes.

The schemas themselves are not free to be shipped; these rules are those that readers of QTI and Moodle stumble over.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from assessments.services.formats import moodle_xml, qti
from assessments.services.formats.moodle_xml_write import GRADES
from assessments.tests.formats.test_shipped_banks import BANK

pytestmark = pytest.mark.slow

ORDER = ["responseDeclaration", "outcomeDeclaration", "itemBody", "responseProcessing", "modalFeedback"]
BLOCKS = {
    "p", "div", "ul", "ol", "table", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "math",
    "choiceInteraction", "matchInteraction", "orderInteraction", "extendedTextInteraction", "uploadInteraction",
    "rubricBlock",
}  # fmt: skip
INLINE = {"textEntryInteraction", "inlineChoiceInteraction"}
ENTRIES = {"itemBody": BLOCKS, "modalFeedback": None}
REQUIRED = {
    "assessmentItem": {"identifier", "title", "adaptive", "timeDependent"},
    "responseDeclaration": {"identifier", "cardinality", "baseType"},
    "outcomeDeclaration": {"identifier", "cardinality", "baseType"},
    "mapEntry": {"mapKey", "mappedValue"},
    "choiceInteraction": {"responseIdentifier", "shuffle", "maxChoices"},
    "orderInteraction": {"responseIdentifier", "shuffle"},
    "matchInteraction": {"responseIdentifier", "shuffle", "maxAssociations"},
    "inlineChoiceInteraction": {"responseIdentifier", "shuffle"},
    "textEntryInteraction": {"responseIdentifier"},
    "extendedTextInteraction": {"responseIdentifier"},
    "uploadInteraction": {"responseIdentifier"},
    "simpleChoice": {"identifier"},
    "inlineChoice": {"identifier"},
    "simpleAssociableChoice": {"identifier", "matchMax"},
    "rubricBlock": {"view"},
    "modalFeedback": {"outcomeIdentifier", "showHide", "identifier"},
    "equal": {"toleranceMode"},
    "baseValue": {"baseType"},
    "img": {"src", "alt"},
}
#: XHTML in QTI 2.1 has these and no others.
HTML_ATTRIBUTES = {
    "img": {"src", "alt", "width", "height", "longdesc"}, "a": {"href", "type"}, "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
}  # fmt: skip
COMMON = {"class", "id", "label"}
NAME = re.compile(r"[A-Za-z_][\w.-]*")
MATHML = "{http://www.w3.org/1998/Math/MathML}"
SPACES = {"2.1": "http://www.imsglobal.org/xsd/imsqti_v2p1", "3.0": "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"}


def items(version: str) -> Iterator[Element]:
    package = zipfile.ZipFile(io.BytesIO(qti.write(BANK, version=version)))
    for name in package.namelist():
        if name.endswith(".xml") and name != "imsmanifest.xml":
            yield fromstring(package.read(name))


def camel(name: str) -> str:
    head, *rest = name.removeprefix("qti-").split("-")
    return head + "".join(part.capitalize() for part in rest)


def plain_tree(root: Element, version: str) -> Element:
    """The tree in the words of 2.1, after a look at those of its version. MathML keeps its name space."""
    for element in root.iter():
        if element.tag.startswith(MATHML):
            element.tag = "math" if element.tag == f"{MATHML}math" else element.tag
            continue
        space, _brace, name = element.tag[1:].partition("}")
        assert space == SPACES[version]
        own = name.startswith("qti-")
        assert own == (version == "3.0" and camel(name) in set(REQUIRED) | set(ORDER) | {*QTI_WORDS})
        element.tag = camel(name) if own else name
        if own:
            assert all(key == key.lower() for key in element.attrib)
            element.attrib.update({camel(key): element.attrib.pop(key) for key in list(element.attrib)})
    return root


QTI_WORDS = (
    "correctResponse", "defaultValue", "value", "mapping", "simpleMatchSet", "responseCondition", "responseIf", "match",
    "variable", "correct", "setOutcomeValue", "sum", "not", "isNull", "mapResponse", "contentBody",
)  # fmt: skip


def children(element: Element) -> list[str]:
    return [str(one.tag) for one in element]


@pytest.mark.parametrize("version", ["2.1", "3.0"])
def test_qti_items_are_built_as_the_standard_says(version: str) -> None:
    for root in items(version):
        item = plain_tree(root, version)
        names = children(item)
        assert names == sorted(names, key=ORDER.index)
        declared = [one.get("identifier") for one in item if one.tag == "responseDeclaration"]
        body = next(one for one in item if one.tag == "itemBody")
        assert not (body.text or "").strip()
        assert not any((one.tail or "").strip() for one in body)
        assert set(children(body)) <= BLOCKS
        for element in item.iter():
            tag = str(element.tag)
            if tag.startswith(MATHML):
                continue
            assert REQUIRED.get(tag, set()) <= set(element.attrib), tag
            if "identifier" in element.attrib:
                assert NAME.fullmatch(element.attrib["identifier"])
            if "responseIdentifier" in element.attrib:
                assert element.attrib["responseIdentifier"] in declared
            if tag in {"p", "td", "th", "li", "strong", "em", "h3"}:
                assert not set(children(element)) & (
                    BLOCKS - {"math"} - {"p", "ul", "ol", "table", "pre", "blockquote"}
                )
            if tag == "p":
                assert not set(children(element)) & (BLOCKS - {"math"})
            if tag not in {*REQUIRED, *ORDER, *QTI_WORDS, "math"} or tag == "img":
                assert set(element.attrib) <= COMMON | HTML_ATTRIBUTES.get(tag, set()), (tag, element.attrib)
        for name in ("match", "equal"):
            for element in item.iter(name):
                assert children(element) == ["variable", "correct"]
                kind = next(one for one in item if one.get("identifier") == element[0].get("identifier"))
                # Floats are compared by `equal`, everything else by `match`.
                assert (kind.get("baseType") == "float") == (name == "equal")
        for element in item.iter("rubricBlock"):
            assert version != "3.0" or children(element) == ["contentBody"]
        for element in item.iter("modalFeedback"):
            assert version != "3.0" or children(element) == ["contentBody"]


@pytest.mark.parametrize(("version", "start"), [("2.1", None), ("3.0", "3")])
def test_lists_and_columns_have_only_attributes_of_the_standard(version: str, start: str | None) -> None:
    text = "Which?\n\n3. third\n4. fourth\n\n| a | b |\n|---|--:|\n| 1 | 2 |"
    item = replace(BANK[0], content=replace(BANK[0].content, text=text))
    package = zipfile.ZipFile(io.BytesIO(qti.write([item], version=version)))
    tree = plain_tree(fromstring(package.read("items/item0001.xml")), version)
    assert [one.get("start") for one in tree.iter("ol")] == [start]
    assert [one.attrib for tag in ("th", "td") for one in tree.iter(tag)] == [{}, {"class": "qti-align-right"}] * 2


@pytest.mark.parametrize(
    ("version", "kind", "schema"), [("2.1", "2p1", "QTIv2.1 Package"), ("3.0", "3p0", "QTI Package")]
)
def test_the_manifest_names_its_standard(version: str, kind: str, schema: str) -> None:
    package = zipfile.ZipFile(io.BytesIO(qti.write(BANK[:3], version=version)))
    manifest = fromstring(package.read("imsmanifest.xml"))
    text = {element.tag.rpartition("}")[2]: element.text for element in manifest.iter()}
    assert (text["schema"], text["schemaversion"]) == (schema, "1.0.0" if version == "2.1" else "3.0.0")
    assert children(manifest)[-1].endswith("resources")
    for resource in manifest.iter(manifest.tag.replace("manifest", "resource")):
        assert resource.get("type") == f"imsqti_item_xmlv{kind}"
        assert resource.get("href") in package.namelist()


def test_moodle_takes_every_question() -> None:
    """By Moodle's own reader: known formats of texts, percentages of its list, what each type must have."""
    quiz = fromstring(moodle_xml.write(BANK))
    listed = {*GRADES, *(f"-{grade}" for grade in GRADES)}
    needed = {
        "multichoice": {"single", "shuffleanswers", "answer"},
        "truefalse": {"answer"},
        "shortanswer": {"usecase", "answer"},
        "numerical": {"answer"},
        "matching": {"shuffleanswers", "subquestion"},
        "ordering": {"layouttype", "selecttype", "gradingtype", "answer"},
        "essay": {"responseformat", "responserequired", "responsefieldlines", "attachments", "graderinfo"},
        "cloze": set(),
    }
    for question in quiz:
        kind = question.get("type", "")
        if kind == "category":
            assert (question.findtext("category/text") or "").startswith("$course$/top/")
            continue
        names = {str(one.tag) for one in question}
        assert needed[kind] | {"name", "questiontext", "generalfeedback", "hidden"} <= names
        assert kind == "cloze" or float(question.findtext("defaultgrade") or 0) > 0
        for element in question.iter():
            if element.get("format"):
                assert element.get("format") in {"html", "markdown", "plain_text", "moodle_auto_format"}
                assert element.find("text") is not None
        for answer in question.findall("answer"):
            if kind != "ordering":
                assert answer.get("fraction") in listed
        if kind in {"multichoice", "truefalse", "shortanswer", "numerical"}:
            gains = [float(answer.get("fraction") or 0) for answer in question.findall("answer")]
            best = max(gains) if question.findtext("single") != "false" else sum(gain for gain in gains if gain > 0)
            assert abs(best - 100) < 0.01

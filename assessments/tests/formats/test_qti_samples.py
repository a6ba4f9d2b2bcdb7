"""Items as TAO, Inspera, ONYX and others write them, by hand: what becomes of each, and what is refused."""
# ruff: noqa: E501 -- the samples are written as the systems write them

from __future__ import annotations

from decimal import Decimal

import pytest

from assessments.services.formats.items import FormatError
from assessments.services.formats.packages import write_package
from assessments.services.formats.qti import parse
from assessments.tests.formats.exported import PNG

V21 = "http://www.imsglobal.org/xsd/imsqti_v2p1"
V22 = "http://www.imsglobal.org/xsd/imsqti_v2p2"
V30 = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
MATCH = '<responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"/>'
MAP = '<responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/map_response"/>'


def item(declarations: str, body: str, processing: str = MATCH, namespace: str = V21) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><assessmentItem xmlns="{namespace}" identifier="i1" title="An item"'
        f' adaptive="false" timeDependent="false">{declarations}<outcomeDeclaration identifier="SCORE"'
        f' cardinality="single" baseType="float"/><itemBody>{body}</itemBody>{processing}</assessmentItem>'
    ).encode()


def declare(
    *correct: str, cardinality: str = "single", base: str = "identifier", mapping: str = "", name: str = "RESPONSE"
) -> str:
    values = "".join(f"<value>{value}</value>" for value in correct)
    return (
        f'<responseDeclaration identifier="{name}" cardinality="{cardinality}" baseType="{base}">'
        f"<correctResponse>{values}</correctResponse>{mapping}</responseDeclaration>"
    )


def mapped(**keys: str) -> str:
    entries = "".join(
        f'<mapEntry mapKey="{key.replace("_", " ")}" mappedValue="{value}"/>' for key, value in keys.items()
    )
    return f'<mapping defaultValue="0">{entries}</mapping>'


def choices(*names: str) -> str:
    return "".join(f'<simpleChoice identifier="{name}">{name.lower()} text</simpleChoice>' for name in names)


def only(data: bytes):
    parsed = parse(data)
    assert not parsed.skipped
    (found,) = parsed.items
    return found


def reason(data: bytes) -> str:
    (skipped,) = parse(data).skipped
    return skipped.reason


CHOICE = '<p>Which?</p><choiceInteraction responseIdentifier="RESPONSE" maxChoices="{}"><prompt>Say.</prompt>{}</choiceInteraction>'


class TestInteractions:
    def test_choice_with_prompt(self):
        found = only(item(declare("B"), CHOICE.format(1, choices("A", "B")), namespace=V22))
        assert found.type == "single_choice"
        assert found.key == "i1"
        assert found.content.text == "Which?\n\nSay."
        assert found.content.answer == {"choices": ["B"]}
        assert found.notes == ()

    def test_multiple_choice_is_all_or_nothing_when_matched(self):
        found = only(item(declare("A", "C", cardinality="multiple"), CHOICE.format(0, choices("A", "B", "C"))))
        assert found.content.answer == {"choices": ["A", "C"]}

    def test_multiple_choice_is_partial_when_mapped(self):
        mapping = mapped(A="1", C="1", B="-2")
        data = item(
            declare("A", "C", cardinality="multiple", mapping=mapping), CHOICE.format(0, choices("A", "B", "C")), MAP
        )
        found = only(data)
        assert found.content.answer == {"choices": ["A", "C"], "grading": "partial"}
        assert found.content.marks == 2
        assert found.notes == ()

    def test_true_and_false(self):
        body = CHOICE.format(
            1, '<simpleChoice identifier="a">True</simpleChoice><simpleChoice identifier="b">False</simpleChoice>'
        )
        found = only(item(declare("b"), body))
        assert (found.type, found.content.answer) == ("true_false", {"choices": ["false"]})

    def test_order(self):
        body = f'<orderInteraction responseIdentifier="RESPONSE">{choices("A", "B", "C")}</orderInteraction>'
        found = only(item(declare("B", "A", "C", cardinality="ordered"), "<p>Sort.</p>" + body))
        assert found.content.answer == {"order": ["B", "A", "C"]}

    def test_match_with_a_target_too_many(self):
        sets = "".join(
            "<simpleMatchSet>"
            + "".join(
                f'<simpleAssociableChoice identifier="{name}" matchMax="1">{name}</simpleAssociableChoice>'
                for name in names
            )
            + "</simpleMatchSet>"
            for names in (("L1", "L2"), ("R1", "R2", "R3"))
        )
        body = f'<p>Join.</p><matchInteraction responseIdentifier="RESPONSE">{sets}</matchInteraction>'
        mapping = mapped(L1_R3="1.5", L2_R1="0.5", L2_R2="-1")
        declaration = declare("L1 R3", "L2 R1", cardinality="multiple", base="directedPair", mapping=mapping)
        found = only(item(declaration, body, MAP))
        assert found.content.answer == {"pairs": {"1": "C", "2": "A"}}
        assert [part.marks for part in found.content.parts] == [Decimal("1.5"), Decimal("0.5")]

    def test_associate(self):
        both = "".join(
            f'<simpleAssociableChoice identifier="{name}" matchMax="1">{name}</simpleAssociableChoice>'
            for name in "PQRS"
        )
        body = f'<p>Join.</p><associateInteraction responseIdentifier="RESPONSE">{both}</associateInteraction>'
        found = only(item(declare("P S", "Q R", cardinality="multiple", base="pair"), body))
        assert [part.text for part in found.content.parts] == ["P", "Q"]
        assert found.content.answer == {"pairs": {"1": "B", "2": "A"}}
        assert found.notes

    def test_text_entry_at_the_end_is_a_short_text(self):
        entry = '<textEntryInteraction responseIdentifier="RESPONSE" expectedLength="9"/>'
        mapping = mapped(York="1", york="0.5")
        data = item(declare("York", base="string", mapping=mapping), f"<p>Now is the winter. Who? {entry}</p>", MAP)
        found = only(data)
        assert found.type == "short_text"
        assert found.content.text == "Now is the winter. Who?"
        assert found.content.answer["accepted"] == [{"text": "York", "credit": "1"}, {"text": "york", "credit": "0.5"}]

    def test_stars_of_others_are_no_wildcards(self):
        entry = '<textEntryInteraction responseIdentifier="RESPONSE"/>'
        found = only(item(declare("2*3", base="string"), f"<p>Six? {entry}</p>"))
        assert found.content.answer == {"accepted": [{"text": "2\\*3", "credit": "1"}], "match_case": True}

    def test_numbers_in_a_text(self):
        processing = (
            '<responseProcessing><responseCondition><responseIf><equal toleranceMode="relative" tolerance="10 10">'
            '<variable identifier="RESPONSE"/><correct identifier="RESPONSE"/></equal><setOutcomeValue identifier="SCORE">'
            '<baseValue baseType="float">2</baseValue></setOutcomeValue></responseIf></responseCondition></responseProcessing>'
        )
        entry = '<textEntryInteraction responseIdentifier="RESPONSE"/>'
        found = only(item(declare("50", base="float"), f"<p>It is {entry} metres.</p>", processing))
        assert found.type == "fill_in"
        assert found.content.answer["blanks"]["1"] == {"kind": "number", "value": "50", "tolerance": "5"}
        assert found.content.marks == 2

    def test_blanks_of_both_kinds(self):
        inline = (
            '<inlineChoice identifier="y">York</inlineChoice><inlineChoice identifier="g">Gloucester</inlineChoice>'
        )
        body = (
            f'<p>A <inlineChoiceInteraction responseIdentifier="R1">{inline}</inlineChoiceInteraction> and a '
            '<textEntryInteraction responseIdentifier="R2"/>.</p>'
        )
        found = only(item(declare("y", name="R1") + declare("son", base="string", name="R2"), body))
        assert found.content.text == "A [[1]] and a [[2]]."
        assert found.content.answer["blanks"]["1"] == {
            "kind": "choice",
            "options": ["York", "Gloucester"],
            "correct": "York",
        }
        assert [part.marks for part in found.content.parts] == [Decimal("0.5")] * 2

    def test_gap_match(self):
        words = (
            '<gapText identifier="W" matchMax="1">winter</gapText><gapText identifier="S" matchMax="1">summer</gapText>'
        )
        body = (
            f'<gapMatchInteraction responseIdentifier="RESPONSE">{words}<p>Now is the <gap identifier="G1"/> of the '
            '<gap identifier="G2"/>.</p></gapMatchInteraction>'
        )
        found = only(item(declare("W G1", "S G2", cardinality="multiple", base="directedPair"), body))
        assert found.content.text == "Now is the [[1]] of the [[2]]."
        assert found.content.answer["blanks"]["2"] == {
            "kind": "choice",
            "options": ["winter", "summer"],
            "correct": "summer",
        }

    def test_hottext(self):
        body = (
            '<hottextInteraction responseIdentifier="RESPONSE" maxChoices="1"><p>The <hottext identifier="A">cat</hottext> '
            '<hottext identifier="B">sit</hottext>.</p></hottextInteraction>'
        )
        found = only(item(declare("B"), body))
        assert found.content.text == "The cat sit."
        assert [option.text for option in found.content.options] == ["cat", "sit"]

    def test_several_choices_become_blanks(self):
        inner = '<choiceInteraction responseIdentifier="{}" maxChoices="1"><prompt>{}</prompt>{}</choiceInteraction>'
        body = inner.format("R1", "First?", choices("A", "B")) + inner.format("R2", "Second?", choices("C", "D"))
        found = only(item(declare("A", name="R1") + declare("D", name="R2"), body))
        assert found.content.text == "First?\n\n[[1]]\n\nSecond?\n\n[[2]]"
        assert found.notes

    def test_writing_and_upload(self):
        body = '<p>Describe.</p><extendedTextInteraction responseIdentifier="RESPONSE"/>'
        rubric = '<rubricBlock view="scorer"><p>Two valves.</p></rubricBlock>'
        found = only(item(declare(base="string"), body + rubric, ""))
        assert found.type == "very_short_answer"
        assert found.content.text == "Describe."
        assert found.content.model_answer == "Two valves."
        upload = '<p>Send.</p><uploadInteraction responseIdentifier="RESPONSE"/>'
        assert only(item(declare(base="file"), upload, "")).type == "file_upload"

    @pytest.mark.parametrize(
        ("body", "word"),
        [
            ("<p>Only a text.</p>", "no interaction"),
            ('<hotspotInteraction responseIdentifier="RESPONSE"/>', "places on a picture"),
            ('<customInteraction responseIdentifier="RESPONSE"/>', "another system"),
            ('<p>a <printedVariable identifier="x"/></p>' + CHOICE.format(1, choices("A", "B")), "template"),
            (CHOICE.format(1, choices("A", "B")) + '<extendedTextInteraction responseIdentifier="R"/>', "mixes"),
            (CHOICE.format(1, choices("X", "Y")), "No right answer"),
            (CHOICE.format(1, choices("A", "B")).replace("RESPONSE", "OTHER"), "not declared"),
        ],
    )
    def test_what_cannot_be_ours_is_named(self, body, word):
        assert word in reason(item(declare("A"), body))


class TestScoring:
    def test_rules_written_out_by_hand(self):
        processing = (
            "<responseProcessing><responseCondition><responseIf><match><variable identifier='RESPONSE'/>"
            "<baseValue baseType='identifier'>B</baseValue></match><setOutcomeValue identifier='SCORE'>"
            "<baseValue baseType='float'>3</baseValue></setOutcomeValue></responseIf></responseCondition></responseProcessing>"
        )
        found = only(item(declare(), CHOICE.format(1, choices("A", "B")), processing))
        assert found.content.answer == {"choices": ["B"]}
        assert found.content.marks == 3

    def test_rules_of_its_own_leave_a_note(self):
        processing = (
            "<responseProcessing><responseCondition><responseIf><contains><variable identifier='RESPONSE'/>"
            "<baseValue baseType='identifier'>B</baseValue></contains><setOutcomeValue identifier='SCORE'>"
            "<baseValue baseType='float'>1</baseValue></setOutcomeValue></responseIf></responseCondition></responseProcessing>"
        )
        found = only(
            item(declare("A", "B", cardinality="multiple"), CHOICE.format(0, choices("A", "B", "C")), processing)
        )
        assert any("rules of its own" in note for note in found.notes)

    def test_the_stated_maximum_counts(self):
        most = '<outcomeDeclaration identifier="MAXSCORE" cardinality="single" baseType="float"><defaultValue><value>4.0</value>'
        data = item(declare("A") + most + "</defaultValue></outcomeDeclaration>", CHOICE.format(1, choices("A", "B")))
        assert only(data).content.marks == 4


class TestTexts:
    def test_formulas_and_pictures_of_the_package(self):
        math = '<m:math xmlns:m="http://www.w3.org/1998/Math/MathML"><m:mfrac><m:mi>x</m:mi><m:mn>2</m:mn></m:mfrac></m:math>'
        picture = '<img src="../images/a%20heart.png" alt="heart"/><object data="../images/a%20heart.png" type="image/png">b</object>'
        body = f"<p>Is {math} as in {picture}?</p>" + CHOICE.format(1, choices("A", "B"))
        manifest = (
            '<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1"><resources><resource identifier="r"'
            ' type="imsqti_item_xmlv2p1" href="items/i1/qti.xml"/></resources></manifest>'
        )
        files = {
            "imsmanifest.xml": manifest.encode(),
            "items/i1/qti.xml": item(declare("A"), body.replace("../images", "../../images")),
            "images/a heart.png": PNG,
        }
        found = only(write_package(files))
        assert found.content.text.startswith("Is $\\frac{x}{2}$ as in ![heart](a-heart.png)![b](a-heart.png)?")
        assert [one.data for one in found.pictures] == [PNG]

    def test_a_picture_from_elsewhere_is_left_out(self):
        body = '<p>See <img src="../../../etc/passwd" alt="it"/><img src="http://example.org/a.png" alt=""/>.</p>'
        found = only(item(declare("A"), body + CHOICE.format(1, choices("A", "B"))))
        assert found.pictures == ()
        assert any("picture was left out" in note for note in found.notes)

    def test_feedback_is_said_to_be_lost(self):
        feedback = '<modalFeedback outcomeIdentifier="F" showHide="show" identifier="wrong">No!</modalFeedback>'
        found = only(item(declare("A"), CHOICE.format(1, choices("A", "B")), MATCH + feedback))
        assert any("Feedback" in note for note in found.notes)

    def test_qti_3_as_others_write_it(self):
        data = f"""<?xml version="1.0" encoding="UTF-8"?>
        <qti-assessment-item xmlns="{V30}" identifier="q3" title="Three" adaptive="false" time-dependent="false">
          <qti-response-declaration base-type="identifier" cardinality="single" identifier="RESPONSE">
            <qti-correct-response><qti-value>A</qti-value></qti-correct-response></qti-response-declaration>
          <qti-outcome-declaration base-type="float" cardinality="single" identifier="SCORE" normal-maximum="2.0"/>
          <qti-item-body><p>Pick.</p>
            <qti-choice-interaction max-choices="1" response-identifier="RESPONSE" data-x-y="1" class="qti-labels-none">
              <qti-simple-choice identifier="A"><p>One</p></qti-simple-choice>
              <qti-simple-choice identifier="B"><p>Two</p></qti-simple-choice>
            </qti-choice-interaction></qti-item-body>
          <qti-response-processing template="https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml"/>
        </qti-assessment-item>""".encode()
        found = only(data)
        assert found.content.answer == {"choices": ["A"]}
        assert found.content.marks == 2


class TestRefused:
    def test_qti_1_2_is_named(self):
        canvas = b'<questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2"><assessment ident="x"/></questestinterop>'
        with pytest.raises(FormatError, match=r"QTI 1\.2"):
            parse(canvas)
        manifest = (
            b'<manifest xmlns="http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"><resources><resource identifier="g"'
            b' type="imsqti_xmlv1p2"><file href="g/g.xml"/></resource></resources></manifest>'
        )
        with pytest.raises(FormatError, match=r"QTI 1\.2"):
            parse(write_package({"imsmanifest.xml": manifest, "g/g.xml": canvas}))

    @pytest.mark.parametrize(
        ("data", "word"),
        [
            (b"", "empty"),
            (b"<a>", "well-formed"),
            (b"<quiz/>", "not QTI"),
            (b'<assessmentTest xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1"/>', "whole package"),
            (b'<!DOCTYPE a [<!ENTITY b "c">]><assessmentItem/>', "entities"),
            (write_package({"readme.txt": b"hi"}), "no QTI"),
            (write_package({"imsmanifest.xml": b"<manifest>"}), "manifest"),
            (
                write_package(
                    {"imsmanifest.xml": b'<m><resource type="imsqti_item_xmlv2p1" href="../../a.xml"/></m>'},
                ),
                "outside the package",
            ),
        ],
    )
    def test_with_a_sentence(self, data, word):
        with pytest.raises(FormatError) as caught:
            parse(data)
        assert word in caught.value.message

    def test_a_missing_or_broken_item_does_not_stop_the_others(self):
        resources = "".join(
            f'<resource type="imsqti_item_xmlv2p2" href="{name}.xml"/>' for name in ("a", "b", "c", "d")
        )
        files = {
            "pack/imsmanifest.xml": f"<manifest><resources>{resources}</resources></manifest>".encode(),
            "pack/a.xml": item(declare("A"), CHOICE.format(1, choices("A", "B"))),
            "pack/c.xml": b"<broken",
            "pack/d.xml": b"<svg/>",
        }
        parsed = parse(write_package(files))
        assert [one.where for one in parsed.items] == ["pack/a.xml"]
        assert [one.where for one in parsed.skipped] == ["pack/b.xml", "pack/c.xml", "pack/d.xml"]

    def test_a_package_without_a_manifest_is_searched(self):
        files = {"x/a.xml": item(declare("A"), CHOICE.format(1, choices("A", "B"))), "x/other.xml": b"<svg/>"}
        assert only(write_package(files)).where == "x/a.xml"

"""Files as Moodle itself writes them, by hand: what becomes of every type, and what is said about the rest."""

from __future__ import annotations

import base64
from decimal import Decimal

import pytest

from assessments.services.content_schema import QuestionContent
from assessments.services.formats import qti
from assessments.services.formats.items import ExportedItem, FormatError
from assessments.services.formats.moodle_xml import parse, write
from assessments.tests.formats.exported import PNG

PIXEL = base64.b64encode(PNG).decode()


def quiz(*questions: str) -> bytes:
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n' + "\n".join(questions) + "\n</quiz>").encode()


def question(kind: str, body: str, text: str = "<p>Which?</p>", grade: str = "1.0000000", more: str = "") -> str:
    """As Moodle 4 exports one."""
    return f"""<!-- question: 4711  -->
  <question type="{kind}">
    <name><text>A question</text></name>
    <questiontext format="html"><text><![CDATA[{text}]]></text>{more}</questiontext>
    <generalfeedback format="html"><text></text></generalfeedback>
    <defaultgrade>{grade}</defaultgrade>
    <penalty>0.3333333</penalty>
    <hidden>0</hidden>
    <idnumber></idnumber>
    {body}
  </question>"""


def answer(text: str, fraction: str, feedback: str = "", more: str = "") -> str:
    return (
        f'<answer fraction="{fraction}" format="html"><text><![CDATA[{text}]]></text>'
        f'<feedback format="html"><text>{feedback}</text></feedback>{more}</answer>'
    )


def only(*questions: str):
    parsed = parse(quiz(*questions))
    assert not parsed.skipped
    (item,) = parsed.items
    return item


def reason(*questions: str) -> str:
    (skipped,) = parse(quiz(*questions)).skipped
    return skipped.reason


class TestChoice:
    def test_one_right_option(self):
        body = "<single>true</single><shuffleanswers>true</shuffleanswers><answernumbering>abc</answernumbering>"
        item = only(question("multichoice", body + answer("<p>Lima</p>", "0") + answer("<p>Quito</p>", "100")))
        assert item.type == "single_choice"
        assert item.content.answer == {"choices": ["B"]}
        assert [o.text for o in item.content.options] == ["Lima", "Quito"]
        assert item.notes == ()

    def test_several_right_options_share_the_marks(self):
        body = (
            "<single>false</single>" + answer("2", "50") + answer("3", "50") + answer("4", "-50") + answer("9", "-50")
        )
        item = only(question("multichoice", body, grade="2.0000000"))
        assert item.type == "multiple_choice"
        assert item.content.answer == {"choices": ["A", "B"], "grading": "partial"}
        assert item.notes == ()

    def test_other_shares_and_feedback_are_said_to_change(self):
        body = "<single>false</single>" + answer("2", "75") + answer("3", "25", "nearly") + answer("4", "0")
        item = only(question("multichoice", body))
        notes = " ".join(item.notes)
        assert "different shares" in notes
        assert "takes away" in notes
        assert item.content.explanation == "nearly"

    def test_partial_credit_of_single_choice_is_noted(self):
        body = "<single>true</single>" + answer("2", "100") + answer("3", "50") + answer("4", "-25")
        notes = " ".join(only(question("multichoice", body)).notes)
        assert "earned a part" in notes
        assert "took marks away" in notes

    def test_true_false(self):
        body = answer("true", "0") + answer("false", "100")
        item = only(question("truefalse", body))
        assert (item.type, item.content.answer) == ("true_false", {"choices": ["false"]})


class TestWordsAndNumbers:
    def test_short_answer_keeps_wildcards_and_credit(self):
        body = (
            "<usecase>1</usecase>" + answer("mitral*", "100") + answer("bicuspid valve", "50") + answer("*", "0", "no")
        )
        item = only(question("shortanswer", body))
        assert item.content.answer == {
            "accepted": [{"text": "mitral*", "credit": "1"}, {"text": "bicuspid valve", "credit": "0.5"}],
            "match_case": True,
        }

    def test_a_best_answer_below_full_marks_is_raised(self):
        item = only(question("shortanswer", "<usecase>0</usecase>" + answer("lung", "80")))
        assert item.content.answer["accepted"] == [{"text": "lung", "credit": "1"}]
        assert any("80 %" in note for note in item.notes)

    def test_numerical_with_units(self):
        body = (
            answer("9.81", "100", more="<tolerance>0.01</tolerance>")
            + answer("10", "50", more="<tolerance>0</tolerance>")
            + "<unitgradingtype>0</unitgradingtype><units><unit><multiplier>1</multiplier><unit_name>m/s^2</unit_name>"
            "</unit><unit><multiplier>100</multiplier><unit_name>cm/s^2</unit_name></unit></units>"
        )
        item = only(question("numerical", body, grade="2"))
        assert item.content.answer == {"value": "9.81", "tolerance": "0.01", "unit": "m/s^2"}
        assert any("Further answers" in note for note in item.notes)
        assert any("units" in note for note in item.notes)

    @pytest.mark.parametrize(
        ("written", "value"), [("1e-3", "0.001"), ("2,5", "2.5"), ("-.5", "-0.5"), ("1E3", "1000")]
    )
    def test_numbers_in_other_spellings(self, written, value):
        assert only(question("numerical", answer(written, "100"))).content.answer["value"] == value

    def test_a_number_that_is_none_is_refused(self):
        assert "No number" in reason(question("numerical", answer("pi", "100")))


class TestPairsAndOrder:
    def pair(self, left: str, right: str) -> str:
        shown = f"<text><![CDATA[{left}]]></text><answer><text>{right}</text></answer>"
        return f'<subquestion format="html">{shown}</subquestion>'

    def test_matching_with_a_choice_too_many(self):
        body = self.pair("<p>2+2</p>", "4") + self.pair("<p>3+3</p>", "6") + self.pair("", "9")
        item = only(question("matching", "<shuffleanswers>true</shuffleanswers>" + body, grade="3"))
        assert item.content.answer == {"pairs": {"1": "A", "2": "B"}}
        assert [o.text for o in item.content.options] == ["4", "6", "9"]
        assert [p.marks for p in item.content.parts] == [Decimal("1.5")] * 2

    def test_marks_that_cannot_be_divided_grow(self):
        body = "".join(self.pair(f"<p>{n}</p>", str(n)) for n in range(4))
        item = only(question("matching", body))
        assert item.content.marks == 2
        assert any("raised from 1 to 2" in note for note in item.notes)

    def test_dragged_matching_with_html_on_the_right(self):
        pairs = "".join(
            f'<subquestion format="html"><text><![CDATA[<p>{n}</p>]]></text>'
            f'<answer format="html"><text><![CDATA[<p><strong>{n}{n}</strong></p>]]></text></answer></subquestion>'
            for n in "ab"
        )
        assert [o.text for o in only(question("ddmatch", pairs)).content.options] == ["**aa**", "**bb**"]

    def test_ordering(self):
        body = "<selecttype>ALL</selecttype><gradingtype>ALL_OR_NOTHING</gradingtype>"
        item = only(question("ordering", body + answer("one", "1") + answer("two", "2") + answer("three", "3")))
        assert item.content.answer == {"order": ["A", "B", "C"]}
        graded = body.replace("ALL_OR_NOTHING", "ABSOLUTE_POSITION")
        item = only(question("ordering", graded + answer("one", "1") + answer("two", "2")))
        assert item.content.answer["grading"] == "partial"
        assert item.notes


class TestBlanks:
    def test_cloze_with_every_kind_of_blank(self):
        text = (
            "<p>{1:SHORTANSWER:=Bern#yes~%50%Berne~*#no} lies on the {2:MC:Rhine~=Aare~Rh&ocirc;ne}, "
            "at {1:NUMERICAL:=540:5~%50%540:50} m. Escaped: {:SAC:=a\\}b\\~c}</p>"
        )
        item = only(question("cloze", "", text, grade="5"))
        blanks = item.content.answer["blanks"]
        assert item.content.text == "[[1]] lies on the [[2]], at [[3]] m. Escaped: [[4]]"
        assert blanks["1"] == {
            "kind": "text",
            "accepted": [{"text": "Bern", "credit": "1"}, {"text": "Berne", "credit": "0.5"}],
            "match_case": False,
        }
        assert blanks["2"] == {"kind": "choice", "options": ["Rhine", "Aare", "Rhône"], "correct": "Aare"}
        assert blanks["3"] == {"kind": "number", "value": "540", "tolerance": "5"}
        assert blanks["4"]["accepted"] == [{"text": "a}b~c", "credit": "1"}]
        assert blanks["4"]["match_case"] is True
        assert [part.marks for part in item.content.parts] == [1, 2, 1, 1]

    def test_cloze_with_several_answers_at_one_place_is_refused(self):
        assert "several answers" in reason(question("cloze", "", "{1:MULTIRESPONSE:=a~=b~c}"))

    def test_a_best_choice_below_full_marks_is_raised(self):
        item = only(question("cloze", "", "Fruit: {1:MULTICHOICE:Pear~%50%Apple}"))
        assert item.content.answer["blanks"]["1"]["correct"] == "Apple"
        assert any("50 %" in note for note in item.notes)

    def test_cloze_without_a_closing_brace_is_no_blank(self):
        assert "no blanks" in reason(question("cloze", "", "{1:SHORTANSWER:=a"))

    @pytest.mark.parametrize(("kind", "box"), [("ddwtos", "dragbox"), ("gapselect", "selectoption")])
    def test_words_for_gaps(self, kind, box):
        words = [("cat", 1), ("mat", 2), ("dog", 1), ("hat", 2)]
        boxes = "".join(f"<{box}><text>{word}</text><group>{group}</group></{box}>" for word, group in words)
        item = only(question(kind, boxes, "<p>The [[3]] sat on the [[2]], said the [[1]].</p>", grade="3"))
        assert item.content.text == "The [[1]] sat on the [[2]], said the [[3]]."
        assert item.content.answer["blanks"]["1"] == {"kind": "choice", "options": ["cat", "dog"], "correct": "dog"}
        assert item.content.answer["blanks"]["2"]["correct"] == "mat"

    def test_a_gap_without_its_word_is_refused(self):
        boxes = "<dragbox><text>cat</text><group>1</group></dragbox>"
        assert "Gap 7" in reason(question("ddwtos", boxes, "[[7]]"))


class TestCalculated:
    def dataset(self, name: str) -> str:
        return (
            f"<dataset_definition><status><text>private</text></status><name><text>{name}</text></name>"
            "<type>calculated</type><distribution><text>uniform</text></distribution><minimum><text>1</text></minimum>"
            "<maximum><text>9</text></maximum><decimals><text>0</text></decimals><itemcount>1</itemcount><dataset_items>"
            "<dataset_item><number>1</number><value>3</value></dataset_item></dataset_items></dataset_definition>"
        )

    def body(self, formula: str, *names: str) -> str:
        datasets = "".join(map(self.dataset, names))
        more = "<tolerance>0.01</tolerance><tolerancetype>1</tolerancetype><correctanswerlength>2</correctanswerlength>"
        return answer(formula, "100", more=more) + f"<dataset_definitions>{datasets}</dataset_definitions>"

    def test_arithmetic_becomes_parameters(self):
        item = only(
            question("calculatedsimple", self.body("{a}*{speed}", "a", "speed"), "<p>{a} h at {speed}: {={a}+1}?</p>")
        )
        assert item.type == "numeric"
        assert item.content.text == "[[=a]] h at [[=b]]: [[=a+1]]?"
        assert item.content.answer["value"] == "[[=a*b]]"
        assert item.content.answer["tolerance"].startswith("[[=0.01*abs(a*b)")
        assert item.content.parameters["names"]["b"] == {"min": "1", "max": "9", "step": "1"}
        assert any("speed is now b" in note for note in item.notes)

    def test_a_division_is_rounded_so_that_every_value_is_a_number(self):
        item = only(question("calculated", self.body("{a}/{b}", "a", "b"), "<p>{a}/{b}?</p>"))
        assert item.content.answer["value"] == "[[=a/b:6]]"

    def test_multiple_choice_with_formulas(self):
        body = "<single>true</single>" + answer("{={a}+{b}}", "100") + answer("{={a}-{b}-20}", "0")
        datasets = f"<dataset_definitions>{self.dataset('a')}{self.dataset('b')}</dataset_definitions>"
        item = only(question("calculatedmulti", body + datasets, "<p>{a} plus {b}?</p>"))
        assert [o.text for o in item.content.options] == ["[[=a+b]]", "[[=a-b-20]]"]

    @pytest.mark.parametrize("formula", ["sin({a})", "{a}*{c}", "phpinfo()", "{a}", "rand({a})"])
    def test_what_is_more_than_arithmetic_is_refused(self, formula):
        names = () if formula == "{a}" else ("a", "b")
        assert reason(question("calculated", self.body(formula, *names), "<p>{a}?</p>"))


class TestTheRest:
    def test_an_essay_gets_a_step_and_a_model_answer_with_notes(self):
        body = "<responseformat>editor</responseformat><attachments>0</attachments><graderinfo format='html'><text>"
        item = only(question("essay", body + "Look for the valve.</text></graderinfo>", grade="3"))
        assert item.type == "short_answer"
        assert item.content.model_answer == "Look for the valve."
        assert sum(step.marks for step in item.content.steps) == 3
        assert any("no marking scheme" in note for note in item.notes)

    def test_an_essay_without_text_field_is_an_upload(self):
        body = "<responseformat>noinline</responseformat><attachments>1</attachments>"
        assert only(question("essay", body)).type == "file_upload"

    @pytest.mark.parametrize("kind", ["description", "random", "ddmarker", "ddimageortext", "stack", ""])
    def test_what_is_no_question_of_ours_is_named(self, kind):
        parsed = parse(quiz(question(kind, "")))
        assert not parsed.items
        assert parsed.skipped[0].reason

    def test_categories_become_chapter_and_topic(self):
        path = "$course$/top/School/The heart/In//out"
        category = f'<question type="category"><category><text>{path}</text></category></question>'
        item = only(category, question("truefalse", answer("true", "100") + answer("false", "0")))
        assert (item.chapter, item.topic) == ("The heart", "In/out")
        assert any("School" in note for note in item.notes)

    def test_tags_hints_and_marks(self):
        more = (
            "<tags><tag><text>unit 3</text></tag><tag><text>difficulty:5</text></tag></tags>"
            '<hint format="html"><text>Think</text></hint>'
        )
        item = only(question("truefalse", answer("true", "100") + answer("false", "0") + more, grade="1.3333333"))
        assert item.tags == ("unit 3",)
        assert item.content.difficulty == 5
        assert item.content.marks == Decimal("1.5")
        assert item.content.hints == ("Think",)
        assert any("1.3333333" in note for note in item.notes)

    def test_pictures_come_out_of_the_file(self):
        file = f'<file name="the heart.png" path="/" encoding="base64">{PIXEL}</file>'
        shown = f'<img src="data:image/png;base64,{PIXEL}">'
        text = f'<p>See <img src="@@PLUGINFILE@@/the%20heart.png" alt="heart" width="9"> or {shown}'
        item = only(question("truefalse", answer("true", "100") + answer("false", "0"), text, more=file))
        assert item.content.text.startswith("See ![heart](the-heart.png)")
        assert {picture.name: picture.data for picture in item.pictures} == {"the-heart.png": PNG, "picture.png": PNG}

    def test_a_picture_that_is_none_is_left_out(self):
        file = f'<file name="x.svg" path="/" encoding="base64">{base64.b64encode(b"<svg/>").decode()}</file>'
        item = only(
            question(
                "truefalse",
                answer("true", "100") + answer("false", "0"),
                '<p>See <img src="@@PLUGINFILE@@/x.svg">!</p>',
                more=file,
            )
        )
        assert item.pictures == ()
        assert any("x.svg" in note for note in item.notes)

    def test_options_that_were_only_lost_pictures_say_so(self):
        body = "<single>true</single>" + answer('<img src="a.svg">', "100") + answer('<img src="b.svg">', "0")
        assert "picture was left out" in reason(question("multichoice", body))

    def test_a_picture_in_the_old_way_stands_below_the_text(self):
        old = f"<image>moodle.png</image><image_base64>{PIXEL}</image_base64>"
        item = only(question("truefalse", answer("true", "100") + answer("false", "0") + old))
        assert item.content.text == "Which?\n\n![](moodle.png)"

    def test_other_formats_of_text(self):
        body = answer("true", "100") + answer("false", "0")
        plain = question("truefalse", body, "5 < 6\nand *so* on").replace(
            'questiontext format="html"', 'questiontext format="plain_text"'
        )
        assert only(plain).content.text == "5 < 6\\\nand \\*so\\* on"
        marked = question("truefalse", body, "**so**").replace(
            'questiontext format="html"', 'questiontext format="markdown"'
        )
        assert only(marked).content.text == "**so**"

    def test_a_file_of_moodle_2(self):
        data = b"""<quiz><question type="truefalse"><name><text>Old</text></name><questiontext><text>Is it?</text>
        </questiontext><answer fraction="100"><text>true</text></answer><answer fraction="0"><text>false</text></answer>
        </question></quiz>"""
        (item,) = parse(data).items
        assert item.content.text == "Is it?"
        assert item.content.marks == 1


class TestRefused:
    @pytest.mark.parametrize(
        ("data", "word"),
        [
            (b"", "empty"),
            (b"<quiz><question></quiz>", "well-formed"),
            (b"<html></html>", "not Moodle XML"),
            (b'<!DOCTYPE quiz [<!ENTITY a "b">]><quiz>&a;</quiz>', "entities"),
            (b"<!DOCTYPE quiz [<!ELEMENT quiz ANY>]><quiz/>", "document type"),
            (b"<quiz>" + b"<a>" * 200 + b"</a>" * 200 + b"</quiz>", "levels deep"),
            (b"<quiz>" + b"<question/>" * 5001 + b"</quiz>", "5001"),
            (b"\xff\xfe\x00", "well-formed"),
            (b'<?xml version="1.0" encoding="no-such"?><quiz/>', "encoding"),
        ],
    )
    def test_with_a_sentence(self, data, word):
        with pytest.raises(FormatError) as caught:
            parse(data)
        assert word in caught.value.message


def test_a_question_with_parameters_goes_out_as_one_variant():
    content = QuestionContent(
        Decimal(1),
        3,
        "apply",
        "What is [[=a]] + 1?",
        answer={"value": "[[=a+1]]"},
        parameters={"names": {"a": {"min": "4", "max": "4", "step": "1"}}},
    )
    item = ExportedItem("Sum", "numeric", content)
    for found in (parse(write([item])).items, qti.parse(qti.write([item])).items):
        assert found[0].content.text == "What is 4 + 1?"
        assert found[0].content.answer["value"] == "5"

"""What programs other than Moodle and the big test systems write: every loss is said, nothing useful is refused."""

from __future__ import annotations

import pytest

from assessments.services.formats import gift, moodle_xml, qti
from assessments.services.formats.conversions import choice_blank, with_feedback
from assessments.services.formats.html_markdown import from_html
from assessments.services.formats.items import FormatError
from assessments.services.formats.packages import write_package
from assessments.services.formats.reading import read_apart
from assessments.tests.formats.test_moodle_samples import answer, only, question, quiz, reason
from assessments.tests.formats.test_qti_samples import MAP, MATCH, choices, declare, mapped
from assessments.tests.formats.test_qti_samples import item as qti_item
from assessments.tests.formats.test_qti_samples import only as only_qti

ONE = "<single>true</single>"


def gift_item(source: str):
    parsed = gift.parse(source.encode())
    assert not parsed.skipped
    (found,) = parsed.items
    return found


# --- Files that are nearly right -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "line", ["<!DOCTYPE quiz>", '<!DOCTYPE quiz PUBLIC "-//W3C//DTD MathML 2.0//EN" "http://127.0.0.1:9/mathml.dtd">']
)
def test_a_bare_document_type_is_harmless_and_never_fetched(line: str) -> None:
    body = ONE + answer("2", "0") + answer("3", "100")
    parsed = moodle_xml.parse(quiz(question("multichoice", body)).replace(b"<quiz>", line.encode() + b"<quiz>"))
    assert len(parsed.items) == 1


def test_a_fault_in_the_xml_is_shown() -> None:
    with pytest.raises(FormatError, match=r"line 2, column 16\): “<question type=multichoice>”"):
        moodle_xml.parse(b"<quiz>\n<question type=multichoice>\n</question></quiz>")


def test_formulas_of_nothing_disappear() -> None:
    assert from_html(r"<p>\(\)Is \( \) it \(x\)?\[ \]</p>").text == "Is it $x$?"


# --- Feedback --------------------------------------------------------------------------------------------------------
class TestFeedback:
    def test_what_is_said_about_answers_goes_into_the_explanation(self):
        body = ONE + answer("2", "0", "Too few.") + answer("$3$", "100", "Yes!") + answer("4", "0", "Too many.")
        item = only(question("multichoice", body))
        assert item.content.explanation == "Yes!\n\n- “2”: Too few.\n- “4”: Too many."
        assert item.notes == ("The feedback on 2 of the other answers became part of the explanation.",)

    def test_the_same_to_every_wrong_answer_says_nothing(self):
        body = ONE + answer("2", "0", "No!") + answer("3", "100") + answer("4", "0", "No!")
        item = only(question("multichoice", body))
        assert item.content.explanation == ""
        assert item.notes == ("The feedback on 2 of the other answers was left out.",)

    def test_right_options_of_several_are_no_others(self):
        body = "<single>0</single>" + answer("2", "50", "Even.") + answer("4", "50", "Even, too.") + answer("5", "-100")
        item = only(question("multichoice", body))
        assert (item.content.explanation, item.notes) == ("Even.\n\nEven, too.", ())

    def test_any_other_answer(self):
        item = only(question("shortanswer", answer("Quito", "100") + answer("*", "0", "It lies higher.")))
        assert item.content.explanation == "- Any other answer: It lies higher."

    def test_true_and_false(self):
        item = only(question("truefalse", answer("true", "100", "So it is.") + answer("false", "0", "Look again.")))
        assert item.content.explanation == "So it is.\n\n- “false”: Look again."
        assert gift_item("Snow is white.{T#Look again.#So it is.}").content.explanation == item.content.explanation

    def test_nothing_is_said_twice_and_long_answers_are_not_quoted(self):
        notes: list[str] = []
        told = [("x" * 200, "Too long.", False), ("b", "As above.", False)]
        assert with_feedback("As above.", told, notes) == "As above.\n\n- Another answer: Too long."


# --- Several right answers -------------------------------------------------------------------------------------------
def test_several_right_where_one_was_enough_become_a_multiple_choice() -> None:
    found = [
        only(question("multichoice", ONE + answer("2", "100") + answer("3", "100") + answer("4", "0"))),
        gift_item("Which are prime?{=2 =3 ~4}"),
        only_qti(
            qti_item(
                declare("A", "B"),
                f'<p>Which?</p><choiceInteraction responseIdentifier="RESPONSE">{choices("A", "B", "C")}'
                "</choiceInteraction>",
            )
        ),
    ]
    for one in found:
        assert one.type == "multiple_choice"
        assert one.content.answer == {"choices": ["A", "B"], "grading": "partial"}
        assert any("one was enough" in note for note in one.notes)


def test_of_several_numbers_the_best_is_kept() -> None:
    item = gift_item("How many?{#=1 =2}")
    assert item.content.answer["value"] == "1"
    assert item.notes == ("Further answers earned marks too; only the best was kept.",)


# --- GIFT by hand ----------------------------------------------------------------------------------------------------
def test_a_sign_inside_a_line_is_text_when_nothing_else_makes_sense() -> None:
    item = gift_item("How?{\n=With `header=True` set\n~With a file\n~Never\n# Its header=True.\n}")
    assert item.type == "single_choice"
    assert [one.text for one in item.content.options][1:] == ["With a file", "Never"]
    assert "header=True" in item.content.options[0].text
    assert item.content.explanation == "- “Never”: Its header=True."
    assert any("not escaped" in note for note in item.notes)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Two plus two equals {=four =4}.", "Two plus two equals _____."),
        ("What is it? {=this}.", "What is it?"),
        ("It {=is} so.", "It _____ so."),
    ],
)
def test_a_full_stop_after_the_answers(source: str, text: str) -> None:
    assert gift_item(source).content.text == text


def test_a_question_is_named_without_markup() -> None:
    assert gift_item("[html]<p>Which <b>one</b>?</p>{=this}").name == "Which one?"


# --- Plugins of Moodle -----------------------------------------------------------------------------------------------
class TestPlugins:
    def test_multiple_response(self):
        body = answer("2", "100") + answer("3", "100") + answer("4", "0")
        item = only(question("oumultiresponse", body))
        assert (item.type, item.content.answer) == (
            "multiple_choice", {"choices": ["A", "B"], "grading": "partial"}
        )  # fmt: skip

    def test_statements_become_pairs(self):
        rows = "".join(
            f'<row number="{n}"><optiontext format="html"><text>{text}</text></optiontext>'
            f'<feedbacktext format="html"><text>{said}</text></feedbacktext></row>'
            for n, text, said in [(1, "2 is prime", ""), (2, "4 is prime", "2 × 2")]
        )
        columns = "".join(
            f'<column number="{n}"><responsetext format="html"><text>{text}</text></responsetext></column>'
            for n, text in [(1, "Yes"), (2, "No")]
        )
        weights = "".join(
            f'<weight rownumber="{row}" columnnumber="{column}"><value>{value}</value></weight>'
            for row, column, value in [(1, 1, "1.000"), (1, 2, "0.000"), (2, 1, "0.000"), (2, 2, "1.000")]
        )
        for kind, method, noted in [("mtf", "subpoints", False), ("kprime", "kprime", True)]:
            body = f"<scoringmethod><text>{method}</text></scoringmethod>{rows}{columns}{weights}"
            item = only(question(kind, body))
            assert item.type == "matching"
            assert [one.text for one in item.content.options] == ["Yes", "No"]
            assert [one.text for one in item.content.parts] == ["2 is prime", "4 is prime"]
            assert item.content.answer == {"pairs": {"1": "A", "2": "B"}}
            assert item.content.explanation == "- “4 is prime”: 2 × 2"
            assert any("all or nothing" in note for note in item.notes) == noted
        assert "Statement 1" in reason(question("mtf", rows + columns))

    def test_gap_fill(self):
        text = r"<p>The [cat|Cat] sat on the <b>[mat]</b>, \[ x \].</p>"
        typed = only(question("gapfill", "<casesensitive>1</casesensitive><noduplicates>1</noduplicates>", text))
        assert typed.content.text == "The [[1]] sat on the **[[2]]**, $$x$$."
        blanks = typed.content.answer["blanks"]
        assert [one["text"] for one in blanks["1"]["accepted"]] == ["cat", "Cat"]
        assert blanks["2"]["match_case"] is True
        assert any("counted once" in note for note in typed.notes)
        chosen = only(question("gapfill", "<answerdisplay>dropdown</answerdisplay>" + answer("dog", "0"), text))
        assert chosen.content.answer["blanks"]["2"] == {
            "kind": "choice", "options": ["cat", "mat", "dog"], "correct": "mat"
        }  # fmt: skip
        assert "no gaps" in reason(question("gapfill", "<delimitchars>@@</delimitchars>", text))

    def test_what_cannot_be_done_has_a_name(self):
        assert "computer algebra" in reason(question("stack", ""))
        assert "programs" in reason(question("coderunner", ""))


def test_a_gap_without_a_choice_gets_the_other_words() -> None:
    body = "".join(f"<selectoption><text>w{n}</text><group>{n}</group></selectoption>" for n in (1, 2))
    item = only(question("gapselect", body, "One [[1]] and [[2]]"))
    assert item.content.answer["blanks"]["2"] == {"kind": "choice", "options": ["w2", "w1"], "correct": "w2"}
    assert any("single word" in note for note in item.notes)
    assert choice_blank(1, "only", ["only"], ["only"], [])["kind"] == "text"
    notes: list[str] = []
    many = choice_blank(1, "w14", [f"w{n}" for n in range(15)], (), notes)
    assert len(many["options"]) == 12
    assert "w14" in many["options"]
    assert notes == ["Of the 15 words for blank 1 only 12 are offered."]


# --- QTI: how it was scored ------------------------------------------------------------------------------------------
CHOOSE = f"""<p>Which?</p><choiceInteraction responseIdentifier="RESPONSE" maxChoices="0">{choices("A", "B", "C")}
</choiceInteraction>"""
SET = '<setOutcomeValue identifier="SCORE">{}</setOutcomeValue>'
VARIABLE, CORRECT = '<variable identifier="RESPONSE"/>', '<correct identifier="RESPONSE"/>'


def processing(test: str, value: str, more: str = "") -> str:
    return (
        f"<responseProcessing><responseCondition><responseIf>{test}{SET.format(value)}</responseIf>{more}"
        f"</responseCondition></responseProcessing>"
    )


class TestScoring:
    def test_a_mapping_for_the_whole_answer_only_is_all_or_nothing(self):
        declared = declare("A", "B", cardinality="multiple", mapping=mapped(A="1", B="1"))
        whole, each = f"<match>{VARIABLE}{CORRECT}</match>", f"<not><isNull>{VARIABLE}</isNull></not>"
        for test, partial in [(whole, False), (each, True)]:
            found = only_qti(qti_item(declared, CHOOSE, processing(test, '<mapResponse identifier="RESPONSE"/>')))
            assert ("grading" in found.content.answer) == partial

    def test_a_mapping_of_another_maker_is_used(self):
        words = mapped(**{"3.5": "2", "7/2": "2"})
        entry = '<p>Half of seven <textEntryInteraction responseIdentifier="RESPONSE"/></p>'
        value = '<mapTolResponse identifier="RESPONSE" tolerance="0.5" toleranceMode="absolute"/>'
        test = f"<not><isNull>{VARIABLE}</isNull></not>"
        item = only_qti(qti_item(declare("3.5", base="string", mapping=words), entry, processing(test, value)))
        assert [one["text"] for one in item.content.answer["accepted"]] == ["3.5", "7/2"]
        item = only_qti(qti_item(declare("3.5", base="float", mapping=words), entry, processing(test, value)))
        assert item.content.answer == {"value": "3.5", "tolerance": "0.5"}

    def test_rules_of_its_own_for_partly_right_answers_are_noted(self):
        test, two, one = (
            f"<match>{VARIABLE}{CORRECT}</match>",
            '<baseValue baseType="float">2</baseValue>',
            '<baseValue baseType="float">1</baseValue>',
        )
        more = f"<responseElseIf><isNull>{VARIABLE}</isNull>{SET.format(one)}</responseElseIf>"
        body = f'<p>Order</p><orderInteraction responseIdentifier="RESPONSE">{choices("A", "B")}</orderInteraction>'
        declared = declare("B", "A", cardinality="ordered")
        item = only_qti(qti_item(declared, body, processing(test, two, more)))
        assert item.content.marks == 2
        assert any("not quite right" in note for note in item.notes)
        assert only_qti(qti_item(declared, body, processing(test, two))).notes == ()

    def test_pairs_that_had_to_be_right_together(self):
        side = '<simpleMatchSet><simpleAssociableChoice identifier="{}">x{}</simpleAssociableChoice>'
        side += '<simpleAssociableChoice identifier="{}">y{}</simpleAssociableChoice></simpleMatchSet>'
        both = side.format("a", 1, "b", 1) + side.format("c", 2, "d", 2)
        body = f'<p>Match</p><matchInteraction responseIdentifier="RESPONSE">{both}</matchInteraction>'
        declared = declare("a c", "b d", cardinality="multiple", base="directedPair", mapping=mapped(a_c="1", b_d="1"))
        for scoring, noted in [(MATCH, True), (MAP, False)]:
            notes = only_qti(qti_item(declared, body, scoring)).notes
            assert any("all or nothing" in note for note in notes) == noted

    def test_blanks_that_were_compared_with_each_other(self):
        declared = declare("1", base="string", name="R1") + declare("2", base="string", name="R2")
        body = "".join(f'<p>a <textEntryInteraction responseIdentifier="{name}"/> b</p>' for name in ("R1", "R2"))
        test = '<stringMatch caseSensitive="false"><variable identifier="R1"/><variable identifier="R2"/></stringMatch>'
        item = only_qti(qti_item(declared, body, processing(test, '<baseValue baseType="float">1</baseValue>')))
        assert any("compared with each other" in note for note in item.notes)

    def test_marks_for_nothing_and_no_marks(self):
        outcome = (
            '<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float">'
            "<defaultValue><value>1</value></defaultValue></outcomeDeclaration>"
        )
        item = only_qti(qti_item(declare("A") + outcome, CHOOSE.replace('maxChoices="0"', 'maxChoices="1"')))
        assert "The score began at 1 there; now it begins at 0." in item.notes
        body = '<p>Write.</p><extendedTextInteraction responseIdentifier="RESPONSE"/>'
        body += '<rubricBlock view="scorer"><p>Look at the grammar.</p></rubricBlock>'
        item = only_qti(qti_item(declare(base="string"), body, ""))
        assert item.content.model_answer == "Look at the grammar."
        assert "No marks were given; it carries 1 mark." in item.notes
        assert "The notes for its markers became the model answer." in item.notes

    def test_formulas_in_a_list_are_said_to_be_plain(self):
        shown = (
            '<inlineChoice identifier="A"><math><mfrac><mn>1</mn><mn>2</mn></mfrac></math></inlineChoice>'
            '<inlineChoice identifier="B">2</inlineChoice>'
        )
        body = (
            f'<p>Half is <inlineChoiceInteraction responseIdentifier="RESPONSE">{shown}</inlineChoiceInteraction>.</p>'
        )
        item = only_qti(qti_item(declare("A"), body))
        assert item.content.answer["blanks"]["1"]["options"] == [r"\frac{1}{2}", "2"]
        assert any("plain text" in note for note in item.notes)


def test_items_are_found_when_the_manifest_names_other_files() -> None:
    manifest = (
        b'<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1"><resources><resource identifier="r"'
        b' type="imsqti_item_xmlv2p1" href="qti21/assessmentItem1.xml"/></resources></manifest>'
    )
    data = qti_item(declare("A"), CHOOSE.replace('maxChoices="0"', 'maxChoices="1"'))
    parsed = qti.parse(write_package({"imsmanifest.xml": manifest, "qti21/item_1.xml": data}))
    assert len(parsed.items) == 1
    assert not parsed.skipped


def test_an_essay_without_a_scheme_comes_back_from_the_process_that_reads_it() -> None:
    parsed = read_apart(quiz(question("essay", "<responseformat>editor</responseformat>")))
    (item,) = parsed.items
    (step,) = item.content.steps
    assert (item.type, step.marks, step.kind) == ("very_short_answer", 1, "method")
    assert "There was no marking scheme; one step with all the marks was made." in item.notes

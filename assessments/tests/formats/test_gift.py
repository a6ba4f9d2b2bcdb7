"""GIFT: files of other programs, our own files back and forth, and broken ones."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given

from assessments.services.formats import gift
from assessments.services.formats.items import FormatError
from assessments.services.formats.table_examples import EXAMPLES
from assessments.services.questions import normalised
from assessments.tests.formats.samples import exported

WRITTEN = ("very_short_answer", "short_answer", "long_answer", "file_upload")
OBJECTIVE = ("single_choice", "assertion_reason", "multiple_choice", "true_false", "numeric", "short_text", "matching")


def read(text: str):
    parsed = gift.parse(text.encode())
    assert not parsed.skipped, parsed.skipped
    (item,) = parsed.items
    return item


def refused(text: str) -> str:
    parsed = gift.parse(text.encode())
    assert not parsed.items
    return parsed.skipped[0].reason


def texts(item) -> list[str]:
    return [option.text for option in item.content.options]


@pytest.mark.parametrize(
    ("source", "type", "answer"),
    [
        ("Who?{=Grant ~No one ~Lee}", "single_choice", {"choices": ["A"]}),
        ("Who?{~%50%a ~%50%b ~%-100%c}", "multiple_choice", {"choices": ["A", "B"], "grading": "partial"}),
        ("Who?{~%100%a ~b}", "multiple_choice", {"choices": ["A"], "grading": "partial"}),
        ("Sun rises in the east.{T}", "true_false", {"choices": ["true"]}),
        ("Sun rises in the west.{ false #No#Yes }", "true_false", {"choices": ["false"]}),
        ("When?{#1822:5}", "numeric", {"value": "1822", "tolerance": "5"}),
        ("Pi?{#3.141..3.142}", "numeric", {"value": "3.1415", "tolerance": "0.0005"}),
        ("Pi?{#3,5}", "numeric", {"value": "3.5"}),
        ("Much?{#=1e3:0 =%50%990:5#near}", "numeric", {"value": "1000", "tolerance": "0"}),
        (
            "Two plus two {=four =%50%4}",
            "short_text",
            {"accepted": [{"text": "four", "credit": "1"}, {"text": "4", "credit": "0.5"}], "match_case": False},
        ),
        ("Colour?{blue}", "short_text", {"accepted": [{"text": "blue", "credit": "1"}], "match_case": False}),
        ("Match{=a -> x =b -> y =c -> x = -> z}", "matching", {"pairs": {"1": "A", "2": "B", "3": "A"}}),
        ("Write.{}", "very_short_answer", {}),
    ],
)  # fmt: skip
def test_every_type(source: str, type: str, answer: dict) -> None:
    item = read(source)
    assert (item.type, item.content.answer) == (type, answer)


def test_a_question_with_everything_around_it() -> None:
    item = read(
        "// question: 12  name: Valves [id:heart-1] [tag:anatomy]\n"
        "$CATEGORY: $course$/top/Physiology/The heart\n\n"
        "// another remark [tag:easy]\n::The \\: valves::[html]<p>Which <b>one</b>?</p>{\n"
        "=mitral#Right!\n// inside\n~%-33.333%tricuspid#No.\n####[markdown]*Two* flaps.\n}\n"
    )
    assert (item.name, item.key, item.chapter, item.topic) == ("The : valves", "heart-1", "Physiology", "The heart")
    assert item.tags == ("anatomy", "easy")
    assert (item.content.text, texts(item)) == ("Which **one**?", ["mitral", "tricuspid"])
    assert item.content.explanation == "*Two* flaps.\n\nRight!\n\n- “tricuspid”: No."
    assert item.content.marks == Decimal(1)
    assert any("took marks away" in note for note in item.notes)
    assert any("feedback on 1" in note for note in item.notes)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("It {=is ~are} so.{", None),
        ("The sun {=rises ~sets} in the east.", "The sun _____ in the east."),
        ("[plain]a*b* <c>\\{x\\}{T}", "a\\*b\\* <c>{x}"),
        ("[markdown]a *b* $x$ \\\\\\\\(y\\\\\\\\){T}", "a *b* $x$ $y$"),
        ("one\\ntwo\nthree{T}", "one\\\ntwo\\\nthree"),
        ("\\(\\frac{1}{2} \\neq \\nu\\) and $$x_{1}=\\{2\\}$${T}", "$\\frac{1}{2} \\neq \\nu$ and $$x_{1}={2}$$"),
        ("\ufeffSays::{T}", "Says::"),
    ],
)
def test_texts(source: str, text: str | None) -> None:
    if text is None:
        assert "braces" in refused(source)
    else:
        assert read(source).content.text == text


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("Only a text.", "description"),
        ("Q{~a ~b}", "No option is marked"),
        ("Q{#x}", "is no number"),
        ("Q{#5..1}", "no range"),
        ("Q{=%0%a}", "No text is accepted"),
        ("Q{=a}{=b}", "braces"),
        ("::One:: Q{=a}\n::Two:: Q{=b}", "an empty line between questions"),
        ("{=a ~b}", "no text"),
        ("Q{" + "".join(f"~x{i}" for i in range(30)) + "=y}", "options"),
        ("Q{=same ~same}", "say the same"),
    ],
)
def test_what_cannot_be_taken_says_why(source: str, reason: str) -> None:
    assert reason in refused(source)


def test_windows_1252_and_utf_16() -> None:
    text = "Où est le cœur ?{=à gauche ~à droite}"
    for encoding in ("cp1252", "utf-16", "utf-8-sig", "utf-16-le"):
        (item,) = gift.parse(text.encode(encoding)).items
        assert item.content.text == "Où est le cœur ?"
    with pytest.raises(FormatError):
        gift.parse(b"\x00\x01\x02")
    with pytest.raises(FormatError, match="empty"):
        gift.parse(b"")


def test_paragraphs_survive_in_a_question_of_another_format() -> None:
    item = replace(EXAMPLES[0], content=replace(EXAMPLES[0].content, text="$x$", explanation="one\n\ntwo"))
    assert read(gift.write([item]).decode()).content.explanation == "one\n\ntwo"


@given(exported(OBJECTIVE))
def test_what_we_write_we_read(item) -> None:
    (back,) = gift.parse(gift.write([item])).items
    assert (back.type, normalised(back.content)) == (item.type, normalised(item.content))
    assert (back.name, back.key, back.tags) == (item.name, item.key, item.tags)


@given(exported((*WRITTEN, "case_study")))
def test_written_questions_keep_their_scheme(item) -> None:
    (back,) = gift.parse(gift.write([item])).items
    assert (back.type, back.content.marks, len(back.content.parts)) == (
        item.type,
        item.content.marks,
        len(item.content.parts),
    )
    assert [(s.marks, s.kind, s.part, s.alternative) for s in back.content.steps] == [
        (s.marks, s.kind, s.part, s.alternative) for s in item.content.steps
    ]

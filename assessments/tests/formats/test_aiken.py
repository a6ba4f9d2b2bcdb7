"""Aiken: simple, but written in many ways."""

import pytest
from hypothesis import given

from assessments.services.formats import aiken
from assessments.services.formats.html_markdown import from_plain, to_plain
from assessments.services.formats.items import FormatError
from assessments.tests.formats.samples import exported

ODDITIES = """\ufeffWhat is (a) the heart?
Second line.
A) a *pump*
B) a bone
   of the chest
ANSWER: A

Which two?
a. \\(x^2\\)
b. y
C. z
answer : A, C


Is there a key?
A. x
B. y
"""


def test_oddities() -> None:
    parsed = aiken.parse(ODDITIES.replace("\n", "\r\n").encode())
    one, two = parsed.items
    assert one.content.text == "What is (a) the heart?\\\nSecond line."
    assert [o.text for o in one.content.options] == ["a \\*pump\\*", "a bone\\\nof the chest"]
    assert one.content.answer == {"choices": ["A"]}
    assert (two.type, two.content.answer) == ("multiple_choice", {"choices": ["A", "C"]})
    assert two.content.options[0].text == "$x^2$"
    assert [skip.reason for skip in parsed.skipped] == ["It has no line “ANSWER: …”."]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("Q\nA. x\nB. y\nANSWER: C", "names C"),
        ("Q\nA. x\nANSWER: A", "2 to 8 options"),
        ("A. x\nB. y\nANSWER: A", "no text"),
        ("ANSWER: A", "no text"),
    ],
)
def test_refusals(source: str, reason: str) -> None:
    assert reason in aiken.parse(source.encode()).skipped[0].reason


def test_nothing_in_it() -> None:
    with pytest.raises(FormatError):
        aiken.parse(b"\n\n")


@given(exported(("single_choice", "true_false")))
def test_what_we_write_we_read(item) -> None:
    (back,) = aiken.parse(aiken.write([item])).items
    if item.type == "true_false":
        assert (back.content.answer == {"choices": ["A"]}) == (item.content.answer == {"choices": ["true"]})
        return
    assert back.content.answer == item.content.answer
    for ours, theirs in zip(item.content.options, back.content.options, strict=True):
        # What would read as an option or a key is in quotation marks.
        plain = to_plain(ours.text) or ours.text
        assert theirs.text in {from_plain(plain).text, from_plain(f"“{plain}”").text}

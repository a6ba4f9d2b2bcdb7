"""What the question editor reads and writes without a page: rows, marks, labels of parts, places of sentences."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.enums import QuestionType
from assessments.forms import rows
from assessments.forms.rows import Row
from assessments.services.question_edit import placed, preview_question
from assessments.tests.test_question_editor import VARIANT, content


@given(st.lists(st.text(alphabet="ab| \\@5.", min_size=1, max_size=8), min_size=1, max_size=4))
def test_choices_in_one_line_come_back(texts: list[str]) -> None:
    plain = [text.strip().strip("\\") for text in texts]
    wanted = [text for text in plain if text.strip()]
    assert [one.strip() for one in rows.split_choices(rows.join_choices(wanted))] == [text.strip() for text in wanted]


def test_variants_in_lines_come_back() -> None:
    assert rows.read_parameters(rows.write_parameters(VARIANT)) == VARIANT
    assert rows.read_parameters(" \n") == {}


@pytest.mark.parametrize(
    ("text", "value"), [("2", "2"), ("2.5", "2.5"), ("2½", "2.5"), ("½", "0.5"), ("1,5", "1.5"), (".5", "0.5")]
)
def test_marks_as_people_write_them(text: str, value: str) -> None:
    assert rows.read_decimal(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "x", "-1", "1e9", "½½", "٣", "1" * 9])
def test_what_is_no_marks(text: str) -> None:
    assert rows.read_decimal(text) is None


def test_labels_of_a_case_study() -> None:
    ticked = [Row({"alternative": tick}) for tick in ("", "", "1", "")]
    assert rows.case_labels(ticked) == [("i", ""), ("ii", "a"), ("ii", "b"), ("iii", "")]


def test_every_sentence_of_the_rules_has_a_place() -> None:
    """The sentences of empty contents of every type; only what is about the whole may be without a place."""
    for kind in QuestionType.values:
        preview = preview_question(
            type=kind, content=content("", marks=Decimal("0.3"), difficulty=9, cognitive_level="")
        )
        assert [sentence for place, sentence in preview.missing if not place] == []


def test_places_of_sentences() -> None:
    wanted = {
        "Step 3 of the marking scheme has no text.": "steps-3",
        "Option B: The formula is wrong.": "options-2",
        "The steps add up to 2 marks, but the question carries 3.": "steps",
        "The question must carry marks in halves, more than 0 and at most 100, not 0.": "marks",
        "Part (ii) has no text.": "parts",
        "The question has no text.": "text",
        "The key must pair every item on the left, and no other.": "parts",
        "Every option needs a text.": "options",
    }
    assert {sentence: place for place, sentence in placed(list(wanted))} == wanted

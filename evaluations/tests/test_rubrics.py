"""Rubrics: typed as lines, kept as the scheme of a question, and back."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.enums import QuestionType
from assessments.services.content_schema import QuestionContent, content_problems
from assessments.services.rubrics import (
    Criterion,
    Level,
    criteria_of,
    criteria_problems,
    read_levels,
    rubric_content,
    write_levels,
)
from evaluations.selectors.totals import SchemeStep, question_total

HALVES = st.integers(1, 20).map(lambda half: Decimal(half) / 2)


@st.composite
def criteria(draw):
    made = []
    for _n in range(draw(st.integers(1, 5))):
        worth = draw(st.lists(HALVES, max_size=6, unique=True))
        marks = max(worth, default=None) or draw(HALVES)
        made.append(Criterion("What", marks, tuple(Level(one, f"Level {one}") for one in worth)))
    return made


@given(criteria())
def test_a_rubric_is_a_scheme_and_comes_back(rubric):
    content = QuestionContent(difficulty=3, cognitive_level="create", text="Build.", **rubric_content(rubric))
    assert list(criteria_problems(rubric)) == list(content_problems(QuestionType.FILE_UPLOAD, content)) == []
    assert criteria_of(content) == rubric
    assert content.marks == sum(one.marks for one in rubric)


@given(criteria(), st.randoms())
def test_the_sum_is_that_of_the_levels(rubric, random):
    content = QuestionContent(difficulty=3, cognitive_level="create", text="Build.", **rubric_content(rubric))
    scheme = [SchemeStep(str(i), one.marks, one.part, one.alternative) for i, one in enumerate(content.steps)]
    given_marks, expected = {}, Decimal(0)
    for part in content.parts:
        own = [step for step in scheme if step.part == part.label]
        if random.random() < 0.7:
            chosen = random.choice(own)
            given_marks[chosen.id] = chosen.marks
            expected += chosen.marks
    assert question_total(scheme, given_marks, content.marks) == expected <= content.marks


def test_levels_are_lines():
    levels, wrong = read_levels("4: Own and clear\n2.5 – Partly\n½: A little\n\nNothing like it")
    assert levels == (
        Level(Decimal(4), "Own and clear"), Level(Decimal("2.5"), "Partly"), Level(Decimal("0.5"), "A little")
    )  # fmt: skip
    assert wrong == ["Nothing like it"]
    assert read_levels(write_levels(levels)) == (levels, [])


@pytest.mark.parametrize(
    ("rubric", "says"),
    [
        ([], "at least one"),
        ([Criterion("", Decimal(2))], "say what is judged"),
        ([Criterion("A", Decimal("0.3"))], "in halves"),
        ([Criterion("A", Decimal(11))], "at most 10"),
        ([Criterion("A", Decimal(3), (Level(Decimal(2), "x"),))], "best level"),
        ([Criterion("A", Decimal(2), (Level(Decimal(2), "x"), Level(Decimal(2), "y")))], "same marks"),
        ([Criterion("A", Decimal(2), (Level(Decimal(2), "x"), Level(Decimal(0), "y")))], "more than 0"),
        ([Criterion("A", Decimal(10))] * 13, "at most 12"),
    ],
)
def test_what_cannot_be_is_said(rubric, says):
    assert any(says in problem for problem in criteria_problems(rubric))

"""Every type that a key marks: what its content must keep, what an answer may be, and what it earns."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.enums import OBJECTIVE_TYPES, WRITTEN_TYPES, QuestionType
from assessments.models import Paper, PaperQuestion
from assessments.selectors.attempts import laid_out_options, paper_for_student
from assessments.services.answers import AnswerShape, BadAnswer, clean_answer
from assessments.services.attempts import save_response, start_attempt, submit_attempt
from assessments.services.content_schema import (
    OptionContent,
    PartContent,
    QuestionContent,
    QuestionInvalidError,
    StepContent,
    content_problems,
)
from assessments.services.partial_credit import half_marks
from assessments.services.questions import content_of, create_question, normalised
from assessments.services.scoring import MarkedShape, score_answer
from assessments.services.text_match import WILDCARD, matches
from common.models import new_id
from tests import factories

NOW = factories.NOW

T = QuestionType
ABC = tuple(OptionContent(label, text) for label, text in zip("ABC", ("one", "two", "three"), strict=True))
BASE = QuestionContent(marks=Decimal(2), difficulty=2, cognitive_level="apply", text="Say.")


def parts(*marks: str, text: str = "") -> tuple[PartContent, ...]:
    return tuple(
        PartContent(str(number), f"{text}{number}" if text else "", Decimal(mark))
        for number, mark in enumerate(marks, start=1)
    )


CHOICE = replace(BASE, options=ABC, answer={"choices": ["A", "C"]})
PARTIAL = replace(CHOICE, answer={"choices": ["A", "C"], "grading": "partial"})
TRUE = replace(BASE, answer={"choices": ["true"]})
TEXT = replace(
    BASE,
    answer={
        "accepted": [{"text": "mitral valve", "credit": "1"}, {"text": "bicuspid*", "credit": "0.5"}],
        "match_case": False,
    },
)
EXPRESSION = replace(BASE, answer={"expression": "2x+3", "form": ""})
FILL_IN = replace(
    BASE,
    text="A dog [[1]] [[2]] legs and a [[3]].",
    marks=Decimal(3),
    parts=parts("1", "1", "1"),
    answer={
        "blanks": {
            "1": {"kind": "choice", "options": ["have", "has"], "correct": "has"},
            "2": {"kind": "number", "value": "4", "tolerance": "0"},
            "3": {"kind": "text", "accepted": [{"text": "tail", "credit": "1"}, {"text": "tale", "credit": "0.5"}]},
        }
    },
)
MATCHING = replace(
    BASE,
    marks=Decimal(3),
    options=ABC,
    parts=parts("1", "1.5", "0.5", text="left "),
    answer={"pairs": {"1": "B", "2": "A", "3": "B"}},
)
ORDERING = replace(BASE, options=ABC, answer={"order": ["C", "A", "B"], "grading": "partial"})
UPLOAD = replace(BASE, model_answer="A report.", steps=(StepContent("Sound", Decimal(2)),))
SOUND = [
    (T.MULTIPLE_CHOICE, CHOICE, {"choices": ["A", "C"]}),
    (T.MULTIPLE_CHOICE, PARTIAL, {"choices": ["C", "A"]}),
    (T.TRUE_FALSE, TRUE, {"choices": ["true"]}),
    (T.SHORT_TEXT, TEXT, {"text": "Mitral  valve"}),
    (T.EXPRESSION, EXPRESSION, {"value": "3+2x"}),
    (T.FILL_IN, FILL_IN, {"blanks": {"1": "has", "2": "4", "3": "tail"}}),
    (T.MATCHING, MATCHING, {"pairs": {"1": "B", "2": "A", "3": "B"}}),
    (T.ORDERING, ORDERING, {"order": ["C", "A", "B"]}),
    (T.ORDERING, replace(ORDERING, answer={"order": ["C", "A", "B"]}), {"order": ["C", "A", "B"]}),
]


def shape_of(content: QuestionContent) -> MarkedShape:
    return MarkedShape(len(content.options), {part.label: part.marks for part in content.parts})


def answer_shape(type: str, content: QuestionContent) -> AnswerShape:
    return AnswerShape(
        type, tuple(option.label for option in content.options), tuple(part.label for part in content.parts)
    )


def earned(type: str, content: QuestionContent, answer: dict) -> str:
    return str(score_answer(type, content.marks, content.answer, answer, shape_of(content)).marks.normalize())


def test_every_type_is_either_marked_by_a_key_or_written() -> None:
    assert set(QuestionType) == OBJECTIVE_TYPES | WRITTEN_TYPES
    assert not OBJECTIVE_TYPES & WRITTEN_TYPES
    assert T.FILE_UPLOAD in WRITTEN_TYPES


@pytest.mark.parametrize(("type", "content", "answer"), SOUND)
def test_sound_content_and_the_whole_key_earns_all(type: str, content: QuestionContent, answer: dict) -> None:
    assert list(content_problems(type, content)) == []
    stored = clean_answer(answer_shape(type, content), answer)
    scored = score_answer(type, content.marks, content.answer, stored, shape_of(content))
    assert (scored.is_correct, scored.marks) == (True, content.marks)
    assert [part.label for part in scored.parts] == [part.label for part in content.parts]


def test_a_file_is_a_written_question() -> None:
    assert list(content_problems(T.FILE_UPLOAD, UPLOAD)) == []
    assert clean_answer(AnswerShape(T.FILE_UPLOAD), {"on_paper": True}) == {"on_paper": True}


def key(content: QuestionContent, **changes: object) -> QuestionContent:
    return replace(content, answer={**content.answer, **changes})


def blank(label: str, **row: object) -> QuestionContent:
    return key(FILL_IN, blanks={**FILL_IN.answer["blanks"], label: row})


@pytest.mark.parametrize(
    ("type", "content", "sentence"),
    [
        (T.MULTIPLE_CHOICE, key(CHOICE, grading="some"), "The grading is “all” or “partial”, not “some”"),
        (T.SINGLE_CHOICE, replace(CHOICE, answer={"choices": ["A"], "grading": "partial"}), "list of option labels"),
        (T.TRUE_FALSE, key(TRUE, choices=["yes"]), "names yes"),
        (T.TRUE_FALSE, key(TRUE, choices=["true", "false"]), "exactly one right option"),
        (T.TRUE_FALSE, replace(TRUE, options=ABC), "no options of its own"),
        (T.SHORT_TEXT, key(TEXT, accepted=[]), "1 to 50 accepted texts"),
        (T.SHORT_TEXT, key(TEXT, accepted="mitral"), "1 to 50 accepted texts"),
        (T.SHORT_TEXT, key(TEXT, accepted=["mitral"]), "has a “text” and a “credit”"),
        (T.SHORT_TEXT, key(TEXT, accepted=[{"text": "a", "credit": "1.5"}]), "at most 1, not “1.5”"),
        (T.SHORT_TEXT, key(TEXT, accepted=[{"text": "a", "credit": "0"}]), "more than 0"),
        (T.SHORT_TEXT, key(TEXT, accepted=[{"text": "a", "credit": "0.5"}]), "must have the full credit 1"),
        (T.SHORT_TEXT, key(TEXT, accepted=[{"text": " * "}]), "more than a wildcard"),
        (T.SHORT_TEXT, key(TEXT, accepted=[{"text": "a"}, {"text": "a "}]), "are the same"),
        (T.SHORT_TEXT, key(TEXT, match_case="no"), "“match_case” of the key must be true or false"),
        (T.SHORT_TEXT, key(TEXT, regex=True), "has no “regex”"),
        (T.SHORT_TEXT, replace(TEXT, options=ABC), "has no options"),
        (T.EXPRESSION, key(EXPRESSION, expression="2x+"), "cannot be read"),
        (T.EXPRESSION, key(EXPRESSION, form="neat"), "no form “neat”"),
        (T.EXPRESSION, replace(EXPRESSION, answer={}), "must have an “expression”"),
        (T.EXPRESSION, key(EXPRESSION, tolerance="1"), "has no “tolerance”"),
        (T.FILL_IN, replace(FILL_IN, text="A dog [[1]] [[2]] legs."), "Every blank must stand once"),
        (T.FILL_IN, replace(FILL_IN, text=FILL_IN.text + "[[1]]"), "Every blank must stand once"),
        (T.FILL_IN, replace(FILL_IN, parts=()), "1 to 20 blanks, not 0"),
        (T.FILL_IN, replace(FILL_IN, parts=parts("1", "1", "1", text="x")), "no text of their own"),
        (T.FILL_IN, replace(FILL_IN, parts=parts("1", "1", "0.5")), "parts add up to 2.5 marks"),
        (T.FILL_IN, replace(FILL_IN, parts=parts("1", "1.7", "0.3")), "Part (2) must carry marks in halves"),
        (T.FILL_IN, key(FILL_IN, blanks={"1": {}}), "what is right for every blank"),
        (T.FILL_IN, key(FILL_IN, blanks=[]), "what is right for every blank"),
        (T.FILL_IN, blank("1", kind="gap"), "kind of blank 1 is text, number or choice, not “gap”"),
        (T.FILL_IN, blank("1", kind="choice", options=["is"], correct="is"), "2 to 12 different options"),
        (T.FILL_IN, blank("1", kind="choice", options=["is", "are"], correct="be"), "one of its options"),
        (T.FILL_IN, blank("2", kind="number", value="four"), "value of blank 2 must be a decimal number"),
        (T.FILL_IN, blank("3", kind="text", accepted=[]), "accepted texts in blank 3"),
        (T.MATCHING, replace(MATCHING, parts=MATCHING.parts[:1]), "2 to 12 items on the left, not 1"),
        (T.MATCHING, replace(MATCHING, parts=parts("1", "1", "1")), "Every item on the left needs a text"),
        (T.MATCHING, replace(MATCHING, options=()), "2 to 12 choices on the right, not 0"),
        (T.MATCHING, key(MATCHING, pairs={"1": "A"}), "must pair every item on the left"),
        (T.MATCHING, key(MATCHING, pairs={"1": "A", "2": "Z", "3": "B"}), "a choice that does not exist"),
        (T.ORDERING, key(ORDERING, order=["A", "B"]), "must name every item once"),
        (T.ORDERING, key(ORDERING, order=["A", "B", "B"]), "must name every item once"),
        (T.ORDERING, key(ORDERING, grading=1), "The grading is"),
        (T.ORDERING, replace(ORDERING, parts=parts("2")), "Only a case study has parts"),
        (T.FILE_UPLOAD, replace(UPLOAD, answer={"value": "1"}), "no key"),
        (T.SHORT_TEXT, replace(TEXT, text="Say [[=a]]."), "no parameters"),
    ],
)
def test_each_rule_has_its_sentence(type: str, content: QuestionContent, sentence: str) -> None:
    assert sentence in " ".join(content_problems(type, content))


@pytest.mark.parametrize(
    ("type", "content", "answer", "marks"),
    [
        (T.MULTIPLE_CHOICE, CHOICE, {"choices": ["A"]}, "0"),
        (T.MULTIPLE_CHOICE, PARTIAL, {"choices": ["A"]}, "1"),
        (T.MULTIPLE_CHOICE, PARTIAL, {"choices": ["A", "B"]}, "0"),
        (T.MULTIPLE_CHOICE, PARTIAL, {"choices": ["A", "B", "C"]}, "0"),
        (T.MULTIPLE_CHOICE, PARTIAL, {"choices": ["B"]}, "0"),
        (T.MULTIPLE_CHOICE, replace(PARTIAL, marks=Decimal(1)), {"choices": ["A"]}, "0.5"),
        (T.MULTIPLE_CHOICE, replace(PARTIAL, marks=Decimal("0.5")), {"choices": ["A"]}, "0"),
        (T.MULTIPLE_CHOICE, key(PARTIAL, choices=["A", "B", "C"]), {"choices": ["A", "B"]}, "1"),
        (T.TRUE_FALSE, TRUE, {"choices": ["false"]}, "0"),
        (T.SHORT_TEXT, TEXT, {"text": "bicuspid valve"}, "1"),
        (T.SHORT_TEXT, TEXT, {"text": "tricuspid valve"}, "0"),
        (T.SHORT_TEXT, TEXT, {"text": ""}, "0"),
        (T.SHORT_TEXT, replace(TEXT, marks=Decimal(1)), {"text": "bicuspid"}, "0.5"),
        (T.SHORT_TEXT, key(TEXT, match_case=True), {"text": "Mitral valve"}, "0"),
        (T.SHORT_TEXT, key(TEXT, accepted=[{"text": r"2\*3"}]), {"text": "2*3"}, "2"),
        (T.SHORT_TEXT, key(TEXT, accepted=[{"text": r"2\*3"}]), {"text": "2 times 3"}, "0"),
        (T.SHORT_TEXT, key(TEXT, accepted=[{"text": "a*"}, {"text": "ab", "credit": "0.5"}]), {"text": "ab"}, "2"),
        (T.SHORT_TEXT, key(TEXT, accepted=[{"text": "Crohn’s disease"}]), {"text": "crohn's disease"}, "2"),
        (T.EXPRESSION, EXPRESSION, {"value": "2x"}, "0"),
        (T.EXPRESSION, key(EXPRESSION, expression="x(x+1)", form="factored"), {"value": "x^2+x"}, "0"),
        (T.FILL_IN, FILL_IN, {"blanks": {"1": "has", "2": "4.0", "3": "tale"}}, "2.5"),
        (T.FILL_IN, FILL_IN, {"blanks": {"1": "have", "3": "Tail"}}, "1"),
        (T.FILL_IN, replace(FILL_IN, parts=parts("1", "1.5", "0.5")), {"blanks": {"3": "tale"}}, "0"),
        (T.FILL_IN, replace(FILL_IN, parts=parts("1", "1", "1")), {"blanks": {"9": "tale"}}, "0"),
        (T.MATCHING, MATCHING, {"pairs": {"1": "B", "2": "B", "3": "B"}}, "1.5"),
        (T.MATCHING, MATCHING, {"pairs": {"2": "A"}}, "1.5"),
        (T.MATCHING, MATCHING, {"pairs": []}, "0"),
        (T.ORDERING, ORDERING, {"order": ["A", "B", "C"]}, "1"),
        (T.ORDERING, ORDERING, {"order": ["B", "A", "C"]}, "0"),
        (T.ORDERING, ORDERING, {"order": ["C", "A"]}, "0"),
        (T.ORDERING, replace(ORDERING, answer={"order": ["C", "A", "B"]}), {"order": ["A", "B", "C"]}, "0"),
    ],
)
def test_partial_credit_is_rounded_down_to_the_half(
    type: str, content: QuestionContent, answer: dict, marks: str
) -> None:
    assert earned(type, content, answer) == marks


def test_parts_say_what_was_right() -> None:
    scored = score_answer(
        T.FILL_IN, Decimal(3), FILL_IN.answer, {"blanks": {"1": "has", "3": "tale"}}, shape_of(FILL_IN)
    )
    assert [(part.label, part.is_correct, part.credit) for part in scored.parts] == [
        ("1", True, 1),
        ("2", False, 0),
        ("3", False, Fraction(1, 2)),
    ]
    assert not scored.is_correct


@pytest.mark.parametrize(
    ("type", "broken"),
    [
        (T.SHORT_TEXT, {}),
        (T.SHORT_TEXT, {"accepted": [{}]}),
        (T.SHORT_TEXT, {"accepted": ["x"]}),
        (T.EXPRESSION, {}),
        (T.EXPRESSION, {"expression": "1/0"}),
        (T.EXPRESSION, {"expression": "x", "form": "neat"}),
        (T.FILL_IN, {"blanks": {}}),
        (T.FILL_IN, {"blanks": {"1": {}, "2": {}, "3": {}}}),
        (T.MATCHING, {"pairs": {"1": "A"}}),
        (T.ORDERING, {"order": []}),
    ],
)
def test_an_unusable_key_is_loud(type: str, broken: dict) -> None:
    answer = {"text": "x", "value": "x", "order": ["A"], "blanks": {}, "pairs": {}}
    with pytest.raises(ValueError, match="the key"):
        score_answer(type, Decimal(1), broken, answer, MarkedShape(3, {str(n): Decimal(1) for n in (1, 2, 3)}))


# --- Answers ---------------------------------------------------------------------------------------------------------
FILL_SHAPE, MATCH_SHAPE = answer_shape(T.FILL_IN, FILL_IN), answer_shape(T.MATCHING, MATCHING)
ORDER_SHAPE = answer_shape(T.ORDERING, ORDERING)


@pytest.mark.parametrize(
    ("shape", "answer", "stored"),
    [
        (AnswerShape(T.TRUE_FALSE), {"choices": ["false"]}, {"choices": ["false"]}),
        (AnswerShape(T.EXPRESSION), {"value": " 2x "}, {"value": "2x"}),
        (AnswerShape(T.SHORT_TEXT), {"text": " aorta\n"}, {"text": "aorta"}),
        (AnswerShape(T.SHORT_TEXT), {"text": "  "}, {}),
        (FILL_SHAPE, {"blanks": {"3": " tail", "1": "has", "2": " "}}, {"blanks": {"1": "has", "3": "tail"}}),
        (FILL_SHAPE, {"blanks": {}}, {}),
        (FILL_SHAPE, {"blanks": {"1": ""}}, {}),
        (MATCH_SHAPE, {"pairs": {"2": "A", "1": "A", "3": ""}}, {"pairs": {"1": "A", "2": "A"}}),
        (ORDER_SHAPE, {"order": ["B", "A", "C"]}, {"order": ["B", "A", "C"]}),
        (ORDER_SHAPE, {"order": []}, {}),
    ],
)
def test_answers_in_their_stored_form(shape: AnswerShape, answer: dict, stored: dict) -> None:
    assert clean_answer(shape, answer) == stored
    assert list(stored.get("blanks", stored.get("pairs", {}))) == sorted(stored.get("blanks", stored.get("pairs", {})))


@pytest.mark.parametrize(
    ("shape", "answer", "code"),
    [
        (AnswerShape(T.TRUE_FALSE), {"choices": ["A"]}, "answer_choice"),
        (AnswerShape(T.TRUE_FALSE), {"choices": ["true", "false"]}, "answer_choice"),
        (AnswerShape(T.EXPRESSION), {"value": "x" * 201}, "answer_too_long"),
        (AnswerShape(T.EXPRESSION), {"value": 3}, "answer_shape"),
        (AnswerShape(T.SHORT_TEXT), {"value": "x"}, "answer_shape"),
        (AnswerShape(T.SHORT_TEXT), {"text": "x\x00"}, "answer_text"),
        (AnswerShape(T.SHORT_TEXT), {"text": "x" * 501}, "answer_too_long"),
        (FILL_SHAPE, {"blanks": {"4": "x"}}, "answer_choice"),
        (FILL_SHAPE, {"blanks": {"1": 4}}, "answer_shape"),
        (FILL_SHAPE, {"blanks": ["x"]}, "answer_shape"),
        (FILL_SHAPE, {"blanks": {"1": "\ud800"}}, "answer_text"),
        (MATCH_SHAPE, {"pairs": {"1": "D"}}, "answer_choice"),
        (MATCH_SHAPE, {"pairs": {"1": ["A"]}}, "answer_shape"),
        (MATCH_SHAPE, {"pairs": "A"}, "answer_shape"),
        (ORDER_SHAPE, {"order": ["A", "B"]}, "answer_choice"),
        (ORDER_SHAPE, {"order": ["A", "B", "B"]}, "answer_choice"),
        (ORDER_SHAPE, {"order": ["A", "B", "D"]}, "answer_choice"),
        (ORDER_SHAPE, {"order": "ABC"}, "answer_shape"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(shape: AnswerShape, answer: dict, code: str) -> None:
    with pytest.raises(BadAnswer) as refused:
        clean_answer(shape, answer)
    assert refused.value.code == code


# --- Properties ------------------------------------------------------------------------------------------------------
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.sampled_from(["A", "B", "1"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("AB123"), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["choices", "value", "text", "blanks", "pairs", "order"])


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(SOUND), st.dictionaries(NAMES, JSON, max_size=3), st.integers(1, 40))
def test_marks_stay_between_zero_and_the_maximum(case: tuple, answer: dict, halves: int) -> None:
    type, content, _right = case
    marks = content.marks if content.parts else Decimal(halves) / 2
    scored = score_answer(type, marks, content.answer, answer, shape_of(content))
    assert 0 <= scored.marks <= marks
    assert scored.marks % Decimal("0.5") == 0
    assert scored.is_correct == (scored.marks == marks)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(SOUND), st.dictionaries(NAMES, JSON, max_size=2) | JSON)
def test_any_answer_is_cleaned_or_refused_and_clean_answers_stay(case: tuple, answer: object) -> None:
    type, content, _right = case
    shape = answer_shape(type, content)
    try:
        stored = clean_answer(shape, answer)
    except BadAnswer:
        return
    assert clean_answer(shape, json.loads(json.dumps(stored))) == stored
    score_answer(type, content.marks, content.answer, stored, shape_of(content))


@given(st.permutations("ABC"), st.sampled_from(["all", "partial"]), st.sets(st.sampled_from("ABC")))
def test_the_order_of_choices_does_not_matter(order: list[str], grading: str, chosen: set[str]) -> None:
    right = [label for label in order if label != "B"]
    content = key(CHOICE, choices=right, grading=grading)
    given_order = [label for label in order if label in chosen]
    assert earned(T.MULTIPLE_CHOICE, content, {"choices": given_order}) == earned(
        T.MULTIPLE_CHOICE, key(CHOICE, grading=grading), {"choices": sorted(chosen)}
    )


@given(st.permutations("ABCDEF"), st.permutations("ABCDEF"))
def test_an_order_earns_its_right_neighbours(right: list[str], answer: list[str]) -> None:
    kept = len(set(pairwise(right)) & set(pairwise(answer)))
    scored = score_answer(T.ORDERING, Decimal(5), {"order": right, "grading": "partial"}, {"order": answer})
    assert scored.marks == kept
    assert scored.is_correct == (right == answer)


@given(st.fractions(min_value=0, max_value=100))
def test_half_marks_are_the_next_below(exact: Fraction) -> None:
    marks = half_marks(exact)
    assert Fraction(marks) <= exact < Fraction(marks) + Fraction(1, 2)


@given(st.lists(st.sampled_from(["a", "b", WILDCARD]), max_size=8), st.text("ab", max_size=10))
def test_wildcards_match_as_a_regular_expression_would(pattern: list[str], text: str) -> None:

    expected = re.fullmatch("".join(".*" if sign == WILDCARD else sign for sign in pattern), text) is not None
    assert matches("".join(pattern), text) is expected


# --- Stored ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("type", "content", "_answer"), SOUND)
def test_content_comes_back_as_it_was_stored(db, type: str, content: QuestionContent, _answer: dict) -> None:
    question = create_question(
        chapter=factories.ChapterFactory(),
        type=type,
        content=content,
        author=factories.TeacherFactory(),
        now=factories.NOW,
    )
    question.current.refresh_from_db()
    assert content_of(question.current) == normalised(content)


def test_a_blank_inside_a_formula_is_refused(db) -> None:
    content = replace(FILL_IN, text="It is $x = [[1]]$ and [[2]] and [[3]].")
    with pytest.raises(QuestionInvalidError, match="Blank 1 stands inside a formula"):
        create_question(
            chapter=factories.ChapterFactory(),
            type=T.FILL_IN,
            content=content,
            author=factories.TeacherFactory(),
            now=factories.NOW,
        )


def sat(type: str, content: QuestionContent, cast):
    """A paper with one such question, and what a student sees of it."""
    question = create_question(
        chapter=factories.ChapterFactory(), type=type, content=content, author=factories.TeacherFactory(), now=NOW
    )
    paper = Paper.objects.create(
        programme=factories.ProgrammeFactory(),
        title="One question",
        seed=1,
        sections=[{"label": "A", "title": "A", "instruction": ""}],
        total_marks=content.marks,
        written_marks=Decimal(0),
        frozen_at=NOW,
    )
    row = PaperQuestion.objects.create(
        paper=paper, section="A", number=1, version=question.current, type=type, marks=content.marks, is_written=False
    )
    attempt = start_attempt(
        exam=factories.ExamFactory(paper=paper, for_cohorts=[cast.cohort]), student=cast.student, now=NOW
    )
    questions = [q for section in paper_for_student(paper)["sections"] for q in section["questions"]]
    return attempt, row, questions[0]


@pytest.mark.parametrize(("type", "content", "answer"), SOUND)
def test_every_type_is_saved_and_marked(cast, type: str, content: QuestionContent, answer: dict) -> None:
    attempt, row, shown = sat(type, content, cast)
    assert "accepted" not in str(shown)
    assert "correct" not in str(shown)
    assert {option["label"] for option in shown["options"]} == {option.label for option in content.options}
    save_response(
        attempt=attempt, question_id=row.pk, seq=1, answer=answer, marked_for_review=None, actor=cast.student, now=NOW
    )
    done = submit_attempt(attempt=attempt, actor=cast.student, now=NOW)
    assert (done.objective_marks, done.objective_max) == (content.marks, content.marks)


def test_a_blank_shows_its_choices_and_not_its_key(cast) -> None:
    _attempt, _row, shown = sat(T.FILL_IN, FILL_IN, cast)
    assert [(part["kind"], part["choices"]) for part in shown["parts"]] == [
        ("choice", ["have", "has"]),
        ("number", []),
        ("text", []),
    ]


def test_items_are_never_laid_out_in_the_right_order(cast) -> None:
    content = key(ORDERING, order=["A", "B", "C"])
    _attempt, row, _shown = sat(T.ORDERING, content, cast)
    seen = set()
    for _turn in range(20):
        row.pk = new_id()
        seen.add(tuple(option["label"] for option in laid_out_options(row)))
    assert ("A", "B", "C") not in seen
    assert len(seen) > 2

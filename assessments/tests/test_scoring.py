from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessments.enums import QuestionType
from assessments.services.scoring import parse_number, score_answer

ONE = Decimal(1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("ABx"), inner, max_size=3),
    max_leaves=8,
)
KEYS = {
    QuestionType.SINGLE_CHOICE: {"choices": ["B"]},
    QuestionType.ASSERTION_REASON: {"choices": ["A"]},
    QuestionType.MULTIPLE_CHOICE: {"choices": ["A", "C"]},
    QuestionType.NUMERIC: {"value": "3.5", "tolerance": "0.01", "unit": "cm"},
}


@pytest.mark.parametrize(
    ("kind", "given_choices", "right"),
    [
        (QuestionType.SINGLE_CHOICE, ["B"], True),
        (QuestionType.SINGLE_CHOICE, ["A"], False),
        (QuestionType.SINGLE_CHOICE, ["A", "B"], False),
        (QuestionType.SINGLE_CHOICE, [], False),
        (QuestionType.SINGLE_CHOICE, "B", False),
        (QuestionType.SINGLE_CHOICE, None, False),
        (QuestionType.ASSERTION_REASON, ["A"], True),
        (QuestionType.MULTIPLE_CHOICE, ["C", "A"], True),
        (QuestionType.MULTIPLE_CHOICE, ["A"], False),
        (QuestionType.MULTIPLE_CHOICE, ["A", "B", "C"], False),
        (QuestionType.MULTIPLE_CHOICE, ["A", "A"], False),
        (QuestionType.MULTIPLE_CHOICE, ["A", "A", "C"], False),
        (QuestionType.MULTIPLE_CHOICE, ["A", ["C"]], False),
        (QuestionType.MULTIPLE_CHOICE, {"A": 1, "C": 1}, False),
    ],
)
def test_choice_is_all_or_nothing(kind: str, given_choices: object, right: bool) -> None:
    scored = score_answer(kind, Decimal("2"), KEYS[QuestionType(kind)], {"choices": given_choices})
    assert (scored.is_correct, scored.marks) == (right, Decimal(2 if right else 0))


@pytest.mark.parametrize(
    "text",
    ["3.5", "3.50", " 3.5 ", "+3.5", "7/2", "7 / 2", "3.5 cm", "3.5cm", "3.5 CM", "3.509", "३.५", "7/2 cm", "cm 3.5"],
)
def test_numeric_right(text: str) -> None:
    assert score_answer(QuestionType.NUMERIC, ONE, KEYS[QuestionType.NUMERIC], {"value": text}).is_correct


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "3.6",
        "-3.5",
        "3.52",
        "3.5 m",
        "3.5 mm",
        "3,5",
        "7//2",
        "7/0",
        "3.5.1",
        "1e0",
        "0x3",
        "nan",
        "inf",
        "__import__('os')",
        "3.5 cm cm x",
        "9" * 10_000,
        "3²",
        "cm",
        "3.5\n4",
        None,
        True,
        [3.5],
        {"a": 1},
    ],
)
def test_numeric_wrong_or_malformed_is_wrong(text: object) -> None:
    scored = score_answer(QuestionType.NUMERIC, ONE, KEYS[QuestionType.NUMERIC], {"value": text})
    assert not scored.is_correct
    assert scored.marks == 0


@pytest.mark.parametrize(
    ("key", "text", "right"),
    [
        ({"value": "118800"}, "1,18,800", True),
        ({"value": "118800"}, "118,800", True),
        ({"value": "118800"}, "11,8800", False),
        ({"value": "10000000"}, "1,00,00,000.00", True),
        ({"value": "118800", "unit": "₹"}, "₹ 1,18,800", True),
        ({"value": "25", "unit": "%"}, "25 %", True),
        ({"value": "100", "unit": "cm²"}, "100 cm^2", True),
        ({"value": "100", "unit": "cm²"}, "100 cm", False),
        ({"value": "-1"}, "−1", True),
        ({"value": "-0.5"}, "-1/2", True),
        ({"value": "0.333", "tolerance": "0.001"}, "1/3", True),
        ({"value": "0.333", "tolerance": "0"}, "1/3", False),
        ({"value": "12", "tolerance": "", "unit": ""}, 12, True),
        ({"value": "12"}, 12.0, True),
        ({"value": "12"}, "12 cm", False),
        ({"value": ".5"}, ".5", True),
    ],
)
def test_numeric_grouping_units_and_tolerance(key: dict[str, str], text: object, right: bool) -> None:
    assert score_answer(QuestionType.NUMERIC, ONE, key, {"value": text}).is_correct is right


def test_written_question_has_no_key() -> None:
    with pytest.raises(ValueError, match="marked by a teacher"):
        score_answer(QuestionType.LONG_ANSWER, ONE, {}, {"text": "x"})


@pytest.mark.parametrize(("kind", "key"), [(QuestionType.NUMERIC, {"value": "x"}), (QuestionType.SINGLE_CHOICE, {})])
def test_an_unusable_key_is_loud(kind: str, key: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="the key"):
        score_answer(kind, ONE, key, {"choices": ["A"], "value": "1"})


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(sorted(KEYS)),
    halves=st.integers(1, 40),
    answer=st.dictionaries(st.sampled_from(["choices", "value", "text"]), JSON)
    | st.fixed_dictionaries(
        {"choices": st.lists(st.sampled_from("ABCD")), "value": st.text("0123456789.,/-+ cm", max_size=70)}
    ),
)
def test_marks_stay_between_zero_and_the_questions(kind: str, halves: int, answer: dict[str, object]) -> None:
    marks = Decimal(halves) / 2
    scored = score_answer(kind, marks, KEYS[QuestionType(kind)], answer)
    assert scored.marks == (marks if scored.is_correct else 0)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6))
def test_plain_decimals_are_read_exactly(value: Decimal) -> None:
    assert parse_number(f"{value:f}") == Fraction(value)


@given(st.integers(0, 10**15))
def test_indian_grouping_is_read_exactly(value: int) -> None:
    head, tail = str(value)[:-3], str(value)[-3:]
    pairs = []
    while head:
        head, pair = head[:-2], head[-2:]
        pairs.insert(0, pair)
    assert parse_number(",".join([*pairs, tail])) == value

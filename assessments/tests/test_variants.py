"""Variants drawn by seed: what authors are told, what students get, and that a paper keeps what it showed."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.enums import ExamKind, QuestionState, QuestionType
from assessments.models import Blueprint, BlueprintSection, BlueprintSlot, PaperQuestion, Response
from assessments.selectors.attempts import paper_for_student
from assessments.services.attempts import save_response, start_attempt, submit_attempt
from assessments.services.content_schema import (
    OptionContent,
    PartContent,
    QuestionContent,
    StepContent,
    content_problems,
)
from assessments.services.drawing import draw_paper
from assessments.services.paper_variants import draw_variant
from assessments.services.questions import content_of, create_question, normalised
from assessments.services.variants import (
    VariantError,
    draw_values,
    format_value,
    instantiate,
    parameter_problems,
)
from tests import factories

NOW = factories.NOW
NUMERIC = QuestionContent(
    marks=Decimal(2),
    difficulty=2,
    cognitive_level="apply",
    text="What is $[[=a]] \\times [[=b]]$, and $x [[=+c]]$?",
    answer={"value": "[[=a*b]]", "tolerance": "0"},
    explanation="It is [[=a*b]], twice [[=s/2]].",
    parameters={
        "names": {
            "a": {"min": "2", "max": "5", "step": "1"},
            "b": {"min": "0.5", "max": "2", "step": "0.5"},
            "c": {"min": "-2", "max": "2"},
        },
        "constraints": ["a != b", "c != 0"],
        "derived": {"s": "t+t", "t": "a*b/2"},
    },
)


def parameters(content: QuestionContent = NUMERIC, **changes: object) -> QuestionContent:
    return replace(content, parameters={**content.parameters, **changes})


def test_a_seed_always_draws_the_same() -> None:
    assert instantiate(NUMERIC, 7) == instantiate(NUMERIC, 7)
    assert len({str(instantiate(NUMERIC, seed)[0]) for seed in range(200)}) > 30
    reordered = parameters(names=dict(reversed(NUMERIC.parameters["names"].items())))
    assert instantiate(reordered, 7)[0] == instantiate(NUMERIC, 7)[0]


def test_the_draw_of_a_seed_does_not_change_between_versions_of_the_program() -> None:
    assert instantiate(NUMERIC, 7)[0] == {"a": "2", "b": "1", "c": "2", "s": "2", "t": "1"}


@given(st.integers())
def test_a_variant_has_values_everywhere_and_keeps_its_constraints(seed: int) -> None:
    values, drawn = instantiate(NUMERIC, seed)
    a, b, c = (Fraction(values[name]) for name in "abc")
    assert 2 <= a <= 5
    assert b in {Fraction(1, 2), 1, Fraction(3, 2), 2}
    assert a != b
    assert c in {-2, -1, 1, 2}
    assert Fraction(drawn.answer["value"]) == a * b
    assert Fraction(values["s"]) == a * b
    assert "[[" not in drawn.text + drawn.explanation
    assert ("x +" in drawn.text) == (c > 0)
    assert drawn.parameters == {}
    assert list(content_problems(QuestionType.NUMERIC, drawn)) == []


def test_without_parameters_nothing_is_drawn() -> None:
    plain = instantiate(NUMERIC, 1)[1]
    assert instantiate(plain, 2) == ({}, plain)


def test_every_text_is_filled() -> None:
    content = replace(
        NUMERIC,
        options=(OptionContent("A", "[[=a]]"), OptionContent("B", "[[=a+1]]")),
        parts=(PartContent("1", "part [[=a]]", Decimal(2)),),
        steps=(StepContent("step [[=a]]", Decimal(2)),),
        model_answer="model [[=a]]",
        answer={"accepted": [{"text": "[[=a]]", "credit": "1"}], "pairs": {"1": "[[=b]]"}, "match_case": False},
    )
    values, drawn = instantiate(content, 3)
    a = values["a"]
    assert [option.text for option in drawn.options] == [a, str(int(a) + 1)]
    assert (drawn.parts[0].text, drawn.steps[0].text, drawn.model_answer) == (f"part {a}", f"step {a}", f"model {a}")
    assert drawn.answer["accepted"] == [{"text": a, "credit": "1"}]
    assert drawn.answer["match_case"] is False


@pytest.mark.parametrize(
    ("value", "options", "text"),
    [
        ("3", {}, "3"),
        ("-3", {}, "-3"),
        ("0", {}, "0"),
        ("1/2", {}, "0.5"),
        ("-5/4", {}, "-1.25"),
        ("1/3", {}, "1/3"),
        ("-2/3", {}, "-2/3"),
        ("3", {"signed": True}, "+3"),
        ("-3", {"signed": True}, "-3"),
        ("1", {"coefficient": True}, ""),
        ("-1", {"coefficient": True}, "-"),
        ("1", {"coefficient": True, "signed": True}, "+"),
        ("2", {"coefficient": True}, "2"),
        ("2/3", {"places": 2}, "0.67"),
        ("-2/3", {"places": 0}, "-1"),
        ("-1/1000", {"places": 2}, "0.00"),
        ("1/8", {"places": 2}, "0.13"),
        ("100", {}, "100"),
        ("1000000000000", {}, "1000000000000"),
    ],
)
def test_values_are_written_as_people_write_them(value: str, options: dict, text: str) -> None:
    assert format_value(Fraction(value), **options) == text


@given(st.fractions(max_denominator=1000))
def test_written_values_are_exact(value: Fraction) -> None:
    assert Fraction(format_value(value)) == value
    assert not format_value(value).startswith("-0 ")


def test_coefficients_and_rounding_in_a_text() -> None:
    content = replace(
        NUMERIC,
        text="$[[=k*]]x [[=+k*]]y$ and [[=k/3:2]]",
        explanation="",
        parameters={"names": {"k": {"min": "-1", "max": "-1"}}},
        answer={"value": "1"},
    )
    assert instantiate(content, 1)[1].text == "$-x -y$ and -0.33"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (parameters(names={}), "has 1 to 10 names"),
        (parameters(names=[]), "has 1 to 10 names"),
        (parameters(names={"a": {}}), "a needs a “min” and a “max”"),
        (parameters(names={"a": "1"}), "a needs a “min” and a “max”"),
        (parameters(names={"a": {"min": "1", "max": 3}}), "decimal numbers such as 3 or 0.5"),
        (parameters(names={"a": {"min": "1", "max": "1e9"}}), "decimal numbers such as 3 or 0.5"),
        (parameters(names={"a": {"min": "1", "max": "3", "step": "0"}}), "step of a must be more than 0"),
        (parameters(names={"a": {"min": "4", "max": "3"}}), "its min not above its max"),
        (parameters(names={"rate": {"min": "1", "max": "3"}}), "named by one letter other than e"),
        (parameters(names={"e": {"min": "1", "max": "3"}}), "named by one letter other than e"),
        (parameters(derived={"a": "b"}), "a is both drawn and derived"),
        (parameters(derived=["a"]), "Derived values are at most 20 texts"),
        (parameters(derived={"s": "t", "t": "s"}), "s, t need each other"),
        (parameters(derived={"s": "q+1"}), "“q+1” uses q, which is not among the parameters"),
        (parameters(constraints="a"), "Constraints are a list"),
        (parameters(constraints=["a +"]), "cannot be read"),
        (parameters(constraints=["a"]), "compares nothing"),
        (parameters(constraints=["a < b < 0"]), "No values keep the constraints"),
        (
            parameters(names={**NUMERIC.parameters["names"], "z": {"min": "0", "max": "9999"}}, constraints=["z<0"]),
            "1000 draws",
        ),
        (parameters(constraints=["1/(c-1) > 0"]), "division by zero"),
        (parameters(seed=1), "Parameters have no “seed”"),
        (replace(NUMERIC, text="[[=q]]"), "“q” uses q"),
        (replace(NUMERIC, text="[[=a"), "is not closed with ]]"),
        (replace(NUMERIC, text="[[=a+]]"), "cannot be read"),
        (replace(NUMERIC, text="[[=1/(a-2)]]"), "With a = 2, "),
        (replace(NUMERIC, text="[[=sqrt(a)]]"), "not a whole number or a fraction"),
        (replace(NUMERIC, text="x", explanation="", answer={"value": "1"}), "no “[[=…]]” shows one"),
        (replace(NUMERIC, answer={"value": "[[=a/3]]"}), "must be a decimal number such as 3.5, not “2/3”"),
    ],
)
def test_each_fault_has_its_sentence(content: QuestionContent, sentence: str) -> None:
    assert sentence in " ".join(content_problems(QuestionType.NUMERIC, content))


def test_options_that_become_the_same_are_found() -> None:
    content = replace(
        NUMERIC,
        text="[[=a]]",
        explanation="",
        options=tuple(OptionContent(label, text) for label, text in (("A", "[[=2a]]"), ("B", "[[=a^2]]"))),
        answer={"choices": ["A"]},
        parameters={"names": {"a": {"min": "1", "max": "4"}}},
    )
    assert list(content_problems(QuestionType.SINGLE_CHOICE, content)) == ["With a = 2: Two options say the same."]


def test_no_values_is_a_sentence_at_drawing_too() -> None:
    with pytest.raises(VariantError, match="1000 draws"):
        draw_values({"names": {"a": {"min": "1", "max": "2"}}, "constraints": ["a > 2"]}, 1)


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.text(max_size=4) | st.integers() | st.sampled_from(["1", "9", "a", "a/b"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["names", "constraints", "derived", "a", "min", "max"]), inner, max_size=3
            )
        ),
        max_leaves=10,
    ).filter(lambda value: isinstance(value, dict))
)
def test_any_parameters_are_judged(raw: dict) -> None:
    if raw:
        assert parameter_problems(replace(NUMERIC, parameters=raw))


# --- On a paper ------------------------------------------------------------------------------------------------------
def store(content: QuestionContent, type: str = QuestionType.NUMERIC):
    author, verifier = factories.TeacherFactory(), factories.TeacherFactory()
    return create_question(
        chapter=factories.ChapterFactory(),
        type=type,
        content=content,
        author=author,
        now=NOW,
        state=QuestionState.ACTIVE,
        verifier=verifier,
    )


def test_parameters_are_stored_with_the_version(db) -> None:
    question = store(NUMERIC)
    question.current.refresh_from_db()
    assert content_of(question.current) == normalised(NUMERIC)


def test_a_variant_of_a_written_question_has_its_own_scheme(db) -> None:
    written = replace(
        NUMERIC,
        answer={},
        model_answer="[[=a*b]]",
        steps=(StepContent("Writes [[=a]]", Decimal(1)), StepContent("Gets it", Decimal(1))),
    )
    version = store(written, QuestionType.SHORT_ANSWER).current
    variant = draw_variant(version, seed=5, now=NOW)
    assert variant == draw_variant(version, seed=5, now=NOW)
    assert variant["shown"]["steps"]["1"] == f"<p>Writes {variant['values']['a']}</p>"
    assert "[[" not in str(variant)


def test_a_paper_shows_marks_and_keeps_the_variant_it_drew(cast) -> None:
    question = store(NUMERIC)
    unit = question.chapter.unit
    blueprint = Blueprint.objects.create(
        programme=unit.programme, slug="v", name="V", kind=ExamKind.CUSTOM, duration_minutes=30, total_marks=2
    )
    section = BlueprintSection.objects.create(blueprint=blueprint, label="A", title="A", instruction="")
    BlueprintSlot.objects.create(section=section, number=1, unit=unit, types=[QuestionType.NUMERIC], marks=2)
    papers = [draw_paper(blueprint=blueprint, seed=seed, title="V", now=NOW) for seed in (1, 1, 2, 3)]
    drawn = [paper.questions.get().variant["values"] for paper in papers]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2] or drawn[0] != drawn[3]

    exam = factories.ExamFactory(paper=papers[0], programme=unit.programme, for_cohorts=[cast.cohort])
    attempt = start_attempt(exam=exam, student=cast.student, now=NOW)
    shown = paper_for_student(attempt.paper)["sections"][0]["questions"][0]
    assert "[[" not in str(shown)
    assert drawn[0]["a"] in shown["text"]
    right = str(Fraction(drawn[0]["a"]) * Fraction(drawn[0]["b"]))
    save_response(
        attempt=attempt, question_id=shown["id"], seq=1, answer={"value": right}, marked_for_review=None,
        actor=cast.student, now=NOW,
    )  # fmt: skip
    done = submit_attempt(attempt=attempt, actor=cast.student, now=NOW)
    assert (done.objective_marks, done.objective_max) == (2, 2)
    assert Response.objects.get(attempt=attempt).is_correct
    row = PaperQuestion.objects.get(paper=papers[0])
    assert row.shown.answer["value"] == row.variant["shown"]["answer"]["value"]
    assert "[[" not in row.shown.text_html + row.shown.explanation_html

"""Questions for the round trips: texts and questions as hypothesis strategies, of every type a format may carry."""

from dataclasses import replace
from decimal import Decimal
from string import ascii_uppercase

from hypothesis import strategies as st

from assessments.services.content_schema import (
    OptionContent,
    PartContent,
    QuestionContent,
    StepContent,
    content_problems,
)
from assessments.services.formats.items import ExportedItem

WORDS = st.sampled_from(
    [
        "mitral", "valve", "$x^2$", "**bold**", "$\\frac{a}{b}$", "a = b", "50% ~ {x} #1", "C:\\dir", "\\nu", "é हृदय",
        "1. x", "$$\\sum_{i=1}^n i$$", "say \"no\"; or", "=SUM(A1)", "-> so", "*it*", "\\$5", "// no", "A) x",
        "ANSWER: B", "a::b", "_____",
    ]
)  # fmt: skip
TEXTS = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
LONG_TEXTS = st.lists(TEXTS, min_size=1, max_size=3).flatmap(
    lambda texts: st.sampled_from([" ".join(texts), "\n\n".join(texts), "\n".join(f"- {text}" for text in texts)])
)
PLAIN = st.text(st.sampled_from("abc é1"), min_size=1, max_size=8).map(lambda text: " ".join(text.split()) or "a")
MARKS = st.sampled_from(["0.5", "1", "2", "3.5"]).map(Decimal)
NUMBERS = st.sampled_from(["3.5", "-2", "0", "+7.50", ".25", "12"])


def options(texts: list[str]) -> tuple[OptionContent, ...]:
    return tuple(OptionContent(label, text) for label, text in zip(ascii_uppercase, texts, strict=False))


@st.composite
def exported(draw, types: tuple[str, ...]) -> ExportedItem:
    type = draw(st.sampled_from(types))
    content = QuestionContent(
        marks=draw(MARKS),
        difficulty=draw(st.integers(1, 5)),
        cognitive_level=draw(st.sampled_from(["remember", "apply"])),
        text=draw(LONG_TEXTS),
        explanation=draw(st.just("") | LONG_TEXTS),
    )
    content = replace(content, **draw(bodies(type, content.marks)))
    assert not list(content_problems(type, content)), list(content_problems(type, content))
    return ExportedItem(
        name=draw(PLAIN), key=draw(st.none() | st.sampled_from(["k-1", "k-2"])), type=type, content=content,
        chapter=draw(st.sampled_from(["", "Real Numbers", "A/B"])), tags=draw(st.sampled_from([(), ("heart",)])),
    )  # fmt: skip


def bodies(type: str, marks: Decimal) -> st.SearchStrategy:
    """What a question of `type` has besides its text."""
    if type in {"single_choice", "assertion_reason", "multiple_choice", "ordering", "true_false"}:
        return chosen_bodies(type)
    if type in {"numeric", "short_text", "expression"}:
        return typed_bodies(type)
    if type in {"fill_in", "matching", "case_study"}:
        return parted_bodies(type)
    return TEXTS.map(lambda x: {"model_answer": x, "steps": (StepContent(x, marks, "accuracy"),)})


def chosen_bodies(type: str) -> st.SearchStrategy:
    several = st.lists(TEXTS, min_size=2, max_size=5, unique=True)
    if type in {"single_choice", "assertion_reason"}:
        return st.tuples(several, st.integers(0, 1)).map(
            lambda x: {"options": options(x[0]), "answer": {"choices": [ascii_uppercase[x[1]]]}}
        )
    if type == "multiple_choice":
        return st.tuples(several, st.integers(1, 2), st.sampled_from([{}, {"grading": "partial"}])).map(
            lambda x: {"options": options(x[0]), "answer": {"choices": list("AB"[: x[1]]), **x[2]}}
        )
    if type == "ordering":
        return several.map(
            lambda x: {"options": options(x), "answer": {"order": list(reversed(ascii_uppercase[: len(x)]))}}
        )
    return st.sampled_from(["true", "false"]).map(lambda x: {"answer": {"choices": [x]}})


def typed_bodies(type: str) -> st.SearchStrategy:
    if type == "numeric":
        extra = st.fixed_dictionaries({}, optional={"tolerance": st.just("0.01"), "unit": st.just("cm")})
        return st.tuples(NUMBERS, extra).map(lambda x: {"answer": {"value": x[0], **x[1]}})
    if type == "short_text":
        accepted = st.lists(PLAIN, min_size=1, max_size=3, unique=True)
        return st.tuples(accepted, st.booleans()).map(
            lambda x: {
                "answer": {
                    "accepted": [{"text": t, "credit": "0.5" if i else "1"} for i, t in enumerate(x[0])],
                    "match_case": x[1],
                }
            }
        )
    return st.just({"answer": {"expression": "2x+3", "form": "expanded"}})


def parted_bodies(type: str) -> st.SearchStrategy:
    several = st.lists(TEXTS, min_size=2, max_size=5, unique=True)
    if type == "fill_in":
        blank = st.sampled_from(
            [
                {"kind": "text", "accepted": [{"text": "is", "credit": "1"}], "match_case": False},
                {"kind": "number", "value": "3", "tolerance": "0"},
                {"kind": "choice", "options": ["is", "a; b"], "correct": "is"},
            ]
        )
        return st.lists(blank, min_size=1, max_size=3).map(
            lambda x: {
                "text": " and ".join(f"[[{i}]]" for i in range(1, len(x) + 1)),
                "marks": Decimal(len(x)),
                "parts": tuple(PartContent(str(i), "", Decimal(1)) for i in range(1, len(x) + 1)),
                "answer": {"blanks": {str(i): b for i, b in enumerate(x, start=1)}},
            }
        )
    if type == "matching":
        sides = st.lists(PLAIN, min_size=3, max_size=4, unique=True)
        return st.tuples(several, sides).map(
            lambda x: {
                "marks": Decimal(len(x[0])),
                "parts": tuple(PartContent(str(i), t, Decimal(1)) for i, t in enumerate(x[0], start=1)),
                "options": options(x[1]),
                "answer": {"pairs": {str(i): "CAB"[i % 3] for i in range(1, len(x[0]) + 1)}},
            }
        )
    return st.tuples(TEXTS, TEXTS).map(
        lambda x: {
            "marks": Decimal(4),
            "model_answer": x[0],
            "parts": (
                PartContent("i", x[0], Decimal(1)),
                PartContent("ii", x[1], Decimal(3), "a"),
                PartContent("ii", x[0], Decimal(3), "b"),
            ),
            "steps": (
                StepContent(x[1], Decimal(1), part="i"),
                StepContent(x[0], Decimal(3), "accuracy", "ii", "a"),
                StepContent(x[1], Decimal(3), "method", "ii", "b"),
            ),
        }
    )

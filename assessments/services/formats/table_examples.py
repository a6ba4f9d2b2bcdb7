"""The empty table to download: the header, and one example of every type to write over."""

from __future__ import annotations

from decimal import Decimal

from assessments.services.content_schema import OptionContent, PartContent, QuestionContent, StepContent
from assessments.services.formats.items import ExportedItem


def _example(type: str, text: str, marks: str = "1", options: tuple[str, ...] = (), **more: object) -> ExportedItem:
    content = QuestionContent(
        marks=Decimal(marks),
        difficulty=2,
        cognitive_level="understand",
        text=text,
        options=tuple(OptionContent(label, option) for label, option in zip("ABCDEF", options, strict=False)),
        **more,  # type: ignore[arg-type]
    )
    name = f"Example: {type.replace('_', ' ')}"
    return ExportedItem(name=name, key=f"example-{type.replace('_', '-')}", type=type, content=content)


EXAMPLES = (
    _example(
        "single_choice",
        "Which valve lies between the left atrium and the left ventricle?",
        options=("Mitral valve", "Tricuspid valve", "Aortic valve", "Pulmonary valve"),
        answer={"choices": ["A"]},
        explanation="It has two flaps.",
    ),
    _example(
        "multiple_choice",
        "Which of these are irrational?",
        "2",
        ("$\\sqrt2$", "$\\frac{22}{7}$", "$\\pi$", "$\\sqrt4$"),
        answer={"choices": ["A", "C"], "grading": "partial"},
    ),
    _example(
        "assertion_reason",
        "**Assertion (A):** $\\sqrt2$ is irrational.\n\n**Reason (R):** 2 is a prime number.",
        options=(
            "Both A and R are true, and R explains A.",
            "Both A and R are true, but R does not explain A.",
            "A is true, R is false.",
            "A is false, R is true.",
        ),
        answer={"choices": ["A"]},
    ),
    _example("true_false", "Every square is a rectangle.", answer={"choices": ["true"]}),
    _example(
        "numeric",
        "A circle has radius 2 cm. What is its circumference?",
        answer={"value": "12.57", "tolerance": "0.01", "unit": "cm"},
    ),
    _example(
        "short_text",
        "What is the largest artery of the body called?",
        answer={
            "accepted": [{"text": "aorta", "credit": "1"}, {"text": "*artery*", "credit": "0.5"}],
            "match_case": False,
        },
    ),
    _example("expression", "Expand $(x+1)^2$.", "2", answer={"expression": "x^2+2x+1", "form": "expanded"}),
    _example(
        "fill_in",
        "The heart has [[1]] chambers and [[2]] four valves.",
        "2",
        parts=(PartContent("1", "", Decimal(1)), PartContent("2", "", Decimal(1))),
        answer={
            "blanks": {
                "1": {"kind": "number", "value": "4", "tolerance": "0"},
                "2": {"kind": "choice", "options": ["has", "lacks"], "correct": "has"},
            }
        },
    ),
    _example(
        "matching",
        "Match each vessel with what it carries.",
        "2",
        ("Blood rich in oxygen", "Blood poor in oxygen", "Lymph"),
        parts=(PartContent("1", "Aorta", Decimal(1)), PartContent("2", "Pulmonary artery", Decimal(1))),
        answer={"pairs": {"1": "A", "2": "B"}},
    ),
    _example(
        "ordering",
        "Put in order of size, the smallest first.",
        options=("$\\frac12$", "$\\frac14$", "$\\frac13$"),
        answer={"order": ["B", "C", "A"], "grading": "all"},
    ),
    _example(
        "short_answer",
        "Prove that $\\sqrt3$ is irrational.",
        "3",
        model_answer="Suppose $\\sqrt3 = \\frac pq$ in lowest terms …",
        steps=(
            StepContent("Assumes a fraction in lowest terms", Decimal(1), "method"),
            StepContent("Shows that 3 divides both", Decimal("1.5"), "accuracy"),
            StepContent("Names the contradiction", Decimal("0.5"), "accuracy"),
        ),
    ),
    _example(
        "very_short_answer",
        "Solve $x + y = 5$ and $4x - y = 5$.",
        "2",
        model_answer="Adding, $5x = 10$, so $x = 2$ and $y = 3$.",
        method_titles=("By elimination", "By substitution"),
        steps=(
            StepContent("Adds the equations: $5x = 10$", Decimal(1), "method"),
            StepContent("$x = 2$, $y = 3$", Decimal(1), "accuracy", follows=(1,)),
            StepContent("Puts $y = 5 - x$ into the second equation", Decimal(1), "method", method=2),
            StepContent("$x = 2$, $y = 3$", Decimal(1), "accuracy", follows=(1,), method=2),
        ),
    ),
    _example(
        "case_study",
        "A ladder 5 m long leans against a wall; its foot is 3 m from the wall.",
        "3",
        parts=(
            PartContent("i", "How high does it reach?", Decimal(1)),
            PartContent("ii", "How far must the foot move for a height of 3 m?", Decimal(2), "a"),
            PartContent("ii", "Find the sine of the angle at the foot.", Decimal(2), "b"),
        ),
        model_answer="(i) 4 m. (ii a) 1 m. (ii b) 0.8.",
        steps=(
            StepContent("4 m", Decimal(1), "accuracy", "i"),
            StepContent("Uses Pythagoras", Decimal(1), "method", "ii", "a"),
            StepContent("1 m", Decimal(1), "accuracy", "ii", "a"),
            StepContent("Names the ratio", Decimal(1), "method", "ii", "b"),
            StepContent("0.8", Decimal(1), "accuracy", "ii", "b"),
        ),
    ),
)

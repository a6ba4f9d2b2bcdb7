"""How the teachers of the demonstration mark: step marks, ticks beside the lines, comments."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Any
from uuid import UUID

from accounts.models import User
from common.models import HALF, new_id
from config.demo.scripts import Script, Spot, Written, line_spots
from evaluations.enums import AnnotationKind
from evaluations.models import Evaluation
from evaluations.services.annotations import AnnotationInput, save_annotations
from evaluations.services.marking import save_mark
from evaluations.services.totals import plain

ZERO = Decimal(0)
STOPPED = (
    "Right as far as it goes. Finish the argument: the last steps carry marks.",
    "Good start. You stopped one step before the answer.",
    "Method correct. The final value is missing.",
)
WRONG = (
    "Check this step again: it does not follow from the line above.",
    "Write the formula first, then put the values in.",
    "The idea is right, but a value changed on the way. Compare line by line.",
    "State the reason for this step.",
)
NEAT = ("Neat and complete. Well done.", "Clear working, every reason is there.")
ON_PAGE = ("Compare with the line above.", "Which rule is this?", "Look at this value again.", "Reason?")


def mark_script(
    *,
    evaluation: Evaluation,
    script: Script,
    pages: list[UUID],
    teacher: User,
    begins: datetime,
    rich: bool,
    share: float = 1.0,
    ends: datetime | None = None,
) -> datetime:
    """Marks the first `share` of the answers of a claimed paper and returns when the last one was marked.

    `pages`: ids in order. `rich` also writes comments for good answers and on the page. `ends` fixes the last moment.
    """
    rng = random.Random(f"marks {script.seed}")
    spots = line_spots(script)
    answers = script.answers[: ceil(len(script.answers) * share)]
    at, ink = begins, []
    for answer in answers:
        at += timedelta(seconds=float(answer.marks) * rng.uniform(20, 45))
        given = award(answer, rng)
        save_mark(
            evaluation=evaluation,
            question_id=answer.question_id,
            version=0,
            steps={str(step): marks for step, marks in given.items() if marks},
            comment=_comment(answer, given, rng, rich=rich),
            actor=teacher,
            now=min(at, ends or at),
        )
        ink += _ink(answer, given, spots.get(answer.number, []), pages, rng, rich=rich)
    at = ends or at
    for start in range(0, len(ink), 400):
        save_annotations(evaluation=evaluation, items=ink[start : start + 400], actor=teacher, now=at)
    return at


def award(answer: Written, rng: random.Random) -> dict[UUID, Decimal]:
    """Marks of each step: all for a good answer, the first steps for one that stops, about a third for a weak one."""
    total = sum((step.marks for step in answer.steps), ZERO)
    if answer.quality == "good":
        left = total - (HALF if rng.random() < 0.08 else ZERO)
    elif answer.quality == "partly":
        left = _halves(total * Decimal(str(0.95 * answer.done)))
    else:
        left = _halves(total * Decimal(str(rng.uniform(0.2, 0.5))))
    given = {}
    for step in answer.steps:
        given[step.id] = min(step.marks, left)
        left -= given[step.id]
    return given


def _halves(marks: Decimal) -> Decimal:
    return (marks / HALF).to_integral_value() * HALF


def _comment(answer: Written, given: dict[UUID, Decimal], rng: random.Random, *, rich: bool) -> str:
    if sum(given.values()) >= answer.marks:
        return rng.choice(NEAT) if rich and answer.marks > 2 and rng.random() < 0.5 else ""
    if answer.quality == "good":
        return "Units are missing in the answer."
    return rng.choice(STOPPED if answer.quality == "partly" else WRONG)


def _ink(
    answer: Written, given: dict[UUID, Decimal], spots: list[Spot], pages: list[UUID], rng: random.Random, *, rich: bool
) -> list[AnnotationInput]:
    """A tick beside the line of each step won; where a weak answer goes wrong a cross and an underline."""
    if not spots:
        return []
    made, last = [], -1
    for place, step in enumerate(answer.steps):
        marks = given[step.id]
        if not marks:
            continue
        last = min(len(spots) - 1, max(last + 1, ceil((place + 1) / len(answer.steps) * len(spots)) - 1))
        kind = AnnotationKind.TICK if marks == step.marks else AnnotationKind.HALF
        made.append(_stamp(kind, spots[last], pages, answer, rng, step=step.id, marks=plain(marks)))
    # A weak answer ends in a wrong result; what is right before it has its ticks.
    if answer.quality == "weak" and last < len(spots) - 1:
        spot = spots[-1]
        made.append(_stamp(AnnotationKind.CROSS, spot, pages, answer, rng))
        if rich:
            low = round(spot.y + 0.014, 5)
            line = {"points": [[spot.start, low], [(spot.start + spot.x) / 2, low + 0.001], [spot.x, low]]}
            made.append(_note(AnnotationKind.UNDERLINE, line, spot, pages, answer))
            where = {"x": min(spot.x + 0.07, 0.72), "y": spot.y}
            made.append(_note(AnnotationKind.COMMENT, where, spot, pages, answer, text=rng.choice(ON_PAGE)))
    return made


def _stamp(
    kind: str,
    spot: Spot,
    pages: list[UUID],
    answer: Written,
    rng: random.Random,
    *,
    step: UUID | None = None,
    marks: str = "",
) -> AnnotationInput:
    x, y = min(spot.x + 0.035, 0.95) + rng.uniform(-0.006, 0.006), spot.y + rng.uniform(-0.003, 0.003)
    return AnnotationInput(
        id=new_id(),
        page=pages[spot.page],
        kind=kind,
        geometry={"x": x, "y": y},
        question=answer.question_id,
        step=step,
        marks=marks,
    )


def _note(
    kind: str, geometry: dict[str, Any], spot: Spot, pages: list[UUID], answer: Written, *, text: str = ""
) -> AnnotationInput:
    return AnnotationInput(
        id=new_id(), page=pages[spot.page], kind=kind, geometry=geometry, text=text, question=answer.question_id
    )

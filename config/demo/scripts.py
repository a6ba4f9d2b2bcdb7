"""What a student of the demonstration writes on paper: answers, pages, and where each line ends on the picture."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from assessments.models import Paper, PaperQuestion
from config.demo.handwriting import HEIGHT, MARGIN, PITCH, SHRINK, TOP, WIDTH, Line, Pen, hand_of
from config.demo.sheets import SheetItem, choose_answer, flow_pages, load_answers

# Where the corners of a page lie in a phone picture, on average, in shares of its width and height.
PHOTO_CORNERS = ((0.043, 0.0256), (0.957, 0.0256), (0.975, 0.978), (0.025, 0.978))
SKIP_CHANCE = 0.12


@dataclass(frozen=True)
class Step:
    """A step of the marking scheme that the written answer can win."""

    id: UUID
    marks: Decimal


@dataclass(frozen=True)
class Written:
    """One answer on paper. `done`: the share of a complete answer's lines that is there (0 to 1)."""

    question_id: UUID
    number: int
    marks: Decimal
    quality: str
    done: float
    lines: tuple[Line, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Spot:
    """The end of a written line, in shares of the page picture; `start` is where the line begins."""

    page: int
    start: float
    x: float
    y: float


@dataclass(frozen=True)
class Script:
    """Everything one student wrote, and the numbers of each page."""

    answers: tuple[Written, ...]
    skipped: tuple[int, ...]
    seed: int
    photo: bool

    @property
    def items(self) -> list[SheetItem]:
        return [SheetItem(answer.number, answer.lines) for answer in self.answers]


def write_script(*, paper: Paper, strength: float, seed: int, photo: bool) -> Script:
    """Answers to the written questions of `paper`; `strength` 0..1 is the chance of a good one."""
    rng = random.Random(f"script {seed}")
    rows = paper.questions.filter(is_written=True).order_by("number", "alternative")
    by_number: dict[int, list[PaperQuestion]] = {}
    for row in rows.select_related("version__question").prefetch_related("version__steps"):
        by_number.setdefault(row.number, []).append(row)
    answers, skipped = [], []
    for number, choices in by_number.items():
        row = choices[0] if len(choices) == 1 or rng.random() < 0.6 else choices[1]
        if rng.random() < SKIP_CHANCE * (1 - strength) and len(by_number) > 3:
            skipped.append(number)
        else:
            answers.append(_answer(row, strength, rng))
    return Script(tuple(answers), tuple(skipped), seed, photo)


def line_spots(script: Script) -> dict[int, list[Spot]]:
    """By question number, where each of its lines ends."""
    hand, plan = hand_of(script.seed), Pen(None, random.Random(0))
    found: dict[int, list[Spot]] = {}
    number = 0
    for page, (lines, _numbers) in enumerate(flow_pages(script.items, seed=script.seed)):
        row = 0
        for line in lines:
            number = int(line.margin.strip("Q.")) if line.margin else number
            row += line.rows
            if line.figure or line.parts == ("",):
                continue
            start = MARGIN + hand.indent
            wide = plan.line(line, 0, 0, hand.size)
            if start + wide > WIDTH:
                wide *= SHRINK
            y = TOP + row * PITCH - (9 if line.rows == 1 else PITCH - 12) - hand.size * 0.3
            found.setdefault(number, []).append(_spot(page, start, start + wide, y, photo=script.photo))
    return found


def _answer(row: PaperQuestion, strength: float, rng: random.Random) -> Written:
    key = row.version.question.key or ""
    answer = choose_answer(key, strength=strength, rng=rng)
    longest = max(len(each.lines) for each in load_answers()[key] if each.quality == "good")
    text = " ".join(str(part) for line in answer.lines for part in line.parts)
    chosen = "b" if "(iii)(b)" in text else "a"
    steps = [step for step in row.version.methods[answer.method - 1].steps if step.alternative in ("", chosen)]
    return Written(
        question_id=row.pk,
        number=row.number,
        marks=row.marks,
        quality=answer.quality,
        done=min(1.0, len(answer.lines) / longest),
        lines=answer.lines,
        steps=tuple(Step(step.pk, step.marks) for step in sorted(steps, key=lambda each: each.position)),
    )


def _spot(page: int, start: float, end: float, y: float, *, photo: bool) -> Spot:
    left, right, down = start / WIDTH, min(end / WIDTH, 0.93), y / HEIGHT
    if not photo:
        return Spot(page, left, right, down)
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = PHOTO_CORNERS

    def across(share: float) -> float:
        return (ax + (bx - ax) * share) * (1 - down) + (dx + (cx - dx) * share) * down

    return Spot(page, across(left), across(right), (ay + by) / 2 * (1 - down) + (cy + dy) / 2 * down)

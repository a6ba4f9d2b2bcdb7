"""The pure choosing of questions: properties, and a check that nothing is favoured."""

from collections import Counter
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessments.enums import QuestionType
from assessments.services.drawing_rules import (
    BankTooSmall,
    Candidate,
    Slot,
    draw_questions,
    missing_sentences,
    seats_of,
    structure_problems,
)

TYPES = [QuestionType.SINGLE_CHOICE, QuestionType.ASSERTION_REASON, QuestionType.SHORT_ANSWER]
LEVELS = ["remember", "apply", "analyse"]


def uid(number: int) -> UUID:
    return UUID(int=number)


def candidate(
    number: int,
    *,
    unit: int = 1,
    chapter: int = 1,
    type: str = TYPES[0],
    marks: int = 1,
    difficulty: int = 2,
    level: str = "apply",
) -> Candidate:
    return Candidate(
        uid(number),
        uid(10_000 + number),
        f"q{number:04}",
        uid(unit),
        uid(1000 * unit + chapter),
        type,
        Decimal(marks),
        difficulty,
        level,
    )


def slot(
    number: int, *, unit: int = 1, types: tuple[str, ...] = (TYPES[0],), marks: int = 1, choice: bool = False
) -> Slot:
    return Slot("A", number, uid(unit), f"Unit {unit}", frozenset(types), Decimal(marks), choice)


@st.composite
def banks(draw: st.DrawFn) -> list[Candidate]:
    shapes = draw(
        st.lists(
            st.tuples(
                st.integers(1, 2),
                st.integers(1, 3),
                st.sampled_from(TYPES),
                st.integers(1, 2),
                st.integers(1, 5),
                st.sampled_from(LEVELS),
            ),
            max_size=24,
        )
    )
    return [
        candidate(number, unit=unit, chapter=chapter, type=type, marks=marks, difficulty=difficulty, level=level)
        for number, (unit, chapter, type, marks, difficulty, level) in enumerate(shapes)
    ]


@st.composite
def blueprints(draw: st.DrawFn) -> list[Slot]:
    shapes = draw(
        st.lists(
            st.tuples(st.integers(1, 2), st.sets(st.sampled_from(TYPES), min_size=1), st.integers(1, 2), st.booleans()),
            min_size=1,
            max_size=8,
        )
    )
    return [
        slot(number, unit=unit, types=tuple(types), marks=marks, choice=choice)
        for number, (unit, types, marks, choice) in enumerate(shapes, start=1)
    ]


def largest_matching(slots: list[Slot], bank: list[Candidate]) -> int:
    """How many seats can be filled at all, by an independent search."""
    seats, holder = seats_of(slots), {}

    def place(seat: int, seen: set[UUID]) -> bool:
        for item in bank:
            if seats[seat].slot.takes(item) and item.question not in seen:
                seen.add(item.question)
                if item.question not in holder or place(holder[item.question], seen):
                    holder[item.question] = seat
                    return True
        return False

    return sum(place(seat, set()) for seat in range(len(seats)))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(slots=blueprints(), bank=banks(), seed=st.integers(-(2**62), 2**62), avoided=st.sets(st.integers(0, 23)))
def test_a_paper_is_drawn_exactly_when_one_exists(
    slots: list[Slot], bank: list[Candidate], seed: int, avoided: set[int]
) -> None:
    seats, avoid = seats_of(slots), {uid(number) for number in avoided}
    possible = largest_matching(slots, bank)
    if possible < len(seats):
        with pytest.raises(BankTooSmall) as error:
            draw_questions(slots=slots, candidates=bank, seed=seed, avoid=avoid)
        assert len(error.value.seats) == len(seats) - possible
        return
    picks = draw_questions(slots=slots, candidates=bank, seed=seed, avoid=avoid)
    assert [pick.seat for pick in picks] == seats
    assert all(pick.seat.slot.takes(pick.candidate) for pick in picks)
    assert len({pick.candidate.question for pick in picks}) == len(picks), "a question appears twice"
    total = {pick.seat.slot.number: pick.candidate.marks for pick in picks}
    assert sum(total.values()) == sum(one.marks for one in slots)
    fresh = largest_matching(slots, [item for item in bank if item.question not in avoid])
    repeats = sum(pick.candidate.question in avoid for pick in picks)
    assert repeats == len(seats) - fresh, "more repeats than needed"
    again = draw_questions(slots=reversed(slots), candidates=reversed(bank), seed=seed, avoid=list(avoid))
    assert again == picks, "the order in which rows are read must not matter"


def test_each_chapter_gets_its_share() -> None:
    bank = [candidate(10 * chapter + i, chapter=chapter) for chapter in range(1, 5) for i in range(chapter * 2)]
    for seed in range(50):
        picks = draw_questions(slots=[slot(n) for n in range(1, 11)], candidates=bank, seed=seed)
        counts = Counter(pick.candidate.chapter for pick in picks)
        assert [counts[uid(1000 + chapter)] for chapter in range(1, 5)] == [1, 2, 3, 4], "half of 2, 4, 6 and 8"


def test_cells_of_a_unit_fall_on_different_chapters() -> None:
    """Three cells of one seat each with the same three chapters: more than blind chance, which shows 2.11 of them."""
    bank = [
        candidate(100 * marks + 10 * chapter + i, chapter=chapter, marks=marks)
        for marks in (1, 2, 3)
        for chapter in (1, 2, 3)
        for i in range(2)
    ]
    slots = [slot(number, marks=number) for number in (1, 2, 3)]
    shown = [
        len({pick.candidate.chapter for pick in draw_questions(slots=slots, candidates=bank, seed=seed)})
        for seed in range(500)
    ]
    assert sum(shown) / 500 > 2.5


def test_difficulty_and_level_vary_more_than_by_chance() -> None:
    bank = [candidate(i, difficulty=1 + i % 5, level=LEVELS[i % 3]) for i in range(30)]
    slots = [slot(number) for number in range(1, 6)]
    different = [
        len({pick.candidate.difficulty for pick in draw_questions(slots=slots, candidates=bank, seed=seed)})
        for seed in range(500)
    ]
    # Five questions drawn blindly from six of each of five difficulties show 3.55 different ones on average.
    assert sum(different) / 500 > 3.8


def test_nothing_is_favoured() -> None:
    """2,000 papers from equal chapters: chi-square over 24 questions (23 degrees of freedom, p = 1e-6 at 71)."""
    bank = [
        candidate(100 * chapter + i, chapter=chapter, difficulty=1 + i % 4, level=LEVELS[i % 3])
        for chapter in (1, 2)
        for i in range(12)
    ]
    slots = [slot(1), slot(2), slot(3, choice=True)]
    drawn = Counter(
        pick.candidate.question
        for seed in range(2000)
        for pick in draw_questions(slots=slots, candidates=bank, seed=seed)
    )
    expected = 2000 * 4 / len(bank)
    statistic = sum((drawn[item.question] - expected) ** 2 / expected for item in bank)
    print(f"chi-square {statistic:.1f} on {len(bank) - 1} degrees of freedom")  # noqa: T201 - shown with -s
    assert statistic < 71


def test_missing_questions_are_named() -> None:
    slots = [slot(1), slot(2, types=(QuestionType.SHORT_ANSWER,), marks=3, choice=True)]
    bank = [candidate(1), candidate(2, type=QuestionType.SHORT_ANSWER, marks=3)]
    with pytest.raises(BankTooSmall) as error:
        draw_questions(slots=slots, candidates=bank, seed=1)
    assert missing_sentences(error.value.seats, slots, bank) == [
        "Section A, question 2: 2 active short answer of 3 marks in Unit 1 needed, the bank has 1."
    ]


@pytest.mark.parametrize(
    ("slots", "total", "problem"),
    [
        ([], 0, "no questions"),
        ([slot(1), slot(1)], 2, "Question 1 appears twice"),
        ([slot(1), slot(3)], 2, "missing: 2"),
        ([slot(2), slot(1)], 2, "go up from section to section"),
        ([slot(1)], 2, "add up to 1 marks, but the blueprint says 2"),
        ([slot(1, types=())], 1, "needs known question types"),
        ([slot(1, types=("essay",))], 1, "essay"),
        ([slot(1, marks=0)], 0, "carries no marks"),
        ([slot(1, choice=True)], 1, "only written questions"),
    ],
)
def test_unsound_blueprint(slots: list[Slot], total: int, problem: str) -> None:
    assert problem in " ".join(structure_problems(slots=slots, total_marks=Decimal(total)))


def test_sound_blueprint() -> None:
    assert structure_problems(slots=[slot(1), slot(2)], total_marks=Decimal("2.00")) == []

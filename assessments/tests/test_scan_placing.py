"""Where a scanned page belongs: properties of the pure decisions."""

from __future__ import annotations

import random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from assessments.enums import AttemptState, ScanReason
from assessments.services.printing import ClassCode, PageCode
from assessments.services.scan_placing import (
    Claim,
    Neighbour,
    Seat,
    Suggestion,
    judge_seat,
    next_to_waiting,
    read_claim,
    suggest_place,
)

EXAM, OTHER, PAPER = UUID(int=1), UUID(int=2), UUID(int=3)
STUDENTS = [UUID(int=100 + n) for n in range(4)]
ATTEMPTS = {UUID(int=200 + n): student for n, student in enumerate(STUDENTS)}

class_codes = st.builds(
    ClassCode,
    exam=st.sampled_from([EXAM, OTHER]),
    student=st.sampled_from(STUDENTS),
    page=st.integers(0, 70),
    pages=st.integers(1, 60),
)
page_codes = st.builds(
    PageCode,
    paper=st.just(PAPER),
    document=st.sampled_from(["paper", "key", "sheet"]),
    page=st.integers(1, 60),
    copy=st.integers(0, 3),
    attempt=st.sampled_from([None, *ATTEMPTS, UUID(int=999)]),
)
pages_of_a_class = st.lists(
    st.tuples(st.sampled_from(STUDENTS), st.integers(1, 4), st.sampled_from("abcdef")), max_size=40
)


@given(
    codes=st.lists(st.one_of(st.none(), class_codes, page_codes), max_size=3), seen=st.booleans(), blank=st.booleans()
)
def test_only_one_clear_code_of_this_exam_claims_a_place(
    codes: list[ClassCode | PageCode | None], seen: bool, blank: bool
) -> None:
    claim = read_claim(codes, code_seen=seen, is_blank=blank, exam=EXAM, sitting=ATTEMPTS)
    ours = {code for code in codes if code}
    if not isinstance(claim, Claim):
        assert isinstance(claim, ScanReason)
        return
    (code,) = ours
    assert claim.number == code.page
    if isinstance(code, ClassCode):
        assert (code.exam, code.student) == (EXAM, claim.student)
    else:
        assert code.document == "sheet"
        assert code.attempt is not None
        assert ATTEMPTS[code.attempt] == claim.student


@given(pages=pages_of_a_class, closed=st.sets(st.sampled_from(STUDENTS)))
def test_no_page_is_lost_or_misplaced_whatever_the_order(pages: list[tuple[UUID, int, str]], closed: set[UUID]) -> None:
    """A class put page by page: no place holds two, no picture is there twice, every page has one outcome."""
    papers: dict[UUID, dict[int, list[str]]] = {student: {} for student in STUDENTS}
    outcomes = []
    for student, number, picture in pages:
        state = AttemptState.HANDED_IN if student in closed else AttemptState.SUBMITTED
        reason = judge_seat(Seat(state, papers[student]), number=number, sha256=picture)
        outcomes.append(reason)
        if reason is None:
            papers[student][number] = [picture]
        elif reason == ScanReason.TAKEN:
            assert papers[student][number] != [picture]
        elif reason == ScanReason.DOUBLED:
            assert [picture] in papers[student].values()
        else:
            assert reason == ScanReason.CLOSED
            assert student in closed
    assert len(outcomes) == len(pages)
    assert outcomes.count(None) == sum(len(paper) for paper in papers.values())


@given(st.permutations([(student, number) for student in STUDENTS for number in range(1, 5)]), st.randoms())
def test_a_suggestion_never_takes_a_place_that_is_taken(order: list[tuple[UUID, int]], rng: random.Random) -> None:
    lost = rng.randrange(len(order))
    around = [Neighbour(place, *who, 4) for place, who in enumerate(order) if place != lost]
    taken: dict[UUID, set[int]] = {}
    for page in around:
        assert page.student
        assert page.number
        taken.setdefault(page.student, set()).add(page.number)
    found = suggest_place(lost, around, taken=taken)
    assert found is None or (found.student, found.number) == order[lost]


def test_between_page_two_and_page_four_lies_page_three() -> None:
    one, two = STUDENTS[:2]
    order = [(one, number) for number in range(1, 5)] + [(two, number) for number in range(1, 5)]
    around = [Neighbour(place, *who, 4) for place, who in enumerate(order)]
    for lost, (student, number) in enumerate(order):
        rest = [page for page in around if page.position != lost]
        taken = {pk: {n for p, n in order if p == pk and (p, n) != (student, number)} for pk in (one, two)}
        found = suggest_place(lost, rest, taken=taken)
        assert found is not None
        assert (found.student, found.number) == (student, number)
    sure = suggest_place(2, [page for page in around if page.position != 2], taken={})
    assert sure == Suggestion(one, 3, is_sure=True)


def test_who_has_a_waiting_page_beside_theirs_is_not_sure_to_be_complete() -> None:
    one, two, three, _ = STUDENTS
    order = [Neighbour(1, one, 1), Neighbour(2, is_waiting=True), Neighbour(3, two, 1), Neighbour(4, three, 1)]
    assert next_to_waiting(order) == {one, two}
    assert next_to_waiting([Neighbour(1, one, 1), Neighbour(2, is_waiting=True, is_blank=True)]) == set()

"""Where a scanned page belongs: pure decisions over codes and what is in a paper by now. No database, no storage."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from assessments.enums import AttemptState, ScanReason
from assessments.services.printing import ClassCode, PageCode
from assessments.services.sheet_files import MAX_PAGES


@dataclass(frozen=True)
class Claim:
    """What the code of a page says: whose, which page, of how many (None where the code does not tell)."""

    student: UUID
    number: int
    pages: int | None = None
    attempt: UUID | None = None


@dataclass(frozen=True)
class Seat:
    """The paper of a student as it stands: its state, the SHA-256 of the sheets in it by page number, whether it takes
    sheets at all."""

    state: str
    sheets: Mapping[int, Iterable[str]]
    is_written: bool = True


@dataclass(frozen=True)
class Neighbour:
    """A page of the scan: its place in the order, and for a placed page whose it is and which of how many."""

    position: int
    student: UUID | None = None
    number: int | None = None
    pages: int | None = None
    is_waiting: bool = False
    is_blank: bool = False


@dataclass(frozen=True)
class Suggestion:
    """`is_sure`: the pages on both sides say the same."""

    student: UUID
    number: int
    is_sure: bool


def read_claim(
    codes: Sequence[PageCode | ClassCode | None],
    *,
    code_seen: bool,
    is_blank: bool,
    exam: UUID,
    sitting: Mapping[UUID, UUID],
    is_drawn: bool = True,
) -> Claim | ScanReason:
    """Whose page this is by its codes (None: a code that is not ours), or why it does not say.

    `sitting`: the student of each attempt at the exam, at least of those the codes name.
    """
    if not is_drawn:
        return ScanReason.UNDRAWN
    if not codes:
        return ScanReason.UNREADABLE if code_seen else ScanReason.BLANK if is_blank else ScanReason.NO_CODE
    ours = {code for code in codes if code is not None}
    if not ours:
        return ScanReason.FOREIGN
    if len(ours) > 1:
        return ScanReason.TWO_CODES
    (code,) = ours
    if not 1 <= code.page <= MAX_PAGES:
        return ScanReason.FOREIGN
    if isinstance(code, ClassCode):
        if code.exam != exam:
            return ScanReason.OTHER_EXAM
        return Claim(code.student, code.page, code.pages)
    if code.document != "sheet":
        return ScanReason.NOT_A_SHEET
    if code.attempt is None:
        return ScanReason.NAMELESS
    if code.attempt not in sitting:
        return ScanReason.OTHER_EXAM
    return Claim(sitting[code.attempt], code.page, None, code.attempt)


def judge_seat(seat: Seat, *, number: int, sha256: str) -> ScanReason | None:
    """Why a page cannot go to place `number` of this paper now; None when it can. DOUBLED wins: it is there already."""
    if any(sha256 in sums for sums in seat.sheets.values()):
        return ScanReason.DOUBLED
    if not seat.is_written:
        return ScanReason.NO_SHEETS
    if seat.state not in (AttemptState.IN_PROGRESS, AttemptState.SUBMITTED):
        return ScanReason.CLOSED
    if number in seat.sheets:
        return ScanReason.TAKEN
    if sum(len(list(sums)) for sums in seat.sheets.values()) >= MAX_PAGES:
        return ScanReason.TOO_MANY
    return None


def suggest_place(position: int, pages: Sequence[Neighbour], *, taken: Mapping[UUID, set[int]]) -> Suggestion | None:
    """Whose page probably lies at `position` of the scan, by the placed pages around it; never a number that is taken.

    Between page 2 and page 4 of one student lies page 3. After the last page of one student and before page 2 of the
    next lies that one's page 1. Blank backs do not count as pages in between.
    """
    before = [page for page in pages if page.position < position and not page.is_blank]
    after = [page for page in pages if page.position > position and not page.is_blank]
    before.sort(key=lambda page: -page.position)
    after.sort(key=lambda page: page.position)
    ahead, behind = _guess(before, 1), _guess(after, -1)
    if ahead and behind and (ahead.student, ahead.number) == (behind.student, behind.number):
        guesses = [Suggestion(ahead.student, ahead.number, True)]
    else:
        guesses = [guess for guess in (ahead, behind) if guess]
    free = [guess for guess in guesses if guess.number not in taken.get(guess.student, set())]
    return free[0] if free else None


def _guess(pages: Sequence[Neighbour], step: int) -> Suggestion | None:
    """Counting on from the nearest placed page: forwards (1) or backwards (-1)."""
    for distance, page in enumerate(pages, start=1):
        if page.student is None or page.number is None:
            continue
        number = page.number + step * distance
        fits = 1 <= number <= (page.pages or MAX_PAGES)
        return Suggestion(page.student, number, False) if fits else None
    return None


def next_to_waiting(pages: Sequence[Neighbour]) -> set[UUID]:
    """The students beside whose placed pages a page waits that may be theirs, blank ones apart."""
    order = sorted((page for page in pages if not (page.is_waiting and page.is_blank)), key=lambda page: page.position)
    found: set[UUID] = set()
    for one, other in itertools.pairwise(order):
        if one.is_waiting != other.is_waiting:
            student = other.student if one.is_waiting else one.student
            found |= {student} if student else set()
    return found

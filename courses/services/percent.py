"""Progress as arithmetic: what is done of how much, never going back. Pure: no database."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Counted:
    """`percent` 0 to 100; `is_complete` says that everything that counts is done."""

    done: int
    total: int
    percent: int
    is_complete: bool


def counted(*, done: int, total: int, highest: int, was_complete: bool) -> Counted:
    """Progress that never goes back: `highest` is the percentage that was reached before.

    Only who has done everything has 100; a course without lessons that count is never complete.
    """
    done = min(done, total)
    complete = was_complete or (total > 0 and done == total)
    if complete:
        return Counted(done, total, 100, True)
    now = min(99, 100 * done // total) if total else 0
    return Counted(done, total, max(now, min(highest, 99)), False)

"""Reading rehearsals, and where any attempt goes on. What a rehearsal is: services/rehearsals.py."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from assessments.enums import SHEET_JUMPS, WRITING_JUMPS, AttemptState, ClockJump, ExamPurpose
from assessments.models import Attempt, Exam, Paper

OPEN = (AttemptState.IN_PROGRESS, AttemptState.SUBMITTED)


def page_of(attempt: Attempt) -> str:
    """The name of the page on which `attempt` goes on: writing, photographing, or what became of it. Reads its exam."""
    if attempt.state == AttemptState.IN_PROGRESS:
        return "attempt-page"
    if attempt.state == AttemptState.SUBMITTED:
        return "sheets-page"
    return end_page_of(attempt)


def end_page_of(attempt: Attempt) -> str:
    """The name of the page that follows once everything of `attempt` is handed in."""
    return "rehearsal-end" if attempt.exam.is_rehearsal else "result-page"


def jumps_of(attempt: Attempt) -> tuple[ClockJump, ...]:
    """Where the clock of a rehearsal can be put now; nothing for any other attempt."""
    if not attempt.exam.is_rehearsal:
        return ()
    offered: dict[str, tuple[ClockJump, ...]] = {
        AttemptState.IN_PROGRESS: WRITING_JUMPS,
        AttemptState.SUBMITTED: SHEET_JUMPS,
    }
    return offered.get(attempt.state, ())


def copies_of(*, exam: Exam | None, paper: Paper | None, user: Any) -> Any:
    """The hidden exam on which `user` rehearses `exam`, or `paper` alone: one or none."""
    rows = Exam.objects.filter(purpose=ExamPurpose.REHEARSAL, rehearsed_by=user)
    return rows.filter(rehearses=exam) if exam is not None else rows.filter(rehearses=None, paper=paper)


def open_rehearsal(*, exam: Exam | None = None, paper: Paper | None = None, user: Any) -> Attempt | None:
    """The rehearsal of it that `user` has begun and not handed in, if any. One query."""
    copies = copies_of(exam=exam, paper=paper, user=user)
    rows = Attempt.objects.filter(exam__in=copies.values("pk"), state__in=OPEN).select_related("exam")
    return rows.order_by("-id").first()


def rehearse_door(*, user: Any, exam: Exam | None = None, paper: Paper | None = None) -> dict[str, str]:
    """What the button of a page needs: `rehearse_url` begins, `rehearsing_url` goes on with what is not finished."""
    begun = open_rehearsal(exam=exam, paper=paper, user=user)
    return {
        "rehearse_url": rehearse_url(exam=exam, paper=paper),
        "rehearsing_url": reverse(page_of(begun), args=[begun.pk]) if begun else "",
    }


def rehearse_url(*, exam: Exam | None, paper: Paper | None) -> str:
    if exam is not None:
        return reverse("exam-rehearse", args=[exam.pk])
    assert paper is not None
    return reverse("paper-rehearse", args=[paper.pk])

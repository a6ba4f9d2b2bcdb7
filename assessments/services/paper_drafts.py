"""Drafts of papers: draw, swap single questions, freeze; and setting a frozen paper as an exam.

A draft is a row of its owner and not the session: it has an address, survives a night and two tabs, and is replaced by
the next draw (docs/decisions/0007). A frozen paper is never changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import REVEAL_PRESETS, Behaviour, Calculator, ExamPurpose, RevealItem, RevealPreset
from assessments.models import Blueprint, Exam, Paper, PaperDraft
from assessments.services.drawing import (
    BlueprintUnfitError,
    check_slots,
    freeze_picks,
    pick_questions,
    read_candidates,
    read_slots,
)
from assessments.services.drawing_rules import Candidate, Pick, Seat, seats_of
from assessments.services.exams import exam_problems, save_exam, set_cohorts
from common.errors import DomainError
from courses.models import Cohort

MAX_SEED = 2**31
DEFAULT_PENALTY = Decimal("0.33")


@dataclass(frozen=True)
class QuizTerms:
    """What a quiz says beyond an exam. `max_attempts` None: as often as they like."""

    chapter_id: UUID | None = None
    max_attempts: int | None = None
    pass_percent: int = 70
    shuffle_questions: bool = True
    shuffle_options: bool = True


@dataclass(frozen=True)
class DraftState:
    """A draft against the blueprint and the bank of now. `stale`: seats whose question has changed or left the bank."""

    picks: tuple[Pick, ...]
    stale: tuple[Seat, ...]
    has_changed: bool  # the blueprint has other seats than when this was drawn

    @property
    def problems(self) -> list[str]:
        if self.has_changed:
            return [_("The blueprint has changed since this draft was drawn. Draw again.")]
        return [
            _("Question %(seat)s was changed or retired since. Swap it.") % {"seat": seat_name(seat)}
            for seat in self.stale
        ]


def seat_name(seat: Seat) -> str:
    """ "7", or "21a" and "21b" of an internal choice."""
    return f"{seat.slot.number}{seat.alternative}"


def draw_draft(*, blueprint: Blueprint, seed: int, actor: User, now: datetime) -> PaperDraft:
    """Draws by `seed` and keeps it as the actor's draft, in place of the one before. Raises BlueprintUnfitError."""
    picks = pick_questions(blueprint=blueprint, seed=seed)
    rows = [_row(pick.seat, pick.candidate) for pick in picks]
    draft, _created = PaperDraft.objects.update_or_create(
        owner=actor, blueprint=blueprint, defaults={"seed": seed, "picks": rows, "drawn_at": now}
    )
    return draft


def read_draft(draft: PaperDraft) -> DraftState:
    """The draft as it stands now. Two queries."""
    slots = read_slots(draft.blueprint)
    seats = seats_of(slots)
    ids = [row["version"] for row in draft.picks]
    bank = {str(one.version): one for one in read_candidates({slot.unit for slot in slots}, current__in=ids)}
    stored = {(row["number"], row["alternative"]): row["version"] for row in draft.picks}
    if stored.keys() != {(seat.slot.number, seat.alternative) for seat in seats}:
        return DraftState((), (), has_changed=True)
    picks, stale = [], []
    for seat in seats:
        candidate = bank.get(stored[seat.slot.number, seat.alternative])
        if candidate is None or not seat.slot.takes(candidate):
            stale.append(seat)
        else:
            picks.append(Pick(seat, candidate))
    return DraftState(tuple(picks), tuple(stale), has_changed=False)


def swap_candidates(*, draft: PaperDraft, seat: str) -> tuple[Seat, list[Candidate]]:
    """The seat called `seat` and every question of the bank that could take it and is not in the paper, by name.

    Raises DomainError when there is no such seat. Two queries.
    """
    slots = read_slots(draft.blueprint)
    found = next((one for one in seats_of(slots) if seat_name(one) == seat), None)
    if found is None:
        raise DomainError(_("There is no question %(seat)s in this paper.") % {"seat": seat[:8]}, "no_such_seat")
    used = {row["version"] for row in draft.picks}
    bank = read_candidates({found.slot.unit}, type__in=found.slot.types, marks=found.slot.marks)
    free = [one for one in bank if found.slot.takes(one) and str(one.version) not in used]
    return found, sorted(free, key=lambda candidate: candidate.name)


def swap_question(*, draft: PaperDraft, seat: str, version: str, actor: User) -> PaperDraft:
    """Puts the question version `version` into `seat`. Raises DomainError when it does not fit there."""
    place, free = swap_candidates(draft=draft, seat=seat)
    chosen = next((candidate for candidate in free if str(candidate.version) == version), None)
    if chosen is None:
        raise DomainError(_("This question cannot take that place. Choose one of the list."), "not_a_candidate")
    with transaction.atomic():
        locked = PaperDraft.objects.select_for_update(of=("self",)).get(pk=draft.pk, owner=actor)
        new = _row(place, chosen)
        if any(row["version"] == new["version"] for row in locked.picks):
            raise DomainError(_("This question is in the paper already."), "already_in_paper")
        locked.picks = [
            new if (row["number"], row["alternative"]) == (new["number"], new["alternative"]) else row
            for row in locked.picks
        ]
        locked.save(update_fields=["picks"])
    return locked


def freeze_draft(*, draft: PaperDraft, title: str, actor: User, now: datetime) -> Paper:
    """Freezes the draft as a paper and removes it. Raises BlueprintUnfitError when it no longer fits."""
    with transaction.atomic():
        locked = PaperDraft.objects.select_for_update(of=("self",)).get(pk=draft.pk, owner=actor)
        problems = check_slots(locked.blueprint)
        state = read_draft(locked)
        if problems or state.problems:
            raise BlueprintUnfitError(problems + state.problems)
        paper = freeze_picks(
            blueprint=locked.blueprint, seed=locked.seed, title=title, picks=list(state.picks), now=now
        )
        after = {"title": title, "blueprint": locked.blueprint_id, "seed": locked.seed}
        record_event(actor=actor, action="paper.frozen", obj=paper, after=after, now=now)
        locked.delete()
    return paper


def set_paper(
    *,
    paper: Paper,
    cohorts: Collection[Cohort],
    title: str,
    opens_at: datetime,
    closes_at: datetime | None,
    duration_minutes: int,
    reveal: Mapping[RevealItem, str] = REVEAL_PRESETS[RevealPreset.EVERYTHING],
    quiz: QuizTerms | None = None,
    actor: User,
    now: datetime,
    behaviour: str = Behaviour.DEFERRED,
    tries: int = 3,
    try_penalty: Decimal = DEFAULT_PENALTY,
    calculator: str = Calculator.NONE,
) -> Exam:
    """Sets a frozen paper as a published exam for `cohorts` of its programme; `reveal`: from when its students see what
    of their results; with `quiz` as a quiz. Raises DomainError."""
    if not cohorts:
        raise DomainError(_("Choose a batch."), "no_cohort")
    if any(cohort.programme_id != paper.programme_id for cohort in cohorts):
        raise DomainError(_("The batch studies another programme than this paper is of."), "other_programme")
    if closes_at is not None and closes_at <= max(opens_at, now):
        raise DomainError(_("The exam must close after it opens, and not in the past."), "window")
    exam = Exam(
        programme_id=paper.programme_id,
        title=title,
        paper=paper,
        duration_minutes=duration_minutes,
        opens_at=opens_at,
        closes_at=closes_at,
        behaviour=behaviour,
        tries=tries,
        try_penalty=try_penalty,
        calculator=calculator,
        is_published=True,
        **({"purpose": ExamPurpose.QUIZ} | asdict(quiz) if quiz else {}),
        **{f"reveal_{item}": when for item, when in reveal.items()},
    )
    if problems := exam_problems(exam):
        raise DomainError(" ".join(problems), "exam_invalid", problems=problems)
    with transaction.atomic():
        # Two tabs, or two teachers of a batch: the second waits here and is told.
        Paper.objects.select_for_update(of=("self",)).get(pk=paper.pk)
        same = Exam.objects.filter(paper=paper, title__iexact=title, is_published=True, cohorts__in=cohorts)
        if twice := same.values_list("cohorts__name", flat=True).first():
            message = _("“%(title)s” is already set for %(cohort)s. To set the paper once more, choose another title.")
            raise DomainError(message % {"title": title, "cohort": twice}, "already_set")
        save_exam(exam=exam, actor=actor, now=now)
        set_cohorts(exam=exam, cohorts=cohorts, actor=actor, now=now)
    return exam


def _row(seat: Seat, candidate: Candidate) -> dict[str, Any]:
    return {"number": seat.slot.number, "alternative": seat.alternative, "version": str(candidate.version)}

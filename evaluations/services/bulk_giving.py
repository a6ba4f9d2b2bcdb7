"""Many papers given to other teachers at once, as it was shown: one transaction, a constant number of statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import TeacherProfile, User
from accounts.services.audit import Change, record_events
from courses.models import TeachingQualification
from evaluations.enums import NOT_ELIGIBLE
from evaluations.models import AssignmentDecision, Evaluation
from evaluations.selectors.conflicts import conflicts_of, sitting_of
from evaluations.services.assignment_news import tell_teachers
from evaluations.services.measuring import paces_of
from evaluations.services.transitions import lock_evaluations, move_many
from evaluations.services.workload import works_of

BATCH = 500


@dataclass(frozen=True)
class Order:
    """Give `paper` to `taker`, provided that it still is as it was shown: with `giver` (nobody: None), in `state`."""

    paper: UUID
    giver: UUID | None
    state: str
    taker: UUID


@dataclass(frozen=True)
class Given:
    """How many moved, and of the others which one and why not."""

    moved: int
    left: list[tuple[str, str]]


def give_in_bulk(*, orders: Collection[Order], actor: User, reason: str, now: datetime) -> Given:
    """Moves every paper that is still where it was shown and may still go there; marks given so far stay. Audited.

    What was finished, begun or moved meanwhile stays as it is and is told. Raises TransitionError without a reason.
    """
    with transaction.atomic():
        by_paper = {order.paper: order for order in orders}
        locked = lock_evaluations(by_paper)
        may = _Allowed({order.taker for order in orders}, locked)
        left, going = [], []
        for paper in locked:
            why = _changed(paper, by_paper[paper.pk]) or may.why_not(paper, by_paper[paper.pk].taker)
            if why:
                left.append((paper.short_id, why))
            else:
                going.append(paper)
        _give(going, {paper.pk: may.teachers[by_paper[paper.pk].taker] for paper in going}, actor, reason, now)
    return Given(len(going), left)


def _changed(paper: Evaluation, order: Order) -> str:
    if paper.state != order.state:
        return _("It is %(state)s now.") % {"state": paper.get_state_display().lower()}
    return _("It went to somebody else meanwhile.") if paper.teacher_id != order.giver else ""


class _Allowed:
    """Who may have what, now."""

    def __init__(self, takers: set[UUID], papers: Collection[Evaluation]) -> None:
        profiles = TeacherProfile.objects.select_related("user").filter(
            pk__in=takers, verified_at__isnull=False, user__is_active=True, user__is_teacher=True
        )
        self.teachers = {profile.pk: profile for profile in profiles}
        qualified = TeachingQualification.objects.filter(teacher__in=takers)
        self.qualified = set(qualified.values_list("teacher_id", "programme_id"))
        self.conflicts = conflicts_of([sitting_of(paper) for paper in papers])

    def why_not(self, paper: Evaluation, taker: UUID) -> str:
        attempt = paper.attempt
        if taker not in self.teachers:
            return _("The teacher is not verified any more.")
        if (taker, attempt.exam.programme_id) not in self.qualified:
            return _("The teacher is not qualified for its programme any more.")
        if self.conflicts[paper.pk].get(taker) in NOT_ELIGIBLE:
            return _("The teacher may not have papers of this exam now: practice papers, or a pause.")
        if taker in self.conflicts[paper.pk]:
            return _("The teacher may not mark this student any more.")
        return ""


def _give(
    papers: list[Evaluation], takers: Mapping[UUID, TeacherProfile], actor: User, reason: str, now: datetime
) -> None:
    before = {paper.pk: {"teacher": paper.teacher_id, "state": paper.state} for paper in papers}
    givers = {paper.pk: paper.teacher for paper in papers}
    works, paces = works_of(papers), paces_of(list(takers.values()))
    changes = {
        paper.pk: _handed(paper, takers[paper.pk], paces[takers[paper.pk].pk].seconds(works[paper.pk]["marks"]), now)
        for paper in papers
    }
    move_many(papers, "reassign", actor=actor, now=now, reason=reason, changes=changes)
    AssignmentDecision.objects.bulk_create(
        [
            AssignmentDecision(
                evaluation=paper,
                at=now,
                chosen=takers[paper.pk].user,
                reason=f"Given to {takers[paper.pk].user.name} by {actor.name}: {reason}"[:300],
            )
            for paper in papers
        ],
        batch_size=BATCH,
    )
    record_events(
        actor=actor,
        action="evaluation.reassigned",
        changes=[
            Change(paper, before[paper.pk], {"teacher": takers[paper.pk].pk, "state": paper.state}) for paper in papers
        ],
        reason=reason,
        now=now,
    )
    tell_teachers(papers, now, givers=givers)


def _handed(paper: Evaluation, taker: TeacherProfile, seconds: float, now: datetime) -> dict[str, object]:
    return {
        "teacher": taker.user,
        "assigned_at": now,
        "claimed_at": None,
        "lease_until": None,
        "expected_seconds": round(seconds),
        # A new teacher is warned even if everything was told to the one before.
        "remind_at": paper.remind_at or paper.most_at,
    }

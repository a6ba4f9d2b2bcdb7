"""Promises that will probably be missed: told to staff while something can be done, with who should have the paper."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from common.errors import ConflictError
from evaluations.enums import EvaluationState
from evaluations.models import BreachWarning
from evaluations.services import links
from evaluations.services.assignment import Handover, hand_over_all
from evaluations.services.forecast import Chance, Outlook, Waiting, play
from evaluations.services.forecast_moves import RISKY, Move, propose_moves
from evaluations.services.forecasting import keep_play, open_queue
from evaluations.services.workload import fill_missing_work
from notifications.enums import NotificationKind
from notifications.services.inbox import notify

#: Only what is due in this time: what is further off changes too often to be acted upon.
AHEAD = timedelta(hours=24)
MOST = 200


def warn_of_breaches(*, now: datetime) -> int:
    """Refreshes the forecast and tells staff, once for each paper, which promises will probably be missed.

    Returns how many are new. Repeatable, also by two at once.
    """
    fill_missing_work()
    queue, chance = open_queue(now), Chance()
    outlooks = play(queue.papers, queue.markers, now=now, chance=chance)
    keep_play(queue, outlooks)
    risky = [paper for paper in queue.papers if _is_risky(paper, outlooks[paper.id], now)]
    known = set(BreachWarning.objects.filter(pk__in=[one.id for one in risky]).values_list("pk", flat=True))
    fresh = [paper for paper in risky if paper.id not in known][:MOST]
    if not fresh:
        return 0
    proposed = propose_moves(
        queue.papers, queue.markers, now=now, only={paper.id for paper in fresh}, most=MOST, chance=chance
    )
    moves = {move.paper: move for move in proposed}
    with transaction.atomic():
        made = [one for paper in fresh if (one := _warn(paper, outlooks[paper.id], moves.get(paper.id), now))]
        if made:
            _tell_staff(made, now)
    return len(made)


def follow_proposals(*, warnings: Collection[BreachWarning], actor: User, now: datetime) -> int:
    """Gives each paper to the teacher who was proposed for it: all or none; returns how many moved.

    Raises ConflictError when one has no proposal or is not where it was any more, and what hand_over_all does.
    """
    moves = []
    with transaction.atomic():
        for warning in warnings:
            paper = warning.evaluation
            if warning.taker is None:
                raise ConflictError(_("For paper %s nobody is proposed.") % paper.short_id, "no_proposal")
            if not is_standing(warning):
                message = _("Paper %s is not where it was when this was proposed.") % paper.short_id
                raise ConflictError(message, "proposal_outdated")
            reason = _("Would probably have been late (%d %%)") % round(100 * warning.late_chance)
            moves.append(Handover(paper, warning.taker, reason))
        return hand_over_all(moves=moves, actor=actor, now=now)


def is_standing(warning: BreachWarning) -> bool:
    """Whether the paper is still where it was when the proposal was made, and not begun."""
    paper = warning.evaluation
    return paper.teacher_id == warning.giver_id and paper.state == EvaluationState.ASSIGNED


def _is_risky(paper: Waiting, outlook: Outlook, now: datetime) -> bool:
    return outlook.late_chance >= RISKY and now < paper.due_at <= now + AHEAD and paper.ready_at is None


def _warn(paper: Waiting, outlook: Outlook, move: Move | None, now: datetime) -> BreachWarning | None:
    """The warning, or None when somebody else has just made it."""
    values = {
        "warned_at": now,
        "due_at": paper.due_at,
        "late_chance": outlook.late_chance,
        "giver_id": paper.marker,
        "taker_id": move.taker if move else None,
        "taker_chance": move.after if move else None,
    }
    warning, created = BreachWarning.objects.get_or_create(evaluation_id=paper.id, defaults=values)
    return warning if created else None


def _tell_staff(made: list[BreachWarning], now: datetime) -> None:
    """One notification of all that are new, not one for each."""
    helped = sum(warning.taker_id is not None for warning in made)
    for person in User.objects.filter(is_staff=True, is_active=True):
        with translation.override(person.language):
            title = ngettext("%d paper will probably be late", "%d papers will probably be late", len(made)) % len(made)
            body = ngettext(
                "For %d of them another teacher has time.", "For %d of them other teachers have time.", helped
            )
            body = body % helped if helped else _("No other teacher has time for them.")
        notify(
            user=person,
            kind=NotificationKind.BREACH_COMING,
            cause=f"coming:{made[0].pk}",
            title=title,
            body=body,
            url=links.warnings_url(),
            now=now,
        )

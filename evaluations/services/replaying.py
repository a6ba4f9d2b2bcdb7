"""Decisions of assignment worked out again, from nothing but what they stored."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from evaluations.models import AssignmentDecision, Evaluation
from evaluations.services.choosing import Option, Ranking, choose, restored


@dataclass(frozen=True)
class Replay:
    """A decision and what the rule gives for its options today. `ranking` is None where the decision keeps none: staff
    chose, or it is from before options were kept whole. `names` of everybody in it."""

    decision: AssignmentDecision
    ranking: Ranking | None
    names: dict[UUID, str]

    @property
    def is_same(self) -> bool | None:
        """Whether the rule gives the same teacher; None where it cannot be worked out again."""
        if self.ranking is None:
            return None
        best = self.ranking.best
        return (best.teacher if best else None) == self.decision.chosen_id

    @property
    def options(self) -> tuple[Option, ...]:
        return (*self.ranking.able, *self.ranking.excluded) if self.ranking else ()


def replay_decisions(evaluation: Evaluation) -> list[Replay]:
    """All decisions about a paper, the oldest first. Two queries."""
    decisions = list(evaluation.decisions.select_related("chosen").order_by("id"))
    rankings = [replayed(decision) for decision in decisions]
    people = {one.teacher for ranking in rankings if ranking for one in (*ranking.able, *ranking.excluded)}
    names = dict(User.objects.filter(pk__in=people).values_list("pk", "name"))
    return [Replay(decision, ranking, names) for decision, ranking in zip(decisions, rankings, strict=True)]


def replayed(decision: AssignmentDecision) -> Ranking | None:
    """The ranking of a decision's options. Pure."""
    if decision.unqualified is None:
        return None
    options = [restored(stored) for stored in decision.candidates]
    whole = [one for one in options if one is not None]
    return choose(whole) if len(whole) == len(options) else None

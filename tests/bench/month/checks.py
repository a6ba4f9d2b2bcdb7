"""What must hold at every moment of the month, asked of the database in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from evaluations.enums import EvaluationState
from evaluations.models import Evaluation

#: Each gives the ids of papers with which something is wrong. `{moved}`: only papers that moved since the last look.
RULES = {
    # Every transition begins where the one before it ended, the first from nothing, and the last ends in the state.
    "transitions do not replay": """
SELECT DISTINCT evaluation_id FROM (
    SELECT evaluation_id, from_state, to_state, LAG(to_state, 1, '') OVER ordered AS before,
           LEAD(to_state) OVER ordered AS after, state
    FROM evaluations_transition JOIN evaluations_evaluation ON evaluations_evaluation.id = evaluation_id
    WHERE {moved}
    WINDOW ordered AS (PARTITION BY evaluation_id ORDER BY evaluations_transition.id)
) AS steps WHERE from_state <> before OR (after IS NULL AND to_state <> state)""",
    "without a history": """
SELECT id FROM evaluations_evaluation AS one
WHERE NOT EXISTS (SELECT 1 FROM evaluations_transition WHERE evaluation_id = one.id)""",
    "released twice, or not once when released": """
SELECT evaluation_id FROM evaluations_transition
JOIN evaluations_evaluation ON evaluations_evaluation.id = evaluation_id WHERE {moved} GROUP BY evaluation_id, state
HAVING SUM(CASE WHEN name = 'release' THEN 1 ELSE 0 END) <> CASE WHEN state = 'released' THEN 1 ELSE 0 END""",
    "two owners, or none": """
SELECT id FROM evaluations_evaluation WHERE (state = 'queued') <> (teacher_id IS NULL)
UNION ALL SELECT id FROM evaluations_evaluation WHERE attempt_id IN
    (SELECT attempt_id FROM evaluations_evaluation GROUP BY attempt_id HAVING COUNT(*) > 1)""",
    "a claim without a lease, or a lease without a claim": """
SELECT id FROM evaluations_evaluation
WHERE (state = 'in_progress') <> (lease_until IS NOT NULL AND claimed_at IS NOT NULL)""",
    "flagged but not late": """
SELECT one.id FROM evaluations_slabreach JOIN evaluations_evaluation AS one ON one.id = evaluation_id
WHERE one.finalised_at <= one.due_at""",
    "told of a breach more or less than once": """
SELECT evaluation_id FROM evaluations_slabreach AS breach WHERE 1 <>
    (SELECT COUNT(*) FROM accounts_auditevent WHERE action = 'evaluation.breached'
     AND object_type = 'evaluations.evaluation' AND object_id = {as_text})""",
    "late and finished without a flag": """
SELECT one.id FROM evaluations_evaluation AS one WHERE one.finalised_at > one.due_at
AND NOT EXISTS (SELECT 1 FROM evaluations_slabreach WHERE evaluation_id = one.id)""",
    "warned of more than once": "SELECT evaluation_id FROM evaluations_breachwarning GROUP BY 1 HAVING COUNT(*) > 1",
}
#: They read whole tables, and what breaks them stays broken.
AT_MIDNIGHT = {"without a history", "told of a breach more or less than once", "warned of more than once"}
#: Of these the whole table is not read at every look.
MOVED = "evaluation_id IN (SELECT evaluation_id FROM evaluations_transition WHERE at >= %s AND at <= %s)"


class BrokenError(AssertionError):
    """Something that must never be."""


def check(*, since: datetime | None, now: datetime, opened: int, holders: Mapping[UUID, UUID]) -> int:
    """Raises BrokenError unless all rules hold. `since`: the last look, None looks at everything.

    `opened`: how many papers there must be; `holders`: who is marking what, as the teachers themselves know it.
    Returns how many rules were asked.
    """
    as_text = "CAST(evaluation_id AS TEXT)"
    if connection.vendor == "sqlite":  # there ids are 32 digits, in the audit trail 36 with dashes
        parts = [f"SUBSTR(evaluation_id, {at}, {size})" for at, size in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))]
        as_text = " || '-' || ".join(parts)
    asked = {name: sql for name, sql in RULES.items() if since is None or name not in AT_MIDNIGHT}
    for name, sql in asked.items():
        moved, values = ("1 = 1", []) if since is None else (MOVED, _moments(since, now))
        with connection.cursor() as cursor:
            cursor.execute(sql.format(moved=moved, as_text=as_text), values if "{moved}" in sql else [])
            found: list[Any] = [row[0] for row in cursor.fetchall()]
        if found:
            raise BrokenError(f"{now}: {len(found)} papers {name}: {found[:3]}")
    there = Evaluation.objects.count()
    if there != opened:
        raise BrokenError(f"{now}: {opened} papers were handed in and opened, {there} are there")
    marking = Evaluation.objects.filter(state=EvaluationState.IN_PROGRESS)
    if (told := dict(marking.values_list("pk", "teacher_id"))) != dict(holders):
        raise BrokenError(f"{now}: who marks what differs: {set(told.items()) ^ set(holders.items())}")
    return len(asked) + 2


def _moments(*moments: datetime) -> list[Any]:
    return [connection.ops.adapt_datetimefield_value(moment) for moment in moments]

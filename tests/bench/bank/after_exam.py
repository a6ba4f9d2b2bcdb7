"""What the office does with the sittings of an exam: a wrong key for two thousand of them, and the statistics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import User
from assessments.models import Attempt, ItemStatistics, MarkedAttempt, QuestionVersion
from assessments.selectors.item_statistics import questions_to_review
from assessments.services.item_statistics import count_marked_attempts, note_marked
from evaluations.services.rescoring import preview_rescore, rescore
from tests.bench.bank.operations import Desk, Operation

CHANGED, NEW = 2_000, 1_000
#: Of the attempts with an answer to the version, all but the newest are put aside; taken back with everything else.
OTHERS_ASIDE = """
UPDATE assessments_attempt SET state = 'cancelled' WHERE id IN (
    SELECT r.attempt_id FROM assessments_response r JOIN assessments_paperquestion q ON q.id = r.question_id
    WHERE q.version_id = %s ORDER BY r.attempt_id DESC OFFSET %s)
"""


def after_exam_operations(desk: Desk) -> Iterator[Operation]:
    if Attempt.objects.count() < 10 * CHANGED:
        return
    version, staff = _version(), User.objects.filter(is_staff=True).earliest("pk")
    # What the others of the bench answered, so that everybody's marks change.
    wrong = {"choices": ["B" if version.answer["choices"] == ["A"] else "A"]}

    def aside() -> None:
        with connection.cursor() as cursor:
            cursor.execute(OTHERS_ASIDE, [version.pk, CHANGED])

    def preview() -> int:
        return len(preview_rescore(version=version, answer=wrong).changes)

    def apply() -> int:
        done = rescore(version=version, answer=wrong, reason="Bench.", actor=staff, now=timezone.now())
        return len(done.changes)

    yield Operation(f"preview a corrected key, {CHANGED} attempts", preview, 3, aside)
    yield Operation("apply it", apply, 3, aside)
    yield from statistics_operations(desk)


def statistics_operations(desk: Desk) -> Iterator[Operation]:
    def note() -> None:
        note_marked(Attempt.objects.filter(state="handed_in").order_by("-pk").values_list("pk", flat=True)[:NEW])

    def waiting() -> int:
        return len(MarkedAttempt.objects.filter(is_due=True).order_by("attempt_id")[:200])

    def table() -> int:
        rows: Any = ItemStatistics.objects.select_related("version__question").order_by("discrimination")[:50]
        return len(rows)

    yield Operation(f"statistics: count {NEW} attempts", count_marked_attempts, 3, note)
    yield Operation("statistics: what is due", waiting, 15, note)
    yield Operation("statistics: worst discrimination", table)
    yield Operation("statistics: to review", lambda: len(questions_to_review(desk.teacher)[:50]))


def _version() -> QuestionVersion:
    """A single choice question that many have answered."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT q.version_id FROM assessments_paperquestion q WHERE q.type = 'single_choice' "
            "GROUP BY q.version_id ORDER BY count(*) DESC, q.version_id LIMIT 1"
        )
        [pk] = cursor.fetchone()
    return QuestionVersion.objects.select_related("question").get(pk=pk)

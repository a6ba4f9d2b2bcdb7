"""The comment bank: at the desk, ordered by use on the question in view, and as a page of a teacher's own."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from assessments.models import PaperQuestion
from evaluations.enums import EvaluationState
from evaluations.models import Annotation, BankComment, Evaluation

#: More than these are looked for on the page of the bank.
AT_DESK = 200
ON_PAGE = 100
#: A paper in these can still be changed; when it was once with the student, it may not be any more.
CHANGEABLE = (
    EvaluationState.ASSIGNED,
    EvaluationState.IN_PROGRESS,
    EvaluationState.SHARED,
    EvaluationState.FINALISED,
    EvaluationState.QUEUED,
)


def open_uses(comment: BankComment) -> QuerySet[Annotation]:
    """Where the comment stands, in the words it has now, on papers that their student has never had back."""
    return _open().filter(bank=comment, text=comment.text)


def desk_bank(*, reader: User, evaluation: Evaluation) -> list[dict[str, Any]]:
    """The comments for the desk of a paper, the most used first; `here`: uses by question of the paper, `question`: of
    which question of the paper a shared one is. Three queries."""
    rows = list(BankComment.objects.at_desk(reader, evaluation).order_by("-uses", "text")[:AT_DESK])
    shared = {row.text for row in rows if row.owner_id is None}
    rows = [row for row in rows if row.owner_id is None or row.text not in shared]
    here: dict[UUID, dict[str, int]] = defaultdict(dict)
    used = Annotation.objects.filter(bank__in=[row.pk for row in rows], deleted_at__isnull=True)
    used = used.filter(question__paper=evaluation.attempt.paper_id)
    for bank, question, times in used.values_list("bank", "question").annotate(times=Count("pk")):
        here[bank][str(question)] = times
    of = {}
    if any(row.question_id for row in rows):
        questions = PaperQuestion.objects.filter(paper=evaluation.attempt.paper_id, is_written=True)
        of = {bank: str(pk) for pk, bank in questions.values_list("pk", "version__question")}
    return [
        {
            "text": row.text,
            "uses": row.uses,
            "here": here[row.pk],
            "shared": row.owner_id is None,
            "question": of.get(row.question_id) if row.question_id else None,
        }
        for row in rows
    ]


def own_bank(*, owner: User, search: str = "") -> list[BankComment]:
    """The teacher's own comments, the most used first, with `open`: on how many places of papers that are not yet back
    they stand in these words. One query."""
    rows = BankComment.objects.filter(owner=owner)
    for word in search.split():
        rows = rows.filter(text__icontains=word)
    uses = _open().filter(bank=OuterRef("pk"), text=OuterRef("text")).order_by().values("bank")
    counted = Coalesce(Subquery(uses.annotate(n=Count("pk")).values("n")), 0)
    return list(rows.annotate(open=counted).order_by("-uses", "text")[:ON_PAGE])


def _open() -> QuerySet[Annotation]:
    return Annotation.objects.filter(
        deleted_at__isnull=True, evaluation__state__in=CHANGEABLE, evaluation__released_at__isnull=True
    )

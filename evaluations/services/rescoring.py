"""Marking again after a wrong key: answers and objective marks (assessments), totals, and word to the students."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.enums import AttemptState, RevealItem, UploadState
from assessments.models import Attempt, Exam, QuestionVersion, SheetPage
from assessments.selectors.attempts import shown_numbers
from assessments.selectors.reveal import exams_hiding
from assessments.services.item_statistics import note_marked
from assessments.services.rescoring import Change, Rescoring, batches, preview_rescore, rescore_attempts
from common.templatetags.ui import marks
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation
from evaluations.services import links
from notifications.enums import NotificationKind
from notifications.services.inbox import News, notify_many

__all__ = ["Change", "Rescoring", "preview_rescore", "rescore"]


def rescore(
    *, version: QuestionVersion, answer: Mapping[str, Any], reason: str, actor: User, now: datetime
) -> Rescoring:
    """Corrects the key of a version and everything that was marked by it, in one transaction.

    Answers, objective marks and totals of finished evaluations change; students who have seen their result and whose
    marks change are told; the statistics follow. Submissions wait meanwhile. Doing it again changes nothing.
    Raises QuestionInvalidError (no key), DomainError, NotPermittedError (staff only).
    """
    with transaction.atomic():
        done = rescore_attempts(version=version, answer=answer, reason=reason, actor=actor, now=now)
        changed = {change.attempt.pk: change for change in done.changes if change.after != change.before}
        for batch in batches(list(changed)):
            evaluations = _correct_totals(batch)
            shown = _shown(batch, evaluations, now)
            told = [changed[pk] for pk in batch if pk in shown]
            languages = _languages(told)
            notify_many(
                [_news(one, evaluations.get(one.attempt.pk), done, languages[one.attempt.student_id]) for one in told],
                now=now,
            )
        # Last: whoever releases a paper holds the evaluation first and its statistics second, too.
        for touched in batches(sorted(done.touched)):
            note_marked(touched)
    return done


def _correct_totals(attempts: Sequence[UUID]) -> dict[UUID, Evaluation]:
    """The records of the attempts, by attempt, with corrected totals. Locks them all: one may be finished just now."""
    rows = Evaluation.objects.records().select_for_update(of=("self",)).filter(attempt__in=attempts).order_by("pk")
    found = {row.attempt_id: row for row in rows}
    objective = Attempt.objects.filter(pk=OuterRef("attempt")).values("objective_marks")
    finished = Evaluation.objects.records().filter(attempt__in=attempts, total_marks__isnull=False)
    finished.update(total_marks=Coalesce("written_marks", Decimal(0)) + Coalesce(Subquery(objective), Decimal(0)))
    return found


def _shown(attempts: Sequence[UUID], evaluations: Mapping[UUID, Evaluation], now: datetime) -> set[UUID]:
    """The attempts whose marks the student has seen: released, or without anything to be marked by hand."""
    released = {pk for pk, row in evaluations.items() if row.state == EvaluationState.RELEASED}
    bare = set(attempts) - set(evaluations)
    pages = SheetPage.objects.filter(upload__attempt__in=bare, upload__state=UploadState.VERIFIED)
    with_pages = set(pages.values_list("upload__attempt_id", flat=True))
    handed_in = Attempt.objects.filter(pk__in=bare, state=AttemptState.HANDED_IN).values_list(
        "pk", "paper__written_marks"
    )
    hidden = exams_hiding(RevealItem.MARKS, Exam.objects.filter(attempts__in=attempts), now)
    unseen = set(Attempt.objects.filter(pk__in=attempts, exam__in=hidden).values_list("pk", flat=True))
    return (released | {pk for pk, written in handed_in if not written or pk not in with_pages}) - unseen


def _languages(changes: Sequence[Change]) -> dict[UUID, str]:
    """The language of each student. One query."""
    students = User.objects.filter(pk__in=[change.attempt.student_id for change in changes])
    return dict(students.values_list("pk", "language"))


def _news(change: Change, evaluation: Evaluation | None, done: Rescoring, language: str) -> News:
    attempt, question = change.attempt, change.question
    written = (evaluation.written_marks if evaluation else None) or Decimal(0)
    assert done.correction is not None
    number = shown_numbers(attempt)[question.pk] if attempt.exam.is_shuffled else question.number
    told = {"number": f"{number}{question.alternative}"}
    told |= {"new": marks(written + change.after), "old": marks(written + change.before)}
    with translation.override(language):
        title = _("%(exam)s: your marks have changed") % {"exam": attempt.exam.title}
        body = _("The key of question %(number)s was wrong. You now have %(new)s marks instead of %(old)s.") % told
    return News(
        user_id=attempt.student_id,
        kind=NotificationKind.MARKS_CHANGED,
        cause=f"correction:{done.correction.pk.hex}:{attempt.pk.hex}",
        title=title,
        body=body,
        url=links.result_url(attempt.pk),
    )

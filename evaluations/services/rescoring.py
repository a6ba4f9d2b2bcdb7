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

from accounts.enums import LinkState
from accounts.models import GuardianLink, User
from assessments.enums import AttemptState, RevealItem, UploadState
from assessments.models import Attempt, Exam, QuestionVersion, SheetPage
from assessments.selectors.attempts import shown_numbers
from assessments.selectors.reveal import exams_hiding
from assessments.services.item_statistics import note_marked
from assessments.services.rescoring import Change, Rescoring, batches, preview_rescore, rescore_attempts
from common.templatetags.ui import marks
from evaluations.enums import EvaluationState
from evaluations.models import Evaluation, MarkCorrection
from evaluations.services import links
from evaluations.services.marked_papers import renew_marked_papers
from notifications.enums import NotificationKind
from notifications.services.inbox import News, notify_many

__all__ = ["Change", "Rescoring", "preview_rescore", "rescore"]


def rescore(
    *, version: QuestionVersion, answer: Mapping[str, Any], reason: str, actor: User, now: datetime
) -> Rescoring:
    """Corrects the key of a version and everything that was marked by it, in one transaction.

    Answers, objective marks and totals of finished evaluations change; students who have seen their result and whose
    marks change are told, and their guardians; the statistics follow, files of marked papers are made again.
    Submissions wait meanwhile. Doing it again changes nothing.
    Raises QuestionInvalidError (no key), DomainError, NotPermittedError (staff only).
    """
    with transaction.atomic():
        done = rescore_attempts(version=version, answer=answer, reason=reason, actor=actor, now=now)
        changed = {change.attempt.pk: change for change in done.changes if change.after != change.before}
        for batch in batches(list(changed)):
            evaluations = _correct_totals(batch)
            shown = _shown(batch, evaluations, now)
            told = [changed[pk] for pk in batch if pk in shown]
            _note_corrections([changed[pk] for pk in batch], evaluations, reason, actor, now)
            renew_marked_papers(attempts=batch, now=now)
            readers = _readers(told)
            notify_many(
                [
                    _news(one, evaluations.get(one.attempt.pk), done, reader)
                    for one in told
                    for reader in readers[one.attempt.student_id]
                ],
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


def _note_corrections(
    changes: Sequence[Change], evaluations: Mapping[UUID, Evaluation], reason: str, actor: User, now: datetime
) -> None:
    """Of papers that are back with their students what changed, for their results. One statement."""
    rows = []
    for change in changes:
        record = evaluations.get(change.attempt.pk)
        if record is None or record.state != EvaluationState.RELEASED:
            continue
        written = record.written_marks or Decimal(0)
        rows.append(
            MarkCorrection(
                evaluation=record,
                question=change.question,
                before=change.question_before,
                after=change.question_after,
                total_before=written + change.before,
                total_after=written + change.after,
                reason=reason,
                actor=actor,
                at=now,
            )
        )
    MarkCorrection.objects.bulk_create(rows)


def _readers(changes: Sequence[Change]) -> dict[UUID, list[User]]:
    """Each student with the guardians who look after them now. Two queries."""
    students = User.objects.in_bulk({change.attempt.student_id for change in changes})
    found = {pk: [student] for pk, student in students.items()}
    links = GuardianLink.objects.filter(student__in=found, state=LinkState.ACTIVE, guardian__is_active=True)
    for link in links.select_related("guardian"):
        found[link.student_id].append(link.guardian)
    return found


def _news(change: Change, evaluation: Evaluation | None, done: Rescoring, reader: User) -> News:
    attempt, question = change.attempt, change.question
    written = (evaluation.written_marks if evaluation else None) or Decimal(0)
    assert done.correction is not None
    number = shown_numbers(attempt)[question.pk] if attempt.exam.is_shuffled else question.number
    told = {"number": f"{number}{question.alternative}"}
    told |= {"new": marks(written + change.after), "old": marks(written + change.before)}
    own = reader.pk == attempt.student_id
    with translation.override(reader.language):
        names = {"exam": attempt.exam.title, "name": "" if own else attempt.student.name}
        title = (
            _("%(exam)s: your marks have changed") if own else _("%(exam)s: %(name)s's marks have changed")
        ) % names
        if own:
            body = _("The key of question %(number)s was wrong. You now have %(new)s marks instead of %(old)s.") % told
        else:
            body = _("The key of question %(number)s was wrong: %(old)s → %(new)s marks.") % told
    return News(
        user_id=reader.pk,
        kind=NotificationKind.MARKS_CHANGED,
        cause=f"correction:{done.correction.pk.hex}:{attempt.pk.hex}",
        title=title,
        body=body,
        url=links.result_url(attempt.pk),
    )

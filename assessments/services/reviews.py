"""Moving a question along with a word about why: kept for the bank's people, told to the author."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.enums import QuestionState
from assessments.models import Question, QuestionReview
from assessments.services.questions import change_question_state
from common.errors import DomainError
from notifications.enums import NotificationKind
from notifications.services.inbox import notify

MAX_REASON = 1000


def review_question(*, question: Question, state: str, actor: User, now: datetime, reason: str = "") -> QuestionReview:
    """Moves the question to `state` and keeps who did it and why; the author is told what somebody else decided.

    Sending back to the author needs a reason. Raises DomainError, QuestionStateError or NotPermittedError.
    """
    reason = reason.strip()
    if len(reason) > MAX_REASON:
        raise DomainError(_("Keep the reason under %d characters.") % MAX_REASON, "reason_too_long")
    if state not in QuestionState.values:
        raise DomainError(_("There is no such state."), "question_state")
    with transaction.atomic():
        # Locked before it is read, so that the row says what the state really was.
        before = Question.objects.select_for_update().values_list("state", flat=True).get(pk=question.pk)
        if state == QuestionState.DRAFT and before == QuestionState.IN_REVIEW and not reason:
            raise DomainError(_("Say what has to change, so that the author can mend it."), "reason_missing")
        moved = change_question_state(question=question, state=state, actor=actor, now=now)
        assert moved.current is not None
        row = QuestionReview.objects.create(
            question=moved,
            version=moved.current,
            before=before,
            after=state,
            reason=reason,
            actor=actor,
            created_at=now,
        )
        if actor.pk != moved.author_id and before == QuestionState.IN_REVIEW:
            _tell_author(moved, row, now)
    return row


def _tell_author(question: Question, row: QuestionReview, now: datetime) -> None:
    with translation.override(question.author.language):
        titles = {
            QuestionState.ACTIVE: _("Your question is in the bank"),
            QuestionState.DRAFT: _("Your question came back to you"),
        }
    if (title := titles.get(QuestionState(row.after))) is None:
        return
    notify(
        user=question.author,
        kind=NotificationKind.QUESTION_REVIEWED,
        cause=str(row.pk),
        title=title,
        body=row.reason,
        url=f"/bank/{question.pk}/",
        now=now,
    )

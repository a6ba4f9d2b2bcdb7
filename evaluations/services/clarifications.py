"""The conversation about marks: a student asks, whoever gave the marks or the staff answer, and it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.models import Attempt, PaperQuestion, SheetPage
from common.errors import ConflictError, DomainError, NotPermittedError
from evaluations.enums import ClarificationSide
from evaluations.models import Clarification, ClarificationMessage, Evaluation, MarkEvent, QuestionMark
from evaluations.selectors.after_marks import Window, after_marks
from evaluations.selectors.results import result_data
from evaluations.services.clarification_news import tell_other_side
from evaluations.services.marking import checked_text
from evaluations.services.pictures import checked_region
from evaluations.services.transitions import lock_evaluation

LONGEST = 1000
MOST_MESSAGES = 30
#: A conversation in which nobody has said anything for so long is over.
QUIET = timedelta(days=7)


class ClarificationError(DomainError):
    """This cannot be asked or said now."""


@dataclass(frozen=True)
class Place:
    """A page of the paper, and a rectangle on it or all of it."""

    page: UUID
    region: dict[str, Any] | None = None


def ask_about_marks(
    *,
    attempt: Attempt,
    question_id: UUID | None,
    text: str,
    place: Place | None,
    message_id: UUID,
    actor: User,
    now: datetime,
) -> Clarification:
    """The student asks about a question of their released paper, or (None) about the paper. A second message about the
    same question goes on in the same conversation. Sent again with the same `message_id` it changes nothing.

    Raises ClarificationError outside of the time for it and for what is not on the paper, DomainError for bad text.
    """
    if actor.pk != attempt.student_id:
        raise NotPermittedError(_("Only the student asks about their paper."), "not_the_student")
    if (known := _known(message_id, actor)) is not None:
        return known.clarification
    text = said(text)
    result = result_data(attempt, reader=actor, now=now)
    require_open(after_marks(attempt, result.evaluation, result.shown).questions, now)
    assert result.evaluation is not None
    if question_id is not None and not any(one.id == question_id and one.is_written for one in result.questions):
        raise ClarificationError(_("This question is not among those a teacher marked."), "unknown_question")
    with transaction.atomic():
        locked = lock_evaluation(result.evaluation.pk)
        thread, created = Clarification.objects.get_or_create(
            evaluation=locked,
            question_id=question_id,
            defaults={
                "marker": marker_of(locked, question_id),
                "waits_for": ClarificationSide.MARKER,
                "opened_at": now,
                "last_at": now,
            },
        )
        if not created and thread.closed_at is not None:
            raise ClarificationError(_("The conversation about this question is closed."), "closed")
        _say(thread, ClarificationSide.STUDENT, text, checked_place(place, locked), message_id, actor, now)
    return thread


def answer(
    *, thread: Clarification, text: str, message_id: UUID, actor: User, now: datetime, place: Place | None = None
) -> Clarification:
    """One more message, by the student, the marker or staff. Raises ClarificationError in a closed conversation,
    NotPermittedError for anybody else."""
    if (known := _known(message_id, actor)) is not None:
        return known.clarification
    text = said(text)
    with transaction.atomic():
        evaluation = lock_evaluation(thread.evaluation_id)
        # Read under the lock of the paper: it may have been closed by the other side just now.
        thread = Clarification.objects.select_related("marker").get(pk=thread.pk)
        side = side_of(thread, evaluation, actor)
        if is_over(thread, now):
            raise ClarificationError(_("This conversation is closed."), "closed")
        _say(thread, side, text, checked_place(place, evaluation), message_id, actor, now)
    return thread


def close_clarification(*, thread: Clarification, actor: User, now: datetime) -> Clarification:
    """Ends the conversation; doing it again changes nothing. For the three sides; audited."""
    with transaction.atomic():
        evaluation = lock_evaluation(thread.evaluation_id)
        thread = Clarification.objects.get(pk=thread.pk)
        side_of(thread, evaluation, actor)
        if thread.closed_at is None:
            Clarification.objects.filter(pk=thread.pk).update(closed_at=now, waits_for="")
            thread.closed_at, thread.waits_for = now, ""
            record_event(
                actor=actor, action="clarification.closed", obj=thread, before={}, after={"closed_at": now}, now=now
            )
    return thread


def is_over(thread: Clarification, now: datetime) -> bool:
    return thread.closed_at is not None or now >= thread.last_at + QUIET


def side_of(thread: Clarification, evaluation: Evaluation, person: User) -> str:
    """As whom somebody speaks. Raises NotPermittedError for guardians and whoever else may not."""
    if person.pk == evaluation.attempt.student_id:
        return ClarificationSide.STUDENT
    if person.pk == thread.marker_id:
        return ClarificationSide.MARKER
    if person.is_staff:
        return ClarificationSide.STAFF
    raise NotPermittedError(_("You can read this conversation, not take part in it."), "reader_only")


def require_open(window: Window, now: datetime) -> None:
    """Raises ClarificationError saying why nothing can be asked now."""
    state = window.state(now)
    if state == "never":
        raise ClarificationError(_("Nothing can be asked about this paper now."), "not_now")
    if state == "soon":
        raise ClarificationError(_("Look through your paper first; you can ask a little later."), "too_early")
    if state == "over":
        raise ClarificationError(_("The time to ask about this paper is over."), "too_late")


def said(text: str) -> str:
    """The words of a message, without spaces around them. Raises DomainError when there are none or too many."""
    words = checked_text(text.strip().replace("\r\n", "\n"), LONGEST)
    if not words:
        raise ClarificationError(_("Write something first."), "empty")
    return words


def checked_place(place: Place | None, evaluation: Evaluation) -> Place | None:
    """Raises ClarificationError for a page of another paper, AnnotationError and PictureError for a bad rectangle."""
    if place is None:
        return None
    if not SheetPage.objects.filter(pk=place.page, upload__attempt=evaluation.attempt_id).exists():
        raise ClarificationError(_("This page is not part of the paper."), "unknown_page")
    return Place(place.page, None if place.region is None else checked_region(place.region))


def marker_of(record: Evaluation, question_id: UUID | None) -> User | None:
    """Whoever gave the mark of the question that stands, or most marks of the paper."""
    standing = QuestionMark.objects.filter(evaluation=record).values("question")
    given = MarkEvent.objects.filter(evaluation=record, withdraws=None, question__in=standing).order_by("-id")
    if question_id is not None:
        number = PaperQuestion.objects.values_list("number", flat=True).get(pk=question_id)
        last: MarkEvent | None = given.filter(question__number=number).select_related("actor").first()
        if last is not None:
            return last.actor
    if record.teacher is not None:
        return record.teacher
    latest: MarkEvent | None = given.select_related("actor").first()
    return latest.actor if latest else None


def _known(message_id: UUID, actor: User) -> ClarificationMessage | None:
    found = ClarificationMessage.objects.select_related("clarification").filter(pk=message_id).first()
    if found is not None and found.author_id != actor.pk:
        raise ConflictError(_("This message cannot be sent. Copy the text and reload the page."), "id_taken")
    return found


def _say(
    thread: Clarification, side: str, text: str, place: Place | None, message_id: UUID, actor: User, now: datetime
) -> None:
    if thread.messages.count() >= MOST_MESSAGES:
        raise ClarificationError(_("This conversation is long enough. Talk to your institute."), "too_many")
    try:
        with transaction.atomic():
            ClarificationMessage.objects.create(
                id=message_id,
                clarification=thread,
                side=side,
                author=actor,
                text=text,
                page_id=place.page if place else None,
                region=place.region if place else None,
                at=now,
            )
    except IntegrityError:
        return  # the same message in two requests at once
    waits_for = ClarificationSide.MARKER if side == ClarificationSide.STUDENT else ClarificationSide.STUDENT
    Clarification.objects.filter(pk=thread.pk).update(last_at=now, waits_for=waits_for)
    thread.last_at, thread.waits_for = now, waits_for
    tell_other_side(thread, side=side, message_id=message_id, now=now)

"""Checking one answer while the exam runs, where the exam gives tries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.models import Attempt, PaperQuestion, Response, Try
from assessments.services.attempts import clean_save, question_closed
from assessments.services.behaviours import Rules, Verdict, is_closed
from assessments.services.judging import judge_answer, rules_of
from assessments.services.keys import keys_of
from assessments.services.response_rows import upsert_response
from assessments.services.standing import Standing, standing
from assessments.services.submission import NETWORK_GRACE, lock_attempt, require_student
from common.errors import DomainError


@dataclass(frozen=True)
class CheckedResponse:
    """What is stored after a check, and what the student is told. `applied` False: a newer save had come before, the
    answer was not looked at, and `standing` is that of before."""

    seq: int
    saved_at: datetime
    applied: bool
    standing: Standing


def check_response(
    *, attempt: Attempt, question_id: UUID | str, seq: int, answer: Any, actor: User, now: datetime
) -> CheckedResponse:
    """Saves an answer and judges it by the key that holds now: one more try of its question. Locks the attempt.

    Repeating a `seq`, or the answer of the try before, tells the same again and costs nothing: a device that got no
    reply may ask again. Raises DomainError: no_checking, no_key, nothing_to_check, no_tries_left, question_closed,
    cannot_judge, and those of save_response.
    """
    require_student(attempt, actor)
    with transaction.atomic():
        locked = lock_attempt(attempt.pk)
        clean = clean_save(locked, question_id, seq, answer, now)
        rules, question = rules_of(locked.exam), _checkable(locked, UUID(str(question_id)))
        if not clean:
            raise DomainError(_("Answer the question first; nothing was checked."), "nothing_to_check")
        tries = list(Try.objects.filter(attempt=locked, question=question).order_by("number"))
        stored = Response.objects.filter(attempt=locked, question=question).first()
        if stored is not None and _was_checked(tries, seq, clean):
            if seq > stored.seq and not stored.is_closed:
                stored = _save(locked, question, seq, clean, now)
            return _told(rules, question, tries, stored, applied=True)
        _require_tries(rules, tries, stored)
        if stored is not None and stored.seq >= seq:
            return _told(rules, question, tries, stored, applied=False)
        response = _save(locked, question, seq, clean, now)
        verdict = judge_answer(question, keys_of([question])[question.pk], clean)
        if verdict.is_correct is not None:
            tries.append(_add_try(response, len(tries) + 1, verdict, now))
            if is_closed(rules, _verdicts(tries)):
                response.is_closed = True
                response.save(update_fields=["is_closed"])
            return _told(rules, question, tries, response, applied=True)
    # Only now: the answer above is kept.
    message = _("This question cannot be checked now. Your answer is kept and is marked later.")
    raise DomainError(message, "cannot_judge")


def _checkable(attempt: Attempt, question_id: UUID) -> PaperQuestion:
    if not rules_of(attempt.exam).has_tries:
        raise DomainError(_("In this exam answers are marked at the end."), "no_checking")
    question = PaperQuestion.objects.select_related("version").get(pk=question_id)
    if question.is_written:
        raise DomainError(_("A teacher marks this question after you have handed in."), "no_key")
    return question


def _was_checked(tries: list[Try], seq: int, answer: dict[str, Any]) -> bool:
    """Whether this check was made before, or would only repeat the answer of the last one."""
    same = [made for made in tries if made.answer == answer]
    return any(made.seq == seq for made in same) or bool(tries and tries[-1] in same)


def _require_tries(rules: Rules, tries: list[Try], stored: Response | None) -> None:
    if stored is not None and stored.is_closed:
        raise question_closed(stored)
    if len(tries) >= rules.most_tries:
        message = _("You have checked this question %(count)d times, which is the most. Your best try counts.")
        raise DomainError(message % {"count": len(tries)}, "no_tries_left")


def _add_try(response: Response, number: int, verdict: Verdict, now: datetime) -> Try:
    made: Try = Try.objects.create(
        attempt=response.attempt,
        question=response.question,
        number=number,
        seq=response.seq,
        answer=response.answer,
        is_correct=verdict.is_correct,
        marks=verdict.marks,
        made_at=now,
    )
    return made


def _save(attempt: Attempt, question: PaperQuestion, seq: int, answer: dict[str, Any], now: datetime) -> Response:
    """The response with this answer stored; the caller holds the attempt, so nothing can come in between."""
    upsert_response(
        attempt_id=attempt.pk,
        question_id=question.pk,
        seq=seq,
        answer=answer,
        marked_for_review=None,
        now=now,
        ends_after=now - NETWORK_GRACE,
    )
    response: Response = Response.objects.get(attempt=attempt, question=question)
    response.attempt, response.question = attempt, question
    return response


def _told(
    rules: Rules, question: PaperQuestion, tries: list[Try], response: Response, *, applied: bool
) -> CheckedResponse:
    said = standing(rules, question, _verdicts(tries))
    return CheckedResponse(seq=response.seq, saved_at=response.saved_at, applied=applied, standing=said)


def _verdicts(tries: list[Try]) -> list[Verdict]:
    return [Verdict(made.is_correct, made.marks) for made in tries]

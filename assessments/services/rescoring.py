"""A key that was wrong: who is affected, and marking again with the right one.

This app's part: answers, objective marks, statistics. Totals and telling the students: evaluations.services.rescoring,
which is what to call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import OBJECTIVE_TYPES, AttemptState, ExamPurpose
from assessments.models import Attempt, KeyCorrection, PaperQuestion, QuestionVersion, RescoredAttempt, Response
from assessments.services.behaviours import total_marks
from assessments.services.content_schema import check_content
from assessments.services.judging import Judged, judge_response, rules_of, tried_answers
from assessments.services.keys import key_of, key_on_paper
from assessments.services.locks import Lock, hold
from assessments.services.questions import content_of, normalised
from common.errors import DomainError, NotPermittedError

# So many answers and attempts are read or written at a time.
BATCH = 500
MARKED_STATES = (AttemptState.SUBMITTED, AttemptState.HANDED_IN)
MAX_REASON = 300
T = TypeVar("T")


@dataclass(frozen=True)
class Change:
    """An attempt whose marks change: those of the question, and all its objective marks."""

    attempt: Attempt
    question: PaperQuestion
    question_before: Decimal | None
    question_after: Decimal
    before: Decimal
    after: Decimal


@dataclass(frozen=True)
class Rescoring:
    """What a corrected key does, or did. `answers`: how many were looked at. `correction` None: nothing was written.

    `touched`: the attempts with an answer that is now judged otherwise, whether or not that changes their marks.
    """

    key: dict[str, Any]
    previous: dict[str, Any]
    answers: int
    changes: tuple[Change, ...]
    touched: frozenset[UUID] = frozenset()
    correction: KeyCorrection | None = None

    @property
    def up(self) -> int:
        return sum(change.after > change.before for change in self.changes)

    @property
    def down(self) -> int:
        return sum(change.after < change.before for change in self.changes)


@dataclass(frozen=True)
class _Verdict:
    response: Response
    judged: Judged

    @property
    def marks(self) -> Decimal:
        return self.judged.marks

    @property
    def has_answer(self) -> bool:
        """Whether anything was answered; an answer may be cleared after it was tried."""
        return bool(self.response.answer) or self.judged.is_correct is not None


def preview_rescore(*, version: QuestionVersion, answer: Mapping[str, Any]) -> Rescoring:
    """Who would change, from what to what, were `answer` the key. Writes nothing. Raises QuestionInvalidError."""
    key = checked_key(version, answer)
    answers, verdicts = _verdicts(version, key)
    return Rescoring(key, key_of(version), answers, tuple(_changes(verdicts)), _touched(verdicts))


def rescore_attempts(
    *, version: QuestionVersion, answer: Mapping[str, Any], reason: str, actor: User, now: datetime
) -> Rescoring:
    """Makes `answer` the key of the version and marks every submitted answer to it again. Audited, repeatable.

    Nobody submits while this runs: a submission before it is marked again, one after it finds the new key. Called only
    by evaluations.services.rescoring, in its transaction; that also notes the statistics. Raises QuestionInvalidError,
    DomainError, NotPermittedError.
    """
    if not actor.is_staff:
        raise NotPermittedError(_("Only staff can correct a key."), "not_permitted")
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise DomainError(_("Say in at most %d characters why the key is corrected.") % MAX_REASON, "reason_missing")
    key = checked_key(version, answer)
    with transaction.atomic():
        hold(Lock.KEYS)
        previous = key_of(version)
        answers, verdicts = _verdicts(version, key)
        changes = tuple(_changes(verdicts))
        if key == previous and not verdicts:
            return Rescoring(key, previous, answers, ())
        correction = _correct(version, key, previous, reason, actor, now)
        _write(correction, verdicts, changes)
        done = Rescoring(key, previous, answers, changes, _touched(verdicts), correction)
        record_event(
            actor=actor,
            action="question.key_corrected",
            obj=version,
            before={"answer": previous},
            after={"answer": key, "correction": correction.pk, "marks_up": done.up, "marks_down": done.down},
            reason=reason,
            now=now,
        )
    return done


def checked_key(version: QuestionVersion, answer: Mapping[str, Any]) -> dict[str, Any]:
    """`answer` as the version would store it. Raises QuestionInvalidError, or DomainError for a written question."""
    kind = version.question.type
    if kind not in OBJECTIVE_TYPES:
        raise DomainError(_("This question is marked by a teacher and has no key."), "no_key")
    content = replace(content_of(version), answer=answer)
    check_content(kind, content)
    return dict(normalised(content).answer)


def batches(rows: Iterable[T]) -> Iterator[list[T]]:
    """Lists of BATCH."""
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        yield batch


# --- Working out -----------------------------------------------------------------------------------------------------
def _touched(verdicts: list[_Verdict]) -> frozenset[UUID]:
    return frozenset(verdict.response.attempt_id for verdict in verdicts)


def _verdicts(version: QuestionVersion, key: dict[str, Any]) -> tuple[int, list[_Verdict]]:
    """How many answers there are, and the verdicts on those that come out otherwise than they are stored."""
    saved = Response.objects.filter(question__version=version, attempt__state__in=MARKED_STATES)
    # Of an erased person the answers are gone, and the marks stay as they were.
    saved = saved.exclude(attempt__exam__purpose=ExamPurpose.REHEARSAL).filter(attempt__student__erased_at=None)
    rows = saved.select_related("question", "attempt__student").order_by("attempt_id", "pk")
    # Thousands of attempts are of a few exams: each is read once a batch.
    rows = rows.prefetch_related("attempt__exam")
    keys: dict[UUID, dict[str, Any]] = {}
    answers, found = 0, []
    for batch in batches(rows.iterator(chunk_size=BATCH)):
        with_tries = {row.attempt_id for row in batch if rules_of(row.attempt.exam).has_tries}
        tried = tried_answers(with_tries, versions=[version.pk]) if with_tries else {}
        for response in batch:
            question = response.question
            question.version = version
            if question.pk not in keys:
                keys[question.pk] = key_on_paper(question, key)
            answers += bool(response.answer)
            tries = tried.get((response.attempt_id, question.pk), [])
            judged = judge_response(rules_of(response.attempt.exam), question, keys[question.pk], response, tries)
            if vars(judged) != {name: getattr(response, name) for name in vars(judged)}:
                found.append(_Verdict(response, judged))
    return answers, found


def _changes(verdicts: list[_Verdict]) -> Iterator[Change]:
    """What changes for whom. Of two alternatives the better one counts, and no total falls below 0."""
    totals: dict[UUID, Decimal] = {}  # A paper might hold the version twice.
    for batch in batches(verdicts):
        all_marks = _marks_beside(batch)
        for verdict in batch:
            response, attempt = verdict.response, verdict.response.attempt
            counted = all_marks[attempt.pk]
            was = total_marks(counted.values())
            counted[response.question_id] = (response.question.number, verdict.marks if verdict.has_answer else None)
            step = total_marks(counted.values()) - was
            if step or verdict.marks != (response.marks or Decimal(0)):
                before = totals.get(attempt.pk, attempt.objective_marks or Decimal(0))
                totals[attempt.pk] = before + step
                yield Change(attempt, response.question, response.marks, verdict.marks, before, before + step)


def _marks_beside(verdicts: list[_Verdict]) -> dict[UUID, dict[UUID, tuple[int, Decimal | None]]]:
    """What decides by how much the totals change: (number, marks) by attempt and question; None, not answered.

    Of most attempts that is the other alternative of the question, if there is one. Only where a wrong answer cost
    marks can the total meet its floor of 0, and all of the attempt's marks count.
    """
    attempts = {verdict.response.attempt_id for verdict in verdicts}
    saved = Response.objects.filter(question__is_written=False)
    deep = {verdict.response.attempt_id for verdict in verdicts if verdict.marks < 0}
    deep |= set(saved.filter(attempt__in=attempts, marks__lt=0).values_list("attempt_id", flat=True))
    numbers = {verdict.response.question.number for verdict in verdicts}
    wanted = Q(attempt__in=attempts - deep, question__number__in=numbers) | Q(attempt__in=deep)
    found: dict[UUID, dict[UUID, tuple[int, Decimal | None]]] = defaultdict(dict)
    for attempt, question, number, marks, answer, is_correct in saved.filter(wanted).values_list(
        "attempt_id", "question_id", "question__number", "marks", "answer", "is_correct"
    ):
        found[attempt][question] = (number, marks if answer or is_correct is not None else None)
    return found


# --- Writing ---------------------------------------------------------------------------------------------------------
def _correct(
    version: QuestionVersion, key: dict[str, Any], previous: dict[str, Any], reason: str, actor: User, now: datetime
) -> KeyCorrection:
    made: KeyCorrection = KeyCorrection.objects.create(
        version=version,
        number=KeyCorrection.objects.filter(version=version).count() + 1,
        answer=key,
        previous=previous,
        reason=reason,
        actor=actor,
        at=now,
    )
    return made


def _write(correction: KeyCorrection, verdicts: list[_Verdict], changes: tuple[Change, ...]) -> None:
    """A handful of statements per BATCH: there are few different verdicts and marks, each written to many rows."""
    alike: dict[Judged, list[int]] = defaultdict(list)
    for verdict in verdicts:
        alike[verdict.judged].append(verdict.response.pk)
    for judged, responses in alike.items():
        for some in batches(responses):
            Response.objects.filter(pk__in=some).update(**vars(judged))
    by_marks: dict[Decimal, list[UUID]] = defaultdict(list)
    for attempt, marks in {change.attempt.pk: change.after for change in changes}.items():
        by_marks[marks].append(attempt)
    for marks, attempts in by_marks.items():
        for chunk in batches(attempts):
            Attempt.objects.filter(pk__in=chunk).update(objective_marks=marks)
    RescoredAttempt.objects.bulk_create(
        [
            RescoredAttempt(
                correction=correction,
                attempt=change.attempt,
                question=change.question,
                question_before=change.question_before,
                question_after=change.question_after,
                before=change.before,
                after=change.after,
            )
            for change in changes
        ],
        batch_size=BATCH,
    )

"""Marking by question: a paper is divided into shares, one for each group of questions, and gathered when all are done.

The record of such a paper is with nobody: it waits (SHARED) until the last of its shares is finished. What was marked
on a share, the marks with who gave them and the ink, goes over to the record as soon as the share is finished, so
everything that reads a marked paper reads the record alone. The record is locked before its shares, always.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from assessments.models import Exam, PaperQuestion, Response
from evaluations.enums import OPEN_STATES, EvaluationRole, EvaluationState
from evaluations.models import Annotation, Evaluation, MarkEvent, MarkingGroup, QuestionMark
from evaluations.selectors.progress import marking_progress
from evaluations.selectors.schemes import scheme_histories
from evaluations.services.scheme_marks import append_mark, given_by, last_versions
from evaluations.services.transitions import lock_evaluation, move, record_opening
from evaluations.services.workload import share_work


def divide(*, record: Evaluation, now: datetime) -> list[Evaluation]:
    """Divides a waiting, locked record into its shares, which wait for a teacher each; returns them.

    Numbers that are marked already (of a paper that was returned) or declared not attempted get no share. Without any
    share the record stays as it is, to be marked as a whole.
    """
    attempt = record.attempt
    said = Response.objects.filter(attempt=attempt, question__is_written=True, answer__not_attempted=True)
    done = set(said.values_list("question__number", flat=True))
    done |= set(QuestionMark.objects.filter(evaluation=record).values_list("question__number", flat=True))
    written = PaperQuestion.objects.filter(paper=attempt.paper_id, is_written=True).exclude(number__in=done)
    numbers = sorted(set(written.values_list("number", flat=True)))
    groups = groups_for(exam=attempt.exam, numbers=numbers)
    if not groups:
        return []
    move(record, "divide", actor=None, now=now, changes={"is_shared": True, "remind_at": None})
    return [_share(record, group, mine, now) for group, mine in groups]


def groups_for(*, exam: Exam, numbers: Collection[int]) -> list[tuple[MarkingGroup, list[int]]]:
    """The groups of these numbers, each with those of them that are in it; a number without a group gets its own."""
    groups = list(MarkingGroup.objects.filter(exam=exam).order_by("first_number"))
    of = {number: group for group in groups for number in group.numbers}
    for number in numbers:
        if number not in of:
            # Two papers that are opened at once: the second finds what the first has made.
            of[number], _ = MarkingGroup.objects.get_or_create(
                exam=exam, first_number=number, defaults={"numbers": [number]}
            )
    found: dict[UUID, tuple[MarkingGroup, list[int]]] = {}
    for number in sorted(numbers):
        found.setdefault(of[number].pk, (of[number], []))[1].append(number)
    return list(found.values())


def gather(*, share: Evaluation, now: datetime) -> Evaluation | None:
    """Takes a share that was just finished over to its record, which the caller has locked before it. Returns the
    record when that was the last one and nothing is missing; None while others are open."""
    assert share.record_id is not None
    record = lock_evaluation(share.record_id)
    copy_marks(share, record, now)
    copy_ink(share, record)
    active = record.active_seconds + share.active_seconds
    Evaluation.objects.filter(pk=record.pk).update(active_seconds=active)
    record.active_seconds = active
    others = Evaluation.objects.filter(record=record, state__in=OPEN_STATES)
    # A re-mark waits for its record, not the other way round.
    is_open = others.exclude(role=EvaluationRole.REMARK).exists()
    if is_open or record.state != EvaluationState.SHARED or marking_progress(record).missing:
        return None
    return record


def close_shares(*, record: Evaluation, actor: User | None, reason: str, now: datetime) -> list[Evaluation]:
    """Ends what others were to do of a locked record and have not finished, because the paper goes back; what was
    marked on it is kept. Returns it."""
    with transaction.atomic():
        shares = Evaluation.objects.with_paper().select_for_update(of=("self",)).filter(record=record)
        # A re-mark waits for its record.
        shares = shares.exclude(role=EvaluationRole.REMARK)
        open_ones = list(shares.filter(state__in=[*OPEN_STATES, EvaluationState.MODERATION]).order_by("pk"))
        for share in open_ones:
            let_go = {"claimed_at": None, "lease_until": None}
            move(share, "close", actor=actor, now=now, reason=reason, changes=let_go)
    return open_ones


def main_marker(record: Evaluation) -> User | None:
    """Of a shared paper who gave most of its marks: a correction goes to them."""
    given: dict[UUID, int] = defaultdict(int)
    standing = QuestionMark.objects.filter(evaluation=record).values("question")
    events = MarkEvent.objects.filter(evaluation=record, withdraws=None, question__in=standing)
    for actor in events.order_by("id").values_list("actor_id", flat=True):
        given[actor] += 1
    return User.objects.get(pk=max(given, key=lambda actor: given[actor])) if given else None


def _share(record: Evaluation, group: MarkingGroup, numbers: list[int], now: datetime) -> Evaluation:
    share = Evaluation(
        attempt=record.attempt,
        role=EvaluationRole.SHARE,
        record=record,
        group=group,
        numbers=numbers,
        policy=record.policy,
        submitted_at=record.submitted_at,
        due_at=record.due_at,
        half_at=record.half_at,
        most_at=record.most_at,
        remind_at=record.half_at,
        work=share_work(record.attempt, numbers),
        max_marks=_marks_of(record, numbers),
    )
    share.save(force_insert=True)
    record_opening(share, now=now)
    return share


def _marks_of(record: Evaluation, numbers: Iterable[int]) -> Decimal:
    """What the numbers carry; a choice counts once."""
    rows = PaperQuestion.objects.filter(paper=record.attempt.paper_id, number__in=list(numbers), is_written=True)
    most: dict[int, Decimal] = {}
    for number, marks in rows.values_list("number", "marks"):
        most[number] = max(marks, most.get(number, marks))
    return sum(most.values(), Decimal(0))


def copy_marks(share: Evaluation, record: Evaluation, now: datetime) -> None:
    """The marks of `share` that stand, as their markers gave them, to `record`, by who gave the last one."""
    known = last_versions(record)
    last: dict[UUID, MarkEvent] = {}
    events = MarkEvent.objects.filter(evaluation=share, worked_from=None).select_related("question", "actor")
    for event in events.order_by("id"):
        last[event.question_id] = event
    schemes = scheme_histories(share.attempt.exam_id, {one.question.version_id for one in last.values()})
    for key, event in sorted(last.items(), key=lambda item: item[1].question.number):
        if event.withdraws_id is not None:
            continue
        history = schemes[event.question.version_id]
        append_mark(
            record,
            event.question,
            given_by(event, history),
            version=known.get(key, 0) + 1,
            now_scheme=history.now,
            actor=event.actor,
            now=now,
        )


def copy_ink(share: Evaluation, record: Evaluation, *, only: Q | None = None) -> None:
    """The ink of `share` as it is, or what of it is `only`, to `record`."""
    rows = Annotation.objects.filter(only or Q(), evaluation=share, deleted_at__isnull=True)
    # Of the same ink always the same id: what was copied once is not copied again.
    copies = []
    for row in list(rows.order_by("updated_at", "id")):
        row.pk, row.evaluation, row.version = uuid5(record.pk, str(row.pk)), record, 1
        copies.append(row)
    Annotation.objects.bulk_create(copies, ignore_conflicts=True)
    # The comment is used once: where the student reads it.
    rows.filter(bank__isnull=False).update(bank=None)

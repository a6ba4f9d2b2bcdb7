"""The flight record as devices tell it, what the server refuses, and how long it is kept.

A device tells its events in small batches, again and in any order until they are confirmed; each counts once by the
device's own number. It tells facts and their times; nothing here judges them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.enums import SPELLS, AttemptState, FlightEvent
from assessments.models import Attempt, AttemptEvent
from assessments.selectors.attempts import answer_shapes
from assessments.services.submission import require_student
from common.errors import DomainError

# Of one attempt; a page that tells more than this has told what there is to know.
MOST_TOLD = 3000
MOST_REFUSED = 50
# A device that was offline at the end tells of it when it is back.
TELL_WITHIN = timedelta(days=7)
REFUSALS = frozenset({"time_up", "already_submitted", "attempt_cancelled"})
PRUNED_AT_ONCE = 5000


@dataclass(frozen=True)
class Told:
    """`confirmed`: the numbers that a device need not tell again. `is_full`: no more is kept of this attempt. `writer`:
    the device on which the student writes."""

    confirmed: list[int]
    is_full: bool
    writer: UUID | None


def note_told(
    *, attempt: Attempt, device: UUID, events: Sequence[Mapping[str, Any]], actor: User, now: datetime
) -> Told:
    """Keeps what a device of the student tells: of each event its `number`, `kind`, when it `began_at`, of a spell how
    many `ms` it lasted, and what else belongs to it as `data`. At most three queries, two more when the device that
    writes changes: the first one that tells is it, and whichever the student says later (`taken`).

    Repeating changes nothing. Times outside the attempt are moved to its edge: a device may be wrong, and is believed
    no further. Raises DomainError: too_late, unknown_question.
    """
    require_student(attempt, actor)
    if now > attempt.ends_at + TELL_WITHIN:
        raise DomainError(_("This attempt is long over; its record is closed."), "too_late")
    shapes = answer_shapes(attempt.paper_id) if any(event.get("question") for event in events) else {}
    if any(event.get("question") and str(event["question"]) not in shapes for event in events):
        raise DomainError(_("This question is not in your paper."), "unknown_question")
    writer = _writer(attempt, device, events)
    kept = AttemptEvent.objects.filter(attempt=attempt, number__isnull=False).count()
    rows = [_told_row(attempt, device, event, now) for event in events[: max(0, MOST_TOLD - kept)]]
    AttemptEvent.objects.bulk_create(rows, ignore_conflicts=True)
    is_full = kept + len(rows) >= MOST_TOLD
    return Told(confirmed=[event["number"] for event in events], is_full=is_full, writer=writer)


def _writer(attempt: Attempt, device: UUID, events: Sequence[Mapping[str, Any]]) -> UUID | None:
    """Who writes after these events; before they are kept, as one that is told again changes nothing."""
    taken = [event["number"] for event in events if event["kind"] == FlightEvent.TAKEN]
    if attempt.writer == device or (attempt.writer is not None and not taken):
        return attempt.writer
    if AttemptEvent.objects.filter(attempt=attempt, device=device, number__in=taken).count() < len(taken):
        Attempt.objects.filter(pk=attempt.pk).update(writer=device)
        return device
    if attempt.writer is None and Attempt.objects.filter(pk=attempt.pk, writer=None).update(writer=device):
        return device
    return attempt.writer


def _told_row(attempt: Attempt, device: UUID, event: Mapping[str, Any], now: datetime) -> AttemptEvent:
    began_at = min(max(event["began_at"], attempt.started_at), now)
    longest = (now - began_at) // timedelta(milliseconds=1)
    return AttemptEvent(
        attempt=attempt,
        kind=event["kind"],
        at=now,
        began_at=began_at,
        ms=min(event.get("ms") or 0, longest) if event["kind"] in SPELLS else None,
        device=device,
        number=event["number"],
        question=event.get("question"),
        data=event.get("data") or None,
    )


def note_refusal(*, attempt: Attempt, code: str, question_id: UUID | str, device: UUID | None, now: datetime) -> None:
    """Keeps that an answer came and was refused because the attempt was over; the first of them only."""
    if code not in REFUSALS:
        return
    refused = AttemptEvent.objects.filter(attempt=attempt, kind=FlightEvent.REFUSED)
    if refused.count() < MOST_REFUSED:
        AttemptEvent.objects.create(
            attempt=attempt,
            kind=FlightEvent.REFUSED,
            at=now,
            device=device,
            question=UUID(str(question_id)),
            data={"code": code},
        )


def prune_flight_records(*, now: datetime) -> int:
    """Deletes the records of attempts that began longer ago than FLIGHT_RECORD_DAYS and are over; returns how many
    lines. Ids of attempts are ordered by time, so this reads the oldest lines by their index. The database refuses to
    delete lines younger than 180 days, whatever the setting."""
    kept_from = now - timedelta(days=settings.FLIGHT_RECORD_DAYS)
    oldest = Attempt.objects.filter(started_at__lt=kept_from)
    bound = oldest.order_by("-id").values_list("pk", flat=True).first()
    if bound is None:
        return 0
    over = oldest.exclude(state=AttemptState.IN_PROGRESS).values("pk")
    pruned = 0
    while True:
        lines = AttemptEvent.objects.filter(attempt__lte=bound, attempt__in=over, at__lt=kept_from)
        lines = lines.order_by("attempt", "id")
        ids = list(lines.values_list("pk", flat=True)[:PRUNED_AT_ONCE])
        with transaction.atomic():
            pruned += AttemptEvent.objects.filter(pk__in=ids)._raw_delete(using=AttemptEvent.objects.db) if ids else 0
        if len(ids) < PRUNED_AT_ONCE:
            return pruned

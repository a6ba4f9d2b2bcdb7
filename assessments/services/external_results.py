"""Taking results from external tools: who signs, what is said, and that nothing counts twice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from assessments.models import ExternalDelivery, ExternalLaunch, ExternalResult, ExternalTool, Outcome
from assessments.services.external_secrets import open_secrets
from assessments.services.signatures import TOLERANCE, verify
from assessments.signals import external_result_received
from common.errors import DomainError
from common.events import announce
from common.parsers import JsonTooLargeError, load_json

MAX_BYTES = 16 * 1024
MAX_EVENT_ID = 100
FIELDS = {"event_id", "launch_id", "score", "max_score", "occurred_at"}
# The log is for looking into the last weeks; a flood of refusals must not fill the disk either.
KEEP_DELIVERIES = timedelta(days=60)
MOST_DELIVERIES = 5000


@dataclass(frozen=True)
class Taken:
    """`repeated`: the event had come before; `result` is what was stored then."""

    result: ExternalResult
    repeated: bool


@dataclass(frozen=True)
class Event:
    """A body that was read and is well formed."""

    event_id: str
    launch_id: UUID
    score: Decimal
    max_score: Decimal
    occurred_at: datetime


def receive_result(*, tool: ExternalTool, signature: str, body: bytes, now: datetime) -> Taken:
    """Stores the result that `body` reports, once, and writes in the log what was said to it.

    Raises DomainError: too_large (413), those of `signatures.verify` (401), those of `load_json` (400, 422), and with
    422 bad_event, unknown_launch, score_out_of_bounds, maximum_differs, bad_time.
    """
    event_id = ""
    try:
        if len(body) > MAX_BYTES:
            raise JsonTooLargeError(_("A result is at most 16 KB."), "too_large")
        verify(header=signature, body=body, secrets=open_secrets(tool=tool, now=now), now=now)
        data = load_json(body)
        event_id = _event_id(data)
        taken = _take(tool, event_id, data, hashlib.sha256(body).hexdigest(), now)
    except DomainError as refusal:
        _note(tool, Outcome.REFUSED, body, now, event_id=event_id, code=refusal.code, message=refusal.message)
        raise
    outcome = Outcome.REPEATED if taken.repeated else Outcome.ACCEPTED
    _note(tool, outcome, body, now, event_id=event_id, result=taken.result)
    return taken


def prune_deliveries(*, now: datetime) -> int:
    """Deletes log rows past their time, and of every tool all but the newest thousands. Returns how many."""
    gone, _kinds = ExternalDelivery.objects.filter(received_at__lt=now - KEEP_DELIVERIES).delete()
    for tool in ExternalTool.objects.all():
        newest = ExternalDelivery.objects.filter(tool=tool).order_by("-id").values_list("id", flat=True)
        if last := list(newest[MOST_DELIVERIES : MOST_DELIVERIES + 1]):
            more, _kinds = ExternalDelivery.objects.filter(tool=tool, id__lte=last[0]).delete()
            gone += more
    return gone


def _take(tool: ExternalTool, event_id: str, data: dict[str, Any], digest: str, now: datetime) -> Taken:
    stored = ExternalResult.objects.filter(tool=tool, event_id=event_id).first()
    if stored is not None:
        return Taken(stored, repeated=True)
    event = _event(event_id, data)
    launch = _launch(tool, event, now)
    try:
        with transaction.atomic():
            made = ExternalResult.objects.create(
                tool=tool,
                launch=launch,
                event_id=event_id,
                score=event.score,
                max_score=event.max_score,
                occurred_at=event.occurred_at,
                received_at=now,
                digest=digest,
            )
            announce(external_result_received, result_id=made.pk)
    except IntegrityError:
        # Another delivery of the same event was faster; the constraint decides, as no look before it can.
        return Taken(ExternalResult.objects.get(tool=tool, event_id=event_id), repeated=True)
    return Taken(made, repeated=False)


def _launch(tool: ExternalTool, event: Event, now: datetime) -> ExternalLaunch:
    launches = ExternalLaunch.objects.select_related("assessment")
    launch: ExternalLaunch | None = launches.filter(pk=event.launch_id, assessment__tool=tool).first()
    if launch is None:
        raise DomainError(_("You were not sent a student with this launch_id."), "unknown_launch")
    if event.max_score != launch.assessment.max_score:
        message = _("max_score is %(most)s here. Tell the institute if yours is another.")
        raise DomainError(message % {"most": launch.assessment.max_score}, "maximum_differs")
    if not 0 <= event.score <= event.max_score:
        raise DomainError(_("score lies between 0 and max_score."), "score_out_of_bounds")
    slack = timedelta(seconds=TOLERANCE)
    if not launch.issued_at - slack <= event.occurred_at <= now + slack:
        raise DomainError(_("occurred_at lies between the launch and now."), "bad_time")
    return launch


def _event_id(data: Any) -> str:
    event_id = data.get("event_id") if isinstance(data, dict) else None
    if not isinstance(event_id, str) or not 1 <= len(event_id.strip()) <= len(event_id) <= MAX_EVENT_ID:
        message = _("The body is a JSON object with an event_id of 1 to %(most)d characters.")
        raise DomainError(message % {"most": MAX_EVENT_ID}, "bad_event")
    return event_id


def _event(event_id: str, data: dict[str, Any]) -> Event:
    if unknown := sorted(key[:40] for key in set(data) - FIELDS):
        raise DomainError(_("There is no field %(names)s.") % {"names": ", ".join(unknown[:5])}, "bad_event")
    return Event(
        event_id=event_id,
        launch_id=_uuid(data.get("launch_id")),
        score=_number(data, "score"),
        max_score=_number(data, "max_score"),
        occurred_at=_time(data.get("occurred_at")),
    )


def _uuid(value: Any) -> UUID:
    try:
        return UUID(value)
    except (AttributeError, TypeError, ValueError):
        raise DomainError(_("launch_id is the jti of the token you were sent."), "bad_event") from None


def _number(data: dict[str, Any], name: str) -> Decimal:
    """A number with at most two decimals, written as a number or as text."""
    value = data.get(name)
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 20:
            raise InvalidOperation
        number = Decimal(str(value))
        if not number.is_finite() or abs(number) >= 1_000_000 or number != round(number, 2):
            raise InvalidOperation
    except InvalidOperation:
        message = _("%(name)s is a number with at most two decimals.") % {"name": name}
        raise DomainError(message, "bad_event") from None
    return number


def _time(value: Any) -> datetime:
    """RFC 3339 with its zone."""
    try:
        found = parse_datetime(value) if isinstance(value, str) and len(value) <= 40 else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not 2000 <= found.year <= 2200:
        raise DomainError(_("occurred_at is a time such as 2026-11-18T10:00:00Z."), "bad_event")
    return found


def _note(tool: ExternalTool, outcome: str, body: bytes, now: datetime, **said: Any) -> None:
    said["message"] = str(said.get("message", ""))[:300]
    ExternalDelivery.objects.create(tool=tool, received_at=now, outcome=outcome, size=len(body), **said)

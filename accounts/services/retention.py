"""How long things are kept: rules as data, one job for each kind of thing, run once a day (ADR 0032)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.enums import ExportState, RetentionKind
from accounts.models import AuditEvent, AuditSeal, DataExport, RetentionRule, User
from accounts.services.audit import record_event
from accounts.signals import account_unused
from common.append_only import gate
from common.events import announce
from common.storage import sheet_storage

log = structlog.get_logger(__name__)

BATCH = 500
#: So many things of one kind go in one run; the rest goes tomorrow.
MOST = 20_000


@dataclass(frozen=True)
class Rule:
    """Kept for `days`; nothing is done while it is off."""

    days: int
    is_on: bool = True

    def before(self, now: datetime) -> datetime:
        """What is older than this goes."""
        return now - timedelta(days=self.days)


#: The rules of the house (SPEC §1): scans 36 months, the audit trail 7 years.
DEFAULTS = {
    RetentionKind.SCANS: Rule(1096),
    RetentionKind.AUDIT: Rule(2557),
    RetentionKind.EXPORTS: Rule(7),
    RetentionKind.REHEARSALS: Rule(30),
    RetentionKind.INACTIVE: Rule(730, is_on=False),
}


@dataclass(frozen=True)
class Job:
    """`due(before)`: the things that would go. `prune(keys, now)`: lets go of these, in a transaction of its own."""

    kind: RetentionKind
    due: Callable[[datetime], QuerySet[Any]]
    prune: Callable[[list[Any], datetime], int]


_jobs: dict[str, Job] = {}


def register_job(job: Job) -> None:
    """Called once by the app that holds this kind of thing, when it is ready."""
    _jobs[job.kind] = job


def rule_of(kind: str) -> Rule:
    """The institute's rule, else that of the house."""
    row = RetentionRule.objects.filter(kind=kind).first()
    return Rule(row.days, row.is_on) if row else DEFAULTS[RetentionKind(kind)]


def due_counts(*, now: datetime) -> dict[str, int]:
    """How many things of each kind the next run would let go; changes nothing."""
    counts = {}
    for kind, job in _jobs.items():
        rule = rule_of(kind)
        counts[kind] = job.due(rule.before(now)).count() if rule.is_on else 0
    return counts


def run_retention(*, now: datetime) -> dict[str, int]:
    """Lets go of what was kept long enough, in batches, each with its count in the audit trail. Returns the counts."""
    counts = {}
    for kind, job in _jobs.items():
        rule = rule_of(kind)
        keys = list(job.due(rule.before(now)).values_list("pk", flat=True)[:MOST]) if rule.is_on else []
        counts[kind] = sum(job.prune(keys[start : start + BATCH], now) for start in range(0, len(keys), BATCH))
    log.info("retention", **counts)
    return counts


def note_pruned(*, kind: str, count: int, now: datetime) -> None:
    """One audit event for a batch, in its transaction."""
    row = RetentionRule(kind=kind)
    record_event(actor=None, action="retention.pruned", obj=row, after={"kind": kind, "count": count}, now=now)


# --- What accounts keeps ---------------------------------------------------------------------------------------------
def _old_exports(before: datetime) -> QuerySet[Any]:
    return DataExport.objects.filter(state=ExportState.READY, ready_at__lt=before).order_by("pk")


def _prune_exports(keys: list[Any], now: datetime) -> int:
    rows = DataExport.objects.filter(pk__in=keys)
    for row in rows:
        sheet_storage().delete(row.storage_key)
    with transaction.atomic():
        note_pruned(kind=RetentionKind.EXPORTS, count=len(keys), now=now)
        return rows.update(state=ExportState.EXPIRED, storage_key="")


def _old_seals(before: datetime) -> QuerySet[Any]:
    """Seals all of whose events are older: the trail is cut between seals, so that the chain over the rest holds."""
    pruned = AuditEvent.objects.filter(action="audit.pruned").order_by("-id").values_list("after", flat=True).first()
    seals = AuditSeal.objects.filter(sealed_at__lt=before).exclude(version=None)
    return (seals.filter(last_event__gt=pruned["through"]) if pruned else seals).order_by("pk")


def _prune_seals(keys: list[Any], now: datetime) -> int:
    last = AuditSeal.objects.filter(pk__in=keys).order_by("-pk")[0]
    with transaction.atomic():
        old = AuditEvent.objects.filter(pk__lte=last.last_event)
        # `person.erased` and the cuts say what is missing, so they outlive the rest.
        going = list(old.exclude(action__in=["audit.erased", "audit.pruned"]).values_list("pk", flat=True))
        with gate(AuditEvent._meta.db_table):
            for start in range(0, len(going), BATCH):
                AuditEvent.objects.filter(pk__in=going[start : start + BATCH]).delete()
        after = {"through": str(last.last_event), "events": len(going)}
        record_event(actor=None, action="audit.pruned", obj=last, after=after, now=now)
        note_pruned(kind=RetentionKind.AUDIT, count=len(going), now=now)
    return len(going)


def _unused(before: datetime) -> QuerySet[Any]:
    people = User.objects.filter(is_active=True, is_staff=False, erased_at=None)
    unused = people.filter(Q(last_login__lt=before) | Q(last_login=None, date_joined__lt=before))
    oldest_first: QuerySet[Any] = unused.order_by("pk")
    return oldest_first


def _remind(keys: list[Any], now: datetime) -> int:
    with transaction.atomic():
        for key in keys:
            # The notification is one a year, however often this says so.
            announce(account_unused, person_id=key, year=now.year)
        note_pruned(kind=RetentionKind.INACTIVE, count=len(keys), now=now)
    return len(keys)


def contribute() -> None:
    """Called when the app is ready."""
    register_job(Job(RetentionKind.EXPORTS, _old_exports, _prune_exports))
    register_job(Job(RetentionKind.AUDIT, _old_seals, _prune_seals))
    register_job(Job(RetentionKind.INACTIVE, _unused, _remind))

"""Missed promises: flagged once, however often and however concurrently somebody looks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from common.events import announce
from common.templatetags.ui_times import clock_text
from evaluations.enums import HELD_STATES, OPEN_STATES, EvaluationRole, EvaluationState
from evaluations.models import Evaluation, SlaBreach
from evaluations.services import links
from evaluations.services.webhook_data import breached_data
from evaluations.signals import sla_breached
from notifications.enums import NotificationKind, WebhookType
from notifications.services.inbox import notify
from notifications.services.webhooks import record_webhook

BATCH = 200

# Only rows that this statement itself inserted come back: of two scans at once the second waits for the first at the
# primary key and then inserts, and reports, nothing. The first of the two moments is for the index of the queue.
FLAG = """
INSERT INTO evaluations_slabreach (evaluation_id, due_at, flagged_at)
SELECT late.id, late.due_at, {now}
FROM evaluations_evaluation AS late
WHERE late.role IN ('record', 'remark') AND late.state IN ({states})
  AND late.due_at < {now} AND late.due_at < COALESCE(late.paused_at, {now}) AND late.finalised_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM evaluations_slabreach AS known WHERE known.evaluation_id = late.id)
ORDER BY late.due_at, late.id
LIMIT {batch}
ON CONFLICT (evaluation_id) DO NOTHING
RETURNING evaluation_id
"""


def scan_breaches(*, now: datetime) -> int:
    """Flags every open paper whose promise has passed, also those of beats that were missed. Returns how many are new.

    Staff are told, the audit trail written and the fact announced once per paper, in the transaction of its flag.
    """
    flagged = 0
    while True:
        with transaction.atomic():
            # Each half has an index of its own.
            fresh = _flag_batch(OPEN_STATES, now) + _flag_batch(HELD_STATES, now)
            _tell(fresh, now)
        flagged += len(fresh)
        if not fresh:
            return flagged


def flag_if_late(*, evaluation: Evaluation, now: datetime) -> bool:
    """Flags one locked paper that is being finished or returned after its promise, before a scan could see it.

    A share has no promise of its own: its record is flagged; a re-mark has.
    """
    if evaluation.role not in (EvaluationRole.RECORD, EvaluationRole.REMARK) or not evaluation.is_late(now):
        return False
    _, created = SlaBreach.objects.get_or_create(
        evaluation=evaluation, defaults={"due_at": evaluation.due_at, "flagged_at": now}
    )
    if created:
        _tell([evaluation.pk], now)
    return created


def _flag_batch(among: Sequence[EvaluationState], now: datetime) -> list[UUID]:
    moment = connection.ops.adapt_datetimefield_value(now)
    states = [str(state) for state in among]
    sql = FLAG.format(now="%s", states=", ".join(["%s"] * len(states)), batch=BATCH)
    id_field = Evaluation._meta.pk
    with connection.cursor() as cursor:
        cursor.execute(sql, [moment, *states, moment, moment])
        rows = cursor.fetchall()
    return [id_field.to_python(row[0]) for row in rows]


def _tell(ids: list[UUID], now: datetime) -> None:
    if not ids:
        return
    staff = list(User.objects.filter(is_staff=True, is_active=True))
    late = Evaluation.objects.filter(pk__in=ids).select_related("attempt__exam", "teacher", "policy")
    for evaluation in late.order_by("due_at", "id"):
        record_event(
            actor=None,
            action="evaluation.breached",
            obj=evaluation,
            after={"due_at": evaluation.due_at, "teacher": evaluation.teacher_id},
            now=now,
        )
        for person in staff:
            _notify(person, evaluation, now)
        sent = partial(breached_data, evaluation)
        record_webhook(type=WebhookType.SLA_BREACHED, cause=str(evaluation.pk), data=sent, now=now)
        announce(sla_breached, evaluation_id=evaluation.pk)


def _notify(person: User, evaluation: Evaluation, now: datetime) -> None:
    due = timezone.localtime(evaluation.due_at, timezone.get_default_timezone())
    told = {"id": evaluation.short_id, "exam": evaluation.attempt.exam.title, "policy": evaluation.policy.name}
    told |= {"name": evaluation.teacher.name} if evaluation.teacher else {}
    with translation.override(person.language):
        title = _("Late: paper %(id)s, %(exam)s") % told
        told |= {"day": date_format(due, "D j M"), "clock": clock_text(due)}
        body = _("It was due %(day)s, %(clock)s (%(policy)s).") % told
        who = _("It is with %(name)s.") if evaluation.teacher else _("Nobody has it yet.")
        waits = {
            EvaluationState.SHARED: _("Its questions are with several teachers."),
            EvaluationState.SECOND: _("Its second marking is not finished."),
            EvaluationState.MODERATION: _("It waits for a moderator."),
        }
        who = waits.get(EvaluationState(evaluation.state), who)
    notify(
        user=person,
        kind=NotificationKind.SLA_BREACHED,
        cause=f"breach:{evaluation.pk}",
        title=title,
        body=f"{body} {who % told}",
        url=links.board_url(evaluation.pk),
        now=now,
    )

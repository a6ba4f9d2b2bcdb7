"""Flags: a reader says that something is wrong with a question, and somebody looks into it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.models import FlagKind, ItemStatistics, PaperQuestion, QuestionFlag, QuestionVersion
from assessments.services.item_statistics import refresh_statistics
from common.errors import DomainError, NotPermittedError

MAX_TEXT = 1000
MAX_RESOLUTION = 300


def flag_question(*, question: PaperQuestion, kind: str, text: str, actor: User, now: datetime) -> QuestionFlag:
    """Flags a question of a paper that `actor` has read. Flagging again says it anew: one open flag for each person.

    Raises DomainError (no such kind, too long, "other" without words) or NotPermittedError (paper not read).
    """
    text = text.replace("\x00", "").strip()
    if kind not in FlagKind.values:
        raise DomainError(_("Choose what is wrong."), "flag_kind")
    if kind == FlagKind.OTHER and not text:
        raise DomainError(_("Say what is wrong."), "flag_text")
    if len(text) > MAX_TEXT:
        raise DomainError(_("Keep it under %d characters.") % MAX_TEXT, "flag_too_long")
    if not actor.has_perm("assessments.flag_paperquestion", question):
        raise NotPermittedError(_("You can flag a question when you have handed in its paper."), "not_permitted")
    with transaction.atomic():
        # Through the row of the statistics, so that two clicks of one person wait for each other.
        _lock(question.version_id)
        flag: QuestionFlag
        flag, _created = QuestionFlag.objects.update_or_create(
            version_id=question.version_id,
            person=actor,
            resolved_at=None,
            defaults={"question": question, "kind": kind, "text": text, "created_at": now},
        )
        refresh_statistics([question.version_id])
    return flag


def resolve_flags(*, version: QuestionVersion, resolution: str, actor: User, now: datetime) -> int:
    """Closes the open flags of a version with what came of them, and takes it off the review list. Audited.

    A version with negative discrimination comes back when twice as many attempts say the same. Returns how many flags
    were open. Raises DomainError without a `resolution`, or NotPermittedError.
    """
    resolution = resolution.replace("\x00", "").strip()
    if not actor.has_perm("assessments.resolve_questionflag", version):
        raise NotPermittedError(_("Only verified teachers and staff can do this."), "not_permitted")
    if not resolution or len(resolution) > MAX_RESOLUTION:
        raise DomainError(_("Say in at most %d characters what came of it.") % MAX_RESOLUTION, "resolution_missing")
    with transaction.atomic():
        row = _lock(version.pk)
        flags = QuestionFlag.objects.open().filter(version=version)
        closed: int = flags.update(resolved_at=now, resolved_by=actor, resolution=resolution)
        if closed or row.is_negative:
            ItemStatistics.objects.filter(pk=version.pk).update(reviewed_pairs=F("pairs"))
            refresh_statistics([version.pk])
            record_event(
                actor=actor,
                action="question.reviewed",
                obj=version,
                after={"flags": closed, "negative_discrimination": row.is_negative},
                reason=resolution,
                now=now,
            )
    return closed


def _lock(version_id: UUID) -> ItemStatistics:
    ItemStatistics.objects.bulk_create([ItemStatistics(version_id=version_id)], ignore_conflicts=True)
    row: ItemStatistics = ItemStatistics.objects.select_for_update(of=("self",)).get(pk=version_id)
    return row

"""How far the marks of an exam are checked, as staff set it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.office import save_row
from common.errors import DomainError
from evaluations.enums import ScriptUse
from evaluations.models import ExamChecks
from evaluations.selectors.calibration import usable_scripts


def save_checks(*, checks: ExamChecks, moderators: Collection[User], actor: User, now: datetime) -> ExamChecks:
    """Saves new or changed checks of an exam. Papers that wait for a second marking stay as they are. Audited.
    Raises DomainError where practice is asked for and no script is in use: nobody could mark the exam."""
    if checks.practice_papers and not usable_scripts(checks, ScriptUse.PRACTICE).exists():
        raise DomainError(_("Put a practice script to use first, then ask for practice."), "no_scripts")
    with transaction.atomic():
        known = ExamChecks.objects.filter(pk=checks.pk).first()
        before = _told(known, known.moderators.all()) if known else {}
        save_row(row=checks, before=before, after=_told(checks, moderators), actor=actor, now=now)
        checks.moderators.set(moderators)
    return checks


def _told(checks: ExamChecks, moderators: Collection[User]) -> dict[str, object]:
    fields = {field.attname: getattr(checks, field.attname) for field in checks._meta.concrete_fields}
    return fields | {"moderators": sorted(str(person.pk) for person in moderators)}

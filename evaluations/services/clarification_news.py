"""What the two sides of a conversation about marks are told, each in their own language."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from evaluations.enums import ClarificationSide
from evaluations.models import Clarification
from evaluations.services import links
from notifications.enums import NotificationKind
from notifications.services.inbox import notify


def tell_other_side(thread: Clarification, *, side: str, message_id: UUID, now: datetime) -> None:
    """The marker (staff, where there is none at work) of what a student says, the student of an answer."""
    attempt = thread.evaluation.attempt
    number = thread.question.number if thread.question else None
    readers = _markers(thread) if side == ClarificationSide.STUDENT else [attempt.student]
    for reader in readers:
        with translation.override(reader.language):
            names = {"exam": attempt.exam.title, "number": number}
            if side != ClarificationSide.STUDENT:
                title = _("%(exam)s: an answer to your question") % names
            elif number is None:
                title = _("%(exam)s: a student asks about the marks") % names
            else:
                title = _("%(exam)s: a student asks about question %(number)s") % names
        notify(
            user=reader,
            kind=NotificationKind.MARKS_DISCUSSED,
            cause=f"message:{message_id}",
            title=title,
            url=links.clarification_url(thread.pk),
            now=now,
        )


def _markers(thread: Clarification) -> list[User]:
    marker = thread.marker
    profile = getattr(marker, "teacher_profile", None) if marker else None
    if marker is not None and marker.is_active and profile is not None and profile.is_verified:
        return [marker]
    return list(User.objects.filter(is_staff=True, is_active=True))

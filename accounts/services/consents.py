"""Consents: records of who agreed to which text, for whom and when. Withdrawing keeps the record."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import ConsentKind
from accounts.models import Consent, User
from accounts.selectors import is_guardian_of
from accounts.services.audit import record_event
from common.errors import DomainError, NotPermittedError

ADULT_YEARS = 18


def give_consent(*, person: User, kind: str, text_version: str, actor: User, now: datetime) -> Consent:
    """Records that `actor` (the person, or their guardian) agrees. A standing consent to the same text is returned as
    it is; one to an older text is withdrawn and replaced."""
    if kind not in ConsentKind.values:
        raise DomainError(_("There is no such consent."), "unknown_consent")
    _check_may_decide(person, actor, now)
    with transaction.atomic():
        # The person's row is locked, so that two tabs cannot both find no standing consent.
        User.objects.select_for_update().get(pk=person.pk)
        standing = Consent.objects.filter(person=person, kind=kind, withdrawn_at__isnull=True).first()
        if standing is not None and standing.text_version == text_version:
            return standing
        if standing is not None:
            _withdraw(standing, actor, now)
        consent = Consent.objects.create(
            person=person, given_by=actor, kind=kind, text_version=text_version, given_at=now
        )
        after = {"person": person.pk, "kind": kind, "text_version": text_version}
        record_event(actor=actor, action="consent.given", obj=consent, after=after, now=now)
    return consent


def withdraw_consent(*, person: User, kind: str, actor: User, now: datetime) -> Consent | None:
    """Ends the standing consent; None when there is none. Always allowed to the person and their guardians."""
    if person.pk != actor.pk and not is_guardian_of(user=actor, student=person):
        raise NotPermittedError(_("Only the person or a guardian decides this."), "not_permitted")
    with transaction.atomic():
        standing = (
            Consent.objects.select_for_update().filter(person=person, kind=kind, withdrawn_at__isnull=True).first()
        )
        if standing is not None:
            _withdraw(standing, actor, now)
    return standing


def _withdraw(consent: Consent, actor: User, now: datetime) -> None:
    consent.withdrawn_at = now
    consent.save(update_fields=["withdrawn_at"])
    record_event(
        actor=actor,
        action="consent.withdrawn",
        obj=consent,
        before={"withdrawn_at": None},
        after={"person": consent.person_id, "kind": consent.kind, "withdrawn_at": now},
        now=now,
    )


def _check_may_decide(person: User, actor: User, now: datetime) -> None:
    """Minors need a guardian's consent; an unknown date of birth counts as grown up."""
    if person.pk == actor.pk:
        if _is_minor(person, now):
            raise NotPermittedError(_("You are under 18, so a guardian must agree to this."), "guardian_needed")
        return
    if not is_guardian_of(user=actor, student=person):
        raise NotPermittedError(_("Only the person or a guardian decides this."), "not_permitted")


def _is_minor(person: User, now: datetime) -> bool:
    profile = getattr(person, "student_profile", None)
    born = profile.date_of_birth if profile else None
    if born is None:
        return False
    today = now.date()
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return bool(years < ADULT_YEARS)

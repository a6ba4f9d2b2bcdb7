"""Second factors: who must have one, who has one, and whether a code is right."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.mfa.base.forms import BaseAuthenticateForm
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from accounts.services.people import check_may_change
from accounts.services.sessions import end_sessions
from common.errors import DomainError, NotPermittedError

REQUIRED = "required"
#: What counts by itself; recovery codes only stand in for one of these.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class SecondFactorError(DomainError):
    """A password alone does not let this person in. HTTP 401."""

    status = 401


def needs_second_factor(user: Any) -> bool:
    """Whether the settings want a second factor of this person."""
    staff = settings.STAFF_SECOND_FACTOR == REQUIRED and (user.is_staff or user.is_superuser)
    return bool(staff or (settings.TEACHER_SECOND_FACTOR == REQUIRED and user.is_teacher))


def factors_of(user: User) -> set[str]:
    """The kinds of second factor this person has set up: totp, webauthn."""
    return set(Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).values_list("type", flat=True))


def check_second_factor(*, user: User, code: str, now: datetime) -> None:
    """For doors without a page in between, where the password was just checked: whoever has or needs a second factor
    gives a code of their app or a recovery code. Failures count as on the page. Raises SecondFactorError."""
    factors = factors_of(user)
    if not factors and not needs_second_factor(user):
        return
    if not factors:
        raise SecondFactorError(_("Set up a second factor on the site first."), "second_factor_missing")
    form = BaseAuthenticateForm(user=user, data={"code": code})
    if not code:
        raise SecondFactorError(_("A code of your authenticator app is needed too."), "second_factor_needed")
    if not form.is_valid():
        raise SecondFactorError(str(form.errors["code"][0]), "second_factor_wrong")
    Authenticator.objects.filter(pk=form.authenticator.pk).update(last_used_at=now)


def note_factor(*, user: User, kind: str, added: bool, actor: User, now: datetime) -> None:
    """Writes that a way to sign in was added or removed; never anything of the secret itself."""
    action = f"second_factor.{'added' if added else 'removed'}"
    record_event(actor=actor, action=action, obj=user, after={"kind": kind}, now=now)


def remove_factors(*, person: User, actor: User, now: datetime) -> None:
    """For somebody who lost phone and recovery codes, after the office has made sure who they are: takes all second
    factors away and ends every sign-in. Raises NotPermittedError for oneself and, but for administrators, for staff."""
    check_may_change(person=person, actor=actor)
    if person.pk == actor.pk:
        raise NotPermittedError(_("Somebody else must do this for you."), "own_account")
    with transaction.atomic():
        kinds = sorted(factors_of(person))
        Authenticator.objects.filter(user_id=person.pk).delete()
        end_sessions(user=person, keep=None, actor=actor, now=now)
        record_event(actor=actor, action="second_factor.reset", obj=person, before={"kinds": kinds}, now=now)

"""Who looks after whom: invitations that both sides accept, and how a link ends."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.enums import LinkState, Relation
from accounts.models import GuardianInvitation, GuardianLink, User
from accounts.services.ages import is_minor
from accounts.services.audit import record_event
from accounts.services.consents import withdraw_all
from accounts.services.family import drop_pin
from accounts.services.people import link_guardian
from accounts.signals import guardian_linked, guardian_unlinked
from common.errors import DomainError, NotPermittedError
from common.events import announce

#: So many invitations may wait for one person, and be sent by one in a day.
MOST_OPEN, MOST_A_DAY = 5, 10


class InvitationError(DomainError):
    """An invitation that cannot be made or answered."""


def invite(
    *,
    email: str,
    student: User | None = None,
    guardian: User | None = None,
    relation: str = Relation.GUARDIAN,
    actor: User,
    now: datetime,
) -> tuple[GuardianInvitation, str]:
    """Asks whoever reads `email` to be the guardian of `student`, or the student of `guardian`, and mails it after the
    commit. Returns the invitation and its token, which is kept nowhere. An open one to the same address is replaced.

    The student, the guardian and staff invite. Raises InvitationError for an address that is none or one's own, and
    beyond MOST_OPEN and MOST_A_DAY.
    """
    who = student or guardian
    if who is None or (student and guardian):
        raise TypeError("exactly one of student and guardian is invited for")
    if actor.pk != who.pk and not actor.is_staff:
        raise NotPermittedError(_("Only the person or staff invite."), "not_permitted")
    if student is not None and not student.is_student:
        raise InvitationError(_("%(name)s is not a student.") % {"name": student.name}, "not_a_student")
    email = _checked(email, who)
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=who.pk)
        same = GuardianInvitation.objects.filter(student=student, guardian=guardian, closed_at__isnull=True)
        same.filter(email=email).update(closed_at=now)
        _check_limits(same.filter(expires_at__gt=now).count(), actor, now)
        made = GuardianInvitation.objects.create(
            student=student, guardian=guardian, invited_by=actor, email=email, relation=relation,
            token_digest=_digest(token), created_at=now, expires_at=now + timedelta(days=settings.INVITATION_DAYS),
        )  # fmt: skip
        record_event(actor=actor, action="guardian.invited", obj=made, after={"for": who.pk, "email": email}, now=now)

        def send() -> None:
            _mail(made, token, who)

        transaction.on_commit(send, robust=True)
    return made, token


def find_invitation(*, token: str, now: datetime) -> GuardianInvitation | None:
    """The open invitation of a token; None for one that is answered, too old or made up."""
    rows = GuardianInvitation.objects.open(now).select_related("student", "guardian", "invited_by")
    found: GuardianInvitation | None = rows.filter(token_digest=_digest(token)).first()
    return found


def answer_invitation(*, token: str, accept: bool, actor: User, now: datetime) -> GuardianLink | None:
    """The invited person's answer, once. Accepting links the two, unless staff invited for somebody grown up: then it
    waits for the student (`accept_link`). Raises InvitationError for a token that is not open any more or was sent to
    another address than `actor` has confirmed."""
    with transaction.atomic():
        invitation = GuardianInvitation.objects.select_for_update().filter(
            token_digest=_digest(token), closed_at__isnull=True, expires_at__gt=now
        ).first()  # fmt: skip
        if invitation is None:
            raise InvitationError(_("This invitation is not open any more. Ask for a new one."), "invitation_over")
        check_is_invited(invitation, actor)
        invitation.closed_at, invitation.accepted = now, accept
        invitation.save(update_fields=["closed_at", "accepted"])
        action = f"guardian.invitation_{'accepted' if accept else 'declined'}"
        record_event(actor=actor, action=action, obj=invitation, after={"by": actor.pk}, now=now)
        return _link(invitation, actor, now) if accept else None


def check_is_invited(invitation: GuardianInvitation, person: User) -> None:
    """Raises InvitationError unless the invitation went to an address that `person` has confirmed."""
    if not EmailAddress.objects.filter(user=person, email=invitation.email, verified=True).exists():
        told = _("This invitation went to %(email)s. Sign in with that address, or add it to your account.")
        raise InvitationError(told % {"email": invitation.email}, "other_address")


def withdraw_invitation(*, invitation: GuardianInvitation, actor: User, now: datetime) -> None:
    """Takes an open invitation back. One that was answered stays as it is."""
    if actor.pk not in {invitation.invited_by_id, invitation.student_id, invitation.guardian_id} and not actor.is_staff:
        raise NotPermittedError(_("Only the person or staff can do this."), "not_permitted")
    with transaction.atomic():
        if GuardianInvitation.objects.filter(pk=invitation.pk, closed_at__isnull=True).update(closed_at=now):
            record_event(actor=actor, action="guardian.invitation_withdrawn", obj=invitation, now=now)


def resend_invitation(*, invitation: GuardianInvitation, actor: User, now: datetime) -> str:
    """Staff mail an invitation that has no answer again, with a new link and the whole time; the link before stops
    working. Whoever invited stays who invited. Raises InvitationError for one that was answered or taken back."""
    if not actor.is_staff:
        raise NotPermittedError(_("Only the person or staff can do this."), "not_permitted")
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        rows = GuardianInvitation.objects.select_for_update(of=("self",))
        locked = rows.select_related("student", "guardian", "invited_by").get(pk=invitation.pk)
        if locked.closed_at is not None:
            raise InvitationError(_("It was answered or taken back. Make a new invitation."), "invitation_over")
        before, who = {"expires_at": locked.expires_at}, locked.student or locked.guardian
        locked.token_digest, locked.expires_at = _digest(token), now + timedelta(days=settings.INVITATION_DAYS)
        locked.save(update_fields=["token_digest", "expires_at"])
        after = {"expires_at": locked.expires_at}
        record_event(actor=actor, action="guardian.invitation_resent", obj=locked, before=before, after=after, now=now)
        transaction.on_commit(lambda: _mail(locked, token, who), robust=True)  # type: ignore[arg-type] # by constraint
    return token


def accept_link(*, link: GuardianLink, actor: User, now: datetime) -> GuardianLink:
    """The student lets a guardian see their results whom staff invited. Raises NotPermittedError for anybody else."""
    if actor.pk != link.student_id:
        raise NotPermittedError(_("Only the student decides this."), "not_permitted")
    if link.state != LinkState.INVITED:
        raise InvitationError(_("There is nothing to accept."), "link_not_open")
    return _activate(link.guardian, link.student, link.relation, actor, now)


def end_link(*, link: GuardianLink, actor: User, reason: str = "", now: datetime) -> None:
    """Ends a link at once: the guardian sees nothing any more, a PIN under their code goes, and consents that only they
    gave are withdrawn. Both are told (guardian_unlinked).

    The guardian, a grown-up student and staff end it; a minor asks staff.
    """
    if actor.pk == link.student_id and is_minor(actor, now):
        raise NotPermittedError(_("You are a minor, so your guardian or the institute ends this."), "guardian_needed")
    if actor.pk not in {link.student_id, link.guardian_id} and not actor.is_staff:
        raise NotPermittedError(_("Only the two of you and staff can end this."), "not_permitted")
    with transaction.atomic():
        locked = GuardianLink.objects.select_for_update().get(pk=link.pk)
        if locked.state == LinkState.ENDED:
            return
        before = {"state": locked.state}
        locked.state = LinkState.ENDED
        locked.save(update_fields=["state"])
        student, guardian = link.student, link.guardian
        drop_pin(student=student, guardian=guardian, actor=actor, now=now)
        withdraw_all(person=student, given_by=guardian, actor=actor, now=now)
        record_event(
            actor=actor, action="guardian.unlinked", obj=locked, before=before,
            after={"guardian": guardian.pk, "student": student.pk, "state": LinkState.ENDED}, reason=reason, now=now,
        )  # fmt: skip
        announce(guardian_unlinked, link_id=locked.pk)


def _link(invitation: GuardianInvitation, actor: User, now: datetime) -> GuardianLink:
    student, guardian = invitation.student or actor, invitation.guardian or actor
    if student.pk == guardian.pk:
        raise InvitationError(_("Nobody is their own guardian."), "own_guardian")
    if is_minor(guardian, now):
        raise InvitationError(_("A guardian must be grown up."), "guardian_minor")
    by_staff = invitation.invited_by_id not in {student.pk, guardian.pk}
    if by_staff and actor.pk == guardian.pk and not is_minor(student, now):
        return link_guardian(
            guardian=guardian, student=student, relation=invitation.relation, state=LinkState.INVITED, actor=actor,
            now=now,
        )  # fmt: skip
    return _activate(guardian, student, invitation.relation, actor, now)


def _activate(guardian: User, student: User, relation: str, actor: User, now: datetime) -> GuardianLink:
    with transaction.atomic():
        link = link_guardian(guardian=guardian, student=student, relation=relation, actor=actor, now=now)
        announce(guardian_linked, link_id=link.pk)
    return link


def _checked(email: str, who: User) -> str:
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvitationError(_("Write an e-mail address."), "email_invalid") from error
    if len(email) > 254 or EmailAddress.objects.filter(user=who, email=email).exists() or email == who.email:
        raise InvitationError(_("Write the address of the other person."), "own_address")
    return email


def _check_limits(waiting: int, actor: User, now: datetime) -> None:
    today = GuardianInvitation.objects.filter(invited_by=actor, created_at__gt=now - timedelta(days=1)).count()
    if waiting >= MOST_OPEN or (today >= MOST_A_DAY and not actor.is_staff):
        raise InvitationError(_("Too many invitations are waiting. Take one back, or wait a day."), "too_many")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _mail(invitation: GuardianInvitation, token: str, who: User) -> None:
    """In the language of whoever invites; the invited person's is not known."""
    url = f"{settings.SITE_URL}{reverse('invitation', args=[token])}"
    with override(invitation.invited_by.language):
        context = {"invitation": invitation, "who": who, "url": url, "days": settings.INVITATION_DAYS}
        subject = " ".join(render_to_string("accounts/email/guardian_invitation_subject.txt", context).split())
        body = render_to_string("accounts/email/guardian_invitation_message.txt", context).strip()
        send_mail(subject, body, None, [invitation.email])

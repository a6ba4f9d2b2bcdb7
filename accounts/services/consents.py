"""Consents: records of who agreed to which text, for whom and when. Withdrawing keeps the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.enums import ConsentKind
from accounts.models import Consent, ConsentText, User
from accounts.selectors import guardian_students, is_guardian_of
from accounts.services.ages import is_minor
from accounts.services.audit import record_event
from common.errors import DomainError, NotPermittedError


@dataclass(frozen=True)
class Choice:
    """One consent as a page shows it. `state`: given, asked again (the text is newer than the one agreed to) or open;
    `may_give` whether the reader decides it."""

    kind: str
    label: str
    text: ConsentText
    given: Consent | None
    state: str
    may_give: bool


def give_consent(
    *,
    person: User,
    kind: str,
    text_version: str = "",
    text: ConsentText | None = None,
    actor: User,
    now: datetime,
) -> Consent:
    """Records that `actor` (the person, or their guardian) agrees to `text`. A standing consent to the same version is
    returned as it is; one to an older text is withdrawn and replaced. `text_version` is for texts kept elsewhere."""
    if kind not in ConsentKind.values or (text is not None and text.kind != kind):
        raise DomainError(_("There is no such consent."), "unknown_consent")
    version = str(text.version) if text else text_version
    check_may_decide(person, actor, now)
    with transaction.atomic():
        # The person's row is locked, so that two tabs cannot both find no standing consent.
        User.objects.select_for_update().get(pk=person.pk)
        standing = Consent.objects.filter(person=person, kind=kind, withdrawn_at__isnull=True).first()
        if standing is not None and standing.text_version == version:
            return standing
        if standing is not None:
            _withdraw(standing, actor, now)
        consent = Consent.objects.create(
            person=person, given_by=actor, kind=kind, text=text, text_version=version, given_at=now
        )
        after = {"person": person.pk, "kind": kind, "text_version": version, "text": text.pk if text else None}
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


def withdraw_all(*, person: User, given_by: User, actor: User, now: datetime) -> None:
    """Part of ending a guardian's link: what they agreed to for the student stands no longer."""
    for consent in Consent.objects.select_for_update().filter(
        person=person, given_by=given_by, withdrawn_at__isnull=True
    ):
        _withdraw(consent, actor, now)


def current_texts(language: str) -> dict[str, ConsentText]:
    """The newest text of each kind, in `language` where that version has it, else in English."""
    found: dict[str, ConsentText] = {}
    for text in ConsentText.objects.filter(language__in=[language, "en"]).order_by("version"):
        known = found.get(text.kind)
        if known is None or text.version > known.version or text.language == language:
            found[text.kind] = text
    return found


def choices_of(*, actor: User, now: datetime, people: list[User] | None = None) -> list[tuple[User, list[Choice]]]:
    """What `actor` is asked, for themselves as a student and for each child, with what stands, in their language.

    `people` are those that the caller has read already. Two queries, one more without them.
    """
    if people is None:
        people = [*([actor] if actor.is_student else []), *guardian_students(actor)]
    texts, given = current_texts(actor.language), {}
    for row in Consent.objects.filter(person__in=people, withdrawn_at__isnull=True).select_related("given_by"):
        given[row.person_id, row.kind] = row
    made = []
    for person in people:
        may_give = person != actor or not is_minor(actor, now)
        kinds = [(kind, str(label), texts[kind]) for kind, label in ConsentKind.choices if kind in texts]
        made.append((person, [_choice(*one, given.get((person.pk, one[0])), may_give) for one in kinds]))
    return made


def _choice(kind: str, label: str, text: ConsentText, given: Consent | None, may_give: bool) -> Choice:
    state = "open" if given is None else "given" if _covers(given, text) else "again"
    return Choice(kind, label, text, given, state, may_give)


def asked_again(*, actor: User, now: datetime) -> bool:
    """Whether a text that `actor` agreed to, for themselves or a child, has a newer version by now. Nothing is blocked
    but what the consent itself is for (`consent_stands`)."""
    texts = current_texts(actor.language)
    rows = Consent.objects.filter(given_by=actor, withdrawn_at__isnull=True)
    people = {actor.pk, *guardian_students(actor).values_list("pk", flat=True)}
    return any(row.person_id in people and row.kind in texts and not _covers(row, texts[row.kind]) for row in rows)


def consent_stands(*, person: User, kind: str) -> bool:
    """Whether somebody agreed, for `person`, to the newest text of this kind, and has not withdrawn it."""
    row = Consent.objects.filter(person=person, kind=kind, withdrawn_at__isnull=True).first()
    text = current_texts("en").get(kind)
    return row is not None and (text is None or _covers(row, text))


def check_may_decide(person: User, actor: User, now: datetime) -> None:
    """Minors need a guardian's consent; an unknown date of birth counts as grown up."""
    if person.pk == actor.pk:
        if is_minor(person, now):
            raise NotPermittedError(_("You are a minor, so a guardian must agree to this."), "guardian_needed")
        return
    if not is_guardian_of(user=actor, student=person):
        raise NotPermittedError(_("Only the person or a guardian decides this."), "not_permitted")


def _covers(consent: Consent, text: ConsentText) -> bool:
    return consent.text_version.isdigit() and int(consent.text_version) >= text.version


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

"""Erasing a person: the wish, the time to think it over, the office's objection, and the erasing itself (ADR 0032)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.enums import ConsentKind, ErasureState, LinkState
from accounts.models import AuditEvent, Consent, DoomedFile, ErasureRequest, User
from accounts.selectors import is_guardian_of
from accounts.services.ages import is_minor
from accounts.services.audit import record_event
from accounts.services.personal import Contribution, Holding, contributions
from accounts.services.redaction import redact, words_of
from accounts.signals import erasure_asked, erasure_ended
from common.append_only import gate
from common.errors import DomainError, NotPermittedError
from common.events import announce
from common.storage import sheet_storage

log = structlog.get_logger(__name__)

TOMBSTONE = "Erased person"
BATCH = 500
MOST_OBJECTION = 500


def may_ask_for(*, person: User, actor: User, now: datetime) -> bool:
    """Whether `actor` decides about the person's data: the person, and a guardian of a minor."""
    return person.pk == actor.pk or (is_minor(person, now) and is_guardian_of(user=actor, student=person))


def ask_erasure(*, person: User, actor: User, now: datetime) -> ErasureRequest:
    """Writes the wish down; it is fulfilled when the time to think it over has passed and nothing stands against it.

    A minor who has a guardian is erased at the guardian's wish. Staff first give their role back. One standing wish
    is returned as it is. Raises NotPermittedError and DomainError.
    """
    if not may_ask_for(person=person, actor=actor, now=now):
        raise NotPermittedError(_("Only the person or a guardian decides this."), "not_permitted")
    guarded = person.student_links.filter(state=LinkState.ACTIVE).exists()
    if person.pk == actor.pk and guarded and is_minor(person, now):
        raise NotPermittedError(_("You are under 18, so a guardian asks for this."), "guardian_needed")
    if person.is_staff or person.is_superuser:
        raise DomainError(_("Somebody of the office is erased only after their role was taken back."), "is_staff")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=person.pk)
        standing: ErasureRequest | None = ErasureRequest.objects.filter(
            person=person, state=ErasureState.WAITING
        ).first()
        if standing is not None:
            return standing
        made: ErasureRequest = ErasureRequest.objects.create(
            person=person, asked_by=actor, asked_at=now, due_at=now + timedelta(days=settings.ERASURE_DAYS)
        )
        after = {"person": person.pk, "due_at": made.due_at}
        record_event(actor=actor, action="erasure.asked", obj=made, after=after, now=now)
        announce(erasure_asked, request_id=made.pk)
    return made


def cancel_erasure(*, request: ErasureRequest, actor: User, now: datetime) -> ErasureRequest:
    """Takes a waiting wish back."""
    if not (actor.is_staff or may_ask_for(person=request.person, actor=actor, now=now)):
        raise NotPermittedError(_("Only the person or a guardian decides this."), "not_permitted")
    return _end(request, ErasureState.CANCELLED, "erasure.cancelled", actor, "", now)


def object_to_erasure(*, request: ErasureRequest, reason: str, actor: User, now: datetime) -> ErasureRequest:
    """Staff refuse a waiting wish, with the reason that the person reads."""
    if not actor.is_staff:
        raise NotPermittedError(_("Only the office objects."), "not_permitted")
    reason = reason.strip()
    if not reason or len(reason) > MOST_OBJECTION:
        raise DomainError(_("Say in at most %d characters why.") % MOST_OBJECTION, "reason_missing")
    return _end(request, ErasureState.OBJECTED, "erasure.objected", actor, reason, now)


def _end(
    request: ErasureRequest, state: ErasureState, action: str, actor: User, reason: str, now: datetime
) -> ErasureRequest:
    with transaction.atomic():
        locked: ErasureRequest = ErasureRequest.objects.select_for_update().get(pk=request.pk)
        if locked.state != ErasureState.WAITING:
            raise DomainError(_("This request has ended already."), "erasure_ended")
        locked.state, locked.ended_at, locked.decided_by, locked.objection = state, now, actor, reason
        locked.save(update_fields=["state", "ended_at", "decided_by", "objection"])
        record_event(actor=actor, action=action, obj=locked, after={"person": locked.person_id}, reason=reason, now=now)
        announce(erasure_ended, request_id=locked.pk)
    return locked


def blockers_of(person: User) -> list[str]:
    """What must end before the person can be erased, in sentences."""
    return [text for one in contributions() if one.blockers for text in one.blockers(person)]


def run_due_erasures(*, now: datetime) -> int:
    """Fulfils every wish whose time has come and that nothing stands against; deletes files left over. Returns how
    many people were erased."""
    due = ErasureRequest.objects.filter(state=ErasureState.WAITING, due_at__lte=now).order_by("due_at")
    done = sum(erase_person(request_id=pk, now=now) for pk in due.values_list("pk", flat=True))
    delete_doomed()
    return done


def erase_person(*, request_id: UUID, now: datetime) -> bool:
    """Erases all that is held of a person, in one transaction; then their files. False while something stands against
    it, or where the wish has ended.

    The row stays as a tombstone that names nobody, so that marks given and received remain numbers of somebody.
    """
    if AuditEvent.objects.filter(proof=None).exists():
        log.info("erasure_postponed", request_id=str(request_id), reason="the audit trail is being sealed anew")
        return False
    with transaction.atomic():
        request = ErasureRequest.objects.select_for_update().get(pk=request_id)
        person = User.objects.select_for_update().get(pk=request.person_id)
        if request.state != ErasureState.WAITING or request.due_at > now or blockers_of(person):
            return False
        words = words_of(person)
        # Before the rows go: the trail names them by their ids.
        ids = _ids_of(person)
        counts: dict[str, int] = {}
        doomed: set[str] = set()
        for contribution in reversed(list(contributions())):
            doomed |= _erase_contribution(contribution, person, counts, now)
        _end_sessions(person)
        _forget_office_log(person, words)
        counts["accounts.auditevent"] = redact(person=person, words=words, ids=ids, request=request, now=now)
        _bury(person, now)
        DoomedFile.objects.bulk_create(
            [DoomedFile(key=key, at=now) for key in sorted(doomed)], batch_size=BATCH, ignore_conflicts=True
        )
        counts["files"] = len(doomed)
        request.state, request.ended_at, request.counts = ErasureState.DONE, now, counts
        request.save(update_fields=["state", "ended_at", "counts"])
        record_event(actor=None, action="person.erased", obj=request, after={"counts": counts}, now=now)
    delete_doomed()
    return True


def _ids_of(person: User) -> set[UUID]:
    """The ids of every row about the person that the audit trail can name. Rows with small numbers for ids are named
    rarely, and then with their model; those of accounts are looked at by their words."""
    found: set[UUID] = set()
    for contribution in contributions():
        for holding in contribution.holdings:
            if holding.model._meta.pk.get_internal_type() == "UUIDField":
                found.update(holding.rows(person).values_list("pk", flat=True))
    return found


def _erase_contribution(contribution: Contribution, person: User, counts: dict[str, int], now: datetime) -> set[str]:
    doomed: set[str] = set()
    if contribution.also is not None:
        doomed |= set(contribution.also(person, now))
    for holding in reversed(contribution.holdings):
        if holding.keys is not None:
            doomed |= {key for row in holding.rows(person).iterator(chunk_size=BATCH) for key in holding.keys(row)}
        if holding.remove or holding.clear:
            name = holding.model._meta.label_lower
            counts[name] = counts.get(name, 0) + _erase_rows(holding, person)
    return {key for key in doomed if key}


def _erase_rows(holding: Holding, person: User) -> int:
    """Of one model, past its gate where it has one. Returns how many rows."""
    table = holding.model._meta.db_table
    keys = list(holding.rows(person).values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        rows = holding.model._default_manager.filter(pk__in=keys[start : start + BATCH])
        with gate(*([table] if holding.gated else [])):
            if holding.remove:
                rows.delete()
            else:
                rows.update(**holding.clear)
    return len(keys)


def _bury(person: User, now: datetime) -> None:
    person.email = f"erased-{secrets.token_hex(12)}@erased.invalid"
    person.name, person.erased_at, person.is_active = TOMBSTONE, now, False
    person.is_student = person.is_teacher = person.is_guardian = False
    person.language, person.time_zone, person.last_login, person.date_joined = "en", "Asia/Kolkata", None, now
    person.set_unusable_password()
    person.save()
    Consent.objects.filter(person=person, withdrawn_at=None, kind__in=ConsentKind.values).update(withdrawn_at=now)


def _end_sessions(person: User) -> None:
    """Every browser, also those that no list names; sessions say whose they are only inside."""
    keys = [one.pk for one in Session.objects.iterator() if one.get_decoded().get("_auth_user_id") == str(person.pk)]
    for start in range(0, len(keys), BATCH):
        Session.objects.filter(pk__in=keys[start : start + BATCH]).delete()


def _forget_office_log(person: User, words: Iterable[str]) -> None:
    """Django's own log of the back office names the things it was about."""
    about = Q(user=person) | Q(object_id=str(person.pk))
    for word in words:
        about |= Q(object_repr__icontains=word) | Q(change_message__icontains=word)
    LogEntry.objects.filter(about).delete()


def delete_doomed() -> int:
    """Deletes from the storage what erasure left to delete; what fails is tried again by the next run."""
    done = 0
    for row in DoomedFile.objects.order_by("pk").iterator():
        try:
            sheet_storage().delete(row.key)
        except Exception:
            log.warning("doomed_file_kept", key=row.key, exc_info=True)
            continue
        row.delete()
        done += 1
    return done

"""Taking a person's words and addresses out of the audit trail, without breaking its chain (ADR 0032)."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from accounts.models import AuditEvent, ErasureRequest, User
from accounts.services.audit import BATCH, PARTS, proof_of, record_event
from common.append_only import gate

#: Values in which nobody is named: numbers, ids, times, and the states and kinds of the house.
BARE = re.compile(
    r"-?\d+(\.\d+)?|[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}|\d{4}-\d\d-\d\d(T[\d:.+Z]+)?|[a-z_.]{1,40}"
)
#: Of these everything goes: a date of birth is a number too.
ABOUT_PEOPLE = ("accounts.user", "accounts.studentprofile", "accounts.teacherprofile", "accounts.guardianlink")
#: Names shorter than this would be found in half of all words.
LEAST_NAME = 3
EMPTY: dict[str, Any] = {"actor_label": "", "origin": None, "before": {}, "after": {}, "reason": ""}


def words_of(person: User) -> set[str]:
    """The person's name and addresses, as they are and as the audit trail knows they were."""
    found = {person.name, person.email}
    about = AuditEvent.objects.filter(object_type="accounts.user", object_id=str(person.pk))
    for before, after in about.values_list("before", "after"):
        found |= {str(values[key]) for values in (before, after) for key in ("name", "email") if values.get(key)}
    labels = AuditEvent.objects.filter(actor_id=person.pk).values_list("actor_label", flat=True).distinct()
    for label in labels:
        name, _sign, address = label.rpartition(" <")
        found |= {name, address.rstrip(">")}
    return {word for word in found if len(word) >= LEAST_NAME}


def redact(
    *, person: User, words: Collection[str], ids: Collection[UUID], request: ErasureRequest, now: datetime
) -> int:
    """Empties what names the person in every event by them, about them or their rows (`ids`), or with their `words`.

    Numbers of marks stay where nobody is named beside them. Each event that lost a part is named by an `audit.erased`
    event of the system, which makes the emptying part of the chain. Runs in the caller's transaction; returns how many.
    """
    count = 0
    rows = _events(person, words, ids)
    while batch := list(islice(rows, BATCH)):
        changed = [event for event in batch if _empty(event, person, words, ids)]
        if not changed:
            continue
        with gate(AuditEvent._meta.db_table):
            AuditEvent.objects.bulk_update(changed, [*EMPTY, "proof"], batch_size=BATCH)
        named = [str(event.pk) for event in changed]
        record_event(actor=None, action="audit.erased", obj=request, after={"events": named}, now=now)
        count += len(changed)
    return count


def _events(person: User, words: Collection[str], ids: Collection[UUID]) -> Iterator[AuditEvent]:
    """Events that may name the person, each once."""
    seen: set[UUID] = set()
    texts = [str(key) for key in (person.pk, *ids)]
    found: list[Q] = [Q(actor_id=person.pk)]
    found += [Q(object_id__in=texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
    for condition in found:
        yield from _fresh(AuditEvent.objects.filter(condition), seen)
    if words:
        # The whole trail is read once: free words are in no index.
        spoken = Q(actor_label__in=[])
        for word in words:
            for form in {word, json.dumps(word)[1:-1]}:
                spoken |= Q(reason__icontains=form) | Q(was__icontains=form) | Q(became__icontains=form)
                spoken |= Q(actor_label__icontains=form)
        as_text = {"was": Cast("before", TextField()), "became": Cast("after", TextField())}
        yield from _fresh(AuditEvent.objects.annotate(**as_text).filter(spoken), seen)


def _fresh(events: Any, seen: set[UUID]) -> Iterator[AuditEvent]:
    # Read whole before anything is written: SQLite would go on reading what it changes.
    keys = [pk for pk in events.order_by("id").values_list("pk", flat=True) if pk not in seen]
    seen.update(keys)
    for start in range(0, len(keys), BATCH):
        yield from AuditEvent.objects.filter(pk__in=keys[start : start + BATCH]).order_by("id")


def _empty(event: AuditEvent, person: User, words: Collection[str], ids: Collection[UUID]) -> bool:
    """Empties the parts of `event` that name the person, and their salts. Whether there were any."""
    if event.action in ("audit.erased", "audit.pruned"):
        return False
    parts = []
    if event.actor_id == person.pk or _says((event.actor_label,), words):
        parts.append("who")
    about = event.object_id == str(person.pk) or event.object_type in ABOUT_PEOPLE
    if (_of_person(event, person, ids) and (about or event.reason or not _bare((event.before, event.after)))) or _says(
        (event.reason, event.before, event.after), words
    ):
        parts.append("what")
    proof = event.proof or proof_of(event)
    parts = [part for part in parts if proof[part]["salt"]]
    for part in parts:
        proof[part]["salt"] = ""
        for name in PARTS[part]:
            setattr(event, name, EMPTY[name])
    event.proof = proof
    return bool(parts)


def _of_person(event: AuditEvent, person: User, ids: Collection[UUID]) -> bool:
    """Whether the event is about the person or a row of theirs, or a student's or guardian's own act."""
    try:
        key = UUID(event.object_id)
    except ValueError:
        key = None
    own = event.actor_id == person.pk and not (person.is_teacher or person.is_staff)
    return own or event.object_id == str(person.pk) or (key is not None and key in ids)


def _bare(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_bare(item) for item in value.values())
    if isinstance(value, list | tuple):
        return all(_bare(item) for item in value)
    return not isinstance(value, str) or BARE.fullmatch(value) is not None or not value


def _says(values: Iterable[Any], words: Collection[str]) -> bool:
    text = json.dumps(list(values), ensure_ascii=False).casefold()
    return any(word.casefold() in text for word in words)

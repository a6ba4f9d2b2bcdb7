"""Erasure leaves no personal data behind, and a copy has all of it: planted, copied, erased, and looked for.

The student has rows in every model that is held of people. Into every column of words of those rows goes a string of
its own, and a file under every key. What is left is looked for in every column of every table and in every file.
"""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.files.storage import storages
from django.db import connection, models
from django.test import Client
from django.utils import timezone

from accounts.enums import ErasureState
from accounts.models import AuditEvent, Consent, ErasureRequest, User
from accounts.services.audit import record_event, seal_events, verify_seals
from accounts.services.erasure import ask_erasure, blockers_of, cancel_erasure, erase_person, object_to_erasure
from accounts.services.exports import ask_export, make_export
from accounts.services.personal import Holding, holdings
from assessments.models import Attempt
from common.append_only import gate
from common.errors import DomainError, NotPermittedError
from common.storage import sheet_storage
from evaluations.models import Booking, Evaluation, RemarkRequest, Statement
from notifications.models import Notification, WebhookEvent
from tests.factories import NOW
from tests.test_law_permissions import MODULES, samples_of

pytestmark = pytest.mark.django_db

AFTER = timedelta(days=15)
NAME, ADDRESS, IP = "Meera Nair", "meera@example.com", "203.0.113.77"


@pytest.fixture
def student(cast: Any) -> User:
    """With rows in every model, none of which stands against erasure."""
    for module in MODULES:
        if module != "personal_data":
            samples_of(module)(cast)
    past = {"ended_at": NOW, "state": "held"}
    Booking.objects.filter(state="booked").update(**past)
    Attempt.objects.filter(state__in=["in_progress", "submitted"]).update(state="handed_in")
    ended = Evaluation.objects.exclude(state__in=["released", "closed", "practice", "practised"])
    ended.exclude(state="queued").update(state="closed")
    ended.filter(state="queued").update(state="closed", teacher=cast.teacher)
    RemarkRequest.objects.update(state="refused", decided_at=NOW)
    return cast.student


class Planted:
    """Strings and files of the student, by where they lie."""

    def __init__(self, person: User) -> None:
        self.strings: dict[str, tuple[Holding, str]] = {}
        self.files: dict[str, bytes] = {}
        self.rows: set[tuple[Any, Any]] = set()
        for holding in holdings():
            self._plant(holding, person)

    def _plant(self, holding: Holding, person: User) -> None:
        if holding.model is User or holding.model is AuditEvent:
            return
        for row in holding.rows(person)[:3]:
            # What was planted by way of another column stays.
            if (holding.model, row.pk) in self.rows:
                continue
            self.rows.add((holding.model, row.pk))
            values = {}
            for field in holding.model._meta.concrete_fields:
                texts = (models.CharField, models.TextField, models.JSONField)
                if not isinstance(field, texts) or field.choices or field.primary_key or field.name in holding.plain:
                    continue
                if field.name in ("storage_key", "screen_key", "thumb_key", "files", "data") and holding.keys:
                    continue
                values[field.name] = self._string(holding, field, len(self.strings))
            if values:
                with gate(holding.model._meta.db_table):
                    holding.model._default_manager.filter(pk=row.pk).update(**values)
            row.refresh_from_db()
            for key in holding.keys(row) if holding.keys else ():
                if key:
                    self.files[key] = f"bytes of {key} {len(self.files)}".encode()
                    sheet_storage().put_bytes(key, self.files[key], "image/jpeg")

    def _string(self, holding: Holding, field: Any, number: int) -> Any:
        word = f"Zq{number}x"
        self.strings[word] = (holding, field.name)
        if isinstance(field, models.JSONField):
            return {"word": word}
        return word[: field.max_length] if field.max_length else word


def everything() -> str:
    """Every column of every table, as text."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                found.append(" ".join(_text(cell) for cell in row))
    return "\n".join(found)


def _text(cell: Any) -> str:
    if isinstance(cell, bytes | memoryview):
        return bytes(cell).decode("utf-8", "replace")
    text = str(cell)
    return text.encode().decode("unicode_escape", "replace") if "\\u" in text else text


def all_files() -> dict[str, bytes]:
    """Every object in the storage of sheets."""
    root = Path(storages["sheets"].location)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def files_of_copy(person: User, actor: User) -> dict[str, bytes]:
    row = ask_export(person=person, actor=actor, now=NOW)
    assert make_export(export_id=row.pk, now=NOW) == "ready"
    row.refresh_from_db()
    with sheet_storage().open_bytes(row.storage_key) as stream, ZipFile(io.BytesIO(stream.read())) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def erase(person: User, actor: User) -> ErasureRequest:
    request = ask_erasure(person=person, actor=actor, now=NOW)
    assert erase_person(request_id=request.pk, now=NOW + AFTER)
    request.refresh_from_db()
    return request


@pytest.fixture
def known(student: User, cast: Any) -> Planted:
    """The student's strings everywhere, also where others did or were told something about them."""
    record_event(actor=student, action="x", obj=student, after={"email": ADDRESS}, now=NOW, origin=IP)
    record_event(actor=cast.staff, action="y", obj=cast.exam, reason=f"{NAME} asked", now=NOW)
    record_event(
        actor=cast.teacher,
        action="mark",
        obj=student.attempts.first() if hasattr(student, "attempts") else cast.exam,
        after={"marks": "2.5"},
        now=NOW,
    )
    Notification.objects.create(
        user=cast.guardian, kind="paper_returned", cause="named", title=f"{NAME}: your paper", created_at=NOW
    )
    WebhookEvent.objects.create(
        type="attempt.submitted", cause="z", occurred_at=NOW, data={"student": {"id": str(student.pk)}, "to": ADDRESS}
    )
    client = Client()
    client.force_login(student)
    seal_events(now=timezone.now() + timedelta(minutes=1))
    return Planted(student)


@pytest.mark.skipif("not storages['sheets'].__class__.__name__.startswith('SignedLocal')")
def test_erasure_leaves_nothing(known: Planted, student: User, cast: Any) -> None:
    key = str(student.pk)
    planted = everything()
    assert not [word for word in (NAME, ADDRESS, IP, *known.strings) if word not in planted]
    assert set(known.files) <= set(all_files())
    erase(student, student)
    left = everything()
    words = [NAME, ADDRESS, IP, *known.strings]
    found = [(word, known.strings.get(word, ("", ""))) for word in words if word in left]
    assert not [(word, getattr(of[0], "key", ""), of[1]) for word, of in found]
    remaining = all_files()
    assert not set(remaining) & set(known.files)
    assert not [name for name, data in remaining.items() if any(data == planted for planted in known.files.values())]
    assert key in left  # the tombstone, to which the numbers belong
    stone = User.objects.get(pk=key)
    assert (stone.name, stone.is_active, stone.has_usable_password()) == ("Erased person", False, False)


def test_audit_stays_whole(known: Planted, student: User) -> None:
    before = AuditEvent.objects.count()
    erase(student, student)
    assert AuditEvent.objects.count() > before
    assert verify_seals() is None
    seal_events(now=timezone.now() + timedelta(minutes=2))
    assert verify_seals() is None
    # Emptying one more, without the trail saying so, shows.
    event = AuditEvent.objects.exclude(actor_label="").first()
    event.proof["who"]["salt"], event.actor_label, event.origin = "", "", None
    with gate("accounts_auditevent"):
        event.save()
    assert verify_seals() is not None


def test_numbers_stay(known: Planted, student: User) -> None:
    marks = list(Evaluation.objects.order_by("pk").values_list("pk", "total_marks", "state"))
    given = list(Attempt.objects.order_by("pk").values_list("pk", "objective_marks"))
    erase(student, student)
    assert list(Evaluation.objects.order_by("pk").values_list("pk", "total_marks", "state")) == marks
    assert list(Attempt.objects.order_by("pk").values_list("pk", "objective_marks")) == given


def test_others_keep_theirs(known: Planted, student: User, cast: Any) -> None:
    names = list(User.objects.exclude(pk=student.pk).order_by("pk").values_list("name", "email"))
    standing = Consent.objects.exclude(person=student).filter(withdrawn_at=None).count()
    erase(student, student)
    assert list(User.objects.exclude(pk=student.pk).order_by("pk").values_list("name", "email")) == names
    assert Consent.objects.exclude(person=student).filter(withdrawn_at=None).count() == standing


def test_copy_has_every_string_and_file(known: Planted, student: User, cast: Any) -> None:
    copy = files_of_copy(student, student)
    texts = b"\n".join(data for name, data in copy.items() if name.startswith("data/")).decode()
    pages = b"\n".join(data for name, data in copy.items() if name.endswith(".html")).decode()
    shown = [word for word, (holding, column) in known.strings.items() if column in holding.show]
    missing = [
        (known.strings[word][0].key, known.strings[word][1]) for word in shown if word not in texts or word not in pages
    ]
    assert shown
    assert not missing
    assert NAME in pages
    assert ADDRESS in texts
    brought = {data for name, data in copy.items() if name.startswith("files/")}
    own = [key for one in holdings() if one.files for row in one.rows(student) for _name, key in one.files(row)]
    wanted = {known.files[key] for key in own if key in known.files}
    assert wanted
    assert wanted <= brought
    for name, data in copy.items():
        if name.startswith("data/"):
            json.loads(data)


def test_copy_names_nobody_else(known: Planted, student: User, cast: Any) -> None:
    copy = b"\n".join(files_of_copy(student, student).values()).decode("utf-8", "replace")
    others = User.objects.exclude(pk=student.pk).values_list("name", "email")
    assert not [one for pair in others for one in pair if one in copy and one != "Office"]


def test_a_teacher_is_erased_too(student: User, cast: Any) -> None:
    person = cast.colleague
    Evaluation.objects.filter(teacher=person).update(state="closed")
    Statement.objects.filter(teacher=person).update(state="paid", paid_at=NOW, reference="r")
    assert not blockers_of(person)
    planted = Planted(person)
    seal_events(now=timezone.now() + timedelta(minutes=1))
    erase(person, person)
    left = everything()
    assert not [word for word in ("Anita Desai", "desai@example.com", *planted.strings) if word in left]
    assert verify_seals() is None


def test_waits_for_what_is_open_and_can_be_taken_back(student: User, cast: Any) -> None:
    request = ask_erasure(person=student, actor=student, now=NOW)
    assert ask_erasure(person=student, actor=student, now=NOW) == request
    assert not erase_person(request_id=request.pk, now=NOW + timedelta(days=13))
    Evaluation.objects.filter(attempt__student=student, role="record").update(state="in_progress", teacher=cast.teacher)
    assert blockers_of(student)
    assert not erase_person(request_id=request.pk, now=NOW + AFTER)
    cancel_erasure(request=request, actor=student, now=NOW)
    with pytest.raises(DomainError, match="ended"):
        cancel_erasure(request=request, actor=student, now=NOW)
    again = ask_erasure(person=student, actor=student, now=NOW)
    with pytest.raises(DomainError):
        object_to_erasure(request=again, reason=" ", actor=cast.staff, now=NOW)
    object_to_erasure(request=again, reason="A dispute is open.", actor=cast.staff, now=NOW)
    again.refresh_from_db()
    assert again.state == ErasureState.OBJECTED


def test_who_may_ask(cast: Any) -> None:
    with pytest.raises(NotPermittedError):
        ask_erasure(person=cast.student, actor=cast.guardian, now=NOW)  # grown up, as far as anybody knows
    with pytest.raises(NotPermittedError):
        ask_export(person=cast.student, actor=cast.teacher, now=NOW)
    cast.student.student_profile.date_of_birth = (NOW - timedelta(days=14 * 365)).date()
    cast.student.student_profile.save()
    with pytest.raises(NotPermittedError, match="guardian"):
        ask_erasure(person=cast.student, actor=cast.student, now=NOW)
    assert ask_erasure(person=cast.student, actor=cast.guardian, now=NOW).person == cast.student
    assert ask_export(person=cast.student, actor=cast.guardian, now=NOW)
    with pytest.raises(DomainError):
        ask_erasure(person=cast.staff, actor=cast.staff, now=NOW)

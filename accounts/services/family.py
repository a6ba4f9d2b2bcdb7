"""Family codes and PINs: young students sign in under a guardian, with narrower rights (config.guards)."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import datetime
from functools import cache
from itertools import pairwise

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.models import FamilyCode, FamilyPin, User
from accounts.selectors import guardian_students, is_guardian_of
from accounts.services.ages import may_have_pin
from accounts.services.audit import record_event
from accounts.services.second_factor import factors_of
from accounts.services.sessions import FAMILY, end_marked
from common.errors import DomainError, NotPermittedError

# No vowels, so that no code spells a word; nothing that reads like something else.
LETTERS = "BCDFGHJKMNPQRSTVWXZ23456789"
CODE_LENGTH = 8
SHORTEST, LONGEST = 4, 6
#: So many wrong PINs since the last right one, however slowly, and only a new PIN helps. Of the 10,000 shortest ones
#: that is three in a thousand.
MOST_FAILURES = 30


class FamilySignInError(DomainError):
    """Not let in. The sentence is the same whatever was wrong. HTTP 401."""

    status = 401

    def __init__(self) -> None:
        told = _("Code, name or PIN is not right. Ask your guardian, who can give you a new PIN.")
        super().__init__(told, "wrong_family_sign_in")


def make_family_code(*, guardian: User, actor: User, now: datetime) -> FamilyCode:
    """A new family code for a guardian; the one before stops working, PINs stay. Raises NotPermittedError for anybody
    but the guardian and staff, DomainError for a guardian of nobody."""
    _check_may_arrange(guardian, actor)
    if not guardian_students(guardian).exists():
        raise DomainError(_("Link a child to your account first."), "no_children")
    with transaction.atomic():
        code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
        made, created = FamilyCode.objects.update_or_create(
            guardian=guardian, defaults={"code": code, "made_at": now}
        )  # fmt: skip
        action = "family.code_made" if created else "family.code_replaced"
        record_event(actor=actor, action=action, obj=made, after={"guardian": guardian.pk}, now=now)
    return made


def set_pin(*, student: User, guardian: User, pin: str, actor: User, now: datetime) -> FamilyPin:
    """Gives a child a PIN under the guardian's code, instead of any before; sign-ins with that one end.

    Raises NotPermittedError unless `actor` is the guardian or staff, DomainError for a PIN that is easy to guess, a
    child that is too old or more than a student, or a sibling of the same first name.
    """
    _check_may_arrange(guardian, actor)
    family = FamilyCode.objects.filter(guardian=guardian).first()
    if family is None:
        raise DomainError(_("Make a family code first."), "no_family_code")
    if not is_guardian_of(user=guardian, student=student):
        raise NotPermittedError(_("You are not a guardian of this student."), "not_permitted")
    _check_child(student, now)
    check_pin(pin, student)
    given = {"family": family, "first_name": name_key(student.get_short_name()), "pin": make_password(_peppered(pin))}
    try:
        with transaction.atomic():
            made, created = FamilyPin.objects.update_or_create(
                student=student, defaults={**given, "failures": 0, "set_at": now}
            )
            end_marked(user=student, mark=FAMILY)
            action = "family.pin_set" if created else "family.pin_reset"
            record_event(actor=actor, action=action, obj=student, after={"guardian": guardian.pk}, now=now)
    except IntegrityError as error:
        raise DomainError(_("Another child of this family has the same first name."), "same_name") from error
    return made


def remove_pin(*, student: User, actor: User, now: datetime) -> bool:
    """Ends sign-in with the PIN at once, open sign-ins too. False when there is none. For the guardian whose code it is
    under, and staff."""
    with transaction.atomic():
        found = FamilyPin.objects.select_for_update(of=("self",)).select_related("family").filter(student=student)
        pin = found.first()
        if pin is None:
            return False
        if not actor.is_staff and actor.pk != pin.guardian_id:
            raise NotPermittedError(_("Only the guardian can change this PIN."), "not_permitted")
        drop_pin(student=student, actor=actor, now=now)
    return True


def drop_pin(*, student: User, actor: User, now: datetime, guardian: User | None = None) -> None:
    """Part of what ends a link: the PIN (that under `guardian`'s code, where one is named) and its sign-ins go."""
    pins = FamilyPin.objects.filter(student=student)
    pins = pins.filter(family__guardian=guardian) if guardian else pins
    if pins.delete()[0]:
        end_marked(user=student, mark=FAMILY)
        record_event(actor=actor, action="family.pin_removed", obj=student, now=now)


def find_child(*, code: str, name: str, pin: str, now: datetime) -> User:
    """The student who signs in. Raises FamilySignInError.

    One hash is worked out whatever is wrong, and the sentence is the same, so neither tells which codes, names or PINs
    exist. Guesses at one PIN wait for each other (row lock), so MOST_FAILURES cannot be run past.
    """
    with transaction.atomic():
        rows = FamilyPin.objects.select_for_update(of=("self",)).select_related("student", "family__guardian")
        row = rows.filter(family__code=code_key(code), first_name=name_key(name)).first()
        right = check_password(_peppered(pin), row.pin if row else _nobody()) and row is not None
        if row is not None and not right:
            FamilyPin.objects.filter(pk=row.pk, failures__lt=MOST_FAILURES).update(failures=F("failures") + 1)
        if row is None or not right or not _may_enter(row, now):
            row = None
        elif row.failures:
            FamilyPin.objects.filter(pk=row.pk).update(failures=0)
    if row is None:
        raise FamilySignInError
    return row.student


def check_pin(pin: str, student: User) -> None:
    """Raises DomainError unless it is 4 to 6 digits that are not among the first to be tried."""
    if not (pin.isascii() and pin.isdigit() and SHORTEST <= len(pin) <= LONGEST):
        raise DomainError(_("A PIN is 4 to 6 digits."), "pin_shape")
    born = student.student_profile.date_of_birth
    dates = {born.strftime(form) for form in ("%Y", "%d%m", "%m%d", "%d%m%y", "%y%m%d", "%m%d%y")} if born else set()
    if _is_trivial(pin) or pin in dates:
        raise DomainError(_("This PIN is easy to guess. Take digits without a pattern and no birthday."), "pin_trivial")


def _is_trivial(pin: str) -> bool:
    """Few different digits, a run up or down, halves or pairs that repeat, a year of our time, the keypad's column."""
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    repeats = any(len(pin) % n == 0 and pin == pin[:n] * (len(pin) // n) for n in (1, 2, 3))
    return len(set(pin)) < 3 or len(steps) == 1 or repeats or pin[:2] in {"19", "20"} or pin in {"2580", "0852"}


def code_key(code: str) -> str:
    """As codes are kept: without spaces and dashes, in capitals."""
    return "".join(sign for sign in code.upper() if sign.isalnum())[:16]


def name_key(name: str) -> str:
    """As first names are compared: the first word, whatever its case and however its letters are composed."""
    words = unicodedata.normalize("NFKC", name).casefold().split()
    return words[0][:60] if words else ""


def _may_enter(row: FamilyPin, now: datetime) -> bool:
    """Whether the PIN still stands: the link, the age, the limit, and nobody who is more than a student."""
    student: User = row.student
    return (
        row.failures < MOST_FAILURES
        and student.is_active
        and _is_only_student(student)
        and may_have_pin(student, now)
        and is_guardian_of(user=row.family.guardian, student=student)
        and not factors_of(student)
    )


def _check_child(student: User, now: datetime) -> None:
    if not _is_only_student(student) or factors_of(student):
        raise DomainError(_("This account is too powerful for a PIN."), "not_for_pins")
    if not may_have_pin(student, now):
        told = _("PINs are for young students. The institute must know the date of birth.")
        raise DomainError(told, "too_old_for_pin")


def _is_only_student(person: User) -> bool:
    more = (person.is_staff, person.is_superuser, person.is_teacher, person.is_guardian)
    return bool(person.is_student and not any(more))


def _check_may_arrange(guardian: User, actor: User) -> None:
    if actor.pk != guardian.pk and not actor.is_staff:
        raise NotPermittedError(_("Only the guardian or staff arrange this."), "not_permitted")


def _peppered(pin: str) -> str:
    """Under SECRET_KEY: of so few digits a hash alone would hide nothing from whoever reads the table."""
    return salted_hmac("accounts.family.pin", pin, algorithm="sha256").hexdigest()


@cache
def _nobody() -> str:
    """A hash that no PIN has."""
    return make_password(secrets.token_hex())

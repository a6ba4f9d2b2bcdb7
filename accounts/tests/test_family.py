"""Family codes and PINs: who gets one, who gets in, and what such a sign-in may not do."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.enums import LinkState
from accounts.models import AuditEvent, FamilyPin, GuardianLink
from accounts.services.family import (
    MOST_FAILURES,
    FamilySignInError,
    _is_trivial,
    code_key,
    find_child,
    make_family_code,
    name_key,
    remove_pin,
    set_pin,
)
from accounts.services.guardians import end_link
from common.errors import DomainError, NotPermittedError
from common.testing.database import run_at_once
from tests.factories import NOW

pytestmark = pytest.mark.django_db
PIN = "4719"


@pytest.fixture
def child(cast):
    profile = cast.student.student_profile
    profile.date_of_birth = date(2016, 5, 3)
    profile.save()
    return cast.student


@pytest.fixture
def family(cast, child):
    code = make_family_code(guardian=cast.guardian, actor=cast.guardian, now=NOW)
    set_pin(student=child, guardian=cast.guardian, pin=PIN, actor=cast.guardian, now=NOW)
    return code


def enter(code, name="Meera", pin=PIN):
    return find_child(code=code.code, name=name, pin=pin, now=NOW)


def send(client, code, name="Meera", pin=PIN):
    return client.post(reverse("family-sign-in"), {"code": code.code, "name": name, "pin": pin})


def test_child_signs_in_however_code_and_name_are_written(family, child):
    written = f" {family.code[:4].lower()}-{family.code[4:]} "
    assert find_child(code=written, name="  MEERA nair", pin=PIN, now=NOW) == child


def test_pin_is_kept_as_a_hash(family):
    assert PIN not in FamilyPin.objects.get().pin


@pytest.mark.parametrize("wrong", [{"name": "Rohan"}, {"pin": "4718"}, {"pin": ""}, {"name": ""}])
def test_every_failure_reads_the_same(family, wrong):
    with pytest.raises(FamilySignInError, match="Code, name or PIN is not right"):
        enter(family, **wrong)


def test_unknown_code_costs_a_hash_too(family, monkeypatch):
    from accounts.services import family as module

    asked = []
    monkeypatch.setattr(module, "check_password", lambda *given: bool(asked.append(given)))
    for code in (family.code, "ZZZZZZZZ"):
        with pytest.raises(FamilySignInError):
            find_child(code=code, name="Meera", pin="1", now=NOW)
    assert len(asked) == 2


@pytest.mark.parametrize(
    "pin",
    ["1111", "1234", "9876", "1212", "2010", "1998", "0305", "2016", "123", "1234567", "12a4", "१२३४", "2580", "7890"],
)
def test_poor_pins_are_refused(cast, child, pin):
    make_family_code(guardian=cast.guardian, actor=cast.guardian, now=NOW)
    with pytest.raises(DomainError):
        set_pin(student=child, guardian=cast.guardian, pin=pin, actor=cast.guardian, now=NOW)


@given(st.from_regex(r"[0-9]{4,6}", fullmatch=True))
def test_runs_and_repeats_are_trivial(pin):
    run = "".join(str((int(pin[0]) + n) % 10) for n in range(len(pin)))
    assert _is_trivial(run)
    assert _is_trivial(pin[0] * len(pin))


@given(st.text(max_size=80))
def test_keys_take_any_text(text):
    assert len(code_key(text)) <= 16
    assert len(name_key(text)) <= 60


@pytest.mark.parametrize(("born", "may"), [(date(2016, 5, 3), True), (date(2000, 1, 1), False), (None, False)])
def test_age_rule(cast, child, born, may):
    child.student_profile.date_of_birth = born
    child.student_profile.save()
    make_family_code(guardian=cast.guardian, actor=cast.guardian, now=NOW)
    if may:
        assert set_pin(student=child, guardian=cast.guardian, pin=PIN, actor=cast.guardian, now=NOW)
        return
    with pytest.raises(DomainError, match="young students"):
        set_pin(student=child, guardian=cast.guardian, pin=PIN, actor=cast.guardian, now=NOW)


def test_pin_ends_with_the_age(family, child, settings):
    settings.FAMILY_SIGN_IN_UNDER = 5
    with pytest.raises(FamilySignInError):
        enter(family)


@pytest.mark.parametrize("role", ["is_teacher", "is_guardian", "is_staff"])
def test_more_than_a_student_gets_in_with_no_pin(family, child, role):
    setattr(child, role, True)
    child.save()
    with pytest.raises(FamilySignInError):
        enter(family)


@pytest.mark.parametrize("who", ["student", "classmate", "teacher", "outsider"])
def test_others_arrange_nothing(cast, child, family, who):
    actor = cast.people[who]
    for work in (
        lambda: make_family_code(guardian=cast.guardian, actor=actor, now=NOW),
        lambda: set_pin(student=child, guardian=cast.guardian, pin="8351", actor=actor, now=NOW),
        lambda: remove_pin(student=child, actor=actor, now=NOW),
    ):
        with pytest.raises(NotPermittedError):
            work()


def test_no_pin_for_somebody_elses_child(cast, family):
    with pytest.raises(NotPermittedError):
        set_pin(student=cast.classmate, guardian=cast.guardian, pin=PIN, actor=cast.guardian, now=NOW)


def test_siblings_of_one_name_need_two_families(cast, child, family):
    cast.classmate.name = "Meera Gupta"
    cast.classmate.save()
    cast.classmate.student_profile.date_of_birth = date(2016, 5, 3)
    cast.classmate.student_profile.save()
    GuardianLink.objects.create(guardian=cast.guardian, student=cast.classmate, state=LinkState.ACTIVE)
    with pytest.raises(DomainError, match="same first name"):
        set_pin(student=cast.classmate, guardian=cast.guardian, pin="8351", actor=cast.guardian, now=NOW)


def test_new_code_ends_the_old_one(cast, family):
    new = make_family_code(guardian=cast.guardian, actor=cast.guardian, now=NOW)
    assert new.code != family.code
    with pytest.raises(FamilySignInError):
        enter(family)
    assert enter(new)


# --- On the pages ----------------------------------------------------------------------------------------------------
def test_five_failures_lock_code_and_name_for_fifteen_minutes(client, family):
    with time_machine.travel(NOW, tick=False) as clock:
        for n in range(5):
            answer = client.post(
                reverse("family-sign-in"), {"code": family.code, "name": "Meera", "pin": "0000"},
                REMOTE_ADDR=f"203.0.113.{n}",
            )  # fmt: skip
            assert b"is not right" in answer.content
        assert b"Wait 15 minutes" in send(client, family).content, "from whichever address"
        clock.shift(timedelta(minutes=15, seconds=1))
        assert send(client, family).status_code == 302


def test_unknown_names_are_locked_alike(client, family):
    said = []
    for name in ("Meera", "Nobody"):
        said.append([send(client, family, name=name, pin="0000").content.count(b"Wait 15 minutes") for _ in range(6)])
    assert said[0] == said[1]
    assert said[0][-1] == 1


def test_slow_guessing_ends_too(family, child):
    for _ in range(MOST_FAILURES):
        with pytest.raises(FamilySignInError):
            enter(family, pin="0000")
    with pytest.raises(FamilySignInError):
        enter(family)


def test_right_pin_forgets_failures(cast, family):
    for _ in range(3):
        with pytest.raises(FamilySignInError):
            enter(family, pin="0000")
    enter(family)
    assert FamilyPin.objects.get().failures == 0


CLOSED = ["account_email", "account_change_password", "account_reauthenticate", "mfa_index", "session-list", "consents",
          "family", "mfa_activate_totp", "socialaccount_connections", "person-settings"]  # fmt: skip


def test_such_a_sign_in_opens_learning_and_no_settings(client, family, child):
    send(client, family)
    assert client.get(reverse("student-home")).status_code == 200
    assert client.get(reverse("exam-list")).status_code == 200
    for name in CLOSED:
        assert client.get(reverse(name)).status_code == 403, name
    assert client.post(reverse("consent-decide", args=[child.pk]), {"withdraw": "leaderboard"}).status_code == 403
    assert client.post(reverse("account_logout")).status_code == 302


def test_reset_and_revoke_end_open_sign_ins(client, cast, family, child):
    for change in (
        lambda: set_pin(student=child, guardian=cast.guardian, pin="8351", actor=cast.guardian, now=NOW),
        lambda: remove_pin(student=child, actor=cast.staff, now=NOW),
    ):
        FamilyPin.objects.update(failures=0)
        send(client, family, pin=PIN)
        send(client, family, pin="8351")
        assert client.get(reverse("student-home")).status_code == 200
        change()
        assert client.get(reverse("student-home")).status_code == 302


def test_end_of_the_link_ends_the_pin(client, cast, family, child):
    send(client, family)
    end_link(link=GuardianLink.objects.get(student=child, guardian=cast.guardian), actor=cast.guardian, now=NOW)
    assert client.get(reverse("student-home")).status_code == 302
    assert not FamilyPin.objects.exists()


def test_no_pin_or_code_in_the_audit_trail(family):
    for event in AuditEvent.objects.filter(action__startswith="family."):
        assert PIN not in str(event.after)
        assert family.code not in str(event.after)


@pytest.mark.services
def test_guesses_at_once_are_all_counted(transactional_db, cast, child):
    code = make_family_code(guardian=cast.guardian, actor=cast.guardian, now=NOW)
    set_pin(student=child, guardian=cast.guardian, pin=PIN, actor=cast.guardian, now=NOW)

    def guess():
        with pytest.raises(FamilySignInError):
            enter(code, pin="0000")

    run_at_once([guess] * 8)
    assert FamilyPin.objects.get().failures == 8

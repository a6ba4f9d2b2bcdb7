"""Consents are kept as records; minors need a guardian."""

from datetime import date

import pytest

from accounts.enums import ConsentKind
from accounts.models import AuditEvent, Consent
from accounts.services.consents import give_consent, withdraw_consent
from common.errors import DomainError, NotPermittedError
from tests.factories import NOW


def give(person, actor, **changes):
    given = {"person": person, "kind": ConsentKind.LEADERBOARD, "text_version": "1", "actor": actor, "now": NOW}
    return give_consent(**{**given, **changes})


def test_give_twice_is_one_record(cast):
    assert give(cast.student, cast.student) == give(cast.student, cast.student)
    assert AuditEvent.objects.filter(action="consent.given").count() == 1


def test_newer_text_replaces_the_older_and_keeps_it(cast):
    old, new = give(cast.student, cast.student), give(cast.student, cast.student, text_version="2")
    old.refresh_from_db()
    assert (old.withdrawn_at, new.withdrawn_at) == (NOW, None)
    assert Consent.objects.count() == 2


def test_withdraw_keeps_the_record(cast):
    given = give(cast.student, cast.guardian)
    withdraw_consent(person=cast.student, kind=ConsentKind.LEADERBOARD, actor=cast.student, now=NOW)
    given.refresh_from_db()
    assert (given.given_by, given.withdrawn_at) == (cast.guardian, NOW)
    assert AuditEvent.objects.filter(action="consent.withdrawn").count() == 1


def test_withdraw_nothing_is_nothing(cast):
    assert withdraw_consent(person=cast.student, kind=ConsentKind.SCAN_USE, actor=cast.student, now=NOW) is None


@pytest.mark.parametrize("who", ["classmate", "teacher", "staff", "outsider"])
def test_others_decide_nothing(cast, who):
    actor = cast.people[who]
    with pytest.raises(NotPermittedError):
        give(cast.student, actor)
    with pytest.raises(NotPermittedError):
        withdraw_consent(person=cast.student, kind=ConsentKind.LEADERBOARD, actor=actor, now=NOW)


@pytest.mark.parametrize(("born", "may"), [(date(2008, 11, 18), True), (date(2008, 11, 19), False)])
def test_minor_needs_a_guardian_until_the_eighteenth_birthday(cast, born, may):
    cast.student.student_profile.date_of_birth = born
    cast.student.student_profile.save()
    if may:
        assert give(cast.student, cast.student).given_by == cast.student
    else:
        with pytest.raises(NotPermittedError, match="guardian must agree"):
            give(cast.student, cast.student)
    assert give(cast.student, cast.guardian, text_version="9").given_by == cast.guardian


def test_unknown_kind_is_refused(cast):
    with pytest.raises(DomainError, match="no such consent"):
        give(cast.student, cast.student, kind="everything")

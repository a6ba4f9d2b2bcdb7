"""Families in the back office: found, counted, helped; PINs are set anew and never shown."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts.enums import ConsentKind, LinkState
from accounts.models import AuditEvent, Consent, ConsentText, FamilyCode, FamilyPin, GuardianInvitation, GuardianLink
from accounts.services.consents import give_consent
from accounts.services.family import MOST_FAILURES, find_child, make_family_code, set_pin
from accounts.services.guardians import InvitationError, find_invitation, invite, resend_invitation, withdraw_invitation
from common.errors import NotPermittedError
from tests.factories import NOW, StudentFactory, UserFactory

pytestmark = pytest.mark.django_db
#: What a dialog of the back office sends with its fields.
SENT = {"_form_submitted": "on"}
LISTS = ("familycode", "familypin", "guardianinvitation", "guardianlink", "consent", "consenttext")


def listed(name: str) -> str:
    return reverse(f"admin:accounts_{name}_changelist")


def page(row: Any) -> str:
    return reverse(f"admin:accounts_{row._meta.model_name}_change", args=[row.pk])


def family_of(guardian: Any, child: Any, pin: str = "4719") -> FamilyPin:
    child.student_profile.date_of_birth = date(2016, 5, 3)
    child.student_profile.save()
    GuardianLink.objects.get_or_create(guardian=guardian, student=child, defaults={"state": LinkState.ACTIVE})
    if not FamilyCode.objects.filter(guardian=guardian).exists():
        make_family_code(guardian=guardian, actor=guardian, now=NOW)
    return set_pin(student=child, guardian=guardian, pin=pin, actor=guardian, now=NOW)


@pytest.fixture
def office(client: Any, cast: Any) -> Any:
    client.force_login(cast.staff)
    return client


def act(client: Any, name: str, action: str, *rows: Any, **more: Any) -> Any:
    data = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    return client.post(listed(name), data, follow=True)


def test_each_list_is_one_press_away_and_costs_the_same_for_few_and_many(
    office: Any, cast: Any, django_assert_max_num_queries: Any
) -> None:
    family_of(cast.guardian, cast.student)
    home = office.get(reverse("admin:index")).content.decode()
    few = {}
    for name in LISTS:
        assert listed(name) in home
        office.get(listed(name))
        with django_assert_max_num_queries(12) as captured:
            office.get(listed(name))
        few[name] = len(captured)
    text = ConsentText.objects.get(kind=ConsentKind.SCAN_USE, language="en", version=1)
    for number in range(15):
        guardian, child = UserFactory(is_guardian=True), StudentFactory(name=f"Child{number} Das")
        family_of(guardian, child)
        invite(email=f"new{number}@example.com", student=child, actor=child, now=timezone.now())
        give_consent(person=child, kind=text.kind, text=text, actor=guardian, now=NOW)
    for name in LISTS:
        with django_assert_max_num_queries(few[name]):
            assert office.get(listed(name)).status_code == 200


def test_family_shows_its_children_and_gets_a_new_code(office: Any, cast: Any) -> None:
    pin = family_of(cast.guardian, cast.student)
    family = pin.family
    shown = office.get(page(family)).content.decode()
    assert cast.student.name in shown
    assert page(pin) in shown
    before = family.code
    office.post(reverse("admin:accounts_familycode_make_code_here", args=[family.pk]), SENT)
    family.refresh_from_db()
    assert family.code != before
    assert AuditEvent.objects.filter(action="family.code_replaced", actor=cast.staff).exists()
    act(office, "familycode", "make_codes", family)
    assert FamilyCode.objects.get(pk=family.pk).code != family.code


def test_pin_is_set_anew_and_stands_on_no_page(office: Any, cast: Any) -> None:
    pin = family_of(cast.guardian, cast.student)
    FamilyPin.objects.filter(pk=pin.pk).update(failures=MOST_FAILURES)
    assert cast.student.name in office.get(listed("familypin"), {"pin": "locked"}).content.decode()
    ask = reverse("admin:accounts_familypin_set_pin_here", args=[pin.pk])
    office.post(ask, SENT | {"pin": "1111"})
    assert FamilyPin.objects.get(pk=pin.pk).failures == MOST_FAILURES, "too easy to guess"
    office.post(ask, SENT | {"pin": "7351"})
    assert find_child(code=pin.family.code, name="Meera", pin="7351", now=NOW) == cast.student
    stored = FamilyPin.objects.get(pk=pin.pk).pin
    for url in (page(pin), listed("familypin"), page(pin.family)):
        shown = office.get(url).content.decode()
        assert "7351" not in shown
        assert stored not in shown
    assert "7351" not in str(list(AuditEvent.objects.values()))
    act(office, "familypin", "remove_pins", pin)
    assert not FamilyPin.objects.exists()
    assert AuditEvent.objects.filter(action="family.pin_removed", actor=cast.staff).exists()


def test_invitation_is_sent_again_with_a_new_link_and_taken_back(
    office: Any, cast: Any, django_capture_on_commit_callbacks: Any
) -> None:
    now = timezone.now()
    old, token = invite(email="new@example.com", student=cast.student, actor=cast.student, now=now - timedelta(days=30))
    assert find_invitation(token=token, now=now) is None
    assert "too old" in office.get(listed("guardianinvitation"), {"state": "expired"}).content.decode()
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        act(office, "guardianinvitation", "send_again", old)
    (link,) = re.findall(r"/invitations/(\S+)/", mail.outbox[0].body)
    found = find_invitation(token=link, now=now)
    assert found is not None
    assert (found.pk, found.invited_by) == (old.pk, cast.student), "who invited stays who invited"
    assert find_invitation(token=token, now=now) is None
    act(office, "guardianinvitation", "take_back", old)
    assert find_invitation(token=link, now=now) is None
    with pytest.raises(InvitationError, match="answered or taken back"):
        resend_invitation(invitation=old, actor=cast.staff, now=now)
    assert set(AuditEvent.objects.filter(object_id=str(old.pk)).values_list("action", flat=True)) >= {
        "guardian.invitation_resent", "guardian.invitation_withdrawn",
    }  # fmt: skip


def test_only_staff_send_an_invitation_again(cast: Any) -> None:
    made, _token = invite(email="new@example.com", student=cast.student, actor=cast.student, now=NOW)
    with pytest.raises(NotPermittedError):
        resend_invitation(invitation=made, actor=cast.student, now=NOW)


@pytest.mark.parametrize(("state", "found"), [("open", 1), ("expired", 0), ("accepted", 0), ("over", 0)])
def test_invitations_are_found_by_what_became_of_them(office: Any, cast: Any, state: str, found: int) -> None:
    GuardianInvitation.objects.all().delete()
    invite(email="new@example.com", student=cast.student, actor=cast.student, now=timezone.now())
    assert len(office.get(listed("guardianinvitation"), {"state": state}).context["cl"].result_list) == found


def test_links_are_ended_together_with_a_reason(office: Any, cast: Any) -> None:
    link = GuardianLink.objects.get(guardian=cast.guardian, student=cast.student)
    asked = act(office, "guardianlink", "end_links", link)
    assert "Both sides are told" in asked.content.decode()
    assert GuardianLink.objects.get(pk=link.pk).state == LinkState.ACTIVE
    act(office, "guardianlink", "end_links", link, confirmed="1", reason="Court order of 3 May")
    assert GuardianLink.objects.get(pk=link.pk).state == LinkState.ENDED
    assert AuditEvent.objects.get(action="guardian.unlinked").reason == "Court order of 3 May"


def test_consents_are_counted_by_text_and_found_by_version(office: Any, cast: Any) -> None:
    text = ConsentText.objects.get(kind=ConsentKind.SCAN_USE, language="en", version=1)
    give_consent(person=cast.student, kind=text.kind, text=text, actor=cast.guardian, now=NOW)
    texts = office.get(listed("consenttext"))
    counted = {row.pk: row.standing_n for row in texts.context["cl"].result_list}
    assert counted[text.pk] == 1
    query = {"kind__exact": text.kind, "text_version": text.version, "standing": "yes"}
    assert len(office.get(listed("consent"), query).context["cl"].result_list) == 1
    assert len(office.get(listed("consent"), {"standing": "no"}).context["cl"].result_list) == 0
    assert len(office.get(listed("consent"), {"standing": "guardian"}).context["cl"].result_list) == 1
    row = Consent.objects.get()
    assert office.get(page(row)).status_code == 200
    log = office.get(reverse("admin:accounts_consent_change_log", args=[row.pk]))
    assert log["Location"].endswith(f"?q={row.pk}")


def test_nothing_of_a_family_is_typed_into_a_form(office: Any, cast: Any) -> None:
    pin = family_of(cast.guardian, cast.student)
    made, _token = invite(email="x@example.com", student=cast.student, actor=cast.student, now=NOW)
    withdraw_invitation(invitation=made, actor=cast.student, now=NOW)
    for row in (pin.family, pin, made, GuardianLink.objects.first()):
        assert office.get(page(row)).status_code == 200
        assert office.post(page(row), {"code": "AAAA", "first_name": "x"}).status_code == 403

"""Inviting guardians and children, both sides' yes, the end of a link, and consents with their texts."""

import re
from datetime import date, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.enums import ConsentKind, LinkState
from accounts.models import AuditEvent, Consent, ConsentText, GuardianInvitation, GuardianLink
from accounts.selectors import is_guardian_of
from accounts.services.consents import asked_again, choices_of, consent_stands, give_consent
from accounts.services.guardians import (
    MOST_OPEN,
    InvitationError,
    accept_link,
    answer_invitation,
    end_link,
    invite,
    withdraw_invitation,
)
from common.errors import NotPermittedError
from tests.factories import NOW

pytestmark = pytest.mark.django_db
KIND = ConsentKind.LEADERBOARD


@pytest.fixture
def people(cast):
    """Everybody with a confirmed address."""
    for person in cast.people.values():
        EmailAddress.objects.get_or_create(
            user=person, email=person.email, defaults={"verified": True, "primary": True}
        )
    return cast


def born(person, day):
    person.student_profile.date_of_birth = day
    person.student_profile.save()


def text(kind=KIND, version=2, language="en"):
    return ConsentText.objects.create(kind=kind, version=version, language=language, text="Newer.", published_at=NOW)


def current(kind=KIND):
    return ConsentText.objects.get(kind=kind, language="en", version=1)


# --- Invitations -----------------------------------------------------------------------------------------------------
def test_student_invites_and_guardian_accepts(people):
    _made, token = invite(email=" RAO@example.com ", student=people.classmate, actor=people.classmate, now=NOW)
    link = answer_invitation(token=token, accept=True, actor=people.teacher, now=NOW)
    assert (link.state, is_guardian_of(user=people.teacher, student=people.classmate)) == (LinkState.ACTIVE, True)
    people.teacher.refresh_from_db()
    assert people.teacher.is_guardian


def test_guardian_invites_and_child_accepts(people):
    _made, token = invite(email=people.outsider.email, guardian=people.guardian, actor=people.guardian, now=NOW)
    assert answer_invitation(token=token, accept=True, actor=people.outsider, now=NOW).state == LinkState.ACTIVE


@pytest.mark.parametrize(
    ("day", "state"), [(date(2000, 1, 1), LinkState.INVITED), (date(2014, 1, 1), LinkState.ACTIVE)]
)
def test_staff_invite_for_a_student_who_says_yes_when_grown_up(people, day, state):
    born(people.classmate, day)
    _made, token = invite(email=people.teacher.email, student=people.classmate, actor=people.staff, now=NOW)
    link = answer_invitation(token=token, accept=True, actor=people.teacher, now=NOW)
    assert link.state == state
    if state == LinkState.INVITED:
        assert not is_guardian_of(user=people.teacher, student=people.classmate)
        with pytest.raises(NotPermittedError):
            accept_link(link=link, actor=people.teacher, now=NOW)
        accept_link(link=link, actor=people.classmate, now=NOW)
        assert is_guardian_of(user=people.teacher, student=people.classmate)


def test_token_works_once_in_time_and_for_its_address(people):
    _made, token = invite(email=people.teacher.email, student=people.classmate, actor=people.classmate, now=NOW)
    with pytest.raises(InvitationError, match="went to"):
        answer_invitation(token=token, accept=True, actor=people.colleague, now=NOW)
    with pytest.raises(InvitationError, match="not open"):
        answer_invitation(token=token, accept=True, actor=people.teacher, now=NOW + timedelta(days=8))
    answer_invitation(token=token, accept=False, actor=people.teacher, now=NOW)
    with pytest.raises(InvitationError, match="not open"):
        answer_invitation(token=token, accept=True, actor=people.teacher, now=NOW)
    assert not GuardianLink.objects.filter(guardian=people.teacher).exists()


def test_token_is_kept_as_a_digest(people):
    made, token = invite(email="new@example.com", student=people.student, actor=people.student, now=NOW)
    assert token not in str(GuardianInvitation.objects.filter(pk=made.pk).values())


def test_withdrawn_invitation_is_over(people):
    made, token = invite(email=people.teacher.email, student=people.student, actor=people.student, now=NOW)
    with pytest.raises(NotPermittedError):
        withdraw_invitation(invitation=made, actor=people.outsider, now=NOW)
    withdraw_invitation(invitation=made, actor=people.student, now=NOW)
    with pytest.raises(InvitationError):
        answer_invitation(token=token, accept=True, actor=people.teacher, now=NOW)


@pytest.mark.parametrize("email", ["", "nonsense", "meera@example.com", "a" * 300 + "@example.com"])
def test_wrong_address_is_refused(people, email):
    with pytest.raises(InvitationError):
        invite(email=email, student=people.student, actor=people.student, now=NOW)


def test_nobody_floods_mailboxes(people):
    for n in range(MOST_OPEN):
        invite(email=f"one{n}@example.com", student=people.student, actor=people.student, now=NOW)
    with pytest.raises(InvitationError, match="Too many"):
        invite(email="more@example.com", student=people.student, actor=people.student, now=NOW)


def test_minor_is_nobodys_guardian(people):
    born(people.classmate, date(2012, 1, 1))
    _made, token = invite(email=people.classmate.email, student=people.student, actor=people.student, now=NOW)
    with pytest.raises(InvitationError, match="grown up"):
        answer_invitation(token=token, accept=True, actor=people.classmate, now=NOW)


def test_mail_has_the_link_and_the_page_answers(people, client, django_capture_on_commit_callbacks):
    client.force_login(people.student)
    sent = {"email": people.teacher.email, "relation": "father", "as_guardian": ""}
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(reverse("family"), sent).status_code == 302
    message = mail.outbox[0]
    assert (message.to, message.subject) == ([people.teacher.email], "An invitation from Meera Nair")
    link = re.search(r"http://testserver(/invitations/\S+/)", message.body)[1]
    assert b"Sign in to answer" in type(client)().get(link).content
    client.force_login(people.teacher)
    client.post(link, {"accept": "1"})
    found = GuardianLink.objects.get(guardian=people.teacher, student=people.student)
    assert (found.state, found.relation) == (LinkState.ACTIVE, "father")


def test_mail_of_an_invitation_is_hindi_where_the_inviter_is(people, django_capture_on_commit_callbacks):
    people.guardian.language = "hi"
    with django_capture_on_commit_callbacks(execute=True):
        invite(email="new@example.com", guardian=people.guardian, actor=people.guardian, now=NOW)
    assert mail.outbox[0].subject == "Latha Nair का आमंत्रण"


def test_page_of_a_made_up_token(client):
    answer = client.get(reverse("invitation", args=["made-up"]))
    assert answer.status_code == 404
    assert b"not open any more" in answer.content


# --- The end of a link -----------------------------------------------------------------------------------------------
def test_end_takes_sight_and_consents_at_once(people):
    link = GuardianLink.objects.get(student=people.student, guardian=people.guardian)
    give_consent(person=people.student, kind=KIND, text=current(), actor=people.guardian, now=NOW)
    end_link(link=link, actor=people.student, now=NOW)
    assert not is_guardian_of(user=people.guardian, student=people.student)
    assert Consent.objects.get().withdrawn_at == NOW
    assert AuditEvent.objects.filter(action="guardian.unlinked", actor=people.student).exists()


def test_minor_cannot_end_it_and_strangers_neither(people):
    born(people.student, date(2014, 1, 1))
    link = GuardianLink.objects.get(student=people.student, guardian=people.guardian)
    for actor in (people.student, people.classmate, people.teacher):
        with pytest.raises(NotPermittedError):
            end_link(link=link, actor=actor, now=NOW)


# --- Texts -----------------------------------------------------------------------------------------------------------
def test_texts_are_append_only():
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsentText.objects.update(text="Something else")


def test_every_kind_has_its_text_in_both_languages():
    found = set(ConsentText.objects.values_list("kind", "language"))
    assert found == {(kind, language) for kind in ConsentKind.values for language in ("en", "hi")}


def test_consent_names_its_text(cast):
    given = give_consent(person=cast.student, kind=KIND, text=current(), actor=cast.student, now=NOW)
    assert (given.text, given.text_version) == (current(), "1")


def test_newer_text_asks_again_and_suspends_only_itself(cast):
    for kind in (KIND, ConsentKind.SCAN_USE):
        give_consent(person=cast.student, kind=kind, text=current(kind), actor=cast.student, now=NOW)
    assert not asked_again(actor=cast.student, now=NOW)
    text()
    assert asked_again(actor=cast.student, now=NOW)
    states = {choice.kind: choice.state for choice in choices_of(actor=cast.student, now=NOW)[0][1]}
    assert (states[KIND], states[ConsentKind.SCAN_USE]) == ("again", "given")
    assert not consent_stands(person=cast.student, kind=KIND)
    assert consent_stands(person=cast.student, kind=ConsentKind.SCAN_USE)


def test_text_is_in_the_readers_language_where_it_is_there(cast):
    cast.student.language = "hi"
    choices = {c.kind: c for c in choices_of(actor=cast.student, now=NOW)[0][1]}
    assert {choice.text.language for choice in choices.values()} == {"hi"}
    text()
    choices = {c.kind: c for c in choices_of(actor=cast.student, now=NOW)[0][1]}
    assert (choices[KIND].text.language, choices[KIND].text.version) == ("en", 2)


def test_page_gives_and_withdraws(client, cast):
    client.force_login(cast.guardian)
    url = reverse("consent-decide", args=[cast.student.pk])
    client.post(url, {"text": current().pk})
    assert Consent.objects.get().given_by == cast.guardian
    client.post(url, {"withdraw": KIND})
    assert Consent.objects.get().withdrawn_at is not None
    assert client.post(url, {"text": "nonsense"}).status_code == 404
    assert client.post(reverse("consent-decide", args=[cast.outsider.pk]), {"text": current().pk}).status_code == 404


def test_sign_in_leads_to_texts_that_are_new(client, cast):
    from tests.factories import PASSWORD

    EmailAddress.objects.create(user=cast.student, email=cast.student.email, verified=True, primary=True)
    give_consent(person=cast.student, kind=KIND, text=current(), actor=cast.student, now=NOW)
    sent = {"login": cast.student.email, "password": PASSWORD}
    assert client.post(reverse("account_login"), sent).url == reverse("home")
    client.logout()
    text()
    assert client.post(reverse("account_login"), sent).url == reverse("consents")
    assert client.get(reverse("student-home")).status_code == 200, "nothing else is blocked"

"""The list of devices: seeing them, ending one, ending all others."""

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.services.people import create_person
from accounts.services.tokens import SignInError, issue_tokens, rotate_tokens
from accounts.views.sessions import device_of
from tests.factories import NOW, PASSWORD

pytestmark = pytest.mark.django_db
EMAIL = "meera@example.org"
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36"
)


@pytest.fixture
def person():
    return create_person(
        email=EMAIL, name="Meera Nair", password=PASSWORD, roles={"student"}, verified_email=True, now=NOW
    )


def signed_in(client, agent=PHONE):
    client.post(reverse("account_login"), {"login": EMAIL, "password": PASSWORD}, HTTP_USER_AGENT=agent)
    return client


def proven(client):
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def is_in(client) -> bool:
    return client.get(reverse("person-settings")).status_code == 200


def test_list_says_which_device_this_is(client, person):
    signed_in(client)
    signed_in(type(client)(), "Mozilla/5.0 (Windows NT 10.0; rv:127.0) Gecko/20100101 Firefox/127.0")
    found = client.get(reverse("session-list")).context["sessions"]
    assert [(one.device, one.current) for one in found] == [("Firefox, Windows", False), ("Chrome, Android", True)]


def test_one_is_ended(client, person):
    signed_in(client)
    other = signed_in(type(client)())
    session = next(one for one in client.get(reverse("session-list")).context["sessions"] if not one.current)
    assert client.post(reverse("session-end", args=[session.pk])).url.startswith(reverse("account_reauthenticate"))
    assert is_in(other), "a stolen session signs nobody out"
    proven(client)
    client.post(reverse("session-end", args=[session.pk]))
    assert (is_in(client), is_in(other)) == (True, False)


def test_sign_out_elsewhere_ends_browsers_and_programs(client, person):
    signed_in(client)
    others = [signed_in(type(client)()) for _ in range(3)]
    pair = issue_tokens(user=person)
    proven(client)
    client.post(reverse("session-end-others"))
    assert (is_in(client), [is_in(other) for other in others]) == (True, [False] * 3)
    with pytest.raises(SignInError):
        rotate_tokens(refresh=pair.refresh)
    event = AuditEvent.objects.get(action="person.session_ended")
    assert event.after == {"sessions": 3, "tokens": "all"}


def test_nobody_ends_what_belongs_to_others(client, person, cast):
    signed_in(client)
    mine = client.get(reverse("session-list")).context["sessions"][0]
    other = type(client)()
    other.force_login(cast.classmate)
    proven(other)
    assert other.post(reverse("session-end", args=[mine.pk])).status_code == 404
    assert Session.objects.filter(session_key=mine.session_key).exists()


def test_signing_in_makes_a_new_key(client, person):
    client.get(reverse("account_login"))
    client.session["before"] = 1
    before = client.session.session_key
    signed_in(client)
    assert client.session.session_key != before


@pytest.mark.parametrize(("agent", "said"), [("", "Unknown device"), ("curl/8", "Unknown device")])
def test_what_no_browser_says(agent, said):
    assert device_of(agent) == said


def test_list_costs_the_same_for_many(client, person, django_assert_max_num_queries):
    signed_in(client)
    for _ in range(6):
        signed_in(type(client)())
    with django_assert_max_num_queries(12):
        client.get(reverse("session-list"))

"""The page on which a person chooses what they are told."""

from datetime import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.enums import KINDS, MailWish, NotificationKind
from notifications.models import NotificationPreference, NotificationSettings
from notifications.selectors import own_kinds
from notifications.services.preferences import wishes_of

URL = "/notifications/settings/"
RETURNED, ASSIGNED = NotificationKind.PAPER_RETURNED, NotificationKind.PAPER_ASSIGNED


@pytest.fixture
def me(cast, client):
    client.force_login(cast.student)
    return cast.student


def save(client, person, *, headers=None, **changes):
    given = {f"mail_{kind}": KINDS[kind].mail for kind in own_kinds(person)}
    given |= {f"push_{kind}": "on" for kind in own_kinds(person) if KINDS[kind].push}
    given |= {"quiet_from": "", "quiet_until": "", "digest_at": "18:00"}
    return client.post(URL, {**given, **changes}, headers=headers or {})


def test_page_needs_sign_in(client, db):
    assert client.get(URL).status_code == 302


def test_page_shows_the_kinds_of_ones_roles_and_what_is_chosen(client, me):
    page = client.get(URL).content.decode()
    assert f'name="mail_{RETURNED}"' in page
    assert f'name="mail_{ASSIGNED}"' not in page
    assert 'value="18:00"' in page


def test_choice_is_kept(client, me):
    changes = {f"mail_{RETURNED}": "digest", "quiet_from": "22:00", "quiet_until": "07:00", "digest_at": "08:30"}
    assert save(client, me, **changes).status_code == 302
    assert wishes_of(me)[RETURNED].mail == MailWish.DIGEST
    chosen = NotificationSettings.objects.get(user=me)
    assert (chosen.quiet_from, chosen.quiet_until, chosen.digest_at) == (time(22), time(7), time(8, 30))
    assert 'value="22:00"' in client.get(URL).content.decode()


def test_equal_times_are_no_quiet_hours(client, me):
    save(client, me, quiet_from="22:00", quiet_until="22:00", digest_at="09:00")
    assert NotificationSettings.objects.get(user=me).quiet_from is None


@pytest.mark.parametrize(
    ("field", "value"),
    [(f"mail_{RETURNED}", "weekly"), ("quiet_from", "25:00"), ("quiet_from", "22:00"), ("digest_at", "")],
)
def test_wrong_value_is_422_and_changes_nothing(client, me, field, value):
    response = save(client, me, **{field: value})
    assert response.status_code == 422
    assert response.context["form"].errors
    assert not NotificationSettings.objects.exists()
    assert not NotificationPreference.objects.exists()


def test_wrong_value_by_htmx_is_the_form_alone(client, me):
    response = save(client, me, digest_at="", headers={"HX-Request": "true"})
    assert response.status_code == 422
    assert b'id="wishes"' in response.content
    assert b"<html" not in response.content


def test_nobody_chooses_for_another_role(client, me):
    save(client, me, **{f"mail_{ASSIGNED}": "now"})
    assert not NotificationPreference.objects.exists()


def test_page_costs_the_same_whatever_is_chosen(client, me):
    costs = []
    for wish in ("now", "off"):
        save(client, me, **{f"mail_{kind}": wish for kind in own_kinds(me)})
        with CaptureQueriesContext(connection) as queries:
            client.get(URL)
        costs.append(len(queries))
    assert costs[0] == costs[1]

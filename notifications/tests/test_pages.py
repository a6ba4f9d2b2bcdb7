"""The inbox page."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.enums import NotificationKind
from notifications.models import Notification
from notifications.tests.test_inbox import tell

URL, READ = "/notifications/", "/notifications/read/"


@pytest.fixture
def me(cast, client):
    client.force_login(cast.student)
    return cast.student


def test_inbox_needs_sign_in(client, db):
    assert client.get(URL).status_code == 302
    assert client.post(READ).status_code == 302


def test_empty_inbox_says_so(client, me):
    assert "Nothing new." in client.get(URL).content.decode()


def test_inbox_shows_ones_own_only(client, me, cast):
    tell(me, title="For Meera")
    tell(cast.classmate, title="For Rohan")
    text = client.get(URL).content.decode()
    assert "For Meera" in text
    assert "For Rohan" not in text
    assert 'href="/results/1/"' in text


def test_staff_do_not_see_other_peoples(client, cast):
    tell(cast.student, title="For Meera")
    client.force_login(cast.staff)
    assert "For Meera" not in client.get(URL).content.decode()


def test_mark_one_read_and_return(client, me):
    mine, more = tell(me), tell(me, cause="paper-2")
    response = client.post(READ, {"id": str(mine.pk)})
    assert (response.status_code, response.url) == (302, URL)
    assert list(Notification.objects.unread()) == [more]


def test_mark_all_read_by_htmx_gives_the_list(client, me):
    tell(me)
    response = client.post(READ, headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert b'id="inbox"' in response.content
    assert b"<html" not in response.content
    assert not Notification.objects.unread().exists()


def test_foreign_and_nonsense_ids_change_nothing(client, me, cast):
    foreign = tell(cast.classmate)
    tell(me)
    client.post(READ, {"id": [str(foreign.pk), "nonsense"]})
    assert Notification.objects.unread().count() == 2


def test_reading_by_get_is_refused(client, me):
    assert client.get(READ).status_code == 405


def test_older_page_and_nonsense_cursor(client, me):
    for n in range(31):
        tell(me, cause=f"paper-{n}", kind=NotificationKind.PAPER_RECEIVED)
    older = client.get(URL).context["inbox"].older
    assert len(client.get(URL, {"before": str(older)}).context["inbox"].items) == 1
    assert len(client.get(URL, {"before": "nonsense"}).context["inbox"].items) == 30


def test_inbox_costs_the_same_for_one_and_thirty(client, me):
    costs = []
    for start, stop in ((0, 1), (1, 30)):
        for n in range(start, stop):
            tell(me, cause=f"paper-{n}", kind=NotificationKind.PAPER_RECEIVED)
        with CaptureQueriesContext(connection) as queries:
            client.get(URL)
        costs.append(len(queries))
    assert costs[0] == costs[1]

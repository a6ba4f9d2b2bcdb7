"""Pages of rooms: with and without scripts, and what they cost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from courses.models import (
    Report,
    Room,
)
from courses.services.rooms.announcements import announce_to_course
from courses.services.rooms.threads import answer
from courses.tests.test_rooms import MINUTE, fill_room, make_room, put, talk
from tests.cast import Cast
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def room(cast: Cast) -> Room:
    return make_room(cast.teacher, cast.student, cast.classmate)


@pytest.fixture
def visit(client: Client, cast: Cast) -> Callable[[str], Client]:
    def sign_in(who: str) -> Client:
        client.force_login(cast.people[who])
        return client

    return sign_in


def test_without_script_a_message_is_sent_by_the_form(room: Room, visit: Callable[[str], Client]) -> None:
    client, url = visit("student"), reverse("room-chat", args=[room.pk])
    assert client.post(url, {"source": "Hi $x$", "client_id": str(uuid4())}).status_code == 302
    page = client.get(url).content.decode()
    assert "<math" in page
    assert client.post(url, {"source": "", "client_id": str(uuid4())}).status_code == 422
    for _ in range(4):
        client.post(url, {"source": "Hi", "client_id": str(uuid4())})
    late = client.post(url, {"source": "Once more", "client_id": str(uuid4())})
    assert late.status_code == 429
    assert 1 <= int(late["Retry-After"]) <= 10
    assert "Once more" in late.content.decode()


def test_the_script_sends_reads_and_asks_for_what_it_misses(cast: Cast, room: Room, visit: Any) -> None:
    client, url = visit("student"), reverse("room-messages", args=[room.pk])
    body = {"client_id": str(uuid4()), "source": "Hi"}
    for _ in range(2):
        answer_ = client.post(url, body, content_type="application/json")
        assert answer_.json()["message"]["seq"] == 1
    for wrong in ({}, {"client_id": "x", "source": "Hi"}, {"client_id": str(uuid4()), "source": 4}, [1]):
        assert client.post(url, wrong, content_type="application/json").status_code == 422
    room.refresh_from_db()
    fill_room(room, cast.teacher, 60)
    found = client.get(url, {"after": "1", "changes": "0"}).json()
    assert [row["seq"] for row in found["messages"]] == list(range(2, 52))
    assert found["more"]
    before = client.get(url, {"before": "31"}).json()
    assert [row["seq"] for row in before["messages"]] == list(range(1, 31))
    assert not before["older"]
    read = reverse("room-read", args=[room.pk])
    assert client.post(read, {"seq": 40}, content_type="application/json").status_code == 200
    assert client.post(read, {"seq": "40"}, content_type="application/json").status_code == 422
    page = client.get(reverse("room-chat", args=[room.pk])).content.decode()
    assert 'id="unread"' in page
    for odd in ("?before=x", "?before=-1", "?from=99999999999999999999", "?after=²"):
        assert client.get(reverse("room-chat", args=[room.pk]) + odd).status_code == 200


@pytest.mark.parametrize("name", ["room-chat", "room-questions", "room-announcements", "room-moderation"])
def test_pages_cost_the_same_for_three_and_thirty(cast: Cast, room: Room, visit: Any, name: str) -> None:
    client, url = visit("teacher"), reverse(name, args=[room.pk])

    def cost() -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    def more(number: int) -> None:
        room.refresh_from_db()
        fill_room(room, cast.student, number)
        for row in room.messages.all():
            Report.objects.get_or_create(room=room, message=row, reporter=cast.classmate, reason="other", at=NOW)
        for n in range(number):
            put(room, cast.teacher, f"No. {n}", now=NOW + n * MINUTE)
            announce_to_course(
                room=room, title="T", source="S", pin_days=0, client_id=uuid4(), actor=cast.teacher,
                now=NOW + timedelta(days=n),
            )  # fmt: skip

    more(3)
    few = cost()
    more(27)
    assert cost() == few <= 12


def test_a_question_costs_the_same_however_many_answers(cast: Cast, room: Room, visit: Any) -> None:
    thread = put(room, cast.student)
    client, url = visit("student"), reverse("room-question", args=[room.pk, thread.pk])
    costs = []
    for count in (3, 27):
        for n in range(count):
            now = NOW + (n + count) * 10 * MINUTE
            answer(thread=thread, source=f"No. {n}", client_id=uuid4(), actor=cast.classmate, now=now)
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 12


def test_forms_of_a_message_do_what_they_say(cast: Cast, room: Room, visit: Any) -> None:
    message = talk(room, cast.student, now=timezone.now())

    def send(who: str, name: str, **body: Any) -> int:
        return int(visit(who).post(reverse(name, args=[room.pk, message.pk]), body).status_code)

    assert send("student", "room-message-edit", source="Better") == 302
    assert send("classmate", "room-message-edit", source="Better") == 403
    assert send("classmate", "room-message-report", reason="spam") == 302
    assert send("classmate", "room-message-report", reason="made up") == 422
    assert send("classmate", "room-message-hide", reason="x") == 403
    assert send("teacher", "room-message-mute", reason="x", hours="24") == 302
    assert send("teacher", "room-message-mute", reason="x", hours="9") == 422
    assert send("teacher", "room-message-hide", reason="Rude") == 302
    assert send("classmate", "room-message-report", reason="spam") == 404
    assert send("teacher", "room-message-show") == 302
    message.refresh_from_db()
    assert (message.source, message.hidden_at) == ("Better", None)

"""Blind marking: nothing that a marker is sent anywhere says whose paper it is.

The papers of the world are with a teacher who does not know the class. Every address of tests/law_urls.py is asked as
that teacher, files behind short-lived addresses too, and what comes, headers and body, is searched for names.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from assessments.models import Exam
from evaluations.enums import OPEN_STATES
from evaluations.models import Evaluation
from evaluations.services.assignment import assign_waiting, requeue_evaluations
from notifications.models import Notification
from tests.law_urls import TABLE, Row
from tests.law_urls_world import World
from tests.shared_world import world
from tests.test_law_urls import ask, sessions

__all__ = ["world"]
WRITES = re.compile("marking-|api-evaluation-|api-picture")


@pytest.fixture
def blind(world: World) -> World:
    Exam.objects.update(hide_names=True)
    Evaluation.objects.filter(teacher=world.cast.teacher).update(teacher=world.cast.colleague)
    # “Person 7” is a word of any page.
    for student in User.objects.filter(name__startswith="Person", attempts__isnull=False).distinct():
        User.objects.filter(pk=student.pk).update(name=f"Ujjwala Quazi{student.pk.hex[-6:]}")
    return world


#: Courses name the people in them, by their own rules; nothing there leads to a paper.
COURSES = ("course-", "lesson-", "room-", "certificate-")


def names_in(said: str, world: World) -> list[str]:
    """The parts of the names and addresses of those whose papers these are that stand in `said`."""
    sitters = {evaluation.attempt.student for evaluation in Evaluation.objects.select_related("attempt__student")}
    known = set(world.cast.colleague.name.split())
    parts = {part for student in sitters for part in [*student.name.split(), student.email.split("@")[0]]} - known
    return sorted(part for part in parts if re.search(rf"\b{part}\b", said, re.IGNORECASE))


def said_by(response: Any) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return f"{response.headers} {response.cookies} {body.decode('utf-8', 'replace')}"


@pytest.mark.parametrize("hidden", [True, False], ids=["hidden", "shown"])
def test_no_address_tells_the_marker_whose_paper_it_is(blind: World, hidden: bool) -> None:
    """Where names are not hidden the same search finds them, so it can."""
    Exam.objects.update(hide_names=hidden)
    ids, cookies = blind.ids(), sessions(blind.cast)["colleague"]
    found, opened = {}, 0
    for row in [row for row in TABLE if row.method == "GET" or WRITES.match(row.name)]:
        if row.name.startswith(COURSES):
            continue
        response = ask(cookies, row.method, address(row, ids))
        texts = [said_by(response)]
        if response.status_code == 302 and "/files/" in response["Location"]:
            texts.append(said_by(Client().get(response["Location"])))
        opened += response.status_code == 200 and row.name in {"marking-desk", "marking-queue", "api-evaluation-detail"}
        if names := names_in(" ".join(texts), blind):
            found[str(row)] = names
    assert opened >= 3, "the marker sees the paper"
    if hidden:
        assert found == {}
    else:
        assert any("marking-desk" in row for row in found)
        assert any("api-evaluation-detail" in row for row in found)


def address(row: Row, ids: dict[str, Any]) -> str:
    return reverse(row.name, args=[argument.format(**ids) for argument in row.arguments])


def test_what_a_marker_is_told_names_nobody(blind: World) -> None:
    """All that the services write to the marker while a paper comes, is taken, goes and is finished."""
    with transaction.atomic():
        mine = list(Evaluation.objects.filter(teacher=blind.cast.colleague, state__in=OPEN_STATES))
        requeue_evaluations(evaluations=mine, actor=blind.cast.staff, reason="Look again", now=blind.now)
        assign_waiting(now=blind.now)
    told = Notification.objects.filter(user=blind.cast.colleague)
    assert told.exists()
    assert names_in(" ".join(f"{row.title} {row.body} {row.url}" for row in told), blind) == []
    written = [letter for letter in mail.outbox if blind.cast.colleague.email in letter.to]
    assert names_in(" ".join(f"{letter.subject} {letter.body}" for letter in written), blind) == []

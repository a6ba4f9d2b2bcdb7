"""The flight record at its doors: the API for devices, the back office's pages, the teacher's facts."""

import json
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from assessments.enums import FlightEvent
from assessments.models import Attempt, AttemptEvent
from assessments.services.attempts import save_response, start_attempt
from assessments.services.flight_record import note_told
from assessments.tests.sittings import question

MINUTE = timedelta(minutes=1)
PHONE = uuid.UUID(int=1)


@pytest.fixture
def live(cast):
    """Begun half an hour ago by the real clock, which the doors ask."""
    return start_attempt(exam=cast.exam, student=cast.student, now=timezone.now() - 30 * MINUTE)


def offline(attempt, minutes=10, seconds=400, number=1, device=PHONE):
    began = attempt.started_at + minutes * MINUTE
    event = {"number": number, "kind": "offline", "began_at": began, "ms": seconds * 1000}
    now = began + timedelta(seconds=seconds + 1)
    note_told(attempt=attempt, device=device, events=[event], actor=attempt.student, now=now)
    return AttemptEvent.objects.get(attempt=attempt, device=device, number=number)


# --- API -------------------------------------------------------------------------------------------------------------
def post(client, attempt, body):
    url = reverse("api-attempt-events", args=[attempt.pk])
    return client.post(url, json.dumps(body), content_type="application/json")


def event(**values):
    return {"number": 1, "kind": "offline", "began_at": (timezone.now() - MINUTE).isoformat(), "ms": 5} | values


def test_device_tells_and_hears_how_the_attempt_stands(cast, client, live):
    client.force_login(cast.student)
    kind = {"form": "phone", "system": "android", "browser": "chrome", "skew_ms": 120_000}
    body = {"device": str(PHONE), "events": [event(kind="opened", **kind), event(number=2)]}
    for _ in range(2):
        reply = post(client, live, body)
        assert reply.status_code == 200, reply.content
        assert (reply.json()["confirmed"], reply.json()["is_full"]) == ([1, 2], False)
    assert (reply.json()["state"], set(reply.json())) == (
        "in_progress", {"confirmed", "is_full", "server_now", "ends_at", "state", "writer"},
    )  # fmt: skip
    opened, spell = AttemptEvent.objects.filter(attempt=live, device=PHONE).order_by("id")
    assert opened.data == kind
    assert (spell.kind, spell.ms) == ("offline", 5)


@pytest.mark.parametrize(
    "body",
    [
        {}, [], {"device": "x", "events": [event()]}, {"device": str(PHONE), "events": []},
        {"device": str(PHONE), "events": [event(number="1")]}, {"device": str(PHONE), "events": [event(number=2**63)]},
        {"device": str(PHONE), "events": [event(kind="submitted")]}, {"device": str(PHONE), "events": [event(ms=-1)]},
        {"device": str(PHONE), "events": [event(began_at="yesterday")]}, {"device": str(PHONE), "events": [event(x=1)]},
        {"device": str(PHONE), "events": [event(number=n + 1) for n in range(101)]},
        {"device": str(PHONE), "events": [event(question=str(uuid.uuid4()))]},
        {"device": str(PHONE), "events": [event(form="toaster")]},
        {"device": str(PHONE), "events": [event(began_at="0001-01-01T00:00:00+14:00")]},
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_told(cast, client, live, body):
    client.force_login(cast.student)
    reply = post(client, live, body)
    assert reply.status_code in (200, 422)
    if reply.status_code == 200:  # an impossible time is moved to the beginning
        assert AttemptEvent.objects.get(attempt=live, number=1).began_at == live.started_at
    else:
        assert reply["Content-Type"] == "application/problem+json"


def test_save_names_its_device(cast, client, live):
    client.force_login(cast.student)
    url = reverse("api-attempt-response", args=[live.pk, question(cast.exam, 1).pk])
    body = {"seq": 1, "answer": {"choices": ["A"]}, "device": str(PHONE)}
    assert client.put(url, json.dumps(body), content_type="application/json").status_code == 200
    assert AttemptEvent.objects.get(attempt=live, kind=FlightEvent.ANSWER).device == PHONE


# --- Back office -----------------------------------------------------------------------------------------------------
@pytest.fixture
def office(cast, client):
    codes = ["view_attempt", "change_attempt"]
    cast.staff.user_permissions.set(Permission.objects.filter(codename__in=codes))
    client.force_login(cast.staff)
    return client


def answer(attempt, seq, letter, minutes):
    save_response(
        attempt=attempt, question_id=question(attempt.exam, 1).pk, seq=seq, answer={"choices": [letter]},
        marked_for_review=None, actor=attempt.student, now=attempt.started_at + minutes * MINUTE,
    )  # fmt: skip


def test_page_shows_picture_spells_devices_and_lines(office, live):
    answer(live, 1, "A", 2)
    line = offline(live)
    page = office.get(reverse("admin:attempt_flight", args=[live.pk]))
    assert page.status_code == 200
    text = page.content.decode()
    assert "<svg" in text
    assert "Credit 7 minutes" in text
    assert [row["what"] for row in page.context["lines"]] == ["Started", "Answer saved", "No connection"]
    ((spell, letter),) = page.context["outages"]
    assert (spell.event, letter) == (line.pk, "A")


def test_replay_shows_the_answers_of_the_moment(office, live):
    answer(live, 1, "A", 2)
    answer(live, 2, "B", 6)
    url = reverse("admin:attempt_flight", args=[live.pk])

    def stood(minutes):
        at = timezone.localtime(live.started_at + minutes * MINUTE)
        page = office.get(url, {"at": f"{at:%Y-%m-%dT%H:%M:%S}"})
        return [(row["number"], row["words"]) for row in page.context["standing"]]

    assert (stood(1), stood(4), stood(7)) == ([], [(1, "A")], [(1, "B")])
    assert office.get(url, {"at": "soon"}).status_code == 422


def test_lines_come_in_pages(office, live):
    for number in range(1, 251):
        AttemptEvent.objects.create(
            attempt=live, kind=FlightEvent.HIDDEN, at=live.started_at, began_at=live.started_at, ms=number,
            device=PHONE, number=number,
        )  # fmt: skip
    url = reverse("admin:attempt_flight", args=[live.pk])
    page = office.get(url)
    more = office.get(url, {"after": page.context["next"]})
    assert (len(page.context["lines"]), len(more.context["lines"]), more.context["next"]) == (200, 51, None)
    assert office.get(url, {"after": "9" * 30}).status_code == 200


def test_page_costs_the_same_for_more_events(office, live):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert office.get(reverse("admin:attempt_flight", args=[live.pk])).status_code == 200
        return len(queries)

    offline(live)
    cost()
    for_one = cost()
    for number in (2, 3):
        offline(live, 10 + 5 * number, 60, number=number, device=uuid.UUID(int=number))
    assert cost() == for_one


def test_one_button_credits_once(office, live):
    line = offline(live)
    url = reverse("admin:attempt_credit", args=[live.pk])
    first = office.post(url, {"event": line.pk, "reason": "Power cut"}, follow=True)
    again = office.post(url, {"event": line.pk}, follow=True)
    assert "7 minutes given, until" in first.content.decode()
    assert "nothing changed" in again.content.decode()
    assert "7 minutes credited" in again.content.decode()
    assert Attempt.objects.get(pk=live.pk).ends_at == live.ends_at + 7 * MINUTE
    assert AuditEvent.objects.get(action="attempt.extended").reason == "Power cut"
    refused = office.post(url, {"event": 1}, follow=True)
    assert "There is no such outage" in refused.content.decode()
    assert office.get(url).status_code == 302


def test_bulk_asks_shows_and_gives(cast, office, live):
    offline(live)
    other = start_attempt(exam=cast.exam, student=cast.classmate, now=live.started_at)
    url = reverse("admin:assessments_attempt_changelist")
    body = {"action": "credit_outage", "_selected_action": [str(live.pk), str(other.pk)], "select_across": "0"}
    asked = office.post(url, body)
    assert asked.status_code == 200
    assert asked.context["plans"] is None
    began = timezone.localtime(live.started_at)
    body |= {"confirmed": "1", "reason": "Feeder down", "since": f"{began:%Y-%m-%dT%H:%M:%S}"}
    wrong = office.post(url, body | {"until": body["since"]})
    assert wrong.status_code == 422
    body |= {"until": f"{began + 25 * MINUTE:%Y-%m-%dT%H:%M}"}
    shown = office.post(url, body | {"do": "preview"})
    assert sorted(plan.minutes for plan in shown.context["plans"]) == [0, 7]
    assert Attempt.objects.get(pk=live.pk).ends_at == live.ends_at
    given = office.post(url, body | {"do": "credit"}, follow=True)
    assert "1 student got the time back" in given.content.decode()
    assert Attempt.objects.get(pk=live.pk).ends_at == live.ends_at + 7 * MINUTE
    assert "nothing to credit" in office.post(url, body | {"do": "credit"}, follow=True).content.decode()


@pytest.mark.parametrize("name", ["student", "teacher", "guardian"])
def test_record_is_staffs_alone(cast, client, live, name):
    client.force_login(cast.people[name])
    for address in ("attempt_flight", "attempt_credit"):
        page = client.get(reverse(f"admin:{address}", args=[live.pk]))
        assert page.status_code == 302
        assert "/admin/login/" in page["Location"]


# --- Teacher ---------------------------------------------------------------------------------------------------------
def test_teacher_reads_facts_and_the_family_does_not(cast, client, live):
    began = live.started_at + 3 * MINUTE
    events = [
        {"number": 1, "kind": "hidden", "began_at": began, "ms": 95_000},
        {"number": 2, "kind": "paste", "began_at": began, "data": {"characters": 12}},
        {"number": 3, "kind": "opened", "began_at": began},
    ]
    note_told(attempt=live, device=PHONE, events=events, actor=cast.student, now=began + 5 * MINUTE)
    note_told(attempt=live, device=uuid.uuid4(), events=events[2:], actor=cast.student, now=began + 5 * MINUTE)
    Attempt.objects.filter(pk=live.pk).update(state="submitted", submitted_at=began, submit_reason="student")
    texts = {}
    for name in ("teacher", "staff", "student", "guardian"):
        client.force_login(cast.people[name])
        page = client.get(reverse("result-page", args=[live.pk]))
        texts[name] = page.content.decode() if page.status_code == 200 else ""
    assert "or the screen was off, once, for" in texts["teacher"]
    assert "12 characters" in texts["teacher"]
    assert "open on 2 devices" in texts["teacher"]
    assert "Noticed while it was written" in texts["staff"]
    assert texts["student"]
    assert "Noticed" not in texts["student"] + texts["guardian"]

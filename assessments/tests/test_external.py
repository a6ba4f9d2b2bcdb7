"""Assessments held elsewhere: secrets, launches, results that are taken once, and the best of them."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import jwt
import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEvent
from assessments.models import ExternalDelivery, ExternalLaunch, ExternalResult, ExternalSecret
from assessments.selectors.external import external_rows
from assessments.services.external_launches import check_launch_url, launch_assessment, subject_of
from assessments.services.external_results import KEEP_DELIVERIES, MAX_BYTES, prune_deliveries, receive_result
from assessments.services.external_secrets import open_secrets, rotate_secret
from assessments.services.signatures import header_for
from assessments.tests.external import RESULTS_URL, RETURN_URL, TOOL_URL, event_of, external_world, launch_for, signed
from common.errors import DomainError, NotPermittedError
from common.testing.database import run_at_once
from tests import factories

NOW = factories.NOW
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
URLS = {"return_url": RETURN_URL, "results_url": RESULTS_URL}


@pytest.fixture
def there(cast):
    return external_world(cast, NOW)


@pytest.fixture
def launch(cast, there):
    return launch_for(there, cast.student, NOW)


def send(there, event, now=NOW):
    return receive_result(tool=there.tool, now=now, **signed(there.tool, event, now))


def code_of(call, *arguments, **named):
    with pytest.raises(DomainError) as caught:
        call(*arguments, **named)
    assert caught.value.message.endswith((".", "”."))
    return caught.value.code


# --- Secrets ---------------------------------------------------------------------------------------------------------
def test_a_secret_is_kept_so_that_only_we_can_read_it(cast, there, settings):
    secret = open_secrets(tool=there.tool, now=NOW)[0]
    assert secret.startswith("abx_")
    assert len(secret) > 40
    assert secret not in ExternalSecret.objects.get().sealed
    assert secret not in json.dumps(list(AuditEvent.objects.values("before", "after", "reason")), default=str)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert open_secrets(tool=there.tool, now=NOW) == [secret]
    settings.SECRET_KEY_FALLBACKS = []
    assert open_secrets(tool=there.tool, now=NOW) == []


def test_rotation_leaves_the_old_secret_its_time_of_grace(cast, there, launch):
    old = signed(there.tool, event_of(launch, NOW), NOW)
    new = rotate_secret(tool=there.tool, grace_hours=1, actor=cast.staff, reason="Yearly", now=NOW)
    assert open_secrets(tool=there.tool, now=NOW)[0] == new
    assert not receive_result(tool=there.tool, now=NOW, **old).repeated
    assert open_secrets(tool=there.tool, now=NOW + timedelta(hours=1)) == [new]
    assert AuditEvent.objects.get(action="externaltool.secret_rotated", reason="Yearly").actor == cast.staff


def test_at_most_two_secrets_are_valid(cast, there):
    for _ in range(3):
        newest = rotate_secret(tool=there.tool, grace_hours=24, actor=cast.staff, now=NOW)
    assert len(open_secrets(tool=there.tool, now=NOW + MINUTE)) == 2
    assert open_secrets(tool=there.tool, now=NOW + MINUTE)[0] == newest
    last = rotate_secret(tool=there.tool, grace_hours=0, actor=cast.staff, now=NOW + MINUTE)
    assert open_secrets(tool=there.tool, now=NOW + 2 * MINUTE) == [last]
    assert code_of(rotate_secret, tool=there.tool, grace_hours=-1, actor=cast.staff, now=NOW) == "grace_hours"


# --- Launching -------------------------------------------------------------------------------------------------------
def claims_of(sending, tool, now=NOW):
    key = open_secrets(tool=tool, now=now)[0]
    checks = {"verify_exp": False, "verify_iat": False}
    return jwt.decode(sending.token, key, algorithms=["HS256"], audience=str(tool.pk), options=checks)


def test_the_token_says_who_comes_for_what_and_no_name(cast, there):
    sending = launch_assessment(assessment=there, student=cast.student, now=NOW, **URLS)
    claims = claims_of(sending, there.tool)
    assert (sending.url, sending.origin) == (TOOL_URL, "https://lab.example.org")
    assert claims["exp"] - claims["iat"] == 300
    assert (claims["iss"], claims["resource"], claims["max_score"]) == ("http://testserver", "graphs-1", "10.00")
    assert claims["jti"] == str(ExternalLaunch.objects.get().pk)
    assert (claims["return_url"], claims["results_url"]) == (RETURN_URL, RESULTS_URL)
    assert not {"name", "email"} & set(claims)
    text = json.dumps(claims)
    assert all(secret not in text for secret in (cast.student.name, cast.student.email, str(cast.student.pk)))


def test_names_are_told_only_where_the_tool_may_know_them(cast, there):
    there.tool.share_name = True
    claims = claims_of(launch_assessment(assessment=there, student=cast.student, now=NOW, **URLS), there.tool)
    assert claims["name"] == "Meera Nair"
    assert "email" not in claims


def test_a_student_is_the_same_at_one_tool_and_another_at_the_next(cast, there):
    other = external_world(cast, NOW, tool_name="Another")
    names = [subject_of(tool=tool, student=cast.student) for tool in (there.tool, there.tool, other.tool)]
    assert names[0] == names[1] != names[2]
    assert subject_of(tool=there.tool, student=cast.classmate) != names[0]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"opens_at": NOW + MINUTE}, "not_open"),
        ({"closes_at": NOW}, "closed"),
        ({"is_published": False}, "not_for_you"),
    ],
)
def test_nobody_is_sent_outside_the_window(cast, there, change, code):
    type(there).objects.filter(pk=there.pk).update(**change)
    there.refresh_from_db()
    assert code_of(launch_assessment, assessment=there, student=cast.student, now=NOW, **URLS) == code
    assert not ExternalLaunch.objects.exists()


def test_nobody_is_sent_to_a_tool_that_is_switched_off(cast, there):
    there.tool.is_active = False
    assert code_of(launch_assessment, assessment=there, student=cast.student, now=NOW, **URLS) == "tool_closed"


@pytest.mark.parametrize("name", ["outsider", "teacher", "staff", "guardian"])
def test_only_students_for_whom_it_is_set_are_sent(cast, there, name):
    with pytest.raises(NotPermittedError):
        launch_assessment(assessment=there, student=cast.people[name], now=NOW, **URLS)


@pytest.mark.parametrize(
    "url",
    ["http://a.org/", "javascript:alert(1)", "https://", "https://u:p@a.org/", "https://a.org/#x", "https://a.org; x",
     "https://a.org:99999/", "https://ü.org/", "https://a.org'/", "//a.org", "https://*/", ""],
)  # fmt: skip
def test_launch_addresses_that_are_not_plain_https_are_refused(url):
    assert code_of(check_launch_url, url) == "launch_url"


def test_plain_http_is_taken_only_where_settings_say_so(settings):
    check_launch_url("https://lab.example.org:8443/a?b=c")
    settings.EXTERNAL_TOOLS_HTTP = True
    check_launch_url("http://localhost:9000/launch")


# --- Results ---------------------------------------------------------------------------------------------------------
def test_a_result_is_stored_and_shown_as_the_best(cast, there, launch):
    taken = send(there, event_of(launch, NOW, score="7.25"))
    assert (taken.repeated, taken.result.score, taken.result.launch) == (False, Decimal("7.25"), launch)
    row = external_rows(user=cast.student, now=NOW)[0]
    assert (row["best"].score, row["best"].percent, row["best"].passed) == (Decimal("7.25"), 72, True)
    assert external_rows(user=cast.classmate, now=NOW)[0]["best"] is None


def test_the_best_of_several_results_is_kept_whatever_comes_later(cast, there, launch):
    again = launch_for(there, cast.student, NOW)
    for number, (where, score) in enumerate([(launch, 4), (again, 6.9), (again, 2), (launch, 6.9)]):
        send(there, event_of(where, NOW + number * MINUTE, score=score), NOW + 5 * MINUTE)
    best = external_rows(user=cast.student, now=NOW)[0]["best"]
    assert (best.score, best.passed, best.occurred_at) == (Decimal("6.9"), False, NOW + MINUTE)


def test_a_repeated_event_gets_the_first_outcome_and_changes_nothing(there, launch):
    event = event_of(launch, NOW)
    first = send(there, event)
    again = send(there, event | {"score": 10}, NOW + DAY)
    assert (again.repeated, again.result) == (True, first.result)
    assert ExternalResult.objects.get().score == Decimal("7.5")
    assert list(ExternalDelivery.objects.values_list("outcome", flat=True)) == ["repeated", "accepted"]


def test_an_event_of_another_tool_with_the_same_id_is_another_event(cast, there, launch):
    other = external_world(cast, NOW, tool_name="Another")
    event = event_of(launch, NOW)
    send(there, event)
    assert code_of(send, other, event) == "unknown_launch"
    assert not send(other, event_of(launch_for(other, cast.student, NOW), NOW, event_id=event["event_id"])).repeated


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"event_id": ""}, "bad_event"),
        ({"event_id": "x" * 101}, "bad_event"),
        ({"launch_id": "7"}, "bad_event"),
        ({"launch_id": "00000000-0000-0000-0000-000000000001"}, "unknown_launch"),
        ({"score": -0.5}, "score_out_of_bounds"),
        ({"score": 10.01}, "score_out_of_bounds"),
        ({"score": 1.234}, "bad_event"),
        ({"score": "1e999999"}, "bad_event"),
        ({"score": True}, "bad_event"),
        ({"score": None}, "bad_event"),
        ({"max_score": 100}, "maximum_differs"),
        ({"occurred_at": "yesterday"}, "bad_event"),
        ({"occurred_at": "2026-11-18T04:30:00"}, "bad_event"),
        ({"occurred_at": "2026-13-45T04:30:00Z"}, "bad_event"),
        ({"occurred_at": (NOW + 10 * MINUTE).isoformat()}, "bad_time"),
        ({"occurred_at": (NOW - DAY).isoformat()}, "bad_time"),
        ({"bonus": 1}, "bad_event"),
    ],
)
def test_what_cannot_be_is_refused_and_logged_with_its_reason(there, launch, change, code):
    assert code_of(send, there, event_of(launch, NOW) | change) == code
    assert not ExternalResult.objects.exists()
    row = ExternalDelivery.objects.get()
    assert (row.outcome, row.code, row.tool) == ("refused", code, there.tool)


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", "not_json"), (b"[]", "bad_event"), (b"null", "bad_event"), (b'{"event_id": "\\u0000"}', "nul"),
     (b"x" * (MAX_BYTES + 1), "too_large")],
)  # fmt: skip
def test_bodies_that_say_nothing_are_refused(there, body, code):
    assert code_of(send, there, body) == code
    assert ExternalDelivery.objects.get().code == code


def test_signature_and_time_are_held(there, launch):
    good = signed(there.tool, event_of(launch, NOW), NOW)
    refused = [
        (good | {"signature": ""}, NOW, "signature_missing"),
        (good | {"body": good["body"] + b" "}, NOW, "signature_wrong"),
        (good | {"signature": header_for(secret="abx_", timestamp=int(NOW.timestamp()), body=good["body"])}, NOW,
         "signature_wrong"),
        (good, NOW + 6 * MINUTE, "timestamp_old"),
        (good, NOW - MINUTE, "timestamp_future"),
    ]  # fmt: skip
    for what, now, code in refused:
        assert code_of(receive_result, tool=there.tool, now=now, **what) == code
    assert list(ExternalDelivery.objects.order_by("id").values_list("code", flat=True)) == [row[2] for row in refused]
    secret = open_secrets(tool=there.tool, now=NOW)[0]
    assert secret not in str(list(ExternalDelivery.objects.values()))


def test_results_are_append_only(there, launch):
    result = send(there, event_of(launch, NOW)).result
    with pytest.raises(IntegrityError), transaction.atomic():
        ExternalResult.objects.filter(pk=result.pk).update(score=10)


def test_the_log_ends_after_its_time_and_never_grows_without_end(there, monkeypatch):
    for age in (KEEP_DELIVERIES + DAY, DAY, MINUTE, MINUTE):
        code_of(receive_result, tool=there.tool, body=b"", signature="", now=NOW - age)
    assert prune_deliveries(now=NOW) == 1
    monkeypatch.setattr("assessments.services.external_results.MOST_DELIVERIES", 2)
    assert prune_deliveries(now=NOW) == 1
    assert ExternalDelivery.objects.count() == 2


@pytest.mark.usefixtures("transactional_db")
def test_deliveries_of_one_event_at_once_are_one_result(cast):
    there = external_world(cast, NOW)
    what = signed(there.tool, event_of(launch_for(there, cast.student, NOW), NOW), NOW)
    taken = run_at_once([lambda: receive_result(tool=there.tool, now=NOW, **what)] * 8)
    assert len({each.result.pk for each in taken}) == 1
    assert sum(not each.repeated for each in taken) == 1
    assert ExternalResult.objects.count() == 1
    assert ExternalDelivery.objects.count() == 8

"""The doors of assessments held elsewhere: page, API, webhook and back office."""

from __future__ import annotations

import io
import json
import random
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments.models import ExternalAssessment, ExternalDelivery, ExternalResult, ExternalTool
from assessments.services.external_secrets import open_secrets
from assessments.services.signatures import header_for, verify
from assessments.tests.external import event_of, external_world, launch_for, signed

TOOLS = reverse("admin:assessments_externaltool_changelist")


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def there(cast, now):
    return external_world(cast, now)


@pytest.fixture
def event(cast, there, now):
    return event_of(launch_for(there, cast.student, now), now)


def post(client, there, event, now, **changes):
    what = signed(there.tool, event, now) | changes
    url = reverse("api-external-results", args=[there.tool.pk])
    headers = {"Abhyas-Signature": what["signature"]}
    return client.post(url, what["body"], content_type="application/json", headers=headers)


def assert_problem(response, status, code):
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json"), response.content
    assert response.json()["code"] == code


# --- Page ------------------------------------------------------------------------------------------------------------
def test_open_is_a_form_that_leaves_for_this_tool_alone(client, cast, there):
    client.force_login(cast.student)
    page = client.get(reverse("exam-list")).content.decode()
    url = reverse("external-open", args=[there.pk])
    assert f'action="{url}"' in page
    response = client.post(url)
    text = response.content.decode()
    assert 'action="https://lab.example.org/launch"' in text
    assert re.search(r'name="token" value="[\w-]+\.[\w-]+\.[\w-]+"', text)
    assert '<button class="btn">' in text
    policy = [part.strip() for part in response["Content-Security-Policy"].split(";")]
    assert "form-action https://lab.example.org" in policy
    assert "script-src 'self'" in policy
    assert "no-store" in response["Cache-Control"]
    other = client.get(reverse("exam-list"))["Content-Security-Policy"]
    assert "form-action 'self'" in other


def test_a_closed_one_is_refused_with_a_sentence(client, cast, there, now):
    ExternalAssessment.objects.update(closes_at=now - timedelta(minutes=1))
    client.force_login(cast.student)
    assert "This closed on" in client.post(reverse("external-open", args=[there.pk])).content.decode()
    assert reverse("external-open", args=[there.pk]) not in client.get(reverse("exam-list")).content.decode()


def test_the_best_result_is_on_the_exams_page_and_in_the_api(client, cast, there, event, now):
    post(client, there, event, now)
    client.force_login(cast.student)
    page = client.get(reverse("exam-list")).content.decode()
    assert "7.5 of 10" in page
    assert "Passed" in page
    row = client.get(reverse("api-external-assessments")).json()["results"][0]
    assert (row["title"], row["is_open"]) == (there.title, True)
    assert (row["best"]["score"], row["best"]["passed"]) == ("7.50", True)
    client.force_login(cast.classmate)
    assert client.get(reverse("api-external-assessments")).json()["results"][0]["best"] is None
    assert "7.5 of 10" not in client.get(reverse("exam-list")).content.decode()


def test_lists_cost_the_same_for_one_and_for_many(client, cast, there, event, now):
    post(client, there, event, now)
    client.force_login(cast.student)

    def cost(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(address))
        return len(queries)

    cost("exam-list")
    few = [cost(address) for address in ("exam-list", "api-external-assessments")]
    for number in range(8):
        more = external_world(cast, now, tool_name=f"Tool {number}")
        post(client, more, event_of(launch_for(more, cast.student, now), now), now)
    assert [cost(address) for address in ("exam-list", "api-external-assessments")] == few


def test_a_token_can_be_asked_for_by_the_api(client, cast, there):
    client.force_login(cast.student)
    said = client.post(reverse("api-external-launches", args=[there.pk])).json()
    assert said["url"] == "https://lab.example.org/launch"
    assert said["token"].count(".") == 2


# --- Webhook ---------------------------------------------------------------------------------------------------------
def test_a_result_is_201_and_its_repetition_200_with_the_same_words(client, there, event, now):
    first = post(client, there, event, now)
    again = post(client, there, event | {"score": 1}, now)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["score"] == "7.50"


def test_refusals_are_problem_details_with_a_code(client, there, event, now):
    assert_problem(post(client, there, event, now, signature=""), 401, "signature_missing")
    assert_problem(post(client, there, event, now - timedelta(minutes=6)), 401, "timestamp_old")
    assert_problem(post(client, there, event | {"score": 11}, now), 422, "score_out_of_bounds")
    assert_problem(post(client, there, b"{", now), 400, "not_json")
    assert_problem(post(client, there, b" " * 3_000_000, now), 413, "too_large")
    ExternalTool.objects.update(is_active=False)
    assert_problem(post(client, there, event, now), 404, "not_found")


def test_the_webhook_is_rate_limited(client, there, event, now, monkeypatch):
    monkeypatch.setattr("assessments.api.external.ExternalThrottle.get_rate", lambda self: "2/min")
    cache.clear()
    answers = [post(client, there, event, now).status_code for _ in range(3)]
    assert answers == [201, 200, 429]


def test_no_body_and_no_header_is_a_server_error(client, there, event, now, monkeypatch):
    """500 bodies and headers, each a good delivery with something broken; some signed again after the break."""
    monkeypatch.setattr("assessments.api.external.ExternalThrottle.get_rate", lambda self: None)
    rng = random.Random(18)
    secret = open_secrets(tool=there.tool, now=now)[0]
    url = reverse("api-external-results", args=[there.tool.pk])
    for number in range(500):
        body, header = broken(rng, event | {"event_id": f"e{number}"}, secret, int(now.timestamp()))
        response = client.post(url, body, content_type="application/json", headers={"Abhyas-Signature": header})
        assert response.status_code in {200, 201, 400, 401, 413, 422}, (body, header)
        assert response["Content-Type"] == "application/problem+json" or response.status_code < 300
    assert ExternalDelivery.objects.count() == 500
    assert ExternalResult.objects.filter(score__gt=10).count() == 0


NASTY = [
    None,
    True,
    [],
    {},
    [[1]],
    "",
    "\x00",
    "\u202e",
    "9" * 400,
    -1,
    2**63 - 1,
    1e300,
    "NaN",
    "0e99",
    "２",
    0.001,
    "1_0",
]


def broken(rng, event, secret, seconds):
    """(body, header): a field replaced or taken away, bytes flipped before or after signing, or a damaged header."""
    what = rng.randrange(5)
    if what == 0:
        event = event | {rng.choice(list(event)): rng.choice(NASTY)}
    elif what == 1:
        event = {name: value for name, value in event.items() if rng.random() > 0.3}
    body = bytearray(json.dumps(event).encode())
    if what == 2:
        for _ in range(rng.randrange(1, 6)):
            body[rng.randrange(len(body))] = rng.randrange(256)
    header = header_for(secret=secret, timestamp=seconds, body=bytes(body))
    if what == 3:
        letters = list(header)
        letters[rng.randrange(len(letters))] = rng.choice("=,tv1é²\x7f0 ")
        header = "".join(letters)
    if what == 4:
        body = body[: rng.randrange(len(body))]
    return bytes(body), header


def test_the_example_of_the_documentation_is_right(monkeypatch):
    """The body with its signature, and the client: what a partner copies must work."""
    text = (Path(__file__).parents[2] / "docs" / "external-assessments.md").read_text()
    body = re.search(r"```\n(\{.*\})\n```", text)[1].encode()
    header = re.search(r"Abhyas-Signature: (t=.*)", text)[1]
    assert header == header_for(secret="abx_example", timestamp=1795000000, body=body)
    sent = []

    class Answer(io.BytesIO):
        status = 201

    client: dict[str, Any] = {"__name__": "client"}
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], client)
    monkeypatch.setattr("urllib.request.urlopen", lambda request, timeout: sent.append(request) or Answer(b"{}"))
    assert client["report"]("https://abhyas.example/x", "abx_example", json.loads(body)) == (201, {})
    verify(
        header=sent[0].get_header("Abhyas-signature"), body=sent[0].data, secrets=["abx_example"], now=timezone.now()
    )


# --- Back office -----------------------------------------------------------------------------------------------------
@pytest.fixture
def office(client, cast):
    client.force_login(cast.staff)
    return client


def secret_in(response):
    found = re.findall(r"abx_[\w-]+", response.content.decode())
    assert len(found) == 1
    return found[0]


def test_a_new_tool_shows_its_secret_once(office, cast, now):
    add = reverse("admin:assessments_externaltool_add")
    data = {"name": "Lab", "launch_url": "https://lab.example.org/go", "is_active": "on"}
    secret = secret_in(office.post(add, data))
    tool = ExternalTool.objects.get()
    assert open_secrets(tool=tool, now=timezone.now()) == [secret]
    for url in (TOOLS, reverse("admin:assessments_externaltool_change", args=[tool.pk])):
        assert secret not in office.get(url).content.decode()
    assert str(tool.pk) in office.get(reverse("admin:assessments_externaltool_change", args=[tool.pk])).content.decode()


def test_an_address_without_tls_is_refused_in_the_form(office, cast):
    data = {"name": "Lab", "launch_url": "http://lab.example.org/go", "is_active": "on"}
    page = office.post(reverse("admin:assessments_externaltool_add"), data).content.decode()
    assert "must be a plain address that begins with https://" in page
    assert not ExternalTool.objects.exists()


def test_rotating_asks_first_and_shows_the_new_secret(office, there):
    data = {"action": "rotate", "_selected_action": [there.tool.pk]}
    assert 'name="grace_hours"' in office.post(TOOLS, data).content.decode()
    before = open_secrets(tool=there.tool, now=timezone.now())
    wrong = office.post(TOOLS, data | {"confirmed": "1", "reason": "x", "grace_hours": "9999"})
    assert "abx_" not in wrong.content.decode()
    secret = secret_in(office.post(TOOLS, data | {"confirmed": "1", "reason": "Lost", "grace_hours": "1"}))
    assert open_secrets(tool=there.tool, now=timezone.now()) == [secret, *before]


def test_staff_see_what_was_delivered_and_refused(office, there, event, now):
    post(office, there, event | {"score": 11}, now)
    page = office.get(reverse("admin:assessments_externaldelivery_changelist")).content.decode()
    assert "score_out_of_bounds" in page
    assert "score lies between 0 and max_score." in page


def test_staff_set_an_assessment_for_a_cohort(office, cast, there):
    data = {
        "tool": there.tool.pk, "resource": "r", "title": "Circles", "programme": cast.cohort.programme_id,
        "chapter": "",
        "cohorts": [cast.cohort.pk], "is_published": "on", "max_score": "5", "pass_percent": "50",
        "opens_at_0": "2026-11-01", "opens_at_1": "10:00", "closes_at_0": "", "closes_at_1": "",
    }  # fmt: skip
    assert office.post(reverse("admin:assessments_externalassessment_add"), data).status_code == 302
    made = ExternalAssessment.objects.get(title="Circles")
    assert list(made.cohorts.all()) == [cast.cohort]
    refused = office.post(
        reverse("admin:assessments_externalassessment_add"),
        data | {"closes_at_0": "2026-10-01", "closes_at_1": "10:00"},
    )
    assert "It closes after it opens." in refused.content.decode()

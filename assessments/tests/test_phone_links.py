"""A phone that photographs for one attempt: what its link opens, for how long, and what it never opens."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from assessments.enums import AttemptState
from assessments.models import Attempt, PhoneLink, SheetUpload
from assessments.services import phone_links
from assessments.services.overdue import ARRIVAL_GRACE
from assessments.services.phone_links import (
    OPENS_FOR,
    PhoneLinkEndedError,
    TooOftenError,
    end_phone_links,
    make_phone_link,
    open_phone_link,
    standing_link,
)
from assessments.tests.sheets import MINUTE, NOW, PHOTO, code_of, confirm, deliver, facts
from common.errors import DomainError, NotPermittedError
from common.qr_codes import QUIET, qr_path
from common.storage import sheet_storage


@pytest.fixture
def now_attempt(attempt: Attempt) -> Attempt:
    """The attempt of these tests at the present time, for doors that read the clock."""
    now = timezone.now()
    attempt.started_at, attempt.ends_at, attempt.sheets_due_at = now, now + timedelta(hours=1), now + timedelta(hours=2)
    attempt.save(update_fields=["started_at", "ends_at", "sheets_due_at"])
    return attempt


def made(attempt: Attempt, now=NOW) -> tuple[PhoneLink, str]:
    return make_phone_link(attempt=attempt, actor=attempt.student, now=now)


def opened(attempt: Attempt, now=NOW) -> PhoneLink:
    return open_phone_link(token=made(attempt, now)[1], now=now, caller="a")


def phone_of(attempt: Attempt, **cookies: str) -> Client:
    """A phone that has just opened a link."""
    client = Client(enforce_csrf_checks=False)
    token = made(attempt, timezone.now())[1]
    response = client.get(reverse("phone-open", args=[token]))
    assert response.status_code == 302
    return client


# --- Making, opening, ending -----------------------------------------------------------------------------------------
def test_the_secret_is_kept_nowhere(attempt):
    link, token = made(attempt)
    assert len(token) == 43
    assert token not in str(PhoneLink.objects.values().get())
    assert link.opens_until == NOW + OPENS_FOR


def test_a_link_opens_for_ten_minutes_and_then_serves_till_the_sheets_are_due(attempt):
    link, token = made(attempt)
    with pytest.raises(PhoneLinkEndedError):
        standing_link(link_id=link.pk, now=NOW)  # nobody has opened it
    assert open_phone_link(token=token, now=NOW + OPENS_FOR - MINUTE, caller="a").pk == link.pk
    with pytest.raises(PhoneLinkEndedError):
        open_phone_link(token=token, now=NOW + OPENS_FOR, caller="a")
    last = attempt.sheets_due_at + ARRIVAL_GRACE
    assert standing_link(link_id=link.pk, now=last).attempt == attempt
    with pytest.raises(PhoneLinkEndedError):
        standing_link(link_id=link.pk, now=last + MINUTE)


def test_another_link_ends_the_one_before(attempt):
    first = opened(attempt)
    second = opened(attempt, NOW + MINUTE)
    with pytest.raises(PhoneLinkEndedError):
        standing_link(link_id=first.pk, now=NOW + MINUTE)
    assert standing_link(link_id=second.pk, now=NOW + MINUTE).pk == second.pk
    end_phone_links(attempt=attempt, actor=attempt.student, now=NOW + 2 * MINUTE)
    with pytest.raises(PhoneLinkEndedError):
        standing_link(link_id=second.pk, now=NOW + 2 * MINUTE)


def test_every_step_is_in_the_audit_trail(attempt):
    link, token = made(attempt)
    for _ in range(2):
        open_phone_link(token=token, now=NOW, caller="a")
    end_phone_links(attempt=attempt, actor=attempt.student, now=NOW)
    events = AuditEvent.objects.filter(object_id=str(link.pk)).order_by("id")
    assert [event.action for event in events] == ["phone_link.made", "phone_link.opened", "phone_link.ended"]
    assert token not in str(list(events.values()))


def test_only_the_student_makes_and_ends_a_link(attempt, cast):
    with pytest.raises(NotPermittedError):
        make_phone_link(attempt=attempt, actor=cast.classmate, now=NOW)
    with pytest.raises(NotPermittedError):
        end_phone_links(attempt=attempt, actor=cast.teacher, now=NOW)


def test_no_link_for_what_takes_no_sheets_any_more(submitted):
    confirm(submitted, {}, [4, 5])
    assert code_of(made, submitted) == "already_handed_in"


def test_no_link_when_the_time_is_over(attempt):
    assert code_of(made, attempt, attempt.sheets_due_at) == "sheets_closed"


def test_a_link_opens_nothing_after_handing_in(submitted):
    token = made(submitted)[1]
    confirm(submitted, {}, [4, 5])
    with pytest.raises(PhoneLinkEndedError):
        open_phone_link(token=token, now=NOW, caller="a")


def test_too_many_links_and_too_many_calls(attempt, monkeypatch):
    for _ in range(phone_links.MOST_AN_HOUR):
        made(attempt)
    with pytest.raises(TooOftenError):
        made(attempt)
    assert made(attempt, NOW + timedelta(hours=1))
    monkeypatch.setattr(phone_links, "MOST_OPENED_A_MINUTE", 3)
    for _ in range(3):
        with pytest.raises(PhoneLinkEndedError):
            open_phone_link(token="x" * 43, now=NOW, caller="guesser")
    with pytest.raises(TooOftenError):
        open_phone_link(token="x" * 43, now=NOW, caller="guesser")
    with pytest.raises(PhoneLinkEndedError):
        open_phone_link(token="x" * 43, now=NOW, caller="another")


# --- The doors -------------------------------------------------------------------------------------------------------
def test_a_phone_sends_a_page_and_the_computer_shows_it(now_attempt):
    phone = phone_of(now_attempt)
    client_id = uuid.uuid4()
    body = facts() | {"client_id": str(client_id)}
    announced = phone.post(reverse("phone-announce"), body, content_type="application/json")
    assert announced.status_code == 200
    assert announced.json()["upload"]["url"].endswith("/files/upload/")
    deliver(SheetUpload.objects.get(client_id=client_id))
    done = phone.post(reverse("phone-done", args=[client_id]), {}, content_type="application/json")
    assert (done.status_code, done.json()["sha256"]) == (200, body["sha256"])
    again = phone.post(reverse("phone-announce"), body, content_type="application/json").json()
    assert (again["upload"], again["receipt"]["sha256"]) == (None, body["sha256"])
    student = Client()
    student.force_login(now_attempt.student)
    seen = student.get(reverse("sheet-status", args=[now_attempt.pk])).json()
    assert [upload["client_id"] for upload in seen["uploads"]] == [str(client_id)]
    assert (seen["phone"]["opened"], seen["next_number"]) == (True, 2)
    assert phone.post(reverse("phone-remove", args=[client_id]), {}, content_type="application/json").status_code == 200
    assert student.get(reverse("sheet-status", args=[now_attempt.pk])).json()["uploads"] == []


def test_a_phone_sees_only_what_came_by_phone_and_nothing_of_the_paper(now_attempt):
    from assessments.tests.sheets import receive

    kept = receive(now_attempt, now=timezone.now())
    phone = phone_of(now_attempt)
    state = phone.get(reverse("phone-status")).json()
    assert (state["uploads"], state["written"], state["next_number"]) == ([], [], 2)
    for name in ("phone-done", "phone-remove"):
        url = reverse(name, args=[kept.client_id])
        assert phone.post(url, {}, content_type="application/json").status_code == 404
    page = phone.get(reverse("phone-page"))
    assert page.status_code == 200
    assert now_attempt.student.name not in page.content.decode()


def test_the_cookie_of_a_phone_opens_nothing_else(now_attempt):
    phone = phone_of(now_attempt)
    assert phone.cookies["abhyas_phone"]["path"] == "/phone/"
    assert phone.cookies["abhyas_phone"]["httponly"]
    for name in ("attempt-page", "sheets-page", "sheet-status"):
        response = phone.get(reverse(name, args=[now_attempt.pk]))
        assert (response.status_code, "/accounts/login/" in response["Location"]) == (302, True)
    assert phone.get(reverse("api-attempt", args=[now_attempt.pk])).status_code == 401
    assert phone.post(reverse("api-sheets-confirm", args=[now_attempt.pk])).status_code == 401


def test_an_ended_link_is_said_and_keeps_no_door_open(now_attempt):
    phone = phone_of(now_attempt)
    end_phone_links(attempt=now_attempt, actor=now_attempt.student, now=timezone.now())
    page = phone.get(reverse("phone-page"))
    assert (page.status_code, "This link has ended" in page.content.decode()) == (401, True)
    assert phone.get(reverse("phone-status")).status_code == 401
    answer = phone.post(reverse("phone-announce"), {}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (401, "phone_link_ended")


def test_after_handing_in_the_phone_says_so(now_attempt):
    phone = phone_of(now_attempt)
    Attempt.objects.filter(pk=now_attempt.pk).update(state=AttemptState.HANDED_IN, handed_in_at=timezone.now())
    page = phone.get(reverse("phone-page"))
    assert (page.status_code, "These pages are handed in" in page.content.decode()) == (200, True)
    assert phone.get(reverse("phone-status")).json()["state"] == "handed_in"


@pytest.mark.parametrize(
    "change",
    [{"client_id": "x"}, {"page_number": "1"}, {"page_number": True}, {"size": None}, {"sha256": 5}],
)
def test_an_announcement_that_cannot_be_read_gets_a_sentence(now_attempt, change):
    phone = phone_of(now_attempt)
    body = facts() | {"client_id": str(uuid.uuid4())} | change
    answer = phone.post(reverse("phone-announce"), body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "not_an_announcement")
    assert not SheetUpload.objects.exists()


def test_a_forged_cookie_opens_nothing(now_attempt):
    link = opened(now_attempt, timezone.now())
    phone = Client()
    phone.cookies["abhyas_phone"] = str(link.pk)
    assert phone.get(reverse("phone-status")).status_code == 401


def test_a_form_of_another_site_is_refused(now_attempt):
    phone = Client(enforce_csrf_checks=True)
    phone.get(reverse("phone-open", args=[made(now_attempt, timezone.now())[1]]))
    assert phone.post(reverse("phone-announce"), {}, content_type="application/json").status_code == 403


def test_the_code_on_the_screen_leads_to_the_link(now_attempt):
    student = Client()
    student.force_login(now_attempt.student)
    answer = student.post(reverse("phone-make", args=[now_attempt.pk]), {}, content_type="application/json").json()
    assert re.fullmatch(r"http://testserver/phone/[A-Za-z0-9_-]{43}/", answer["url"])
    assert (answer["side"], answer["path"]) == qr_path(answer["url"])
    assert Client().get(answer["url"]).status_code == 302


def test_the_picture_of_a_code_is_the_code():
    """The path, drawn on squares, is what the library says, with a white border of four modules."""
    side, path = qr_path("https://abhyas.example/phone/x/")
    dark = set()
    for x, y, wide in re.findall(r"M(\d+) (\d+)h(\d+)v1H\d+z", path):
        dark |= {(int(x) + step, int(y)) for step in range(int(wide))}
    assert {(QUIET + i, QUIET) for i in range(7)} <= dark  # the upper edge of the finder pattern
    assert min(min(point) for point in dark) == QUIET
    assert max(max(point) for point in dark) == side - 1 - QUIET


def test_the_picture_of_a_page_that_came_by_phone_is_shown_to_it(now_attempt):
    from assessments.services.sheets import process_sheet, receive_sheet
    from assessments.tests.sheets import announce

    now = timezone.now()
    upload, _ = announce(now_attempt, PHOTO, now=now, via_phone=True)
    deliver(upload)
    receive_sheet(upload=upload, actor=now_attempt.student, now=now)
    process_sheet(upload_id=upload.pk, now=now)
    [seen] = phone_of(now_attempt).get(reverse("phone-status")).json()["uploads"]
    key = upload.pages.get().thumb_key
    assert key in seen["pages"][0]["thumb_url"]
    assert sheet_storage().exists(key)
    with pytest.raises(DomainError):
        announce(now_attempt, PHOTO, now=now + timedelta(hours=9))

"""Push messages: encrypted as RFC 8291 says, signed as RFC 8292 says, sent once, not when it is quiet.

The browser's push service is a server on this computer; what it gets is decrypted with the browser's own key.
"""

import json
from datetime import time, timedelta
from io import StringIO

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import call_command

from common.errors import DomainError
from common.outgoing import OutgoingError
from common.testing.database import run_at_once
from common.testing.receiver import listening, reply
from notifications.enums import KINDS, MailState, MailWish, NotificationKind
from notifications.models import Notification, PushDelivery, PushSubscription
from notifications.selectors import push_browsers
from notifications.services import push
from notifications.services.inbox import News, mark_read, notify_many
from notifications.services.preferences import Wish, change_wishes
from notifications.services.push_crypto import MAX_TEXT, decode, encode, encrypt, load_private_key, public_key_of
from notifications.tests.test_inbox import tell
from tests.factories import NOW, UserFactory

RETURNED, BREACHED = NotificationKind.PAPER_RETURNED, NotificationKind.SLA_BREACHED
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# 23:00 and 07:00 in Kolkata.
NIGHT = NOW.replace(hour=17, minute=30, second=0, microsecond=0)
MORNING = NIGHT + 8 * HOUR
AUTH = encode(b"sixteen bytes ok")


class Browser:
    """The keys of one browser, and what it makes of a message."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.p256dh = encode(self.point)

    def read(self, body):
        salt, size, sender, sealed = body[:16], int.from_bytes(body[16:20], "big"), body[21:86], body[86:]
        assert (size, body[20]) == (4096, 65)
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        secret = derive(shared, decode(AUTH), b"WebPush: info\0" + self.point + sender, 32)
        key = derive(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
        text = AESGCM(key).decrypt(derive(secret, salt, b"Content-Encoding: nonce\0", 12), sealed, None)
        assert text.endswith(b"\x02")
        return json.loads(text[:-1])


def derive(secret, salt, info, length):
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)


@pytest.fixture
def service(settings):
    settings.OUTGOING_NETWORKS = ["127.0.0.1/32"]
    with listening() as receiver:
        receiver.url = f"http://127.0.0.1:{receiver.port}/message/1"
        yield receiver


@pytest.fixture
def browser():
    return Browser()


@pytest.fixture
def person(db):
    return UserFactory(name="Meera Nair", time_zone="Asia/Kolkata")


def allow(person, service, browser, path="", now=NOW):
    return push.subscribe(person=person, endpoint=service.url + path, p256dh=browser.p256dh, auth=AUTH, now=now)


def states():
    return list(PushDelivery.objects.order_by("pk").values_list("state", flat=True))


# --- The proofs ------------------------------------------------------------------------------------------------------
def test_encryption_is_that_of_the_rfcs_example():
    """RFC 8291, section 5 and appendix A."""
    made = encrypt(
        b"When I grow up, I want to be a watermelon",
        p256dh="BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        auth="BTBZMqHH6r4Tts7J_aSIgg",
        salt=decode("DGv6ra1nlYgDCS1FRnbzlw"),
        sender=load_private_key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
    )
    assert encode(made) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_the_longest_news_fits(browser):
    longest = {"title": "ॐ" * 160, "body": "ॐ" * 500, "url": "/" * 200, "tag": "x" * 32, "lang": "hi"}
    text = json.dumps(longest, ensure_ascii=False).encode()
    assert len(encrypt(text, p256dh=browser.p256dh, auth=AUTH)) < 4096
    with pytest.raises(ValueError, match="do not fit"):
        encrypt(b"x" * (MAX_TEXT + 1), p256dh=browser.p256dh, auth=AUTH)


def test_command_makes_a_key_that_works():
    out = StringIO()
    call_command("make_vapid_key", stdout=out)
    line, public = out.getvalue().splitlines()
    assert public.endswith(public_key_of(line.removeprefix("VAPID_PRIVATE_KEY=")))


# --- Sending ---------------------------------------------------------------------------------------------------------
def test_message_reaches_the_browser_encrypted_and_signed(
    person, service, browser, settings, django_capture_on_commit_callbacks
):
    settings.SITE_URL = "https://learn.example.com"
    allow(person, service, browser)
    with django_capture_on_commit_callbacks(execute=True):
        told = tell(person, title="आपकी कॉपी", kind=BREACHED)
    (request,) = service.requests
    assert request.line == "POST /message/1 HTTP/1.1"
    message = browser.read(request.body)
    assert (message["title"], message["url"]) == ("आपकी कॉपी", "/results/1/")
    head = request.headers
    assert (head["content-encoding"], head["urgency"], head["ttl"]) == ("aes128gcm", "high", str(12 * 3600))
    assert head["topic"] == message["tag"] == push.topic_of(told)
    assert len(head["topic"]) == 32
    scheme, token, key = head["authorization"].replace(",", "").split()
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(key.removeprefix("k=")))
    assert key == f"k={public_key_of(settings.VAPID_PRIVATE_KEY)}"
    origin = service.url.removesuffix("/message/1")
    claims = jwt.decode(token.removeprefix("t="), public, algorithms=["ES256"], audience=origin)
    assert (scheme, claims["sub"]) == ("vapid", "https://learn.example.com")
    assert states() == [MailState.SENT]
    assert PushSubscription.objects.get().last_ok_at is not None


def test_same_cause_is_pushed_once_to_each_browser(person, service, browser, django_capture_on_commit_callbacks):
    allow(person, service, browser)
    allow(person, service, Browser(), "/other")
    with django_capture_on_commit_callbacks(execute=True):
        tell(person)
        tell(person)
        notify_many(
            [News(person.pk, RETURNED, "paper-1", "Again"), News(person.pk, RETURNED, "paper-2", "Two")], now=NOW
        )
    assert len(service.requests) == 4
    assert push.send_waiting_pushes(now=NOW + DAY) == 0


def test_kinds_that_are_not_wished_are_not_pushed(person, service, browser):
    allow(person, service, browser)
    tell(person, kind=NotificationKind.PAPER_RECEIVED)
    assert not PushDelivery.objects.exists()
    tell(person)
    off = {RETURNED: Wish(MailWish.NOW, False)}
    change_wishes(person=person, wishes=off, quiet=None, digest_at=time(18), now=NOW)
    assert states() == [MailState.NONE]
    tell(person, cause="next")
    assert PushDelivery.objects.count() == 1


def test_nothing_is_pushed_in_quiet_hours_but_what_is_urgent(person, service, browser):
    allow(person, service, browser)
    change_wishes(person=person, wishes={}, quiet=(time(22), time(7)), digest_at=time(18), now=NOW)
    held, read = tell(person, now=NIGHT), tell(person, cause="read", now=NIGHT)
    tell(person, kind=BREACHED, now=NIGHT)
    assert push.send_waiting_pushes(now=NIGHT) == 1
    assert push.send_waiting_pushes(now=MORNING - MINUTE) == 0
    mark_read(user=person, ids=[read.pk], now=MORNING - MINUTE)
    assert push.send_waiting_pushes(now=MORNING) == 1
    assert browser.read(service.requests[-1].body)["tag"] == push.topic_of(held)


def test_a_retry_does_not_fall_into_the_night(person, service, browser):
    allow(person, service, browser)
    change_wishes(person=person, wishes={}, quiet=(time(22), time(7)), digest_at=time(18), now=NOW)
    tell(person, now=NIGHT - HOUR - MINUTE)
    assert push.send_waiting_pushes(now=NIGHT) == 0
    assert PushDelivery.objects.get().push_after == MORNING
    assert service.requests == []


@pytest.mark.parametrize("status", [404, 410])
def test_browser_that_is_gone_is_forgotten(person, service, browser, status):
    allow(person, service, browser)
    service.answer = lambda request: reply(status)
    tell(person)
    push.send_waiting_pushes(now=NOW)
    assert not PushSubscription.objects.exists()
    assert Notification.objects.count() == 1


def test_failures_are_retried_after_1_5_15_and_60_minutes_then_given_up(person, service, browser):
    browser_row = allow(person, service, browser)
    service.answer = lambda request: reply(503)
    tell(person)
    now = NOW
    for minutes in (1, 5, 15, 60):
        push.send_waiting_pushes(now=now)
        push.send_waiting_pushes(now=now + timedelta(minutes=minutes, seconds=-1))
        now += timedelta(minutes=minutes)
    push.send_waiting_pushes(now=now)
    assert (len(service.requests), states()) == (5, [MailState.FAILED])
    browser_row.refresh_from_db()
    assert browser_row.failures == 1


def test_push_service_that_asks_to_wait_is_heard(person, service, browser):
    allow(person, service, browser)
    service.answer = lambda request: reply(429, retry_after="3600")
    tell(person)
    push.send_waiting_pushes(now=NOW)
    assert PushDelivery.objects.get().push_after == NOW + HOUR
    service.answer = lambda request: reply(201)
    assert push.send_waiting_pushes(now=NOW + HOUR) == 1


def test_browser_that_takes_nothing_five_times_is_forgotten(person, service, browser):
    allow(person, service, browser)
    service.answer = lambda request: reply(403)
    for n in range(5):
        assert PushSubscription.objects.exists()
        tell(person, cause=f"paper-{n}")
        push.send_waiting_pushes(now=NOW)
    assert not PushSubscription.objects.exists()


def test_address_that_became_private_is_not_asked(person, service, browser, settings):
    allow(person, service, browser)
    settings.OUTGOING_NETWORKS = []
    tell(person)
    assert push.send_waiting_pushes(now=NOW) == 0
    assert (states(), service.requests) == ([MailState.FAILED], [])


def test_eight_sweeps_at_once_push_once(transactional_db, service, browser):
    person = UserFactory()
    allow(person, service, browser)
    notification = tell(person, kind=NotificationKind.PAPER_RECEIVED)
    push.queue_pushes(news=[(notification, NOW + MINUTE)], now=NOW)
    run_at_once([lambda: push.send_waiting_pushes(now=NOW + MINUTE)] * 8)
    assert (len(service.requests), states()) == (1, [MailState.SENT])


def test_telling_many_costs_the_same_for_any_number(service, django_assert_num_queries, db):
    people = UserFactory.create_batch(6)
    for number, person in enumerate(people):
        allow(person, service, Browser(), f"/{number}")
    for chosen, cause in ((people[:2], "one"), (people, "two")):
        with django_assert_num_queries(8):
            notify_many([News(person.pk, RETURNED, cause, "New marks") for person in chosen], now=NOW)
    assert PushDelivery.objects.count() == 8


def test_old_deliveries_are_forgotten(person, service, browser):
    allow(person, service, browser)
    tell(person)
    assert push.prune_pushes(now=NOW + 30 * DAY) == 0
    push.send_waiting_pushes(now=NOW)
    assert push.prune_pushes(now=NOW + 6 * DAY) == 0
    assert push.prune_pushes(now=NOW + 8 * DAY) == 1


# --- Browsers --------------------------------------------------------------------------------------------------------
def test_browser_of_two_people_is_the_later_ones(person, service, browser):
    other = UserFactory()
    allow(person, service, browser)
    tell(person)
    allow(other, service, browser)
    allow(other, service, browser)
    assert PushSubscription.objects.get().user == other
    assert not PushDelivery.objects.exists()


def test_so_many_browsers_and_no_more(person, service, browser):
    for n in range(push.MOST_BROWSERS + 2):
        allow(person, service, browser, f"/{n}", now=NOW + n * MINUTE)
    assert len(push_browsers(person)) == push.MOST_BROWSERS
    assert not PushSubscription.objects.filter(endpoint__endswith="/message/1/0").exists()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"endpoint": "http://127.0.0.2/1"}, "private_address"),
        ({"endpoint": "https://10.0.0.1/1"}, "private_address"),
        ({"endpoint": "ftp://127.0.0.1/1"}, "bad_url"),
        ({"endpoint": ""}, "bad_url"),
        ({"endpoint": "https://127.0.0.1/" + "x" * 1000}, "bad_subscription"),
        ({"p256dh": encode(b"\x04" + b"x" * 64)}, "bad_subscription"),
        ({"p256dh": "ॐ"}, "bad_subscription"),
        ({"auth": encode(b"short")}, "bad_subscription"),
    ],
)
def test_what_cannot_be_sent_to_is_refused(person, service, browser, changes, code):
    given = {"endpoint": service.url, "p256dh": browser.p256dh, "auth": AUTH}
    with pytest.raises((DomainError, OutgoingError)) as refused:
        push.subscribe(person=person, now=NOW, **{**given, **changes})
    assert refused.value.code == code
    assert not PushSubscription.objects.exists()


def test_without_a_key_nobody_is_offered_push(person, service, browser, settings, client):
    allow(person, service, browser)
    settings.VAPID_PRIVATE_KEY = ""
    tell(person)
    assert not PushDelivery.objects.exists()
    with pytest.raises(DomainError):
        allow(person, service, browser)
    client.force_login(person)
    page = client.get("/notifications/settings/").content.decode()
    assert 'id="push"' not in page
    assert "push_" not in page


# --- Pages -----------------------------------------------------------------------------------------------------------
def subscription(service, browser):
    return {"endpoint": service.url, "expirationTime": None, "keys": {"p256dh": browser.p256dh, "auth": AUTH}}


def test_browser_is_added_taken_away_and_forgotten_at_sign_out(client, person, service, browser):
    client.force_login(person)
    send = {"content_type": "application/json"}
    assert client.post("/notifications/push/", subscription(service, browser), **send).json() == {"push": True}
    assert push_browsers(person)[0] in client.get("/notifications/settings/").content.decode()
    client.post("/notifications/push/stop/", {"endpoint": service.url}, **send)
    assert not PushSubscription.objects.exists()
    client.post("/notifications/push/", subscription(service, browser), **send)
    allow(person, service, Browser(), "/phone")
    client.post("/accounts/logout/")
    assert [row.endpoint for row in PushSubscription.objects.all()] == [service.url + "/phone"]


def test_push_ends_everywhere(client, person, service, browser):
    other = UserFactory()
    allow(person, service, browser)
    allow(other, service, browser, "/other")
    client.force_login(person)
    assert client.post("/notifications/push/end/").status_code == 302
    assert [row.user for row in PushSubscription.objects.all()] == [other]


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"endpoint": 5, "keys": []}', '{"endpoint": "x", "keys": {"auth": 1}}']
)
def test_nonsense_is_refused(client, person, body):
    client.force_login(person)
    answer = client.post("/notifications/push/", body, content_type="application/json")
    assert answer.status_code == (422 if body else 400)
    assert answer["Content-Type"] == "application/problem+json"


def test_browser_of_somebody_else_is_not_taken_away(client, person, service, browser):
    allow(UserFactory(), service, browser)
    client.force_login(person)
    client.post("/notifications/push/stop/", {"endpoint": service.url}, content_type="application/json")
    assert PushSubscription.objects.count() == 1


def test_push_choices_are_on_the_page(client, cast):
    person = cast.student
    client.force_login(person)
    given = {f"mail_{kind}": KINDS[kind].mail for kind in KINDS}
    client.post("/notifications/settings/", given | {"digest_at": "18:00"})
    assert not person.notification_preferences.get(kind=RETURNED).push


def test_worker_is_a_script_at_a_lasting_address(client, db):
    answer = client.get("/notifications/push.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Cache-Control"] == "no-cache"
    assert b"showNotification" in answer.content

"""Said once per cause; mailed after the commit; retried with pauses; never sent by two workers."""

import smtplib
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from common.testing.database import run_at_once
from notifications.enums import MailState, NotificationKind
from notifications.models import Notification
from notifications.selectors import inbox_page, unread_count
from notifications.services.inbox import News, mark_read, notify, notify_many, read_by_url, send_waiting_mail
from notifications.services.mail import deliver_mail
from tests.factories import NOW, UserFactory

TROUBLE = SimpleNamespace(error=None)


class UnreliableBackend(EmailBackend):
    """A mail server that answers with TROUBLE.error while that is set."""

    def send_messages(self, messages):
        if TROUBLE.error:
            raise TROUBLE.error
        return super().send_messages(messages)


@pytest.fixture
def trouble(settings):
    settings.EMAIL_BACKEND = f"{__name__}.UnreliableBackend"
    TROUBLE.error = None
    yield TROUBLE
    TROUBLE.error = None


@pytest.fixture
def person(db):
    return UserFactory(name="Meera Nair", email="meera@example.com")


def tell(person, **changes):
    given = {
        "user": person,
        "kind": NotificationKind.PAPER_RETURNED,
        "cause": "paper-1",
        "title": "Your paper is back",
        "body": "66 of 80.",
        "url": "/results/1/",
        "now": NOW,
    }
    return notify(**{**given, **changes})


def state(notification: Notification) -> tuple[str, int]:
    notification.refresh_from_db()
    return notification.mail_state, notification.mail_tries


def test_same_cause_is_said_once(person, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        first, again = tell(person), tell(person, title="Other words")
    assert first is not None
    assert again is None
    assert Notification.objects.get().title == "Your paper is back"
    assert len(mail.outbox) == 1


def test_other_cause_kind_or_person_is_said(person):
    tell(person)
    assert tell(person, cause="paper-2")
    assert tell(person, kind=NotificationKind.PAPER_RECEIVED)
    assert tell(UserFactory())


def mailing(callbacks):
    """What sends an e-mail, of what is done after the commit; with Redis a live stream is rung for too."""
    return [one for one in callbacks if "notifications.send_mail" in repr(one)]


def test_without_mail_none_is_sent(person, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        notification = tell(person, kind=NotificationKind.PAPER_RECEIVED)
    assert mailing(callbacks) == []
    assert state(notification) == (MailState.NONE, 0)
    assert send_waiting_mail(now=NOW + timedelta(days=1)) == 0


def test_mail_leaves_only_after_the_commit(person, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        notification = tell(person)
    assert mail.outbox == []
    (send,) = mailing(callbacks)
    send()
    assert len(mail.outbox) == 1
    assert state(notification) == (MailState.SENT, 1)


def test_mail_has_text_html_link_and_stable_id(person, settings):
    settings.SITE_URL = "https://learn.example.com/"
    notification = tell(person, title="Your paper\r\nBcc: x@example.com")
    deliver_mail(notification_id=notification.pk, now=NOW)
    sent = mail.outbox[0]
    assert sent.to == ["meera@example.com"]
    assert sent.subject == "Your paper Bcc: x@example.com"
    assert "Hello Meera," in sent.body
    assert "https://learn.example.com/results/1/" in sent.body
    html, kind = sent.alternatives[0]
    assert kind == "text/html"
    assert 'href="https://learn.example.com/results/1/"' in html
    assert sent.extra_headers["Message-ID"] == f"<{notification.pk}@learn.example.com>"


def test_words_of_others_are_escaped_in_html_only(person):
    deliver_mail(notification_id=tell(person, body="a < b & <script>x</script>").pk, now=NOW)
    assert "a < b & <script>" in mail.outbox[0].body
    assert "<script>" not in mail.outbox[0].alternatives[0][0]


def test_delivering_again_sends_nothing(person):
    notification = tell(person)
    for _ in range(3):
        assert deliver_mail(notification_id=notification.pk, now=NOW) == MailState.SENT
    assert len(mail.outbox) == 1


def test_failures_are_retried_after_1_5_15_and_60_minutes_then_given_up(person, trouble):
    notification, now = tell(person), NOW
    trouble.error = ConnectionRefusedError("nobody listens")
    for tries, minutes in enumerate((1, 5, 15, 60), start=1):
        deliver_mail(notification_id=notification.pk, now=now)
        assert state(notification) == (MailState.WAITING, tries)
        assert notification.mail_after == now + timedelta(minutes=minutes)
        send_waiting_mail(now=notification.mail_after - timedelta(seconds=1))
        assert state(notification) == (MailState.WAITING, tries)
        now = notification.mail_after
    send_waiting_mail(now=now)
    assert state(notification) == (MailState.FAILED, 5)
    trouble.error = None
    assert send_waiting_mail(now=now + timedelta(days=1)) == 0
    assert mail.outbox == []


def test_sweep_sends_what_failed_before(person, trouble):
    notification = tell(person)
    trouble.error = smtplib.SMTPServerDisconnected("gone")
    deliver_mail(notification_id=notification.pk, now=NOW)
    trouble.error = None
    assert send_waiting_mail(now=NOW + timedelta(minutes=1)) == 1
    assert state(notification) == (MailState.SENT, 2)


def test_sweep_sends_what_was_never_tried(person):
    notification = tell(person)
    assert send_waiting_mail(now=NOW) == 1
    assert state(notification) == (MailState.SENT, 1)


def test_refused_address_is_not_tried_again(person, trouble):
    notification = tell(person)
    trouble.error = smtplib.SMTPRecipientsRefused({"meera@example.com": (550, b"no such user")})
    assert deliver_mail(notification_id=notification.pk, now=NOW) == MailState.FAILED


def test_worker_that_died_in_the_last_try_leaves_it_given_up(person):
    notification = tell(person)
    Notification.objects.update(mail_tries=5)
    assert deliver_mail(notification_id=notification.pk, now=NOW) == MailState.FAILED
    assert mail.outbox == []


def test_inactive_person_gets_no_mail(person):
    notification = tell(person)
    person.is_active = False
    person.save()
    assert deliver_mail(notification_id=notification.pk, now=NOW) == MailState.FAILED
    assert mail.outbox == []


def test_notification_that_is_gone_is_no_crash(db):
    assert deliver_mail(notification_id=uuid4(), now=NOW) is None


def test_eight_workers_at_once_send_one_mail(transactional_db):
    notification = tell(UserFactory(), kind=NotificationKind.PAPER_RECEIVED)
    Notification.objects.update(mail_state=MailState.WAITING, mail_after=NOW)
    run_at_once([lambda: deliver_mail(notification_id=notification.pk, now=NOW)] * 8)
    assert len(mail.outbox) == 1
    assert state(notification) == (MailState.SENT, 1)


def test_eight_at_once_say_it_once(transactional_db):
    person = UserFactory()
    said = run_at_once([lambda: tell(person, kind=NotificationKind.PAPER_RECEIVED)] * 8)
    assert sum(notification is not None for notification in said) == 1


def test_mark_read_touches_only_ones_own(person):
    other = UserFactory()
    mine, more, foreign = tell(person), tell(person, cause="paper-2"), tell(other)
    assert mark_read(user=person, ids=[mine.pk, foreign.pk], now=NOW) == 1
    assert (unread_count(person), unread_count(other)) == (1, 1)
    assert mark_read(user=person, ids=None, now=NOW) == 1
    assert mark_read(user=person, ids=None, now=NOW + timedelta(days=1)) == 0
    more.refresh_from_db()
    assert more.read_at == NOW


def test_read_by_url_reads_what_points_there(person):
    tell(person)
    tell(person, cause="paper-2", url="/results/2/")
    tell(UserFactory())
    assert read_by_url(user=person, url="/results/1/", now=NOW) == 1
    assert Notification.objects.unread().count() == 2


def test_pages_of_thirty_newest_first(person):
    made = [tell(person, cause=f"paper-{n}", kind=NotificationKind.PAPER_RECEIVED) for n in range(65)]
    seen, before, sizes = [], None, []
    while True:
        page = inbox_page(user=person, before=before)
        seen += page.items
        sizes.append(len(page.items))
        before = page.older
        if before is None:
            break
    assert seen == made[::-1]
    assert sizes == [30, 30, 5]


def test_many_are_told_once_each_at_a_constant_cost(db, django_assert_num_queries, django_capture_on_commit_callbacks):
    def news(people):
        return [News(person.pk, NotificationKind.PAPER_RETURNED, "key-1", "New marks") for person in people]

    people = UserFactory.create_batch(5)
    with django_capture_on_commit_callbacks() as waiting, django_assert_num_queries(6):
        notify_many(news(people[:2]), now=NOW)
    with django_capture_on_commit_callbacks() as more, django_assert_num_queries(6):
        notify_many(news(people), now=NOW)
    assert Notification.objects.count() == 5
    for callback in [*waiting, *more]:
        callback()
    assert sorted(message.to[0] for message in mail.outbox) == sorted(person.email for person in people)
    assert set(Notification.objects.values_list("mail_state", flat=True)) == {MailState.SENT}

"""What a person wishes is what comes: at once, once a day, or not; never in quiet hours, unless it is urgent."""

from datetime import time, timedelta

import pytest
from django.core import mail

from accounts.models import AuditEvent
from common.errors import DomainError
from common.testing.database import run_at_once
from notifications.enums import KINDS, MailState, MailWish, NotificationKind
from notifications.models import Digest, Notification, NotificationPreference
from notifications.selectors import own_kinds
from notifications.services import digests
from notifications.services.inbox import mark_read, send_waiting_mail
from notifications.services.mail import deliver_mail
from notifications.services.preferences import Wish, change_wishes, wishes_of
from notifications.services.stopping import DIGESTS, read_stop, stop_mail, stop_token
from notifications.tests.test_inbox import TROUBLE, UnreliableBackend, state, tell
from tests.factories import NOW, UserFactory

RETURNED, BREACHED = NotificationKind.PAPER_RETURNED, NotificationKind.SLA_BREACHED
QUIET = (time(22), time(7))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# In Kolkata: 20:00, 23:00 in quiet hours, 07:00 at their end, 18:00 when the mail of the day comes.
EVENING = NOW.replace(hour=14, minute=30, second=0, microsecond=0)
NIGHT, MORNING, SIX = EVENING + 3 * HOUR, EVENING + 11 * HOUR, EVENING + 22 * HOUR


@pytest.fixture
def person(db):
    return UserFactory(name="Meera Nair", email="meera@example.com", time_zone="Asia/Kolkata")


def wish(person, *, mail=MailWish.NOW, quiet=None, digest_at=time(18), kinds=(RETURNED,), now=NOW):
    wishes = {kind: Wish(mail, KINDS[kind].push) for kind in kinds}
    change_wishes(person=person, wishes=wishes, quiet=quiet, digest_at=digest_at, now=now)


def several(person, count, *, now, **changes):
    return [tell(person, cause=f"paper-{n}", title=f"Paper {n}", now=now, **changes) for n in range(count)]


def sweep(now):
    """What beat does."""
    return send_waiting_mail(now=now), digests.send_digests(now=now)


def states():
    return sorted(set(Notification.objects.values_list("mail_state", flat=True)))


def test_every_kind_has_a_rule_and_comes_to_somebody():
    assert set(KINDS) == set(NotificationKind.values)
    assert all(rule.roles for rule in KINDS.values())


def test_kinds_are_those_of_the_roles(db):
    family = own_kinds(UserFactory(is_student=False, is_guardian=True))
    booked = [NotificationKind.BOOKING_NEWS, NotificationKind.BOOKING_REMINDER]
    assert family == [
        RETURNED,
        NotificationKind.MARKS_CHANGED,
        NotificationKind.REMARK_NEWS,
        *booked,
        NotificationKind.COURSE_ANNOUNCED,
        NotificationKind.GUARDIAN_NEWS,
        NotificationKind.DATA_NEWS,
    ]
    assert BREACHED in own_kinds(UserFactory(is_student=False, is_staff=True))
    assert set(own_kinds(UserFactory(is_student=True))).isdisjoint({BREACHED, NotificationKind.PAPER_ASSIGNED})


@pytest.mark.parametrize(
    ("chosen", "now", "kind", "expected"),
    [
        (MailWish.NOW, EVENING, RETURNED, (MailState.WAITING, EVENING)),
        (MailWish.NOW, NIGHT, RETURNED, (MailState.HELD, MORNING)),
        (MailWish.NOW, NIGHT, BREACHED, (MailState.WAITING, NIGHT)),
        (MailWish.DIGEST, EVENING, RETURNED, (MailState.DIGEST, SIX)),
        (MailWish.DIGEST, NIGHT, BREACHED, (MailState.DIGEST, SIX)),
        (MailWish.OFF, EVENING, RETURNED, (MailState.NONE, None)),
        (MailWish.OFF, NIGHT, BREACHED, (MailState.NONE, None)),
    ],
)
def test_mail_goes_as_wished(person, chosen, now, kind, expected):
    wish(person, mail=chosen, quiet=QUIET, kinds=(kind,))
    told = tell(person, kind=kind, now=now)
    assert (told.mail_state, told.mail_after) == expected


def test_only_what_differs_from_the_rule_is_stored_and_audited(person):
    wish(person, mail=MailWish.OFF)
    wish(person, mail=MailWish.OFF)
    assert NotificationPreference.objects.count() == 1
    event = AuditEvent.objects.get(action="notifications.wishes")
    assert (event.actor, event.after) == (person, {RETURNED: {"mail": "off", "push": True}})
    wish(person, mail=MailWish.NOW)
    assert not NotificationPreference.objects.exists()
    with pytest.raises(DomainError):
        wish(person, kinds=()) or change_wishes(
            person=person, wishes={"nonsense": Wish("off", False)}, quiet=None, digest_at=time(18), now=NOW
        )


def test_what_waited_in_the_night_comes_in_the_morning_one_by_one(person):
    wish(person, quiet=QUIET)
    several(person, 3, now=NIGHT)
    assert sweep(MORNING - MINUTE) == (0, 0)
    assert sweep(MORNING) == (0, 0)
    assert send_waiting_mail(now=MORNING) == 3
    assert not Digest.objects.exists()


def test_more_than_three_come_in_one_mail(person):
    wish(person, quiet=QUIET)
    several(person, 4, now=NIGHT)
    assert sweep(MORNING) == (0, 1)
    assert len(mail.outbox) == 1
    assert all(f"Paper {n}" in mail.outbox[0].body for n in range(4))
    assert states() == [MailState.SENT]


def test_what_was_read_in_the_night_is_not_mailed(person):
    wish(person, quiet=QUIET)
    several(person, 2, now=NIGHT)
    mark_read(user=person, ids=None, now=NIGHT)
    sweep(MORNING)
    assert sweep(MORNING + HOUR) == (0, 0)
    assert states() == [MailState.NONE]


def test_a_queue_that_is_long_does_not_mail_into_the_night(person):
    wish(person, quiet=QUIET)
    told = tell(person, now=NIGHT - HOUR - MINUTE)
    assert deliver_mail(notification_id=told.pk, now=NIGHT) == MailState.HELD
    assert mail.outbox == []
    sweep(MORNING)
    assert send_waiting_mail(now=MORNING) == 1


def test_new_times_hold_for_what_waits(person):
    wish(person, quiet=QUIET)
    held = tell(person, now=NIGHT)
    wish(person, now=NIGHT)
    held.refresh_from_db()
    assert held.mail_after == NIGHT
    wish(person, mail=MailWish.DIGEST, now=NIGHT)
    later = tell(person, cause="paper-2", now=NIGHT)
    wish(person, mail=MailWish.DIGEST, digest_at=time(8), now=NIGHT)
    later.refresh_from_db()
    assert later.mail_after == MORNING + HOUR


def test_what_is_switched_off_is_not_mailed_any_more(person):
    wish(person, mail=MailWish.DIGEST)
    several(person, 2, now=EVENING)
    wish(person, mail=MailWish.OFF)
    assert sweep(SIX) == (0, 0)
    assert states() == [MailState.NONE]


def test_mail_of_the_day_has_what_is_not_read(person, settings):
    settings.SITE_URL = "https://learn.example.com"
    wish(person, mail=MailWish.DIGEST)
    told = several(person, 3, now=EVENING)
    mark_read(user=person, ids=[told[1].pk], now=EVENING)
    assert sweep(SIX - MINUTE) == (0, 0)
    assert sweep(SIX) == (0, 1)
    (sent,) = mail.outbox
    assert sent.subject == "2 pieces of news"
    html = sent.alternatives[0][0]
    for text in (sent.body, html):
        assert "Paper 0" in text
        assert "Paper 1" not in text
        assert "https://learn.example.com/results/1/" in text
        assert "https://learn.example.com/notifications/settings/" in text
    assert sweep(SIX + DAY) == (0, 0)


def test_mail_of_the_day_is_in_the_persons_language(person):
    person.language = "hi"
    person.save()
    wish(person, mail=MailWish.DIGEST)
    tell(person, now=EVENING)
    sweep(SIX)
    assert "नमस्ते" in mail.outbox[0].body
    assert 'lang="hi"' in mail.outbox[0].alternatives[0][0]


def test_all_read_means_no_mail(person):
    wish(person, mail=MailWish.DIGEST)
    several(person, 2, now=EVENING)
    mark_read(user=person, ids=None, now=EVENING)
    assert sweep(SIX) == (0, 0)
    assert not Digest.objects.exists()


def test_days_without_beat_are_caught_up_in_one_mail(person):
    wish(person, mail=MailWish.DIGEST)
    for day in range(3):
        tell(person, cause=f"day-{day}", now=EVENING + day * DAY)
    assert sweep(SIX + 2 * DAY + HOUR) == (0, 1)
    tell(person, cause="later", now=SIX + 2 * DAY + 2 * HOUR)
    assert sweep(SIX + 3 * DAY) == (0, 1)
    assert [message.subject for message in mail.outbox] == ["3 pieces of news", "1 piece of news"]


def test_what_comes_too_late_for_todays_mail_is_in_tomorrows(person):
    wish(person, mail=MailWish.DIGEST)
    tell(person, now=EVENING)
    sweep(SIX)
    # A transaction that began before six and ended after the mail had gone.
    late = tell(person, cause="late", now=SIX - MINUTE)
    assert sweep(SIX + MINUTE) == (0, 0)
    late.refresh_from_db()
    assert (late.mail_state, late.mail_after) == (MailState.DIGEST, SIX + DAY)
    assert sweep(SIX + DAY) == (0, 1)


def test_mail_of_the_day_is_tried_five_times(person, settings):
    settings.EMAIL_BACKEND = f"{UnreliableBackend.__module__}.UnreliableBackend"
    TROUBLE.error = ConnectionRefusedError("nobody listens")
    wish(person, mail=MailWish.DIGEST)
    tell(person, now=EVENING)
    now = SIX
    for minutes in (1, 5, 15, 60):
        sweep(now)
        now += timedelta(minutes=minutes)
    TROUBLE.error = None
    assert sweep(now) == (0, 1)
    assert (Digest.objects.get().mail_tries, states()) == (5, [MailState.SENT])


@pytest.mark.parametrize(("chosen", "quiet"), [(MailWish.DIGEST, None), (MailWish.NOW, QUIET)])
def test_eight_sweeps_at_once_send_one_mail(transactional_db, chosen, quiet):
    person = UserFactory(time_zone="Asia/Kolkata")
    wish(person, mail=chosen, quiet=quiet)
    several(person, 5, now=NIGHT)
    run_at_once([lambda: digests.send_digests(now=SIX)] * 8)
    assert len(mail.outbox) == 1
    assert states() == [MailState.SENT]
    assert Notification.objects.filter(digest__isnull=False).count() == 5


def test_gathering_costs_the_same_for_one_person_and_many(db, django_assert_max_num_queries):
    for person in UserFactory.create_batch(12):
        wish(person, mail=MailWish.DIGEST)
        several(person, 4, now=EVENING)
    with django_assert_max_num_queries(12):
        assert digests.gather_due(now=SIX + DAY) == 48


def test_old_digests_are_forgotten_and_what_was_in_them_stays(person):
    wish(person, mail=MailWish.DIGEST)
    told = tell(person, now=EVENING)
    sweep(SIX)
    assert digests.prune_digests(now=SIX + 59 * DAY) == 0
    assert digests.prune_digests(now=SIX + 70 * DAY) == 1
    assert state(told) == (MailState.SENT, 0)
    assert sweep(SIX + 71 * DAY) == (0, 0)


# --- The link in an e-mail -------------------------------------------------------------------------------------------
def link_of(message):
    return message.extra_headers["List-Unsubscribe"].strip("<>").partition("testserver")[2]


def test_mail_programs_button_ends_this_kind_and_no_other(person, client):
    deliver_mail(notification_id=tell(person).pk, now=NOW)
    (sent,) = mail.outbox
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link_of(sent) in sent.body
    client.handler.enforce_csrf_checks = True
    for _twice in range(2):
        answer = client.post(link_of(sent), {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    wishes = wishes_of(person)
    assert wishes.pop(RETURNED) == Wish(MailWish.OFF, True)
    assert wishes == {kind: Wish(rule.mail, rule.push) for kind, rule in KINDS.items() if kind != RETURNED}
    event = AuditEvent.objects.get(action="notifications.wishes")
    assert (event.actor, event.object_id) == (None, str(person.pk))
    assert tell(person, cause="next").mail_state == MailState.NONE


def test_looking_at_the_link_changes_nothing(person, client):
    url = f"/notifications/stop/{stop_token(user_id=person.pk, what=RETURNED)}/"
    page = client.get(url).content.decode()
    assert "A marked paper is back" in page
    assert 'method="post"' in page
    assert not NotificationPreference.objects.exists()
    client.post(url)
    assert 'method="post"' not in client.get(url).content.decode()


def test_link_of_the_mail_of_the_day_ends_all_that_comes_in_it(person):
    wish(person, mail=MailWish.DIGEST, kinds=(RETURNED, NotificationKind.PAPER_RECEIVED))
    stop = stop_mail(token=stop_token(user_id=person.pk, what=DIGESTS), now=NOW)
    assert stop.is_done
    mails = {kind: wish.mail for kind, wish in wishes_of(person).items()}
    assert (mails[RETURNED], mails[NotificationKind.PAPER_RECEIVED]) == (MailWish.OFF, MailWish.OFF)
    assert mails[NotificationKind.PICTURE_WANTED] == MailWish.NOW


@pytest.mark.parametrize("spoil", [lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"), lambda token: "x"])
def test_made_up_link_is_none(person, client, spoil):
    token = spoil(stop_token(user_id=person.pk, what=RETURNED))
    assert read_stop(token) is None
    assert client.post(f"/notifications/stop/{token}/").status_code == 404
    with pytest.raises(DomainError):
        stop_mail(token=token, now=NOW)


def test_link_of_somebody_gone_or_of_an_unknown_kind_is_none(person):
    unknown = stop_token(user_id=person.pk, what="nonsense")
    gone = stop_token(user_id=replace_id(person), what=RETURNED)
    assert (read_stop(unknown), read_stop(gone)) == (None, None)


def replace_id(person):
    return person.pk.__class__(int=person.pk.int ^ 1)

"""Web push: which browsers a person allowed it in, and sending to them.

As with e-mail a try is claimed in a short transaction before anybody is spoken to. Delivery is at least once, and the
topic, made of kind and cause, lets a repeated message take the place of the first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr
from functools import partial
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from common.errors import DomainError
from common.outgoing import OutgoingError, Reply, post, refuse_private
from notifications import tasks
from notifications.enums import KINDS, MailState
from notifications.models import Notification, PushDelivery, PushSubscription
from notifications.services.channels import own_hours, quiet_until
from notifications.services.push_crypto import check_subscription, encode, encrypt, vapid_header
from notifications.services.tries import MAX_TRIES, next_try

log = structlog.get_logger(__name__)

# So many in one task: each may take ten seconds, and a task has ten minutes.
BATCH = 20
SWEEP_SIZE = 40
MOST_BROWSERS = 10
# A browser to which so many messages in a row could not be sent is forgotten.
MOST_FAILURES = 5
LONGEST_PAUSE = timedelta(days=1)
KEPT = timedelta(days=7)
GONE = {404, 410}
# What will be no different the next time.
HOPELESS = {"bad_url", "private_address"}


def is_push_on() -> bool:
    """Whether this installation has a key; without one nobody is offered push."""
    return bool(settings.VAPID_PRIVATE_KEY)


def subscribe(*, person: User, endpoint: str, p256dh: str, auth: str, now: datetime) -> PushSubscription:
    """Sends the person's news to this browser from now on; one that was somebody else's before is theirs alone.

    Raises DomainError: push_off, bad_subscription; OutgoingError for an address that is not public or not https.
    """
    if not is_push_on():
        raise DomainError(_("Push is not set up here."), "push_off")
    try:
        check_subscription(p256dh=p256dh, auth=auth)
    except ValueError as error:
        raise DomainError(_("This browser's subscription cannot be used."), "bad_subscription") from error
    if len(endpoint) > 1000:
        raise DomainError(_("This browser's subscription cannot be used."), "bad_subscription")
    refuse_private(endpoint)
    with transaction.atomic():
        PushSubscription.objects.filter(endpoint=endpoint).exclude(user=person).delete()
        keys = {"p256dh": p256dh, "auth": auth, "failures": 0}
        row, _made = PushSubscription.objects.update_or_create(
            endpoint=endpoint, defaults=keys, create_defaults={"user": person, "created_at": now, **keys}
        )
        own = PushSubscription.objects.filter(user=person).order_by("-created_at", "-id")
        PushSubscription.objects.filter(pk__in=list(own.values_list("pk", flat=True)[MOST_BROWSERS:])).delete()
    return row


def unsubscribe(*, person: User, endpoint: str | None = None) -> int:
    """Ends push in this browser, or in every browser of the person. Returns in how many."""
    rows = PushSubscription.objects.filter(user=person)
    rows = rows if endpoint is None else rows.filter(endpoint=endpoint)
    return rows.delete()[1].get("notifications.PushSubscription", 0)


def queue_pushes(*, news: Sequence[tuple[Notification, datetime | None]], now: datetime) -> None:
    """Puts the notifications into the outbox of their people's browsers, in the caller's transaction; None: not wanted.

    One query where nobody allowed push; three otherwise.
    """
    wanted = {row.pk: (row, after) for row, after in news if after is not None}
    if not wanted or not is_push_on():
        return
    browsers = PushSubscription.objects.filter(user__in={row.user_id for row, _after in wanted.values()})
    by_user: dict[UUID, list[UUID]] = {}
    for user_id, pk in browsers.values_list("user", "pk"):
        by_user.setdefault(user_id, []).append(pk)
    if not by_user:
        return
    # What had been told before was not written again.
    written = Notification.objects.filter(pk__in=[pk for pk, (row, _after) in wanted.items() if row.user_id in by_user])
    made = [
        PushDelivery(notification_id=pk, subscription_id=browser, push_after=wanted[pk][1] or now)
        for pk, user_id in written.values_list("pk", "user")
        for browser in by_user[user_id]
    ]
    PushDelivery.objects.bulk_create(made, ignore_conflicts=True)
    ids = [str(row.pk) for row in made if row.push_after <= now]
    for start in range(0, len(ids), BATCH):
        # If the broker cannot be reached the rows stay waiting and the sweep sends them.
        transaction.on_commit(partial(tasks.send_pushes.delay, ids[start : start + BATCH]), robust=True)


def send_waiting_pushes(*, now: datetime) -> int:
    """Sends what is due: after quiet hours, after a failure, or when the task was lost. Returns how many were sent."""
    due = PushDelivery.objects.filter(state=MailState.WAITING, push_after__lte=now).order_by("push_after")
    return deliver_pushes(delivery_ids=list(due.values_list("pk", flat=True)[:SWEEP_SIZE]), now=now)


def deliver_pushes(*, delivery_ids: Iterable[UUID | str], now: datetime) -> int:
    """`deliver_push` for each; returns how many were sent."""
    return sum(deliver_push(delivery_id=pk, now=now) == MailState.SENT for pk in delivery_ids)


def deliver_push(*, delivery_id: UUID | str, now: datetime) -> str | None:
    """Sends one message if it is due. Returns the state afterwards, None when it is gone. Safe to call at any time."""
    delivery = _claim(delivery_id, now)
    if delivery is None:
        return PushDelivery.objects.values_list("state", flat=True).filter(pk=delivery_id).first()
    try:
        reply = _send(delivery, now)
    except OutgoingError as error:
        log.warning("push_failed", delivery=str(delivery.pk), tries=delivery.tries, error=error.code)
        return _failed(delivery, is_last=error.code in HOPELESS)
    if 200 <= reply.status < 300:
        PushSubscription.objects.filter(pk=delivery.subscription_id).update(last_ok_at=now, failures=0)
        PushDelivery.objects.filter(pk=delivery.pk).update(state=MailState.SENT)
        return MailState.SENT
    if reply.status in GONE:
        # The person took the permission back, or the browser is no more.
        delivery.subscription.delete()
        return None
    log.warning("push_failed", delivery=str(delivery.pk), tries=delivery.tries, status=reply.status)
    if reply.status == 429 or reply.status >= 500:
        _wait_as_told(delivery, reply, now)
        return _failed(delivery)
    return _failed(delivery, is_last=True)


def prune_pushes(*, now: datetime) -> int:
    """Forgets what was sent or given up a week ago. Returns how many."""
    done = PushDelivery.objects.exclude(state=MailState.WAITING).filter(push_after__lt=now - KEPT)
    return done.delete()[1].get("notifications.PushDelivery", 0)


def topic_of(notification: Notification) -> str:
    """The same for the same kind and cause: 32 letters, as RFC 8030 wants."""
    return encode(hashlib.sha256(f"{notification.kind}\n{notification.cause}".encode()).digest()[:24])


def _send(delivery: PushDelivery, now: datetime) -> Reply:
    told, browser = delivery.notification, delivery.subscription
    rule, topic = KINDS[told.kind], topic_of(told)
    message = {"title": told.title, "body": told.body, "url": told.url, "tag": topic, "lang": browser.user.language}
    parts = urlsplit(browser.endpoint)
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    contact = settings.SITE_URL if settings.SITE_URL.startswith("https://") else f"mailto:{sender}"
    headers = {
        "Authorization": vapid_header(
            origin=f"{parts.scheme}://{parts.netloc}",
            private_key=settings.VAPID_PRIVATE_KEY,
            contact=contact,
            now=now,
        ),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(int(rule.lifetime.total_seconds())),
        "Topic": topic,
        "Urgency": "high" if rule.urgent else "normal",
    }
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    return post(browser.endpoint, body=encrypt(text, p256dh=browser.p256dh, auth=browser.auth), headers=headers)


def _claim(delivery_id: UUID | str, now: datetime) -> PushDelivery | None:
    """The message when this caller may send it now, else None."""
    with transaction.atomic():
        found = (
            PushDelivery.objects.select_for_update(of=("self",))
            .select_related("notification", "subscription__user__notification_settings")
            .filter(pk=delivery_id, state=MailState.WAITING, push_after__lte=now)
            .first()
        )
        if found is None:
            return None
        person = found.subscription.user
        quiet_end = quiet_until(kind=found.notification.kind, hours=own_hours(person), now=now)
        if found.notification.read_at is not None or not is_push_on():
            found.state = MailState.NONE
        elif found.tries >= MAX_TRIES or not person.is_active:
            # A worker died during the last try, or the person left meanwhile.
            found.state = MailState.FAILED
        elif quiet_end:
            found.push_after = quiet_end
        else:
            found.push_after = next_try(tries=found.tries, now=now)
            found.tries += 1
        found.save(update_fields=["state", "tries", "push_after"])
    return found if found.state == MailState.WAITING and not quiet_end else None


def _wait_as_told(delivery: PushDelivery, reply: Reply, now: datetime) -> None:
    """Retry-After in seconds, where the push service says it."""
    said = reply.headers.get("retry-after", "")
    if said.isascii() and said.isdigit() and len(said) < 9:
        until = now + min(timedelta(seconds=int(said)), LONGEST_PAUSE)
        PushDelivery.objects.filter(pk=delivery.pk, push_after__lt=until).update(push_after=until)


def _failed(delivery: PushDelivery, *, is_last: bool = False) -> str:
    """Leaves it waiting for the next try, or gives it up; a browser that takes nothing any more is forgotten."""
    if not is_last and delivery.tries < MAX_TRIES:
        return MailState.WAITING
    with transaction.atomic():
        PushDelivery.objects.filter(pk=delivery.pk).update(state=MailState.FAILED)
        browser = PushSubscription.objects.select_for_update().filter(pk=delivery.subscription_id).first()
        if browser is not None:
            browser.failures += 1
            browser.save(update_fields=["failures"])
            if browser.failures >= MOST_FAILURES:
                browser.delete()
    return MailState.FAILED

"""Background work of notifications."""

from celery import shared_task
from django.utils import timezone


@shared_task(name="notifications.send_mail")
def send_mail(notification_id: str) -> None:
    """Sends the e-mail of one notification if it is still waiting."""
    from notifications.services.mail import deliver_mail

    deliver_mail(notification_id=notification_id, now=timezone.now())


@shared_task(name="notifications.send_mails")
def send_mails(notification_ids: list[str]) -> int:
    """Sends the e-mails of these notifications that are still waiting; returns how many were sent."""
    from notifications.services.mail import deliver_mails

    return deliver_mails(notification_ids=notification_ids, now=timezone.now())


@shared_task(name="notifications.send_waiting_mail")
def send_waiting_mail() -> None:
    """Sends every e-mail that is due and was not sent."""
    from notifications.services.mail import send_waiting_mail as sweep

    sweep(now=timezone.now())


@shared_task(name="notifications.send_digests")
def send_digests() -> int:
    """Sends the mails of the day that are due, and what waited for the end of quiet hours; returns how many."""
    from notifications.services.digests import send_digests as sweep

    return sweep(now=timezone.now())


@shared_task(name="notifications.send_pushes")
def send_pushes(delivery_ids: list[str]) -> int:
    """Sends these messages to browsers that are still waiting; returns how many were sent."""
    from notifications.services.push import deliver_pushes

    return deliver_pushes(delivery_ids=delivery_ids, now=timezone.now())


@shared_task(name="notifications.send_waiting_pushes")
def send_waiting_pushes() -> int:
    """Sends every message to a browser that is due and was not sent; returns how many were sent."""
    from notifications.services.push import send_waiting_pushes as sweep

    return sweep(now=timezone.now())


@shared_task(name="notifications.prune_outbox")
def prune_outbox() -> int:
    """Forgets what was sent long ago; returns how many rows."""
    from notifications.services.digests import prune_digests
    from notifications.services.push import prune_pushes

    now = timezone.now()
    return prune_digests(now=now) + prune_pushes(now=now)


@shared_task(name="notifications.send_webhooks")
def send_webhooks() -> int:
    """Sends what is due for a turn of some seconds; returns how many requests were made."""
    from notifications.services.webhook_sending import send_webhooks as send

    return send(clock=timezone.now)


@shared_task(name="notifications.prune_webhooks")
def prune_webhooks() -> int:
    """Deletes what is too old of the log of webhooks; returns how many events."""
    from notifications.services.webhook_setup import prune_webhooks as prune

    return prune(now=timezone.now())

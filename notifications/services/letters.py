"""What an e-mail says: text and HTML in the person's language, with a way to change or end such mail. Links lead to
SITE_URL."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import ngettext

from notifications.enums import LATER, MailState
from notifications.models import Digest, Mailed, Notification
from notifications.services.stopping import DIGESTS, stop_token

# A mail of the day names no more than so many; the inbox has them all.
MOST_LINES = 30


def compose(mailed: Mailed) -> EmailMultiAlternatives | None:
    """The e-mail, None when there is nothing to say any more."""
    if isinstance(mailed, Digest):
        return compose_digest(mailed)
    assert isinstance(mailed, Notification)
    return compose_mail(mailed)


def compose_mail(notification: Notification) -> EmailMultiAlternatives:
    """The e-mail of one notification."""
    context = {"notification": notification, "link": _link(notification.url) if notification.url else ""}
    return _letter(notification, notification.title, "notifications/mail", context, stops=notification.kind)


def compose_digest(digest: Digest) -> EmailMultiAlternatives | None:
    """The e-mail of what the person has not read meanwhile, None when there is nothing."""
    unread = digest.notifications.filter(mail_state__in=LATER).unread()
    rows = list(unread.order_by("id")[: MOST_LINES + 1])
    if not rows:
        return None
    count = len(rows) if len(rows) <= MOST_LINES else unread.count()
    with translation.override(digest.user.language):
        subject = ngettext("%(n)d piece of news", "%(n)d pieces of news", count) % {"n": count}
    items = [{"row": row, "link": _link(row.url) if row.url else ""} for row in rows[:MOST_LINES]]
    context = {
        "items": items,
        "more": max(count - MOST_LINES, 0),
        "inbox": _link(reverse("notification-list")),
        "was_quiet": digest.occasion == MailState.HELD,
    }
    return _letter(digest, subject, "notifications/digest", context, stops=DIGESTS if not context["was_quiet"] else "")


def _letter(
    mailed: Notification | Digest, subject: str, template: str, context: dict[str, Any], *, stops: str
) -> EmailMultiAlternatives:
    """`stops`: what the link to end such mail ends; "" for no such link."""
    person = mailed.user
    stop = _link(reverse("mail-stop", args=[stop_token(user_id=person.pk, what=stops)])) if stops else ""
    context |= {"subject": subject, "person": person, "site_url": settings.SITE_URL, "stop": stop}
    context["choose"] = _link(reverse("notification-settings"))
    with translation.override(person.language):
        text = render_to_string(f"{template}.txt", context)
        html = render_to_string(f"{template}.html", context)
    headers = {
        "Message-ID": f"<{mailed.pk}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}>",
        "Auto-Submitted": "auto-generated",
    }
    if stop:
        # RFC 8058: the mail program's own button posts this to the address.
        headers |= {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    # A line break in a subject would start a new header.
    message = EmailMultiAlternatives(subject=" ".join(subject.split()), body=text, to=[person.email], headers=headers)
    message.attach_alternative(html, "text/html")
    return message


def _link(path: str) -> str:
    return f"{settings.SITE_URL.rstrip('/')}{path}"

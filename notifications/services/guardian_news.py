"""What student and guardian are told when they are linked and when that ends."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.enums import LinkState
from accounts.models import GuardianLink
from notifications.enums import NotificationKind
from notifications.services.inbox import News, notify_many


def tell_of_link(*, link_id: UUID, now: datetime) -> None:
    """Tells both sides how things stand, each in their language. Waiting links tell nobody."""
    link = GuardianLink.objects.select_related("student", "guardian").get(pk=link_id)
    if link.state == LinkState.INVITED:
        return
    news = []
    for person, other in ((link.student, link.guardian), (link.guardian, link.student)):
        with override(person.language):
            told = (
                _("%(name)s is your guardian now.") if person == link.student else _("You are %(name)s’s guardian now.")
            )
            if link.state == LinkState.ENDED:
                told = _("You and %(name)s are not linked any more.")
            title = told % {"name": other.name}
        cause = f"{link.pk} {link.state} {now:%Y%m%d%H%M%S}"
        news.append(News(person.pk, NotificationKind.GUARDIAN_NEWS, cause, title, url=reverse("family")))
    notify_many(news, now=now)

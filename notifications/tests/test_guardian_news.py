"""Student and guardian are told when they are linked and when that ends, each in their language."""

import pytest

from accounts.enums import LinkState
from accounts.models import GuardianLink, User
from accounts.services.guardians import end_link
from notifications.enums import NotificationKind
from notifications.models import Notification
from notifications.services.guardian_news import tell_of_link
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def told() -> dict[str, str]:
    found = Notification.objects.filter(kind=NotificationKind.GUARDIAN_NEWS)
    return {note.user.name: note.title for note in found.select_related("user")}


def test_end_is_told_to_both(cast, django_capture_on_commit_callbacks):
    User.objects.filter(pk=cast.guardian.pk).update(language="hi")
    link = GuardianLink.objects.get(student=cast.student, guardian=cast.guardian)
    with django_capture_on_commit_callbacks(execute=True):
        end_link(link=link, actor=cast.guardian, now=NOW)
    assert told() == {
        "Meera Nair": "You and Latha Nair are not linked any more.",
        "Latha Nair": "आप और Meera Nair अब जुड़े नहीं हैं।",
    }


@pytest.mark.parametrize(("state", "people"), [(LinkState.ACTIVE, 2), (LinkState.INVITED, 0)])
def test_only_what_stands_is_told(cast, state, people):
    link = GuardianLink.objects.get(student=cast.student, guardian=cast.guardian)
    GuardianLink.objects.update(state=state)
    tell_of_link(link_id=link.pk, now=NOW)
    assert len(told()) == people

"""The page of one's own data, its doors, and the office's list."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.enums import ErasureState
from accounts.models import DataExport, ErasureRequest
from accounts.services.erasure import ask_erasure
from accounts.services.exports import make_export
from tests.factories import NOW

pytestmark = pytest.mark.django_db
PAGE = reverse("my-data")


@pytest.fixture
def known(client: Any, cast: Any, monkeypatch: Any) -> Any:
    """The student, who has just shown again who they are."""
    client.force_login(cast.student)
    monkeypatch.setattr(
        "allauth.account.decorators.reauthentication.is_reauthentication_required", lambda *a, **k: False
    )
    return client


def test_a_copy_is_asked_for_made_told_and_fetched(
    known: Any, cast: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert known.post(reverse("export-ask", args=[cast.student.pk])).status_code == 302
    row = DataExport.objects.get()
    if row.state == "waiting":
        with django_capture_on_commit_callbacks(execute=True):
            make_export(export_id=row.pk, now=timezone.now())
    row.refresh_from_db()
    assert row.state == "ready"
    assert cast.student.notifications.filter(kind="data_news").exists()
    page = known.get(PAGE).content.decode()
    assert reverse("export-fetch", args=[row.pk]) in page
    answer = known.get(reverse("export-fetch", args=[row.pk]))
    assert answer.status_code == 302
    assert "signature" in answer.url.lower()
    DataExport.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert known.get(reverse("export-fetch", args=[row.pk])).url == PAGE


def test_erasure_is_asked_for_and_taken_back(known: Any, cast: Any) -> None:
    assert known.post(reverse("erasure-ask", args=[cast.student.pk])).url == PAGE
    row = ErasureRequest.objects.get()
    assert "Take it back" in known.get(PAGE).content.decode()
    known.post(reverse("erasure-cancel", args=[row.pk]))
    row.refresh_from_db()
    assert row.state == ErasureState.CANCELLED


def test_nobody_asks_for_strangers(known: Any, cast: Any) -> None:
    assert known.post(reverse("erasure-ask", args=[cast.classmate.pk])).status_code == 404
    assert known.post(reverse("export-ask", args=[cast.classmate.pk])).status_code == 404
    other = ask_erasure(person=cast.classmate, actor=cast.classmate, now=NOW)
    assert known.post(reverse("erasure-cancel", args=[other.pk])).status_code == 404


def test_whoever_signed_in_long_ago_shows_again_who_they_are(client: Any, cast: Any) -> None:
    client.force_login(cast.student)
    answer = client.post(reverse("erasure-ask", args=[cast.student.pk]))
    assert "reauthenticate" in answer.url
    assert not ErasureRequest.objects.exists()


def test_the_office_objects_with_a_reason(client: Any, cast: Any) -> None:
    row = ask_erasure(person=cast.student, actor=cast.student, now=NOW)
    client.force_login(cast.staff)
    assert client.get(reverse("admin:accounts_erasurerequest_change", args=[row.pk])).status_code == 200
    url = reverse("admin:accounts_erasurerequest_changelist") + f"{row.pk}/object_here/"
    client.post(url, {"reason": "A dispute is open.", "_form_submitted": "True"})
    row.refresh_from_db()
    assert (row.state, row.objection) == (ErasureState.OBJECTED, "A dispute is open.")
    client.force_login(cast.student)
    assert "A dispute is open." in client.get(PAGE).content.decode()


def test_the_page_costs_the_same_for_one_child_and_for_many(
    client: Any, cast: Any, django_assert_max_num_queries: Any
) -> None:
    ask_erasure(person=cast.guardian, actor=cast.guardian, now=NOW)
    client.force_login(cast.guardian)
    with django_assert_max_num_queries(12):
        assert client.get(PAGE).status_code == 200

"""Fetch only what may be seen (404 hides the rest), then ask whether this may be done (403)."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext

from accounts.models import Entitlement, User
from common.access import get_permitted
from common.errors import NotPermittedError

VIEW, CHANGE = "accounts.view_user", "accounts.change_user"


def test_own_thing_is_fetched(cast):
    assert get_permitted(cast.student, CHANGE, User, cast.student.pk) == cast.student


@pytest.mark.parametrize("who", ["classmate", "outsider", "teacher"])
def test_foreign_thing_does_not_exist(cast, who):
    with pytest.raises(Http404):
        get_permitted(cast.people[who], VIEW, User, cast.student.pk)


def test_anonymous_sees_nothing(cast):
    with pytest.raises(Http404):
        get_permitted(AnonymousUser(), VIEW, User, cast.student.pk)


def test_visible_but_not_allowed_is_403(cast):
    with pytest.raises(PermissionDenied):
        get_permitted(cast.guardian, CHANGE, User, cast.student.pk)


def test_visible_but_not_allowed_says_why(cast):
    with pytest.raises(NotPermittedError) as refused:
        get_permitted(cast.guardian, CHANGE, User, cast.student.pk, message="Guardians only read.")
    assert (refused.value.message, refused.value.code) == ("Guardians only read.", "not_permitted")


@pytest.mark.parametrize("pk", [uuid4(), 7])
def test_missing_thing_is_404_for_staff_too(cast, pk):
    with pytest.raises(Http404):
        get_permitted(cast.staff, VIEW, User, pk)


def test_queryset_keeps_what_it_prefetches(cast):
    row = cast.student.entitlements.get()
    source = Entitlement.objects.select_related("user")
    found = get_permitted(cast.student, "accounts.view_entitlement", source, row.pk)
    with CaptureQueriesContext(connection) as queries:
        assert found.user == cast.student
    assert len(queries) == 0

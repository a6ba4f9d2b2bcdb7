"""What a student is granted stands in their settings, without the reason."""

import pytest
from django.urls import reverse

from assessments.models import Accommodation
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def test_student_reads_what_is_granted_and_not_why(client, cast):
    Accommodation.objects.create(
        student=cast.student, extra_time_percent=25, large_print=True, starts_on=NOW.date().replace(year=2020),
        reason="A letter of the doctor", granted_at=NOW, granted_by=cast.staff,
    )  # fmt: skip
    client.force_login(cast.student)
    page = client.get(reverse("own-accommodations")).content.decode()
    assert "25 % more time" in page
    assert "large print" in page
    assert "doctor" not in page
    client.force_login(cast.classmate)
    assert "25 %" not in client.get(reverse("own-accommodations")).content.decode()
    assert reverse("own-accommodations") in client.get(reverse("person-settings")).content.decode()

"""The partner's tool of the demonstration: made once, with a result that a student sees."""

import pytest
from django.utils import timezone

from accounts.models import User
from assessments.models import ExternalDelivery, ExternalResult, ExternalTool
from assessments.selectors.external import external_rows
from config.demo import cast, people
from config.demo.external import seed_external
from tests.factories import ProgrammeFactory


@pytest.mark.django_db
def test_the_tool_and_its_result_are_made_once():
    now, programme = timezone.now(), ProgrammeFactory()
    people.seed_staff_and_teachers(now=now)
    people.seed_students_and_guardians(programme=programme, now=now)
    assert [seed_external(programme=programme, now=now) for _ in range(2)] == [1, 0]
    assert (ExternalTool.objects.count(), ExternalResult.objects.count(), ExternalDelivery.objects.count()) == (1, 2, 2)
    student = User.objects.get(email=cast.address("student"))
    assert external_rows(user=student, now=now)[0]["best"].percent == 85


@pytest.mark.django_db
def test_a_student_of_the_demonstration_has_extra_time_and_large_print():
    now = timezone.now()
    people.seed_staff_and_teachers(now=now)
    people.seed_students_and_guardians(programme=ProgrammeFactory(), now=now)
    (row,) = User.objects.get(email=cast.address("lakshmi.iyer")).accommodations.standing(now)
    assert (row.extra_time_percent, row.large_print) == (25, True)

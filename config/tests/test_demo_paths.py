"""The learning paths of the demonstration: three, with a pathfinder of ten questions that tells with which to begin."""

from __future__ import annotations

import pytest
from django.utils import timezone

from assessments.models import Exam
from assessments.services.attempts import start_attempt
from assessments.services.submission import submit_attempt
from config.demo.exams import seed_bank
from config.demo.paths import TITLE, seed_paths
from config.demo.people import find_person, seed_staff_and_teachers, seed_students_and_guardians
from courses.models import LearningPath, PathEnrolment, Pathfinder, PathfinderRun

pytestmark = pytest.mark.django_db


def test_a_student_of_the_demonstration_finds_a_path(django_capture_on_commit_callbacks) -> None:
    now = timezone.now()
    seed_staff_and_teachers(now=now)
    programme = seed_bank(now=now)
    seed_students_and_guardians(programme=programme, now=now)
    assert (seed_paths(programme=programme, now=now), seed_paths(programme=programme, now=now)) == (3, 0)
    assert LearningPath.objects.filter(is_published=True).count() == 3
    exam = Exam.objects.get(title=TITLE)
    assert exam.paper is not None
    keys = exam.paper.questions.order_by("number").values_list("version__question__key", flat=True)
    assert list(keys) == [f"pf-x-{number:02}" for number in range(1, 11)]
    student = find_person("student")
    assert PathEnrolment.objects.get(student=student).total == 3
    with django_capture_on_commit_callbacks(execute=True):
        submit_attempt(attempt=start_attempt(exam=exam, student=student, now=now), actor=student, now=now)
    run = PathfinderRun.objects.get(pathfinder=Pathfinder.objects.get())
    assert [fit["title"] for fit in run.fits if fit["recommended"]] == ["From the ground up"]

"""Where the questions of the large bank go: the curriculum of the shipped bank, and a second programme beside it."""

from __future__ import annotations

from accounts.models import User
from courses.models import Chapter, Programme, Topic, Unit
from tests.bench.bank.rows import Place

SUBJECTS = ("Plants", "Animals", "Cells and heredity", "Ecology")
CHAPTERS = 5
#: Of five questions four go to the programme of the shipped bank.
SHARE = 4


def bank_place() -> Place:
    """The chapters and the writers; makes the second programme where it is missing."""
    first = Programme.objects.get()
    own = list(Chapter.objects.filter(unit__programme=first).prefetch_related("topics"))
    other = _second_programme()
    weighted = own * (SHARE * len(other) // len(own) + 1) + other
    people = User.objects.filter(is_teacher=True, teacher_profile__verified_at__isnull=False).order_by("email")
    return Place(
        tuple((chapter.pk, tuple(topic.pk for topic in chapter.topics.all())) for chapter in weighted),
        tuple(people.values_list("pk", flat=True)),
    )


def _second_programme() -> list[Chapter]:
    programme = Programme.objects.create(
        slug="bench-biology", board="NEET", grade="XII", subject="Biology", session="2026-27"
    )
    made = []
    for position, subject in enumerate(SUBJECTS, start=1):
        unit = Unit.objects.create(
            programme=programme, slug=f"unit-{position}", name=subject, marks=25, position=position
        )
        for number in range(1, CHAPTERS + 1):
            chapter = Chapter.objects.create(unit=unit, name=f"{subject} {number}", position=number)
            Topic.objects.create(chapter=chapter, name=f"{subject} {number}, first part")
            made.append(chapter)
    return made

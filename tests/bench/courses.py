"""`python -m tests.bench.courses`: what courses cost with 200 and with 2,000 students, on a database of its own.

Prints milliseconds (the best of five) and how many times more the large course takes. Nothing is kept.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

SIZES = (200, 2000)
LESSONS = 40
ROUNDS = 5


def best(call: Callable[[], object]) -> float:
    """Milliseconds of the fastest of ROUNDS."""
    times = []
    for _round in range(ROUNDS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times) * 1000


def measure(people: int) -> dict[str, float]:
    from django.db.models import F

    from courses.enums import EnrolmentSource, LessonState
    from courses.models import Course, Enrolment, LessonProgress, ProgressRecount
    from courses.selectors import catalogue, teaching
    from courses.services.enrolments import enrol_many
    from courses.services.recounts import work_on
    from courses.tests.builders import NOW, course_of, lessons_of
    from tests import factories

    teacher = factories.TeacherFactory()
    course = course_of(teacher, modules=4, lessons=LESSONS // 4)
    students = [factories.StudentFactory.build() for _ in range(people)]
    for student in students:
        student.email = f"{student.pk.hex}@bench.example"
    type(teacher).objects.bulk_create(students)
    enrol_many(course=course, students=students, source=EnrolmentSource.STAFF, actor=None, now=NOW)
    rows, lessons = list(Enrolment.objects.filter(course=course)), lessons_of(course)[: LESSONS // 2]
    LessonProgress.objects.bulk_create(
        (
            LessonProgress(enrolment=row, lesson=lesson, state=LessonState.DONE, begun_at=NOW, done_at=NOW)
            for row in rows
            for lesson in lessons
        ),
        batch_size=2000,
    )
    Course.objects.bulk_create(
        Course(slug=f"b-{people}-{n}", title=f"Chapter {n}", state="published", words=f"chapter {n} algebra",
               created_by=teacher, created_at=NOW, updated_at=NOW)
        for n in range(people)
    )  # fmt: skip
    page = teaching.roster(course).rows

    def recount() -> None:
        Course.objects.filter(pk=course.pk).update(structure=F("structure") + 1)
        number = Course.objects.values_list("structure", flat=True).get(pk=course.pk)
        row = ProgressRecount.objects.create(
            course=course, structure=number, total=people, started_at=NOW, touched_at=NOW
        )
        work_on(recount_id=row.pk, now=NOW)

    return {
        "roster": best(lambda: teaching.roster(course)),
        "progress matrix": best(lambda: teaching.progress_matrix(course, page)),
        "recount": best(recount),
        "catalogue search": best(lambda: catalogue.catalogue(teacher, text="chap alg")),
    }


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    import django

    django.setup()
    from django.db import connection

    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        found = {size: measure(size) for size in SIZES}
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
    few, many = SIZES
    print(f"{connection.vendor}: milliseconds, {LESSONS} lessons")
    print(f"{'':18}{few:>10}{many:>10}{'times':>8}")
    for what, value in found[few].items():
        print(f"{what:18}{value:10.1f}{found[many][what]:10.1f}{found[many][what] / value:8.1f}")


if __name__ == "__main__":
    main()

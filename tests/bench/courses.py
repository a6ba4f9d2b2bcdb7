"""`python -m tests.bench.courses`: what courses cost with 200 and with 2,000 students, on a database of its own.

Prints for each thing its queries, milliseconds (the best of some rounds; on SQLite of processor time) and how many
times more the large course takes; then statements that read a whole table of more than BIG rows. Fails where the
queries differ, or where what shows the same amount takes more than MOST_TIMES as long. DATABASE_URL says on which
database; nothing is kept.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

SIZES = (200, 2000)
LESSONS = 40
ROUNDS = 20
MOST_TIMES = 1.3
#: Below this no ratio is judged: it is the clock and the machine.
LEAST_MS = 2.0
#: An index of many rows is a page or two deeper.
LEAST_PAGES = 40
BIG = 1000


@dataclass(frozen=True)
class Figure:
    """`pages`: of the cache that PostgreSQL reads for it. `grows`: it is work for everybody, so it is told for each
    person and not held to MOST_TIMES."""

    queries: int
    ms: float
    pages: int = 0
    grows: bool = False


def measured(call: Callable[[], object], *, people: int = 0, rounds: int = ROUNDS) -> Figure:
    """Of one call; of each person where `people` are worked on."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    call()
    with CaptureQueriesContext(connection) as found:
        call()
    queries = [query["sql"] for query in found.captured_queries if "SAVEPOINT" not in query["sql"]]
    pages = _pages(queries) if connection.vendor == "postgresql" and not people else 0
    # SQLite works in this very process, whose own time a busy machine does not lengthen.
    clock = time.process_time if connection.vendor == "sqlite" else time.perf_counter
    times = []
    for _round in range(rounds):
        started = clock()
        call()
        times.append(clock() - started)
    return Figure(0 if people else len(queries), min(times) * 1000 / (people or 1), pages, grows=bool(people))


def _pages(statements: list[str]) -> int:
    from tests.bench.queries import explainer

    explain = explainer()
    return sum(explain(sql)["buffers"] for sql in statements if sql.startswith("SELECT"))


class Ground:
    """A course with so many people in it, and as many courses in the catalogue."""

    def __init__(self, people: int) -> None:
        from courses.enums import EnrolmentSource, LessonState
        from courses.models import Course, CourseReview, Enrolment, LessonProgress
        from courses.services.enrolments import enrol_many
        from courses.tests.builders import NOW, course_of, lessons_of
        from tests import factories

        self.people, self.now = people, NOW
        self.teacher = factories.TeacherFactory()
        self.course = course_of(self.teacher, title=f"A course of {people}", modules=4, lessons=LESSONS // 4)
        students = [factories.StudentFactory.build() for _ in range(people)]
        for number, student in enumerate(students):
            student.email, student.name = f"{student.pk.hex}@bench.example", f"Person {number} of {people}"
        type(self.teacher).objects.bulk_create(students)
        self.student = students[people // 2]
        enrol_many(course=self.course, students=students, source=EnrolmentSource.STAFF, actor=None, now=NOW)
        rows, lessons = list(Enrolment.objects.filter(course=self.course)), lessons_of(self.course)[: LESSONS // 2]
        LessonProgress.objects.bulk_create(
            (
                LessonProgress(enrolment=row, lesson=lesson, state=LessonState.DONE, begun_at=NOW, done_at=NOW)
                for row in rows
                for lesson in lessons
            ),
            batch_size=2000,
        )
        made = Course.objects.bulk_create(
            Course(slug=f"b-{people}-{n}", title=f"Chapter {people}-{n}", state="published",
                   words=f"chapter {n} algebra" + (f" rare{people}" if n % (people // 10) == 0 else ""),
                   created_by=self.teacher, created_at=NOW, updated_at=NOW)
            for n in range(people)
        )  # fmt: skip
        CourseReview.objects.bulk_create(
            CourseReview(course=one, student=student, stars=4, state="shown", created_at=NOW, updated_at=NOW)
            for one in made
            for student in students[:5]
        )

    def recount(self) -> None:
        from django.db.models import F

        from courses.models import Course, ProgressRecount
        from courses.services.recounts import work_on

        Course.objects.filter(pk=self.course.pk).update(structure=F("structure") + 1)
        number = Course.objects.values_list("structure", flat=True).get(pk=self.course.pk)
        row = ProgressRecount.objects.create(
            course=self.course, structure=number, total=self.people, started_at=self.now, touched_at=self.now
        )
        work_on(recount_id=row.pk, now=self.now)

    def calls(self) -> dict[str, Callable[[], object]]:
        """What shows the same amount, however many people there are."""
        from courses.selectors import catalogue, teaching
        from courses.selectors.courses import enrolment_of

        course, student, page = self.course, self.student, teaching.roster(self.course).rows
        last = teaching.roster(course, after=page[-1].pk).rows[-1].pk
        return {
            "roster, first page": lambda: teaching.roster(course),
            "roster, a later page": lambda: teaching.roster(course, after=last),
            "roster, one state": lambda: teaching.roster(course, state="active"),
            "progress matrix": lambda: teaching.progress_matrix(course, page),
            "one's own enrolment": lambda: enrolment_of(user=student, course=course),
            "catalogue": lambda: catalogue.catalogue(student),
            "catalogue, common words": lambda: catalogue.catalogue(student, text="chap alg"),
            "catalogue, a rare word": lambda: catalogue.catalogue(student, text=f"rare{self.people}"),
        }

    def pages(self) -> dict[str, Callable[[], object]]:
        """Whole pages, through the middleware."""
        from django.test import Client
        from django.urls import reverse

        def opening(person: Any, url: str) -> Callable[[], object]:
            client = Client()
            client.force_login(person)
            return lambda: client.get(url)

        return {
            "page: people": opening(self.teacher, reverse("course-people", args=[self.course.pk])),
            "page: catalogue": opening(self.student, reverse("course-list") + "?q=chap+alg"),
            "page: the course": opening(self.student, reverse("course-page", args=[self.course.pk])),
        }


def measure(people: int) -> tuple[dict[str, Figure], list[str]]:
    """The figures with so many people, and the statements that read large tables from end to end."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.bench import queries

    ground = Ground(people)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    calls = ground.calls() | ground.pages()
    found = {name: measured(call) for name, call in calls.items()}
    found["recount, each person"] = measured(ground.recount, people=people, rounds=3)
    queries.BIG_ROWS = BIG
    explain, scans = queries.explainer(), []
    for name, call in calls.items():
        with CaptureQueriesContext(connection) as captured:
            call()
        for query in captured.captured_queries:
            if query["sql"].startswith("SELECT") and (tables := explain(query["sql"])["scans"]):
                scans.append(f"{name}: {', '.join(tables)}: {query['sql'][:200]}")
    return found, scans


@contextmanager
def empty_database() -> Iterator[None]:
    """Everything that is asked goes to a database of its own: a copy of the one that tests start from."""
    from django.db import connection

    from common.testing.migrated import migrated_database, migrated_file

    with TemporaryDirectory() as folder:
        if connection.vendor == "sqlite":
            name = f"{folder}/bench.sqlite3"
            shutil.copyfile(migrated_file(), name)
            connection.settings_dict["NAME"] = name
            yield
            connection.close()
            return
        template, name = migrated_database(os.environ["DATABASE_URL"]), "abhyas_courses_bench"
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        connection.close()
        connection.settings_dict["NAME"] = name
        yield
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name}")


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    import django

    django.setup()
    from django.db import connection
    from django.test.utils import setup_test_environment

    setup_test_environment()
    with empty_database():
        few, many = (measure(size) for size in SIZES)
    wrong = []
    print(f"{connection.vendor}: {LESSONS} lessons, load average {os.getloadavg()[0]:.1f}")
    print(f"{'':26}{'queries':>8}{f'{SIZES[0]}, ms':>10}{f'{SIZES[1]}, ms':>10}{'pages':>8}{'pages':>8}{'times':>8}")
    for what, one in few[0].items():
        other = many[0][what]
        times, pages = other.ms / one.ms, f"{one.pages or '':>8}{other.pages or '':>8}"
        print(f"{what:26}{other.queries or '':>8}{one.ms:10.2f}{other.ms:10.2f}{pages}{times:8.2f}")
        if one.queries != other.queries:
            wrong.append(f"{what}: {one.queries} and {other.queries} queries")
        # What reads no more pages was held up by something else.
        small = other.ms < LEAST_MS or 0 < other.pages < one.pages + LEAST_PAGES
        if not one.grows and not small and times > MOST_TIMES:
            wrong.append(f"{what}: {times:.2f} times")
    for line in dict.fromkeys(many[1]):
        print(f"reads a whole table: {line}")
    print("\n".join(wrong) or "as it shall be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

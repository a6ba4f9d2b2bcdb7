"""`python -m tests.bench.exam_size`: what an exam of 1,500 papers costs beside one of 15, in one PostgreSQL database.

All papers of an exam are with one teacher. Each page is asked for in turn for the small and the large exam, through the
whole product without a network; printed are the medians in milliseconds, their ratio and the queries of either.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tests.bench.run import say
from tests.bench.seed import BenchError, ensure_database

SIZES = (15, 1500)


@dataclass
class Side:
    """One exam with its teacher's and its office's browser."""

    size: int
    exam: Any
    teacher: Any
    office: Any
    papers: list[Any]


def settle() -> None:
    """An empty database beside BENCH_DATABASE_URL, migrated. Raises BenchError."""
    parts = urlsplit(os.environ.get("BENCH_DATABASE_URL", "postgres://root@127.0.0.1/abhyas_bench"))
    path = parts.path.removesuffix("_bench") + "_exams_bench"
    os.environ["DATABASE_URL"] = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    ensure_database(os.environ["DATABASE_URL"])
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)


def make(size: int) -> Side:
    """An exam of two written questions, so many papers of two pages, the first of them being marked."""
    from django.contrib.auth.models import Group
    from django.test import Client

    from accounts.models import TeacherProfile
    from courses.models import TeachingQualification
    from evaluations.tests.builders import evaluation_of, hand_in
    from tests import factories

    exam, teacher = factories.ExamFactory(), factories.TeacherFactory()
    TeacherProfile.objects.filter(pk=teacher.pk).update(open_paper_cap=10_000)
    TeachingQualification.objects.create(teacher=teacher, programme=exam.programme)
    staff = factories.UserFactory(is_staff=True)
    staff.groups.add(Group.objects.get(name="Staff"))
    papers = [
        evaluation_of(hand_in(exam, factories.StudentFactory()), teacher=teacher, assigned_at=factories.NOW)
        for _paper in range(size)
    ]
    side = Side(size, exam, Client(), Client(), papers)
    side.teacher.force_login(teacher)
    side.office.force_login(staff)
    return side


def pages(side: Side) -> dict[str, Callable[[int], Any]]:
    """What is opened, by its name; the number says for the how manieth time."""
    from django.urls import reverse

    def desk(number: int) -> Any:
        return side.teacher.get(reverse("marking-desk", args=[side.papers[number % 10].pk]))

    def office(number: int) -> Any:
        found = {"attempt__exam__programme__id__exact": side.exam.programme_id}
        return side.office.get(reverse("admin:evaluations_evaluation_changelist"), found)

    return {
        "marking desk": desk,
        "teacher's queue": lambda number: side.teacher.get(reverse("marking-queue")),
        "teacher's home": lambda number: side.teacher.get(reverse("teacher-home")),
        "next paper": lambda number: side.teacher.post(reverse("marking-claim")),
        "papers in the office": office,
    }


def measure(sides: list[Side], each: int) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    say(f"{'':22}" + "".join(f"{side.size:>8} ms" for side in sides) + f"{'ratio':>8}{'queries':>14}")
    for name in pages(sides[0]):
        times: dict[int, list[float]] = {side.size: [] for side in sides}
        queries = []
        for side in sides:
            with CaptureQueriesContext(connection) as seen:
                answer = pages(side)[name](0)
            assert answer.status_code in (200, 302), f"{name}: {answer.status_code}"
            queries.append(len(seen))
        for number in range(1, each + 1):
            for side in sides:
                began = time.perf_counter()
                pages(side)[name](number)
                times[side.size].append(1000 * (time.perf_counter() - began))
        small, large = (median(times[side.size]) for side in sides)
        say(f"{name:22}{small:>11.1f}{large:>11.1f}{large / small:>8.2f}{queries[0]:>7}{queries[1]:>7}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs=2, default=list(SIZES))
    parser.add_argument("--each", type=int, default=14, help="times each page is opened")
    options = parser.parse_args()
    try:
        settle()
    except BenchError as error:
        say(str(error))
        return 1
    measure([make(size) for size in options.sizes], options.each)
    return 0


if __name__ == "__main__":
    sys.exit(main())

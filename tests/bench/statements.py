"""How long a month takes to close and to stream, and in how many queries, with 10,000 and 100,000 rows in the books.

    python -m tests.bench.statements [rows ...]

Runs on the database of DATABASE_URL, in transactions that are taken back: nothing stays. Prints JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import django

TEACHERS = 50


def measure(rows: int) -> dict[str, Any]:
    """One month with so many rows of TEACHERS teachers. All of them are of one paper: closing and streaming read the
    books, and sums do not ask whose papers they are."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from evaluations.models import PayMonth, Statement
    from evaluations.selectors.economics import statement_page
    from evaluations.services.statement_files import statement_csv
    from evaluations.services.statements import close_month
    from evaluations.tests.builders import evaluation_of, hand_in
    from tests.cast import build_cast
    from tests.factories import TeacherFactory

    cast = build_cast()
    teachers = [TeacherFactory() for _ in range(TEACHERS)]
    paper = evaluation_of(hand_in(cast.exam, cast.student), teacher=teachers[0])
    month = PayMonth.objects.create(first=date(2026, 10, 1))
    at = datetime(2026, 10, 12, tzinfo=UTC)
    _fill(rows, paper, teachers, month, at)
    began = time.perf_counter()
    with CaptureQueriesContext(connection) as queries:
        made = close_month(first=month.first, actor=cast.staff, now=datetime(2026, 11, 3, tzinfo=UTC))
    closed = time.perf_counter() - began
    assert sum(one.papers for one in made) == rows
    mine = Statement.objects.select_related("teacher", "month").get(pk=made[0].pk)
    tracemalloc.start()
    began = time.perf_counter()
    streamed = sum(len(part) for part in statement_csv(mine))
    stream_seconds, peak = time.perf_counter() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    with CaptureQueriesContext(connection) as page:
        statement_page(mine)
    return {
        "rows": rows, "close_s": round(closed, 3), "close_queries": len(queries), "csv_rows": rows // TEACHERS,
        "csv_s": round(stream_seconds, 3), "csv_bytes": streamed, "csv_peak_mb": round(peak / 1e6, 1),
        "page_queries": len(page),
    }  # fmt: skip


def _fill(rows: int, paper: Any, teachers: list[Any], month: Any, at: datetime) -> None:
    """Versions of rows are numbered anew for each of several papers of one attempt, as the books want them unique."""
    from evaluations.models import Earning
    from evaluations.tests.builders import evaluation_of

    papers = [paper]
    while len(papers) * 30_000 < rows:
        papers.append(evaluation_of(paper.attempt, teacher=teachers[0], role="share", record=paper, numbers=[4]))
    made = (
        Earning(
            evaluation=papers[number // 30_000], teacher=teachers[number % TEACHERS], month=month, kind="first",
            version=number % 30_000 + 1, amount=Decimal(number % 400) / 4, currency="INR", finished_at=at, at=at,
        )
        for number in range(rows)
    )  # fmt: skip
    while batch := [one for _, one in zip(range(5000), made, strict=False)]:
        Earning.objects.bulk_create(batch, batch_size=2000)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    django.setup()
    from django.db import transaction
    from django.test.runner import DiscoverRunner

    runner = DiscoverRunner(verbosity=0, interactive=False)
    old = runner.setup_databases()
    try:
        found = []
        for rows in [int(word) for word in sys.argv[1:]] or [10_000, 100_000]:
            with transaction.atomic():
                found.append(measure(rows))
                transaction.set_rollback(True)
        print(json.dumps(found, indent=1))
    finally:
        runner.teardown_databases(old)


if __name__ == "__main__":
    main()

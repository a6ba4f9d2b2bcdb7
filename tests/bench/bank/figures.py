"""`python -m tests.bench.bank.figures`: what work with fifty thousand questions costs.

`make bench` measures it on its PostgreSQL database; run alone it makes a bank in SQLite (var/bench/bank.sqlite3, kept)
and measures there. CPU is that of this process, "all" is time that passed, with the database. Every operation runs once
to count its queries, then `rounds` times.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.bench.bank.operations import Operation

ROOT = Path(__file__).resolve().parents[3]
QUESTIONS = 50_000


def measure_bank(only: str = "", say: Callable[[str], None] = lambda _text: None, rounds: int = 15) -> dict[str, Any]:
    """{operation: {found, queries, cpu_p50 … all_p95 in ms, plans}}; writes nothing that stays. At most `rounds` each.

    Each line is said as soon as it is there: on a busy machine all of them take long.
    """
    from tests.bench.bank.after_exam import after_exam_operations
    from tests.bench.bank.operations import Desk, operations
    from tests.bench.queries import slow_plans

    figures = {}
    desk = Desk()
    for operation in (*operations(desk), *after_exam_operations(desk)):
        if only.lower() not in operation.name.lower():
            continue
        figures[operation.name], statements = _measure(operation, rounds)
        figures[operation.name]["plans"] = slow_plans(statements)
        say(bank_table({operation.name: figures[operation.name]}).splitlines()[2])
    return figures


def bank_checks() -> dict[str, Any]:
    """{filters: the plans of every filter and pair, sizes: queries with a small and with the large bank}"""
    from tests.bench.bank.filters import filter_plans
    from tests.bench.bank.operations import Desk
    from tests.bench.bank.sizes import queries_by_size

    desk = Desk()
    return {"filters": filter_plans(desk.teacher), "sizes": queries_by_size(desk)}


def checks_text(checks: dict[str, Any]) -> str:
    from tests.bench.bank.filters import filters_text
    from tests.bench.bank.sizes import sizes_text

    return f"{filters_text(checks['filters'])}\n{sizes_text(checks['sizes'])}"


def _measure(operation: Operation, rounds: int) -> tuple[dict[str, Any], list[str]]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with _taken_back(operation), CaptureQueriesContext(connection) as captured:
        found = operation.run()
    statements = [query["sql"] for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]
    cpu, passed = [], []
    for _round in range(min(rounds, operation.rounds)):
        with _taken_back(operation):
            began, used = time.perf_counter(), time.process_time()
            operation.run()
            cpu.append(1000 * (time.process_time() - used))
            passed.append(1000 * (time.perf_counter() - began))
    return {
        "found": found,
        "queries": len(statements),
        **{f"{name}_{share}": _share(values, share) for name, values in (("cpu", cpu), ("all", passed))
           for share in ("p50", "p95")},
    }, statements  # fmt: skip


def _share(values: list[float], share: str) -> float:
    return round(sorted(values)[min(len(values) - 1, int(len(values) * int(share[1:]) / 100))], 2)


@contextmanager
def _taken_back(operation: Operation) -> Iterator[None]:
    from django.db import transaction

    with transaction.atomic():
        operation.prepare()
        yield
        transaction.set_rollback(True)


def bank_table(figures: dict[str, Any]) -> str:
    from tests.bench.report import table

    header = ["with 50,000 questions", "queries", "CPU p50", "p95 ms", "all p50", "p95 ms", "found"]
    lines, plans = [], []
    for name, one in figures.items():
        times = [f"{one[key]:.1f}" for key in ("cpu_p50", "cpu_p95", "all_p50", "all_p95")]
        lines.append([name, str(one["queries"]), *times, f"{one['found']:,}"])
        for plan in one["plans"]:
            what = f"scans {', '.join(plan['scans'])}" if plan["scans"] else "is slow"
            plans.append(f"{name}: {what}, {plan['ms']} ms, {plan['buffers']} buffers: {plan['sql'][:500]}")
    return table(header, lines) + "\n\n" + ("\n".join(plans) or "No query of these scans a large table.")


# --- SQLite ----------------------------------------------------------------------------------------------------------
def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="operations whose name contains this")
    parser.add_argument("--fresh", action="store_true", help="make the bank again")
    parser.add_argument("--rounds", type=int, default=15, help="at most so often")
    options = parser.parse_args()
    path = Path(os.environ.get("BENCH_VAR", ROOT / "var" / "bench")) / "bank.sqlite3"
    path.parent.mkdir(parents=True, exist_ok=True)
    if options.fresh:
        path.unlink(missing_ok=True)
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": f"sqlite:///{path}"}
    import django

    django.setup()
    _make_bank()
    checks = {} if options.only else bank_checks()
    print(bank_table(measure_bank(options.only, lambda line: print(line, file=sys.stderr, flush=True), options.rounds)))
    if checks:
        print(f"\n{checks_text(checks)}")
    return 0


def _make_bank() -> None:
    from django.core.management import call_command
    from django.db import connection

    from assessments.models import Question
    from assessments.services.bank_files import load_bank
    from tests import factories
    from tests.bench.bank.place import bank_place
    from tests.bench.bank.rows import fill_bank
    from tests.bench.seed import BANK

    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    if Question.objects.count() >= QUESTIONS:
        return
    people = [factories.TeacherFactory(email=f"teacher{number}@bench.example") for number in range(40)]
    load_bank(folder=BANK, author=people[0], verifier=people[1], now=factories.NOW)
    with connection.cursor() as cursor:
        # A million bands in the default cache of two megabytes would be written to the disk over and over.
        cursor.execute("PRAGMA cache_size = -400000")
        cursor.execute("PRAGMA synchronous = OFF")
        fill_bank(questions=QUESTIONS, place=bank_place(), without_indexes=_without_indexes)
        cursor.execute("ANALYZE")
    connection.close()


@contextmanager
def _without_indexes(table: str) -> Iterator[None]:
    """Drops the plain indexes of `table` during a bulk insert into SQLite."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s AND sql IS NOT NULL", [table]
        )
        indexes = cursor.fetchall()
        for name, _sql in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _name, sql in indexes:
            cursor.execute(sql)


if __name__ == "__main__":
    sys.exit(main())

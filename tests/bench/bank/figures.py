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


def measure_bank(only: str = "", say: Callable[[str], None] = lambda _text: None) -> dict[str, Any]:
    """{operation: {found, queries, cpu_p50 … all_p95 in ms, plans}}; writes nothing that stays."""
    from django.db import connection

    from tests.bench.bank.after_exam import after_exam_operations
    from tests.bench.bank.operations import Desk, operations
    from tests.bench.queries import slow_plans

    figures = {}
    desk = Desk()
    for operation in (*operations(desk), *after_exam_operations(desk)):
        if only.lower() not in operation.name.lower():
            continue
        say(operation.name)
        figures[operation.name], statements = _measure(operation)
        plans = slow_plans(statements) if connection.vendor == "postgresql" else []
        figures[operation.name]["plans"] = plans
    return figures


def _measure(operation: Operation) -> tuple[dict[str, Any], list[str]]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with _taken_back(operation), CaptureQueriesContext(connection) as captured:
        found = operation.run()
    statements = [query["sql"] for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]
    cpu, passed = [], []
    for _round in range(operation.rounds):
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
    options = parser.parse_args()
    path = Path(os.environ.get("BENCH_VAR", ROOT / "var" / "bench")) / "bank.sqlite3"
    path.parent.mkdir(parents=True, exist_ok=True)
    if options.fresh:
        path.unlink(missing_ok=True)
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings.test", "DATABASE_URL": f"sqlite:///{path}"}
    import django

    django.setup()
    _make_bank()
    print(bank_table(measure_bank(options.only)))
    return 0


def _make_bank() -> None:
    from contextlib import nullcontext

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
    fill_bank(questions=QUESTIONS, place=bank_place(), without_indexes=lambda _table: nullcontext())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    sys.exit(main())

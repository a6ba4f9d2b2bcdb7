"""`python -m tests.bench.crowd`: a batch sits one exam on the server as it is shipped. See docs/performance.md."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.bench.report import table
from tests.bench.run import ROOT, bench_folder, say, settle_environment
from tests.bench.seed import BenchError, ensure_database
from tests.bench.server import TICKS, cpu_seconds, running

SAVES = 600  # of each kind, for the cost of the flight record


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, nargs="+", default=[100, 500, 1000])
    parser.add_argument("--start", type=float, default=60, help="seconds in which all start")
    parser.add_argument("--write", type=float, default=120, help="seconds of writing after that")
    parser.add_argument("--every", type=float, default=20, help="seconds between two answers of a student")
    parser.add_argument("--submit", type=float, default=60, help="seconds in which all submit")
    return parser.parse_args()


def prepare() -> None:
    """A migrated database; every crowd has a programme of its own. Raises BenchError."""
    ensure_database(os.environ["DATABASE_URL"])
    import django

    django.setup()
    from django.core.management import call_command

    from config.up import static_files_changed

    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    if static_files_changed(Path(os.environ["STATIC_ROOT"])):
        call_command("collectstatic", interactive=False, verbosity=0, skip_checks=True)


def make_crowd(students: int) -> dict[str, Any]:
    """An exam of its own, its students' tokens, and what they answer, of every objective question in turn."""
    from rest_framework_simplejwt.settings import api_settings
    from rest_framework_simplejwt.tokens import AccessToken

    from accounts.models import User
    from tests.journeys.world import main as make_world

    world = make_world({"students": students})
    api_settings.ACCESS_TOKEN_LIFETIME = timedelta(hours=2)
    people = User.objects.filter(email__in=world["students"])
    return {
        "exam": world["exam"],
        "tokens": [str(AccessToken.for_user(person)) for person in people],
        "answers": [[world["questions"][number], answer] for number, answer in world["right"].items()],
    }


def postgres_seconds() -> float:
    """User and system time of the living server processes of PostgreSQL that serve this database."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        return sum(_cpu(row[0]) for row in cursor.fetchall())


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def sit(students: int, options: argparse.Namespace, port: int, group: int) -> dict[str, Any]:
    """One crowd from start to submit, with the processor time of server, database and load."""
    crowd = make_crowd(students)
    phases = {name: getattr(options, name) for name in ("start", "write", "every", "submit")}
    before, database = cpu_seconds(group), postgres_seconds()
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.crowd_load"], input=json.dumps(crowd | phases | {"port": port}),
        capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    result = json.loads(done.stdout)
    used, database = cpu_seconds(group) - before, postgres_seconds() - database
    return result | {"students": students, "server": used, "database": database, "load": os.getloadavg()[0]}


def render(results: list[dict[str, Any]]) -> str:
    header = [
        "students", "requests", "errors", "save p50 ms", "p95", "p99", "start p95", "submit p95", "server CPU s",
        "PostgreSQL", "load", "server ms a request", "machine's load",
    ]  # fmt: skip
    rows = []
    for one in results:
        times, nothing = one["times"], {"p50": 0, "p95": 0, "p99": 0}
        save, start, submit = (times.get(what, nothing) for what in ("save", "start", "submit"))
        milliseconds = [save["p50"], save["p95"], save["p99"], start["p95"], submit["p95"]]
        rows.append(
            [
                str(one["students"]), str(one["requests"]), str(sum(one["errors"].values())),
                *(f"{value:.0f}" for value in milliseconds),
                *(f"{one[what]:.1f}" for what in ("server", "database", "cpu")),
                f"{1000 * one['server'] / max(1, one['requests']):.1f}", f"{one['load']:.1f}",
            ]
        )  # fmt: skip
    return table(header, rows)


def record_costs() -> str:
    """Processor time of a save with and without its line of the flight record, in turns, in one process."""
    from django.db import connection
    from django.utils import timezone

    from accounts.models import User
    from assessments.models import Exam
    from assessments.services import response_rows
    from assessments.services.attempts import save_response, start_attempt
    from tests.journeys.world import main as make_world

    world = make_world({})
    student, now = User.objects.get(email=world["students"][0]), timezone.now()
    attempt = start_attempt(exam=Exam.objects.get(pk=world["exam"]), student=student, now=now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    whole = response_rows._execute

    def bare(save: str, parameters: list[Any], event: dict[str, Any], attempt_id: Any) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(save, parameters)
            return bool(cursor.rowcount > 0)

    spent = {"with": [0.0, 0.0], "without": [0.0, 0.0]}
    for number in range(2 * SAVES):
        kind = "without" if number // 50 % 2 else "with"
        response_rows._execute = bare if kind == "without" else whole
        before = time.process_time(), _cpu(backend)
        save_response(
            attempt=attempt, question_id=world["questions"]["1"], seq=number + 1, answer={"choices": ["B"]},
            marked_for_review=None, actor=student, now=now,
        )  # fmt: skip
        after = time.process_time(), _cpu(backend)
        spent[kind] = [total + b - a for total, a, b in zip(spent[kind], before, after, strict=True)]
    response_rows._execute = whole
    words = [
        f"{kind} its line {1000 * python / SAVES:.2f} ms in Python and {1000 * database / SAVES:.2f} ms in PostgreSQL"
        for kind, (python, database) in spent.items()
    ]
    ratio = sum(spent["with"]) / sum(spent["without"])
    return f"A save costs {' and '.join(words)}: {ratio:.2f} times as much ({SAVES} of each, in turns)."


def main() -> int:
    os.environ.setdefault("BENCH_DATABASE_URL", "postgres://root@127.0.0.1/abhyas_crowd_bench")
    os.environ.setdefault("BENCH_VAR", str(ROOT / "var" / "crowd"))
    options = arguments()
    env = settle_environment()
    port = int(os.environ.get("BENCH_PORT", "8841"))
    results = []
    try:
        prepare()
        say(record_costs())
        with running(env, port, bench_folder() / "server.log") as group:
            for students in options.students:
                results.append(sit(students, options, port, group))
                say(render(results[-1:]))
                for error, number in results[-1]["errors"].items():
                    say(f"{number} × {error}")
    except BenchError as error:
        say(str(error))
        return 1
    say(render(results))
    return int(any(one["errors"] for one in results))


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.bench.queue`: what the queue's services cost with 10,000 and with 1,000,000 waiting papers.

Two PostgreSQL databases beside BENCH_DATABASE_URL, measured in turns by processes of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tests.bench.report import table
from tests.bench.run import ROOT, bench_folder, say
from tests.bench.seed import BenchError, ensure_database

STUDENTS, TEACHERS = 1000, 40
SLOW_MS = 50.0
CLAIMERS, TAKEN = 32, 2000


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--each", type=int, default=60, help="calls of each service in a round")
    parser.add_argument("--fresh", action="store_true", help="makes the databases again")
    parser.add_argument("--task", choices=["fill", "calls", "sweeps", "claimers"], help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def database(size: int) -> str:
    parts = urlsplit(os.environ.get("BENCH_DATABASE_URL", "postgres://root@127.0.0.1/abhyas_bench"))
    path = f"{parts.path.removesuffix('_bench')}_queue{size}_bench"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def settle(size: int) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    os.environ["DATABASE_URL"] = database(size)
    import django

    django.setup()


# --- Filling ---------------------------------------------------------------------------------------------------------
def fill(size: int, fresh: bool) -> dict[str, Any]:
    """The database with so many papers; kept when it is there."""
    from django.core.management import call_command
    from django.db import connection

    from tests.bench.seed import _without_indexes

    ensure_database(database(size))
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('queue_is_full') IS NOT NULL")
        if cursor.fetchone()[0] and not fresh:
            return {"rows": size, "seconds": 0}
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    began, names = time.monotonic(), _people(size)
    from tests.bench import queue_sql

    with connection.cursor() as cursor:
        cursor.execute(Template(queue_sql.IDS).substitute())
        for name, statement in queue_sql.FILL.items():
            with _without_indexes(name):
                cursor.execute("SET session_replication_role = replica")
                cursor.execute(Template(statement).substitute(names))
                cursor.execute("RESET session_replication_role")
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CREATE TABLE queue_is_full ()")
    return {"rows": size, "seconds": time.monotonic() - began}


def _people(size: int) -> dict[str, Any]:
    from accounts.models import StudentProfile, TeacherProfile, User
    from courses.models import TeachingQualification
    from evaluations.models import SlaPolicy
    from tests import factories

    students = User.objects.bulk_create(
        User(name=f"Student {n}", email=f"s{n}@queue.example", is_student=True) for n in range(STUDENTS)
    )
    StudentProfile.objects.bulk_create(StudentProfile(user=user, grade="X") for user in students)
    paper = factories.small_paper([("B", 1, "", "short_answer", "18", ("17", "1"))])
    exam = factories.ExamFactory(paper=paper, programme=paper.programme)
    for number in range(TEACHERS):
        teacher = factories.TeacherFactory(name=f"Teacher {number}", email=f"t{number}@queue.example")
        TeachingQualification.objects.create(teacher=teacher, programme=paper.programme)
    # The author of the question is a teacher too, but does not mark.
    TeacherProfile.objects.exclude(user__email__endswith="@queue.example").delete()
    TeacherProfile.objects.update(open_paper_cap=30_000)
    factories.UserFactory(name="Office", email="office@queue.example", is_staff=True)
    policy = SlaPolicy.objects.get(is_default=True)
    return {
        "papers": size, "students": STUDENTS, "teachers": TEACHERS, "exam": exam.pk, "paper": paper.pk,
        "policy": policy.pk,
    }  # fmt: skip


# --- One call after the other ----------------------------------------------------------------------------------------
def calls(each: int) -> dict[str, list[float]]:
    """Milliseconds of each call. What is taken is put back, so that rounds are alike."""
    from django.utils import timezone

    from accounts.models import User
    from evaluations.enums import EvaluationState as State
    from evaluations.models import Evaluation
    from evaluations.services.assignment import assign_evaluation, requeue_evaluations
    from evaluations.services.claims import claim_next, release_claim, renew_lease

    staff = User.objects.get(is_staff=True)
    teachers = list(User.objects.filter(teacher_profile__isnull=False).select_related("teacher_profile").order_by("id"))
    times: dict[str, list[float]] = {}

    def timed(name: str, call: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        result = call()
        times.setdefault(name, []).append(1000 * (time.perf_counter() - began))
        return result

    waiting = list(Evaluation.objects.filter(state=State.QUEUED).order_by("-due_at")[:each])
    for turn, paper in enumerate(waiting):
        now, teacher = timezone.now(), teachers[turn % len(teachers)]
        timed("assign", lambda paper=paper, now=now: assign_evaluation(evaluation=paper, now=now))
        own = timed("claim own", lambda teacher=teacher, now=now: claim_next(teacher=teacher, now=now))
        timed("renew", lambda own=own, teacher=teacher, now=now: renew_lease(evaluation=own, teacher=teacher, now=now))
        timed("move", lambda own=own, teacher=teacher, now=now: release_claim(evaluation=own, teacher=teacher, now=now))
    given = Evaluation.objects.filter(pk__in=[paper.pk for paper in waiting], state=State.ASSIGNED)
    requeue_evaluations(evaluations=list(given), actor=staff, reason="bench", now=timezone.now())
    puller = teachers[0]
    kept = list(Evaluation.objects.filter(teacher=puller, state=State.ASSIGNED))
    Evaluation.objects.filter(pk__in=[paper.pk for paper in kept]).update(state=State.FINALISED)
    pulled = [timed("claim waiting", lambda: claim_next(teacher=puller, now=timezone.now())) for _again in range(each)]
    requeue_evaluations(evaluations=pulled, actor=staff, reason="bench", now=timezone.now())
    Evaluation.objects.filter(pk__in=[paper.pk for paper in kept]).update(state=State.ASSIGNED)
    return times


# --- Sweeps and pages ------------------------------------------------------------------------------------------------
def sweeps() -> dict[str, Any]:
    """By name: the better of two times, the number of statements and the plans of those over SLOW_MS."""
    from unittest import mock

    from django.test import Client
    from django.utils import timezone

    from accounts.models import Leave, TeacherProfile, User
    from evaluations.models import Evaluation
    from evaluations.selectors import queue_for, staff_board, waiting_for
    from evaluations.selectors.board import office_board
    from evaluations.services.assignment import assign_waiting
    from evaluations.services.breaches import scan_breaches
    from evaluations.services.claims import lapse_idle_claims
    from evaluations.services.forecasting import open_queue, refresh_forecasts
    from evaluations.services.opening import open_missing_evaluations
    from evaluations.services.rebalancing import rebalance
    from evaluations.services.reminders import remind
    from notifications import tasks

    now = timezone.now()
    oldest = Evaluation.objects.filter(state="queued").order_by("due_at").values_list("due_at", flat=True).first()
    assert oldest is not None
    # However long ago the rows were made: as many are late and to be reminded of as then.
    now = min(now, oldest - timedelta(hours=2))
    teacher = User.objects.filter(teacher_profile__isnull=False).order_by("id")[0]
    client = Client(SERVER_NAME="localhost")
    client.force_login(teacher)
    found = {}
    with mock.patch.object(tasks.send_mail, "delay"), mock.patch.object(tasks.send_mails, "delay"):
        for name, call in {
            "remind, nothing due": lambda: remind(now=now),
            "scan_breaches, nothing late": lambda: scan_breaches(now=now),
            "lapse_idle_claims": lambda: lapse_idle_claims(now=now),
            "rebalance, nobody away": lambda: rebalance(now=now),
            "open_missing_evaluations": lambda: open_missing_evaluations(now=now),
            "open_queue, the nearest 20,000": lambda: open_queue(now),
            "refresh_forecasts": lambda: refresh_forecasts(now=now),
            "staff_board": lambda: staff_board(now),
            "office_board": lambda: office_board(now),
            "queue_for": lambda: queue_for(teacher, now),
            "waiting_for": lambda: waiting_for(teacher),
            "teacher's queue page": lambda: client.get("/marking/"),
        }.items():
            found[name] = _measured(call)
        caps = list(TeacherProfile.objects.values_list("pk", "open_paper_cap"))
        TeacherProfile.objects.update(open_paper_cap=1)
        found["assign_waiting, all full"] = _measured(lambda: assign_waiting(now=now))
        TeacherProfile.objects.update(open_paper_cap=caps[0][1])
        day = (now + timedelta(hours=5.5)).date()
        leave = Leave.objects.create(teacher_id=teacher.pk, starts_on=day, ends_on=day + timedelta(days=9))
        found["rebalance, one away (moves 10)"] = _measured(lambda: rebalance(now=now), times=1)
        leave.delete()
        later = oldest - timedelta(minutes=89)
        found["remind, up to 200 at half"] = _measured(lambda: remind(now=later), times=1)
    return found


def _measured(call: Callable[[], Any], times: int = 2) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    best, result = float("inf"), None
    for _again in range(times):
        began = time.perf_counter()
        result = call()
        best = min(best, 1000 * (time.perf_counter() - began))
    plans: list[str] = []
    statements = 0
    if times > 1:
        with CaptureQueriesContext(connection) as captured:
            call()
        statements = len(captured.captured_queries)
        slow = [query["sql"] for query in captured.captured_queries if float(query["time"]) * 1000 > SLOW_MS]
        plans = [_plan(sql) for sql in slow[:3] if sql.lstrip().upper().startswith("SELECT")]
    shown = result if isinstance(result, int) else None
    return {"ms": best, "statements": statements, "plans": plans, "result": shown}


def _plan(sql: str) -> str:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + sql.replace("%", "%%"), [])
        lines = "\n".join(row[0] for row in cursor.fetchall())
    return f"{sql[:1500]}\n{lines}"


# --- Many at once ----------------------------------------------------------------------------------------------------
def claimers() -> dict[str, Any]:
    """CLAIMERS threads in four processes, each with a connection, claim until TAKEN papers are taken."""
    from django.utils import timezone

    from accounts.models import User
    from evaluations.enums import EvaluationState as State
    from evaluations.models import Evaluation, Transition
    from evaluations.services.assignment import requeue_evaluations

    if "CLAIMER" in os.environ:
        return _claim_some(int(os.environ["CLAIMER"]))
    began = time.monotonic()
    since = timezone.now()
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.bench.queue", *sys.argv[1:]],
            cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "CLAIMER": str(number)},
        )
        for number in range(4)
    ]  # fmt: skip
    answers = [json.loads(process.communicate()[0].splitlines()[-1]) for process in processes]
    taken = [pair for answer in answers for pair in answer["taken"]]
    claims = Transition.objects.filter(name="claim", at__gte=since)
    held = {str(pk): str(teacher) for pk, teacher in claims.values_list("evaluation_id", "actor_id")}
    double = len(taken) - len({paper for paper, _ in taken})
    wrong = sum(held.get(paper) != who for paper, who in taken) + (claims.count() != len(taken))
    staff = User.objects.get(is_staff=True)
    rows = list(Evaluation.objects.filter(state=State.IN_PROGRESS))
    requeue_evaluations(evaluations=rows, actor=staff, reason="bench", now=timezone.now())
    window = max(a["ends"] for a in answers) - min(a["begins"] for a in answers)
    times = sorted(one for answer in answers for one in answer["ms"])
    return {
        "taken": len(taken), "double": double, "wrong": wrong, "per_second": len(taken) / window,
        "p50": times[len(times) // 2], "p95": times[len(times) * 95 // 100], "seconds": time.monotonic() - began,
    }  # fmt: skip


def _claim_some(number: int) -> dict[str, Any]:
    from threading import Barrier, Thread

    from django.db import connection
    from django.utils import timezone

    from accounts.models import User
    from evaluations.services.claims import claim_next

    people = list(User.objects.filter(teacher_profile__isnull=False).select_related("teacher_profile").order_by("id"))
    mine, share = CLAIMERS // 4, -(-TAKEN // CLAIMERS)
    taken: list[tuple[str, str]] = []
    times: list[float] = []
    gate = Barrier(mine)

    def claim(teacher: User) -> None:
        gate.wait()
        for _again in range(share):
            began = time.perf_counter()
            paper = claim_next(teacher=teacher, now=timezone.now())
            times.append(1000 * (time.perf_counter() - began))
            assert paper is not None
            taken.append((str(paper.pk), str(teacher.pk)))
        connection.close()

    threads = [Thread(target=claim, args=(people[number * mine + n],)) for n in range(mine)]
    begins = time.time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"taken": taken, "ms": times, "begins": begins, "ends": time.time()}


# --- All of it -------------------------------------------------------------------------------------------------------
def child(task: str, size: int, *more: str) -> Any:
    """One task in a process of its own. Raises BenchError."""
    command = [sys.executable, "-m", "tests.bench.queue", "--task", task, "--size", str(size), *more]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{task} with {size} papers ended with {done.returncode}.")
    return json.loads(done.stdout.splitlines()[-1])


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def measure(options: argparse.Namespace) -> dict[str, Any]:
    for size in options.sizes:
        filled = child("fill", size, *(["--fresh"] if options.fresh else []))
        say(f"{size:,} papers, made in {filled['seconds']:.0f} s")
    times: dict[str, dict[int, list[float]]] = {}
    for turn in range(options.rounds):
        for size in options.sizes if turn % 2 == 0 else reversed(options.sizes):
            for name, found in child("calls", size, "--each", str(options.each)).items():
                times.setdefault(name, {}).setdefault(size, []).extend(found)
    many = {size: child("claimers", size) for size in options.sizes}
    swept = {size: child("sweeps", size) for size in options.sizes}
    return {"times": times, "claimers": many, "sweeps": swept}


def render(found: dict[str, Any], sizes: list[int]) -> str:
    small, large = sizes[0], sizes[-1]
    header = [
        "ms",
        *(f"{share} of {size:,}" for size in (small, large) for share in ("p50", "p95")),
        "ratio p50",
        "p95",
    ]
    lines = []
    for name, by_size in found["times"].items():
        values = [percentile(by_size[size], share) for size in (small, large) for share in (0.5, 0.95)]
        lines.append(
            [name, *(f"{v:.1f}" for v in values), f"{values[2] / values[0]:.2f}", f"{values[3] / values[1]:.2f}"]
        )
    many = [
        [f"{size:,}", f"{one['taken']:,}", str(one["double"]), str(one["wrong"]),
         *(f"{one[key]:.0f}" for key in ("per_second", "p50", "p95"))]
        for size, one in found["claimers"].items()
    ]  # fmt: skip
    swept = [
        [name, *(f"{found['sweeps'][size][name]['ms']:.1f}" for size in (small, large)), str(one["statements"]),
         "" if one["result"] is None else f"{one['result']:,}"]
        for name, one in found["sweeps"][large].items()
    ]  # fmt: skip
    plans = [plan for one in found["sweeps"][large].values() for plan in one["plans"]]
    return "\n\n".join(
        [
            table(header, lines),
            table([f"{CLAIMERS} claimers", "taken", "double", "wrong", "claims/s", "p50 ms", "p95 ms"], many),
            table(["ms", f"{small:,}", f"{large:,}", "statements", "result"], swept),
            *plans,
        ]
    )


def main() -> int:
    options = arguments()
    try:
        if options.task:
            if options.task == "fill":
                ensure_database(database(options.size))
            settle(options.size)
            tasks: dict[str, Callable[[], Any]] = {
                "fill": lambda: fill(options.size, options.fresh),
                "calls": lambda: calls(options.each),
                "sweeps": sweeps,
                "claimers": claimers,
            }
            print(json.dumps(tasks[options.task]()))
            return 0
        found = measure(options)
    except BenchError as error:
        say(str(error))
        return 1
    folder: Path = bench_folder()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "queue.json").write_text(json.dumps(found))
    say(render(found, options.sizes))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.bench.live`: thousands of idle live streams on one process. See docs/performance.md."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench.report import table
from tests.bench.run import ROOT, bench_folder, say, settle_environment
from tests.bench.seed import BenchError, ensure_database
from tests.bench.server import TICKS, running

PEOPLE = 100


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=5000)
    parser.add_argument("--idle", type=float, default=60, help="seconds in which the streams only lie there")
    parser.add_argument("--rounds", type=int, default=5, help="how often everybody is told something")
    return parser.parse_args()


def prepare() -> list[tuple[Any, str]]:
    """A migrated database with people who are signed in: (id, session key). Raises BenchError."""
    ensure_database(os.environ["DATABASE_URL"])
    import django

    django.setup()
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.cached_db import SessionStore
    from django.core.management import call_command

    from accounts.models import User
    from config.up import static_files_changed

    call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    if static_files_changed(Path(os.environ["STATIC_ROOT"])):
        call_command("collectstatic", interactive=False, verbosity=0, skip_checks=True)
    people = []
    for number in range(PEOPLE):
        person, _ = User.objects.get_or_create(email=f"live{number}@example.com", defaults={"name": f"Live {number}"})
        session = SessionStore()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.create()
        people.append((person.pk, str(session.session_key)))
    return people


def allow_files(number: int) -> None:
    """Raises BenchError where so many sockets are not allowed."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < number:
        raise BenchError(f"{number} open files are needed, and `ulimit -Hn` says {hard}.")
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))


def worker_of(server: int) -> int:
    """The process that holds the streams: the only child of granian that serves."""
    found = subprocess.run(["pgrep", "-P", str(server)], capture_output=True, text=True, check=True).stdout.split()
    return max(map(int, found), key=memory_kib)


def memory_kib(pid: int) -> int:
    """Resident memory of the process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def cpu(pid: int) -> float:
    """User and system time of the process in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Crowd:
    """The clients, in a process of their own: they hold streams and note when they hear something."""

    def __init__(self, port: int, sessions: list[str], streams: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.live_load"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self.opened = self.ask({"port": port, "sessions": sessions, "streams": streams})

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise BenchError("The clients' process ended.")
        return dict(json.loads(answer))


def tell_all(people: list[tuple[Any, str]], crowd: Crowd, title: str) -> dict[str, Any]:
    """One notification for everybody; how long after the commit each stream had it, in milliseconds."""
    from django.utils import timezone

    from notifications.services.inbox import News, notify_many

    crowd.ask({"await": title})
    cause = f"{title} {time.time()}"
    news = [News(user_id=pk, kind="paper_assigned", cause=cause, title=title, url="/marking/") for pk, _ in people]
    notify_many(news, now=timezone.now())
    return crowd.ask({"told": time.time()})


def measure(options: argparse.Namespace, env: dict[str, str], people: list[tuple[Any, str]]) -> list[list[str]]:
    port = int(os.environ.get("BENCH_PORT", "8842"))
    per_person = -(-options.streams // len(people))
    env |= {"LIVE_STREAMS": str(options.streams), "LIVE_STREAMS_PER_PERSON": str(per_person)}
    with running(env, port, bench_folder() / "live.log", workers=1) as server:
        worker = worker_of(server)
        sessions = [session for _, session in people]
        Crowd(port, sessions, 50).process.kill()  # what the first streams bring with them is no stream's own
        time.sleep(2)
        before = memory_kib(worker)
        began, used = time.monotonic(), cpu(worker)
        crowd = Crowd(port, sessions, options.streams)
        opening, opening_cpu = time.monotonic() - began, cpu(worker) - used
        time.sleep(2)
        after, used = memory_kib(worker), cpu(worker)
        time.sleep(options.idle)
        idle = (cpu(worker) - used) / options.idle
        rounds = [tell_all(people, crowd, f"News {number}") for number in range(options.rounds)]
        idle_after = memory_kib(worker)
        crowd.process.kill()
        crowd.process.wait()
    best = min(rounds, key=lambda one: one["last"])
    rows = [
        ["streams open (of those asked for)", f"{crowd.opened['open']} of {options.streams}"],
        ["memory before and with them, MiB", f"{before / 1024:.0f} and {after / 1024:.0f}"],
        ["memory of a stream, KiB", f"{(after - before) / max(1, crowd.opened['open']):.1f}"],
        ["memory after all rounds, MiB", f"{idle_after / 1024:.0f}"],
        ["opening them: s, ms of processor each", f"{opening:.1f}, {1000 * opening_cpu / options.streams:.2f}"],
        ["processor while idle, pings included", f"{100 * idle:.1f} %"],
    ]
    for name, one in (("best round", best), ("worst", max(rounds, key=lambda one: one["last"]))):
        text = f"{one['p50']:.0f}, {one['p95']:.0f}, {one['last']:.0f} ({one['heard']} heard)"
        rows.append([f"one event to all, ms p50, p95, last: {name}", text])
    return rows


def main() -> int:
    options = arguments()
    os.environ.setdefault("BENCH_DATABASE_URL", "postgres://root@127.0.0.1/abhyas_live_bench")
    env = settle_environment()
    try:
        allow_files(options.streams + 2000)
        people = prepare()
        rows = measure(options, env, people)
    except BenchError as error:
        say(str(error))
        return 1
    say(table(["", ""], rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())

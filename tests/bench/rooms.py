"""`python -m tests.bench.rooms`: a room of a course with hundreds of people in it. See docs/performance.md."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

from tests.bench.live import allow_files
from tests.bench.report import table
from tests.bench.run import ROOT, bench_folder, say, settle_environment
from tests.bench.seed import BenchError, ensure_database
from tests.bench.server import cpu_seconds, running


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=500, help="connected to the room")
    parser.add_argument("--rate", type=float, default=20, help="messages a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--workers", type=int, default=2, help="processes of the server")
    return parser.parse_args()


def prepare(people: int) -> dict[str, Any]:
    """A migrated database with a new room and people in it who are signed in. Raises BenchError."""
    ensure_database(os.environ["DATABASE_URL"])
    import django

    django.setup()
    from django.core.management import call_command

    from config.up import static_files_changed

    call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    if static_files_changed(Path(os.environ["STATIC_ROOT"])):
        call_command("collectstatic", interactive=False, verbosity=0, skip_checks=True)
    return room_with(people)


def room_with(people: int) -> dict[str, Any]:
    """{"room", "sessions"}: a room, and the session keys of so many students in it."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.cached_db import SessionStore
    from django.utils import timezone

    from accounts.models import User
    from courses.models import Course, Enrolment, Room

    now, name = timezone.now(), uuid.uuid4().hex[:10]
    teacher = User.objects.create(email=f"{name}@example.com", name="Teacher", is_teacher=True)
    course = Course.objects.create(
        slug=name, title="Room", state="published", created_by=teacher, created_at=now, updated_at=now
    )
    room = Room.objects.create(course=course, opened_at=now)
    sessions = []
    for number in range(people):
        person = User.objects.create(email=f"{name}-{number}@example.com", name=f"Student No {number}", is_student=True)
        Enrolment.objects.create(course=course, student=person, source="self", state="active", created_at=now)
        session = SessionStore()
        session[SESSION_KEY] = str(person.pk)
        session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
        session[HASH_SESSION_KEY] = person.get_session_auth_hash()
        session.create()
        sessions.append(str(session.session_key))
    return {"room": str(room.pk), "sessions": sessions}


def play(plan: dict[str, Any]) -> dict[str, Any]:
    """Runs the clients in a process of their own. Raises BenchError."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.rooms_load"],
        input=json.dumps(plan),
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise BenchError("The clients' process ended.")
    return dict(json.loads(done.stdout))


def rows_of(found: dict[str, Any], plan: dict[str, Any], cpu: float, load: tuple[float, ...]) -> list[list[str]]:
    wanted = found["said"] * found["connected"]
    heard = found["heard"]
    return [
        ["people connected", f"{found['connected']} of {len(plan['sessions'])}"],
        ["messages said, refused", f"{found['said']}, {found['refused']}"],
        ["deliveries, of those due", f"{heard} of {wanted}"],
        ["lost", str(wanted - heard)],
        ["twice or out of order on a page", str(found["disorder"])],
        ["ms from Send to the page: p50, p95, p99, longest", "{:.0f}, {:.0f}, {:.0f}, {:.0f}".format(*found["stream"])],
        ["ms until Send had its receipt: p50, p95, longest", "{:.0f}, {:.0f}, {:.0f}".format(*found["receipt"])],
        ["connections broken by force", str(found["broken"])],
        [
            "messages that these asked for, and when they had the last, ms",
            f"{found['fetched']}, {found['caught_up']:.0f}",
        ],
        ["gaps and repeats that pages healed themselves", f"{found['gaps']}, {found['repeats']}"],
        ["processor of the server, of two cores", f"{cpu:.0%}"],
        ["load average before and after", f"{load[0]:.1f}, {load[1]:.1f}"],
    ]


def main() -> int:
    options = arguments()
    os.environ.setdefault("BENCH_DATABASE_URL", "postgres://root@127.0.0.1/abhyas_rooms_bench")
    env = settle_environment() | {"LIVE_STREAMS": str(options.people * 2)}
    port = int(os.environ.get("BENCH_PORT", "8843"))
    try:
        allow_files(options.people * 3 + 500)
        plan = prepare(options.people) | {"port": port, "rate": options.rate, "seconds": options.seconds}
        before = os.getloadavg()[0]
        with running(env, port, bench_folder() / "rooms.log", workers=options.workers) as server:
            used = cpu_seconds(server)
            found = play(plan)
            cpu = (cpu_seconds(server) - used) / found["lasted"] / 2
    except BenchError as error:
        say(str(error))
        return 1
    say(table(["", ""], rows_of(found, plan, cpu, (before, os.getloadavg()[0]))))
    lost = found["said"] * found["connected"] - found["heard"]
    return 0 if not lost and not found["disorder"] and found["connected"] == options.people else 1


if __name__ == "__main__":
    sys.exit(main())

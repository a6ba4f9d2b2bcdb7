"""`python -m tests.bench.run`: figures of the main pages on a large PostgreSQL database. See docs/performance.md."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import report
from tests.bench.bank.figures import bank_checks, bank_table, checks_text, measure_bank
from tests.bench.pages import PAGES, Doors, Page, Targets
from tests.bench.queries import count_queries, slow_plans
from tests.bench.seed import BenchError, ensure_database, seed_database
from tests.bench.server import THREADS, WORKERS, cpu_seconds, running

ROOT = Path(__file__).resolve().parents[2]
CONNECTIONS = WORKERS * THREADS
MAX_PREPARED = 4000


def say(text: str) -> None:
    print(text, flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="make the database again")
    parser.add_argument("--rounds", type=int, default=3, help="how often each page is measured; the best counts")
    parser.add_argument("--seconds", type=float, default=3, help="for each page and round")
    parser.add_argument("--only", default="", help="only pages whose name contains this")
    parser.add_argument("--no-load", action="store_true", help="count queries and read plans only")
    return parser.parse_args()


def bench_folder() -> Path:
    """Where collected static files and the server's log go."""
    return Path(os.environ.get("BENCH_VAR", ROOT / "var" / "bench"))


def settle_environment() -> dict[str, str]:
    """The environment of production without TLS and object storage; the same for this process and the server."""
    var = bench_folder()
    os.environ.update(
        {
            "DJANGO_SETTINGS_MODULE": "config.settings.prod",
            "SECRET_KEY": "only-for-the-benchmark-" + "x" * 40,
            "DATABASE_URL": os.environ.get("BENCH_DATABASE_URL", "postgres://root@127.0.0.1/abhyas_bench"),
            "CACHE_URL": os.environ.get("BENCH_CACHE_URL", "redis://127.0.0.1:6379/5"),
            "BROKER_URL": "djangodb://",
            "SHEETS_STORAGE": "local",
            "ABHYAS_VAR": str(var),
            "STATIC_ROOT": str(var / "static"),
            "SECURE_SSL_REDIRECT": "no",
            "COOKIES_SECURE": "no",
            "LOG_LEVEL": "WARNING",
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            # A few dozen people send what thousands would; the limit per person is not what is measured.
            "API_RATE_USER": "1000000/min",
        }
    )
    return dict(os.environ)


def prepare(fresh: bool) -> dict[str, int]:
    """Database, cache and static files. Raises BenchError."""
    ensure_database(os.environ["DATABASE_URL"])
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.sessions.models import Session
    from django.core.cache import cache
    from django.core.management import call_command

    from config.up import static_files_changed

    try:
        cache.set("bench", 1, 1)
    except Exception as error:
        url = os.environ["CACHE_URL"]
        raise BenchError(f"The cache at {url} cannot be used: {error}. See BENCH_CACHE_URL.") from error
    if static_files_changed(Path(settings.STATIC_ROOT)):
        call_command("collectstatic", interactive=False, verbosity=0, skip_checks=True)
    rows = seed_database(say=say, fresh=fresh)
    Session.objects.all().delete()
    return rows


def raw_request(page: Page, call: Any, headers: dict[str, str], port: int) -> str:
    """The request as it goes over the wire."""
    body = call.body or ""
    lines = [f"{'PUT' if call.body else 'GET'} {call.path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if call.body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def measure(requests: list[str], port: int, *, seconds: float, limit: int) -> dict[str, Any]:
    """Runs the load generator in its own process."""
    plan = {"port": port, "connections": CONNECTIONS, "seconds": seconds, "limit": limit, "requests": requests}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"], input=json.dumps(plan), capture_output=True, text=True, cwd=ROOT,
        timeout=seconds + 60, check=True,
    )  # fmt: skip
    return dict(json.loads(done.stdout))


def measure_page(
    page: Page, targets: Targets, doors: Doors, *, port: int, group: int, seconds: float
) -> dict[str, Any]:
    """One round of one page, warmed up. Raises NoReverseMatch."""
    calls = [call for call, _ in zip(targets.calls(page), range(MAX_PREPARED), strict=False)]
    requests = [raw_request(page, call, doors.headers(page, call), port) for call in calls]
    # A second save with the same `seq` would only be ignored, so each prepared one is sent once.
    limit = len(requests) - CONNECTIONS * 10 if page.saves else 10**6
    measure(requests[-CONNECTIONS * 10 :], port, seconds=seconds, limit=CONNECTIONS * 10)
    return measure_round(requests[:limit], port, group, seconds=seconds, limit=limit)


def measure_round(requests: list[str], port: int, group: int, *, seconds: float, limit: int) -> dict[str, Any]:
    """One round of load, with the CPU time a request cost the server."""
    before = cpu_seconds(group)
    result = measure(requests, port, seconds=seconds, limit=limit)
    used = cpu_seconds(group) - before
    result["cpu_ms"] = round(1000 * used / max(1, result["requests"]), 2)
    result["load_average"] = os.getloadavg()[0]
    return result


def hash_speed() -> float:
    """Megabytes per second of SHA-256 over 200 MB: how fast this machine was just then."""
    block = b"x" * 1_000_000
    digest = hashlib.sha256()
    began = time.perf_counter()
    for _ in range(200):
        digest.update(block)
    return round(200 / (time.perf_counter() - began), 0)


def run_load(
    env: dict[str, str], pages: list[Page], options: argparse.Namespace
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Every page `rounds` times, one after the other, so that a busy moment does not hit one page only."""
    from django.urls import NoReverseMatch

    targets, doors = Targets(), Doors()
    port = int(os.environ.get("BENCH_PORT", "8840"))
    found: dict[str, list[dict[str, Any]]] = {}
    empty: list[dict[str, Any]] = []
    hashing = []
    healthz = [f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"]
    with running(env, port, bench_folder() / "server.log") as group:
        for number in range(options.rounds):
            hashing.append(hash_speed())
            empty.append(measure_round(healthz, port, group, seconds=options.seconds, limit=10**6))
            for page in pages:
                try:
                    result = measure_page(page, targets, doors, port=port, group=group, seconds=options.seconds)
                except NoReverseMatch:
                    result = {"missing": f"there is no route “{page.route}”"}
                found.setdefault(page.name, []).append(result)
            say(f"round {number + 1} of {options.rounds} done, load average {os.getloadavg()[0]:.1f}")
    best = {name: max(rounds, key=lambda r: r.get("per_second", 0)) for name, rounds in found.items()}
    speed = {"sha256_mb_per_second": max(hashing), "healthz": max(empty, key=lambda r: r["per_second"])}
    for result in best.values():
        if "per_second" in result:
            result["of_healthz"] = round(result["per_second"] / speed["healthz"]["per_second"], 4)
    return best, speed


def run_queries(pages: list[Page]) -> dict[str, Any]:
    from django.urls import NoReverseMatch

    targets, doors = Targets(), Doors()
    counts: dict[str, Any] = {}
    for page in pages:
        try:
            counted = count_queries(page, targets, doors)
        except NoReverseMatch:
            counts[page.name] = {"missing": f"there is no route “{page.route}”"}
            continue
        counts[page.name] = counted | {"plans": slow_plans(counted.pop("statements"))}
    return counts


def main() -> int:
    options = arguments()
    env = settle_environment()
    try:
        rows = prepare(options.fresh)
        pages = [page for page in PAGES if options.only.lower() in page.name.lower()]
        counts = run_queries(pages)
        bank = measure_bank(options.only)
        checks = {} if options.only else bank_checks()
        load, speed = ({}, {}) if options.no_load else run_load(env, [p for p in pages if p.timed], options)
    except BenchError as error:
        say(str(error))
        return 1
    now = datetime.now(UTC)
    result = {
        "at": now.isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg(),
        "server": f"granian, {WORKERS} workers × {THREADS} threads, {CONNECTIONS} connections",
        "rows": rows,
        "calibration": speed,
        "pages": load,
        "queries": counts,
        "bank": bank,
        "bank_checks": checks,
    }
    path = ROOT / "bench-results" / f"{now:%Y-%m-%dT%H%M%S}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1, default=str))
    say(report.render(result))
    say(bank_table(bank))
    if checks:
        say(checks_text(checks))
    say(f"written to {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

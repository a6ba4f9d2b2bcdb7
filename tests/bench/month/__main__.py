"""`python -m tests.bench.month`: a month of the institute, with the real services. See docs/sla.md."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from tests.bench.month.draw import Options, World, draw_world
from tests.bench.run import ROOT, bench_folder, say
from tests.bench.seed import BenchError, ensure_database

NAMES = ("random", "least", "minutes", "still", "ours", "pressed")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=int, default=10_000)
    parser.add_argument("--teachers", type=int, default=40)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--step", type=int, default=10, help="simulated minutes between two beats")
    parser.add_argument("--forecast", type=int, default=30, help="simulated minutes between two forecasts")
    parser.add_argument("--strategies", nargs="+", default=list(NAMES), choices=NAMES)
    parser.add_argument("--jobs", type=int, default=2, help="strategies played at the same time")
    parser.add_argument("--sqlite", action="store_true", help="in memory, instead of PostgreSQL")
    parser.add_argument("--plot", type=Path, help="writes the picture (SVG) here")
    parser.add_argument("--one", choices=NAMES, help=argparse.SUPPRESS)
    return parser.parse_args()


def database(name: str) -> str:
    """Each strategy has a database of its own beside BENCH_DATABASE_URL."""
    parts = urlsplit(os.environ.get("BENCH_DATABASE_URL", "postgres://root@127.0.0.1/abhyas_bench"))
    path = parts.path.removesuffix("_bench") + f"_{name}_bench"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def world_of(options: argparse.Namespace) -> World:
    names = ("papers", "teachers", "days", "seed", "step", "forecast")
    return draw_world(Options(**{name: getattr(options, name) for name in names}))


def play_one(options: argparse.Namespace) -> dict[str, Any]:
    """Empties the database, plays one strategy in it and returns its figures."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    os.environ["DATABASE_URL"] = "sqlite:///:memory:" if options.sqlite else database(options.one)
    os.environ["PGOPTIONS"] = "-c synchronous_commit=off"
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    if not options.sqlite:
        ensure_database(os.environ["DATABASE_URL"])
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    from tests.bench.month.figures import outcome
    from tests.bench.month.play import STRATEGIES, Month

    world = world_of(options)
    began = time.monotonic()
    month = Month(world, STRATEGIES[options.one], lambda text: say(f"  {options.one}: {text}"))
    record = month.play()
    return outcome(world, STRATEGIES[options.one], record, time.monotonic() - began)


def play_all(options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Each strategy in a process of its own, `jobs` at a time. Raises BenchError when one fails."""
    waiting, running = list(options.strategies), {}
    while waiting or running:
        while waiting and len(running) < options.jobs:
            name = waiting.pop(0)
            command = [sys.executable, "-m", "tests.bench.month", *sys.argv[1:], "--one", name]
            running[name] = subprocess.Popen(command, cwd=ROOT)
        for name, process in list(running.items()):
            if process.poll() is not None:
                del running[name]
                if process.returncode:
                    raise BenchError(f"“{name}” ended with {process.returncode}.")
        time.sleep(0.2)
    return [json.loads((folder / f"{name}.json").read_text()) for name in options.strategies]


def main() -> int:
    options = arguments()
    folder = bench_folder() / "month"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if options.one:
            (folder / f"{options.one}.json").write_text(json.dumps(play_one(options)))
            return 0
        began = time.monotonic()
        outcomes = play_all(options, folder)
    except BenchError as error:
        say(str(error))
        return 1
    from tests.bench.month.report import render

    say(render(outcomes))
    say(f"{time.monotonic() - began:.0f} s for all of them")
    if options.plot:
        from tests.bench.month.plot import plot

        options.plot.write_text(plot(outcomes, world_of(options)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

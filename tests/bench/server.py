"""The production server as a child process, and the CPU time it uses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from config.up import StartError, check_port
from tests.bench.seed import BenchError

WORKERS, THREADS = 2, 2
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def running(env: Mapping[str, str], port: int, log: Path, *, workers: int = WORKERS) -> Iterator[int]:
    """Starts granian on `port` of 127.0.0.1 and yields its process group once it answers. Raises BenchError."""
    try:
        check_port("127.0.0.1", port)
    except StartError as error:
        raise BenchError(str(error).replace("PORT=", "BENCH_PORT=").replace("make run", "make bench")) from error
    options = f"--host 127.0.0.1 --port {port} --workers {workers} --backpressure 101024 --no-ws"
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "asgi",
        "config.asgi:application",
        *options.split(),
        "--log-level",
        "warning",
    ]
    given = {"WEB_THREADS": str(THREADS), **env}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=given, stdout=output, stderr=output, start_new_session=True)
    try:
        _wait(process, port, log)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
            return
        time.sleep(0.2)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-6:])
    raise BenchError(f"The server did not start. The end of {log}:\n{tail}")


def cpu_seconds(group: int) -> float:
    """User and system time of every living process of the group; 0 where there is no /proc."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                total += int(fields[11]) + int(fields[12])
    return total / TICKS

"""One command for the whole product: `python -m config.up` prepares the database and runs web, worker and beat.

A child that dies is started again (after 1, 2, 4 … 30 s while it keeps dying). SIGINT or SIGTERM stops everything:
ten seconds to finish, then SIGKILL; a second signal does not wait. If the supervisor itself is killed, the kernel
tells the children to stop (Linux). Only the standard library is used: nothing of Django is loaded here.

Environment: PORT (8000), HOST (127.0.0.1), WEB_WORKERS (1), WEB_THREADS (4), WORKER_THREADS (3), ABHYAS_DEMO (1: demo
data and accounts), and everything config/settings reads, which is handed on.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from config.demo.accounts import DEMO_ACCOUNTS, DEMO_PASSWORD

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 10.0
LONGEST_PAUSE = 30.0
#: A child that has run so long (seconds) has recovered: its next failure counts as the first.
STEADY_AFTER = 60.0
POLL_SECONDS = 0.1
#: Connections of a web process besides its live streams.
REQUESTS = 1024

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
_write_lock = threading.Lock()


class StartError(Exception):
    """Why the product cannot start, as a sentence for the person who started it."""


def say(name: str, line: str) -> None:
    with _write_lock:
        sys.stdout.write(f"{name:8}| {line}\n")
        sys.stdout.flush()


def spawn(name: str, command: list[str], env: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], threading.Thread]:
    """Start a child in a process group of its own; the thread prints its output, prefixed with its name.

    Call from the main thread: the kernel ends the child when the thread that started it ends.
    """
    parent = os.getpid()

    def die_with_parent() -> None:
        if _libc is not None:
            _libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
            if os.getppid() != parent:
                os._exit(1)

    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )
    relay = threading.Thread(target=_relay, args=(name, process), daemon=True)
    relay.start()
    return process, relay


def _relay(name: str, process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        say(name, line.decode(errors="replace").rstrip())


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL whatever is left of the child's process group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


@dataclass
class Child:
    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    #: When to start it again, on the monotonic clock.
    restart_at: float = 0.0


@dataclass
class Supervisor:
    """Keeps the commands running until it is told to stop."""

    commands: Mapping[str, list[str]]
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    stop_seconds: float = STOP_SECONDS
    first_pause: float = 1.0
    signals: int = 0

    def listen(self) -> None:
        """Let SIGINT and SIGTERM stop the supervisor."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: object) -> None:
        self.signals += 1

    def prepare(self, name: str, command: list[str]) -> None:
        """Run one command to its end. Raises StartError if it fails, KeyboardInterrupt if told to stop meanwhile."""
        process, relay = spawn(name, command, self.env)
        while process.poll() is None:
            if self.signals:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(self.stop_seconds)
                kill_group(process)
                raise KeyboardInterrupt
            time.sleep(POLL_SECONDS)
        relay.join(timeout=1)
        if process.returncode:
            raise StartError(f"`{' '.join(command[1:])}` failed (see the lines above), so nothing was started.")

    def run(self) -> None:
        """Start all commands, start again what dies, and return when everything has stopped."""
        children = [Child(name, command) for name, command in self.commands.items()]
        while not self.signals:
            for child in children:
                self._tend(child)
            time.sleep(POLL_SECONDS)
        self._stop([child for child in children if child.process is not None])

    def _tend(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.restart_at:
                child.process, _ = spawn(child.name, child.command, self.env)
                child.started_at = now
                say("up", f"{child.name} started (process {child.process.pid})")
        elif (code := child.process.poll()) is not None:
            kill_group(child.process)
            child.process = None
            child.failures = 1 if now - child.started_at >= STEADY_AFTER else child.failures + 1
            pause = min(self.first_pause * 2 ** (child.failures - 1), LONGEST_PAUSE)
            child.restart_at = now + pause
            say("up", f"{child.name} stopped by itself ({_ending(code)}); starting it again in {pause:g} s")

    def _stop(self, children: list[Child]) -> None:
        began = time.monotonic()
        signals_before = self.signals
        running = [(child.name, child.process) for child in children if child.process is not None]
        say("up", "stopping")
        for _, process in running:
            process.terminate()
        while any(process.poll() is None for _, process in running):
            if time.monotonic() - began >= self.stop_seconds or self.signals > signals_before:
                break
            time.sleep(POLL_SECONDS)
        for name, process in running:
            if process.poll() is None:
                say("up", f"{name} did not stop in time; killing it")
            kill_group(process)
            process.wait()
        say("up", f"stopped in {time.monotonic() - began:.1f} s")


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


# --- What is run -----------------------------------------------------------------------------------------------------
def number_from(env: Mapping[str, str], name: str, default: int, *, maximum: int) -> int:
    value = env.get(name, "") or str(default)
    if not (value.isascii() and value.isdigit()) or not 1 <= int(value) <= maximum:
        raise StartError(f"{name} is '{value}', but must be a whole number from 1 to {maximum}.")
    return int(value)


def make_commands(env: Mapping[str, str], *, host: str, port: int) -> dict[str, list[str]]:
    """The command of each process, by its name."""
    workers = number_from(env, "WEB_WORKERS", 1, maximum=64)
    number_from(env, "WEB_THREADS", 4, maximum=256)  # read by the settings: said here, where somebody sees it
    concurrency = number_from(env, "WORKER_THREADS", 3, maximum=64)
    streams = number_from(env, "LIVE_STREAMS", 10_000, maximum=1_000_000)
    web = f"-m granian --interface asgi config.asgi:application --host {host} --port {port} --no-ws --log-level warning"
    worker = f"-m celery --quiet -A config worker --pool threads --concurrency {concurrency} --loglevel WARNING"
    scheduler = "django_celery_beat.schedulers:DatabaseScheduler"
    beat = f"-m celery --quiet -A config beat --scheduler {scheduler} --loglevel WARNING"
    return {
        "web": [sys.executable, *web.split(), "--workers", str(workers), "--backpressure", str(streams + REQUESTS)],
        "worker": [sys.executable, *worker.split(), "--without-gossip", "--without-mingle", "--without-heartbeat"],
        "beat": [sys.executable, *beat.split(), "--pidfile="],
    }


def make_preparations(env: Mapping[str, str]) -> dict[str, list[str]]:
    """What must be done before anything runs; static files only when they have changed."""
    manage = [sys.executable, "manage.py"]
    steps = {"data": [*manage, "prepare"]}
    if static_files_changed(Path(env.get("STATIC_ROOT") or ROOT / "staticfiles")):
        steps["static"] = [*manage, "collectstatic", "--noinput", "--verbosity", "0"]
    return steps


def wants_demo(env: Mapping[str, str]) -> bool:
    return env.get("ABHYAS_DEMO", "1").lower() not in {"0", "false", "no", "off"}


def static_files_changed(collected: Path) -> bool:
    """Whether something is newer than what was collected from it."""
    try:
        made = (collected / "staticfiles.json").stat().st_mtime
    except FileNotFoundError:
        return True
    return any(path.stat().st_mtime > made for path in static_sources())


def static_sources() -> list[Path]:
    """Our static files, the list of packages, which bring theirs, and what makes the collected files of them."""
    folders = [ROOT / "static", *ROOT.glob("*/static")]
    files = [path for folder in folders for path in folder.rglob("*")]
    return [*files, ROOT / "requirements.txt", ROOT / "config" / "staticfiles.py"]


def check_port(host: str, port: int) -> None:
    """Raise StartError if the address cannot be listened on, naming the process that holds it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                holders = " and ".join(holders_of(port)) or "another program"
                raise StartError(
                    f"Port {port} is already in use by {holders}. Stop it, or choose another port: "
                    f"PORT={port + 1} make run"
                ) from error
            raise StartError(f"The address {host}:{port} cannot be used: {error.strerror}.") from error


def holders_of(port: int) -> list[str]:
    """The processes that listen on the port, as `process 123 (command)`; empty where /proc does not tell."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == "0A" and int(columns[1].rsplit(":", 1)[1], 16) == port:
                    inodes.add(f"socket:[{columns[9]}]")
    return [
        f"process {folder.name} ({_command_of(folder)})"
        for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name))
        if inodes and _holds(folder, inodes)
    ]


def _holds(process: Path, inodes: set[str]) -> bool:
    with suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):
                if os.readlink(descriptor) in inodes:
                    return True
    return False


def _command_of(process: Path) -> str:
    with suppress(OSError):
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()[:80]
    return "unknown"


def announce_when_ready(supervisor: Supervisor, *, host: str, port: int, demo: bool) -> None:
    """Wait until the web process answers, then print where it is and who may sign in."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    while not supervisor.signals:
        with suppress(OSError):
            try:
                urllib.request.urlopen(f"http://{reachable}:{port}/healthz", timeout=2).close()
            except urllib.error.HTTPError as error:
                error.close()  # it answers, if only to say that it does not know this host name
            break
        time.sleep(POLL_SECONDS)
    else:
        return
    shown = "localhost" if reachable in {"127.0.0.1", "[::1]"} else reachable
    for line in ready_lines(f"http://{shown}:{port}/", demo=demo):
        say("up", line)


def ready_lines(address: str, *, demo: bool) -> list[str]:
    lines = ["", f"Abhyas is running: {address}"]
    if demo:
        lines += ["", *(f"{role:9} {email}" for email, role in DEMO_ACCOUNTS), f"password: {DEMO_PASSWORD}"]
    return [*lines, "", "Ctrl-C stops it.", ""]


def main() -> int:
    env = dict(os.environ)
    try:
        port = number_from(env, "PORT", 8000, maximum=65535)
        host = env.get("HOST") or "127.0.0.1"
        env |= {"PYTHONUNBUFFERED": "1"}
        env.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
        env.setdefault("SITE_URL", f"http://localhost:{port}")
        supervisor = Supervisor(make_commands(env, host=host, port=port), env)
        check_port(host, port)
        supervisor.listen()
        for name, command in make_preparations(env).items():
            say("up", f"preparing: {name}")
            supervisor.prepare(name, command)
        # Again, because preparing takes time and granian would share the port with another granian without a word.
        check_port(host, port)
    except StartError as error:
        say("up", str(error))
        return 1
    except KeyboardInterrupt:
        say("up", "stopped before it was started")
        return 130
    ready = {"host": host, "port": port, "demo": wants_demo(env)}
    threading.Thread(target=announce_when_ready, args=(supervisor,), kwargs=ready, daemon=True).start()
    supervisor.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A complete Abhyas as real processes: web, worker and beat with the product's own commands, on two kinds of ground.

`embedded`: a SQLite file, the broker inside it, local files. `servers`: PostgreSQL (a database of its own, or with
`own_postgres` a server that may be crashed), a Redis of its own for broker and cache, an S3 server, two web workers and
the production settings. Everything lives in one folder and goes away with `stop`.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import urlsplit

import psycopg
import pytest

from common.testing.migrated import address, migrated_database, migrated_file
from common.testing.s3 import run_s3_server
from config.up import make_commands, static_files_changed

# Outside pytest, for the file that is already migrated.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent.parent
# Compressing takes a minute of a core, so it is done once for all test processes, where `make run` does it too.
STATIC = ROOT / "staticfiles"
HOST = "127.0.0.1"
# Below the kernel's ephemeral ports, so that no outgoing connection takes the port while a process is being restarted.
PORTS = range(8850, 8880)
# What belongs to the tests. With its PGOPTIONS commits are not awaited, and a crash of PostgreSQL loses confirmed ones.
DROPPED = ("DJANGO_", "PYTEST_", "PGOPTIONS")
_port_locks: list[IO[str]] = []
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
PROCESSES = ("web", "worker", "beat")
START_SECONDS = 90.0
DEFAULT_POSTGRES = "postgres://root@127.0.0.1:5432/postgres"


def missing(reason: str) -> None:
    """Skip plainly, or fail where every service is promised to be there."""
    if os.environ.get("ABHYAS_REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def wait_for(what: str, check: Callable[[], T | None], *, seconds: float, every: float = 0.1) -> T:
    """Return the first true answer of `check`, or fail after so many seconds, saying what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        if (answer := check()) is not None and answer is not False:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(every)


def end_with_tests() -> None:
    """Let the kernel end a child when the tests are ended so hard that nobody can (Linux)."""
    if _libc is not None:
        _libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def free_port() -> int:
    """A port nobody listens on, from a range that is never given to outgoing connections.

    A lock keeps it for this process: between choosing a port and listening on it another test process could take it.
    """
    for port in random.sample(PORTS, len(PORTS)):
        lock = (Path(tempfile.gettempdir()) / f"abhyas-journeys-{port}.lock").open("w")
        with socket.socket() as probe, suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            _port_locks.append(lock)
            return port
        lock.close()
    raise AssertionError(f"no free port from {PORTS.start} to {PORTS.stop - 1}")


class OwnPostgres:
    """A PostgreSQL server for one test, which may be crashed. It does not run as root, so it has a folder elsewhere."""

    def __init__(self) -> None:
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        if not programs and not shutil.which("initdb"):
            missing("no PostgreSQL programs here to run a server with")
        self.programs = programs[-1] if programs else Path(shutil.which("initdb") or "").parent
        self.user = "postgres" if os.geteuid() == 0 else None
        self.port = free_port()
        self.url = f"postgres://postgres@{HOST}:{self.port}/postgres"
        self.folder = Path(tempfile.mkdtemp(prefix="abhyas-postgres-"))
        self.server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self.user:
            shutil.chown(self.folder, self.user)
        command = [self.programs / "initdb", "-D", self.folder / "data", "-U", "postgres", "--auth=trust", "--no-sync"]
        subprocess.run(command, user=self.user, cwd=self.folder, check=True, stdout=subprocess.DEVNULL, timeout=120)
        self._serve()

    def crash(self, *, away: float) -> None:
        """Ends it as a lost machine would, without a last write, and starts it again after so many seconds."""
        assert self.server is not None
        self.server.send_signal(signal.SIGQUIT)
        self.server.wait(timeout=60)
        time.sleep(away)
        self._serve()

    def stop(self) -> None:
        if self.server is not None:
            self.server.send_signal(signal.SIGQUIT)
            self.server.wait(timeout=60)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _serve(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses={HOST} -c max_connections=100".split()
        with (self.folder / "log").open("ab") as log:
            self.server = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder / "data", *options],
                user=self.user, cwd=self.folder, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=end_with_tests,
            )  # fmt: skip

        def answers() -> bool:
            with suppress(psycopg.OperationalError), psycopg.connect(self.url, connect_timeout=2):
                return True
            return False

        wait_for("PostgreSQL", answers, seconds=60)


class Stack:
    """One running product. `start` brings everything up, `kill` and `restart` work on one of PROCESSES."""

    def __init__(self, kind: str, folder: Path, *, own_postgres: bool = False) -> None:
        self.kind, self.folder = kind, folder
        self.postgres = OwnPostgres() if own_postgres and kind == "servers" else None
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.mail = folder / "mail"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.helpers: list[subprocess.Popen[bytes]] = []
        self._redis: tuple[list[str], subprocess.Popen[bytes]] | None = None
        self._s3: Iterator[dict[str, Any]] | None = None
        self._database = ""
        self.env = {key: value for key, value in os.environ.items() if not key.startswith(DROPPED)}
        for name in ("DATABASE_URL", "CACHE_URL", "BROKER_URL", "DEBUG", "PYTHONDONTWRITEBYTECODE"):
            self.env.pop(name, None)
        self.env |= {
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "ABHYAS_VAR": str(folder / "var"),
            "ABHYAS_DEMO": "0",
            "STATIC_ROOT": str(STATIC),
            "SITE_URL": self.url,
            "EMAIL_URL": f"file://{self.mail}",
            "PYTHONUNBUFFERED": "1",
            # An installed product is compiled, wherever its folders can or cannot be written to.
            "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "abhyas-journeys-bytecode"),
            "API_RATE_USER": "100000/min",
            "API_RATE_ANON": "100000/min",
        }

    # --- Coming and going ---------------------------------------------------------------------------------------------
    def start(self) -> Stack:
        """Prepare the ground, migrate, and return when the product says it is ready."""
        (self.folder / "var").mkdir(parents=True)
        if self.kind == "servers":
            self._prepare_servers()
        else:
            shutil.copyfile(migrated_file(), self.folder / "var" / "abhyas.sqlite3")
        self.run("manage.py", "migrate", "--noinput", "--verbosity", "0")
        self._collect_static()
        self.ensure_up()
        wait_for("readyz", lambda: self.answers("/readyz"), seconds=START_SECONDS)
        return self

    def stop(self) -> None:
        """End every process and remove the database; the folder with the logs stays for pytest to show."""
        for name in list(self.running):
            self.kill(name)
        for helper in self.helpers:
            helper.kill()
            helper.wait()
        if self._s3 is not None:
            with suppress(StopIteration):
                next(self._s3)
        if self.postgres:
            self.postgres.stop()
        elif self._database:
            with psycopg.connect(self._admin_url(), autocommit=True) as admin:
                admin.execute(f'DROP DATABASE IF EXISTS "{self._database}" WITH (FORCE)')

    def ensure_up(self) -> None:
        """Start what is not running and wait until the web process answers."""
        for name in PROCESSES:
            if name not in self.running or self.running[name].poll() is not None:
                self._spawn(name)
        self.wait_web()

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send the signal to the process and all it started, and wait until it is gone."""
        process = self.running.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        process.wait(timeout=30)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    def restart(self, name: str) -> None:
        """Start a killed process again; the web process is waited for, the others come up by themselves."""
        self._spawn(name)
        if name == "web":
            self.wait_web()

    def wipe_redis(self, *, away: float) -> None:
        """Kills Redis, and after so many seconds starts it again: it has kept nothing."""
        assert self._redis is not None
        command, process = self._redis
        process.kill()
        process.wait()
        time.sleep(away)
        self._redis = command, self._run_redis(command)

    def wait_web(self) -> None:
        def answering() -> bool:
            if self.running["web"].poll() is not None:
                self._spawn("web")  # its port was still held by the one that is going
            return self.answers("/healthz")

        wait_for("the web process", answering, seconds=START_SECONDS)

    def answers(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as response:
                return bool(response.status == 200)
        except (OSError, urllib.error.HTTPError):
            return False

    # --- Inside -------------------------------------------------------------------------------------------------------
    def run(self, *arguments: str) -> str:
        """Run a Python program in the product's environment to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(arguments)} failed:\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        return done.stdout

    def make_world(self, **options: object) -> dict[str, Any]:
        """People, a paper and an exam of their own (see tests.journeys.world); returns ids and e-mail addresses."""
        world: dict[str, Any] = json.loads(self.run("-m", "tests.journeys.world", json.dumps(options)).splitlines()[-1])
        return world

    def facts(self, world: dict[str, Any]) -> dict[str, Any]:
        """What is stored about that world (see tests.journeys.facts)."""
        found: dict[str, Any] = json.loads(self.run("-m", "tests.journeys.facts", world["programme"]).splitlines()[-1])
        return found

    def logs(self, lines: int = 60) -> str:
        """The ends of all logs, for a failure."""
        parts = []
        for path in sorted(self.folder.glob("*.log")):
            tail = path.read_text(errors="replace").splitlines()[-lines:]
            parts.append(f"--- {path.name}\n" + "\n".join(tail))
        return "\n".join(parts)

    def _spawn(self, name: str) -> None:
        command = make_commands(self.env, host=HOST, port=self.port)[name]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=end_with_tests,
            )  # fmt: skip

    def _collect_static(self) -> None:
        STATIC.mkdir(exist_ok=True)
        with (STATIC / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if static_files_changed(STATIC):
                self.run("manage.py", "collectstatic", "--noinput", "--verbosity", "0")

    def _prepare_servers(self) -> None:
        if self.postgres:
            self.postgres.start()
        self._database = f"test_journeys_{os.getpid()}_{self.port}"
        try:
            with psycopg.connect(self._admin_url(), autocommit=True, connect_timeout=3) as admin:
                admin.execute(f'DROP DATABASE IF EXISTS "{self._database}" WITH (FORCE)')
                template = "template1" if self.postgres else migrated_database(address() or DEFAULT_POSTGRES)
                admin.execute(f'CREATE DATABASE "{self._database}" TEMPLATE "{template}"')
        except psycopg.OperationalError as error:
            self._database = ""
            missing(f"no PostgreSQL to make a database in: {error}")
        redis_url = self._start_redis()
        self._s3 = run_s3_server(self._own_folder("s3"), origin=self.url)
        s3 = next(self._s3)["OPTIONS"]
        self.env |= {
            "DJANGO_SETTINGS_MODULE": "config.settings.prod",
            "STAFF_SECOND_FACTOR": "optional",
            "SECRET_KEY": "only-for-journeys-" + "x" * 40,
            "SECURE_SSL_REDIRECT": "0",
            "COOKIES_SECURE": "0",
            "DATABASE_URL": self._admin_url(self._database),
            "BROKER_URL": f"{redis_url}/0",
            "CACHE_URL": f"{redis_url}/1",
            "SHEETS_STORAGE": "s3",
            "S3_BUCKET": s3["bucket_name"],
            "S3_ACCESS_KEY": s3["access_key"],
            "S3_SECRET_KEY": s3["secret_key"],
            "S3_ENDPOINT": s3["endpoint_url"],
            "S3_REGION": s3["region_name"],
            "FILES_ORIGINS": s3["endpoint_url"],
            "WEB_WORKERS": "2",
            "LOG_FORMAT": "console",
            "LOG_LEVEL": "WARNING",
        }

    def _own_folder(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir()
        return path

    def _start_redis(self) -> str:
        program = shutil.which("redis-server")
        if program is None:
            missing("no Redis here: the redis-server program is not installed")
        assert program is not None
        port = free_port()
        command = [program, "--port", str(port), "--bind", HOST, "--save", "", "--appendonly", "no"]
        self._redis = command, self._run_redis(command)
        return f"redis://{HOST}:{port}"

    def _run_redis(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / "redis.log").open("ab") as log:
            redis = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, preexec_fn=end_with_tests)
        self.helpers.append(redis)

        def listening() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex((HOST, int(command[2]))) == 0

        wait_for("Redis", listening, seconds=20)
        return redis

    def _admin_url(self, database: str = "postgres") -> str:
        """Where databases are made: the server of DATABASE_URL if that is PostgreSQL, else the local one."""
        given = self.postgres.url if self.postgres else os.environ.get("DATABASE_URL", "")
        parts = urlsplit(given if given.startswith("postgres") else DEFAULT_POSTGRES)
        return f"postgres://{parts.netloc}/{database}"

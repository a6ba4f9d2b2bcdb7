"""The supervisor as a process of its own, with small children: what it starts, restarts, stops and refuses."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.demo.accounts import DEMO_ACCOUNTS, DEMO_PASSWORD
from config.up import (
    ROOT,
    StartError,
    check_port,
    make_commands,
    ready_lines,
    static_files_changed,
    static_sources,
    wants_demo,
)

SCRIPT = """
import sys
from config.up import Supervisor
supervisor = Supervisor({commands!r}, stop_seconds={stop_seconds}, first_pause=0.2)
supervisor.listen()
supervisor.run()
"""
SLEEPER = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
PARENT_OF_ONE = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEPER!r}])"


def wait_until(condition: Callable[[], bool], *, what: str, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen in {seconds} s"
        time.sleep(0.05)


class Running:
    """A supervisor under test and the lines it has printed."""

    def __init__(self, log: Path, commands: dict[str, str], *, stop_seconds: float = 10) -> None:
        self.log = log
        script = SCRIPT.format(
            commands={name: [sys.executable, "-c", code] for name, code in commands.items()}, stop_seconds=stop_seconds
        )
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", script],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def lines(self, start: str = "") -> list[str]:
        return [line for line in self.log.read_text().splitlines() if line.startswith(start)]

    def pids(self, name: str) -> list[int]:
        return [int(line.split()[-1]) for line in self.lines(f"{name:8}| pid")]

    def wait_for_pids(self, name: str, count: int = 1) -> list[int]:
        wait_until(lambda: len(self.pids(name)) >= count, what=f"start {count} of {name}")
        return self.pids(name)


@pytest.fixture
def run(tmp_path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(commands: dict[str, str], **options) -> Running:
        started.append(Running(tmp_path / f"up-{len(started)}.log", commands, **options))
        return started[-1]

    yield start
    for running in started:
        running.process.kill()
        running.process.wait()
        for line in running.lines():
            if "| pid " in line:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(line.split()[-1]), signal.SIGKILL)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_dead_child_is_started_again_and_the_others_are_left_alone(run):
    up = run({"web": SLEEPER, "worker": SLEEPER})
    web, worker = up.wait_for_pids("web")[0], up.wait_for_pids("worker")[0]

    os.kill(web, signal.SIGKILL)

    assert up.wait_for_pids("web", 2)[1] != web
    assert up.pids("worker") == [worker]
    assert is_alive(worker)
    assert any("web stopped by itself (signal SIGKILL); starting it again in 0.2 s" in line for line in up.lines("up"))


def test_child_that_keeps_dying_is_started_more_and_more_slowly(run):
    up = run({"beat": "import os; print('pid', os.getpid()); raise SystemExit(3)"})

    up.wait_for_pids("beat", 4)

    said = [line.rsplit(" in ", 1)[1] for line in up.lines("up") if "exit code 3" in line]
    assert said[:3] == ["0.2 s", "0.4 s", "0.8 s"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_everything(run, number):
    up = run({"web": SLEEPER, "worker": PARENT_OF_ONE})
    pids = up.wait_for_pids("web") + up.wait_for_pids("worker")

    up.process.send_signal(number)

    assert up.process.wait(timeout=10) == 0
    wait_until(lambda: not any(is_alive(pid) for pid in pids), what="the end of all children and grandchildren")
    assert up.lines("up")[-1].startswith("up      | stopped in")


def test_child_that_ignores_the_signal_is_killed_after_the_grace(run):
    up = run({"worker": STUBBORN}, stop_seconds=0.5)
    pid = up.wait_for_pids("worker")[0]

    up.process.terminate()

    assert up.process.wait(timeout=10) == 0
    assert not is_alive(pid)
    assert any("worker did not stop in time; killing it" in line for line in up.lines("up"))


def test_second_signal_does_not_wait(run):
    up = run({"worker": STUBBORN}, stop_seconds=60)
    up.wait_for_pids("worker")

    up.process.send_signal(signal.SIGINT)
    wait_until(lambda: any("stopping" in line for line in up.lines("up")), what="the beginning of the stop")
    up.process.send_signal(signal.SIGINT)

    assert up.process.wait(timeout=10) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_children_do_not_outlive_a_killed_supervisor(run):
    up = run({"web": SLEEPER, "worker": SLEEPER})
    pids = up.wait_for_pids("web") + up.wait_for_pids("worker")

    up.process.kill()

    wait_until(lambda: not any(is_alive(pid) for pid in pids), what="the end of the orphans")


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def start_product(**env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "config.up"], cwd=ROOT, env=os.environ | env, capture_output=True, text=True, timeout=30
    )


def test_busy_port_is_one_clear_sentence(busy_port):
    finished = start_product(PORT=str(busy_port))

    assert finished.returncode == 1
    assert finished.stderr == ""
    [sentence] = finished.stdout.splitlines()
    assert sentence.startswith(f"up      | Port {busy_port} is already in use by process {os.getpid()} (")
    assert sentence.endswith(f"PORT={busy_port + 1} make run")


@pytest.mark.parametrize("wrong", ["eighty", "0", "70000", "-1"])
def test_port_that_is_none_is_one_clear_sentence(wrong):
    finished = start_product(PORT=wrong)

    assert finished.returncode == 1
    assert finished.stdout == f"up      | PORT is '{wrong}', but must be a whole number from 1 to 65535.\n"


def test_failed_preparation_starts_nothing():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    finished = start_product(
        PORT=str(port), DATABASE_URL="mysql://nowhere/none", DJANGO_SETTINGS_MODULE="config.settings.dev"
    )

    assert finished.returncode == 1
    assert "`manage.py prepare" in finished.stdout.splitlines()[-1]
    assert "DATABASE_URL is 'mysql://nowhere/none'" in finished.stdout
    assert "started (process" not in finished.stdout


def test_free_port_passes_and_a_foreign_address_does_not():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    check_port("127.0.0.1", port)

    with pytest.raises(StartError, match=r"192\.0\.2\.1"):
        check_port("192.0.2.1", port)


def test_commands_take_their_numbers_from_the_environment():
    commands = make_commands({"WEB_WORKERS": "3", "WEB_THREADS": "8"}, host="0.0.0.0", port=9000)

    web = " ".join(commands["web"])
    assert "--host 0.0.0.0 --port 9000" in web
    assert "--interface asgi config.asgi:application" in web
    assert "--workers 3" in web
    assert list(commands) == ["web", "worker", "beat"]
    with pytest.raises(StartError, match="WEB_THREADS is 'many'"):
        make_commands({"WEB_THREADS": "many"}, host="127.0.0.1", port=9000)


def test_ready_block_names_address_accounts_and_password():
    lines = ready_lines("http://localhost:8000/", demo=True)

    assert "Abhyas is running: http://localhost:8000/" in lines
    assert f"password: {DEMO_PASSWORD}" in lines
    assert all(any(email in line for line in lines) for email, _ in DEMO_ACCOUNTS)
    assert not any("password" in line for line in ready_lines("http://localhost:8000/", demo=False))


@pytest.mark.parametrize(
    ("value", "wanted"), [("1", True), ("yes", True), ("0", False), ("no", False), ("False", False)]
)
def test_demo_can_be_left_out(value, wanted):
    assert wants_demo({"ABHYAS_DEMO": value}) is wanted
    assert wants_demo({})


def test_static_files_are_collected_when_they_never_were_or_have_changed(tmp_path):
    assert static_files_changed(tmp_path)

    manifest = tmp_path / "staticfiles.json"
    manifest.write_text("{}")
    assert not static_files_changed(tmp_path)

    os.utime(manifest, (0, 0))
    assert static_files_changed(tmp_path)


def test_static_files_are_collected_again_when_our_way_of_doing_it_has_changed():
    sources = static_sources()

    assert {ROOT / "static" / "css" / "abhyas.css", ROOT / "config" / "staticfiles.py"} <= set(sources)
    assert all(path.exists() for path in sources)


def test_supervisor_loads_no_django():
    code = "import sys, config.up; sys.exit('django' in sys.modules or 'celery' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=30).returncode == 0

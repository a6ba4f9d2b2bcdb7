"""A Redis of a test's own, which can die and come back.

Import the fixture where it is wanted (`from common.testing.redis_server import redis_server  # noqa: F401`). Without
the program the tests that ask for it are skipped, and say so; with ABHYAS_REQUIRE_SERVICES=1 they fail instead.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


class RedisServer:
    """Started when made; always on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/3"
        self.start()

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL)  # noqa: S603

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    if shutil.which("redis-server") is None:
        if os.environ.get("ABHYAS_REQUIRE_SERVICES") == "1":
            pytest.fail("the redis-server program is not installed")
        pytest.skip("the redis-server program is not installed")
    server = RedisServer(tmp_path)
    yield server
    server.kill()

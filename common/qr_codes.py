"""QR codes: their dark modules, and a path of them for the screen."""

from __future__ import annotations

import re
from typing import Any

from qrcode.constants import ERROR_CORRECT_M  # type: ignore[import-untyped]
from qrcode.main import QRCode  # type: ignore[import-untyped]

QUIET = 4


def qr_runs(text: str, *, quiet: int = QUIET) -> tuple[int, list[tuple[int, int, int]]]:
    """(modules of a side, runs of dark ones as (x, y, width)) of the code of `text`, `quiet` light ones around."""
    code: Any = QRCode(error_correction=ERROR_CORRECT_M, border=quiet)
    code.add_data(text)
    rows: list[list[bool]] = code.get_matrix()
    runs = [
        (found.start(), y, found.end() - found.start())
        for y, row in enumerate(rows)
        for found in re.finditer("#+", "".join("#" if dark else " " for dark in row))
    ]
    return len(rows), runs


def qr_path(text: str) -> tuple[int, str]:
    """(modules of a side, path of the dark ones) of the code of `text`, with its quiet zone; one unit a module."""
    side, runs = qr_runs(text)
    return side, "".join(f"M{x} {y}h{width}v1H{x}z" for x, y, width in runs)

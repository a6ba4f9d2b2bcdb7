"""QR codes for the screen."""

from __future__ import annotations

import re
from typing import Any

from qrcode.constants import ERROR_CORRECT_M  # type: ignore[import-untyped]
from qrcode.main import QRCode  # type: ignore[import-untyped]

QUIET = 4


def qr_path(text: str) -> tuple[int, str]:
    """(modules of a side, path of the dark ones) of the code of `text`, with its quiet zone; one unit a module."""
    code: Any = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET)
    code.add_data(text)
    rows: list[list[bool]] = code.get_matrix()
    drawn = [
        f"M{found.start()} {y}h{found.end() - found.start()}v1H{found.start()}z"
        for y, row in enumerate(rows)
        for found in re.finditer("#+", "".join("#" if dark else " " for dark in row))
    ]
    return len(rows), "".join(drawn)

"""Fonts of what is printed; see README.md."""

from pathlib import Path

FONTS = Path(__file__).parent

"""Draws pages in a process of their own. Nothing of Django is loaded here, so that such a process starts quickly."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from multiprocessing import parent_process
from os import _exit

from config.demo.sheets import SheetItem, answer_pages


def draw_script(items: Sequence[SheetItem], seed: int, photo: bool) -> list[tuple[bytes, list[int]]]:
    """The pages as JPEG with their question numbers."""
    return [(page.jpeg, page.question_numbers) for page in answer_pages(items, seed=seed, photo=photo)]


def end_with_parent() -> None:
    """For a drawing process: ends it when the process that started it is gone, even killed."""
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            _exit(1)

    threading.Thread(target=watch, daemon=True).start()

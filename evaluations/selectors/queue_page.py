"""The teacher's queue as a page: the papers, and when there is none, why."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from evaluations.selectors.calibration import practice_cards
from evaluations.selectors.clarification_pages import waiting_threads
from evaluations.selectors.queues import MOST_LISTED, MOST_WAITING, count_with, queue_for, to_moderate, waiting_for


def queue_page(*, teacher: User, may_mark: bool, now: datetime) -> dict[str, Any]:
    """The context of the queue. Who may not mark (yet, or any more) has no papers and is told so."""
    rows = queue_for(teacher, now) if may_mark else []
    waiting = waiting_for(teacher) if may_mark else 0
    why_empty = "" if rows else _why_empty(teacher, may_mark, waiting)
    return {
        "rows": rows,
        "rest": count_with(teacher) - len(rows) if len(rows) >= MOST_LISTED else 0,
        "waiting": min(waiting, MOST_WAITING),
        "more_wait": waiting > MOST_WAITING,
        "asked": waiting_threads(teacher) if may_mark else 0,
        "why_empty": why_empty,
        "practice": practice_cards(teacher, now) if may_mark else [],
        "to_moderate": to_moderate(teacher) if may_mark else 0,
        "kept_words": json.dumps(kept_words(), ensure_ascii=False),
    }


def kept_words() -> dict[str, str]:
    """The words of marking-kept.js, for the desk too; {} stands for a number."""
    return {
        "kept_n": _("{} changes that did not reach us"),
        "kept_save": _("Save as a file"),
        "kept_discard": _("Discard"),
        "kept_sure": _("Discard for good"),
    }


def _why_empty(teacher: User, may_mark: bool, waiting: int) -> str:
    if not may_mark:
        return _("The office has not verified you yet. Papers come to you as soon as that is done.")
    if waiting:
        return _("No paper is assigned to you. “Next paper” takes one that waits.")
    if not teacher.qualifications.exists():
        return _("The office has not entered yet which programmes you mark. Until then no paper can come to you.")
    return _("Nothing waits for you. New papers come by themselves, and your notifications tell you.")

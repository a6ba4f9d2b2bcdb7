"""The pages of the conversations about marks."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from assessments.models import SheetPage
from assessments.selectors.attempts import shown_numbers
from common.storage import sheet_storage
from evaluations.enums import ClarificationSide
from evaluations.models import Clarification
from evaluations.selectors.results import Result
from evaluations.selectors.sheets import PageView

PAGE_SIZE = 30


@dataclass(frozen=True)
class MessageView:
    """`who` has a name only where the exam hides none. `box` is the rectangle in percent of the picture."""

    id: UUID
    side: str
    who: str
    is_own: bool
    text: str
    at: datetime
    picture: str
    width: int
    height: int
    box: dict[str, str] | None


def thread_rows() -> QuerySet[Clarification]:
    """With all that a page of conversations reads."""
    return Clarification.objects.select_related(
        "evaluation__attempt__exam", "evaluation__attempt__student", "question", "marker__teacher_profile"
    )


def messages_of(thread: Clarification, *, reader: User) -> list[MessageView]:
    """What was said, the oldest first. One query."""
    rows = thread.messages.select_related("author", "page")
    return [
        MessageView(
            id=row.pk,
            side=row.side,
            who=speaker(thread, row.side, row.author, reader),
            is_own=row.author_id == reader.pk,
            text=row.text,
            at=row.at,
            box=box_of(row.region),
            **picture_of(row.page),
        )
        for row in rows
    ]


def speaker(thread: Clarification, side: str, author: User, reader: User) -> str:
    """Where names are hidden neither side reads the other's; staff read both."""
    if author.pk == reader.pk:
        return _("You")
    if side == ClarificationSide.STAFF:
        return _("Your institute")
    hides = thread.evaluation.attempt.exam.hide_names and not reader.is_staff
    if side == ClarificationSide.STUDENT:
        is_family = reader.pk != thread.marker_id
        return _("Student") if hides and not is_family else author.name
    return _("Your marker") if hides else author.name


def picture_of(page: SheetPage | None) -> dict[str, Any]:
    """The address of a page's picture with its size; empty where there is none."""
    key = page.screen_key if page else ""
    address = sheet_storage().signed_url(key) if key else ""
    return {"picture": address, "width": page.width if page else 0, "height": page.height if page else 0}


def box_of(region: dict[str, float] | None) -> dict[str, str] | None:
    return {side: f"{100 * value:.3f}" for side, value in region.items()} if region else None


def question_choices(result: Result) -> list[tuple[str, str]]:
    """The questions of a result that a teacher marked."""
    return [
        (str(one.id), _("Question %(number)s") % {"number": one.label}) for one in result.questions if one.is_written
    ]


def page_choices(pages: list[PageView]) -> list[tuple[str, str]]:
    return [(str(page.id), _("Page %(number)s") % {"number": page.number}) for page in pages]


def pointing_pages(pages: list[PageView]) -> dict[str, dict[str, Any]]:
    """The pictures on which a place is pointed at, by page."""
    store = sheet_storage()
    return {
        str(page.id): {"url": store.signed_url(page.screen_key), "width": page.width, "height": page.height}
        for page in pages
        if page.screen_key
    }


def label_of(thread: Clarification, reader: User) -> str:
    """The number of the question as the student had it before them, or as the markers know it."""
    if thread.question is None:
        return ""
    attempt, number = thread.evaluation.attempt, thread.question.number
    if attempt.exam.is_shuffled and reader.pk != thread.marker_id and not reader.is_staff:
        number = shown_numbers(attempt)[thread.question.pk]
    return f"{number}{thread.question.alternative}"


def draft_words() -> str:
    """What static/js/message-draft.js says."""
    words = {
        "sending": _("Sending"),
        "failed": _("That did not work. Your words are kept; try again."),
        "offline": _("No connection. Your words are kept on this device; send them again later."),
        "signed_out": _("You are signed out. Your words are kept: sign in again and open this page."),
    }
    return json.dumps(words, ensure_ascii=False)


def thread_list(reader: User, *, before: str = "") -> dict[str, Any]:
    """The conversations that are put to a teacher, or all for staff, the newest first; pages by key."""
    rows = thread_rows()
    if not reader.is_staff:
        rows = rows.filter(pk__in=Clarification.objects.visible_to(reader).filter(marker=reader).values("pk"))
    with suppress(ValueError):  # a mangled address shows the first page
        rows = rows.filter(last_at__lt=datetime.fromisoformat(before)) if before else rows
    found = list(rows.order_by("-last_at")[: PAGE_SIZE + 1])
    return {"threads": found[:PAGE_SIZE], "next": found[PAGE_SIZE - 1].last_at if len(found) > PAGE_SIZE else None}


def waiting_threads(teacher: User) -> int:
    """How many students wait for this teacher's answer. One query."""
    rows = Clarification.objects.filter(marker=teacher, waits_for=ClarificationSide.MARKER, closed_at__isnull=True)
    return rows.count()

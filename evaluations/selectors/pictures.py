"""Requests for a clearer picture, as the desk, the student's page and the API show them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from assessments.enums import PageState
from assessments.models import SheetPage
from assessments.selectors.accommodations import own_terms
from assessments.selectors.sheet_pages import capture_words
from common.storage import sheet_storage
from common.templatetags.ui_times import when
from evaluations.models import PictureRequest
from evaluations.selectors.sheets import page_number

NOBODY = UUID(int=0)
SHOWN_SECONDS = 3600


@dataclass(frozen=True)
class PictureView:
    """One request, `page` the page it is about. `region` is {"x", "y", "w", "h"} in 0–1 of it, None for all of it. The
    keys, `width` and `height` (pixels) and `answer_state` are of the new picture, empty until it came."""

    id: UUID
    page: UUID
    region: dict[str, float] | None
    reason: str
    reason_label: str
    words: str
    state: str
    state_label: str
    asked_at: datetime
    answer_by: datetime
    closed_at: datetime | None
    answer: UUID | None
    answer_state: str
    screen_key: str
    thumb_key: str
    width: int
    height: int


def picture_views(evaluation_id: UUID) -> list[PictureView]:
    """All requests of a paper, the oldest first. One query."""
    rows = PictureRequest.objects.filter(evaluation=evaluation_id).select_related("answer")
    return [picture_view(row) for row in rows.order_by("id")]


def picture_view(asked: PictureRequest) -> PictureView:
    answer = asked.answer
    return PictureView(
        id=asked.pk,
        page=asked.page_id,
        region=asked.region,
        reason=asked.reason,
        reason_label=asked.get_reason_display(),
        words=asked.words,
        state=asked.state,
        state_label=asked.get_state_display(),
        asked_at=asked.asked_at,
        answer_by=asked.answer_by,
        closed_at=asked.closed_at,
        answer=asked.answer_id,
        answer_state=answer.state if answer else "",
        screen_key=answer.screen_key if answer else "",
        thumb_key=answer.thumb_key if answer else "",
        width=answer.width if answer else 0,
        height=answer.height if answer else 0,
    )


def picture_json(picture: PictureView, *, seconds: int) -> dict[str, Any]:
    """What the desk's script needs; the image's address works for `seconds`."""
    ready = picture.answer_state == PageState.READY
    return {
        "id": str(picture.id),
        "page": str(picture.page),
        "region": picture.region,
        "reason": picture.reason_label,
        "words": picture.words,
        "state": picture.state,
        "until": when(picture.answer_by),
        "answer_state": picture.answer_state,
        "url": sheet_storage().signed_url(picture.screen_key, expires_seconds=seconds) if ready else "",
        "width": picture.width,
        "height": picture.height,
    }


def open_pictures(evaluation_id: UUID) -> list[dict[str, Any]]:
    """What a paper waits for, for the student and whoever looks after them: id, page number and until when."""
    is_of = Q(evaluation=evaluation_id) | Q(evaluation__record=evaluation_id)
    rows = PictureRequest.objects.open().filter(is_of).select_related("page__upload")
    return [{"id": row.pk, "number": page_number(row.page), "answer_by": row.answer_by} for row in rows]


def picture_page(asked: PictureRequest, *, now: datetime) -> dict[str, Any]:
    """The page on which a student sees what is asked for and photographs it. `evaluation__attempt` is at hand."""
    attempt = asked.evaluation.attempt
    blank = [asked.pk, NOBODY]
    return {
        "asked": asked,
        "attempt": attempt,
        "number": page_number(asked.page),
        "pages": _page_count(asked),
        "image": _image(asked.page),
        "answer": _image(asked.answer) if asked.answer else None,
        "box": _box(asked.region),
        "state": {"state": asked.state, "page_number": asked.page.upload.page_number},
        "urls": {
            "announce": reverse("api-picture-sheets", args=[asked.pk]),
            "done": reverse("api-picture-sheet-done", args=blank),
            "status": reverse("picture-status", args=[asked.pk]),
        },
        "words": json.dumps(capture_words() | _words(), ensure_ascii=False),
        "reading": own_terms(student=attempt.student, now=now).of(attempt.exam).reading,
    }


def _page_count(asked: PictureRequest) -> int:
    return SheetPage.objects.filter(upload__in=list(asked.frozen)).count()


def _image(page: SheetPage) -> dict[str, Any] | None:
    """The screen image, while there is one."""
    if page.state != PageState.READY:
        return None
    url = sheet_storage().signed_url(page.screen_key, expires_seconds=SHOWN_SECONDS)
    return {"url": url, "width": page.width, "height": page.height}


def _box(region: dict[str, float] | None) -> dict[str, str] | None:
    """Left, top, width and height in percent of the page."""
    return {side: f"{100 * value:.3f}" for side, value in region.items()} if region else None


def _words() -> dict[str, str]:
    return {
        "none": _("No new picture yet."),
        "held": _("This is what your teacher will see. Send it, or take it again."),
        "sent": _("Your picture is on its way. Keep this page open."),
        "waits": _("Your picture is saved on this device and goes by itself when you are online."),
        "one_file": _("One picture is enough: this one page."),
    }

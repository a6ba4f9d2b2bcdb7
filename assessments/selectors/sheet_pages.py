"""What the capture page shows, first as part of the page and then as JSON for its script."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from assessments.enums import PageState
from assessments.models import Attempt, PhoneLink, SheetPage, SheetUpload
from assessments.selectors.accommodations import own_terms
from assessments.selectors.attempts import question_label, responses_of, written_questions
from assessments.selectors.rehearsals import end_page_of, jumps_of
from assessments.selectors.sheets import STANDING, not_attempted_numbers, uploads_of
from common.storage import sheet_storage

NOBODY = "00000000-0000-0000-0000-000000000000"


def sheet_state(attempt: Attempt, now: datetime) -> dict[str, Any]:
    """Uploads with their pages and tags, the written questions, what was said not to be attempted, the phone that may
    send. 6 queries, one more for a new paper."""
    uploads = list(uploads_of(attempt))
    return {
        "state": attempt.state,
        "sheets_due_at": attempt.sheets_due_at.isoformat(),
        "server_now": now.isoformat(),
        # All files of a project are one piece of work.
        "written": [] if attempt.exam.is_project else _written(attempt),
        "not_attempted": not_attempted_numbers(attempt),
        "next_number": _next_number(uploads),
        "phone": _phone(attempt, now),
        "uploads": [_upload(upload, _address) for upload in uploads],
    }


def phone_state(attempt: Attempt, now: datetime) -> dict[str, Any]:
    """As sheet_state, for a phone that came by a link: the pages that came by phone, and nothing of the paper."""
    uploads = list(uploads_of(attempt))
    return {
        "state": attempt.state,
        "sheets_due_at": attempt.sheets_due_at.isoformat(),
        "server_now": now.isoformat(),
        "written": [],
        "not_attempted": [],
        "next_number": _next_number(uploads),
        "uploads": [_upload(upload, _signed) for upload in uploads if upload.via_phone],
    }


def _upload(upload: SheetUpload, address: Callable[[SheetPage, str], str]) -> dict[str, Any]:
    return {
        "client_id": str(upload.client_id),
        "page_number": upload.page_number,
        "state": upload.state,
        "refused_message": upload.refused_message,
        "via_phone": upload.via_phone,
        "pages": [
            {
                "id": str(page.pk),
                "index": page.index,
                "state": page.state,
                "advice": page.advice,
                "thumb_url": address(page, "thumb") if page.state == PageState.READY else "",
                "plain_url": address(page, "original") if page.state == PageState.READY and page.plain_key else "",
                "numbers": sorted(tag.number for tag in page.questions.all()),
            }
            for page in sorted(upload.pages.all(), key=lambda page: page.index)
        ],
    }


def _next_number(uploads: list[SheetUpload]) -> int:
    """Of a new page: after all others, also those of another device."""
    return 1 + max((upload.page_number for upload in uploads if upload.state in STANDING), default=0)


def _phone(attempt: Attempt, now: datetime) -> dict[str, Any] | None:
    """The link that stands, if it can still be opened or was."""
    link = PhoneLink.objects.filter(attempt=attempt, ended_at=None).first()
    if link is None or (link.opened_at is None and now >= link.opens_until):
        return None
    return {"opened": link.opened_at is not None, "opens_until": link.opens_until.isoformat()}


def _written(attempt: Attempt) -> list[dict[str, Any]]:
    """The written questions by number, each with its label: of two alternatives, which the student says they wrote."""
    answers = {key: response.answer for key, response in responses_of(attempt).items()}
    offered: dict[int, list[str]] = {}
    meant: dict[int, list[str]] = {}
    for question_id, number, alternative in written_questions(attempt.paper_id):
        offered.setdefault(number, []).append(alternative)
        answer = answers.get(str(question_id), {})
        if answer.get("on_paper") or answer.get("text"):
            meant.setdefault(number, []).append(alternative)
    return [
        {"number": number, "label": question_label(number, meant.get(number) or alternatives)}
        for number, alternatives in offered.items()
    ]


def _signed(page: SheetPage, size: str) -> str:
    return sheet_storage().signed_url(page.plain_key if size == "original" else page.thumb_key)


def _address(page: SheetPage, size: str) -> str:
    # The key changes when a page is turned; with it in the address the browser shows the new image.
    return f"{reverse('page-image', args=[page.pk, size])}?v={page.thumb_key.rsplit('/', 1)[-1]}"


def capture_page(attempt: Attempt, now: datetime) -> dict[str, Any]:
    return {
        "attempt": attempt,
        "jumps": jumps_of(attempt),
        "state": sheet_state(attempt, now),
        "urls": {
            "announce": reverse("api-sheets", args=[attempt.pk]),
            "done": reverse("api-sheet-done", args=[attempt.pk, NOBODY]),
            "confirm": reverse("api-sheets-confirm", args=[attempt.pk]),
            "remove": reverse("sheet-remove", args=[attempt.pk, NOBODY]),
            "rotate": reverse("sheet-rotate", args=[attempt.pk, NOBODY]),
            "after": _after(attempt),
            "phone": reverse("phone-make", args=[attempt.pk]),
            "phone_end": reverse("phone-end", args=[attempt.pk]),
        },
        "words": json.dumps(capture_words(), ensure_ascii=False),
        "reading": own_terms(student=attempt.student, now=now).of(attempt.exam).reading,
        "due_at": attempt.exam.project.due_at if attempt.exam.is_project else attempt.sheets_due_at,
    }


def _after(attempt: Attempt) -> str:
    """Where the page leads when everything is there."""
    if attempt.exam.is_project:
        return reverse("project-page", args=[attempt.exam_id])
    return reverse(end_page_of(attempt), args=[attempt.pk])


def phone_page(attempt: Attempt, now: datetime) -> dict[str, Any]:
    return {
        "attempt": attempt,
        "state": phone_state(attempt, now),
        "urls": {"done": reverse("phone-done", args=[NOBODY]), "remove": reverse("phone-remove", args=[NOBODY])},
        "words": json.dumps(capture_words(), ensure_ascii=False),
        "reading": own_terms(student=attempt.student, now=now).of(attempt.exam).reading,
    }


def capture_words() -> dict[str, str]:
    """The words sheet-capture.js needs; {} stands for a number or a name."""
    return {
        "page": _("page {}"),
        "verified": _("Safe with us"),
        "preparing": _("Safe with us, picture is being prepared"),
        "sending": _("Sending, {} %"),
        "queued": _("Saved on this device, waiting to be sent"),
        "offline": _("Saved on this device, goes when you are online"),
        "page_failed": _("We could not read this page. Take it out and photograph it again."),
        "failed": _("That did not work. Try again in a moment."),
        "unsent": _("{} of {} pages saved on this device, not sent yet. Keep this page open."),
        "one_safe": _("Your page is safe with us."),
        "all_safe": _("All {} pages are safe with us."),
        "none": _("No page yet."),
        "why_unsent": _("Wait until every page is sent."),
        "why_coming": _("Pages still coming from the phone: {}. Wait for them, or end the link."),
        "why_open": _("No page for: {}"),
        "too_large": _("{} is larger than 15 MB."),
        "blurred": _("Looks blurred. Retake it while the paper is in front of you?"),
        "dark": _("Looks dark. Retake it in better light?"),
        "blank": _("Looks empty. Is it the right page?"),
        "glare": _("A lamp shines on it. Retake it from another side?"),
        "cut": _("The sheet runs out of the picture. Retake it from a little further away?"),
        "twin": _("Looks the same as page {}. Take one of them out if it is."),
        "looking": _("Saved on this device, looking for the page"),
        "taken": _("Pages taken: {}"),
        "phone_waits": _("Waiting for the phone. The code opens until {}."),
        "phone_open": _("The phone is connected. Its pages appear here."),
        "no_camera": _("The camera cannot be used here. Take the photo with your camera app instead."),
        # xgettext:no-python-format
        "corner_at": _("{} % from the left, {} % from the top"),
    }

"""A clearer picture of one page: asked for by the marker, sent by the student, and what ends the waiting.

The page itself and all others stay as they were handed in; the new picture stands beside its page. Whatever happens at
the same moment, the evaluation's lock decides, and a request is closed once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services.audit import record_event
from assessments.enums import UploadState
from assessments.models import SheetPage, SheetUpload
from assessments.services.overdue import ARRIVAL_GRACE
from assessments.services.retakes import (
    accept_retake,
    announce_retake,
    drop_retakes,
    frozen_pages,
    is_awaited,
    require_frozen,
)
from assessments.services.sheet_files import SheetRefused
from assessments.services.sheets import SheetMissingError, keep_arrived, note_refusal, upload_target
from assessments.services.submission import require_student
from common.errors import ConflictError, DomainError
from common.storage import UploadTarget
from evaluations.enums import PRACTICE_ROLES, PictureReason, PictureState
from evaluations.models import Evaluation, PictureRequest
from evaluations.selectors.sheets import page_number
from evaluations.services.annotations import checked_geometry
from evaluations.services.claims import lock_claimed, renewed_lease
from evaluations.services.marking import checked_text
from evaluations.services.pauses import start_clock, stop_clock
from evaluations.services.picture_news import tell_marker, tell_student
from evaluations.services.transitions import lock_with_record

WORDS_LENGTH = 300
# Of the page's width and height: smaller is a slip of the pointer, and nobody could photograph it.
SMALLEST = 0.01
BATCH = 200


class PictureError(DomainError):
    """What cannot be asked for."""


class PictureClosedError(ConflictError):
    """Nothing can be sent for this request, or it cannot be withdrawn, any more. `state` in the details says why."""


class PictureOpenError(ConflictError):
    """A clearer picture is still asked for; `pages` in the details has the numbers."""


def ask_picture(
    *,
    evaluation: Evaluation,
    page_id: UUID,
    region: dict[str, Any] | None,
    reason: str,
    words: str = "",
    actor: User,
    now: datetime,
) -> PictureRequest:
    """Asks the student for a clearer picture of a page, or of `region` of it ({"x", "y", "w", "h"} in 0–1). The promise
    waits; the marker may go on. Renews the claim.

    Raises ClaimError, PictureError (bad_reason, words_missing, unknown_page), AnnotationError for a bad region and
    ConflictError already_asked while one of the page is open.
    """
    words = checked_text(words.strip(), WORDS_LENGTH)
    if reason not in PictureReason.values:
        raise PictureError(_("Choose what is wrong with the picture."), "bad_reason")
    if reason == PictureReason.OTHER and not words:
        raise PictureError(_("Say in a few words what is wrong with the picture."), "words_missing")
    region = None if region is None else checked_region(region)
    with transaction.atomic():
        lock_with_record(evaluation)
        locked = lock_claimed(evaluation.pk, actor)
        if locked.role in PRACTICE_ROLES:
            raise PictureError(
                _("Its student cannot photograph this paper again. Mark what can be read."), "no_pictures"
            )
        pages = SheetPage.objects.filter(upload__attempt=locked.attempt_id, upload__state=UploadState.VERIFIED)
        page = pages.filter(pk=page_id).first()
        if page is None:
            raise PictureError(_("This page does not belong to the paper."), "unknown_page")
        if PictureRequest.objects.open().filter(page=page).exists():
            raise ConflictError(_("A clearer picture of this page is already asked for."), "already_asked")
        asked = PictureRequest.objects.create(
            evaluation=locked,
            page=page,
            region=region,
            reason=reason,
            words=words,
            frozen=frozen_pages(locked.attempt),
            asked_by=actor,
            asked_at=now,
            answer_by=now + timedelta(hours=locked.policy.picture_hours),
        )
        stop_clock(locked, now=now)
        Evaluation.objects.filter(pk=locked.pk).update(**renewed_lease(locked, now))
        _audit("picture_asked", asked, actor, now, reason=words or str(PictureReason(reason).label))
        tell_student(asked, locked, now)
    return asked


def checked_region(region: dict[str, Any]) -> dict[str, Any]:
    """A rectangle on the page, cut off at its edges. Raises AnnotationError, PictureError when it is too small."""
    box = checked_geometry("circle", region)
    left, top = max(0.0, box["x"]), max(0.0, box["y"])
    right, bottom = min(1.0, box["x"] + box["w"]), min(1.0, box["y"] + box["h"])
    if right - left < SMALLEST or bottom - top < SMALLEST:
        raise PictureError(_("Draw a larger rectangle, or ask for the whole page."), "too_small")
    return {"x": round(left, 5), "y": round(top, 5), "w": round(right - left, 5), "h": round(bottom - top, 5)}


def withdraw_picture(*, asked: PictureRequest, actor: User, now: datetime) -> PictureRequest:
    """The marker does without it; repeating is fine. Raises ClaimError, and PictureClosedError when it has arrived."""
    with transaction.atomic():
        lock_with_record(asked.evaluation)
        locked = lock_claimed(asked.evaluation_id, actor)
        current = _current(asked.pk)
        if current.state == PictureState.WITHDRAWN:
            return current
        if current.state != PictureState.OPEN:
            raise _closed(current)
        _close(current, locked, PictureState.WITHDRAWN, at=now, actor=actor, now=now)
        tell_student(current, locked, now)
    return current


def announce_picture(
    *,
    asked: PictureRequest,
    client_id: UUID,
    sha256: str,
    size: int,
    content_type: str,
    actor: User,
    now: datetime,
) -> tuple[SheetUpload, UploadTarget | None]:
    """Notes that the picture will come and says where to send it; no target when it is here already. As announce_sheet.

    Raises PictureClosedError, and what announce_retake raises.
    """
    require_student(asked.evaluation.attempt, actor)
    with transaction.atomic():
        lock_with_record(asked.evaluation)
        current = _current(asked.pk)
        known = _upload(current, client_id)
        if known is not None and (known.state, known.sha256, known.size) == (UploadState.RETAKEN, sha256, size):
            return known, None
        _require_open(current)
        if now > current.answer_by and known is None:
            raise _time_is_over(current)
        upload = announce_retake(
            page=current.page, client_id=client_id, sha256=sha256, size=size, content_type=content_type, now=now
        )
    return upload, upload_target(upload)


def receive_picture(*, asked: PictureRequest, client_id: UUID, actor: User, now: datetime) -> SheetUpload:
    """Checks what arrived and gives the receipt: the request is answered and the promise runs again. Repeatable.

    Of two pictures the first one to arrive is it. Raises SheetRefused, SheetMissingError (send it again),
    PictureClosedError and FrozenPagesError.
    """
    require_student(asked.evaluation.attempt, actor)
    upload = _upload(asked, client_id)
    if upload is None:
        raise SheetMissingError(_("This page has not arrived yet. Send it again."), "sheet_missing")
    if upload.state == UploadState.RETAKEN:
        return upload
    _require_open(_current(asked.pk))
    if upload.state == UploadState.REFUSED:
        raise SheetRefused(upload.refused_message, upload.refused_code)
    try:
        inspected = keep_arrived(upload)
        with transaction.atomic():
            locked = lock_with_record(asked.evaluation)
            current = _current(asked.pk)
            fresh = SheetUpload.objects.get(pk=upload.pk)
            if fresh.state == UploadState.RETAKEN:
                return fresh
            _require_open(current)
            require_frozen(locked.attempt, current.frozen)
            page = accept_retake(upload=fresh, inspected=inspected, now=now)
            _close(current, locked, PictureState.ANSWERED, at=now, actor=actor, now=now, answer=page)
            tell_marker(current, locked, now)
        return fresh
    except SheetMissingError:
        # Another `done` of the same picture may have been quicker and cleared the table.
        upload.refresh_from_db()
        if upload.state == UploadState.RETAKEN:
            return upload
        raise
    except SheetRefused as refused:
        note_refusal(upload, refused)
        raise


def close_overdue_pictures(*, now: datetime) -> int:
    """Closes requests whose time has passed; one whose picture is on its way gets the grace of sheets. Returns how
    many. The promise runs again from the deadline on, not from the moment it was noticed."""
    closed = 0
    overdue = PictureRequest.objects.open().filter(answer_by__lte=now).order_by("answer_by", "id")
    for asked in list(overdue.select_related("evaluation")[:BATCH]):
        with transaction.atomic():
            locked = lock_with_record(asked.evaluation)
            current = _current(asked.pk)
            waits = is_awaited(current.page) and now <= current.answer_by + ARRIVAL_GRACE
            if current.state != PictureState.OPEN or waits:
                continue
            _close(current, locked, PictureState.EXPIRED, at=current.answer_by, actor=None, now=now)
            tell_marker(current, locked, now)
            closed += 1
    return closed


def withdraw_open_pictures(evaluation: Evaluation, *, actor: User, now: datetime) -> None:
    """A locked paper goes back as a whole: nothing is asked for any more."""
    for current in PictureRequest.objects.open().filter(evaluation=evaluation).select_related("page__upload"):
        _close(current, evaluation, PictureState.WITHDRAWN, at=now, actor=actor, now=now)


def require_no_open_picture(evaluation: Evaluation) -> None:
    """Raises PictureOpenError while a clearer picture of a page of the locked paper is asked for."""
    waiting = PictureRequest.objects.open().filter(evaluation=evaluation).select_related("page__upload")
    numbers = sorted(page_number(asked.page) for asked in waiting)
    if numbers:
        listed = ", ".join(map(str, numbers))
        message = _("A clearer picture is still asked for: page %(numbers)s. Wait for it, or withdraw the request.")
        raise PictureOpenError(message % {"numbers": listed}, "picture_open", pages=numbers)


def _close(
    asked: PictureRequest,
    evaluation: Evaluation,
    state: PictureState,
    *,
    at: datetime,
    actor: User | None,
    now: datetime,
    answer: SheetPage | None = None,
) -> None:
    """Closes an open request of a locked evaluation; with the last one the clock runs again."""
    asked.state, asked.closed_at, asked.answer = state, at, answer
    asked.save(update_fields=["state", "closed_at", "answer"])
    drop_retakes(page=asked.page)
    _audit(f"picture_{state}", asked, actor, now)
    others = PictureRequest.objects.filter(evaluation=evaluation)
    if not others.open().exists():
        # Each was closed at its own moment; the promise waited for the last of them.
        last = others.exclude(closed_at=None).order_by("-closed_at").values_list("closed_at", flat=True).first()
        start_clock(evaluation, at=last or at)


def _audit(name: str, asked: PictureRequest, actor: User | None, now: datetime, reason: str = "") -> None:
    after = {"request": asked.pk, "page": asked.page_id, "region": asked.region, "reason": asked.reason}
    after |= {"state": asked.state, "answer": asked.answer_id}
    record_event(actor=actor, action=f"evaluation.{name}", obj=asked.evaluation, after=after, reason=reason, now=now)


def _current(request_id: UUID) -> PictureRequest:
    return PictureRequest.objects.select_related("page__upload", "evaluation").get(pk=request_id)


def _upload(asked: PictureRequest, client_id: UUID) -> SheetUpload | None:
    """What the device announced for this request; an earlier request of the page has nothing to do with it."""
    rows = SheetUpload.objects.filter(retake_of=asked.page_id, client_id=client_id)
    found: SheetUpload | None = rows.filter(intended_at__gte=asked.asked_at).first()
    return found


def _require_open(asked: PictureRequest) -> None:
    if asked.state == PictureState.EXPIRED:
        raise _time_is_over(asked)
    if asked.state != PictureState.OPEN:
        raise _closed(asked)


def _closed(asked: PictureRequest) -> PictureClosedError:
    if asked.state == PictureState.ANSWERED:
        return PictureClosedError(_("A clearer picture of this page is here already."), "answered", state=asked.state)
    return PictureClosedError(_("The picture is not needed any more."), "not_needed", state=asked.state)


def _time_is_over(asked: PictureRequest) -> PictureClosedError:
    message = _("The time for this picture is over. Your teacher marks the page that you handed in.")
    return PictureClosedError(message, "picture_closed", state=asked.state)

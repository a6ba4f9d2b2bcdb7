"""Reading uploaded sheets, their pages and the tags on them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from assessments.enums import RECEIVED, PageState, UploadState
from assessments.models import Attempt, PaperQuestion, Response, SheetPage, SheetUpload

# What the student still means to hand in.
STANDING = (UploadState.INTENDED, UploadState.VERIFIED)


def uploads_of(attempt: Attempt) -> QuerySet[SheetUpload]:
    """Every upload that was not taken out, in the student's order, with pages and their tags. Three queries."""
    rows = SheetUpload.objects.filter(attempt=attempt, retake_of=None).exclude(state=UploadState.REMOVED)
    return rows.order_by("page_number", "id").prefetch_related("pages__questions")


def upload_of(attempt: Attempt, client_id: UUID) -> SheetUpload:
    """One upload with its attempt and pages. Raises SheetUpload.DoesNotExist."""
    rows = SheetUpload.objects.select_related("attempt").prefetch_related("pages")
    return rows.get(attempt=attempt, client_id=client_id)


def pages_of(attempt: Attempt) -> QuerySet[SheetPage]:
    """The pages that count, in the student's order, with upload and tags. Two queries."""
    return (
        SheetPage.objects.filter(upload__attempt=attempt, upload__state=UploadState.VERIFIED)
        .select_related("upload")
        .prefetch_related("questions")
        .order_by("upload__page_number", "upload_id", "index")
    )


def tags_of(attempt: Attempt) -> dict[UUID, list[int]]:
    """Question numbers by page id of the verified uploads, ascending; [] for an untagged page."""
    pages = SheetPage.objects.filter(upload__attempt=attempt, upload__state=UploadState.VERIFIED)
    return {page.pk: sorted(tag.number for tag in page.questions.all()) for page in pages.prefetch_related("questions")}


def not_attempted_numbers(attempt: Attempt) -> list[int]:
    """Written questions that the student said they did not attempt, ascending."""
    written = PaperQuestion.objects.filter(paper=attempt.paper_id, is_written=True)
    rows = Response.objects.filter(attempt=attempt, question__in=written.values("pk"), answer__not_attempted=True)
    return sorted(set(rows.values_list("question__number", flat=True)))


def uploads_waiting_since(before: datetime) -> QuerySet[SheetUpload]:
    """Uploads received before `before` that still have a page without images, oldest first."""
    waiting = SheetPage.objects.filter(upload=OuterRef("pk"), state=PageState.WAITING)
    rows = SheetUpload.objects.filter(state__in=RECEIVED, verified_at__lt=before)
    return rows.filter(Exists(waiting)).order_by("verified_at")

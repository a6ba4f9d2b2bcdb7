"""What assessments hold of people: what was sat, written and photographed, and what authors have not finished."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import User
from accounts.services.personal import ERASED, Contribution, Holding, own_key, register
from assessments.enums import AttemptState, ScanPageState
from assessments.models import (
    Accommodation,
    Attempt,
    AttemptEvent,
    ExternalDelivery,
    ExternalLaunch,
    ExternalResult,
    MarkedAttempt,
    PageQuestion,
    PaperDraft,
    PhoneLink,
    QuestionDraft,
    QuestionFlag,
    QuestionImport,
    QuestionImportRow,
    RescoredAttempt,
    Response,
    ScanFile,
    ScanPage,
    SheetPage,
    SheetUpload,
    Submission,
    Try,
)
from assessments.services.sheets import incoming_key

WROTE = "Who of the school wrote, checked or brought it; it is the institute's."
DECIDED = "Who of the school decided about somebody else."
NO_DIGEST = "0" * 64
TURNS = (0, 90, 180, 270)
SUFFIXES = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/heic": "heic",
}


def upload_keys(upload: SheetUpload) -> list[str]:
    """Where the file of an upload lies, and where its device wrote it."""
    return [] if upload.storage_key.startswith(f"{ERASED}/") else [upload.storage_key, incoming_key(upload)]


def page_keys(page: SheetPage) -> Iterator[str]:
    """Every image that was made of a page, also as it was turned before."""
    base = page.screen_key.rpartition("-r")[0] if "-screen." in page.screen_key else ""
    if base:
        for turn in TURNS:
            yield from (f"{base}-r{turn}-{name}" for name in ("screen.webp", "screen.jpg", "thumb.jpg", "plain.jpg"))
        yield from (page.screen_key, page.thumb_key, page.plain_key)


def _upload_files(upload: SheetUpload) -> Iterator[tuple[str, str]]:
    suffix = SUFFIXES.get(upload.content_type, "bin")
    yield f"{upload.attempt_id}/{upload.page_number:02}-{str(upload.pk)[-6:]}.{suffix}", upload.storage_key


def scan_page_keys(page: ScanPage) -> list[str]:
    """Every picture of a page of a scan."""
    folder = page.thumb_key.removesuffix("thumb.jpg")
    return [page.thumb_key, *(f"{folder}{placing}/original" for placing in range(page.placings + 1))]


def _import_keys(row: QuestionImport) -> list[str]:
    return [row.storage_key]


OF_ATTEMPT = "attempt__student"
OF_UPLOAD = "upload__attempt__student"
HOLDINGS = (
    Holding(
        Attempt,
        "student",
        lazy("Exams you sat"),
        show=(
            "exam__title",
            "state",
            "started_at",
            "submitted_at",
            "handed_in_at",
            "objective_marks",
            "objective_max",
        ),
        clear={"writer": None},
    ),
    Holding(
        Response,
        OF_ATTEMPT,
        lazy("Answers"),
        show=(
            "attempt__exam__title",
            "question__number",
            "answer",
            "marked_for_review",
            "certainty",
            "seconds",
            "is_correct",
            "marks",
            "saved_at",
        ),
        clear={"answer": {}},
    ),
    Holding(
        Try,
        OF_ATTEMPT,
        lazy("Tries"),
        show=("attempt__exam__title", "question__number", "number", "answer", "is_correct", "marks", "made_at"),
        clear={"answer": {}},
        gated=True,
    ),
    Holding(
        AttemptEvent,
        OF_ATTEMPT,
        lazy("Flight record"),
        show=("attempt__exam__title", "kind", "at", "began_at", "ms", "device", "data"),
        remove=True,
        gated=True,
    ),
    Holding(PhoneLink, OF_ATTEMPT, lazy("Phones"), show=("made_at", "opened_at", "ended_at"), remove=True),
    Holding(
        SheetUpload,
        OF_ATTEMPT,
        lazy("Answer sheets"),
        show=(
            "attempt__exam__title",
            "page_number",
            "size",
            "content_type",
            "state",
            "refused_message",
            "intended_at",
            "sha256",
        ),
        clear={"storage_key": own_key(ERASED), "sha256": NO_DIGEST, "refused_message": ""},
        plain=("content_type", "refused_code"),
        keys=upload_keys,
        files=_upload_files,
        gated=True,
    ),
    Holding(
        SheetPage,
        OF_UPLOAD,
        lazy("Pages"),
        show=("upload__attempt__exam__title", "upload__page_number", "index", "state", "advice", "width", "height"),
        clear={"screen_key": f"{ERASED}/page", "thumb_key": f"{ERASED}/page", "advice": [], "treatment": None},
        keys=page_keys,
    ),
    Holding(
        PageQuestion,
        "page__upload__attempt__student",
        lazy("Questions on pages"),
        show=("page__upload__page_number", "number"),
    ),
    Holding(
        ScanPage,
        "student",
        lazy("Pages scanned by the school"),
        show=("scan__exam__title", "number", "state", "decided_at"),
        clear={"student": None, "codes": [], "detail": "", "sha256": NO_DIGEST},
        plain=("reason",),
        keys=scan_page_keys,
    ),
    Holding(
        Submission,
        OF_ATTEMPT,
        lazy("Projects you handed in"),
        show=("attempt__exam__title", "number", "link", "is_returned", "late_days", "late_percent"),
        clear={"link": ""},
    ),
    Holding(MarkedAttempt, OF_ATTEMPT, "", why="The sums of item statistics say it as numbers.", remove=True),
    Holding(
        RescoredAttempt,
        OF_ATTEMPT,
        lazy("Marks after a corrected key"),
        show=("attempt__exam__title", "question__number", "before", "after"),
    ),
    Holding(
        Accommodation,
        "student",
        lazy("Accommodations"),
        show=(
            "extra_time_percent",
            "large_print",
            "dyslexia_font",
            "opens_at",
            "closes_at",
            "starts_on",
            "ends_on",
            "reason",
        ),
        remove=True,
    ),
    Holding(ExternalLaunch, "student", lazy("External tools"), show=("assessment__title", "issued_at")),
    Holding(
        ExternalResult,
        "launch__student",
        lazy("Results of external tools"),
        show=("launch__assessment__title", "score", "max_score", "occurred_at", "event_id"),
        clear={"event_id": own_key(ERASED), "digest": NO_DIGEST},
        gated=True,
    ),
    Holding(
        ExternalDelivery,
        "result__launch__student",
        "",
        why="It says what the result says.",
        clear={"event_id": "", "message": ""},
        plain=("code",),
    ),
    Holding(
        QuestionFlag,
        "person",
        lazy("Questions you flagged"),
        show=("kind", "text", "created_at", "resolution", "resolved_at"),
        clear={"text": ""},
        plain=("resolution",),
    ),
    Holding(
        PaperDraft, "owner", lazy("Papers you have not finished"), show=("blueprint__name", "drawn_at"), remove=True
    ),
    Holding(QuestionDraft, "author", lazy("Questions you have not finished"), show=("data", "updated_at"), remove=True),
    Holding(
        QuestionImport,
        "author",
        lazy("Question files"),
        show=("file_name", "format", "state", "total", "created_at"),
        keys=_import_keys,
        remove=True,
    ),
    Holding(QuestionImportRow, "source__author", "", why="The rows of the file.", remove=True),
)

ACTS = {
    "assessments.Blueprint.author": WROTE,
    "assessments.Question.author": WROTE,
    "assessments.Question.verifier": WROTE,
    "assessments.QuestionVersion.created_by": WROTE,
    "assessments.QuestionReview.actor": WROTE,
    "assessments.QuestionPicture.added_by": WROTE,
    "assessments.KeyCorrection.actor": WROTE,
    "assessments.Exam.rehearsed_by": "A hidden copy of an exam; retention deletes it.",
    "assessments.Accommodation.granted_by": DECIDED,
    "assessments.QuestionFlag.resolved_by": DECIDED,
    "assessments.Scan.author": WROTE,
    "assessments.ScanPage.decided_by": DECIDED,
}
EXCUSED = {
    "assessments.ScanPage.upload": "Its own line has it by the student.",
    "assessments.SheetUpload.retake_of": "Its own line has it by the attempt.",
}


def blockers(person: User) -> Iterator[str]:
    """What is being sat, and scans from which the person's pages cannot be taken out yet."""
    open_states = (AttemptState.IN_PROGRESS, AttemptState.SUBMITTED)
    if Attempt.objects.counted().filter(student=person, state__in=open_states).exists():
        yield _("An exam is being sat.")
    if _files(person).filter(pages__state__in=(ScanPageState.READ, ScanPageState.WAITING)).exists():
        yield _("A scan of a class has pages that wait for a decision.")


def forget_files(person: User, now: datetime) -> Iterable[str]:
    """The files of scans in which the person's pages are: every page of them lies by itself meanwhile."""
    return [file.storage_key for file in _files(person).distinct()]


def _files(person: User) -> Any:
    return ScanFile.objects.filter(Q(pages__student=person) | Q(pages__upload__attempt__student=person))


def contribute() -> None:
    """Called when the app is ready."""
    register(Contribution("assessments", HOLDINGS, ACTS, EXCUSED, blockers=blockers, also=forget_files))

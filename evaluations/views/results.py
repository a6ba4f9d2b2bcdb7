"""The student's papers and the marked paper."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from assessments.enums import AttemptState, PageState, RevealItem
from assessments.models import Attempt, SheetPage
from assessments.selectors.flight_record import with_integrity_facts
from assessments.selectors.reveal import shown_of
from common.access import get_permitted
from common.htmx import render_page
from common.storage import sheet_storage
from evaluations.enums import FileState
from evaluations.models import Evaluation
from evaluations.selectors.marked_papers import marked_file
from evaluations.selectors.records import record_of, with_records
from evaluations.selectors.result_page import paper_rows, result_page
from evaluations.selectors.results import result_data
from evaluations.services.bundles import make_bundle
from evaluations.services.marked_papers import ask_marked_paper
from notifications.selectors import is_told_here
from notifications.services.inbox import read_by_url

IMAGE_KEYS = {"screen": "screen_key", "thumb": "thumb_key", "original": "plain_key"}


@require_GET
def paper_list(request: HttpRequest) -> HttpResponse:
    if not request.user.is_student:
        raise PermissionDenied
    papers = paper_rows(request.user, url=request.path, now=timezone.now(), before=request.GET.get("before", ""))
    return render_page(request, "evaluations/paper_list.html", papers, partial="papers")


@require_GET
def result(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """The marked paper; before it is back, where it stands and the promise."""
    papers: QuerySet[Attempt] = with_records(
        Attempt.objects.select_related("exam__programme", "paper", "student", "submission")
    )
    if request.user.is_staff or request.user.is_teacher:
        papers = with_integrity_facts(papers)
    attempt, now = get_permitted(request.user, "evaluations.view_result", papers, attempt_id), timezone.now()
    if attempt.exam.is_rehearsal:
        return redirect("rehearsal-end", attempt.pk)
    context = result_page(attempt=attempt, reader=request.user, now=now)
    if attempt.exam.is_project and attempt.student_id == request.user.pk and not context["result"].is_ready:
        return redirect("project-page", attempt.exam_id)
    if context["result"].is_ready and is_told_here(request):
        # The navigation shows what is left.
        vars(request)["unread_news"] -= read_by_url(user=request.user, url=request.path, now=now)
    return render_page(request, "evaluations/result_page.html", context)


@require_http_methods(["GET", "POST"])
def marked_paper(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """The button of the result page that leads to the paper as a file; POST asks for the file."""
    attempt, now = _result_attempt(request, attempt_id), timezone.now()
    if request.method == "POST":
        ask_marked_paper(attempt=attempt, reader=request.user, now=now)
    if "HX-Request" not in request.headers:
        return redirect("result-page", attempt.pk)
    marked = marked_file(result_data(attempt, reader=request.user, now=now), reader=request.user)
    return render_page(
        request, "evaluations/result_page.html", {"attempt": attempt, "marked": marked}, partial="marked-paper"
    )


@require_safe
def marked_paper_file(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """Sends the reader to a short-lived address of the file; back to the result where there is none yet."""
    attempt, now = _result_attempt(request, attempt_id), timezone.now()
    marked = marked_file(result_data(attempt, reader=request.user, now=now), reader=request.user)
    if marked is None or marked.row is None or marked.state != FileState.READY:
        return redirect("result-page", attempt.pk)
    response = redirect(sheet_storage().signed_url(marked.row.storage_key))
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def result_bundle(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """Everything of a result, signed; for staff, and written into the audit trail."""
    rows = with_records(Attempt.objects.select_related("exam", "paper"))
    attempt = get_permitted(request.user, "evaluations.export_result", rows, attempt_id)
    record = record_of(attempt)
    if record is None:
        raise Http404
    record.attempt = attempt
    data = make_bundle(evaluation=record, actor=request.user, now=timezone.now())
    response = HttpResponse(data, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="result-{record.short_id}.zip"'
    response["Cache-Control"] = "no-store"
    return response


def _result_attempt(request: HttpRequest, attempt_id: UUID) -> Attempt:
    rows = with_records(Attempt.objects.select_related("exam__programme", "paper", "student"))
    attempt: Attempt = get_permitted(request.user, "evaluations.view_result", rows, attempt_id)
    return attempt


@require_GET
def page_image(request: HttpRequest, page_id: UUID, size: str) -> HttpResponse:
    """Sends whoever may see the page to a short-lived address of its image."""
    page = SheetPage.objects.select_related("upload__attempt__exam").filter(pk=page_id).first()
    if page is None or size not in IMAGE_KEYS or not _may_see(request.user, page):
        raise Http404
    key = getattr(page, IMAGE_KEYS[size])
    if page.state != PageState.READY or not key:
        raise Http404
    response = redirect(sheet_storage().signed_url(key))
    response["Cache-Control"] = "private, max-age=120"
    return response


def _may_see(user: Any, page: SheetPage) -> bool:
    """The student, their guardians and teachers, staff; and the marker, who gets there through the evaluation.

    Once handed in, a student's pages are part of the result and are shown as the exam says.
    """
    attempt = page.upload.attempt
    if user.has_perm("assessments.view_sheetpage", page) and (
        attempt.state != AttemptState.HANDED_IN
        or RevealItem.ANSWERS in shown_of(attempt, reader=user, now=timezone.now())
    ):
        return True
    return Evaluation.objects.visible_to(user).filter(attempt=attempt, teacher=user).exists()

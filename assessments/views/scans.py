"""The answer sheets of a class: printed, brought as a scan, looked at page by page where the codes do not tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from assessments.enums import ScanPageState, ScanReason
from assessments.forms.scans import DiscardForm, PlaceForm, ScanForm, SheetsForm
from assessments.models import Attempt, Exam, Scan, ScanFile, ScanPage
from assessments.selectors import scans as selectors
from assessments.services import scan_desk
from assessments.services.printing import PrintOptions, print_class_sheets
from assessments.services.scan_filing import neighbours_of
from assessments.services.scan_placing import Suggestion, suggest_place
from assessments.services.scans import GivenFile, receive_scan
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page
from common.storage import sheet_storage

IMAGES = {"page": "image_key", "thumb": "thumb_key"}
SHOWN_PAGES = 120
SHOWN = (ScanPageState.PLACED, ScanPageState.WAITING, ScanPageState.DISCARDED)


# --- An exam ---------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
def scan_list(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    """Sheets to print, the upload, and the scans so far."""
    exam = _exam(request, exam_id)
    form = ScanForm(request.POST, request.FILES) if request.method == "POST" else ScanForm()
    if not form.is_bound or not form.is_valid():
        return _exam_page(request, exam, form, 422 if form.is_bound else 200)
    try:
        scan, known = receive_scan(
            exam=exam,
            files=(GivenFile(str(file.name), file.read()) for file in form.cleaned_data["sheets"]),
            starts_all=form.cleaned_data["starts_all"],
            actor=request.user,
            now=timezone.now(),
        )
    except DomainError as error:
        form.add_error("sheets", error.message)
        return _exam_page(request, exam, form, error.status)
    if known:
        text = ngettext(
            "%d of these files was brought before, and is not read again.",
            "%d of these files were brought before, and are not read again.",
            known,
        )
        messages.info(request, text % known)
    return redirect("scan-page", scan.pk)


@require_safe
@cache_control(private=True, no_store=True)
def class_sheets(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    """`?pages=8`: sheets for everybody of the person's cohorts of this exam, as one PDF."""
    exam = _exam(request, exam_id)
    form = SheetsForm(request.GET)
    if not form.is_valid():
        return _exam_page(request, exam, ScanForm(), 422, sheets_form=form)
    students = list(selectors.roster_of(exam, request.user))
    try:
        data = print_class_sheets(exam, students, PrintOptions(), pages=form.cleaned_data["pages"])
    except DomainError as error:
        form.add_error("pages", error.message)
        return _exam_page(request, exam, ScanForm(), error.status, sheets_form=form)
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="class-sheets.pdf"'
    return response


def _exam(request: HttpRequest, exam_id: UUID) -> Exam:
    exams = Exam.objects.select_related("paper__programme", "programme")
    return get_permitted(request.user, "assessments.scan_exam", exams, exam_id)


def _exam_page(
    request: HttpRequest, exam: Exam, form: ScanForm, status: int, *, sheets_form: SheetsForm | None = None
) -> HttpResponse:
    paper = exam.paper
    context = {
        "exam": exam,
        "form": form,
        "sheets_form": sheets_form or SheetsForm(),
        "scans": selectors.scans_of(exam, request.user),
        "students": selectors.roster_of(exam, request.user).count(),
        "is_mixed": bool(paper and paper.written_marks != paper.total_marks),
    }
    return render_page(request, "assessments/scan_list.html", context, status=status)


# --- A scan ----------------------------------------------------------------------------------------------------------
@require_GET
def scan_page(request: HttpRequest, scan_id: UUID) -> HttpResponse:
    """How far it is, where its pages are, and each student's paper."""
    return _scan_page(request, _scan(request, scan_id))


@require_GET
def scan_pages(request: HttpRequest, scan_id: UUID) -> HttpResponse:
    """The pages in one state, small, with the way back for each."""
    scan = _scan(request, scan_id)
    state = request.GET.get("show", "")
    state = state if state in SHOWN else ScanPageState.PLACED.value
    pages = scan.pages.filter(state=state).select_related("student", "decided_by").order_by("position")
    text = request.GET.get("after", "")
    after = int(text) if text.isdecimal() and len(text) < 6 else 0
    found = list(pages.filter(position__gt=after)[: SHOWN_PAGES + 1])
    sums = selectors.sums_of([scan])[scan.pk]
    counts = {"placed": sums.placed, "waiting": sums.waiting, "discarded": sums.discarded}
    context = {
        "scan": scan,
        "state": state,
        "pages": found[:SHOWN_PAGES],
        "tabs": [
            {"label": one.label, "count": counts[one], "url": f"?show={one.value}", "current": one == state}
            for one in SHOWN
        ],
        "older": f"?show={state}&after={found[SHOWN_PAGES - 1].position}" if len(found) > SHOWN_PAGES else "",
    }
    return render_page(request, "assessments/scan_pages.html", context)


@require_GET
def scan_file(request: HttpRequest, scan_id: UUID, file_id: UUID) -> HttpResponse:
    """The file as it came."""
    files = ScanFile.objects.filter(scan=scan_id).select_related("scan")
    file = get_permitted(request.user, "assessments.view_scanfile", files, file_id)
    return _to_storage(file.storage_key)


@require_POST
def scan_again(request: HttpRequest, scan_id: UUID) -> HttpResponse:
    def again(scan: Scan) -> None:
        starts_all = bool(request.POST.get("starts_all"))
        scan_desk.try_again(scan=scan, starts_all=starts_all, actor=request.user, now=timezone.now())

    return _do(request, scan_id, again)


@require_POST
def scan_blank(request: HttpRequest, scan_id: UUID) -> HttpResponse:
    def discard(scan: Scan) -> None:
        count = scan_desk.discard_blank(scan=scan, actor=request.user, now=timezone.now())
        text = ngettext("%d empty page is discarded.", "%d empty pages are discarded.", count) % count
        messages.success(request, text)

    return _do(request, scan_id, discard)


@require_POST
def scan_hand_in(request: HttpRequest, scan_id: UUID, attempt_id: UUID) -> HttpResponse:
    def hand_in(scan: Scan) -> None:
        attempt = Attempt.objects.filter(pk=attempt_id, exam=scan.exam_id, uploads__scan_page__scan=scan).first()
        if attempt is None:
            raise Http404
        scan_desk.hand_in_now(scan=scan, attempt=attempt, actor=request.user, now=timezone.now())
        messages.success(request, _("Handed in. The promise to mark it runs from now."))

    return _do(request, scan_id, hand_in)


def _scan(request: HttpRequest, scan_id: UUID) -> Scan:
    scans = Scan.objects.select_related("exam__paper", "author")
    return get_permitted(request.user, "assessments.decide_scan", scans, scan_id)


def _do(request: HttpRequest, scan_id: UUID, step: Callable[[Scan], None]) -> HttpResponse:
    scan = _scan(request, scan_id)
    try:
        step(scan)
    except DomainError as error:
        return _scan_page(request, _scan(request, scan_id), status=error.status, said=error.message)
    return redirect("scan-page", scan.pk)


def _scan_page(request: HttpRequest, scan: Scan, *, status: int = 200, said: str = "") -> HttpResponse:
    waiting = scan.pages.filter(state=ScanPageState.WAITING).values_list("reason", flat=True)
    reasons = list(waiting)
    context = {
        "scan": scan,
        "said": said,
        "sums": selectors.sums_of([scan])[scan.pk],
        "files": scan.files.order_by("position"),
        "rows": selectors.student_rows(scan),
        "retryable": sum(reason not in scan_desk.FINAL_REASONS for reason in reasons),
        "blank": reasons.count(ScanReason.BLANK),
        "not_begun": reasons.count(ScanReason.NOT_BEGUN),
    }
    return render_page(request, "assessments/scan_page.html", context, partial="scan", status=status)


# --- One page --------------------------------------------------------------------------------------------------------
@require_GET
def scan_fix(request: HttpRequest, scan_id: UUID) -> HttpResponse:
    """To the first page that waits."""
    scan = _scan(request, scan_id)
    return _next_waiting(scan, 0)


@require_GET
def page_fix(request: HttpRequest, page_id: UUID) -> HttpResponse:
    return _fix_page(request, _page(request, page_id))


@require_POST
def page_place(request: HttpRequest, page_id: UUID) -> HttpResponse:
    page = _page(request, page_id)
    form = _place_form(request, page, request.POST)
    if not form.is_valid():
        return _fix_page(request, page, form=form, status=422)

    def place() -> None:
        given = form.cleaned_data | {"turn": int(form.cleaned_data["turn"])}
        scan_desk.place_page(page=page, **given, actor=request.user, now=timezone.now())

    return _decide(request, page, place, form=form)


@require_POST
def page_discard(request: HttpRequest, page_id: UUID) -> HttpResponse:
    page = _page(request, page_id)
    form = DiscardForm(request.POST)
    if not form.is_valid():
        return _fix_page(request, page, discard_form=form, status=422)

    def discard() -> None:
        scan_desk.discard_page(page=page, why=form.cleaned_data["why"], actor=request.user, now=timezone.now())

    return _decide(request, page, discard)


@require_POST
def page_back(request: HttpRequest, page_id: UUID) -> HttpResponse:
    page = _page(request, page_id)
    try:
        scan_desk.put_back(page=page, actor=request.user, now=timezone.now())
    except DomainError as error:
        return _fix_page(request, _page(request, page_id), status=error.status, said=error.message)
    return redirect("scan-page-fix", page.pk)


@require_GET
def page_image(request: HttpRequest, page_id: UUID, size: str) -> HttpResponse:
    """Sends whoever may see the page to a short-lived address of its image."""
    page = get_permitted(request.user, "assessments.view_scanpage", ScanPage.objects.select_related("scan"), page_id)
    if size not in IMAGES or not page.sha256:
        raise Http404
    response = _to_storage(getattr(page, IMAGES[size]))
    response["Cache-Control"] = "private, max-age=120"
    return response


def _to_storage(key: str) -> HttpResponse:
    return redirect(sheet_storage().signed_url(key))


def _page(request: HttpRequest, page_id: UUID) -> ScanPage:
    pages = ScanPage.objects.select_related("scan__exam__paper", "scan__author", "student", "decided_by", "upload")
    return get_permitted(request.user, "assessments.decide_scan", pages, page_id)


def _decide(
    request: HttpRequest, page: ScanPage, step: Callable[[], None], *, form: PlaceForm | None = None
) -> HttpResponse:
    try:
        step()
    except DomainError as error:
        again = _page(request, page.pk)
        return _fix_page(request, again, form=form, status=error.status, said=error.message)
    return _next_waiting(page.scan, page.position)


def _next_waiting(scan: Scan, position: int) -> HttpResponse:
    """The next page that waits; after the last one those that were passed over; else the scan."""
    waiting = selectors.waiting_pages(scan)
    found = waiting.filter(position__gt=position).first() or waiting.first()
    return redirect("scan-page-fix", found.pk) if found else redirect("scan-page", scan.pk)


def _place_form(request: HttpRequest, page: ScanPage, data: Any = None) -> PlaceForm:
    exam = page.scan.exam
    students = selectors.roster_of(exam, request.user)
    everybody = list(students)
    taken = selectors.taken_numbers(exam, everybody)
    names = {user.pk: _named(user.name, taken.get(user.pk, set())) for user in everybody}
    initial: dict[str, Any] = {}
    hint: Suggestion | None = None
    if page.student_id in names and page.number not in taken.get(page.student_id, set()):
        initial |= {"student": page.student_id, "number": page.number}
    elif hint := suggest_place(page.position, neighbours_of(page.scan), taken=taken):
        initial |= {"student": hint.student, "number": hint.number}
    hint_name = next((user.name for user in everybody if hint and user.pk == hint.student), "")
    return PlaceForm(data, students=students, names=names, initial=initial, hint=hint, hint_name=hint_name)


def _named(name: str, numbers: set[int]) -> str:
    if not numbers:
        return name
    return _("%(name)s (has %(numbers)s)") % {"name": name, "numbers": ", ".join(map(str, sorted(numbers)))}


def _fix_page(
    request: HttpRequest,
    page: ScanPage,
    *,
    form: PlaceForm | None = None,
    discard_form: DiscardForm | None = None,
    status: int = 200,
    said: str = "",
) -> HttpResponse:
    waiting = list(selectors.waiting_pages(page.scan).values_list("pk", "position"))
    around = page.scan.pages.filter(position__in=[page.position - 1, page.position + 1]).select_related("student")
    context: dict[str, Any] = {
        "page": page,
        "scan": page.scan,
        "said": said,
        "left": len(waiting),
        "before": next((pk for pk, position in reversed(waiting) if position < page.position), None),
        "after": next((pk for pk, position in waiting if position > page.position), None),
        "around": sorted(around, key=lambda one: one.position),
    }
    if page.state == ScanPageState.WAITING:
        context["form"] = form or _place_form(request, page)
        context["discard_form"] = discard_form or DiscardForm()
    return render_page(request, "assessments/scan_fix.html", context, partial="fix", status=status)

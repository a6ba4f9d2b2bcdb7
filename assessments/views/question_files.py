"""Questions from files and into files: upload, report, import; export and the empty table."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments.enums import QuestionType
from assessments.forms.bank import BankFilterForm, read_id
from assessments.forms.question_files import ImportForm, PlaceForm
from assessments.models import ImportState, Question, QuestionImport
from assessments.selectors import bank_pages
from assessments.selectors import question_files as selectors
from assessments.services import question_files as services
from assessments.services.exporting import ExportedFile, empty_table, export_questions, kept_picture
from assessments.services.likeness import search_terms
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page
from courses.models import Programme

MAX_EXPORT = 1000
SHOWN_NOTES = 50
NAMES = {
    "xlsx": gettext_lazy("Table (Excel, LibreOffice)"),
    "csv": gettext_lazy("Table (CSV)"),
    "moodle_xml": gettext_lazy("Moodle XML"),
    "qti": gettext_lazy("QTI 2.1 package"),
    "qti3": gettext_lazy("QTI 3.0 package"),
    "gift": gettext_lazy("GIFT"),
    "aiken": gettext_lazy("Aiken"),
}
CARRIES = {
    "xlsx": gettext_lazy("Everything except the pictures themselves; the table has their addresses."),
    "csv": gettext_lazy("Everything except the pictures themselves; the table has their addresses."),
    "moodle_xml": gettext_lazy("Everything with pictures; of a question with parameters one variant."),
    "qti": gettext_lazy("Everything with pictures; of a question with parameters one variant."),
    "qti3": gettext_lazy("The same for newer systems."),
    "gift": gettext_lazy("Choice, true or false, numbers, short texts, pairs and written questions; no pictures."),
    "aiken": gettext_lazy("Single choice alone: text, options and key; no pictures, marks or explanations."),
}
TABS = [
    ("", gettext_lazy("Everything")),
    ("new", gettext_lazy("New")),
    ("changed", gettext_lazy("Changed")),
    ("equal", gettext_lazy("Already there")),
    ("refused", gettext_lazy("Refused")),
    ("skipped", gettext_lazy("Skipped")),
]


def _may(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


@require_http_methods(["GET", "POST"])
def question_import(request: HttpRequest) -> HttpResponse:
    """The upload and the person's recent files."""
    _may(request, "assessments.add_question")
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if not form.is_bound or not form.is_valid():
        return _upload_page(request, form, 422 if form.is_bound else 200)
    file = form.cleaned_data["file"]
    try:
        source, is_new = services.receive_file(
            data=file.read(),
            file_name=str(file.name),
            programme=form.cleaned_data["programme"],
            chapter=form.cleaned_data["chapter"],
            author=request.user,
            now=timezone.now(),
        )
    except DomainError as error:
        form.add_error("file", error.message)
        return _upload_page(request, form, error.status)
    if not is_new:
        messages.info(request, _("You have uploaded this very file already. Here is its report."))
    return redirect("question-import-page", source.pk)


def _upload_page(request: HttpRequest, form: ImportForm, status: int) -> HttpResponse:
    context = {"form": form, "recent": selectors.recent_imports(request.user)}
    return render_page(request, "assessments/import_upload.html", context, status=status)


@require_GET
def question_import_page(request: HttpRequest, import_id: UUID) -> HttpResponse:
    return _report_page(request, _source(request, import_id))


@require_POST
def question_import_run(request: HttpRequest, import_id: UUID) -> HttpResponse:
    source = _source(request, import_id)
    try:
        services.ask_to_import(
            source=source,
            without_refused=bool(request.POST.get("without_refused")),
            actor=request.user,
            now=timezone.now(),
        )
    except DomainError as error:
        return _report_page(request, _source(request, import_id), status=error.status, said=error.message)
    return redirect("question-import-page", source.pk)


@require_POST
def question_import_place(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """Another programme or chapter for the file, whose report is then made anew."""
    source = _source(request, import_id)
    form = PlaceForm(request.POST)
    if not form.is_valid():
        return _report_page(request, source, status=422, form=form)
    place = {"programme": form.cleaned_data["programme"], "chapter": form.cleaned_data["chapter"]}
    try:
        services.place_again(source=source, **place, actor=request.user, now=timezone.now())
    except DomainError as error:
        return _report_page(request, _source(request, import_id), status=error.status, said=error.message)
    return redirect("question-import-page", source.pk)


@require_POST
def question_import_discard(request: HttpRequest, import_id: UUID) -> HttpResponse:
    source = _source(request, import_id)
    try:
        services.discard(source=source, actor=request.user)
    except DomainError as error:
        return _report_page(request, source, status=error.status, said=error.message)
    messages.success(request, _("The file is discarded."))
    return redirect("question-import")


def _source(request: HttpRequest, import_id: UUID) -> QuestionImport:
    _may(request, "assessments.add_question")
    return get_permitted(request.user, "assessments.view_questionimport", selectors.import_for_page(), import_id)


def _report_page(
    request: HttpRequest, source: QuestionImport, *, status: int = 200, said: str = "", form: PlaceForm | None = None
) -> HttpResponse:
    action, number = request.GET.get("show", ""), request.GET.get("page", "1")
    action = action if action in services.ACTIONS else ""
    page = int(number) if number.isdecimal() and 0 < len(number) < 5 else 1
    counts = source.counts
    context: dict[str, Any] = {
        "source": source,
        "said": said,
        "format": NAMES.get(source.format, source.format),
        "before": selectors.imported_before(source),
        "wanted": counts.get("new", 0) + counts.get("changed", 0),
        "left_out": counts.get("refused", 0) + counts.get("skipped", 0),
    }
    if source.state == ImportState.READY:
        context["homeless"] = selectors.without_chapter(source)
        context["form"] = form or PlaceForm(initial={"programme": source.programme_id, "chapter": source.chapter_id})
    if counts and not source.is_working:
        context["report"] = report = selectors.report_page(source, action=action, number=max(page, 1))
        context["types"] = dict(QuestionType.choices)
        context["tabs"] = [
            {
                "label": label,
                "count": counts.get(name, 0) if name else sum(counts.values()),
                "url": f"?{urlencode({'show': name})}" if name else "?",
                "current": name == action,
            }
            for name, label in TABS
            if not name or counts.get(name)
        ]
        context["newer"], context["older"] = (
            f"?{urlencode({'show': action, 'page': neighbour})}" if neighbour else ""
            for neighbour in (report.newer, report.older)
        )
    return render_page(request, "assessments/import_report.html", context, partial="import", status=status)


# --- Export ----------------------------------------------------------------------------------------------------------
@require_GET
def question_export(request: HttpRequest) -> HttpResponse:
    """Which questions, into which format; what the format cannot carry is said before the download."""
    _may(request, "assessments.open_bank")
    form = BankFilterForm(request.GET)
    questions = _asked(request, form)
    if questions is None:
        return _export_page(request, form, None, status=422)
    if not request.GET.get("format"):
        return _export_page(request, form, questions)
    try:
        exported = _exported(request, questions, questions.count())
    except DomainError as error:
        return _export_page(request, form, questions, problem=error.message, status=error.status)
    return _export_page(request, form, questions, exported=exported)


def _export_page(
    request: HttpRequest,
    form: BankFilterForm,
    questions: QuerySet[Question] | None,
    *,
    exported: ExportedFile | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "formats": [(name, label, CARRIES[name]) for name, label in NAMES.items()],
        "chosen": request.GET.get("format", ""),
        "count": 0 if questions is None else questions.count(),
        "most": MAX_EXPORT,
        "ticked": request.GET.getlist("question"),
        "problem": problem,
        "exported": exported,
        "notes": exported.notes[:SHOWN_NOTES] if exported else (),
        "more_notes": max(0, len(exported.notes) - SHOWN_NOTES) if exported else 0,
        "query": request.GET.urlencode(),
    }
    return render_page(request, "assessments/export_page.html", context, partial="export", status=status)


@require_GET
def question_export_file(request: HttpRequest) -> HttpResponse:
    _may(request, "assessments.open_bank")
    form = BankFilterForm(request.GET)
    questions = _asked(request, form)
    try:
        if questions is None:
            raise DomainError(_("This filter cannot be read."), "export_filter")
        exported = _exported(request, questions, questions.count())
    except DomainError as error:
        return _export_page(request, form, questions, problem=error.message, status=error.status)
    programme = read_id(form.data.get("programme", ""))
    slug = Programme.objects.filter(pk=programme).values_list("slug", flat=True).first() if programme else None
    parts = ["questions", slug, timezone.localdate().isoformat()]
    return _download(exported, "-".join(filter(None, parts)) + exported.name.removeprefix("questions"))


@require_GET
def question_template(request: HttpRequest, kind: str) -> HttpResponse:
    """The empty table with one example of every type."""
    _may(request, "assessments.open_bank")
    exported = empty_table(kind)
    return _download(exported, exported.name)


def _asked(request: HttpRequest, form: BankFilterForm) -> QuerySet[Question] | None:
    """The ticked questions, else those of the filter; None for a wrong filter."""
    ids = [pk for text in request.GET.getlist("question")[: MAX_EXPORT + 1] if (pk := read_id(text))]
    if ids:
        return selectors.selected_questions(request.user, ids).order_by("pk")
    if not form.is_valid():
        return None
    found = bank_pages.bank_questions(
        request.user,
        chosen=form.chosen,
        terms=search_terms(form.cleaned_data["q"]),
        view=request.GET.get("view", ""),
    )
    return found.order_by("pk")


def _exported(request: HttpRequest, questions: QuerySet[Question], count: int) -> ExportedFile:
    if count > MAX_EXPORT:
        message = _("At most %s questions go into one file. Narrow the filter.")
        raise DomainError(message % MAX_EXPORT, "export_too_many")
    return export_questions(
        questions=questions,
        actor=request.user,
        format=request.GET.get("format", ""),
        find_picture=kept_picture,
    )


def _download(exported: ExportedFile, name: str) -> HttpResponse:
    response = HttpResponse(exported.data, content_type=exported.media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response

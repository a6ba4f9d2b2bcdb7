"""A teacher's statements: what was earned, month by month, and the answer to each."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page
from evaluations.enums import StatementState
from evaluations.forms import StatementForm
from evaluations.models import Statement
from evaluations.selectors.economics import running_months, statement_groups, statement_page
from evaluations.services.statement_files import statement_csv as csv_of
from evaluations.services.statement_files import statement_pdf as pdf_of
from evaluations.services.statements import STEPS, confirm_statement, object_to_statement
from notifications.services.inbox import read_by_url

#: Statements of so many months are listed.
MOST = 36


@require_GET
def own_statements(request: HttpRequest) -> HttpResponse:
    """The months that run, and the statements."""
    if not request.user.is_teacher:
        raise PermissionDenied
    context = {
        "running": running_months(request.user),
        "statements": Statement.objects.filter(teacher=request.user.pk)[:MOST],
    }
    return render_page(request, "evaluations/statement_list.html", context)


@require_http_methods(["GET", "POST"])
def statement(request: HttpRequest, statement_id: UUID) -> HttpResponse:
    """GET: sums and rows. POST: the teacher confirms, or objects with a sentence."""
    verb = "answer" if request.method == "POST" else "view"
    found, now = _found(request, statement_id, verb), timezone.now()
    form = StatementForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            if "confirm" in request.POST:
                confirm_statement(statement=found, actor=request.user, now=now)
            else:
                object_to_statement(statement=found, words=form.cleaned_data["words"], actor=request.user, now=now)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("The office knows."))
            return redirect("statement-page", found.pk)
    read_by_url(user=request.user, url=request.path, now=now)
    rows, after = statement_page(found, _key(request.GET.get("after")))
    context = {
        "statement": found,
        "groups": statement_groups(found),
        "rows": rows,
        "after": after,
        "form": form,
        "is_own": found.teacher_id == request.user.pk,
        "can_confirm": found.state in STEPS[StatementState.CONFIRMED],
        "can_object": found.state in STEPS[StatementState.OBJECTED],
    }
    return render_page(request, "evaluations/statement_page.html", context, status=422 if form.errors else 200)


@require_GET
def statement_csv(request: HttpRequest, statement_id: UUID) -> StreamingHttpResponse:
    found = _found(request, statement_id, "view")
    response = StreamingHttpResponse(csv_of(found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="statement-{found.label}.csv"'
    return response


@require_GET
def statement_pdf(request: HttpRequest, statement_id: UUID) -> HttpResponse:
    found = _found(request, statement_id, "view")
    response = HttpResponse(pdf_of(found, made_at=timezone.now()), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="statement-{found.label}.pdf"'
    return response


def _found(request: HttpRequest, statement_id: UUID, verb: str) -> Statement:
    rows = Statement.objects.select_related("teacher", "month")
    found: Statement = get_permitted(request.user, f"evaluations.{verb}_statement", rows, statement_id)
    return found


def _key(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None

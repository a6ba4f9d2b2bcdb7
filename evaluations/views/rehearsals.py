"""The end of a rehearsal, in place of a result."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET

from assessments.models import Attempt
from assessments.selectors.rehearsals import page_of
from common.access import get_permitted
from common.htmx import render_page
from evaluations.selectors.rehearsal_page import rehearsal_page


@require_GET
def rehearsal_end(request: HttpRequest, attempt_id: UUID) -> HttpResponse:
    """For whoever rehearsed, and staff."""
    attempts = Attempt.objects.select_related("exam__rehearses", "exam__programme", "paper", "student")
    attempt = get_permitted(request.user, "evaluations.view_result", attempts, attempt_id)
    if not attempt.exam.is_rehearsal:
        raise Http404
    if (here := page_of(attempt)) != "rehearsal-end":
        if attempt.student_id != request.user.pk:
            raise Http404
        return redirect(here, attempt.pk)
    context = rehearsal_page(attempt=attempt, reader=request.user, now=timezone.now())
    return render_page(request, "evaluations/rehearsal_end.html", context)

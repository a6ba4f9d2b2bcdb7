"""Sending a student to an external tool."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from assessments.models import ExternalAssessment
from assessments.services.external_launches import launch_assessment
from common.access import get_permitted
from common.htmx import render_page
from courses.enums import LessonKind
from courses.selectors.courses import lessons_back


@require_POST
def external_open(request: HttpRequest, assessment_id: UUID) -> HttpResponse:
    """A page with one form, which posts the signed token to the tool: by itself, or by its button."""
    source = ExternalAssessment.objects.select_related("tool")
    assessment = get_permitted(request.user, "assessments.launch_externalassessment", source, assessment_id)
    back = lessons_back(kinds=[LessonKind.EXTERNAL], target=assessment.pk, student=request.user)
    home = reverse("lesson-page", args=[back[0].pk]) if back else reverse("exam-list")
    sending = launch_assessment(
        assessment=assessment,
        student=request.user,
        return_url=request.build_absolute_uri(home),
        results_url=request.build_absolute_uri(reverse("api-external-results", args=[assessment.tool_id])),
        now=timezone.now(),
    )
    context = {"assessment": assessment, "sending": sending}
    response = render_page(request, "assessments/external_open.html", context)
    # Of all our pages only this one has a form that leaves the site, and it may go to this tool alone.
    response._csp_replace = {"form-action": [sending.origin]}  # type: ignore[attr-defined]
    return response

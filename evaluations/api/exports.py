"""The marks of an exam as a table, over the API."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from assessments.models import Exam
from common.access import get_permitted
from evaluations.api.views import person
from evaluations.services.exports import as_csv, marks_table, note_export

NAMED = OpenApiParameter(
    "named", OpenApiTypes.BOOL, description="With names and e-mails; refused where the exam hides names."
)


class ExamMarks(APIView):
    @extend_schema(
        operation_id="exams_marks",
        parameters=[NAMED],
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, description="One row for each marked paper.")},
    )
    def get(self, request: Request, exam_id: UUID) -> HttpResponseBase:
        """The marks of an exam as CSV, for staff. Text that a spreadsheet would take for a formula begins with an
        apostrophe. Every export is audited."""
        exam = get_permitted(person(request), "evaluations.export_marks", Exam, exam_id)
        named = request.query_params.get("named", "").lower() in ("1", "true")
        note_export(exam=exam, what="csv", named=named, actor=person(request), now=timezone.now())
        table = as_csv(marks_table(exam=exam, named=named))
        response = StreamingHttpResponse(table, content_type="text/csv; charset=utf-8")
        response["Cache-Control"] = "no-store"
        return response

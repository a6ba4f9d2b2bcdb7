"""The API's doors: parse, ask permission, call one service, answer."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assessments.api import serializers as shapes
from assessments.models import Attempt, Exam, SheetUpload
from assessments.selectors.accommodations import own_terms
from assessments.selectors.attempts import exam_list
from assessments.selectors.reveal import quizzes_hiding_marks
from assessments.selectors.sheets import upload_of
from assessments.services.attempts import save_response, start_attempt, submit_attempt
from assessments.services.checking import check_response
from assessments.services.flight_record import note_told
from assessments.services.sheets import announce_sheet, confirm_sheets, receive_sheet
from assessments.services.times import note_times
from common.access import get_permitted
from common.api import StrictSerializer

ANSWER = "assessments.answer_attempt"


def _read(shape: type[StrictSerializer], request: Request) -> dict[str, Any]:
    """The checked body. Raises ValidationError, which is answered as 422."""
    serializer = shape(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _reading(request: Request, now: datetime) -> dict[str, Any]:
    """The context of what goes out: who reads it, when."""
    return {"reader": request.user, "now": now}


def _how_it_stands(attempt: Attempt, now: datetime) -> dict[str, Any]:
    return {"server_now": now, "ends_at": attempt.ends_at, "writer": attempt.writer}


class ExamList(ListAPIView[Exam]):
    """Exams that the signed-in person may see, newest first."""

    serializer_class = shapes.ExamOut
    queryset = Exam.objects.none()

    def get_queryset(self) -> Any:
        return exam_list(self.request.user)

    def get_serializer_context(self) -> dict[str, Any]:
        now = timezone.now()
        # Lazily: the description of the API asks for this without anybody being there.
        terms = SimpleLazyObject(lambda: own_terms(student=self.request.user, now=now))
        hidden = SimpleLazyObject(lambda: quizzes_hiding_marks(self.request.user, now))
        return {**super().get_serializer_context(), "now": now, "terms": terms, "hides_marks": hidden}


class ExamAttempts(APIView):
    @extend_schema(request=None, responses={201: shapes.AttemptOut, 200: shapes.AttemptOut})
    def post(self, request: Request, exam_id: UUID) -> Response:
        """Starts the exam (201), or returns the attempt that is running (200)."""
        exam = get_permitted(request.user, "assessments.start_exam", Exam.objects.select_related("paper"), exam_id)
        now = timezone.now()
        attempt = start_attempt(exam=exam, student=request.user, now=now)
        status = 201 if attempt.started_at == now else 200
        return Response(shapes.AttemptOut(attempt, context=_reading(request, now)).data, status=status)


class AttemptDetail(APIView):
    @extend_schema(responses=shapes.AttemptOut)
    def get(self, request: Request, attempt_id: UUID) -> Response:
        """The attempt with its paper and the saved answers."""
        attempts = Attempt.objects.select_related("paper", "exam")
        message = _("This exam is still being written. You can read it once it is submitted.")
        attempt = get_permitted(request.user, "assessments.read_attempt", attempts, attempt_id, message=message)
        return Response(shapes.AttemptOut(attempt, context=_reading(request, timezone.now())).data)


class AttemptResponse(APIView):
    @extend_schema(request=shapes.SaveResponseIn, responses=shapes.SavedResponseOut)
    def put(self, request: Request, attempt_id: UUID, question_id: UUID) -> Response:
        """Saves an answer. Repeat it as often as needed: the highest `seq` wins.

        Number saves by the server's clock in milliseconds, or by the largest number known of the question and 1 if that
        is more: then the later choice wins, whichever device or tab comes first.
        """
        attempt = get_permitted(request.user, ANSWER, Attempt, attempt_id)
        body, now = _read(shapes.SaveResponseIn, request), timezone.now()
        saved = save_response(
            attempt=attempt,
            question_id=question_id,
            seq=body["seq"],
            answer=body.get("answer"),
            marked_for_review=body.get("marked_for_review"),
            certainty=body.get("certainty"),
            seconds=body.get("seconds"),
            device=body.get("device"),
            actor=request.user,
            now=now,
        )
        out = {**asdict(saved), "question": question_id, **_how_it_stands(attempt, now)}
        return Response(shapes.SavedResponseOut(out).data)


class AttemptResponseCheck(APIView):
    @extend_schema(request=shapes.CheckResponseIn, responses=shapes.CheckedResponseOut)
    def post(self, request: Request, attempt_id: UUID, question_id: UUID) -> Response:
        """Saves an answer and says whether it is right: one try. Repeating it costs nothing and tells the same."""
        attempt = get_permitted(request.user, ANSWER, Attempt, attempt_id)
        body, now = _read(shapes.CheckResponseIn, request), timezone.now()
        checked = check_response(attempt=attempt, question_id=question_id, actor=request.user, now=now, **body)
        out = {**vars(checked), "question": question_id, **_how_it_stands(attempt, now)}
        return Response(shapes.CheckedResponseOut(out).data)


class AttemptEvents(APIView):
    @extend_schema(request=shapes.FlightEventsIn, responses=shapes.FlightEventsOut)
    def post(self, request: Request, attempt_id: UUID) -> Response:
        """Tells what the device noticed (connection, page in front, pasting), for the attempt's flight record.

        Repeat it as often as needed, in any order: an event counts once by its device and number. Also for a week after
        the attempt, for what could not be told before. It never changes an answer.
        """
        attempt = get_permitted(request.user, ANSWER, Attempt, attempt_id)
        body, now = _read(shapes.FlightEventsIn, request), timezone.now()
        told = note_told(attempt=attempt, actor=request.user, now=now, **body)
        out = {**_how_it_stands(attempt, now), **asdict(told), "state": attempt.state}
        return Response(shapes.FlightEventsOut(out).data)


class AttemptTimes(APIView):
    @extend_schema(request=shapes.TimesIn, responses=shapes.TimesOut)
    def put(self, request: Request, attempt_id: UUID) -> Response:
        """Says how long questions have been in view, without an answer. Repeat it as often as needed."""
        attempt = get_permitted(request.user, ANSWER, Attempt, attempt_id)
        body = _read(shapes.TimesIn, request)
        stored = note_times(attempt=attempt, actor=request.user, now=timezone.now(), **body)
        return Response(shapes.TimesOut({"seconds": stored}).data)


class AttemptSubmit(APIView):
    @extend_schema(request=None, responses=shapes.AttemptStateOut)
    def post(self, request: Request, attempt_id: UUID) -> Response:
        """Ends writing and marks the objective questions. Repeating it gives the same answer."""
        attempt = get_permitted(request.user, ANSWER, Attempt, attempt_id)
        now = timezone.now()
        attempt = submit_attempt(attempt=attempt, actor=request.user, now=now)
        return Response(shapes.AttemptStateOut(attempt, context=_reading(request, now)).data)


class SheetAnnounce(APIView):
    @extend_schema(request=shapes.AnnounceSheetIn, responses={200: shapes.AnnouncedOut})
    def post(self, request: Request, attempt_id: UUID) -> Response:
        """Announces a photo or PDF and says where to send it (valid 15 minutes; announce again for a new target)."""
        attempt = get_permitted(request.user, ANSWER, Attempt, attempt_id)
        body = _read(shapes.AnnounceSheetIn, request)
        upload, target = announce_sheet(attempt=attempt, actor=request.user, now=timezone.now(), **body)
        if target is None:
            return Response({"upload": None, "receipt": shapes.ReceiptOut(upload).data})
        where = {**asdict(target), "url": request.build_absolute_uri(target.url)}
        return Response({"upload": where, "receipt": None})


class SheetDone(APIView):
    @extend_schema(request=None, responses={200: shapes.ReceiptOut, 422: OpenApiResponse(description="Refused.")})
    def post(self, request: Request, attempt_id: UUID, client_id: UUID) -> Response:
        """Checks what arrived and gives the receipt."""
        attempt = get_permitted(request.user, ANSWER, Attempt, attempt_id)
        try:
            upload = upload_of(attempt, client_id)
        except SheetUpload.DoesNotExist:
            raise Http404 from None
        upload = receive_sheet(upload=upload, actor=request.user, now=timezone.now())
        return Response(shapes.ReceiptOut(upload).data)


class SheetConfirm(APIView):
    @extend_schema(request=shapes.ConfirmSheetsIn, responses=shapes.AttemptStateOut)
    def post(self, request: Request, attempt_id: UUID) -> Response:
        """Hands in the sheets: which question is on which page, and what was not attempted."""
        attempt = get_permitted(request.user, ANSWER, Attempt, attempt_id)
        body, now = _read(shapes.ConfirmSheetsIn, request), timezone.now()
        attempt = confirm_sheets(attempt=attempt, actor=request.user, now=now, **body)
        return Response(shapes.AttemptStateOut(attempt, context=_reading(request, now)).data)

"""The marking half of the main job over the API."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from assessments.models import Attempt
from common.access import get_permitted
from common.api import IdCursorPagination
from evaluations.api import serializers as shapes
from evaluations.enums import PRACTICE_ROLES
from evaluations.models import Evaluation
from evaluations.selectors import annotation_values, desk_data, marking_progress, result_data
from evaluations.selectors.marked_papers import marked_file
from evaluations.selectors.records import with_records
from evaluations.services.annotations import save_annotations
from evaluations.services.claims import claim_next
from evaluations.services.finishing import finalise_evaluation
from evaluations.services.marked_papers import NoMarkedPaper, ask_marked_paper
from evaluations.services.marking import save_mark

T = TypeVar("T", bound=serializers.Serializer[Any])


def person(request: Request) -> User:
    assert isinstance(request.user, User)  # IsAuthenticated has been asked
    return request.user


def checked(serializer: T) -> T:
    serializer.is_valid(raise_exception=True)
    return serializer


class EvaluationList(GenericAPIView[Evaluation]):
    """Staff see all, a teacher what is with them, a student and their guardians the student's own."""

    serializer_class = shapes.EvaluationOut
    pagination_class = IdCursorPagination
    queryset = Evaluation.objects.none()

    @extend_schema(operation_id="evaluations_list", parameters=[shapes.StateQuery])
    def get(self, request: Request) -> Response:
        asked = checked(shapes.StateQuery(data=request.query_params)).validated_data
        rows = Evaluation.objects.visible_to(person(request)).exclude(role__in=PRACTICE_ROLES)
        page = self.paginate_queryset(rows.filter(state=asked["state"]) if "state" in asked else rows)
        return self.get_paginated_response(shapes.EvaluationOut(page, many=True).data)


class ClaimNext(APIView):
    """Takes up the next paper: the teacher's own by deadline, else one that waits. 204 when there is none."""

    @extend_schema(
        operation_id="evaluations_claim",
        request=None,
        responses={200: shapes.EvaluationOut, 204: OpenApiResponse(description="Nothing is waiting.")},
    )
    def post(self, request: Request) -> Response:
        evaluation = claim_next(teacher=person(request), now=timezone.now())
        return Response(status=204) if evaluation is None else Response(shapes.EvaluationOut(evaluation).data)


class EvaluationDesk(APIView):
    """Everything needed to mark one paper; for the teacher it is with, and staff."""

    @extend_schema(operation_id="evaluations_retrieve", responses=shapes.DeskOut)
    def get(self, request: Request, evaluation_id: UUID) -> Response:
        evaluation = get_permitted(
            person(request), "evaluations.view_desk", Evaluation.objects.with_paper(), evaluation_id
        )
        return Response(shapes.DeskOut(desk_data(evaluation), context={"request": request}).data)


class QuestionMarkDetail(APIView):
    """Gives a question its mark. `version` is the one last seen, 0 for none; 409 carries the newer one."""

    @extend_schema(operation_id="evaluations_mark", request=shapes.MarkIn, responses=shapes.MarkOut)
    def put(self, request: Request, evaluation_id: UUID, question_id: UUID) -> Response:
        evaluation = get_permitted(
            person(request), "evaluations.mark_evaluation", Evaluation.objects.with_paper(), evaluation_id
        )
        values = checked(shapes.MarkIn(data=request.data)).validated_data
        mark = save_mark(
            evaluation=evaluation, question_id=question_id, actor=person(request), now=timezone.now(), **values
        )
        total = marking_progress(evaluation).total
        return Response(shapes.MarkOut({"version": mark.version, "marks": mark.marks, "total": total}).data)


class AnnotationBatch(APIView):
    """Saves all annotations sent, or none. Versions as with marks; `deleted` leaves a tombstone."""

    @extend_schema(operation_id="evaluations_annotate", request=shapes.AnnotationsIn, responses=shapes.AnnotationsOut)
    def put(self, request: Request, evaluation_id: UUID) -> Response:
        evaluation = get_permitted(
            person(request), "evaluations.mark_evaluation", Evaluation.objects.with_paper(), evaluation_id
        )
        items = checked(shapes.AnnotationsIn(data=request.data)).items()
        saved = save_annotations(evaluation=evaluation, items=items, actor=person(request), now=timezone.now())
        return Response(shapes.AnnotationsOut({"annotations": [annotation_values(row) for row in saved]}).data)


class Finalise(APIView):
    """Fixes the totals. 422 lists the questions that still have no mark."""

    @extend_schema(operation_id="evaluations_finalise", request=None, responses=shapes.FinishedOut)
    def post(self, request: Request, evaluation_id: UUID) -> Response:
        evaluation = get_permitted(
            person(request), "evaluations.mark_evaluation", Evaluation.objects.with_paper(), evaluation_id
        )
        done = finalise_evaluation(evaluation=evaluation, actor=person(request), now=timezone.now())
        return Response(shapes.FinishedOut(done).data)


class AttemptResult(APIView):
    """The marked paper, once it is back, as far as the exam shows it; before that only its state and the promise."""

    @extend_schema(operation_id="attempts_result", responses=shapes.ResultOut)
    def get(self, request: Request, attempt_id: UUID) -> Response:
        rows = with_records(Attempt.objects.select_related("exam", "paper"))
        attempt = get_permitted(person(request), "evaluations.view_result", rows, attempt_id)
        result = result_data(attempt, reader=person(request), now=timezone.now())
        return Response(shapes.ResultOut(result, context={"request": request}).data)


class AttemptMarkedPaper(APIView):
    """The marked paper as PDF, as far as the exam shows it to whoever asks. It is made in the background after the
    release, and anew where something changed since."""

    @extend_schema(operation_id="attempts_marked_paper", responses=shapes.MarkedPaperOut)
    def get(self, request: Request, attempt_id: UUID) -> Response:
        return self._answer(request, self._attempt(request, attempt_id), 200)

    @extend_schema(operation_id="attempts_ask_marked_paper", request=None, responses={202: shapes.MarkedPaperOut})
    def post(self, request: Request, attempt_id: UUID) -> Response:
        attempt = self._attempt(request, attempt_id)
        ask_marked_paper(attempt=attempt, reader=person(request), now=timezone.now())
        return self._answer(request, attempt, 202)

    def _attempt(self, request: Request, attempt_id: UUID) -> Attempt:
        rows = with_records(Attempt.objects.select_related("exam__programme", "paper", "student"))
        attempt: Attempt = get_permitted(person(request), "evaluations.view_result", rows, attempt_id)
        return attempt

    def _answer(self, request: Request, attempt: Attempt, status: int) -> Response:
        marked = marked_file(result_data(attempt, reader=person(request), now=timezone.now()), reader=person(request))
        if marked is None:
            raise NoMarkedPaper
        return Response(shapes.MarkedPaperOut(marked, context={"request": request}).data, status=status)

"""Clearer pictures over the API: the marker asks, the student sends, all within one page of a handed-in paper."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.access import get_permitted
from evaluations.api import serializers as shapes
from evaluations.api.views import checked, person
from evaluations.models import Evaluation, PictureRequest
from evaluations.selectors.pictures import picture_view, picture_views
from evaluations.services.pictures import announce_picture, ask_picture, receive_picture, withdraw_picture


def _asked(request: Request, permission: str, request_id: UUID) -> PictureRequest:
    rows = PictureRequest.objects.select_related("evaluation__attempt", "evaluation__teacher__teacher_profile")
    return get_permitted(person(request), permission, rows, request_id)


class PaperPictures(APIView):
    @extend_schema(operation_id="pictures_list", responses=shapes.DeskPictureOut(many=True))
    def get(self, request: Request, evaluation_id: UUID) -> Response:
        """The clearer pictures that were asked for of one paper, the oldest first."""
        rows = Evaluation.objects.with_paper()
        evaluation = get_permitted(person(request), "evaluations.view_desk", rows, evaluation_id)
        out = shapes.DeskPictureOut(picture_views(evaluation.pk), many=True, context={"request": request})
        return Response(out.data)

    @extend_schema(
        operation_id="pictures_ask",
        request=shapes.PictureIn,
        responses={201: shapes.PictureOut, 409: OpenApiResponse(description="Asked for already, or not claimed.")},
    )
    def post(self, request: Request, evaluation_id: UUID) -> Response:
        """Asks for a clearer picture of a page or of a region of it. The promise waits for the student meanwhile."""
        rows = Evaluation.objects.with_paper()
        evaluation = get_permitted(person(request), "evaluations.mark_evaluation", rows, evaluation_id)
        values = checked(shapes.PictureIn(data=request.data)).validated_data
        page_id = values.pop("page")
        asked = ask_picture(evaluation=evaluation, page_id=page_id, actor=person(request), now=timezone.now(), **values)
        return Response(shapes.PictureOut(picture_view(asked)).data, status=201)


class Picture(APIView):
    @extend_schema(operation_id="pictures_retrieve", responses=shapes.PictureOut)
    def get(self, request: Request, request_id: UUID) -> Response:
        """Where a request stands, for the student and their guardians, the marker and staff."""
        return Response(
            shapes.PictureOut(picture_view(_asked(request, "evaluations.view_picturerequest", request_id))).data
        )


class PictureWithdraw(APIView):
    @extend_schema(operation_id="pictures_withdraw", request=None, responses=shapes.PictureOut)
    def post(self, request: Request, request_id: UUID) -> Response:
        """The marker does without it. Repeating is fine; 409 when the picture has come."""
        asked = _asked(request, "evaluations.withdraw_picturerequest", request_id)
        closed = withdraw_picture(asked=asked, actor=person(request), now=timezone.now())
        return Response(shapes.PictureOut(picture_view(closed)).data)


class PictureAnnounce(APIView):
    @extend_schema(
        operation_id="pictures_announce", request=shapes.PictureAnnounceIn, responses=shapes.PictureAnnouncedOut
    )
    def post(self, request: Request, request_id: UUID) -> Response:
        """Announces the picture and says where to send it (valid 15 minutes; announce again for a new target)."""
        asked = _asked(request, "evaluations.answer_picturerequest", request_id)
        values = checked(shapes.PictureAnnounceIn(data=request.data)).validated_data
        upload, target = announce_picture(asked=asked, actor=person(request), now=timezone.now(), **values)
        if target is None:
            return Response({"upload": None, "receipt": shapes.PictureReceiptOut(upload).data})
        return Response({"upload": {**asdict(target), "url": request.build_absolute_uri(target.url)}, "receipt": None})


class PictureDone(APIView):
    @extend_schema(
        operation_id="pictures_done",
        request=None,
        responses={200: shapes.PictureReceiptOut, 422: OpenApiResponse(description="Refused, or not here yet.")},
    )
    def post(self, request: Request, request_id: UUID, client_id: UUID) -> Response:
        """Checks what arrived and gives the receipt; the request is answered by that."""
        asked = _asked(request, "evaluations.answer_picturerequest", request_id)
        upload = receive_picture(asked=asked, client_id=client_id, actor=person(request), now=timezone.now())
        return Response(shapes.PictureReceiptOut(upload).data)

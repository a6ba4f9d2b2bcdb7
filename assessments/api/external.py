"""The API's doors for assessments held elsewhere: what is set, being sent there, and the results that tools report."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, UnreadablePostError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from assessments.models import ExternalAssessment, ExternalTool
from assessments.selectors.external import external_list, with_best
from assessments.services.external_launches import launch_assessment
from assessments.services.external_results import MAX_BYTES, receive_result
from assessments.services.signatures import HEADER
from common.access import get_permitted
from common.parsers import UnreadableJsonError


class ExternalBestOut(serializers.Serializer[Any]):
    score = serializers.DecimalField(max_digits=8, decimal_places=2)
    max_score = serializers.DecimalField(max_digits=8, decimal_places=2)
    percent = serializers.IntegerField(help_text="Rounded down.")
    passed = serializers.BooleanField()
    occurred_at = serializers.DateTimeField()


class ExternalAssessmentOut(serializers.ModelSerializer[ExternalAssessment]):
    """`best`: the best result of the signed-in person, null before the first."""

    tool = serializers.CharField(source="tool.name")
    programme = serializers.CharField(source="programme.slug")
    chapter = serializers.SerializerMethodField()
    pass_percent = serializers.IntegerField()
    is_open = serializers.SerializerMethodField()
    best = ExternalBestOut(allow_null=True)

    class Meta:
        model = ExternalAssessment
        fields = (
            "id", "title", "tool", "programme", "chapter", "max_score", "pass_percent", "opens_at", "closes_at",
            "is_open", "best",
        )  # fmt: skip

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_chapter(self, row: ExternalAssessment) -> str | None:
        return row.chapter.name if row.chapter else None

    def get_is_open(self, row: ExternalAssessment) -> bool:
        return row.is_open(timezone.now()) and row.tool.is_active


class ExternalLaunchOut(serializers.Serializer[Any]):
    """Post a form with the field `token` to `url` before `expires_at`."""

    launch_id = serializers.UUIDField()
    url = serializers.URLField()
    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class ExternalResultIn(serializers.Serializer[Any]):
    """What a tool posts. Described here; read by the service from the very bytes that were signed."""

    event_id = serializers.CharField(max_length=100, help_text="The tool's; each is taken once.")
    launch_id = serializers.UUIDField(help_text="The token's jti.")
    score = serializers.DecimalField(max_digits=8, decimal_places=2)
    max_score = serializers.DecimalField(max_digits=8, decimal_places=2)
    occurred_at = serializers.DateTimeField()


class ExternalResultOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    event_id = serializers.CharField()
    launch_id = serializers.UUIDField()
    score = serializers.DecimalField(max_digits=8, decimal_places=2)
    max_score = serializers.DecimalField(max_digits=8, decimal_places=2)
    occurred_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField()


class ExternalAssessmentList(ListAPIView[ExternalAssessment]):
    """Assessments at other places that the signed-in person may see, newest first, with their best result."""

    serializer_class = ExternalAssessmentOut
    queryset = ExternalAssessment.objects.none()

    def get_queryset(self) -> Any:
        return external_list(self.request.user)

    def paginate_queryset(self, queryset: Any) -> Any:
        return with_best(list(super().paginate_queryset(queryset) or []))


class ExternalLaunches(APIView):
    @extend_schema(request=None, responses={201: ExternalLaunchOut})
    def post(self, request: Request, assessment_id: UUID) -> Response:
        """Signs a token, good for five minutes, that sends the student to the tool."""
        source = ExternalAssessment.objects.select_related("tool")
        assessment = get_permitted(request.user, "assessments.launch_externalassessment", source, assessment_id)
        sending = launch_assessment(
            assessment=assessment,
            student=request.user,
            return_url=request.build_absolute_uri(reverse("exam-list")),
            results_url=request.build_absolute_uri(reverse("api-external-results", args=[assessment.tool_id])),
            now=timezone.now(),
        )
        launch = sending.launch
        said = {"launch_id": launch.pk, "url": sending.url, "token": sending.token, "expires_at": launch.expires_at}
        return Response(ExternalLaunchOut(said).data, status=201)


class ExternalThrottle(AnonRateThrottle):
    """By address, but wider than for strangers: a tool reports a whole class at once."""

    scope = "external"


class ExternalResults(APIView):
    """Signed, not signed in: whoever holds the tool's secret may report."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = (ExternalThrottle,)

    @extend_schema(
        auth=[],
        request=ExternalResultIn,
        parameters=[
            OpenApiParameter(
                HEADER, str, OpenApiParameter.HEADER, required=True,
                description="t=<seconds>,v1=<HMAC-SHA256 over “seconds.body” in hexadecimal>",
            )
        ],
        responses={
            201: ExternalResultOut,
            200: OpenApiResponse(ExternalResultOut, description="This event had come before; what was stored then."),
            401: OpenApiResponse(description="Not signed with a valid secret within the last five minutes."),
            422: OpenApiResponse(description="Refused; `code` says why."),
        },
    )  # fmt: skip
    def post(self, request: Request, tool_id: UUID) -> Response:
        """Takes a result from a tool. Repeating an event is safe. See docs/external-assessments.md."""
        tool = ExternalTool.objects.filter(pk=tool_id, is_active=True).first()
        if tool is None:
            raise Http404
        taken = receive_result(
            tool=tool, signature=request.headers.get(HEADER, ""), body=_body(request), now=timezone.now()
        )
        return Response(ExternalResultOut(taken.result).data, status=200 if taken.repeated else 201)


def _body(request: Request) -> bytes:
    """The bytes as they came, never more than one beyond what is taken."""
    try:
        body: bytes = request._request.read(MAX_BYTES + 1)
    except UnreadablePostError as error:
        raise UnreadableJsonError(_("The body broke off."), "not_json") from error
    return body

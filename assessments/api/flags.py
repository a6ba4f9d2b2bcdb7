"""The API's door for flags."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from assessments.models import FlagKind, PaperQuestion
from assessments.services.flags import MAX_TEXT, flag_question
from common.access import get_permitted
from common.api import StrictSerializer


class FlagIn(StrictSerializer):
    """What is wrong with a question; `text` may be left out unless `kind` is "other"."""

    kind = serializers.ChoiceField(choices=FlagKind.choices)
    text = serializers.CharField(max_length=MAX_TEXT, required=False, allow_blank=True, default="")


class FlagOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=FlagKind.choices)
    text = serializers.CharField()
    created_at = serializers.DateTimeField()


class QuestionFlags(APIView):
    @extend_schema(request=FlagIn, responses={201: FlagOut})
    def post(self, request: Request, question_id: UUID) -> Response:
        """Says that something is wrong with a question of a paper that was read. Saying it again replaces it."""
        question = get_permitted(
            request.user, "assessments.flag_paperquestion", PaperQuestion.objects.select_related("paper"), question_id
        )
        body = FlagIn(data=request.data)
        body.is_valid(raise_exception=True)
        flag = flag_question(question=question, actor=request.user, now=timezone.now(), **body.validated_data)
        return Response(FlagOut(flag).data, status=201)

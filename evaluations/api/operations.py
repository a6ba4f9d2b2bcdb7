"""The desk's log over the API: what a marker did, in order, with a receipt for each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.access import get_permitted
from common.errors import DomainError
from evaluations.api.serializers import AnnotationIn, Base, MarkIn
from evaluations.api.views import checked, person
from evaluations.models import Evaluation
from evaluations.services.annotations import AnnotationInput
from evaluations.services.marking import MarkChange
from evaluations.services.operations import APPLIED, BATCH, CONFLICT, REFUSED, Operation, apply_operations


class MarkChangeIn(MarkIn):
    question = serializers.UUIDField()
    withdrawn = serializers.BooleanField(default=False, help_text="Take the mark back: the question has none again.")


class DeskOperationIn(Base[Any]):
    """One change: `mark` or `ink`."""

    id = serializers.UUIDField(help_text="Chosen by the device; makes the operation repeatable.")
    after = serializers.UUIDField(
        allow_null=True, default=None, help_text="The operation that it goes on from, where that has no receipt yet."
    )
    mark = MarkChangeIn(required=False)
    ink = AnnotationIn(required=False)


@extend_schema_field(DeskOperationIn)
class RawOperation(serializers.DictField):
    """Read one by one, so that one that cannot be read does not hold up the others."""


class DeskOperationsIn(Base[Any]):
    person = serializers.UUIDField(help_text="Who worked: somebody else may be signed in when it is sent.")
    operations = serializers.ListField(child=RawOperation(), max_length=BATCH)

    def read(self) -> list[Operation]:
        return [_operation(raw) for raw in self.validated_data["operations"]]


class DeskReceiptOut(Base[Any]):
    id = serializers.UUIDField()
    outcome = serializers.CharField(help_text=f"{APPLIED}, {CONFLICT} or {REFUSED}.")
    version = serializers.IntegerField()
    current = serializers.DictField(
        allow_null=True,
        help_text="The mark or annotation of now, where it is newer than the operation, or in conflict with it.",
    )
    shown = serializers.CharField(help_text="Its words with the formulas set, where there are any.")
    code = serializers.CharField()
    detail = serializers.CharField()


class DeskReceiptsOut(Base[Any]):
    receipts = DeskReceiptOut(many=True)


class DeskOperations(APIView):
    """Makes changes of marks and of red ink in order; a receipt for each. The same operation again changes nothing.

    An operation from an older version is in conflict: it is not made, and its receipt has the values of now. A claim
    that lapsed is taken up again while the paper is still with the teacher.
    """

    @extend_schema(operation_id="evaluations_operate", request=DeskOperationsIn, responses=DeskReceiptsOut)
    def post(self, request: Request, evaluation_id: UUID) -> Response:
        evaluation = get_permitted(
            person(request), "evaluations.mark_evaluation", Evaluation.objects.with_paper(), evaluation_id
        )
        sent = checked(DeskOperationsIn(data=request.data))
        receipts = apply_operations(
            evaluation=evaluation, operations=sent.read(), person_id=sent.validated_data["person"],
            actor=person(request), now=timezone.now(),
        )  # fmt: skip
        return Response(DeskReceiptsOut({"receipts": receipts}).data)


def _operation(raw: dict[str, Any]) -> Operation:
    """Raises ValidationError where there is not even an id to answer to."""
    one = DeskOperationIn(data=raw)
    if one.is_valid():
        values = one.validated_data
        if "mark" in values:
            return Operation(values["id"], MarkChange(**values["mark"]), values["after"])
        if "ink" in values:
            return Operation(values["id"], AnnotationInput(**values["ink"]), values["after"])
    if "id" in one.errors:
        raise serializers.ValidationError(one.errors)
    return Operation(UUID(str(raw["id"])), DomainError("This change cannot be read.", "unreadable"))

"""The API's doors for enrolments: of a course, by those who teach it and by partners; and one by itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.access import get_permitted
from common.api import StrictSerializer, answered_once
from courses.models import Course, Enrolment
from courses.services.partners import courses_for, enrol_by_api, is_partner, made_by

KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER,
    description="Of your choice, to 200 characters: the same request with the same key has the same answer for a day.",
)  # fmt: skip


class EnrolmentIn(StrictSerializer):
    """Who is enrolled: exactly one of the two."""

    email = serializers.EmailField(required=False)
    student = serializers.UUIDField(required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if len(data) != 1:
            raise serializers.ValidationError(_("Name the student by address or by id, not both."))
        return data


class EnrolmentOut(serializers.ModelSerializer[Enrolment]):
    """`percent` of the lessons that count; null before the first."""

    email = serializers.EmailField(source="student.email")
    percent = serializers.SerializerMethodField()

    class Meta:
        model = Enrolment
        fields = (
            "id", "course", "student", "email", "state", "source", "created_at", "enrolled_at", "completed_at",
            "percent",
        )  # fmt: skip

    def get_percent(self, row: Enrolment) -> int | None:
        progress = getattr(row, "progress", None)
        return progress.percent if progress else None


class CourseEnrolments(ListAPIView[Enrolment]):
    """Enrolments of a course, newest first: all for who teaches it and staff, its own for a partner's account."""

    serializer_class = EnrolmentOut
    queryset = Enrolment.objects.none()

    def get_queryset(self) -> QuerySet[Enrolment]:
        course = _course(self.request.user, self.kwargs["course_id"])
        rows = made_by(self.request.user) if is_partner(self.request.user) else Enrolment.objects.all()
        return rows.filter(course=course).select_related("student", "progress")

    @extend_schema(
        operation_id="courses_enrolments_create",
        parameters=[KEY],
        request=EnrolmentIn,
        responses={
            201: EnrolmentOut,
            200: OpenApiResponse(EnrolmentOut, description="Was enrolled already, or waits already."),
        },
    )
    def post(self, request: Request, course_id: UUID) -> Response:
        """Enrols a student, or puts them on the waiting list of a full course (`state`: `waiting`)."""
        course = _course(request.user, course_id)

        def work() -> Response:
            asked = EnrolmentIn(data=request.data)
            asked.is_valid(raise_exception=True)
            row, created = enrol_by_api(
                course=course,
                actor=request.user,
                email=asked.validated_data.get("email", ""),
                student_id=asked.validated_data.get("student"),
                now=timezone.now(),
            )
            found = Enrolment.objects.select_related("student", "progress").get(pk=row.pk)
            return Response(EnrolmentOut(found).data, status=201 if created else 200)

        return answered_once(request, work)


class EnrolmentDetail(APIView):
    @extend_schema(responses=EnrolmentOut)
    def get(self, request: Request, enrolment_id: UUID) -> Response:
        """One enrolment, for the student, guardians, who teaches the course, staff, and the partner who made it."""
        rows = Enrolment.objects.select_related("student", "progress")
        if is_partner(request.user):
            mine = made_by(request.user).filter(pk=enrolment_id).exists()
            return Response(EnrolmentOut(get_object_or_404(rows, pk=enrolment_id if mine else None)).data)
        found = get_permitted(request.user, "courses.view_enrolment", rows, enrolment_id)
        return Response(EnrolmentOut(found).data)


def _course(account: Any, course_id: UUID) -> Course:
    if is_partner(account):
        return get_object_or_404(courses_for(account), pk=course_id)
    message = _("Only the teachers of this course may change it.")
    return get_permitted(account, "courses.teach_course", Course, course_id, message=message)

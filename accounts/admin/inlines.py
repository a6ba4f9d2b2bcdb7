"""The rows shown on a person's page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from unfold.admin import StackedInline, TabularInline

from accounts.models import Entitlement, GuardianLink, Leave, StudentProfile, TeacherProfile, WorkingHours
from common.admin import LOCAL_TIMES


class StudentProfileInline(StackedInline):
    model = StudentProfile
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The role makes the profile."""
        return False


class TeacherProfileInline(StackedInline):
    model = TeacherProfile
    fk_name = "user"
    extra = 0
    can_delete = False
    readonly_fields = ["verified_at", "verified_by"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class GuardianInline(TabularInline):
    """Seen from the student: who looks after them."""

    model = GuardianLink
    fk_name = "student"
    verbose_name = "guardian"
    extra = 0
    can_delete = False
    autocomplete_fields = ["guardian"]
    fields = ["guardian", "relation", "state"]


class WardInline(TabularInline):
    """Seen from the guardian: whom they look after."""

    model = GuardianLink
    fk_name = "guardian"
    verbose_name = "student looked after"
    verbose_name_plural = "students looked after"
    extra = 0
    can_delete = False
    autocomplete_fields = ["student"]
    fields = ["student", "relation", "state"]


class EntitlementInline(TabularInline):
    model = Entitlement
    formfield_overrides = LOCAL_TIMES
    extra = 0
    can_delete = False
    fields = ["feature", "quantity", "used", "value", "source", "starts_at", "ends_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["used"]


class WorkingHoursInline(TabularInline):
    model = WorkingHours
    extra = 0


class LeaveInline(TabularInline):
    model = Leave
    extra = 0

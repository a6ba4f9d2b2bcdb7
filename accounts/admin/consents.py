"""Texts of consents: staff publish new versions; what people agreed to stays as it was."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from accounts.models import ConsentText
from accounts.services.office import save_row


@admin.register(ConsentText)
class ConsentTextAdmin(ModelAdmin):
    """Add only. A version with a higher number is asked for again, of those who agreed to an older one."""

    list_display = ("kind", "version", "language", "published_at")
    list_filter = ("kind", "language")
    fields = ("kind", "version", "language", "text")
    list_filter_submit = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ConsentText, form: Any, change: bool) -> None:
        after = {"kind": obj.kind, "version": obj.version, "language": obj.language, "text": obj.text}
        save_row(row=obj, before={}, after=after, actor=request.user, now=timezone.now())

"""The audit trail, to read only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from accounts.models import AuditEvent, AuditSeal


class ReadOnlyAdmin(ModelAdmin):
    actions = None
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    empty_sentence = _("Nothing has been recorded yet.")
    list_display = ["at", "actor_label", "action", "object_type", "object_id", "reason", "origin"]
    # Exact, so that each uses its index: paste an id, an action (teacher.verified) or who.
    search_fields = ["=object_id", "=action", "=id", "actor_label"]
    search_help_text = "The id of what was changed, an action such as teacher.verified, or who."
    date_hierarchy = "at"
    list_per_page = 50


@admin.register(AuditSeal)
class AuditSealAdmin(ReadOnlyAdmin):
    empty_sentence = _("Nothing is sealed yet. It is done every minute.")
    list_display = ["sealed_at", "events", "digest"]

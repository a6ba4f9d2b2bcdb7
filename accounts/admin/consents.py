"""Texts of consents: staff publish new versions; what people agreed to stays as it was."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from accounts.models import ConsentText
from accounts.services.office import save_row


@admin.register(ConsentText)
class ConsentTextAdmin(ModelAdmin):
    """Add only. A version with a higher number is asked for again, of those who agreed to an older one."""

    list_display = ("kind", "version", "language", "published_at", "standing")
    list_filter = ("kind", "language")
    fields = ("kind", "version", "language", "text")
    list_filter_submit = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsentText]:
        standing = Count("consents", filter=Q(consents__withdrawn_at__isnull=True))
        rows: QuerySet[ConsentText] = super().get_queryset(request)
        return rows.annotate(standing_n=standing)

    @display(description=_("stand"), ordering="standing_n")
    def standing(self, row: Any) -> str:
        """How many stand, and the way to them."""
        page = reverse("admin:accounts_consent_changelist")
        query = urlencode({"kind__exact": row.kind, "text_version": row.version, "standing": "yes"})
        return format_html('<a href="{}?{}">{}</a>', page, query, row.standing_n)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ConsentText, form: Any, change: bool) -> None:
        after = {"kind": obj.kind, "version": obj.version, "language": obj.language, "text": obj.text}
        save_row(row=obj, before={}, after=after, actor=request.user, now=timezone.now())

"""Bookings of time with teachers in the back office: the list, each one's page, and the rules."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from evaluations.admin.after_marks import ReadOnlyAdmin
from evaluations.admin.promises import AuditedAdmin
from evaluations.models import Booking, BookingRules


@admin.register(BookingRules)
class BookingRulesAdmin(AuditedAdmin):
    list_display = ["__str__", "minutes", "ahead_days", "notice_hours", "cancel_hours"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is one row."""
        return super().has_add_permission(request) and not BookingRules.objects.exists()


@admin.register(Booking)
class BookingAdmin(ReadOnlyAdmin):
    """Opened from here, a booking's own page lets staff move and cancel it."""

    empty_sentence = _("Nobody has booked time with a teacher.")
    list_display = ["when", "teacher", "student", "minutes", "about", "state", "is_late", "booked_at"]
    list_display_links = None
    list_filter = ["state", "about", "is_late", ("teacher", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["teacher", "student"]
    search_fields = ["teacher__name", "student__name", "student__email"]
    list_per_page = 50
    show_full_result_count = False

    @display(description=_("from"), ordering="starts_at")
    def when(self, booking: Booking) -> SafeString:
        url = reverse("booking-page", args=[booking.pk])
        at = date_format(timezone.localtime(booking.starts_at), "D j M Y, H:i")
        return format_html('<a class="text-primary-600" href="{}">{}</a>', url, at)

    @display(description=_("minutes"))
    def minutes(self, booking: Booking) -> int:
        return booking.minutes

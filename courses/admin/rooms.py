"""Rooms of courses, to be read: what was said, reported, decided, and who was muted. Pages and services change them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from common.admin import NoWriting
from courses.models import Announcement, Message, Mute, Report, Room, Thread


class ReadOnlyAdmin(NoWriting, ModelAdmin):
    list_per_page = 50
    show_full_result_count = False


@admin.register(Room)
class RoomAdmin(ReadOnlyAdmin):
    empty_sentence = _("No course has a room yet.")
    list_display = ["course", "is_on", "writers", "slow_seconds", "guardians_read", "links", "names", "page"]
    list_filter = ["is_on", "guardians_read"]
    list_select_related = ["course"]
    search_fields = ["course__title"]

    @display(description=_("page"))
    def page(self, room: Room) -> SafeString:
        url = reverse("room-chat", args=[room.pk])
        return format_html('<a class="text-primary-600" href="{}">{}</a>', url, _("Open"))


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    empty_sentence = _("Nobody has written in a room yet.")
    list_display = ["words", "room", "author", "side", "at", "edited_at", "hidden_at", "hidden_by"]
    list_filter = ["side", "hidden_at"]
    list_select_related = ["room__course", "author", "hidden_by"]
    search_fields = ["author__name", "source"]
    exclude = ["html", "client_id", "change"]

    @display(description=_("message"))
    def words(self, message: Message) -> str:
        return message.source[:80]


@admin.register(Thread)
class ThreadAdmin(ReadOnlyAdmin):
    empty_sentence = _("Nobody has asked in a room yet.")
    list_display = ["title", "room", "asker", "answers", "accepted_by", "last_at", "hidden_at"]
    list_select_related = ["room__course", "asker", "accepted_by"]
    search_fields = ["title", "asker__name"]
    exclude = ["words"]


@admin.register(Announcement)
class AnnouncementAdmin(ReadOnlyAdmin):
    empty_sentence = _("Nothing has been announced yet.")
    list_display = ["title", "room", "author", "at", "pinned_until", "hidden_at"]
    list_select_related = ["room__course", "author"]
    search_fields = ["title", "author__name"]
    exclude = ["html", "client_id"]


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    empty_sentence = _("Nobody has reported a message.")
    list_display = ["reason", "message_words", "room", "reporter", "at", "outcome"]
    list_filter = ["reason"]
    list_select_related = ["room__course", "message", "reporter", "decision"]
    search_fields = ["reporter__name"]

    @display(description=_("message"))
    def message_words(self, report: Report) -> str:
        return report.message.source[:80]

    @display(description=_("outcome"))
    def outcome(self, report: Report) -> Any:
        decision = getattr(report, "decision", None)
        return decision.get_outcome_display() if decision else _("Open")


@admin.register(Mute)
class MuteAdmin(ReadOnlyAdmin):
    empty_sentence = _("Nobody has been kept from writing.")
    list_display = ["person", "room", "until", "reason", "by", "at", "lifted_at"]
    list_select_related = ["room__course", "person", "by"]
    search_fields = ["person__name"]

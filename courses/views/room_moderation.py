"""Reporting a message, and what teachers decide about the room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page
from courses.forms.rooms import HideForm, MuteForm, ReportForm, RoomForm
from courses.models import Course, Message, Mute, Room
from courses.selectors import rooms as reading
from courses.services.rooms.moderation import (
    hide_message,
    lift_mute,
    mute_author,
    report_message,
    require_moderator,
    set_room,
    show_message,
)
from courses.views.rooms import frame, message_of, place_of, room_of


@require_http_methods(["GET", "POST"])
def message_report(request: HttpRequest, course_id: UUID, message_id: UUID) -> HttpResponse:
    """Everybody who sees a message may report it, guardians too."""
    message = message_of(request, course_id, message_id, "courses.view_message")

    def send(words: dict[str, Any]) -> str:
        report_message(message=message, actor=request.user, now=timezone.now(), **words)
        return _("Thank you. A teacher looks at it.")

    form = ReportForm(request.POST if request.method == "POST" else None)
    heading, word = _("Report this message"), _("Report")
    return _about(request, message, form, send, heading=heading, submit=word, after=place_of(message))


@require_http_methods(["GET", "POST"])
def message_hide(request: HttpRequest, course_id: UUID, message_id: UUID) -> HttpResponse:
    message = message_of(request, course_id, message_id, "courses.view_message")
    require_moderator(message.room, request.user)

    def send(words: dict[str, Any]) -> str:
        hide_message(message=message, actor=request.user, now=timezone.now(), **words)
        return _("Hidden.")

    form = HideForm(request.POST if request.method == "POST" else None)
    return _about(request, message, form, send, heading=_("Hide this message"), submit=_("Hide"))


@require_http_methods(["GET", "POST"])
def message_mute(request: HttpRequest, course_id: UUID, message_id: UUID) -> HttpResponse:
    message = message_of(request, course_id, message_id, "courses.view_message")
    require_moderator(message.room, request.user)

    def send(words: dict[str, Any]) -> str:
        mute_author(message=message, actor=request.user, now=timezone.now(), **words)
        return _("Muted.")

    form = MuteForm(request.POST if request.method == "POST" else None)
    return _about(request, message, form, send, heading=_("Mute the author"), submit=_("Mute"))


@require_POST
def message_show(request: HttpRequest, course_id: UUID, message_id: UUID) -> HttpResponse:
    """Puts a hidden message back; a reported one stays."""
    message = message_of(request, course_id, message_id, "courses.view_message")
    show_message(message=message, actor=request.user, now=timezone.now())
    messages.success(request, _("It stands there."))
    return redirect("room-moderation", course_id)


def _about(
    request: HttpRequest,
    message: Message,
    form: forms.Form,
    send: Callable[[dict[str, Any]], str],
    *,
    heading: str,
    submit: str,
    after: str = "",
) -> HttpResponse:
    """A form about one message. POST does it and leads to `after`, by default the moderation."""
    after = after or reverse("room-moderation", args=[message.room_id])
    if request.method == "POST" and form.is_valid():
        try:
            done = send(form.cleaned_data)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, done)
            return redirect(after)
    context = frame(request, message.room, "") | {
        "form": form,
        "heading": heading,
        "one": reading.said([message], message.room)[0],
        "submit": submit,
        "back": place_of(message),
    }
    return render_page(request, "courses/room_form.html", context, status=422 if form.errors else 200)


@require_GET
def moderation(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """Reports that wait, who is muted, what is hidden."""
    room, now = room_of(request, course_id, "courses.moderate_room"), timezone.now()
    context = frame(request, room, "room-moderation") | {
        "reports": reading.open_reports(room),
        "mutes": reading.mutes(room, now),
        "hidden": reading.hidden_messages(room),
    }
    return render_page(request, "courses/room_moderation.html", context)


@require_POST
def mute_lift(request: HttpRequest, course_id: UUID, mute_id: UUID) -> HttpResponse:
    rows = Mute.objects.filter(room=course_id).select_related("room__course")
    mute = get_permitted(request.user, "courses.view_mute", rows, mute_id)
    lift_mute(mute=mute, actor=request.user, now=timezone.now())
    messages.success(request, _("They may write again."))
    return redirect("room-moderation", course_id)


@require_http_methods(["GET", "POST"])
def room_settings(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """Opens the room of a course that has none, and says what is allowed in it."""
    course = get_permitted(request.user, "courses.teach_course", Course, course_id)
    room = Room.objects.select_related("course").filter(pk=course.pk).first()
    form = RoomForm(request.POST if request.method == "POST" else None, instance=room)
    if request.method == "POST" and form.is_valid():
        set_room(course=course, wanted=form.cleaned_data, actor=request.user, now=timezone.now())
        messages.success(request, _("Saved."))
        return redirect("room-chat", course.pk)
    context: dict[str, Any] = {"course": course, "form": form}
    if room is not None:
        context |= frame(request, Room.objects.select_related("course__programme").get(pk=room.pk), "")
    return render_page(request, "courses/room_settings.html", context, status=422 if form.errors else 200)

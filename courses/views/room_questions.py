"""Questions of a course with their answers, and its announcements."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any
from uuid import UUID

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
from courses.enums import RoomSide
from courses.forms.rooms import AnnouncementForm, HideForm, QuestionForm, WordsForm
from courses.models import Announcement, Lesson, Room, Thread
from courses.selectors import rooms as reading
from courses.services.rooms.announcements import announce_to_course, withdraw_announcement
from courses.services.rooms.threads import accept, answer, ask, follow
from courses.views.rooms import frame, message_of, room_of, standing, with_wait
from notifications.services.inbox import read_by_url


def _uuid(text: str) -> UUID | None:
    with suppress(ValueError):
        return UUID(text)
    return None


@require_GET
def question_list(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """All questions, those without an accepted answer, or one's own, with a search by words."""
    room = room_of(request, course_id)
    text, show = request.GET.get("q", "").strip()[:100], request.GET.get("show", "")
    show = show if show in {"open", "mine"} else ""
    known = _uuid(request.GET.get("after", ""))
    after = Thread.objects.filter(room=room, pk=known).first() if known else None
    page = reading.thread_page(room, request.user, text=text, show=show, after=after)
    query = request.GET.copy()
    query["after"] = page.following
    context = frame(request, room, "room-questions")
    context |= standing(request, room, context["side"], in_thread=True) | {
        "rows": [(row, reading.shown_name(row.asker, RoomSide.STUDENT, room.names)) for row in page.rows],
        "following": f"?{query.urlencode()}" if page.following else "",
        "text": text,
        "show": show,
        "shows": [("", _("All")), ("open", _("Without an accepted answer")), ("mine", _("Mine and followed"))],
    }
    return render_page(request, "courses/room_questions.html", context)


def _lessons(request: HttpRequest, room: Room) -> list[tuple[str, str]]:
    rows = Lesson.objects.published().filter(module__course=room.pk).order_by("module__position", "position")
    return [(str(pk), title) for pk, title in rows.values_list("pk", "title")[:300]]


@require_http_methods(["GET", "POST"])
def question_ask(request: HttpRequest, course_id: UUID) -> HttpResponse:
    room = room_of(request, course_id, "courses.write_room")
    given = {"lessons": _lessons(request, room)}
    status, refusal = 200, None
    if request.method == "POST":
        form = QuestionForm(request.POST, **given)
        status = 422
        if form.is_valid():
            lesson = Lesson.objects.select_related("module").filter(pk=form.lesson_id()).first()
            sent = {name: form.cleaned_data[name] for name in ("title", "source", "client_id")}
            try:
                thread = ask(room=room, lesson=lesson, actor=request.user, now=timezone.now(), **sent)
            except DomainError as error:
                form.add_error(None, error.message)
                status, refusal = error.status, error
            else:
                return redirect("room-question", room.pk, thread.pk)
    else:
        form = QuestionForm(initial={"lesson": request.GET.get("lesson", "")}, **given)
    context = frame(request, room, "room-questions")
    context |= standing(request, room, context["side"], in_thread=True) | {"form": form, "words": _words()}
    return with_wait(render_page(request, "courses/room_ask.html", context, status=status), refusal)


def thread_of(request: HttpRequest, course_id: UUID, thread_id: UUID) -> Thread:
    rows = reading.thread_rows().filter(room=course_id)
    return get_permitted(request.user, "courses.view_thread", rows, thread_id)


@require_http_methods(["GET", "POST"])
def question_page(request: HttpRequest, course_id: UUID, thread_id: UUID) -> HttpResponse:
    """A question with its answers; POST answers."""
    thread, now, status, refusal = thread_of(request, course_id, thread_id), timezone.now(), 200, None
    room = thread.room
    form = WordsForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        room_of(request, course_id, "courses.write_room")
        status = 422
        if form.is_valid():
            try:
                answer(thread=thread, actor=request.user, now=now, **form.cleaned_data)
            except DomainError as error:
                form.add_error(None, error.message)
                status, refusal = error.status, error
            else:
                return redirect(f"{reverse('room-question', args=[room.pk, thread.pk])}#end")
    else:
        read_by_url(user=request.user, url=request.path, now=now)
    rows = reading.said_in(thread)
    context = frame(request, room, "room-questions")
    context |= standing(request, room, context["side"], in_thread=True) | {
        "thread": thread,
        "question": rows[0] if rows else None,
        "answers": [row for row in rows[1:] if not row.is_hidden or context["moderates"]],
        "own": reading.author_key(room.pk, request.user.pk),
        "may_accept": room.is_on and _may_accept(context["side"], thread, request.user),
        "follows": reading.follows(thread, request.user),
        "form": form,
        "words": _words(),
    }
    response = render_page(request, "courses/room_question.html", context, partial="thread", status=status)
    return with_wait(response, refusal)


def _may_accept(side: str | None, thread: Thread, reader: Any) -> bool:
    return side in (RoomSide.TEACHER, RoomSide.STAFF) or (side is not None and thread.asker_id == reader.pk)


@require_POST
def question_accept(request: HttpRequest, course_id: UUID, thread_id: UUID) -> HttpResponse:
    """`message`: the answer that helped; without it, none of them."""
    thread, given = thread_of(request, course_id, thread_id), request.POST.get("message", "")
    message = None
    if given:
        message = message_of(request, course_id, _uuid(given) or thread.pk, "courses.view_message")
    accept(thread=thread, message=message, actor=request.user, now=timezone.now())
    return redirect("room-question", course_id, thread.pk)


@require_POST
def question_follow(request: HttpRequest, course_id: UUID, thread_id: UUID) -> HttpResponse:
    thread = thread_of(request, course_id, thread_id)
    follow(thread=thread, person=request.user, wanted=request.POST.get("wanted") == "1")
    return redirect("room-question", course_id, thread.pk)


def _words() -> str:
    from_drafts = {
        "sending": _("Sending"),
        "signed_out": _("You are signed out. Sign in again in another tab; what you wrote is kept."),
        "failed": _("This was not sent. Try again."),
        "offline": _("No network. What you wrote is kept on this device; send it again later."),
    }
    return json.dumps(from_drafts)


# --- Announcements ---------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
def announcement_list(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """What teachers told the course; POST announces."""
    room = room_of(request, course_id, "courses.moderate_room" if request.method == "POST" else "courses.view_room")
    form, status, now = AnnouncementForm(request.POST if request.method == "POST" else None), 200, timezone.now()
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                announce_to_course(room=room, actor=request.user, now=now, **form.cleaned_data)
            except DomainError as error:
                form.add_error(None, error.message)
                status = error.status
            else:
                messages.success(request, _("Everybody in the course is told."))
                return redirect("room-announcements", room.pk)
    else:
        read_by_url(user=request.user, url=request.path, now=now)
    rows, following = reading.announcements(room, now=now, before=_uuid(request.GET.get("before", "")))
    context: dict[str, Any] = frame(request, room, "room-announcements")
    context |= {
        "rows": rows,
        "following": f"?before={following}" if following else "",
        "form": form,
        "now": now,
        "words": _words(),
    }
    return render_page(request, "courses/room_announcements.html", context, partial="announced", status=status)


@require_http_methods(["GET", "POST"])
def announcement_withdraw(request: HttpRequest, course_id: UUID, announcement_id: UUID) -> HttpResponse:
    room = room_of(request, course_id, "courses.moderate_room")
    rows = Announcement.objects.filter(room=room).select_related("room__course")
    row = get_permitted(request.user, "courses.view_announcement", rows, announcement_id)
    form = HideForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        withdraw_announcement(announcement=row, reason=reason, actor=request.user, now=timezone.now())
        messages.success(request, _("Taken away."))
        return redirect("room-announcements", room.pk)
    context = frame(request, room, "room-announcements") | {
        "form": form,
        "heading": _("Take away this announcement"),
        "about": row.title,
        "submit": _("Take away"),
        "back": reverse("room-announcements", args=[room.pk]),
    }
    return render_page(request, "courses/room_form.html", context, status=422 if form.errors else 200)

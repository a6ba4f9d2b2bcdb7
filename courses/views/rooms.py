"""The chat of a course: its page, what its script asks for and sends, and mending a message."""

from __future__ import annotations

import json
import re
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
from common.errors import DomainError, NotPermittedError
from common.htmx import json_endpoint, read_json, render_page
from common.templatetags.ui import lang_attr
from courses.enums import RoomSide
from courses.forms.rooms import EditForm, WordsForm
from courses.models import Message, Room
from courses.selectors import rooms as reading
from courses.services.rooms.access import require_may_write, side_of
from courses.services.rooms.posting import edit_message, may_edit, note_read, say
from courses.services.rooms.words import LONGEST

MESSAGES = Message.objects.select_related("room__course", "author", "thread")


def room_of(request: HttpRequest, course_id: UUID, permission: str = "courses.view_room") -> Room:
    message = _("You can read this room, not write in it.")
    return get_permitted(request.user, permission, reading.rooms_with_course(), course_id, message=message)


def frame(request: HttpRequest, room: Room, tab: str) -> dict[str, Any]:
    """What every page of a room shows: its tabs, and who the reader is: `side` (None: only reads), `moderates`."""
    try:
        side = side_of(room, request.user)
    except NotPermittedError:
        side = None
    moderates = side == RoomSide.STAFF or (side == RoomSide.TEACHER and reading.is_moderator(room, request.user))
    tabs: list[dict[str, Any]] = [
        {"label": label, "url": reverse(name, args=[room.pk]), "current": name == tab, "count": None}
        for name, label in (
            ("room-chat", _("Chat")),
            ("room-questions", _("Questions")),
            ("room-announcements", _("Announcements")),
        )
    ]
    if moderates:
        count = reading.open_report_count(room)
        url = reverse("room-moderation", args=[room.pk])
        tabs.append({"label": _("Moderation"), "url": url, "current": tab == "room-moderation", "count": count or None})
    return {"room": room, "course": room.course, "tabs": tabs, "moderates": moderates, "side": side}


def standing(request: HttpRequest, room: Room, side: str | None, *, in_thread: bool = False) -> dict[str, Any]:
    """Whether the reader may write now, and the sentence if not."""
    if side is None:
        return {"may_write": False, "why": _("You can read this room, not write in it.")}
    try:
        require_may_write(room, request.user, side, timezone.now(), in_thread=in_thread)
    except DomainError as error:
        return {"may_write": False, "why": error.message}
    return {"may_write": True, "why": ""}


def with_wait(response: HttpResponse, error: DomainError | None) -> HttpResponse:
    """Says in a header how long to wait, where the refusal does."""
    if error is not None and "retry_after" in error.details:
        response["Retry-After"] = str(error.details["retry_after"])
    return response


def _number(text: str | None) -> int | None:
    """A message's number from an address; what is none is left out."""
    return int(text) if text and text.isdecimal() and len(text) < 16 else None


@require_http_methods(["GET", "POST"])
def chat_page(request: HttpRequest, course_id: UUID) -> HttpResponse:
    """The chat; POST says something, for browsers without our script."""
    room = room_of(request, course_id, "courses.write_room" if request.method == "POST" else "courses.view_room")
    form = WordsForm(request.POST if request.method == "POST" else None)
    status, refusal = 200, None
    if request.method == "POST":
        if form.is_valid():
            try:
                say(room=room, actor=request.user, now=timezone.now(), **form.cleaned_data)
            except DomainError as error:
                form.add_error(None, error.message)
                status, refusal = error.status, error
            else:
                return redirect(f"{reverse('room-chat', args=[room.pk])}#end")
        status = status if status != 200 else 422
    response = render_page(request, "courses/room_chat.html", _chat_context(request, room, form), status=status)
    return with_wait(response, refusal)


def _chat_context(request: HttpRequest, room: Room, form: WordsForm) -> dict[str, Any]:
    before, around = _number(request.GET.get("before")), _number(request.GET.get("from"))
    rows, older = reading.chat(room, before=before, around=around)
    read = reading.read_to(room, request.user)
    own = reading.author_key(room.pk, request.user.pk)
    first_unread = next((row.seq for row in rows if read and row.seq > read and row.key != own), None)
    context = frame(request, room, "room-chat")
    context |= standing(request, room, context["side"])
    at_end = before is None and (around is None or not rows or rows[-1].seq >= room.last_seq)
    return context | {
        "rows": rows,
        "older": rows[0].seq if older and rows else None,
        "at_end": at_end,
        "own": own,
        "read": read,
        "first_unread": first_unread,
        "unread_above": bool(read and rows and rows[0].seq > read + 1 and before is None and around is None and older),
        "pinned": reading.pinned(room, timezone.now()) if before is None else None,
        "form": form,
        "longest": LONGEST,
        "words": json.dumps(_script_words()),
    }


def _script_words() -> dict[str, str]:
    return {
        "sending": _("Sending"),
        "kept": _("Not sent yet. It is kept on this device and goes when the network is back."),
        "refused": _("This was not sent:"),
        "wait": _("Wait {} s, then it goes by itself."),
        "signed_out": _("You are signed out. Sign in again in another tab; what you wrote is kept."),
        "hidden": _("Hidden by a teacher"),
        "edited": _("edited"),
        "you": _("You"),
        "today": _("Today"),
        "yesterday": _("Yesterday"),
        "new": _("{} new messages"),
        "new_one": _("1 new message"),
        "gone": _("You can no longer read this room."),
        "again": _("Send again"),
        "drop": _("Throw away"),
    }


@require_http_methods(["GET", "POST"])
@json_endpoint
def chat_messages(request: HttpRequest, course_id: UUID) -> dict[str, Any]:
    """For the page's script. GET `?after=N&changes=M`: what came since; `?before=N`: older ones of the chat. POST
    {"client_id", "source"}: says something and returns it."""
    if request.method == "POST":
        room, body = room_of(request, course_id, "courses.write_room"), read_json(request)
        source, client = body.get("source"), body.get("client_id")
        try:
            client_id = UUID(client) if isinstance(client, str) else None
        except ValueError:
            client_id = None
        if not isinstance(source, str) or client_id is None:
            raise DomainError(_("“source” and “client_id” are needed."), "invalid")
        made = say(room=room, source=source, client_id=client_id, actor=request.user, now=timezone.now())
        return {"message": reading.said([made], room)[0].facts()}
    room = room_of(request, course_id)
    before = _number(request.GET.get("before"))
    if before is not None:
        rows, older = reading.chat(room, before=before)
        return {"messages": [row.facts() for row in rows], "older": older}
    seq, change = _number(request.GET.get("after")) or 0, _number(request.GET.get("changes")) or 0
    return reading.since(room, seq=seq, change=change).facts()


@require_POST
@json_endpoint
def chat_read(request: HttpRequest, course_id: UUID) -> dict[str, Any]:
    """{"seq"}: the reader has seen the chat up to here."""
    room, seq = room_of(request, course_id), read_json(request).get("seq")
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 < seq < 2**53:
        raise DomainError(_("“seq” is the number of a message."), "invalid")
    note_read(room=room, seq=seq, person=request.user)
    return {}


def message_of(request: HttpRequest, course_id: UUID, message_id: UUID, permission: str) -> Message:
    """A message of this room that the reader may see."""
    found: Message = get_permitted(request.user, permission, MESSAGES.filter(room=course_id), message_id)
    return found


def place_of(message: Message) -> str:
    """The address at which a message stands."""
    if message.thread_id is not None:
        return f"{reverse('room-question', args=[message.room_id, message.thread_id])}#m{message.seq}"
    return f"{reverse('room-chat', args=[message.room_id])}?from={max(1, message.seq - 5)}#m{message.seq}"


@require_GET
def message_page(request: HttpRequest, course_id: UUID, message_id: UUID) -> HttpResponse:
    """One message with what one can do about it."""
    message = message_of(request, course_id, message_id, "courses.view_message")
    context = frame(request, message.room, "") | {
        "message": message,
        "one": reading.said([message], message.room)[0],
        "place": place_of(message),
        "is_own": message.author_id == request.user.pk,
        "may_edit": may_edit(message, request.user, timezone.now()),
    }
    if context["moderates"]:
        context["edits"] = list(message.edits.all()[:20])
        context["reports"] = list(message.reports.select_related("reporter", "decision__by")[:20])
    return render_page(request, "courses/room_message.html", context)


@require_http_methods(["GET", "POST"])
def message_edit(request: HttpRequest, course_id: UUID, message_id: UUID) -> HttpResponse:
    message = message_of(request, course_id, message_id, "courses.view_message")
    if message.author_id != request.user.pk:
        raise NotPermittedError(_("Only the author mends a message."), "not_the_author")
    form = EditForm(request.POST if request.method == "POST" else None, initial={"source": message.source})
    if said_in := re.search(r"\w+(?=\"$)", lang_attr(message.source)):
        form.fields["source"].widget.attrs["lang"] = said_in[0]
    if request.method == "POST" and form.is_valid():
        try:
            edit_message(message=message, actor=request.user, now=timezone.now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("Changed."))
            return redirect(place_of(message))
    context = {"message": message, "form": form, "place": place_of(message)} | frame(request, message.room, "")
    return render_page(request, "courses/room_edit.html", context, status=422 if form.errors else 200)

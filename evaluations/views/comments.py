"""A teacher's comment bank as a page."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page
from evaluations.models import BankComment
from evaluations.selectors.comment_bank import own_bank
from evaluations.services.comment_bank import edit_comment, remove_comment

PAGE = "evaluations/comment_bank.html"


@require_GET
def comment_bank(request: HttpRequest) -> HttpResponse:
    if not request.user.is_teacher:
        raise PermissionDenied
    search = request.GET.get("q", "").replace("\x00", "")[:100]
    return render_page(request, PAGE, {"rows": own_bank(owner=request.user, search=search), "search": search})


@require_POST
def comment_edit(request: HttpRequest, comment_id: UUID) -> HttpResponse:
    """Other words for one of their own comments, in the bank alone or on open papers too; or out of the bank."""
    own = BankComment.objects.filter(owner=request.user.pk)
    comment = get_permitted(request.user, "evaluations.change_bankcomment", own, comment_id)
    if "remove" in request.POST:
        remove_comment(comment=comment)
        messages.success(request, _("Taken out of your bank. Papers stay as they are."))
        return redirect("comment-bank")
    text, with_uses = request.POST.get("text", ""), request.POST.get("reach") == "uses"
    try:
        places = edit_comment(comment=comment, text=text, with_uses=with_uses, actor=request.user, now=timezone.now())
    except DomainError as error:
        context = {"rows": own_bank(owner=request.user), "search": "", "wrong": comment, "typed": text, "error": error}
        return render_page(request, PAGE, context, status=422)
    changed = ngettext("Changed, and on %(n)d place.", "Changed, and on %(n)d places.", places) % {"n": places}
    messages.success(request, changed if with_uses else _("Changed in your bank."))
    return redirect("comment-bank")

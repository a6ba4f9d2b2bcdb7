"""The question bank: its list, one question, and the review of what others wrote."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext
from django.views.decorators.http import require_GET, require_POST, require_safe

from assessments.enums import QuestionState
from assessments.forms.bank import BankFilterForm, read_id
from assessments.models import Question, QuestionPicture
from assessments.selectors import bank_pages
from assessments.selectors.item_statistics import figures_of
from assessments.selectors.question_drafts import drafts_of
from assessments.services.digests import like_questions
from assessments.services.item_analysis import MIN_PAIRS
from assessments.services.likeness import search_terms
from assessments.services.pictures import open_picture
from assessments.services.reviews import review_question
from assessments.services.tags import read_tags, tag_questions
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page

VIEW = "assessments.view_question"
MOVES = {
    "send": QuestionState.IN_REVIEW,
    "approve": QuestionState.ACTIVE,
    "back": QuestionState.DRAFT,
    "retire": QuestionState.RETIRED,
}
DONE = {
    "send": gettext_noop("Sent to review."),
    "approve": gettext_noop("Approved. It can be drawn into papers."),
    "back": gettext_noop("Sent back to its author."),
    "retire": gettext_noop("Retired. Papers that have it keep it."),
}
FOREVER = 365 * 24 * 3600


def open_bank(request: HttpRequest) -> None:
    """Raises PermissionDenied for whoever has nothing to do with the bank."""
    if not request.user.has_perm("assessments.open_bank"):
        raise PermissionDenied


@require_GET
def bank_list(request: HttpRequest) -> HttpResponse:
    open_bank(request)
    return _bank_page(request, request.GET)


def _bank_page(request: HttpRequest, asked: QueryDict, *, status: int = 200, **said: Any) -> HttpResponse:
    """The list that the address asks for; `said`: what is wrong with what was typed below it, and what was."""
    user, form = request.user, BankFilterForm(asked)
    view = asked.get("view", "")
    valid = form.is_valid()
    page = bank_pages.BankPage([], None, None)
    if valid:
        terms = search_terms(form.cleaned_data["q"])
        found = bank_pages.bank_questions(user, chosen=form.chosen, terms=terms, view=view)
        before, after = (read_id(asked.get(name, "")) for name in ("before", "after"))
        page = bank_pages.bank_page(found, before=before, after=after)
    context = {
        "form": form,
        "view": view,
        "page": page,
        "tabs": _tabs(user, form, view),
        "newer": f"?{form.query(view=view, after=page.newer)}" if page.newer else "",
        "older": f"?{form.query(view=view, before=page.older)}" if page.older else "",
        "asked": asked.urlencode(),
        **said,
    }
    status = status if valid else 422
    response = render_page(request, "assessments/bank_list.html", context, partial="bank", status=status)
    if getattr(request, "htmx", False):
        # The address without the filters that are not set.
        response["HX-Push-Url"] = f"{request.path}?{form.query(view=view)}".rstrip("?")
    return response


@require_POST
def bank_tags(request: HttpRequest) -> HttpResponse:
    """Adds tags to the ticked questions, or to all of the page, or takes them away, then back to the same list; or
    leads to the export of the ticked ones."""
    open_bank(request)
    given, asked = request.POST, QueryDict(request.POST.get("asked", "")[:2000])
    ticked = given.getlist("page" if given.get("all") else "question")[: bank_pages.PAGE]
    ids = [pk for text in ticked if (pk := read_id(text))]
    if ids and given.get("change") == "export":
        return redirect(f"{reverse('question-export')}?{urlencode([('question', pk) for pk in ids])}")
    questions = bank_pages.tagged_questions(request.user, ids)
    try:
        changed, left = tag_questions(
            questions=questions,
            names=read_tags([given.get("tag", "")]),
            remove=given.get("change") == "remove",
            actor=request.user,
            now=timezone.now(),
        )
    except DomainError as error:
        said = {"problem": error.message, "tag": given.get("tag", ""), "ticked": ticked, "all": given.get("all")}
        return _bank_page(request, asked, status=error.status, **said)
    done = ngettext("%d question changed.", "%d questions changed.", changed) % changed
    messages.success(request, done if changed else _("Nothing changed: the tags were so already."))
    if left:
        text = ngettext(
            "%d question was left alone: you may not change it, or it would have more than 10 tags.",
            "%d questions were left alone: you may not change them, or they would have more than 10 tags.",
            left,
        )
        messages.warning(request, text % left)
    return redirect(f"{reverse('bank-list')}?{asked.urlencode()}".rstrip("?"))


def _tabs(user: Any, form: BankFilterForm, view: str) -> list[dict[str, Any]]:
    tabs: list[tuple[str, str, int | str | None]] = [("", _("Everything"), None), ("mine", _("Mine"), None)]
    if user.is_staff or user.teacher_profile.is_verified:
        waiting, most = bank_pages.count_waiting(user), bank_pages.MOST_WAITING
        tabs.append(("review", _("To review"), waiting if waiting <= most else f"{most}+"))
    shown: list[dict[str, Any]] = [
        {"label": label, "count": count, "url": f"?{form.query(view=name)}", "current": view == name}
        for name, label, count in tabs
    ]
    if unfinished := drafts_of(user).count():
        shown.append({"label": _("Unfinished"), "count": unfinished, "url": reverse("question-drafts")})
    return shown


@require_GET
def bank_review(request: HttpRequest) -> HttpResponse:
    """The question that has waited longest, or the empty list."""
    open_bank(request)
    first = bank_pages.first_waiting(request.user)
    return redirect(
        f"{reverse('question-page', args=[first])}?review=1" if first else f"{reverse('bank-list')}?view=review"
    )


@require_GET
def question_page(request: HttpRequest, question_id: UUID) -> HttpResponse:
    question = get_permitted(request.user, VIEW, bank_pages.question_for_page(), question_id)
    return _question_page(request, question)


@require_POST
def question_move(request: HttpRequest, question_id: UUID) -> HttpResponse:
    """Sends to review, approves, sends back or retires, as the button says."""
    question = get_permitted(request.user, VIEW, bank_pages.question_for_page(), question_id)
    move = request.POST.get("move", "")
    reviewing = bool(request.POST.get("review"))
    ahead = bank_pages.review_neighbours(request.user, question) if reviewing else {}
    reason = request.POST.get("reason", "")
    try:
        review_question(
            question=question, state=MOVES.get(move, ""), reason=reason, actor=request.user, now=timezone.now()
        )
    except DomainError as error:
        return _question_page(
            request, question, status=error.status, problem=error.message, reason=reason, reviewing=reviewing
        )
    messages.success(request, _(DONE[move]))
    if not reviewing:
        return redirect("question-page", question.pk)
    return _next_review(ahead["following"] or ahead["preceding"])


def _next_review(question_id: UUID | None) -> HttpResponse:
    """To the question with its queue, or to the empty list."""
    if question_id is None:
        return redirect(f"{reverse('bank-list')}?view=review")
    return redirect(f"{reverse('question-page', args=[question_id])}?review=1")


def _question_page(
    request: HttpRequest, question: Question, *, status: int = 200, reviewing: bool = False, **said: str
) -> HttpResponse:
    user = request.user
    if question.current is None:
        raise Http404
    reviewing = reviewing or bool(request.GET.get("review"))
    version = question.current
    texts = [version.text_source, *(row["source"] for row in [*version.options, *version.parts])]
    history = bank_pages.question_history(question)
    old, new = _asked_versions(request, version.number)
    context = {
        "question": question,
        "version": version,
        "shown": {
            "text_html": version.text_html,
            "options": version.options,
            "parts": version.parts,
        },
        "key": bank_pages.key_text(version.answer),
        "like": like_questions(texts=texts, user=user, other_than=question.pk),
        "old": old,
        "new": new,
        "changes": bank_pages.compared(question, old, new) if old else None,
        "moves": _moves(user, question),
        "may_edit": question.state != QuestionState.RETIRED and user.has_perm("assessments.change_question", question),
        "reviewing": reviewing,
        "figures": figures_of(question, least=MIN_PAIRS),
        **history,
        **(bank_pages.review_neighbours(user, question) if reviewing else {}),
        **said,
    }
    return render_page(request, "assessments/question_page.html", context, partial="changes", status=status)


def _asked_versions(request: HttpRequest, current: int) -> tuple[int, int]:
    """The versions to compare: those of the address, else the current one with the one before it; 0 for none."""
    given = [request.GET.get(name, "") for name in ("old", "new")]
    if all(text.isdecimal() and len(text) < 5 for text in given):
        old, new = sorted(map(int, given))
        return old, new
    return max(current - 1, 0), current


def _moves(user: Any, question: Question) -> set[str]:
    """Which buttons to offer. The service decides; these only spare people what would be refused."""
    state = question.state
    runs = user.is_staff or (user.is_teacher and user.teacher_profile.is_verified)
    own_draft = user.pk == question.author_id and state == QuestionState.DRAFT
    moves = set()
    if state != QuestionState.IN_REVIEW and (runs or own_draft):
        moves.add("send")
    if state == QuestionState.IN_REVIEW and runs:
        moves.add("back")
        if user.has_perm("assessments.verify_question", question):
            moves.add("approve")
    if state != QuestionState.RETIRED and runs:
        moves.add("retire")
    return moves


@require_safe
def picture(request: HttpRequest, sha256: str, kind: str) -> HttpResponseBase:
    """A picture of a question, for everybody signed in who knows its address; it never changes."""
    row = QuestionPicture.objects.visible_to(request.user).filter(sha256=sha256).first()
    if row is None or row.name != f"{sha256}.{kind}":
        raise Http404
    try:
        stream = open_picture(row)
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(stream, content_type=row.media_type)
    response["Cache-Control"] = f"private, max-age={FOREVER}, immutable"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response

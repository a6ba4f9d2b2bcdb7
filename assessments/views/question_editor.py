"""The question editor: a form with rows, a live preview, and pictures put into texts."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from assessments.enums import QuestionType, StepKind
from assessments.forms.bank import read_id
from assessments.forms.question import EMPTY_ROWS, QuestionForm, initial_of, read_draft
from assessments.forms.rows import Row
from assessments.models import Question, QuestionDraft
from assessments.selectors.bank import questions_with_content
from assessments.selectors.bank_pages import last_place
from assessments.selectors.question_drafts import draft_of_question, draft_to_continue
from assessments.services.digests import like_questions
from assessments.services.pictures import PictureError, store_picture
from assessments.services.question_edit import preview_question, save_question
from assessments.services.questions import content_of
from assessments.views.question_drafts import keep, seen_version
from common.access import get_permitted
from common.errors import ConflictError, DomainError
from common.htmx import json_endpoint, render_page
from common.models import new_id

TEMPLATE = "assessments/question_editor.html"
USUAL_MARKS = {
    QuestionType.VERY_SHORT_ANSWER: "2",
    QuestionType.SHORT_ANSWER: "3",
    QuestionType.LONG_ANSWER: "5",
    QuestionType.CASE_STUDY: "4",
}


@require_http_methods(["GET", "POST"])
def question_new(request: HttpRequest) -> HttpResponse:
    _may_write(request)
    if request.method == "POST":
        return _posted(request, None)
    if draft := draft_to_continue(request.user, read_id(request.GET.get("draft", "")), None):
        return _continued(request, draft, None)
    kind = request.GET.get("type", "")
    kind = kind if kind in QuestionType.values else QuestionType.SHORT_ANSWER
    initial = {
        "type": kind,
        "marks": USUAL_MARKS.get(QuestionType(kind), "1"),
        "difficulty": 2,
        "cognitive_level": "apply",
    }
    return _editor(request, QuestionForm(initial=initial | last_place(request.user)), None)


@require_http_methods(["GET", "POST"])
def question_edit(request: HttpRequest, question_id: UUID) -> HttpResponse:
    question = get_permitted(request.user, "assessments.change_question", questions_with_content(), question_id)
    if request.method == "POST":
        return _posted(request, question)
    if draft := draft_to_continue(request.user, read_id(request.GET.get("draft", "")), question):
        return _continued(request, draft, question)
    assert question.current is not None
    initial = initial_of(question.type, content_of(question.current)) | {
        "chapter": question.chapter_id,
        "topic": question.topic_id,
        "version": question.current.number,
        "tags": ", ".join(tag.name for tag in question.tags.all()),
    }
    left = draft_of_question(request.user, question)
    return _editor(request, QuestionForm(initial=initial, fixed=question.type), question, left=left)


@require_POST
def question_preview(request: HttpRequest) -> HttpResponse:
    """The question as the student will see it; 422 when some of it cannot be rendered."""
    _may_write(request)
    form = QuestionForm(request.POST)
    content = form.content()
    preview = preview_question(type=form.kind, content=content)
    texts = [content.text, *(o.text for o in content.options), *(p.text for p in content.parts)]
    own = read_id(request.POST.get("question", ""))
    context = {
        "preview": preview,
        "kind": form.kind,
        "content": content,
        "like": like_questions(texts=texts, user=request.user, other_than=own),
    }
    status = 422 if preview.broken else 200
    return render_page(request, "assessments/question_preview.html", context, partial="preview", status=status)


@require_POST
@json_endpoint
def question_picture(request: HttpRequest) -> dict[str, Any]:
    """Keeps a picture; answers its address and a first text for those who cannot see it."""
    _may_write(request)
    address, alt = _stored(request)
    return {"address": address, "alt": alt}


def _may_write(request: HttpRequest) -> None:
    if not request.user.has_perm("assessments.add_question"):
        raise PermissionDenied


def _stored(request: HttpRequest) -> tuple[str, str]:
    """Raises PictureError."""
    file = request.FILES.get("picture")
    if file is None:
        raise PictureError(_("Choose a picture first."))
    words = re.sub(r"[\W_]+", " ", str(file.name).rsplit(".", 1)[0]).strip()
    return store_picture(file.read(), actor=request.user), words


def _posted(request: HttpRequest, question: Question | None) -> HttpResponse:
    """What the pressed button asks for: other fields, a picture, or saving."""
    do = request.POST.get("do", "save")
    fixed = question.type if question else ""
    if do == "refresh" or do.startswith("method-"):
        form = QuestionForm(request.POST, fixed=fixed)
        if do != "refresh":
            form.change_methods(do)
        return _editor(request, form, question)
    if do == "picture":
        return _with_picture(request, question, fixed)
    if do == "later":
        return _kept(request, question, fixed)
    form = QuestionForm(request.POST, fixed=fixed)
    content = form.content()
    preview = preview_question(type=form.kind, content=content)
    valid = form.is_valid()
    form.add_problems([*preview.broken, *preview.missing])
    if not valid or preview.broken or preview.missing:
        return _editor(request, form, question, status=422)
    try:
        saved = save_question(
            question=question,
            type=form.kind,
            chapter=form.cleaned_data["chapter"],
            topic=form.cleaned_data["topic"],
            content=content,
            actor=request.user,
            now=timezone.now(),
            seen_version=form.cleaned_data["version"],
            send_to_review=do == "review",
            draft_id=read_id(request.POST.get("draft", "")),
            draft_seen=seen_version(request),
            tags=form.cleaned_data["tags"],
        )
    except DomainError as error:
        if isinstance(error, ConflictError):
            form.data = request.POST.copy()
            form.data["version"] = str(error.details["version"])
        form.add_error(None, error.message)
        return _editor(request, form, question, status=error.status)
    messages.success(request, _("Saved and sent to review.") if do == "review" else _("Saved."))
    return redirect("question-page", saved.pk)


def _continued(request: HttpRequest, draft: QuestionDraft, question: Question | None) -> HttpResponse:
    """The editor as it was left, before anybody asks whether it is right."""
    form = QuestionForm(read_draft(draft.data), fixed=question.type if question else "")
    form.start_over()
    return _editor(request, form, question, draft=draft)


def _kept(request: HttpRequest, question: Question | None, fixed: str) -> HttpResponse:
    """Kept for later, as it is; when another tab kept something else meanwhile, that is said first."""
    draft_id = read_id(request.POST.get("draft", "")) or new_id()
    try:
        keep(request, draft_id, question)
    except DomainError as error:
        form = QuestionForm(request.POST, fixed=fixed)
        form.start_over()
        again = _(" What you have here is below: press “Save for later” again to keep it instead.")
        stale = isinstance(error, ConflictError)
        form.add_error(None, error.message + (again if stale else ""))
        seen = error.details["version"] if stale else seen_version(request) or 0
        draft = QuestionDraft(pk=draft_id, version=seen)  # type: ignore[misc]  # a number, in the details
        return _editor(request, form, question, status=error.status, draft=draft)
    messages.success(request, _("Kept. It is among your unfinished questions."))
    return redirect("question-drafts")


def _with_picture(request: HttpRequest, question: Question | None, fixed: str) -> HttpResponse:
    """Without JavaScript: the picture is kept, and its Markdown put at the end of the question's text."""
    data, status, problem = request.POST.copy(), 200, ""
    try:
        address, alt = _stored(request)
        data["text"] = f"{data.get('text', '')}\n\n![{alt}]({address})".strip()
    except PictureError as error:
        status, problem = error.status, error.message
    form = QuestionForm(data, fixed=fixed)
    return _editor(request, form, question, status=status, picture_problem=problem)


def _editor(
    request: HttpRequest,
    form: QuestionForm,
    question: Question | None,
    *,
    status: int = 200,
    picture_problem: str = "",
    draft: QuestionDraft | None = None,
    left: QuestionDraft | None = None,
) -> HttpResponse:
    do = request.POST.get("do", "save")
    if form.is_bound and (do in {"refresh", "picture"} or do.startswith("method-")):
        form.start_over()
    given = read_id((request.POST or request.GET).get("draft", "")) or new_id()
    context = {
        "form": form,
        "draft": draft or QuestionDraft(pk=given, version=seen_version(request) or 0),
        "left": left,
        "question": question,
        "kinds": StepKind.choices,
        "empty_rows": [Row() for _number in range(EMPTY_ROWS)],
        "blank": Row(),
        "picture_problem": picture_problem,
        # A literal of the template would not be escaped.
        "refresh": '{"do": "refresh"}',
        "form_url": reverse("question-edit", args=[question.pk]) if question else reverse("question-new"),
    }
    return render_page(request, TEMPLATE, context, partial="editor", status=status)

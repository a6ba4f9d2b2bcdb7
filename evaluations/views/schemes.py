"""The pages on which a marking scheme is changed after marking has begun."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from assessments.models import Exam, QuestionVersion
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page
from evaluations.models import Evaluation
from evaluations.selectors.scheme_page import StepRow, Typed, scheme_form, scheme_list
from evaluations.services.marking import keep_mark
from evaluations.services.scheme_edits import SchemeEdit, StepEdit, change_scheme, preview_scheme
from evaluations.services.scheme_preview import SHOWN

MOST_ROWS = 60


def _exam(request: HttpRequest, exam_id: UUID) -> Exam:
    return get_permitted(request.user, "evaluations.change_scheme", Exam.objects.all(), exam_id)


@require_GET
def schemes(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    exam = _exam(request, exam_id)
    return render_page(request, "evaluations/schemes.html", {"exam": exam, "rows": scheme_list(exam)})


@require_http_methods(["GET", "HEAD", "POST"])
def scheme(request: HttpRequest, exam_id: UUID, version_id: UUID) -> HttpResponse:
    """The scheme of one question: first what would come of the change, then, with the digest of that, the change."""
    exam = _exam(request, exam_id)
    version = QuestionVersion.objects.filter(pk=version_id).first()
    if version is None:
        raise Http404
    typed, preview, status = None, None, 200
    if request.method == "POST":
        typed = _typed(request)
        values = {"exam": exam, "version": version, "actor": request.user}
        try:
            edit = _edit(typed)
            if digest := request.POST.get("digest", "") if "apply" in request.POST else "":
                try:
                    change_scheme(edit=edit, digest=digest, now=timezone.now(), **values)
                except DomainError as error:
                    if error.code != "preview_old":
                        raise
                    typed.problem, status = error.message, error.status
                else:
                    messages.success(request, _("Changed. The marks follow now."))
                    return redirect("scheme-list", exam.pk)
            preview = preview_scheme(edit=edit, **values)
        except DomainError as error:
            typed.problem, status = error.message, error.status
    context = scheme_form(exam=exam, version=version, typed=typed)
    shown = {"preview": preview, "papers": preview.changes[:SHOWN] if preview else ()}
    return render_page(request, "evaluations/scheme_change.html", {**context, **shown}, status=status)


@require_POST
def looked(request: HttpRequest, evaluation_id: UUID, question_id: UUID) -> HttpResponse:
    """The marker looked at an answer again for a new step, and its mark stays."""
    rows = Evaluation.objects.with_paper()
    evaluation = get_permitted(request.user, "evaluations.mark_evaluation", rows, evaluation_id)
    keep_mark(evaluation=evaluation, question_id=question_id, actor=request.user, now=timezone.now())
    return redirect("marking-desk", evaluation.pk)


def _typed(request: HttpRequest) -> Typed:
    post = request.POST
    count = min(len(post.getlist("text")), MOST_ROWS)

    def at(name: str, place: int) -> str:
        found = post.getlist(name)
        return found[place].replace("\x00", "") if place < len(found) else ""

    kept = set(post.getlist("kept"))
    rows = [
        StepRow(
            id=at("id", place),
            text=at("text", place),
            marks=at("marks", place).strip(),
            kind=at("kind", place),
            follows=at("follows", place),
            part=at("part", place),
            alternative=at("alternative", place),
            method=_number(at("method", place)) or 1,
            is_kept=str(place) in kept,
        )
        for place in range(count)
    ]
    flags: dict[str, Any] = {name: name in post for name in ("is_given", "asks_again", "may_lower")}
    return Typed(rows=rows, reason=post.get("reason", "").replace("\x00", ""), **flags)


def _edit(typed: Typed) -> SchemeEdit:
    """Raises DomainError for what is no number."""
    kept = [row for row in typed.rows if row.is_kept and (row.id or row.text.strip() or row.marks)]
    return SchemeEdit(
        steps=tuple(_step(place, row) for place, row in enumerate(kept, start=1)),
        reason=typed.reason,
        is_given=typed.is_given,
        asks_again=typed.asks_again,
        may_lower=typed.may_lower,
    )


def _step(place: int, row: StepRow) -> StepEdit:
    try:
        marks = Decimal(row.marks.replace("½", ".5").replace(",", "."))
    except InvalidOperation as error:
        raise DomainError(_("Step %s: say how many marks.") % place, "step_marks", step=place) from error
    follows = [_number(text) for text in row.follows.replace(",", " ").split()]
    if None in follows:
        raise DomainError(_("Step %s: name the steps it builds on by number.") % place, "step_follows", step=place)
    numbers = tuple(one for one in follows if one is not None)
    return StepEdit(row.id, row.text, marks, row.kind, numbers, row.part, row.alternative, row.method)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None

"""Re-marks in the back office, and re-checks of papers that are marked alike."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display

from common.access import get_permitted
from common.errors import DomainError
from evaluations.admin.after_marks import ReadOnlyAdmin
from evaluations.enums import RemarkState
from evaluations.models import MarkCorrection, RemarkRequest
from evaluations.selectors.remarks import alike
from evaluations.services.remarks import open_recheck


@admin.register(RemarkRequest)
class RemarkRequestAdmin(ReadOnlyAdmin):
    empty_sentence = _("Nobody has asked for a re-mark.")
    list_display = ["paper", "question", "asked_at", "is_recheck", "state", "marks_before", "marks_after", "others"]
    list_filter = ["state", "is_recheck"]
    list_select_related = ["evaluation__attempt__exam", "question"]
    search_fields = ["evaluation__attempt__exam__title", "first_marker__name"]
    list_per_page = 50
    show_full_result_count = False

    @display(description=_("paper"))
    def paper(self, asked: RemarkRequest) -> str:
        return f"{asked.evaluation.attempt.exam.title}, {asked.evaluation.short_id}"

    @display(description=_("marked alike"))
    def others(self, asked: RemarkRequest) -> SafeString | str:
        if asked.state != RemarkState.UPHELD:
            return ""
        url = reverse("admin:evaluations_rechecks", args=[asked.pk])
        return format_html('<a class="text-primary-600" href="{}">{}</a>', url, _("Other papers"))

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.rechecks)
        urls: list[URLPattern] = super().get_urls()
        return [path("<uuid:request_id>/others/", page, name="evaluations_rechecks"), *urls]

    def rechecks(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        """Papers of the same marker with the same step marked alike; those ticked are marked again."""
        rows = RemarkRequest.objects.select_related("question", "evaluation__attempt__exam", "first_marker")
        asked = get_permitted(request.user, "evaluations.open_recheck", rows, request_id)
        found = alike(asked)
        if request.method == "POST":
            wanted = set(request.POST.getlist("paper"))
            self._open(request, asked, [mark for mark in found if str(mark.evaluation_id) in wanted])
            return HttpResponseRedirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Papers marked alike"),
            "opts": self.model._meta,
            "asked": asked,
            "found": found,
        }
        return TemplateResponse(request, "admin/evaluations/rechecks.html", context)

    def _open(self, request: HttpRequest, asked: RemarkRequest, found: list[Any]) -> None:
        upheld = [row.step_id for row in asked.steps.all() if row.is_upheld and row.step_id]
        opened = 0
        for mark in found:
            steps = [step for step in upheld if mark.steps.get(str(step), "0") == _given(asked, step)]
            try:
                open_recheck(
                    record=mark.evaluation,
                    question_id=mark.question_id,
                    steps=steps,
                    reason=str(_("A like mark was upheld on another paper.")),
                    actor=request.user,
                    now=timezone.now(),
                )
                opened += 1
            except DomainError as error:
                self.message_user(request, f"{mark.evaluation.short_id}: {error.message}", messages.ERROR)
        text = ngettext("%(n)d re-check is open.", "%(n)d re-checks are open.", opened)
        self.message_user(request, text % {"n": opened}, messages.SUCCESS)


def _given(asked: RemarkRequest, step: UUID) -> str:
    before = next(row.before for row in asked.steps.all() if row.step_id == step)
    return f"{before.normalize():f}"


@admin.register(MarkCorrection)
class MarkCorrectionAdmin(ReadOnlyAdmin):
    empty_sentence = _("No mark was corrected.")
    list_display = ["paper", "question", "before", "after", "total_before", "total_after", "reason", "actor", "at"]
    list_select_related = ["evaluation__attempt__exam", "question", "actor"]
    search_fields = ["evaluation__attempt__exam__title", "reason"]
    list_per_page = 50
    show_full_result_count = False

    @display(description=_("paper"))
    def paper(self, correction: MarkCorrection) -> str:
        return f"{correction.evaluation.attempt.exam.title}, {correction.evaluation.short_id}"

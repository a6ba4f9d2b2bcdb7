"""How far markers agree: per teacher and per question, over a span, with a control chart for each teacher."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from evaluations.selectors.agreement import Week, agreements, question_agreements

SPANS = {"30": gettext_lazy("30 days"), "90": gettext_lazy("90 days"), "365": gettext_lazy("A year")}
WIDTH, HEIGHT, EDGE = 220.0, 56.0, 6.0


class SpanForm(forms.Form):
    days = forms.ChoiceField(label=gettext_lazy("Span"), choices=list(SPANS.items()), widget=UnfoldAdminSelectWidget)


@dataclass(frozen=True)
class Point:
    x: float
    y: float
    low: float
    high: float
    is_out: bool
    text: str


class AgreementPages(ModelAdmin):
    """Part of the back office of checks."""

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.agreement)
        urls: list[URLPattern] = super().get_urls()
        return [path("agreement/", page, name="evaluations_agreement"), *urls]

    def agreement(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = SpanForm(request.GET if "days" in request.GET else {"days": "90"})
        days = int(form.cleaned_data["days"]) if form.is_valid() else 90
        now = timezone.now()
        span = {"since": now - timedelta(days=days), "until": now}
        context = {
            **self.admin_site.each_context(request),
            "title": _("Agreement of markers"),
            "opts": self.model._meta,
            "form": form,
            "markers": [{"line": one, "chart": chart_of(one.weeks)} for one in agreements(**span)],
            "questions": question_agreements(**span),
        }
        return TemplateResponse(request, "admin/evaluations/agreement.html", context)


def chart_of(weeks: list[Week]) -> dict[str, Any]:
    """The control chart in the units of its drawing: 0 in the middle of what is drawn, marks upwards."""
    reach = max((abs(edge) for week in weeks for edge in (week.mean, week.low, week.high)), default=0) or 1

    def y(value: float) -> float:
        return round(HEIGHT / 2 - value / reach * (HEIGHT / 2 - EDGE), 1)

    step = (WIDTH - 2 * EDGE) / max(1, len(weeks) - 1)
    points = [
        Point(
            x=round(EDGE + step * n if len(weeks) > 1 else WIDTH / 2, 1),
            y=y(week.mean),
            low=y(week.low),
            high=y(week.high),
            is_out=week.is_out,
            text=f"{week.starts:%d %b}: {week.mean:+.2f} ({week.pairs})",
        )
        for n, week in enumerate(weeks)
    ]
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "zero": HEIGHT / 2,
        "points": points,
        "out": sum(p.is_out for p in points),
    }

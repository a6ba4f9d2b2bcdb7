"""Marker economics in the back office: rates, the books, statements, and the cost of a paper."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from assessments.models import Exam
from common.access import get_permitted
from common.errors import DomainError
from evaluations.admin.after_marks import ReadOnlyAdmin
from evaluations.enums import StatementState, WorkKind
from evaluations.models import Earning, PayMonth, RateCard, SlaPolicy, Statement
from evaluations.selectors.economics import BY, costs
from evaluations.services.earnings import correct_earning, day_begin, month_of, next_month, rate_of, save_card
from evaluations.services.statements import approve_statement, close_month, pay_statement


class RateCardForm(forms.ModelForm):
    """Refuses a tie on the form; the service refuses it once more under a lock."""

    class Meta:
        model = RateCard
        fields = [
            *("amount", "currency", "unit", "kind", "exam", "question_type", "policy", "valid_from", "valid_until")
        ]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            card = RateCard(pk=self.instance.pk, **cleaned)
            if any(rate_of(card).overlaps(rate_of(one)) for one in RateCard.objects.exclude(pk=self.instance.pk)):
                raise forms.ValidationError(_("Another rate is for the same work in these days."))
        return cleaned


@admin.register(RateCard)
class RateCardAdmin(ModelAdmin):
    empty_sentence = gettext_lazy("No rate is entered, so nothing is in the books.")
    form = RateCardForm
    list_display = [
        "amount",
        "currency",
        "unit",
        "kind",
        "exam",
        "question_type",
        "policy",
        "valid_from",
        "valid_until",
    ]
    list_filter = ["kind", "unit"]
    list_select_related = ["exam", "policy"]
    autocomplete_fields = ["exam"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What was paid by a rate stays explained: only its end changes."""
        return [name for name in RateCardForm.Meta.fields if name != "valid_until"] if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **(kwargs | ({"form": forms.ModelForm} if obj else {})))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        try:
            save_card(card=obj, actor=request.user, now=timezone.now())
        except DomainError as error:
            self.message_user(request, error.message, messages.ERROR)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget)


@admin.register(Earning)
class EarningAdmin(ReadOnlyAdmin):
    empty_sentence = gettext_lazy("Nothing is in the books. Enter a rate; what is finished appears within minutes.")
    list_display = ["paper", "teacher", "kind", "amount", "currency", "month", "finished_at", "is_reversal", "correct"]
    list_display_links = None
    list_filter = ["kind", "month"]
    list_select_related = ["evaluation__attempt__exam", "teacher", "month"]
    search_fields = ["teacher__name"]
    list_per_page = 50
    show_full_result_count = False

    @display(description=gettext_lazy("paper"))
    def paper(self, row: Earning) -> str:
        return f"{row.evaluation.attempt.exam.title}, {row.evaluation.short_id}"

    @display(description=gettext_lazy("reversal"), boolean=True)
    def is_reversal(self, row: Earning) -> bool:
        return row.reverses_id is not None

    @display(description=gettext_lazy("correct"))
    def correct(self, row: Earning) -> SafeString | str:
        if row.reverses_id is not None:
            return ""
        url = reverse("admin:evaluations_earning_correct", args=[row.pk])
        return format_html('<a class="text-primary-600" href="{}">{}</a>', url, _("Price anew"))

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.correct_page)
        urls: list[URLPattern] = super().get_urls()
        return [path("<uuid:earning_id>/correct/", page, name="evaluations_earning_correct"), *urls]

    def correct_page(self, request: HttpRequest, earning_id: UUID) -> HttpResponse:
        """GET: asks for the reason. POST: reverses the row and adds one by the rates as they are."""
        row = get_permitted(request.user, "evaluations.view_earning", Earning, earning_id)
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                correct_earning(earning=row, reason=form.cleaned_data["reason"], actor=request.user, now=timezone.now())
                self.message_user(request, _("Corrected, in the present month."), messages.SUCCESS)
                return redirect("admin:evaluations_earning_changelist")
            except DomainError as error:
                form.add_error(None, error.message)
        words = _("The row is reversed and the work priced anew, by the rates as they are now, in the present month.")
        return _form_page(self, request, _("Price anew"), form, words)


class AnswerForm(forms.Form):
    """Of `step`: what staff say to approve it, or the reference of the payment."""

    words = forms.CharField(required=False, max_length=500, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].label = label


@admin.register(Statement)
class StatementAdmin(ReadOnlyAdmin):
    empty_sentence = gettext_lazy("No month is closed yet. Months are closed on the page of the cost of papers.")
    list_display = ["number_of", "teacher", "papers", "total", "currency", "state", "objection", "step"]
    list_display_links = None
    list_filter = ["state", "month", "currency"]
    list_select_related = ["teacher", "month"]
    search_fields = ["teacher__name", "reference"]
    list_per_page = 50
    show_full_result_count = False

    @display(description=gettext_lazy("statement"), ordering="number")
    def number_of(self, row: Statement) -> SafeString:
        url = reverse("statement-page", args=[row.pk])
        return format_html('<a class="text-primary-600" href="{}">{}</a>', url, row.label)

    @display(description=gettext_lazy("next"))
    def step(self, row: Statement) -> SafeString | str:
        words = {
            StatementState.CONFIRMED: _("Approve"),
            StatementState.OBJECTED: _("Answer"),
            StatementState.APPROVED: _("Note the payment"),
        }.get(StatementState(row.state))
        if words is None:
            return ""
        url = reverse("admin:evaluations_statement_step", args=[row.pk])
        return format_html('<a class="text-primary-600" href="{}">{}</a>', url, words)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        urls: list[URLPattern] = super().get_urls()
        return [
            path("costs/", wrap(self.costs_page), name="evaluations_costs"),
            path("close/", wrap(self.close_page), name="evaluations_close_month"),
            path("<uuid:statement_id>/step/", wrap(self.step_page), name="evaluations_statement_step"),
            *urls,
        ]

    def step_page(self, request: HttpRequest, statement_id: UUID) -> HttpResponse:
        """Approves what was answered, or notes the payment of what was approved."""
        rows = Statement.objects.select_related("teacher", "month")
        row = get_permitted(request.user, "evaluations.view_statement", rows, statement_id)
        pays = row.state == StatementState.APPROVED
        label = _("Reference of the payment") if pays else _("Answer to the teacher")
        form = AnswerForm(request.POST if request.method == "POST" else None, label=label)
        if request.method == "POST" and form.is_valid():
            facts: dict[str, Any] = {"statement": row, "actor": request.user, "now": timezone.now()}
            try:
                if pays:
                    pay_statement(reference=form.cleaned_data["words"], **facts)
                else:
                    approve_statement(answer=form.cleaned_data["words"], **facts)
                return redirect("admin:evaluations_statement_changelist")
            except DomainError as error:
                form.add_error(None, error.message)
        told = f"{row.teacher.name}: {row.total} {row.currency}. {row.objection}"
        return _form_page(self, request, row.label, form, told)

    def close_page(self, request: HttpRequest) -> HttpResponse:
        """POST: closes the oldest month that is over."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            try:
                first = date.fromisoformat(request.POST.get("first", ""))
                made = close_month(first=first, actor=request.user, now=timezone.now())
                self.message_user(request, _("Closed: %(n)d statements.") % {"n": len(made)}, messages.SUCCESS)
            except ValueError:
                self.message_user(request, _("Choose a month."), messages.ERROR)
            except DomainError as error:
                self.message_user(request, error.message, messages.ERROR)
        return redirect("admin:evaluations_costs")

    def costs_page(self, request: HttpRequest) -> HttpResponse:
        """What marking cost, by month, exam or promise, for each paper that went back, against its price."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        today = timezone.localtime(now, timezone.get_default_timezone()).date()
        since = _months_before(today, 5)
        asked = {"since": since.isoformat(), "until": today.isoformat(), "by": "month", "currency": "INR"}
        form = CostForm(asked | request.GET.dict())
        found = costs(**form.chosen()) if form.is_valid() else []
        context = {
            **self.admin_site.each_context(request),
            "title": _("Cost of papers"),
            "opts": self.model._meta,
            "form": form,
            "rows": found,
            "kinds": [str(label) for label in WorkKind.labels],
            "bars": [
                {"label": _short(one.name), "cost": float(one.each or 0), "price": float(one.price_each or 0)}
                for one in found
                if one.papers
            ][:24],
            "heading": BY[form.data["by"]][0] if form.data.get("by") in BY else "",
            "to_close": _month_to_close(now),
        }
        return TemplateResponse(
            request, "admin/evaluations/costs.html", context, status=200 if form.is_valid() else 422
        )


class CostForm(forms.Form):
    since = forms.DateField(label=gettext_lazy("From"), widget=UnfoldAdminDateWidget)
    until = forms.DateField(label=gettext_lazy("Until"), widget=UnfoldAdminDateWidget)
    by = forms.ChoiceField(
        label=gettext_lazy("By"), choices=[(key, row[0]) for key, row in BY.items()], widget=UnfoldAdminSelectWidget
    )
    exam = forms.ModelChoiceField(
        label=gettext_lazy("Exam"), queryset=Exam.objects.order_by("-opens_at"), required=False,
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip
    policy = forms.ModelChoiceField(
        label=gettext_lazy("Promise"), queryset=SlaPolicy.objects.all(), required=False, widget=UnfoldAdminSelectWidget
    )
    currency = forms.RegexField(
        r"^[A-Z]{3}\Z", label=gettext_lazy("Currency"), widget=UnfoldAdminTextInputWidget(attrs={"size": 3})
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and not 0 <= (until - since).days <= 1100:
            raise forms.ValidationError(_("Choose at least one day and at most three years."))
        return cleaned

    def chosen(self) -> dict[str, Any]:
        keys = {name: getattr(self.cleaned_data.get(name), "pk", None) for name in ("exam", "policy")}
        return {name: self.cleaned_data[name] for name in ("since", "until", "by", "currency")} | keys


def _short(name: str) -> str:
    """Of a month 11/26, of an exam or a promise its beginning: there is little room under a bar."""
    return f"{name[5:7]}/{name[2:4]}" if re.fullmatch(r"\d{4}-\d{2}", name) else name[:8]


def _month_to_close(now: Any) -> PayMonth | None:
    """The oldest open month that is over."""
    first = PayMonth.objects.filter(closed_at=None, first__lt=month_of(now)).order_by("first").first()
    return first if first is not None and day_begin(next_month(first.first)) <= now else None


def _months_before(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _form_page(page: ModelAdmin, request: HttpRequest, title: str, form: forms.Form, words: str) -> HttpResponse:
    context = {
        **page.admin_site.each_context(request), "title": title, "opts": page.model._meta, "form": form, "words": words,
    }  # fmt: skip
    return TemplateResponse(request, "admin/evaluations/pay_step.html", context, status=422 if form.errors else 200)

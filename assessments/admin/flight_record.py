"""The flight record of an attempt in the back office: what happened when, which answers stood, crediting an outage."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from assessments.models import Attempt
from assessments.selectors.flight_pages import flight_page
from assessments.services.outage_credits import credit_outage, credit_spell, plan_credits, why_not_open
from common.access import get_permitted
from common.errors import DomainError
from common.local_times import LocalDateTimeField

FIELD = {"class": "border border-base-200 rounded-default px-3 py-2 dark:border-base-700"}


class MomentInput(forms.DateTimeInput):
    """A date and time to the second, as browsers ask for it."""

    def __init__(self) -> None:
        super().__init__({**FIELD, "type": "datetime-local", "step": "1"}, "%Y-%m-%dT%H:%M:%S")


class MomentField(LocalDateTimeField):
    widget = MomentInput
    input_formats = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S")


class ReplayForm(forms.Form):
    at = MomentField(label=_("Answers that stood at"), required=False)


class SpellForm(forms.Form):
    event = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    reason = forms.CharField(max_length=300, required=False)


class OutageForm(forms.Form):
    since = MomentField(label=_("The outage began"))
    until = MomentField(label=_("and ended"))
    reason = forms.CharField(
        label=_("Reason, for the audit trail"), max_length=300, widget=forms.TextInput({**FIELD, "size": "60"})
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since >= until:
            self.add_error("until", _("The outage must end after it began."))
        return cleaned


class FlightPages(ModelAdmin):
    """Part of the attempts' back office."""

    def get_urls(self) -> list[URLPattern]:
        urls: list[URLPattern] = super().get_urls()
        view = self.admin_site.admin_view
        return [
            path("<uuid:attempt_id>/flight/", view(self.flight), name="attempt_flight"),
            path("<uuid:attempt_id>/flight/credit/", view(self.credit), name="attempt_credit"),
            *urls,
        ]

    @display(description=_("flight record"))
    def record(self, attempt: Attempt) -> SafeString:
        url = reverse("admin:attempt_flight", args=[attempt.pk])
        return format_html('<a class="text-primary-600" href="{}">{}</a>', url, _("What happened when"))

    def flight(self, request: HttpRequest, attempt_id: UUID) -> HttpResponse:
        attempts = Attempt.objects.select_related("exam", "student", "paper")
        attempt = get_permitted(request.user, "assessments.view_attempt", attempts, attempt_id)
        now, form = timezone.now(), ReplayForm(request.GET or None)
        at = form.cleaned_data.get("at") if form.is_valid() else None
        at = at and at.replace(microsecond=999_999)  # people see and choose whole seconds
        after = request.GET.get("after", "")
        context = flight_page(
            attempt=attempt, now=now, at=at, after=int(after) if after.isdecimal() and len(after) < 19 else 0
        )
        refusal = why_not_open(attempt, now)
        context |= {
            **self.admin_site.each_context(request),
            "title": _("Flight record"),
            "opts": self.model._meta,
            "attempt": attempt,
            "form": form if request.GET else ReplayForm(initial={"at": timezone.localtime(context["moment"])}),
            "why_not": refusal[0] if refusal else "",
            "may_credit": request.user.has_perm("assessments.change_attempt"),
        }
        status = 422 if form.is_bound and form.errors else 200
        return TemplateResponse(request, "admin/assessments/flight_record.html", context, status=status)

    def credit(self, request: HttpRequest, attempt_id: UUID) -> HttpResponse:
        """POST: credits one spell. Repeating it gives nothing more."""
        attempt = get_permitted(request.user, "assessments.change_attempt", Attempt, attempt_id)
        back = HttpResponseRedirect(reverse("admin:attempt_flight", args=[attempt.pk]))
        form = SpellForm(request.POST)
        if request.method != "POST" or not form.is_valid():
            return back
        by: dict[str, Any] = {"actor": request.user, "now": timezone.now(), "reason": form.cleaned_data["reason"]}
        try:
            given = credit_spell(attempt=attempt, event_id=form.cleaned_data["event"], **by)
        except DomainError as error:
            self.message_user(request, error.message, messages.ERROR)
            return back
        if given.is_new:
            text = ngettext(
                "%(n)d minute given, until %(until)s. The student is told.",
                "%(n)d minutes given, until %(until)s. The student is told.",
                given.minutes,
            )
            until = f"{timezone.localtime(given.attempt.ends_at):%H:%M}"
            self.message_user(request, text % {"n": given.minutes, "until": until}, messages.SUCCESS)
        else:
            self.message_user(request, _("This outage was credited before; nothing changed."), messages.WARNING)
        return back

    @action(description=_("Credit an outage to these…"), permissions=["change"])
    def credit_outage(self, request: HttpRequest, queryset: QuerySet[Attempt]) -> HttpResponse | None:
        """Asks when the outage was, shows what each attempt would get, and gives it."""
        attempts = list(queryset.select_related("exam", "student", "paper").order_by("student__name", "pk")[:1001])
        form = OutageForm(request.POST if "confirmed" in request.POST else None)
        plans = None
        if form.is_valid():
            span, now = (form.cleaned_data["since"], form.cleaned_data["until"]), timezone.now()
            try:
                if request.POST.get("do") == "credit":
                    reason = form.cleaned_data["reason"]
                    by: dict[str, Any] = {"actor": request.user, "reason": reason, "now": now}
                    self._credited(request, credit_outage(attempts=attempts, span=span, **by))
                    return None
                plans = plan_credits(attempts=attempts, span=span, now=now)
            except DomainError as error:
                form.add_error(None, error.message)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Credit an outage"),
            "opts": self.model._meta,
            "form": form,
            "plans": plans,
            "given": sum(bool(plan.minutes) for plan in plans or ()),
            "attempts": attempts,
            "selected": request.POST.getlist("_selected_action"),
            "across": request.POST.get("select_across", "0"),
        }
        status = 422 if form.is_bound and form.errors else 200
        return TemplateResponse(request, "admin/assessments/credit_outage.html", context, status=status)

    def _credited(self, request: HttpRequest, made: list[Any]) -> None:
        count = len({credit.attempt.pk for credit in made})
        if not count:
            self.message_user(request, _("There was nothing to credit."), messages.WARNING)
            return
        text = ngettext(
            "%(n)d student got the time back and is told.", "%(n)d students got the time back and are told.", count
        )
        self.message_user(request, text % {"n": count}, messages.SUCCESS)

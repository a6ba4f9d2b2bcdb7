"""Webhooks in the back office: setting them up, their secrets (shown once), and the log, from which to send again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSplitDateTimeWidget,
)

from common.admin import NoWriting, RotateForm, checked, do_for_each
from common.errors import DomainError
from common.local_times import LocalSplitDateTimeField
from common.templatetags.ui_times import when
from notifications.enums import DeliveryState
from notifications.models import WebhookDelivery, WebhookEndpoint, WebhookTry
from notifications.services.webhook_secrets import MAX_GRACE_HOURS, rotate_secret
from notifications.services.webhook_sending import body_of
from notifications.services.webhook_setup import check_target, replay_delivery, replay_failed, save_endpoint, send_test
from notifications.services.webhooks import CHOOSABLE

STATE_COLOURS = {DeliveryState.WAITING: "info", DeliveryState.SENT: "success", DeliveryState.FAILED: "danger"}


class EndpointForm(forms.ModelForm):
    types = forms.MultipleChoiceField(
        label=_("Events"),
        choices=[(str(kind), f"{kind.value}: {kind.label}") for kind in CHOOSABLE],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = WebhookEndpoint
        fields = ("name", "url", "types", "is_active")

    clean_url = checked("url", check_target)


class SinceForm(forms.Form):
    since = LocalSplitDateTimeField(
        label=_("Everything given up that happened since"), widget=UnfoldAdminSplitDateTimeWidget
    )


def _latest(field: str) -> Subquery:
    return Subquery(WebhookTry.objects.filter(delivery=OuterRef("pk")).order_by("-id").values(field)[:1])


def _count(state: str) -> Any:
    rows = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"), state=state).order_by().values("endpoint")
    counted = Subquery(rows.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return Coalesce(counted, 0)


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ModelAdmin):
    form = EndpointForm
    list_display = ["name", "url", "health", "last_success_at", "last_failure_at", "waiting", "given_up"]
    list_filter = ["is_active"]
    search_fields = ["name", "url"]
    list_per_page = 50
    show_full_result_count = False
    actions = ["send_test_event", "replay_given_up", "rotate"]
    readonly_fields = ["how_it_is", "last_success_at", "last_failure_at", "failing_since", "for_partner"]
    fieldsets = (
        (None, {"fields": ("name", "url", "types", "is_active")}),
        (_("Health"), {"fields": ("how_it_is", "last_success_at", "last_failure_at", "failing_since")}),
        (_("For the receiver"), {"fields": ("for_partner",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEndpoint]:
        rows: QuerySet[WebhookEndpoint] = super().get_queryset(request)
        return rows.annotate(n_waiting=_count(DeliveryState.WAITING), n_failed=_count(DeliveryState.FAILED))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It is switched off, not deleted: its log stays."""
        return False

    def has_rotate_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("notifications.rotate_webhookendpoint"))

    def has_test_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("notifications.test_webhookendpoint"))

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("notifications.replay_webhookdelivery"))

    @display(description=_("health"), label={"well": "success", "new": "info", "failing": "warning", "off": "danger"})
    def health(self, endpoint: WebhookEndpoint) -> tuple[str, str]:
        if not endpoint.is_active:
            return "off", str(_(endpoint.stop_reason)) if endpoint.stop_reason else str(_("Off"))
        if endpoint.failures:
            return "failing", str(_("%(n)d failures in a row") % {"n": endpoint.failures})
        return ("well", str(_("Well"))) if endpoint.last_success_at else ("new", str(_("Nothing sent yet")))

    @display(description=_("health"))
    def how_it_is(self, endpoint: WebhookEndpoint) -> str:
        return str(self.health(endpoint)[1])

    @display(description=_("waiting"))
    def waiting(self, endpoint: Any) -> SafeString:
        return self._counted(endpoint, endpoint.n_waiting, DeliveryState.WAITING)

    @display(description=_("given up"))
    def given_up(self, endpoint: Any) -> SafeString:
        return self._counted(endpoint, endpoint.n_failed, DeliveryState.FAILED)

    def _counted(self, endpoint: WebhookEndpoint, count: int, state: str) -> SafeString:
        url = f"{_log_url()}?endpoint__id__exact={endpoint.pk}&state__exact={state}"
        return format_html('<a class="underline" href="{}">{}</a>', url, count)

    @display(description=_("how to verify"))
    def for_partner(self, endpoint: WebhookEndpoint) -> str:
        if endpoint._state.adding:
            return str(_("The signing secret is shown, once, when the webhook is saved."))
        return render_to_string(
            "admin/notifications/webhook_receiver.html", {"endpoint": endpoint, "log_url": _log_url()}
        )

    def save_model(self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool) -> None:
        secret = save_endpoint(endpoint=obj, actor=request.user, now=timezone.now())
        # Only for the answer to this request: a message would leave the secret in the session's table.
        request.new_secret = secret  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: WebhookEndpoint, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._show(request, [(obj, request.new_secret)])  # type: ignore[attr-defined]

    @action(description=_("Send a test event"), permissions=["test"])
    def send_test_event(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> HttpResponse | None:
        """One is shown in the log at once; of several the log's list."""
        sent: list[WebhookDelivery] = []
        by: Any = {"actor": request.user, "now": timezone.now()}
        do_for_each(self, request, queryset, lambda endpoint: sent.append(send_test(endpoint=endpoint, **by)))
        if not sent:
            return None
        self.message_user(request, _("On its way. Reload this page to see what came back."), messages.SUCCESS)
        if len(sent) == 1:
            return redirect("admin:notifications_webhookdelivery_change", sent[0].pk)
        return redirect(_log_url())

    @action(description=_("Replay all given up since…"), permissions=["replay"])
    def replay_given_up(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> HttpResponse | None:
        asked = "confirmed" in request.POST
        form = SinceForm(request.POST if asked else None, initial={"since": timezone.now() - timedelta(days=7)})
        if form.is_valid():
            by: Any = {"since": form.cleaned_data["since"], "actor": request.user, "now": timezone.now()}
            count = 0
            for endpoint in queryset:
                try:
                    count += replay_failed(endpoint=endpoint, **by)
                except DomainError as error:
                    self.message_user(request, error.message, messages.ERROR)
            self.message_user(request, _("%(n)d events are sent again.") % {"n": count}, messages.SUCCESS)
            return None
        text = _("Each event goes out again with the id it had; a receiver that knows it does nothing twice.")
        return self._ask(request, queryset, form, "replay_given_up", _("Replay all given up since…"), text)

    @action(description=_("Rotate the secret…"), permissions=["rotate"])
    def rotate(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> HttpResponse:
        """Asks how long we sign with the old one too; then shows the new one, once."""
        asked = request.POST if "confirmed" in request.POST else None
        label = _("Hours for which we sign with the old secret too (0: no longer)")
        form = RotateForm(asked, label=label, most_hours=MAX_GRACE_HOURS)
        if form.is_valid():
            by: Any = {"actor": request.user, "now": timezone.now(), **form.cleaned_data}
            return self._show(request, [(row, rotate_secret(endpoint=row, **by)) for row in queryset])
        text = _("Events are signed with the new secret at once. It is shown on the next page, once.")
        return self._ask(request, queryset, form, "rotate", _("Rotate the secret"), text)

    def _ask(
        self, request: HttpRequest, rows: QuerySet[WebhookEndpoint], form: Any, action_name: str, title: Any, text: Any
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "text": text,
            "opts": self.model._meta,
            "form": form,
            "action_name": action_name,
            "rows": list(rows[:50]),
            "selected": request.POST.getlist("_selected_action"),
            "across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/notifications/webhook_ask.html", context)

    def _show(self, request: HttpRequest, secrets: list[tuple[WebhookEndpoint, str]]) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("The signing secret"),
            "opts": self.model._meta,
            "secrets": [{"endpoint": endpoint, "secret": secret} for endpoint, secret in secrets],
            "log_url": _log_url(),
        }
        return TemplateResponse(request, "admin/notifications/webhook_secret.html", context)


class TryInline(NoWriting, TabularInline):
    model = WebhookTry
    fields = ["number", "at", "status", "milliseconds", "code", "message", "reply"]
    readonly_fields = fields
    ordering = ["-id"]
    extra = 0


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(NoWriting, ModelAdmin):
    empty_sentence = _("Nothing has been sent to a webhook yet.")
    list_display = ["type", "endpoint", "shown_state", "tries", "last_status", "happened", "next_at"]
    list_filter = ["state", "event__type", ("endpoint", admin.RelatedOnlyFieldListFilter), "event__occurred_at"]
    list_select_related = ["event", "endpoint"]
    search_fields = ["event__id", "event__cause"]
    list_per_page = 100
    show_full_result_count = False
    actions = ["replay"]
    inlines = [TryInline]
    fields = ["type", "endpoint", "state", "tries", "replays", "next_at", "done_at", "request_sent"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        rows: QuerySet[WebhookDelivery] = super().get_queryset(request)
        return rows.select_related("event", "endpoint").annotate(n_status=_latest("status"), said=_latest("code"))

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("notifications.replay_webhookdelivery"))

    @display(description=_("event"), ordering="event__type")
    def type(self, delivery: WebhookDelivery) -> str:
        return delivery.event.type

    @display(description=_("happened"), ordering="event__occurred_at")
    def happened(self, delivery: WebhookDelivery) -> str:
        return when(delivery.event.occurred_at)

    @display(description=_("state"), label=STATE_COLOURS)
    def shown_state(self, delivery: WebhookDelivery) -> tuple[str, str]:
        return delivery.state, delivery.get_state_display()

    @display(description=_("last answer"))
    def last_status(self, delivery: Any) -> str:
        return str(delivery.n_status or delivery.said or "–")

    @display(description=_("request"))
    def request_sent(self, delivery: WebhookDelivery) -> str:
        latest = delivery.log.order_by("-id").first()
        body = json.dumps(json.loads(body_of(delivery.event)), ensure_ascii=False, indent=2)
        context = {"delivery": delivery, "event": delivery.event, "body": body, "latest": latest}
        return render_to_string("admin/notifications/webhook_request.html", context)

    @action(description=_("Replay"), permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        by: Any = {"actor": request.user, "now": timezone.now()}
        done = str(_("%(n)d events are sent again."))
        do_for_each(self, request, queryset, lambda row: replay_delivery(delivery=row, **by), done)


def _log_url() -> str:
    return reverse("admin:notifications_webhookdelivery_changelist")

"""Promises that will probably be missed, and giving the papers to who was proposed with one press."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from accounts.models import User
from common.errors import DomainError
from evaluations.enums import OPEN_STATES
from evaluations.models import BreachWarning
from evaluations.services import links
from evaluations.services.breach_warnings import follow_proposals, is_standing

FOLLOW = "_follow"


class StandingFilter(admin.SimpleListFilter):
    """What can still be helped; without a choice only that."""

    title = _("paper")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        for choice in super().choices(changelist):
            yield choice | ({"display": _("Not marked yet")} if choice["query_string"] == "?" else {})

    def queryset(self, request: HttpRequest, queryset: QuerySet[BreachWarning]) -> QuerySet[BreachWarning]:
        if self.value() == "all":
            return queryset
        return queryset.filter(evaluation__state__in=OPEN_STATES, evaluation__finalised_at__isnull=True)


@admin.register(BreachWarning)
class BreachWarningAdmin(ModelAdmin):
    empty_sentence = _("No promise is expected to be missed.")
    list_display = ["paper", "exam", "due_at", "chance", "giver", "expected_now", "proposal"]
    list_display_links = None
    list_filter = [StandingFilter]
    list_select_related = ["evaluation__attempt__exam", "evaluation__forecast", "giver", "taker"]
    list_per_page = 50
    show_full_result_count = False
    actions = ["follow"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("paper"))
    def paper(self, warning: BreachWarning) -> SafeString:
        return format_html('<a href="{}">{}</a>', links.board_url(warning.pk), warning.evaluation.short_id)

    @display(description=_("exam"))
    def exam(self, warning: BreachWarning) -> str:
        return warning.evaluation.attempt.exam.title

    @display(description=_("chance of being late"), ordering="late_chance")
    def chance(self, warning: BreachWarning) -> str:
        return f"{warning.late_chance:.0%}"

    @display(description=_("now"))
    def expected_now(self, warning: BreachWarning) -> str:
        forecast = getattr(warning.evaluation, "forecast", None)
        return f"{forecast.late_chance:.0%}" if forecast else ""

    @display(description=_("proposal"))
    def proposal(self, warning: BreachWarning) -> SafeString | str:
        """Who should have it and how likely it is late then; the button is of the list's own form."""
        if warning.taker is None:
            return str(_("No other teacher has time."))
        told = f"{warning.taker.name}: {warning.taker_chance:.0%}"
        if not is_standing(warning):
            return told
        button = '{} <button name="{}" value="{}" class="ml-2 font-semibold text-primary-600 underline">{}</button>'
        return format_html(button, told, FOLLOW, warning.pk, _("Give it"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "POST" and FOLLOW in request.POST and self.has_view_permission(request):
            self._follow(request, self.get_queryset(request).filter(pk__in=[*_ids(request.POST[FOLLOW])]))
            return redirect(request.get_full_path())
        return super().changelist_view(request, extra_context)  # type: ignore[no-any-return]

    @action(description=_("Give to who is proposed"), permissions=["view"])
    def follow(self, request: HttpRequest, queryset: QuerySet[BreachWarning]) -> None:
        self._follow(request, queryset)

    def _follow(self, request: HttpRequest, queryset: QuerySet[BreachWarning]) -> None:
        assert isinstance(request.user, User)
        chosen = queryset.select_related("evaluation__attempt__exam", "evaluation__attempt__paper", "taker")
        try:
            count = follow_proposals(warnings=list(chosen), actor=request.user, now=timezone.now())
        except DomainError as error:
            self.message_user(request, error.message, messages.ERROR)
            return
        text = ngettext("%(n)d paper is with another teacher now.", "%(n)d papers are with other teachers now.", count)
        self.message_user(request, text % {"n": count}, messages.SUCCESS)


def _ids(text: str) -> Iterator[UUID]:
    with suppress(ValueError):  # a mangled form moves nothing
        yield UUID(text)

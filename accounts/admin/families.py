"""Families in the back office: their codes, children's PINs, invitations, links, and who agreed to what.

Nothing is typed into these rows; what staff do goes through the services, which check and audit it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.dataclasses import ActionDialog
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from accounts.enums import LinkState
from accounts.models import Consent, FamilyCode, FamilyPin, GuardianInvitation, GuardianLink
from accounts.services.family import MOST_FAILURES, make_family_code, remove_pin, set_pin
from accounts.services.guardians import end_link, resend_invitation, withdraw_invitation
from common.admin import NoWriting, do_for_each

LOCKED = {"failures__gte": MOST_FAILURES}


class PinForm(BaseDialogForm):
    pin = forms.CharField(label=_("New PIN, 4 to 6 digits"), max_length=6, widget=UnfoldAdminPasswordWidget)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget)


NEW_CODE: ActionDialog = {
    "title": _("Make a new code"),
    "description": _("The code before stops working at once. The PINs stay."),
    "form_class": None,
    "form_submit_text": _("Make a new code"),
}
NEW_PIN: ActionDialog = {
    "title": _("Set a new PIN"),
    "description": _("Only after you have made sure who asks. Sign-ins with the PIN before end."),
    "form_class": PinForm,
    "form_submit_text": _("Set a new PIN"),
}


class FamilyAdmin(NoWriting, ModelAdmin):
    """What the lists of families share. Each page leads to what happened to its row."""

    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = True
    actions_detail = ["change_log"]

    def has_office_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may look may do what the services allow staff."""
        return bool(self.has_view_permission(request))

    @action(description=_("Change log"), permissions=["office"])
    def change_log(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect(f"{reverse('admin:accounts_auditevent_changelist')}?q={self.log_of(object_id)}")

    def log_of(self, object_id: str) -> str:
        """Whose events the change log shows."""
        return object_id

    def here(self, request: HttpRequest, object_id: str, work: Callable[[Any], object], done: Any) -> HttpResponse:
        """Does it for the row of the page, and comes back to the page, or to the list where the row is gone."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        do_for_each(self, request, [row], work, done)
        place = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        page = reverse(place, args=[row.pk])
        # The dialog's script would show the page inside the dialog; this header makes it go there.
        return HttpResponse(headers={"HX-Redirect": page}) if request.headers.get("HX-Request") else redirect(page)


def _count(rows: QuerySet[Any], of: str) -> Subquery:
    return Subquery(rows.order_by().values(of).annotate(n=Count("pk")).values("n"), output_field=IntegerField())


class LockedFilter(admin.SimpleListFilter):
    title = _("PIN")
    parameter_name = "pin"
    path = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("locked", _("locked after wrong tries")), ("wrong", _("wrong tries lately"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {"locked": LOCKED, "wrong": {"failures__gt": 0}}.get(self.value() or "")
        if wanted is None:
            return queryset
        pins = FamilyPin.objects.filter(**wanted)
        return queryset.filter(pk__in=pins.values("family" if queryset.model is FamilyCode else "pk"))


@admin.register(FamilyCode)
class FamilyCodeAdmin(FamilyAdmin):
    empty_sentence = _("No family has a code yet. Guardians make one on their own page.")
    list_display = ["guardian", "code", "children_count", "pin_count", "locked_count", "made_at"]
    list_select_related = ["guardian"]
    list_filter = [LockedFilter, "made_at"]
    search_fields = ["guardian__name", "guardian__email", "=code", "pins__student__name"]
    search_help_text = _("Guardian, child or code")
    fields = ["guardian", "code", "made_at", "children"]
    readonly_fields = fields
    actions = ["make_codes"]
    actions_detail = ["make_code_here", "change_log"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[FamilyCode]:
        links = GuardianLink.objects.active().filter(guardian=OuterRef("guardian"))
        pins = FamilyPin.objects.filter(family=OuterRef("pk"))
        rows: QuerySet[FamilyCode] = super().get_queryset(request)
        return rows.annotate(
            children_n=_count(links, "guardian"),
            pins_n=_count(pins, "family"),
            locked_n=_count(pins.filter(**LOCKED), "family"),
        )

    @display(description=_("children"), ordering="children_n")
    def children_count(self, row: Any) -> int:
        return row.children_n or 0

    @display(description=_("PINs"), ordering="pins_n")
    def pin_count(self, row: Any) -> int:
        return row.pins_n or 0

    @display(description=_("locked"), ordering="locked_n", label={"locked": "danger"})
    def locked_count(self, row: Any) -> tuple[str, Any] | str:
        return ("locked", row.locked_n) if row.locked_n else ""

    @display(description=_("children"))
    def children(self, row: FamilyCode) -> str:
        """Each with the way to the person and to the PIN."""
        links = GuardianLink.objects.filter(guardian=row.guardian_id).exclude(state=LinkState.ENDED)
        pins = {pin.student_id: pin for pin in FamilyPin.objects.filter(family=row)}
        lines = []
        for link in links.select_related("student").order_by("student__name", "pk"):
            pin = pins.get(link.student_id)
            state = _pin_state(pin) if pin else _("no PIN")
            person = reverse("admin:accounts_user_change", args=[link.student_id])
            page = reverse("admin:accounts_familypin_change", args=[pin.pk]) if pin else person
            lines.append((person, link.student.name, link.get_state_display(), page, state))
        return format_html_join("", '<p><a href="{}">{}</a>, {}: <a href="{}">{}</a></p>', lines)

    @action(description=_("Make new codes"), permissions=["office"])
    def make_codes(self, request: HttpRequest, queryset: QuerySet[FamilyCode]) -> None:
        rows = queryset.select_related("guardian")
        do_for_each(self, request, rows, lambda row: _make_code(request, row), _("%(n)d new codes."))

    @action(description=NEW_CODE["title"], permissions=["office"], dialog=NEW_CODE)
    def make_code_here(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self.here(request, object_id, lambda row: _make_code(request, row), _("%(n)d new codes."))


@admin.register(FamilyPin)
class FamilyPinAdmin(FamilyAdmin):
    """The PIN itself is a hash and stands on no page."""

    empty_sentence = _("No child has a PIN yet. Guardians set them on their own page.")
    list_display = ["student", "guardian", "first_name", "failures", "state", "set_at"]
    list_select_related = ["student", "family__guardian"]
    list_filter = [LockedFilter, "set_at"]
    search_fields = ["student__name", "student__email", "family__guardian__name", "family__guardian__email"]
    search_help_text = _("Child or guardian")
    fields = ["student", "guardian", "first_name", "failures", "state", "set_at"]
    readonly_fields = fields
    actions = ["remove_pins"]
    actions_detail = ["set_pin_here", "change_log"]

    def log_of(self, object_id: str) -> str:
        """Events of a PIN are about the child."""
        student = FamilyPin.objects.filter(pk=object_id).values_list("student_id", flat=True).first()
        return str(student or object_id)

    @display(description=_("guardian"), ordering="family__guardian__name")
    def guardian(self, row: FamilyPin) -> str:
        return str(row.family.guardian)

    @display(description=_("state"), label={"locked": "danger", "wrong": "warning"})
    def state(self, row: FamilyPin) -> tuple[str, Any] | str:
        kind = "locked" if row.failures >= MOST_FAILURES else "wrong" if row.failures else "ok"
        return (kind, _pin_state(row))

    @action(description=_("Remove PINs"), permissions=["office"])
    def remove_pins(self, request: HttpRequest, queryset: QuerySet[FamilyPin]) -> None:
        by: Any = {"actor": request.user, "now": timezone.now()}
        rows = list(queryset.select_related("student"))
        do_for_each(self, request, rows, lambda row: remove_pin(student=row.student, **by), _("%(n)d PINs removed."))

    @action(description=NEW_PIN["title"], permissions=["office"], dialog=NEW_PIN)
    def set_pin_here(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        def work(row: FamilyPin) -> None:
            given = {"student": row.student, "guardian": row.family.guardian, "pin": form.cleaned_data["pin"]}
            set_pin(**given, actor=request.user, now=timezone.now())

        return self.here(request, object_id, work, _("The PIN is set. Tell it to the guardian."))


class InvitationStateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(key, word) for key, word, _tone in INVITATION_STATES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        now = timezone.now()
        wanted = {
            "open": Q(closed_at__isnull=True, expires_at__gt=now),
            "expired": Q(closed_at__isnull=True, expires_at__lte=now),
            "accepted": Q(accepted=True),
            "over": Q(closed_at__isnull=False, accepted=False),
        }.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(wanted)


INVITATION_STATES = (
    ("open", _("waits for an answer"), "info"),
    ("expired", _("too old"), "warning"),
    ("accepted", _("accepted"), "success"),
    ("over", _("declined or taken back"), ""),
)


@admin.register(GuardianInvitation)
class GuardianInvitationAdmin(FamilyAdmin):
    empty_sentence = _("Nobody has invited a guardian or a child yet.")
    list_display = ["email", "asked_for", "relation", "invited_by", "created_at", "expires_at", "state"]
    list_select_related = ["student", "guardian", "invited_by"]
    list_filter = [InvitationStateFilter, "relation", "created_at"]
    search_fields = ["email", "student__name", "guardian__name", "invited_by__name"]
    search_help_text = _("Address or name")
    fields = ["email", "asked_for", "relation", "invited_by", "created_at", "expires_at", "closed_at", "state"]
    readonly_fields = fields
    actions = ["send_again", "take_back"]

    @display(description=_("for"))
    def asked_for(self, row: GuardianInvitation) -> str:
        if row.student is not None:
            return format_html("{}: {}", _("guardian of"), row.student.name)
        return format_html("{}: {}", _("child of"), row.guardian.name if row.guardian else "")

    @display(description=_("state"), label={key: tone for key, _word, tone in INVITATION_STATES})
    def state(self, row: GuardianInvitation) -> tuple[str, Any]:
        if row.closed_at is not None:
            key = "accepted" if row.accepted else "over"
        else:
            key = "open" if row.expires_at > timezone.now() else "expired"
        return key, next(word for name, word, _tone in INVITATION_STATES if name == key)

    @action(description=_("Send again"), permissions=["office"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[GuardianInvitation]) -> None:
        by: Any = {"actor": request.user, "now": timezone.now()}
        do_for_each(
            self, request, queryset, lambda row: resend_invitation(invitation=row, **by), _("%(n)d sent again.")
        )

    @action(description=_("Take back"), permissions=["office"])
    def take_back(self, request: HttpRequest, queryset: QuerySet[GuardianInvitation]) -> None:
        by: Any = {"actor": request.user, "now": timezone.now()}
        rows = queryset.filter(closed_at__isnull=True)
        do_for_each(self, request, rows, lambda row: withdraw_invitation(invitation=row, **by), _("%(n)d taken back."))


@admin.register(GuardianLink)
class GuardianLinkAdmin(FamilyAdmin):
    empty_sentence = _("No guardian is linked to a student yet.")
    list_display = ["guardian", "student", "relation", "link_state", "created_at"]
    list_select_related = ["guardian", "student"]
    list_filter = ["state", "relation", "created_at"]
    search_fields = ["guardian__name", "guardian__email", "student__name", "student__email"]
    search_help_text = _("Guardian or student")
    date_hierarchy = "created_at"
    fields = ["guardian", "student", "relation", "link_state", "created_at"]
    readonly_fields = fields
    actions = ["end_links"]

    @display(description=_("state"), ordering="state", label={"active": "success", "invited": "info"})
    def link_state(self, row: GuardianLink) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @action(description=_("End these links"), permissions=["office"])
    def end_links(self, request: HttpRequest, queryset: QuerySet[GuardianLink]) -> HttpResponse | None:
        """Asks for the reason first."""
        rows = queryset.exclude(state=LinkState.ENDED).select_related("guardian", "student__student_profile")
        form = ReasonForm(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            by: Any = {"actor": request.user, "now": timezone.now(), **form.cleaned_data}
            do_for_each(self, request, list(rows), lambda row: end_link(link=row, **by), _("%(n)d ended."))
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("End these links"),
            "opts": self.model._meta,
            "form": form,
            "rows": list(rows[:200]),
            "selected": request.POST.getlist("_selected_action"),
            "across": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/accounts/end_links.html", context)


class StandingFilter(admin.SimpleListFilter):
    title = _("standing")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("stands")), ("no", _("withdrawn")), ("guardian", _("given by a guardian"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "guardian":
            return queryset.exclude(given_by=F("person"))
        wanted = {"yes": True, "no": False}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(withdrawn_at__isnull=wanted)


@admin.register(Consent)
class ConsentAdmin(FamilyAdmin):
    """Given and withdrawn by people themselves; the office reads."""

    empty_sentence = _("Nobody has agreed to anything yet.")
    list_display = ["person", "kind", "text_version", "given_by", "given_at", "withdrawn_at"]
    list_select_related = ["person", "given_by"]
    list_filter = ["kind", StandingFilter, "text_version"]
    search_fields = ["person__name", "person__email", "given_by__name", "given_by__email"]
    search_help_text = _("Person or who agreed")
    date_hierarchy = "given_at"
    fields = ["person", "kind", "text", "text_version", "given_by", "given_at", "withdrawn_at"]
    readonly_fields = fields


def _pin_state(pin: FamilyPin) -> Any:
    if pin.failures >= MOST_FAILURES:
        return _("locked after wrong tries")
    return _("%(n)d wrong tries") % {"n": pin.failures} if pin.failures else _("works")


def _make_code(request: HttpRequest, row: FamilyCode) -> None:
    make_family_code(guardian=row.guardian, actor=request.user, now=timezone.now())

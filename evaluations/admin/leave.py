"""Teachers' leave for the office: by week, entered and taken back, with the papers that go to others because of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.models import Leave, User
from accounts.selectors import verified_teachers
from accounts.services.availability import add_leave, change_leave, remove_leave
from common.access import get_permitted
from common.errors import DomainError
from evaluations.selectors.leave_page import leave_board, papers_due


class LeaveForm(forms.Form):
    teacher = forms.ModelChoiceField(
        label=gettext_lazy("Teacher"), queryset=User.objects.none(), widget=UnfoldAdminSelectWidget
    )
    first = forms.DateField(label=gettext_lazy("First day"), widget=UnfoldAdminDateWidget)
    last = forms.DateField(label=gettext_lazy("Last day"), widget=UnfoldAdminDateWidget)
    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=200, widget=UnfoldAdminTextInputWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["teacher"].queryset = verified_teachers()  # type: ignore[attr-defined]


class LeavePages(ModelAdmin):
    """Part of the evaluations' back office."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        urls: list[URLPattern] = super().get_urls()
        return [
            path("leave/", view(self.leave), name="evaluations_leave"),
            path("leave/<int:leave_id>/change/", view(self.leave_change), name="evaluations_leave_change"),
            path("leave/<int:leave_id>/remove/", view(self.leave_remove), name="evaluations_leave_remove"),
            *urls,
        ]

    def leave(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("accounts.add_leave"):
            raise PermissionDenied
        form = LeaveForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                self._enter(request, **form.cleaned_data)
                return redirect("admin:evaluations_leave")
            except DomainError as error:
                form.add_error(None, error.message)
        return self._leave_page(request, form)

    def leave_change(self, request: HttpRequest, leave_id: int) -> HttpResponse:
        """Other days for leave that was entered."""
        leave = get_permitted(request.user, "accounts.change_leave", Leave, leave_id)
        initial = {"teacher": leave.teacher_id, "first": leave.starts_on, "last": leave.ends_on, "reason": leave.reason}
        form = LeaveForm(request.POST or None, initial=initial)
        del form.fields["teacher"]
        if request.method == "POST" and form.is_valid():
            assert isinstance(request.user, User)
            try:
                changed = change_leave(leave=leave, **form.cleaned_data, actor=request.user, now=timezone.now())
                self._say_what_goes(request, changed)
                return redirect("admin:evaluations_leave")
            except DomainError as error:
                form.add_error(None, error.message)
        return self._leave_page(request, form, changing=leave)

    def _leave_page(self, request: HttpRequest, form: LeaveForm, changing: Leave | None = None) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Leave"),
            "opts": self.model._meta,
            "form": form,
            "changing": changing,
            "board": leave_board(timezone.now()),
        }
        status = 422 if form.is_bound or request.method == "POST" else 200
        return TemplateResponse(request, "admin/evaluations/leave.html", context, status=status)

    def _enter(self, request: HttpRequest, **values: Any) -> None:
        assert isinstance(request.user, User)
        self._say_what_goes(request, add_leave(**values, actor=request.user, now=timezone.now()))

    def _say_what_goes(self, request: HttpRequest, leave: Leave) -> None:
        count = papers_due(leave.teacher_id, leave.starts_on, leave.ends_on)
        text = ngettext(
            "Entered. %(n)d paper that is due then goes to somebody else when it begins, unless it is begun before.",
            "Entered. %(n)d papers that are due then go to others when it begins, unless they are begun before.",
            count,
        )
        self.message_user(request, text % {"n": count}, messages.SUCCESS)

    def leave_remove(self, request: HttpRequest, leave_id: int) -> HttpResponse:
        """POST: takes leave back."""
        leave = get_permitted(request.user, "accounts.delete_leave", Leave, leave_id)
        if request.method == "POST":
            assert isinstance(request.user, User)
            try:
                remove_leave(leave=leave, actor=request.user, now=timezone.now())
                self.message_user(request, _("The leave is taken back."), messages.SUCCESS)
            except DomainError as error:
                self.message_user(request, error.message, messages.ERROR)
        return redirect("admin:evaluations_leave")

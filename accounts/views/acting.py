"""Where staff begin to act for somebody, and stop."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import ActAsForm
from accounts.models import User
from accounts.services.acting import ACTING, read_acting, start_acting, stop_acting
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page


@require_http_methods(["GET", "POST"])
def act_as(request: HttpRequest, person_id: Any) -> HttpResponse:
    """Asks for a reason, and for the password where things may be changed; then the person's pages open."""
    person = get_permitted(request.user, "accounts.act_as_user", User, person_id)
    may_write = request.user.has_perm("accounts.act_as_write")
    form = ActAsForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            write = may_write and form.cleaned_data["write"]
            if write:
                raise_if_reauthentication_required(request, app="allauth.mfa")
            try:
                reason, now = form.cleaned_data["reason"], timezone.now()
                state = start_acting(staff=request.user, person=person, write=write, reason=reason, now=now)
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                request.session[ACTING] = state
                return redirect("home")
    context = {"form": form, "person": person, "may_write": may_write}
    return render_page(request, "accounts/act_as.html", context, status=status)


@require_POST
def act_as_stop(request: HttpRequest) -> HttpResponse:
    """Here `request.user` is the member of staff again."""
    acting = read_acting(request.session.pop(ACTING, None))
    if acting is None:
        return redirect("home")
    stop_acting(acting=acting, staff=request.user, now=timezone.now())
    messages.success(request, _("You are yourself again."))
    return redirect("admin:accounts_user_change", acting.person) if request.user.is_staff else redirect("home")

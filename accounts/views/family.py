"""Guardians and children: the page of both, invitations, and signing in with a family code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.core import ratelimit
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import FamilySignInForm, InvitationForm, PinForm
from accounts.models import GuardianInvitation, GuardianLink, User
from accounts.selectors import family_of
from accounts.services.ages import is_minor, may_have_pin
from accounts.services.family import code_key, find_child, make_family_code, name_key, remove_pin, set_pin
from accounts.services.guardians import (
    accept_link,
    answer_invitation,
    check_is_invited,
    end_link,
    find_invitation,
    invite,
    withdraw_invitation,
)
from accounts.services.sessions import ENDS, FAMILY, FAMILY_HOURS, SIGN_IN
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@require_http_methods(["GET", "POST"])
def family(request: HttpRequest) -> HttpResponse:
    """Guardians of the person, children of the person, invitations; what is sent here is an invitation."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        side = "guardian" if form.cleaned_data["as_guardian"] else "student"
        given = {side: request.user, "email": form.cleaned_data["email"], "relation": form.cleaned_data["relation"]}
        try:
            invite(**given, actor=request.user, now=timezone.now())
            messages.success(request, _("The invitation is on its way."))
            return redirect("family")
        except DomainError as error:
            form.add_error(None, error.message)
    return _family(request, form, 422 if request.method == "POST" else 200)


def _family(request: HttpRequest, form: InvitationForm, status: int = 200) -> HttpResponse:
    now = timezone.now()
    found = family_of(request.user, now)
    for link in found.children:
        link.may_have_pin = may_have_pin(link.student, now)
    context = {"family": found, "form": form, "pin_form": PinForm(), "is_minor": is_minor(request.user, now)}
    return render_page(request, "accounts/family.html", context, status=status)


@require_POST
def family_code(request: HttpRequest) -> HttpResponse:
    return _do(request, _("This is your family code now."), make_family_code, guardian=request.user)


@sensitive_post_parameters("pin")
@require_POST
def family_pin(request: HttpRequest, student_id: Any) -> HttpResponse:
    """Sets a child's PIN, or with `remove` takes it away."""
    student = get_permitted(request.user, "accounts.view_user", User, student_id)
    if "remove" in request.POST:
        return _do(request, _("The PIN does not work any more."), remove_pin, student=student)
    form = PinForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("A PIN is 4 to 6 digits."))
        return redirect("family")
    pin = form.cleaned_data["pin"]
    return _do(request, _("The PIN is set."), set_pin, student=student, guardian=request.user, pin=pin)


@require_POST
def link_change(request: HttpRequest, link_id: Any) -> HttpResponse:
    """Accepts a guardian whom staff invited, or ends a link."""
    link = get_permitted(
        request.user,
        "accounts.view_guardianlink",
        GuardianLink.objects.select_related("guardian", "student__student_profile"),
        link_id,
    )
    if "accept" in request.POST:
        return _do(request, _("Accepted."), accept_link, link=link)
    return _do(request, _("It is ended. Both of you are told."), end_link, link=link)


@require_POST
def invitation_withdraw(request: HttpRequest, invitation_id: Any) -> HttpResponse:
    invitation = get_permitted(request.user, "accounts.view_guardianinvitation", GuardianInvitation, invitation_id)
    return _do(request, _("The invitation is taken back."), withdraw_invitation, invitation=invitation)


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What the link in an invitation opens: who asks and for what; whoever is signed in with the address answers."""
    now = timezone.now()
    found = find_invitation(token=token, now=now)
    if request.method == "POST" and request.user.is_authenticated:
        accept = "accept" in request.POST
        link = answer_invitation(token=token, accept=accept, actor=request.user, now=now)
        waits = link is not None and link.state != "active"
        told = _("It waits for the student's yes.") if waits else _("Accepted.") if accept else _("Declined.")
        messages.success(request, told)
        return redirect("family")
    problem = ""
    if found is not None and request.user.is_authenticated:
        try:
            check_is_invited(found, request.user)
        except DomainError as error:
            problem = error.message
    status = 200 if found is not None else 404
    context = {"invitation": found, "problem": problem, "token": token}
    return render_page(request, "accounts/invitation.html", context, status=status)


@login_not_required
@never_cache
@sensitive_post_parameters("pin")
@require_http_methods(["GET", "POST"])
def family_sign_in(request: HttpRequest) -> HttpResponse:
    """Family code, first name, PIN. Failures are counted for a code and a name together, known or not."""
    if request.user.is_authenticated:
        return redirect("home")
    form = FamilySignInForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            student = _child(request, form.cleaned_data)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            login(request, student, backend=BACKEND)
            request.session[SIGN_IN] = FAMILY
            request.session.set_expiry(FAMILY_HOURS * 3600)
            request.session[ENDS] = int(timezone.now().timestamp()) + FAMILY_HOURS * 3600
            UserSession.objects.create_from_request(request)
            UserSession.objects.filter(session_key=request.session.session_key).update(data={SIGN_IN: FAMILY})
            return redirect("home")
    status = 422 if form.is_bound else 200
    return render_page(request, "accounts/family_sign_in.html", {"form": form}, status=status)


def _child(request: HttpRequest, given: dict[str, str]) -> User:
    key = f"{code_key(given['code'])}|{name_key(given['name'])}"
    if not ratelimit.consume(request, action="family_sign_in", key=key):
        raise DomainError(
            _("Too many tries. Wait 15 minutes, or ask your guardian for a new PIN."), "too_many_failures"
        )
    student = find_child(**given, now=timezone.now())
    ratelimit.clear(request, action="family_sign_in", key=key)
    return student


def _do(request: HttpRequest, done: str, work: Callable[..., object], **what: Any) -> HttpResponse:
    """One service call of the page, and what came of it as a message."""
    try:
        work(**what, actor=request.user, now=timezone.now())
        messages.success(request, done)
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("family")

"""What a session may open, beyond what its person may do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.services.acting import ACTING, note_write, person_of, read_acting, stop_acting
from accounts.services.audit import acting_staff
from accounts.services.second_factor import factors_of, needs_second_factor
from accounts.services.sessions import FAMILY, SIGN_IN, note_use
from common.errors import PROBLEM_TYPE, problem_body

#: What opens before the second factor is there: the pages that ask for it, the way out, health.
BEFORE_FACTOR = {
    *("second-factor", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "account_reauthenticate"),
    *("account_logout", "push-worker", "healthz", "readyz"),
}
#: Pages that set the first one up.
FIRST_FACTOR = {"mfa_activate_totp", "mfa_add_webauthn"}


#: What a sign-in with a family code and a PIN does not open: whatever changes who may get in, or who agreed to what.
FAMILY_CLOSED = {
    *("person-settings", "session-list", "session-end", "session-end-others", "second-factor", "family", "family-code"),
    *("family-pin", "link-change", "invitation", "invitation-withdraw", "consents", "consent-decide"),
    *("my-data", "export-ask", "export-fetch", "erasure-ask", "erasure-cancel"),
}
FAMILY_CLOSED_PARTS = ("account_", "mfa_", "socialaccount_", "admin:", "api-token")
#: What staff do not see when they act for somebody, besides: what lets one in, and what only the person agrees to.
ACTING_CLOSED = (FAMILY_CLOSED - {"person-settings", "consents"}) | {"push-subscribe", "phone-link", "act-as"}
SAFE = {"GET", "HEAD", "OPTIONS"}


class SessionGuard:
    """Middleware, after those that know the person: refuses what this session is not for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        acting_staff.set(None)
        # Who has no session asks for none.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
            return self.get_response(request)
        if not note_use(session=request.session, user=request.user, now=timezone.now()):
            # The next middleware treats the request as a stranger's.
            logout(request)
            return self.get_response(request)
        return self._act(request) if ACTING in request.session else self.get_response(request)

    def _act(self, request: HttpRequest) -> HttpResponse:
        """Serves the request of staff who act for somebody. What is only to be read is undone afterwards, whatever a
        page writes on its way; the session itself is kept outside of that."""
        now: datetime = timezone.now()
        staff: Any = request.user
        acting = read_acting(request.session[ACTING])
        person = person_of(acting=acting, staff=staff, now=now) if acting else None
        if acting is None or person is None:
            request.session.pop(ACTING)
            if acting is not None:
                stop_acting(acting=acting, staff=staff, now=now)
                messages.info(request, _("The time for acting is over."))
            return self.get_response(request)
        if request.path in {reverse("act-as-stop"), reverse("account_logout")}:
            return self.get_response(request)
        request.acting_for = person  # type: ignore[attr-defined]
        request.acting = acting  # type: ignore[attr-defined]
        if acting.write and request.method not in SAFE:
            note_write(acting=acting, staff=staff, person=person, what=f"{request.method} {request.path}", now=now)
        acting_staff.set(staff)
        try:
            if acting.write:
                return self.get_response(request)
            with transaction.atomic():
                response = self.get_response(request)
                transaction.set_rollback(True)
            return response
        finally:
            acting_staff.set(None)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if request.user.is_authenticated and name not in BEFORE_FACTOR and lacks_factor(request):
            if name in FIRST_FACTOR and not factors_of(request.user):
                return None
            if _wants_page(request):
                return redirect("second-factor")
            return refuse(request, _("Sign in with your second factor first."), "second_factor_missing")
        if name != "account_logout" and request.session.get(SIGN_IN) == FAMILY and _closed_to_family(name):
            told = _("You are signed in with a PIN, which does not open this. Ask your guardian.")
            return refuse(request, told, "family_sign_in")
        if hasattr(request, "acting"):
            return self._enter(request, name)
        return None

    def _enter(self, request: HttpRequest, name: str) -> HttpResponse | None:
        """From here on the person is the one acted for, unless this is closed to whoever acts."""
        if name in ACTING_CLOSED or name.startswith(FAMILY_CLOSED_PARTS):
            return refuse(request, _("This stays closed while you act for somebody."), "acting")
        if request.method not in SAFE and not request.acting.write:  # type: ignore[attr-defined]
            return refuse(request, _("You are only looking. Nothing can be changed."), "acting_read_only")
        request.user = request.acting_for  # type: ignore[attr-defined]
        return None


def _closed_to_family(name: str) -> bool:
    return name in FAMILY_CLOSED or name.startswith(FAMILY_CLOSED_PARTS)


def lacks_factor(request: HttpRequest) -> bool:
    """Whether the person must have a second factor and this session was begun without one."""
    if not needs_second_factor(request.user):
        return False
    records = get_authentication_records(request, request.user)
    return not any(record.get("method") == "mfa" for record in records)


def refuse(request: HttpRequest, sentence: str, code: str) -> HttpResponse:
    """403 with a sentence: a page for people, problem details for programs."""
    if _wants_page(request) or (request.method == "POST" and not _is_program(request)):
        return render(request, "422.html", {"message": sentence}, status=403)
    return JsonResponse(problem_body(403, sentence, code), status=403, content_type=PROBLEM_TYPE)


def _wants_page(request: HttpRequest) -> bool:
    return request.method in {"GET", "HEAD"} and not _is_program(request)


def _is_program(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or "json" in (request.content_type or "")

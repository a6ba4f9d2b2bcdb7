"""What a person, or a guardian for a child, agrees to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import ConsentText, User
from accounts.services.consents import choices_of, give_consent, withdraw_consent
from common.access import get_permitted
from common.errors import DomainError
from common.htmx import render_page


@require_GET
def consents(request: HttpRequest) -> HttpResponse:
    """Each consent with its text, for oneself where one is a student and for each child."""
    rows = choices_of(actor=request.user, now=timezone.now())
    return render_page(request, "accounts/consents.html", {"rows": rows})


@require_POST
def consent_decide(request: HttpRequest, person_id: Any) -> HttpResponse:
    """Gives the consent to the text that was shown (`text`), or withdraws that of a `kind`."""
    person = get_permitted(request.user, "accounts.view_user", User, person_id)
    now = timezone.now()
    try:
        if "withdraw" in request.POST:
            withdraw_consent(person=person, kind=request.POST["withdraw"], actor=request.user, now=now)
            messages.success(request, _("Withdrawn. It counts from now on."))
        else:
            text = get_permitted(request.user, "accounts.view_consenttext", ConsentText, request.POST.get("text"))
            give_consent(person=person, kind=text.kind, text=text, actor=request.user, now=now)
            messages.success(request, _("Thank you. You can withdraw it at any time."))
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("consents")

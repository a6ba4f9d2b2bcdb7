"""Forms of people's own pages."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.mfa.adapter import get_adapter as second_factors
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.enums import Relation, Weekday
from accounts.models import TeacherProfile, User
from accounts.services.availability import AvailabilityError, Span, read_hours
from accounts.services.people import change_person, create_person


class SignupForm(AllauthSignupForm):  # type: ignore[misc]
    """Name, e-mail and password. Whoever signs up is a student; staff give other roles."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    field_order = ["name", "email", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")
        # The rules in one sentence; each broken one is still named on its own.
        self.fields["password1"].help_text = _("At least 10 characters, not only digits, not your name or address.")

    def save(self, request: HttpRequest) -> User:
        """Creates the student with an unverified address; allauth then mails the link that verifies it."""
        return create_person(
            email=self.cleaned_data["email"],
            name=self.cleaned_data["name"],
            password=self.cleaned_data["password1"],
            roles={"student"},
            now=timezone.now(),
        )


#: What reading a credential that no browser made may raise; allauth lets it through.
RUBBISH = (KeyError, TypeError, ValueError, AttributeError, AssertionError, IndexError)


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """Every key is a passkey: it stays on the device, which asks for its PIN or a finger, and signs in by itself."""

    name = forms.CharField(label=_("What you call it"), required=False, max_length=60)
    passwordless = forms.BooleanField(initial=True, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        try:
            return dict(super().clean())
        except RUBBISH as error:
            raise second_factors().validation_error("incorrect_code") from error


class CredentialForm(AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey after the password."""

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()
        except RUBBISH as error:
            raise second_factors().validation_error("incorrect_code") from error


class PasskeyLoginForm(CredentialForm, LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey instead of the password."""


class PasskeyAgainForm(CredentialForm, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey before something important."""


class FamilySignInForm(forms.Form):
    """Family code, first name and PIN of a young student."""

    code = forms.CharField(
        label=_("Family code"), max_length=20, widget=forms.TextInput(attrs={"autocapitalize": "characters"})
    )
    name = forms.CharField(
        label=_("First name"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "given-name"})
    )
    pin = forms.CharField(label=_("PIN"), max_length=6, widget=forms.PasswordInput(attrs={"inputmode": "numeric"}))


class PinForm(forms.Form):
    pin = forms.CharField(max_length=6, strip=False)


class ActAsForm(forms.Form):
    """Why staff act for somebody, and whether they will change things."""

    reason = forms.CharField(label=_("Why"), max_length=200)
    write = forms.BooleanField(label=_("I must change something for them"), required=False)


class InvitationForm(forms.Form):
    """Whom to invite; `as_guardian` is the button of a guardian who invites a child."""

    email = forms.EmailField(label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    relation = forms.ChoiceField(label=_("Relation"), choices=Relation.choices, initial=Relation.GUARDIAN)
    as_guardian = forms.BooleanField(required=False)


class SettingsForm(forms.Form):
    """What a person changes about themselves."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(label=_("Time zone"), help_text=_("Deadlines are shown in this zone."))

    def __init__(self, data: Any = None, *, person: User) -> None:
        self.person = person
        names = ("name", "language", "time_zone")
        super().__init__(data, initial={name: getattr(person, name) for name in names})
        zones = sorted({zone for zone in zoneinfo.available_timezones() if "/" in zone} | {"UTC", person.time_zone})
        self.fields["time_zone"].choices = [(zone, zone.replace("_", " ")) for zone in zones]  # type: ignore[attr-defined]

    def save(self, *, now: datetime) -> User:
        return change_person(person=self.person, actor=self.person, now=now, **self.cleaned_data)


class HoursForm(forms.Form):
    """When a teacher marks: for each weekday no, one or several spans, as people write them: 9-13, 15:00-18:30."""

    def __init__(self, data: Any = None, *, profile: TeacherProfile) -> None:
        written: dict[int, list[str]] = {}
        for row in profile.working_hours.all():
            written.setdefault(row.weekday, []).append(f"{row.opens:%H:%M}-{row.closes:%H:%M}")
        super().__init__(data, initial={f"day_{day}": ", ".join(spans) for day, spans in written.items()})
        for day, label in Weekday.choices:
            self.fields[f"day_{day}"] = forms.CharField(
                label=label, required=False, max_length=80, widget=forms.TextInput(attrs={"inputmode": "text"})
            )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        spans: list[Span] = []
        for day, _label in Weekday.choices:
            try:
                spans += read_hours(cleaned.get(f"day_{day}", ""), weekday=day)
            except AvailabilityError as error:
                self.add_error(f"day_{day}", error.message)
        return cleaned | {"spans": spans}


class LeaveForm(forms.Form):
    first = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(label=_("Reason"), required=False, max_length=200)

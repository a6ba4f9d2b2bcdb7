"""People in the back office. Whatever is saved here goes through the services, so it is checked and audited there."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.admin import ModelAdmin
from unfold.dataclasses import ActionDialog
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.admin import inlines
from accounts.enums import Feature
from accounts.models import Entitlement, GuardianLink, TeacherProfile, User
from accounts.services.entitlements import change_entitlement, grant_entitlement
from accounts.services.office import confirm_email, delete_row, save_row, set_password
from accounts.services.people import ROLES, change_person, change_roles, create_person, link_guardian, verify_teacher
from accounts.services.permissions import ENROL_BY_API, switch_permission
from accounts.services.second_factor import remove_factors
from common.admin import do_for_each
from common.errors import DomainError

# The back office has one way in, the sign-in page, with its lockout and confirmed addresses.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
# Managed through a person's page (addresses), by the token services, by roles (groups), or by their owner alone.
OWNERS_ONLY = (Authenticator, UserSession, SocialAccount, SocialApp, SocialToken)
for managed_elsewhere in (EmailAddress, OutstandingToken, BlacklistedToken, Group, *OWNERS_ONLY):
    if admin.site.is_registered(managed_elsewhere):
        admin.site.unregister(managed_elsewhere)

EXAMS_PER_GRANT = 5
NOT_VERIFIED = ("no", _("not verified"))
VERIFY: ActionDialog = {
    "title": _("Verify this teacher"),
    "description": _("From then on papers are assigned to them, and what they mark counts."),
    "form_class": None,
    "form_submit_text": _("Verify"),
}
FACTORS: ActionDialog = {
    "title": _("Remove second factors, sign out everywhere"),
    "description": _("Only after you have made sure who asks: from then on the password alone opens the account."),
    "form_class": None,
    "form_submit_text": _("Remove them"),
}
GRANT: ActionDialog = {
    "title": _("Grant 5 exams"),
    "description": _("They may sit five more exams, without an end date. It stays in the audit trail."),
    "form_class": None,
    "form_submit_text": _("Grant"),
}
PARTNER: ActionDialog = {
    "title": _("Enrolling by the API: allow, or take back"),
    "description": _(
        "For the account of another system. It enrols students in every published course, and reads what it enrolled."
    ),
    "form_class": None,
    "form_submit_text": _("Switch"),
}
PERSON_FIELDS = ("name", "email", "language", "time_zone", "is_active")
# What an entitlement row may change once it is granted; the rest says what was granted and stays.
CHANGEABLE = ("quantity", "ends_at", "value")


class PersonCreationForm(UserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if User.objects.filter(email=email).exists():
            raise forms.ValidationError(_("There is already somebody with this e-mail address."))
        return email


class PasswordForm(AdminPasswordChangeForm):
    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor

    def save(self, commit: bool = True) -> Any:
        set_password(person=self.user, password=self.cleaned_data["password1"], actor=self.actor, now=timezone.now())
        return self.user


@admin.register(User)
class PersonAdmin(DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = PersonCreationForm
    change_password_form = PasswordForm
    ordering = ["-id"]
    list_display = ["name", "email", "roles", "is_verified_teacher", "email_confirmed", "is_active", "date_joined"]
    list_filter = ["is_student", "is_teacher", "is_guardian", "is_staff", "is_active"]
    search_fields = ["name", "email"]
    search_help_text = _("Name or e-mail address")
    list_per_page = 50
    show_full_result_count = False
    filter_horizontal = ()
    readonly_fields = ["last_login", "date_joined"]
    actions = ["verify_teachers", "grant_exams", "confirm_emails"]
    actions_detail = ["act_as_person", "verify_this_teacher", "grant_exams_here", "remove_factors_here", "partner_here"]
    fieldsets = (
        (None, {"fields": ("name", "email", "password")}),
        (_("Roles"), {"fields": tuple(ROLES.values())}),
        (_("Settings"), {"fields": ("language", "time_zone", "is_active")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("email", "name", "password1", "password2")}),
        (_("Roles"), {"fields": tuple(ROLES.values())}),
    )

    # --- The list ------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
        people: QuerySet[User] = super().get_queryset(request)
        return people.select_related("teacher_profile").annotate(confirmed=Exists(confirmed))

    @display(description=_("roles"))
    def roles(self, person: User) -> str:
        flags = [flag for flag in ROLES.values() if getattr(person, flag)]
        fields: list[Any] = [User._meta.get_field(flag) for flag in flags]
        return ", ".join(str(field.verbose_name) for field in fields)

    @display(description=_("may mark"), label={"yes": "success", "no": "warning"})
    def is_verified_teacher(self, person: User) -> tuple[str, Any] | str:
        """Empty for everybody who is not a teacher."""
        if not person.is_teacher or not hasattr(person, "teacher_profile"):
            return ""
        return ("yes", _("yes")) if person.teacher_profile.is_verified else NOT_VERIFIED

    @display(description=_("e-mail confirmed"), boolean=True)
    def email_confirmed(self, person: User) -> bool:
        return bool(person.confirmed)  # type: ignore[attr-defined]

    # --- Who may -------------------------------------------------------------------------------------------------
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Staff accounts are changed by administrators; see accounts.services.people.check_may_change."""
        obj = self._person(request, obj)
        allowed: bool = super().has_change_permission(request, obj)
        foreign_staff = obj is not None and (obj.is_staff or obj.is_superuser) and obj.pk != request.user.pk
        return allowed and (request.user.is_superuser or not foreign_staff)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People are deactivated; erasure is a request of its own."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fields = list(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else [*fields, "is_staff"]

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Only what fits the person's roles; nothing while the person does not exist yet."""
        if obj is None:
            return []
        student = [inlines.StudentProfileInline, inlines.GuardianInline, inlines.EntitlementInline]
        return [
            *(student if obj.is_student else []),
            *([inlines.WardInline] if obj.is_guardian else []),
            *([inlines.TeacherProfileInline] if hasattr(obj, "teacher_profile") else []),
        ]

    # --- Saving --------------------------------------------------------------------------------------------------
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except DomainError as error:
            self.message_user(request, error.message, messages.ERROR)
            return redirect(request.path)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        actor, now, data = _actor(request), timezone.now(), form.cleaned_data
        roles = {role for role, flag in ROLES.items() if data.get(flag, getattr(obj, flag))}
        if not change:
            person = create_person(
                email=obj.email,
                name=obj.name,
                password=data.get("password1"),
                roles=roles,
                actor=actor,
                now=now,
                verified_email=True,
            )
            obj.__dict__.update(person.__dict__)
            return
        changed = {name: data[name] for name in PERSON_FIELDS if name in form.changed_data}
        if changed:
            change_person(person=obj, actor=actor, now=now, **changed)
        if any(flag in form.changed_data for flag in ROLES.values()):
            change_roles(person=obj, roles=roles, actor=actor, now=now)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        save: Callable[..., None] = {GuardianLink: _save_link, Entitlement: _save_entitlement}.get(
            formset.model, _save_row
        )
        for inline_form in formset.forms:
            if inline_form.has_changed() and inline_form not in formset.deleted_forms:
                save(inline_form, actor=_actor(request), now=timezone.now())
        for row in formset.deleted_objects:
            delete_row(row=row, actor=_actor(request), now=timezone.now())

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        # The form writes the audit event and so has to know who is asking; this object serves all threads.
        mine = copy(self)
        mine.change_password_form = partial(PasswordForm, actor=_actor(request))  # type: ignore[assignment]
        return super(PersonAdmin, mine).user_change_password(request, id, form_url)

    # --- Actions -------------------------------------------------------------------------------------------------
    @action(description=_("Verify as teachers"), permissions=["change"])
    def verify_teachers(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        do_for_each(self, request, queryset, lambda person: _verify(request, person), _("%(n)d may now mark papers."))

    @action(description=_("Grant 5 exams"), permissions=["change"])
    def grant_exams(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        do_for_each(self, request, queryset, lambda person: _grant(request, person), _("5 exams granted to %(n)d."))

    @action(description=_("Confirm e-mail addresses"), permissions=["change"])
    def confirm_emails(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        do_for_each(
            self,
            request,
            queryset,
            lambda person: confirm_email(person=person, actor=_actor(request), now=timezone.now()),
            _("%(n)d addresses confirmed."),
        )

    # Of a person's own page: each asks first and changes by POST, so that no link from elsewhere can do it.
    def has_verify_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether there is anybody to verify here: a teacher who is not verified yet."""
        person = self._person(request, object_id)
        unverified = person is not None and self.is_verified_teacher(person) == NOT_VERIFIED
        return unverified and self.has_change_permission(request, person)

    def has_act_as_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        person = self._person(request, object_id)
        return person is not None and request.user.has_perm("accounts.act_as_user", person)

    @action(description=_("Look as this person"), permissions=["act_as"])
    def act_as_person(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect("act-as", object_id)

    @action(description=VERIFY["title"], permissions=["verify"], dialog=VERIFY)
    def verify_this_teacher(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._here(request, object_id, _verify, _("%(n)d may now mark papers."))

    @action(description=GRANT["title"], permissions=["change"], dialog=GRANT)
    def grant_exams_here(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._here(request, object_id, _grant, _("5 exams granted to %(n)d."))

    @action(description=FACTORS["title"], permissions=["act_as"], dialog=FACTORS)
    def remove_factors_here(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._here(request, object_id, _remove_factors, _("They are signed out and can set up new ones."))

    def has_administrator_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return bool(request.user.is_superuser)

    @action(description=PARTNER["title"], permissions=["administrator"], dialog=PARTNER)
    def partner_here(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return self._here(request, object_id, _switch_partner, _("Switched: it stands in the audit trail."))

    def _here(self, request: HttpRequest, object_id: str, work: Callable[..., object], done: Any) -> HttpResponse:
        person = self._person(request, object_id)
        if person is None:
            raise Http404
        do_for_each(self, request, [person], lambda who: work(request, who), done)
        page = reverse("admin:accounts_user_change", args=[person.pk])
        # The dialog's script would show the page inside the dialog; this header makes it go there.
        return HttpResponse(headers={"HX-Redirect": page}) if request.headers.get("HX-Request") else redirect(page)

    def _person(self, request: HttpRequest, given: Any) -> User | None:
        """unfold passes an id, as it stands in the address, where Django passes the person."""
        return self.get_object(request, unquote(given)) if isinstance(given, str) else given


@admin.register(TeacherProfile)
class TeacherProfileAdmin(ModelAdmin):
    """Working hours and leave, reached from the teacher's page or by search."""

    empty_sentence = _("Nobody is a teacher yet. People become teachers on their own pages.")
    list_display = ["user", "verified_at", "open_paper_cap", "seconds_per_mark"]
    list_filter = [("verified_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user"]
    search_fields = ["user__name", "user__email"]
    readonly_fields = ["user", "verified_at", "verified_by"]
    inlines = [inlines.WorkingHoursInline, inlines.LeaveInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: TeacherProfile, form: Any, change: bool) -> None:
        _save_row(form, actor=_actor(request), now=timezone.now())

    save_formset = PersonAdmin.save_formset


def _actor(request: HttpRequest) -> User:
    return request.user  # type: ignore[return-value]


def _verify(request: HttpRequest, person: User) -> None:
    verify_teacher(teacher=person, actor=_actor(request), now=timezone.now())


def _remove_factors(request: HttpRequest, person: User) -> None:
    remove_factors(person=person, actor=_actor(request), now=timezone.now())


def _switch_partner(request: HttpRequest, person: User) -> None:
    switch_permission(person=person, permission=ENROL_BY_API, actor=_actor(request), now=timezone.now())


def _grant(request: HttpRequest, person: User) -> None:
    now = timezone.now()
    grant_entitlement(
        user=person,
        feature=Feature.EXAM_ATTEMPT,
        quantity=EXAMS_PER_GRANT,
        source="staff",
        starts_at=now,
        actor=_actor(request),
        now=now,
    )


def _save_link(form: Any, *, actor: User, now: Any) -> None:
    link: GuardianLink = form.instance
    link_guardian(
        guardian=link.guardian, student=link.student, relation=link.relation, state=link.state, actor=actor, now=now
    )


def _save_entitlement(form: Any, *, actor: User, now: Any) -> None:
    row: Entitlement = form.instance
    if row._state.adding:
        grant_entitlement(
            user=row.user,
            feature=row.feature,
            quantity=row.quantity,
            source=row.source,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            value=row.value,
            actor=actor,
            now=now,
        )
        return
    if fixed := set(form.changed_data) - set(CHANGEABLE):
        raise DomainError(f"What was granted stays: {', '.join(sorted(fixed))}. Grant a new one instead.", "fixed")
    change_entitlement(
        entitlement=row, quantity=row.quantity, ends_at=row.ends_at, value=row.value, actor=actor, now=now
    )


def _save_row(form: Any, *, actor: User, now: Any) -> None:
    row, names = form.instance, form.changed_data
    before = {} if row._state.adding else {name: form.initial.get(name) for name in names}
    after = {name: form.cleaned_data[name] for name in names}
    if names:
        save_row(row=row, before=before, after=after, actor=actor, now=now)

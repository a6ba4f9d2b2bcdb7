"""What accounts holds of people, and what the libraries hold that sign them in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.utils.translation import gettext_lazy as _
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.models import (
    AuditEvent,
    Consent,
    DataExport,
    Entitlement,
    ErasureRequest,
    FamilyCode,
    FamilyPin,
    GuardianInvitation,
    GuardianLink,
    Leave,
    StudentProfile,
    TeacherProfile,
    User,
    WorkingHours,
)
from accounts.services.personal import Contribution, Holding, register

LETS_IN = "It only lets somebody in, and says nothing about them."
DECIDED = "Who of the office or the school decided; the row is about somebody or something else."


def _export_key(row: Any) -> Iterable[str]:
    return [row.storage_key]


HOLDINGS = (
    Holding(
        User,
        "",
        _("You"),
        show=(
            "name",
            "email",
            "is_student",
            "is_teacher",
            "is_guardian",
            "language",
            "time_zone",
            "date_joined",
            "last_login",
        ),
        plain=("password", "email", "name", "language", "time_zone"),  # the service buries the row itself
    ),
    Holding(
        StudentProfile,
        "user",
        _("Student"),
        show=("grade", "date_of_birth"),
        clear={"grade": "", "date_of_birth": None},
    ),
    Holding(TeacherProfile, "user", _("Teacher"), show=("verified_at", "open_paper_cap", "seconds_per_mark")),
    Holding(WorkingHours, "teacher", _("Hours"), show=("weekday", "opens", "closes"), remove=True),
    Holding(Leave, "teacher", _("Leave"), show=("starts_on", "ends_on", "reason"), remove=True),
    Holding(
        GuardianLink, "guardian", _("Students you look after"), show=("relation", "state", "created_at"), remove=True
    ),
    Holding(GuardianLink, "student", _("Guardians"), show=("relation", "state", "created_at"), remove=True),
    Holding(FamilyPin, "student", _("Sign-in under a family code"), show=("first_name", "set_at"), remove=True),
    Holding(FamilyPin, "family__guardian", "", why="The PINs of other people.", remove=True),
    Holding(FamilyCode, "guardian", _("Family code"), show=("code", "made_at"), remove=True),
    Holding(GuardianInvitation, "student", _("Guardians you invited"), show=("relation", "created_at"), remove=True),
    Holding(GuardianInvitation, "guardian", _("Students you invited"), show=("relation", "created_at"), remove=True),
    Holding(GuardianInvitation, "invited_by", "", why="Shown from the student's and the guardian's side.", remove=True),
    Holding(
        Consent,
        "person",
        _("Consents"),
        show=("kind", "text_version", "given_at", "withdrawn_at"),
        plain=("text_version",),
    ),
    Holding(
        Consent,
        "given_by",
        _("Consents you gave"),
        show=("kind", "text_version", "given_at", "withdrawn_at"),
        plain=("text_version",),
    ),
    Holding(
        Entitlement,
        "user",
        _("What you may use"),
        show=("feature", "quantity", "used", "starts_at", "ends_at", "source"),
        plain=("value", "source"),
    ),
    Holding(EmailAddress, "user", _("E-mail addresses"), show=("email", "verified", "primary"), remove=True),
    Holding(EmailConfirmation, "email_address__user", "", why=LETS_IN, remove=True),
    Holding(Authenticator, "user", _("Second factors"), show=("type", "created_at", "last_used_at"), remove=True),
    Holding(
        SocialAccount, "user", _("Other sign-ins"), show=("provider", "uid", "last_login", "extra_data"), remove=True
    ),
    Holding(SocialToken, "account__user", "", why=LETS_IN, remove=True),
    Holding(UserSession, "user", _("Devices"), show=("created_at", "last_seen_at", "ip", "user_agent"), remove=True),
    Holding(OutstandingToken, "user", "", why=LETS_IN, remove=True),
    Holding(BlacklistedToken, "token__user", "", why=LETS_IN, remove=True),
    Holding(User.groups.through, "user", "", why="The role says it.", remove=True),
    Holding(User.user_permissions.through, "user", "", why="The role says it.", remove=True),
    Holding(LogEntry, "user", _("Back office"), show=("action_time", "object_repr", "change_message"), remove=True),
    Holding(
        AuditEvent,
        "actor",
        _("What you changed"),
        show=("at", "action", "object_type", "reason", "origin"),
        plain=("actor_label", "action", "object_type", "object_id", "before", "after", "reason", "origin", "proof"),
    ),  # services/redaction empties it
    Holding(
        DataExport,
        "person",
        _("Copies of your data"),
        show=("asked_at", "state", "ready_at", "expires_at", "size"),
        keys=_export_key,
        clear={"storage_key": "", "state": "expired", "leased_until": None},
    ),
    Holding(
        DataExport,
        "asked_by",
        "",
        why="It is the copy of another person's data.",
        keys=_export_key,
        clear={"storage_key": "", "state": "expired", "leased_until": None},
    ),
    Holding(
        ErasureRequest,
        "person",
        _("Erasure"),
        show=("asked_at", "due_at", "state", "objection", "ended_at"),
        clear={"objection": ""},
        plain=("counts",),
    ),
)

ACTS = {
    "accounts.TeacherProfile.verified_by": DECIDED,
    "accounts.ErasureRequest.asked_by": DECIDED,
    "accounts.ErasureRequest.decided_by": DECIDED,
}


def contribute() -> None:
    """Called when the app is ready."""
    register(Contribution("accounts", HOLDINGS, ACTS))

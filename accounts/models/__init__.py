from accounts.models.audit import AuditEvent, AuditSeal
from accounts.models.entitlements import Entitlement
from accounts.models.guardians import Consent, GuardianLink
from accounts.models.people import Leave, StudentProfile, TeacherProfile, User, WorkingHours

__all__ = [
    "AuditEvent",
    "AuditSeal",
    "Consent",
    "Entitlement",
    "GuardianLink",
    "Leave",
    "StudentProfile",
    "TeacherProfile",
    "User",
    "WorkingHours",
]

from accounts.models.audit import AuditEvent, AuditSeal
from accounts.models.entitlements import Entitlement
from accounts.models.family import FamilyCode, FamilyPin, GuardianInvitation
from accounts.models.guardians import Consent, ConsentText, GuardianLink
from accounts.models.people import Leave, StudentProfile, TeacherProfile, User, WorkingHours
from accounts.models.personal import DataExport, DoomedFile, ErasureRequest, RetentionRule

__all__ = [
    "AuditEvent",
    "AuditSeal",
    "Consent",
    "ConsentText",
    "DataExport",
    "DoomedFile",
    "Entitlement",
    "ErasureRequest",
    "FamilyCode",
    "FamilyPin",
    "GuardianInvitation",
    "GuardianLink",
    "Leave",
    "RetentionRule",
    "StudentProfile",
    "TeacherProfile",
    "User",
    "WorkingHours",
]

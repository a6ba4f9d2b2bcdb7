"""What the student and the outsider asked about their data, and the office's rows beside it."""

from datetime import timedelta
from typing import Any

from accounts.enums import RetentionKind
from accounts.models import DataExport, DoomedFile, ErasureRequest, RetentionRule
from tests.factories import NOW


def samples(cast: Any) -> dict[type, list[Any]]:
    """Model → its rows."""
    due = NOW + timedelta(days=14)
    asked = {cast.student: cast.guardian, cast.outsider: cast.outsider}
    return {
        DataExport: [DataExport.objects.create(person=who, asked_by=by, asked_at=NOW) for who, by in asked.items()],
        ErasureRequest: [
            ErasureRequest.objects.create(person=who, asked_by=by, asked_at=NOW, due_at=due)
            for who, by in asked.items()
        ],
        DoomedFile: [DoomedFile.objects.create(key="exports/old.zip", at=NOW)],
        RetentionRule: [RetentionRule.objects.create(kind=RetentionKind.SCANS, days=900)],
    }
